"""Set-up as the person who waits sees it: clear sentences instead of traces, and nothing done twice (ops/)."""

import errno
import io
import os
import socket
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ops import commands, steps
from ops.board import Board
from ops.places import ROOT
from ops.problems import Problem
from ops.steps import Step, run_steps
from ops.supervise import check_ports
from tests.ops_place import make_place


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return make_place(tmp_path, monkeypatch)


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


def test_two_equal_ports_are_noticed(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CANDOR_PORT", "15105")
    monkeypatch.setenv("CANDOR_ACTIONS_PORT", "15105")
    assert commands.main(["run"]) == 1
    assert "CANDOR_PORT and CANDOR_ACTIONS_PORT are both 15105" in capsys.readouterr().err


@pytest.mark.parametrize("host", ["nowhere.invalid", "192.0.2.1", "a" * 70, "not an address"])
def test_a_host_that_is_not_this_machine_is_no_taken_port(host: str) -> None:
    with pytest.raises(Problem, match=r"CANDOR_HOST is .* no address of this machine"):
        check_ports(host, {"CANDOR_PORT": 15106})


def test_a_port_that_the_system_keeps_is_no_taken_port(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_socket: socket.socket, _address: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(socket.socket, "bind", refuse)
    with pytest.raises(Problem, match=r"Port 80 is not allowed.*below 1024.*CANDOR_PORT=8080"):
        check_ports("127.0.0.1", {"CANDOR_PORT": 80})


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


def test_the_disk_of_the_environments_is_measured_as_well(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """CANDOR_VAR on a large disk does not help the environments in the checkout."""
    measured: list[Path] = []

    def measure(path: Path) -> Usage:
        measured.append(path)
        return Usage(5_000_000_000)

    monkeypatch.setattr("shutil.disk_usage", measure)
    monkeypatch.setattr(commands, "BOT", place / "none")
    monkeypatch.setattr(commands, "run_steps", lambda *_: pytest.fail("nothing may be begun"))
    assert commands.main(["setup"]) == 1
    assert "8 GB are needed" in capsys.readouterr().err  # both on one disk: the sum
    assert measured


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
    said = capsys.readouterr().err
    assert "cannot be made" in said
    assert "CANDOR_VAR" in said


def test_what_is_made_is_readable_by_its_user_alone(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "VAR", place / "new")
    monkeypatch.setattr(commands, "BOT", place / "var")
    monkeypatch.setattr("shutil.disk_usage", lambda _path: Usage(50_000_000_000))
    monkeypatch.setattr(commands, "run_steps", lambda *_: (place / "new" / "candor.db").touch())
    before = os.umask(0o022)
    try:
        assert commands.main(["setup"]) == 0
        assert os.umask(0o022) == 0o022
    finally:
        os.umask(before)
    assert stat.S_IMODE((place / "new").stat().st_mode) == 0o700
    assert stat.S_IMODE((place / "new" / "candor.db").stat().st_mode) == 0o600


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


def test_what_the_bot_is_not_made_of_does_not_train_it_again() -> None:
    """Tests of the bot, their results and what training itself writes into bot/."""
    step = next(step for step in commands._demo_steps(commands._environment()) if step.name == "bot")
    assert not [source for source in step.sources if not source.exists()]
    assert not [source for source in step.sources if source.name in ("bot", "tests", "results", ".rasa")]
    for name in (
        ".rasa/cache/cache.db",
        "domain/responses.yml",
        "nlu/generated_questions.yml",
        "results/x",
        ".pytest_cache/v",
    ):
        assert not steps._is_source(Path(name)), name
    assert steps._is_source(Path("nlu/orders.yml"))


def test_another_shop_file_is_another_import(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its content counts, wherever it lies."""

    def fingerprint() -> str:
        step = next(step for step in commands._demo_steps(commands._environment()) if step.name == "import")
        return steps._fingerprint(step, [])

    own = place / "own.toml"
    own.write_text("one", encoding="utf-8")
    without = fingerprint()
    monkeypatch.setenv("CANDOR_SHOP_FILE", str(own))
    first = fingerprint()
    own.write_text("two", encoding="utf-8")
    assert len({without, first, fingerprint()}) == 3


def test_another_database_is_another_import(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The demo is imported into the database that is set now, whatever an earlier one holds."""

    def fingerprint() -> str:
        step = next(step for step in commands._demo_steps(commands._environment()) if step.name == "import")
        return steps._fingerprint(replace(step, sources=()), [])

    monkeypatch.setenv("CANDOR_DATABASE_URL", "postgresql://one")
    first = fingerprint()
    monkeypatch.setenv("CANDOR_DATABASE_URL", "postgresql://two")
    assert fingerprint() != first


def test_a_step_is_the_same_wherever_its_results_lie(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A test's house lives in a folder of its own with the environments of the repository: nothing is made again for it."""
    program = str(ROOT / "var" / "env" / "main" / "bin" / "python")

    def fingerprint(var: Path) -> str:
        monkeypatch.setattr(steps, "VAR", var)
        return steps._fingerprint(Step("demo", "write", ((program, "-m", "data.demo", str(var / "demo")),)), [])

    assert fingerprint(ROOT / "var") == fingerprint(tmp_path / "var")
