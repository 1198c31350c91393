"""Keeps the three processes running, with supervisor.

Why supervisor: it restarts what dies (`autorestart`), is pure Python without dependencies, has been kept well for twenty years, and
its state can be asked for (`supervisorctl`). circus brings zeromq and tornado for the same; honcho ends everything when one
process ends, which is the opposite of what is wanted here.
"""

import errno
import http.client
import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ops.places import BOT, LOGS, MAIN, ROOT, VAR, find_binary
from ops.problems import Problem

READY_WITHIN_S = 180.0
PATIENCE_S = 20.0  # a program that still keeps exiting after this will not be ready
FEWEST_EXITS = 3
FIRST_FREE_PORT = 1024
RUN = VAR / "run"
_EXIT = re.compile(r" exited: (\w+) \(")


def check_ports(host: str, ports: dict[str, int]) -> None:
    """Every port must be free before anything is done. `ports` maps the setting's name to the port."""
    for setting, port in ports.items():
        where = host if setting == "CANDOR_PORT" else "127.0.0.1"
        try:
            family, kind, _, _, address = socket.getaddrinfo(where, port, type=socket.SOCK_STREAM)[0]
            with socket.socket(family, kind) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(address)
        except OSError as error:
            raise Problem(_explain_port(error, where, setting, port)) from error
        except UnicodeError as error:
            raise Problem(_explain_host(where)) from error


