"""Which Python the environments are made with, and that nobody else's gets in (ops/environments.py)."""

from pathlib import Path

import pytest

from ops import commands, environments
from ops.environments import find_python
from ops.problems import Problem


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


def test_another_peoples_python_stays_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PYTHONHOME", "VIRTUAL_ENV", "PYENV_VERSION", "PYTHONSTARTUP"):
        monkeypatch.setenv(name, "/elsewhere")
    monkeypatch.setenv("CANDOR_NOW", "2018-01-01T09:00:00-05:00")
    environment = commands._environment()
    assert not {"PYTHONHOME", "VIRTUAL_ENV", "PYENV_VERSION", "PYTHONSTARTUP"} & set(environment)
    assert environment["CANDOR_NOW"] == "2018-01-01T09:00:00-05:00"
