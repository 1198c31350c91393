"""Set-up as the person who waits sees it: clear sentences instead of traces, and nothing done twice (ops/)."""

import io
import os
import socket
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from supervisor.options import ServerOptions

from ops import commands, environments, steps, supervise
from ops.board import Board
from ops.environments import find_python
from ops.places import ROOT
from ops.problems import Problem
from ops.steps import Step, run_steps
from ops.supervise import ask_health, check_ports, write_config


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Steps and the supervisor work in a folder of the test; nothing of the operator's own settings is seen."""
    var = tmp_path / "var"
    (var / "bot").mkdir(parents=True)
    for module, names in (
        (steps, {"ROOT": tmp_path, "VAR": var, "LOGS": var / "logs", "STATE": var / "state.json"}),
        (supervise, {"VAR": var, "LOGS": var / "logs", "RUN": var / "run"}),
        (commands, {"VAR": var, "ENVIRONMENTS": var / "env"}),
    ):
        for name, value in names.items():
            monkeypatch.setattr(module, name, value)
    for name in [name for name in os.environ if name.startswith("CANDOR_")]:
        monkeypatch.delenv(name)
    return tmp_path


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield int(listener.getsockname()[1])


def run(*work: Step) -> str:
    """Run steps and give back what the person saw."""
    out = io.StringIO()
    with Board(out) as board:
        run_steps(work, board)
    return out.getvalue()


def make_step(place: Path, name: str, *code: str, needs: tuple[str, ...] = ()) -> Step:
    """A step that runs Python lines and is made from one file of its own."""
    source = place / "sources" / name
    source.parent.mkdir(exist_ok=True)
    if not source.exists():
        source.write_text("one", encoding="utf-8")
    made = place / "var" / f"{name}.made"
    line = "; ".join(code) or f"open({str(made)!r}, 'a').write('x')"
    return Step(name, f"make {name}", ((sys.executable, "-c", line),), needs=needs, sources=(source,), makes=(made,))


def count_runs(place: Path, name: str) -> int:
    made = place / "var" / f"{name}.made"
    return len(made.read_text(encoding="utf-8")) if made.exists() else 0


# --- ports, host, disk: before anything is done ---------------------------------------------------------------------
def test_a_taken_port_is_said_with_the_setting_to_change(taken: int) -> None:
    for setting in ("CANDOR_PORT", "CANDOR_BOT_PORT", "CANDOR_ACTIONS_PORT"):
        with pytest.raises(Problem, match=rf"Port {taken} is taken.*{setting}="):
            check_ports("127.0.0.1", {setting: taken})


