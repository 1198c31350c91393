"""`python -m web.owner`: without demo mode the first start needs an owner; later ones find that there is one.

In a terminal it asks. Without one (systemd) it takes CANDOR_OWNER, CANDOR_OWNER_NAME and the password in CANDOR_OWNER_PASSWORD_FILE: a file and
not a variable, since every child process inherits the environment, and systemd hands secrets over as files (LoadCredential). Such a password counts
as a temporary one, to be changed at the first sign-in. `--reset NAME` lets an owner in again who has lost password or phone.
"""

import getpass
import sys
from pathlib import Path

from sqlalchemy import Connection

from data.audit import record_act
from data.clock import read_shop_clock
from data.database import open_database
from data.errors import BadInput, CandorError
from data.passwords import SHORTEST, check_new_password
from data.second_factor import remove_second_factor
from data.shop import Shop, read_shop
from data.staff import change_member, ensure_member, has_owner, require_account, reset_password, set_temporary
from data.staff_sessions import end_all
from settings import BadSetting, Settings, read_settings

USAGE = "usage: python -m web.owner [--reset NAME]"


def main(words: list[str]) -> int:
    """See that there is an owner, or let one in again."""
    if words and (len(words) != 2 or words[0] != "--reset"):
        print(USAGE, file=sys.stderr)
        return 2
    try:
        settings = read_settings()
        shop = read_shop(settings.shop_file)
        database = open_database(settings.database_url, keys_url=settings.keys_url, key_file=settings.key_file)
        try:
            database.migrate()
            with database.write() as connection:
                said = _reset(connection, shop, words[1]) if words else _see_to_owner(connection, settings, shop)
        finally:
            database.close()
    except (BadSetting, CandorError) as error:
        print(str(error), file=sys.stderr)
        return 1
    if said:
        print(said)
    return 0


def _see_to_owner(connection: Connection, settings: Settings, shop: Shop) -> str:
    """Make an owner unless there is one; returns what to say."""
    if has_owner(connection):
        return ""
    is_asked = settings.owner is None and sys.stdin.isatty()
    username, name, password = _ask(shop) if is_asked else _read(settings, shop)
    if not ensure_member(connection, username, name=name, role="owner", password=password):
        raise BadInput(f"Somebody of staff is called {username!r} already. Choose another name for the owner.")
    if not is_asked:
        set_temporary(connection, username)
    _record(connection, shop, "account_added", username)
    return f"{name} can sign in at /staff as {username}."


def _read(settings: Settings, shop: Shop) -> tuple[str, str, str]:
    """From the settings."""
    if settings.owner is None or settings.owner_password_file is None:
        raise BadSetting(
            "Nobody can sign in yet. Run `make serve` once in a terminal: it asks for the owner's name and password. "
            "Or set CANDOR_OWNER and CANDOR_OWNER_PASSWORD_FILE."
        )
    name = settings.owner_name or settings.owner
    password = _read_password(settings.owner_password_file)
    try:
        check_new_password(password, names=(settings.owner, name, shop.name))
    except BadInput as error:
        raise BadSetting(f"CANDOR_OWNER_PASSWORD_FILE: {error.message}") from error
    return settings.owner, name, password


def _read_password(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise BadSetting(
            f"CANDOR_OWNER_PASSWORD_FILE is {file}, which cannot be read. Put the password there."
        ) from error


def _ask(shop: Shop) -> tuple[str, str, str]:
    print("Who owns this shop? The owner signs in at /staff, and adds colleagues there.")
    username = _ask_words("Name to sign in with: ")
    name = _ask_words("Name that customers read: ")
    while True:
        password = getpass.getpass(f"Password (at least {SHORTEST} characters): ")
        try:
            check_new_password(password, names=(username, name, shop.name))
        except BadInput as error:
            print(error.message)
            continue
        if getpass.getpass("Once more: ") == password:
            return username, name, password
        print("The two differ. Try again.")


def _ask_words(question: str) -> str:
    while not (words := input(question).strip()):
        print("This is needed.")
    return words


def _reset(connection: Connection, shop: Shop, username: str) -> str:
    if require_account(connection, username).role != "owner":
        raise BadInput(f"{username!r} is no owner. An owner resets colleagues in the console.")
    change_member(connection, username, disabled=False)
    password = reset_password(connection, username)
    remove_second_factor(connection, username)
    end_all(connection, username)
    _record(connection, shop, "account_reset", username)
    return f"{username} can sign in with {password} for 7 days, and then chooses a new password. The second factor is gone."


def _record(connection: Connection, shop: Shop, act: str, username: str) -> None:
    at = read_shop_clock(connection, shop.zone).stamp()
    record_act(connection, at=at, actor="system", act=act, object_id=username, detail={"role": "owner"})


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
