"""Steps: what has to be done once, in which order, and what need not be done again.

A step runs as soon as what it needs is done, side by side with others. It is skipped when its fingerprint (of the files it is made
from, and of the steps it needs) is the one of the last time and what it makes is still there.
"""

import hashlib
import json
import subprocess
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ops.board import Board
from ops.places import LOGS, ROOT, VAR
from ops.problems import Problem

STATE = VAR / "state.json"
GENERATED = frozenset(("responses.yml", "generated_questions.yml"))
NO_SOURCES = frozenset(("__pycache__", "results"))


@dataclass(frozen=True)
class Step:
    """One step.

    Attributes
    ----------
    about
        What it does, in words for the person who waits.
    work
        A function, or commands whose output goes to `var/logs/<name>.log`.
    sources
        Files and folders that it is made from. What programs keep for themselves in them does not count (`_is_source`).
    settings
        Names of settings, values of `environment`, that it is made from too.
    makes
        What must exist afterwards.
    expected_s
        How long it takes on two cores, for the bar of the first run.
    """

    name: str
    about: str
    work: Callable[[], None] | tuple[tuple[str, ...], ...]
    needs: tuple[str, ...] = ()
    sources: tuple[Path, ...] = ()
    makes: tuple[Path, ...] = ()
    expected_s: float = 10.0
    environment: dict[str, str] = field(default_factory=dict)
    settings: tuple[str, ...] = ()


def run_steps(steps: Iterable[Step], board: Board) -> None:
    """Run what has changed; the first failure ends it with `Problem` once the others have stopped."""
    todo = {step.name: step for step in steps}
    state = _read_state()
    prints: dict[str, str] = {}
    done: dict[str, threading.Event] = {name: threading.Event() for name in todo}
    problems: list[Problem] = []
    lock = threading.Lock()
    running: set[subprocess.Popen[str]] = set()

    def live(step: Step) -> None:
        for need in step.needs:
            done[need].wait()
        try:
            with lock:
                if problems:
                    return
                prints[step.name] = _fingerprint(step, [prints[need] for need in step.needs])
                known = state.get(step.name, {})
            if known.get("print") == prints[step.name] and all(path.exists() for path in step.makes):
                board.skip(step.name, step.about)
                return
            expected_s = float(known.get("seconds", step.expected_s))
            started = time.monotonic()
            board.start(step.name, step.about, expected_s)
            _work(step, board, running)
            with lock:
                state[step.name] = {"print": prints[step.name], "seconds": round(time.monotonic() - started, 1)}
                _write_state(state)
            board.finish(step.name)
        except Problem as problem:
            board.fail(step.name)
            with lock:
                problems.append(problem)
        except OSError as error:
            board.fail(step.name)
            with lock:
                problems.append(Problem(f"{step.about} failed: {error.strerror or error}."))
        finally:
            done[step.name].set()

    threads = [threading.Thread(target=live, args=(step,), daemon=True) for step in todo.values()]
    for thread in threads:
        thread.start()
    try:
        for thread in threads:
            thread.join()
    except KeyboardInterrupt:
        for process in list(running):
            process.terminate()
        raise
    if problems:
        raise problems[0]


def _work(step: Step, board: Board, running: set[subprocess.Popen[str]]) -> None:
    if callable(step.work):
        step.work()
        return
    LOGS.mkdir(parents=True, exist_ok=True)
    log = LOGS / f"{step.name}.log"
    with log.open("w", encoding="utf-8") as out:
        for command in step.work:
            with subprocess.Popen(
                command,
                cwd=ROOT,
                env=step.environment or None,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
            ) as process:
                running.add(process)
                assert process.stdout is not None
                for line in process.stdout:
                    out.write(line)
                    board.note(step.name, line.strip())
            running.discard(process)
            if process.returncode != 0:
                out.flush()
                raise Problem(_explain(step, log))


def _explain(step: Step, log: Path) -> str:
    lines = [line.rstrip() for line in log.read_text(encoding="utf-8").splitlines() if line.strip()]
    where = log.relative_to(ROOT) if log.is_relative_to(ROOT) else log
    return f"{step.about} failed:\n  " + "\n  ".join(lines[-6:]) + f"\n  All of it: {where}"


def _fingerprint(step: Step, needs: list[str]) -> str:
    digest = hashlib.sha256("\n".join(needs).encode())
    for source in step.sources:
        for path in sorted(p for p in ([source] if source.is_file() else source.rglob("*")) if p.is_file()):
            if path != source and not _is_source(path.relative_to(source)):
                continue
            named = path.relative_to(ROOT) if path.is_relative_to(ROOT) else path.relative_to(source.parent)
            digest.update(named.as_posix().encode())  # a shop.toml that lies elsewhere is the same shop's
            digest.update(path.read_bytes())
    for name in step.settings:
        digest.update(f"{name}={step.environment.get(name, '')}\n".encode())
    if not callable(step.work):
        command = json.dumps(step.work).replace(str(VAR), "./var").replace(str(ROOT), ".")  # wherever var is
        digest.update(command.encode())
    return digest.hexdigest()[:16]


def _is_source(path: Path) -> bool:
    """Not a program's own cache (a hidden folder, Python's), not a result, not what an earlier step wrote there."""
    return path.name not in GENERATED and not any(part.startswith(".") or part in NO_SOURCES for part in path.parts)


def _read_state() -> dict[str, dict[str, Any]]:
    try:
        state: dict[str, dict[str, Any]] = json.loads(STATE.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return state


def _write_state(state: dict[str, dict[str, Any]]) -> None:
    STATE.parent.mkdir(parents=True, exist_ok=True)
    new = STATE.with_suffix(".new")
    new.write_text(json.dumps(state, indent=1), encoding="utf-8")
    new.replace(STATE)