def test_a_taken_port_ends_the_command_with_one_and_no_trace(
    place: Path, taken: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CANDOR_PORT", str(taken))
    assert commands.main(["run"]) == 1
    said = capsys.readouterr().err
    assert f"Port {taken} is taken" in said
    assert "Traceback" not in said


@pytest.mark.parametrize("value", ["http", "0", "65536", "-1", "", " 80", "8000.0", "²"])
def test_a_port_that_is_none_is_said(
    place: Path, value: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CANDOR_BOT_PORT", value)
    for command in ("run", "serve"):
        assert commands.main([command]) == 1
        assert "CANDOR_BOT_PORT" in capsys.readouterr().err


def test_demo_mode_listens_nowhere_else(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CANDOR_HOST", "0.0.0.0")
    assert commands.main(["run"]) == 1
    assert "127.0.0.1 only" in capsys.readouterr().err


def test_serving_without_a_secret_says_which(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert commands.main(["serve"]) == 1
    assert "CANDOR_SHOP_SECRET" in capsys.readouterr().err


def test_too_little_disk_is_said_before_anything_is_made(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _path: Usage(500_000_000))
    monkeypatch.setattr(commands, "run_steps", lambda *_: pytest.fail("nothing may be begun"))
    assert commands.main(["setup"]) == 1
    assert "Only 0.5 GB are free" in capsys.readouterr().err


class Usage:
    """What `shutil.disk_usage` answers, as far as it is asked."""

    def __init__(self, free: int) -> None:
        self.free = free


def test_a_folder_that_cannot_be_made_is_a_sentence(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (place / "file").write_text("no folder", encoding="utf-8")
    monkeypatch.setattr(commands, "VAR", place / "file" / "var")
    assert commands.main(["setup"]) == 1
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize("words", [[], ["fly"], ["run", "fast"], ["import"], ["import", "a", "b"]])
def test_an_unknown_command_shows_what_there_is(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert commands.main(words) == 2
    assert "usage:" in capsys.readouterr().err


def test_an_old_python_is_told_which_one_is_needed() -> None:
    """ops/__main__.py must parse on any Python 3: no syntax of a newer one, and the check stands before our own imports."""
    text = (ROOT / "ops" / "__main__.py").read_text(encoding="utf-8")
    compile(text, "ops/__main__.py", "exec")
    old = text.replace("sys.version_info < (3, 11)", "True").replace("from ops.commands import main", "1 / 0")
    done = subprocess.run([sys.executable, "-c", old], capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 1
    assert "needs Python 3.11 or newer" in done.stderr
    assert "Traceback" not in done.stderr


# --- steps ----------------------------------------------------------------------------------------------------------
def test_a_step_is_done_once_and_again_when_its_source_changes(place: Path) -> None:
    step = make_step(place, "one")
    assert "... make one" in run(step)
    assert "nothing has changed" in run(step)
    assert count_runs(place, "one") == 1
    (place / "sources" / "one").write_text("two", encoding="utf-8")
    assert "nothing has changed" not in run(step)
    assert count_runs(place, "one") == 2


def test_a_step_is_done_again_when_what_it_made_is_gone(place: Path) -> None:
    step = make_step(place, "one")
    run(step)
    (place / "var" / "one.made").unlink()
    run(step)
    assert count_runs(place, "one") == 1


def test_what_needs_a_changed_step_is_done_again_and_the_rest_is_not(place: Path) -> None:
    first, second, apart = (
        make_step(place, "first"),
        make_step(place, "second", needs=("first",)),
        make_step(place, "apart"),
    )
    run(first, second, apart)
    (place / "sources" / "first").write_text("two", encoding="utf-8")
    run(first, second, apart)
    assert [count_runs(place, name) for name in ("first", "second", "apart")] == [2, 2, 1]


def test_a_step_waits_for_what_it_needs(place: Path) -> None:
    made = place / "var" / "first.made"
    slow = make_step(place, "first", "import time", "time.sleep(0.3)", f"open({str(made)!r}, 'a').write('x')")
    target = place / "var" / "second.made"
    after = make_step(
        place,
        "second",
        f"assert open({str(made)!r}).read() == 'x'",
        f"open({str(target)!r}, 'a').write('x')",
        needs=("first",),
    )
    run(after, slow)
    assert count_runs(place, "second") == 1


def test_steps_that_need_nothing_of_each_other_run_side_by_side(place: Path) -> None:
    both = threading.Barrier(2, timeout=10)

    def meet() -> None:
        both.wait()

    run(*(Step(name, name, meet) for name in ("left", "right")))


def test_a_failing_step_says_its_last_lines_and_where_the_rest_is(place: Path) -> None:
    failing = make_step(place, "bad", "[print('line', n) for n in range(20)]", "raise SystemExit('the last word')")
    after = make_step(place, "after", needs=("bad",))
    with pytest.raises(Problem) as stopped:
        run(failing, after)
    said = str(stopped.value)
    assert said.startswith("make bad failed:")
    assert "the last word" in said
    assert "line 18" in said
    assert "line 3\n" not in said
    assert "bad.log" in said
    assert "line 3\n" in (place / "var" / "logs" / "bad.log").read_text(encoding="utf-8")
    assert count_runs(place, "after") == 0
    with pytest.raises(Problem):  # and it is tried again the next time
        run(failing)


def test_a_program_that_is_not_there_is_a_sentence_too(place: Path) -> None:
    with pytest.raises(Problem, match="make one failed"):
        run(Step("one", "make one", ((str(place / "nothing"),),)))


def test_a_spoilt_state_is_no_state(place: Path) -> None:
    step = make_step(place, "one")
    run(step)
    (place / "var" / "state.json").write_text("{", encoding="utf-8")
    run(step)
    assert count_runs(place, "one") == 2


def test_what_a_program_keeps_for_itself_is_no_source(place: Path) -> None:
    """Rasa's cache in bot/.rasa and Python's own change with each run; whoever trained the bot need not train it again."""
    folder = place / "sources" / "bot"
    (folder / ".rasa" / "cache").mkdir(parents=True)
    (folder / "__pycache__").mkdir()
    (folder / "config.yml").write_text("one", encoding="utf-8")
    made = place / "var" / "bot.made"
    step = Step(
        "bot",
        "train the bot",
        ((sys.executable, "-c", f"open({str(made)!r}, 'a').write('x')"),),
        sources=(folder,),
        makes=(made,),
    )
    run(step)
    (folder / ".rasa" / "cache" / "cache.db").write_text("changed by training", encoding="utf-8")
    (folder / "__pycache__" / "a.pyc").write_text("changed by running", encoding="utf-8")
    run(step)
    assert count_runs(place, "bot") == 1


def test_another_database_is_another_import(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The demo is imported into the database that is set now, whatever an earlier one holds."""

    def fingerprint() -> str:
        step = next(step for step in commands._demo_steps(commands._environment()) if step.name == "import")
        slim = Step(step.name, step.about, step.work, makes=step.makes, environment=step.environment)
        return steps._fingerprint(slim, [])

    monkeypatch.setenv("CANDOR_DATABASE_URL", "postgresql://one")
    first = fingerprint()
    monkeypatch.setenv("CANDOR_DATABASE_URL", "postgresql://two")
    assert fingerprint() != first


# --- interpreters ---------------------------------------------------------------------------------------------------
def make_python(path: Path, says: str, code: int = 0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho {says}\nexit {code}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def test_pyenvs_own_interpreter_is_taken_and_its_shim_passed_by(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A shim exists for every version that pyenv ever had and fails unless that version is chosen."""
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "pyenv"))
    monkeypatch.setenv("PATH", str(tmp_path / "shims"))
    make_python(tmp_path / "shims" / "python3.10", "pyenv: python3.10: command not found", code=127)
    real = make_python(tmp_path / "pyenv" / "versions" / "3.10.14" / "bin" / "python", "3.10")
    assert find_python("3.10") == real


def test_an_interpreter_on_the_path_is_taken_if_it_is_what_its_name_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "none"))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    on_path = make_python(tmp_path / "bin" / "python3.13", "3.13")
    assert find_python("3.13") == on_path


def test_without_any_uv_brings_one_or_the_sentence_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "none"))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    make_python(tmp_path / "bin" / "python3.10", "3.9")
    uv = make_python(tmp_path / "tools" / "uv", "no network", code=2)
    monkeypatch.setattr(environments, "_uv", lambda: str(uv))
    with pytest.raises(Problem, match=r"Python 3\.10 was not found.*Install Python 3\.10"):
        find_python("3.10")
    make_python(uv, "/opt/python3.10")
    assert find_python("3.10") == Path("/opt/python3.10")


# --- the supervisor -------------------------------------------------------------------------------------------------
def read_config(config: Path) -> dict[str, dict[str, str]]:
    """The environment of each program as supervisord itself reads it."""
    options = ServerOptions()
    options.realize(["-c", str(config), "-n"])
    programs = [process for group in options.process_group_configs for process in group.process_configs]
    return {program.name: dict(program.environment) for program in programs}


def test_all_three_processes_are_restarted_when_they_die(place: Path) -> None:
    config = write_config({"CANDOR_VAR": "x"}, bot_port=15005, actions_port=15055)
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


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CANDOR_DATABASE_URL", "postgresql://u:p%40ss@localhost/candor"),
        ("JSON", '{"a": 1}'),
        ("QUOTED", 'say "x"'),
        ("LINES", "one\ntwo"),
        ("SPACED", "a ; b, c=d"),
        ("BASH_FUNC_which%%", "() {  alias\n}"),
    ],
)
def test_whatever_stands_in_the_environment_the_supervisor_starts(place: Path, name: str, value: str) -> None:
    """People's shells export functions and JSON; a setting reaches its process as it was given."""
    config = write_config({name: value}, bot_port=15005, actions_port=15055)
    environment = read_config(config)["web"]
    assert environment.get(name, value) == value


def test_a_secret_is_not_written_where_others_can_read_it(place: Path) -> None:
    config = write_config({"CANDOR_SHOP_SECRET": "s3cret" * 8}, bot_port=15005, actions_port=15055)
    is_open = bool(stat.S_IMODE(config.stat().st_mode) & 0o077)
    assert not is_open or "s3cret" not in config.read_text(encoding="utf-8")


def test_nobody_answering_is_no_health(place: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        free = int(probe.getsockname()[1])
    assert ask_health("127.0.0.1", free) == {}


def test_another_peoples_python_stays_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PYTHONHOME", "VIRTUAL_ENV", "PYENV_VERSION", "PYTHONSTARTUP"):
        monkeypatch.setenv(name, "/elsewhere")
    monkeypatch.setenv("CANDOR_NOW", "2018-01-01T09:00:00-05:00")
    environment = commands._environment()
    assert not {"PYTHONHOME", "VIRTUAL_ENV", "PYENV_VERSION", "PYTHONSTARTUP"} & set(environment)
    assert environment["CANDOR_NOW"] == "2018-01-01T09:00:00-05:00"
