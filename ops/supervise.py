"""Keeps the three processes running, with supervisor.

Why supervisor: it restarts what dies (`autorestart`), is pure Python without dependencies, has been kept well for twenty years, and
its state can be asked for (`supervisorctl`). circus brings zeromq and tornado for the same; honcho ends everything when one
process ends, which is the opposite of what is wanted here.
"""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from ops.places import BOT, LOGS, MAIN, ROOT, VAR, find_binary
from ops.problems import Problem

READY_WITHIN_S = 180.0
RUN = VAR / "run"


def check_ports(host: str, ports: dict[str, int]) -> None:
    """Every port must be free before anything is done. `ports` maps the setting's name to the port."""
    for setting, port in ports.items():
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host if setting == "CANDOR_PORT" else "127.0.0.1", port))
            except OSError as error:
                raise Problem(
                    f"Port {port} is taken. Stop what uses it (is Candor running already?), or choose another: {setting}={port + 1} make run"
                ) from error


def write_config(environment: dict[str, str], *, bot_port: int, actions_port: int) -> Path:
    """supervisord's configuration and the bot's endpoints."""
    RUN.mkdir(parents=True, exist_ok=True)
    LOGS.mkdir(parents=True, exist_ok=True)
    endpoints = VAR / "bot" / "endpoints.yml"
    template = (ROOT / "bot" / "endpoints.yml").read_text(encoding="utf-8")
    endpoints.write_text(template.replace("127.0.0.1:5055", f"127.0.0.1:{actions_port}"), encoding="utf-8")
    main, bot = find_binary(MAIN, "python"), find_binary(BOT, "python")
    rasa = f"-m rasa run -i 127.0.0.1 -p {bot_port} -m {VAR / 'bot' / 'candor.tar.gz'} --endpoints {endpoints} --credentials credentials.yml"
    programs = {
        "web": (f"{main} -m web", ROOT, {}),
        "actions": (f"{main} -m actions", ROOT, {}),
        "bot": (
            f"{bot} -W ignore {rasa}",
            ROOT / "bot",
            {"RASA_TELEMETRY_ENABLED": "false", "LOG_LEVEL": "WARNING", "SANIC_HOST": "127.0.0.1"},
        ),
    }
    lines = [
        "[supervisord]",
        "nodaemon=true",
        "loglevel=warn",
        f"logfile={LOGS / 'supervisord.log'}",
        f"pidfile={RUN / 'supervisord.pid'}",
        f"childlogdir={LOGS}",
        "[unix_http_server]",
        f"file={_make_socket_path()}",
        "[rpcinterface:supervisor]",
        "supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface",
        "[supervisorctl]",
        f"serverurl=unix://{_make_socket_path()}",
    ]
    for name, (command, directory, more) in programs.items():
        values = (
            {"PYTHONPATH": str(ROOT), "NUMBA_CACHE_DIR": str(VAR / "numba"), "PYTHONUNBUFFERED": "1"}
            | environment
            | more
        )
        lines += [
            f"[program:{name}]",
            f"command={_escape(command)}",
            f"directory={_escape(str(directory))}",
            "environment=" + ",".join(f'{key}="{_escape(value)}"' for key, value in sorted(values.items())),
            "autorestart=true",
            "startsecs=1",
            "startretries=1000000",
            "stopasgroup=true",
            "killasgroup=true",
            "stopwaitsecs=5",
            f"stdout_logfile={LOGS / (name + '.log')}",
            "stdout_logfile_maxbytes=5MB",
            "stdout_logfile_backups=2",
            "redirect_stderr=true",
        ]
    config = RUN / "supervisord.conf"
    config.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return config


def _make_socket_path() -> Path:
    """A UNIX socket's path may have about 100 bytes; a deep checkout has more."""
    near = RUN / "supervisor.sock"
    return near if len(str(near)) < 95 else Path("/tmp") / f"candor-{os.getuid()}-{abs(hash(str(near))) % 10**8}.sock"


def _escape(value: str) -> str:
    return value.replace("%", "%%").replace('"', '\\"')


class Supervisor:
    """A running supervisord. Ends with all its processes when it is stopped."""

    def __init__(self, config: Path) -> None:
        command = [str(find_binary(MAIN, "supervisord")), "-c", str(config)]
        self.process = subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True, text=True
        )

    def wait_until_ready(self, host: str, port: int) -> None:
        """Wait until the gateway says that all is well."""
        deadline = time.monotonic() + READY_WITHIN_S
        health: dict[str, str] = {}
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                said = self.process.stderr.read().strip() if self.process.stderr else ""
                raise Problem(f"The supervisor ended: {said or 'see var/logs/supervisord.log'}")
            health = ask_health(host, port)
            if health.get("status") == "ok":
                return
            time.sleep(0.3)
        waits = [name for name in ("bot", "actions") if health.get(name) != "ok"] if health else ["web"]
        raise Problem(
            f"Not everything has started within {READY_WITHIN_S:.0f} s: {', '.join(waits)}. Look into var/logs/{waits[0]}.log."
        )

    def run_until_stopped(self) -> int:
        """Stay until Ctrl-C, a signal, or the supervisor's end."""

        def stop(_signal: int, _frame: object) -> None:
            raise KeyboardInterrupt

        signal.signal(signal.SIGTERM, stop)
        signal.signal(signal.SIGHUP, stop)
        try:
            self.process.wait()
        except KeyboardInterrupt:
            print("\nStopping.", flush=True)
            self.stop()
            return 0
        print("The supervisor has ended. Look into var/logs/supervisord.log.", file=sys.stderr)
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
