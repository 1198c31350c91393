"""`python -m web.owner`: without demo mode the first start asks for an owner; later ones find that there is one."""

import getpass
import sys

from sqlalchemy import func, select

from data.database import Database
from data.errors import CandorError
from data.staff import ensure_member
from data.tables import staff
from settings import BadSetting, read_settings

SHORTEST = 12


def main() -> int:
    """Ask for an owner unless there is one."""
    try:
        database = Database(read_settings().database_url)
        database.migrate()
        with database.read() as connection:
            has_owner = (
                connection.execute(select(func.count()).select_from(staff).where(staff.c.role == "owner")).scalar_one()
                > 0
            )
        if has_owner:
            return 0
        if not sys.stdin.isatty():
            print(
                "Nobody can sign in yet. Run `make serve` once in a terminal: it asks for the owner's name and password.",
                file=sys.stderr,
            )
            return 1
        username, name, password = _ask()
        with database.write() as connection:
            ensure_member(connection, username, name=name, role="owner", password=password)
    except (BadSetting, CandorError) as error:
        print(str(error), file=sys.stderr)
        return 1
    print(f"{name} can sign in at /staff as {username}.")
    return 0


def _ask() -> tuple[str, str, str]:
    print("Who owns this shop? The owner signs in at /staff. How colleagues are added stands in docs/operate.md.")
    username = input("Name to sign in with: ").strip()
    name = input("Name that customers read: ").strip()
    while True:
        password = getpass.getpass(f"Password (at least {SHORTEST} characters): ")
        if len(password) < SHORTEST:
            print(f"That has {len(password)} characters; at least {SHORTEST} are needed.")
        elif getpass.getpass("Once more: ") != password:
            print("The two differ. Try again.")
        elif not username or not name:
            print("Both names are needed; start again.")
            raise SystemExit(1)
        else:
            return username, name, password


if __name__ == "__main__":
    sys.exit(main())
