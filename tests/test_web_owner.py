"""The first owner: without a terminal from the settings, with one by questions, once; and one who is let in again on the machine."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from data.staff import add_member, change_member, change_password, ensure_member, fetch_accounts
from tests.databases import open_file
from tests.serving import ROOT, make_settings, serve
from tests.staffing import Browser

COMMAND = (sys.executable, "-W", "error", "-m", "web.owner")
GOOD, OTHER = "tulip river seven kite", "velvet engine forty pond"


def make_environment(folder: Path, **settings: str) -> dict[str, str]:
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "CANDOR_VAR": str(folder)}
    return environment | {"CANDOR_KEY_FILE": str(folder / "secrets" / "candor.key"), **settings}


def run_owner(folder: Path, *words: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """`python -m web.owner` as systemd runs it: without a terminal."""
    return subprocess.run(
        [*COMMAND, *words], cwd=folder, env=make_environment(folder, **settings), stdin=subprocess.DEVNULL,
        capture_output=True, text=True, check=False, timeout=60, start_new_session=True,
    )  # fmt: skip


def answer_in_terminal(folder: Path, *lines: str) -> tuple[int, str]:
    """The same in a terminal, where each question is answered with the next line; returns its code and what stood there."""
    terminal, theirs = pty.openpty()
    process = subprocess.Popen(
        COMMAND, cwd=folder, env=make_environment(folder), stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
    )  # fmt: skip
    os.close(theirs)
    seen, told = "", iter(lines)
    try:
        while chunk := os.read(terminal, 4096):
            seen += chunk.decode()
            if seen.endswith(": "):
                os.write(terminal, f"{next(told)}\n".encode())
    except OSError:  # the other end has closed
        return process.wait(60), seen
    finally:
        process.kill()
        os.close(terminal)
    return process.wait(60), seen


def list_owners(folder: Path) -> list[tuple[str, str, bool]]:
    database = open_file(folder / "candor.db")
    with database.read() as connection:
        found = [(a.username, a.name, a.is_temporary) for a in fetch_accounts(connection) if a.role == "owner"]
    database.close()
    return found


def write_password(folder: Path, password: str) -> dict[str, str]:
    file = folder / "owner-password"
    file.write_text(f"{password}\n", encoding="utf-8")
    return {"CANDOR_OWNER": "olga", "CANDOR_OWNER_NAME": "Olga Lindqvist", "CANDOR_OWNER_PASSWORD_FILE": str(file)}


def test_without_a_terminal_and_settings_it_says_what_to_do(tmp_path: Path) -> None:
    done = run_owner(tmp_path)
    assert done.returncode == 1
    assert "make serve" in done.stderr
    assert "CANDOR_OWNER_PASSWORD_FILE" in done.stderr
    assert list_owners(tmp_path) == []


def test_the_settings_make_an_owner_who_changes_the_password_first(tmp_path: Path) -> None:
    settings = write_password(tmp_path, GOOD)
    done = run_owner(tmp_path, **settings)
    assert done.returncode == 0, done.stderr
    assert "olga" in done.stdout
    assert GOOD not in done.stdout + done.stderr
    assert list_owners(tmp_path) == [("olga", "Olga Lindqvist", True)]
    again = run_owner(tmp_path, **settings | {"CANDOR_OWNER": "mallory", "CANDOR_OWNER_PASSWORD_FILE": "/gone"})
    assert (again.returncode, again.stdout) == (0, "")
    assert [username for username, *_ in list_owners(tmp_path)] == ["olga"]
    with serve(make_settings(tmp_path, bot_port=1, demo=False)) as client:
        olga = Browser(client)
        assert olga.sign_in("olga", GOOD).json()["owes"] == ["password"]
        assert olga.call("PUT", "/me/password", current=GOOD, new=OTHER).status_code == 204
        assert olga.code("/accounts") == 200


@pytest.mark.parametrize(
    ("password", "said"), [("short", "12"), ("password1234", "tried first"), (None, "cannot be read")]
)
def test_a_password_that_cannot_be_used_is_refused(tmp_path: Path, password: str | None, said: str) -> None:
    settings = write_password(tmp_path, password or "")
    if password is None:
        (tmp_path / "owner-password").unlink()
    done = run_owner(tmp_path, **settings)
    assert done.returncode == 1
    assert "CANDOR_OWNER_PASSWORD_FILE" in done.stderr
    assert said in done.stderr
    assert list_owners(tmp_path) == []


def test_in_a_terminal_it_asks_until_it_fits(tmp_path: Path) -> None:
    lines = ("", "olga", "Olga Lindqvist", "password1234", GOOD, "another one here", GOOD, GOOD)
    code, seen = answer_in_terminal(tmp_path, *lines)
    assert code == 0, seen
    assert "This is needed." in seen
    assert "tried first" in seen
    assert "The two differ" in seen
    assert GOOD not in seen
    assert list_owners(tmp_path) == [("olga", "Olga Lindqvist", False)]


def test_an_owner_is_let_in_again_and_nobody_else(tmp_path: Path) -> None:
    run_owner(tmp_path, **write_password(tmp_path, GOOD))
    database = open_file(tmp_path / "candor.db")
    with database.write() as connection:
        add_member(connection, "sam", name="Sam", role="agent")
    database.close()
    refused = run_owner(tmp_path, "--reset", "sam")
    assert (refused.returncode, "no owner" in refused.stderr) == (1, True)
    assert run_owner(tmp_path, "--reset", "nobody").returncode == 1
    assert run_owner(tmp_path, "--rest").returncode == 2
    done = run_owner(tmp_path, "--reset", "olga")
    assert done.returncode == 0, done.stderr
    temporary = next(word for word in done.stdout.split() if word.count("-") == 3)
    with serve(make_settings(tmp_path, bot_port=1, demo=False)) as client:
        olga = Browser(client)
        assert olga.sign_in("olga", GOOD).status_code == 401
        assert olga.sign_in("olga", temporary).json()["owes"] == ["password"]


def test_an_owner_who_is_shut_out_is_let_in_by_the_machine(tmp_path: Path) -> None:
    run_owner(tmp_path, **write_password(tmp_path, GOOD))
    database = open_file(tmp_path / "candor.db")
    with database.write() as connection:
        change_password(connection, "olga", GOOD)
        ensure_member(connection, "ines", name="Ines", role="owner", password=GOOD)
        change_member(connection, "ines", disabled=True)
    database.close()
    assert run_owner(tmp_path, "--reset", "ines").returncode == 0
    assert ("ines", "Ines", True) in list_owners(tmp_path)
