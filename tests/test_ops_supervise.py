"""The three processes as the operator meets them: restarted, given their environment, said when they cannot start, never left behind."""

import json
import os
import re
import signal
import socket
import stat
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from supervisor.options import ServerOptions

from ops import commands, supervise
from ops.places import MAIN
from ops.problems import Problem
from ops.supervise import Supervisor, ask_health, write_config
from tests.ops_place import make_place


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return make_place(tmp_path, monkeypatch)


DUMP = "import json, os, pathlib; pathlib.Path(os.environ['CANDOR_VAR'], NAME + '.json').write_text(json.dumps(dict(os.environ)))"
STAY = "import time; time.sleep(60)"


@pytest.fixture
def programs(place: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout whose three programs write down their environment and stay."""
    for folder, name in (("", "web"), ("", "actions"), ("bot", "rasa")):
        package = place / folder / name
        package.mkdir(parents=True)
        (package / "__main__.py").write_text(f"NAME = {name!r}\n{DUMP}\n{STAY}\n", encoding="utf-8")
    (place / "bot" / "endpoints.yml").write_text("action_endpoint: http://127.0.0.1:5055/webhook\n", encoding="utf-8")
    monkeypatch.setattr(supervise, "ROOT", place)
    monkeypatch.setattr(supervise, "BOT", MAIN)
    return place


@contextmanager
def supervised(place: Path, more: dict[str, str]) -> Iterator[Supervisor]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    environment = clean | {"CANDOR_VAR": str(place / "var"), "PYTHONPATH": str(place), "PYTHONUNBUFFERED": "1"} | more
    running = Supervisor(write_config(bot_port=15005, actions_port=15055), environment)
    try:
        yield running
    finally:
        running.stop()


def wait_for(truth: Callable[[], object], *, seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not truth():
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.05)


def test_all_three_processes_are_restarted_when_they_die(place: Path) -> None:
    config = write_config(bot_port=15005, actions_port=15055)
    options = ServerOptions()
    options.realize(["-c", str(config), "-n"])
    programs = {p.name: p for group in options.process_group_configs for p in group.process_configs}
    assert set(programs) == {"web", "actions", "bot"}
    for program in programs.values():
        assert program.autorestart
        assert program.killasgroup
        assert program.startretries > 1000
    assert "-i 127.0.0.1 -p 15005" in programs["bot"].command
    assert "--enable-api" not in programs["bot"].command
    assert programs["bot"].environment["RASA_TELEMETRY_ENABLED"] == "false"
    assert "127.0.0.1:15055" in (place / "var" / "bot" / "endpoints.yml").read_text(encoding="utf-8")


def test_whatever_stands_in_the_environment_reaches_the_processes_as_it_was_given(programs: Path) -> None:
    """People's shells export functions and JSON."""
    given = {
        "CANDOR_DATABASE_URL": "postgresql://u:p%40ss@localhost/candor",
        "JSON": '{"a": 1}',
        "QUOTED": "say \"x\" and 'y'",
        "LINES": "one\ntwo",
        "SPACED": "a ; b, c=d # e",
        "BASH_FUNC_which%%": "() {  alias\n}",
    }
    written = [programs / "var" / f"{name}.json" for name in ("web", "actions", "rasa")]
    with supervised(programs, given):
        wait_for(lambda: all(path.exists() and path.read_text(encoding="utf-8") for path in written))
    for path in written:
        got = json.loads(path.read_text(encoding="utf-8"))
        assert {name: got[name] for name in given} == given, path.name
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_path_with_spaces_is_no_trouble_and_one_that_is_is_said(
    programs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    odd = programs / "a b's;c"
    (odd / "bot").mkdir(parents=True)
    for name, value in (("VAR", odd), ("LOGS", odd / "logs"), ("RUN", odd / "run")):
        monkeypatch.setattr(supervise, name, value)
    with supervised(programs, {}):
        wait_for(lambda: (programs / "var" / "rasa.json").exists())
    for name in ("a ;b", "100%", "a\nb"):
        monkeypatch.setattr(supervise, "VAR", odd / name)
        (odd / name / "bot").mkdir(parents=True)
        with pytest.raises(Problem, match="cannot be used"):
            write_config(bot_port=15005, actions_port=15055)


def test_the_configuration_holds_no_secret_and_is_readable_by_its_user_alone(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CANDOR_SHOP_SECRET", "s3cret" * 8)
    old = place / "var" / "run" / "supervisord.conf"
    old.parent.mkdir()
    old.write_text("of an older version, open to everybody", encoding="utf-8")
    config = write_config(bot_port=15005, actions_port=15055)
    assert config == old
    assert stat.S_IMODE(config.stat().st_mode) == 0o600
    assert "s3cret" not in config.read_text(encoding="utf-8")


def test_a_program_that_ends_again_and_again_is_said_with_its_last_line(
    programs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervise, "PATIENCE_S", 1.5)
    (programs / "web" / "__main__.py").write_text(
        "print('one'); raise SystemExit('the shop file is missing')", encoding="utf-8"
    )
    began = time.monotonic()
    with supervised(programs, {}) as running, pytest.raises(Problem) as stopped:
        running.wait_until_ready("127.0.0.1", 15999)
    assert time.monotonic() - began < 15
    assert "“web” was started" in str(stopped.value)
    assert "the shop file is missing" in str(stopped.value)
    assert "web.log" in str(stopped.value)


def test_a_failed_step_in_the_background_is_no_start_that_failed(
    programs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    health = {"status": "degraded", "db": "ok", "bot": "ok", "actions": "ok", "steps_failed": "remove_old"}
    monkeypatch.setattr(supervise, "ask_health", lambda *_: health)
    monkeypatch.setattr(supervise, "READY_WITHIN_S", 1.0)
    with supervised(programs, {}) as running:
        running.wait_until_ready("127.0.0.1", 15999)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_before_it_is_ready_stops_everything(
    programs: Path, number: signal.Signals, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The terminal is closed while the bot still loads: nothing may stay behind."""
    environment = {**os.environ, "CANDOR_VAR": str(programs / "var"), "PYTHONPATH": str(programs)}

    def press() -> None:
        wait_for(lambda: (programs / "var" / "rasa.json").exists())
        os.kill(os.getpid(), number)

    monkeypatch.setattr(
        commands,
        "set_up",
        lambda: commands._serve(
            environment,
            "127.0.0.1",
            {"CANDOR_PORT": 15999, "CANDOR_BOT_PORT": 15005, "CANDOR_ACTIONS_PORT": 15055},
            lambda: pytest.fail("it was never ready"),
        ),
    )
    presser = threading.Thread(target=press)
    presser.start()
    assert commands.main(["setup"]) == 1
    presser.join()
    pid = int(re.findall(r"'web' with pid (\d+)", (programs / "var" / "logs" / "supervisord.log").read_text())[-1])
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_nobody_answering_is_no_health(place: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        free = int(probe.getsockname()[1])
    assert ask_health("127.0.0.1", free) == {}