def _explain_port(error: OSError, host: str, setting: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        other = port + 1 if port < 65535 else port - 1
        return f"Port {port} is taken. Stop what uses it (is Candor running already?), or choose another: {setting}={other}"
    if error.errno in (errno.EACCES, errno.EPERM):
        kept = f" Ports below {FIRST_FREE_PORT} are kept for the system." if port < FIRST_FREE_PORT else ""
        return (
            f"Port {port} is not allowed to this user.{kept} Choose another: {setting}={port % FIRST_FREE_PORT + 8000}"
        )
    if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
        return _explain_host(host)
    return f"Port {port} of {host} cannot be listened on ({error.strerror}). Choose another: {setting}={port + 1}"


def _explain_host(host: str) -> str:
    return f"CANDOR_HOST is {host!r}, which is no address of this machine. Write 127.0.0.1 for this machine alone, or 0.0.0.0 for all its addresses."


def write_config(*, bot_port: int, actions_port: int) -> Path:
    """supervisord's configuration and the bot's endpoints. The environment is not written: programs inherit it (`Supervisor`)."""
    RUN.mkdir(parents=True, exist_ok=True)
    LOGS.mkdir(parents=True, exist_ok=True)
    endpoints = VAR / "bot" / "endpoints.yml"
    template = (ROOT / "bot" / "endpoints.yml").read_text(encoding="utf-8")
    endpoints.write_text(template.replace("127.0.0.1:5055", f"127.0.0.1:{actions_port}"), encoding="utf-8")
    main, bot = str(find_binary(MAIN, "python")), str(find_binary(BOT, "python"))
    rasa = ["-W", "ignore", "-m", "rasa", "run", "-i", "127.0.0.1", "-p", str(bot_port)]
    rasa += [
        "-m",
        str(VAR / "bot" / "candor.tar.gz"),
        "--endpoints",
        str(endpoints),
        "--credentials",
        "credentials.yml",
    ]
    quiet = "RASA_TELEMETRY_ENABLED=false,LOG_LEVEL=WARNING,SANIC_HOST=127.0.0.1"
    programs = {
        "web": ([main, "-m", "web"], ROOT, ""),
        "actions": ([main, "-m", "actions"], ROOT, ""),
        "bot": ([bot, *rasa], ROOT / "bot", quiet),
    }
    lines = [
        "[supervisord]",
        "nodaemon=true",
        "loglevel=info",
        f"logfile={_require_plain(LOGS / 'supervisord.log')}",
        f"pidfile={_require_plain(RUN / 'supervisord.pid')}",
        f"childlogdir={_require_plain(LOGS)}",
        "[unix_http_server]",
        f"file={_require_plain(_make_socket_path())}",
        "[rpcinterface:supervisor]",
        "supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface",
        "[supervisorctl]",
        f"serverurl=unix://{_require_plain(_make_socket_path())}",
    ]
    for name, (command, directory, different) in programs.items():
        lines += [
            f"[program:{name}]",
            f"command={_require_plain(shlex.join(command))}",
            f"directory={_require_plain(directory)}",
            f"environment={different}",
            "umask=077",
            "autorestart=true",
            "startsecs=1",
            "startretries=1000000",
            "stopasgroup=true",
            "killasgroup=true",
            "stopwaitsecs=5",
            f"stdout_logfile={_require_plain(LOGS / (name + '.log'))}",
            "stdout_logfile_maxbytes=5MB",
            "stdout_logfile_backups=2",
            "redirect_stderr=true",
        ]
    config = RUN / "supervisord.conf"
    config.unlink(missing_ok=True)
    with open(os.open(config, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as out:
        out.write("\n".join(lines) + "\n")
    return config


def _make_socket_path() -> Path:
    """A UNIX socket's path may have about 100 bytes; a deep checkout has more."""
    near = RUN / "supervisor.sock"
    return near if len(str(near)) < 95 else Path("/tmp") / f"candor-{os.getuid()}-{abs(hash(str(near))) % 10**8}.sock"


def _require_plain(path: object) -> str:
    """A path that supervisor reads as it is: it expands some percent signs twice and has no way to write a comment's beginning."""
    text = str(path)
    if re.search(r"[\r\n%]|\s[;#]", text):
        raise Problem(
            f"The path {text!r} cannot be used: supervisor reads a percent sign, a line's end, and ; or # after a space as its own. Rename it."
        )
    return text


@contextmanager
def stopping_on_signals() -> Iterator[None]:
    """SIGTERM and SIGHUP (a closed terminal) end what runs inside as Ctrl-C does, so that nothing is left running."""

    def stop(_signal: int, _frame: object) -> None:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class Supervisor:
    """A running supervisord; its programs inherit `environment`. Ends with all its processes when it is stopped."""

    def __init__(self, config: Path, environment: dict[str, str]) -> None:
        self._log = LOGS / "supervisord.log"
        self._log_began = self._log.stat().st_size if self._log.exists() else 0
        command = [str(find_binary(MAIN, "supervisord")), "-c", str(config)]
        self.process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
            text=True,
        )

    def wait_until_ready(self, host: str, port: int) -> None:
        """Wait until the gateway says that its parts are there; a program that ends again and again is said after `PATIENCE_S`."""
        began = time.monotonic()
        health: dict[str, str] = {}
        exits: Counter[str] = Counter()
        while time.monotonic() - began < READY_WITHIN_S:
            if self.process.poll() is not None:
                said = self.process.stderr.read().strip() if self.process.stderr else ""
                raise Problem(f"The supervisor ended: {said or 'see var/logs/supervisord.log'}")
            health = ask_health(host, port)
            if all(health.get(part) == "ok" for part in ("db", "bot", "actions")):
                return
            counted = self.count_exits()
            for name in counted:
                if (
                    counted[name] > exits[name]
                    and counted[name] >= FEWEST_EXITS
                    and time.monotonic() - began > PATIENCE_S
                ):
                    raise Problem(_explain_exits(name, counted[name]))
            if time.monotonic() - began < PATIENCE_S:
                exits = counted
            time.sleep(0.3)
        waits = [name for name in ("bot", "actions") if health.get(name) != "ok"] if health else ["web"]
        slow = ", ".join(waits) or "the database"
        raise Problem(
            f"Not everything has started within {READY_WITHIN_S:.0f} s: {slow}. Look into {LOGS / ((waits or ['web'])[0] + '.log')}."
        )

    def count_exits(self) -> Counter[str]:
        """How often each program has ended since the supervisor was started."""
        try:
            with self._log.open("rb") as log:
                log.seek(self._log_began)
                return Counter(_EXIT.findall(log.read().decode("utf-8", errors="replace")))
        except OSError:
            return Counter()

    def run_until_stopped(self) -> int:
        """Stay until Ctrl-C, a signal (`stopping_on_signals`), or the supervisor's end."""
        try:
            self.process.wait()
        except KeyboardInterrupt:
            self.stop()
            print("\nStopped.", flush=True)
            return 0
        print(f"The supervisor has ended. Look into {self._log}.", file=sys.stderr)
        return 1

    def stop(self) -> None:
        """End all processes."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()
        if self.process.stderr is not None:
            self.process.stderr.close()


def _explain_exits(name: str, count: int) -> str:
    log = LOGS / f"{name}.log"
    try:
        lines = [line for line in log.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
    except OSError:
        lines = []
    said = lines[-1].strip() if lines else "nothing"
    return f"The process “{name}” was started {count} times and ended each time. The last line of its log: {said}\n  All of it: {log}"


def ask_health(host: str, port: int) -> dict[str, str]:
    """What /healthz says; empty when nobody answers."""
    connection = http.client.HTTPConnection(host, port, timeout=3)
    try:
        connection.request("GET", "/healthz")
        answer: dict[str, str] = json.loads(connection.getresponse().read())
        return answer
    except (OSError, ValueError, http.client.HTTPException):
        return {}
    finally:
        connection.close()
