"""Staff: who may sign in, in which role, and with which password. Their sessions are in `data/staff_sessions.py`.

An unknown name, a wrong password, somebody who is disabled and a temporary password that has ended take the same time and give the same
answer. The last owner who can sign in can be neither disabled nor demoted, nor can two owners do it to each other at once.
"""

import re
import time
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, func, insert, select, update

from data.errors import BadInput, Conflict, NotKnown
from data.passwords import hash_password, is_outdated, is_password, make_temporary_password
from data.tables import staff
from data.tables_access import second_factors
from data.tables_handoffs import presences

ROLES = ("agent", "supervisor", "owner")
TEMPORARY_S = 7 * 24 * 3600.0
USERNAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,31}")
_NAME = select(staff.c.name).where(staff.c.username == bindparam("of"))
WRONG = "Name or password is wrong. Try again, or ask the owner for a new password."


@dataclass(frozen=True)
class Member:
    """A member of staff. Customers read `name`."""

    username: str
    name: str
    role: str


@dataclass(frozen=True)
class Account:
    """What an owner sees of a member. Times are the machine's, unix seconds."""

    username: str
    name: str
    role: str
    disabled: bool
    is_temporary: bool
    has_second_factor: bool
    seen_at: float | None


def ensure_member(connection: Connection, username: str, *, name: str, role: str, password: str) -> bool:
    """Add a member of staff unless the name is taken; returns whether it was added."""
    if role not in ROLES:
        raise BadInput(f"Role {role!r} is unknown; it is one of {', '.join(ROLES)}.", field="role")
    if connection.execute(select(staff.c.username).where(staff.c.username == username)).first():
        return False
    connection.execute(
        insert(staff).values(
            username=username, name=name, role=role, password_hash=hash_password(password), disabled=False
        )
    )
    return True


def add_member(connection: Connection, username: str, *, name: str, role: str) -> str:
    """Add a member with a temporary password; returns it, and it is stored nowhere. Raises `BadInput`, `Conflict`."""
    if USERNAME.fullmatch(username) is None:
        raise BadInput(
            f"{username!r} is no name to sign in with: small letters and digits, then also dots, dashes and underscores, 32 at most.",
            field="username",
        )
    if not ensure_member(connection, username, name=name, role=role, password=make_temporary_password()):
        raise Conflict(f"There is a {username!r} already. Choose another name to sign in with.")
    return reset_password(connection, username)


def check_password(connection: Connection, username: str, password: str) -> Member:
    """The member with this name and password, or `NotKnown`, after the same time."""
    row = connection.execute(select(staff).where(staff.c.username == username)).first()
    is_right = is_password(row.password_hash if row else None, password)
    has_ended = row is not None and row.temporary_until is not None and row.temporary_until < time.time()
    if row is None or not is_right or row.disabled or has_ended:
        raise NotKnown(WRONG)
    return Member(row.username, row.name, row.role)


def find_hash(connection: Connection, username: str) -> str | None:
    """What is stored of the password of somebody who may sign in; None: nobody of that name, or disabled."""
    may = (staff.c.username == username, ~staff.c.disabled)
    return connection.execute(select(staff.c.password_hash).where(*may)).scalar()


def require_hash(connection: Connection, username: str, stored: str | None) -> None:
    """Refuse, in the transaction that lets somebody in, what was right before a reset or a disabling came in between."""
    if find_hash(connection, username) != stored:
        raise NotKnown(WRONG)


def renew_hash(connection: Connection, username: str, password: str) -> None:
    """Hash a password, just found to be right, again when today's parameters are others."""
    stored = connection.execute(select(staff.c.password_hash).where(staff.c.username == username)).scalar_one()
    if is_outdated(stored):
        connection.execute(
            update(staff)
            .where(staff.c.username == username, staff.c.password_hash == stored)
            .values(password_hash=hash_password(password))
        )


def change_password(connection: Connection, username: str, password: str) -> None:
    """A password of one's own choice: it no longer ends."""
    values = {"password_hash": hash_password(password), "temporary_until": None}
    connection.execute(update(staff).where(staff.c.username == username).values(values))


def reset_password(connection: Connection, username: str) -> str:
    """A temporary password for a member; returns it."""
    require_account(connection, username)
    password = make_temporary_password()
    connection.execute(update(staff).where(staff.c.username == username).values(password_hash=hash_password(password)))
    set_temporary(connection, username)
    return password


def set_temporary(connection: Connection, username: str) -> None:
    """The password is to be changed at the next sign-in, and ends when that does not come."""
    until = time.time() + TEMPORARY_S
    connection.execute(update(staff).where(staff.c.username == username).values(temporary_until=until))


def change_member(
    connection: Connection, username: str, *, role: str | None = None, disabled: bool | None = None
) -> Account:
    """Give another role, disable or enable. Raises `Conflict` for the last owner, `NotKnown`."""
    if role is not None and role not in ROLES:
        raise BadInput(f"Role {role!r} is unknown; it is one of {', '.join(ROLES)}.", field="role")
    account = require_account(connection, username)
    if account.role == "owner" and (disabled or role not in (None, "owner")):
        _require_another_owner(connection, username)
    values = {"role": role, "disabled": disabled}
    told = {name: value for name, value in values.items() if value is not None}
    if told:
        connection.execute(update(staff).where(staff.c.username == username).values(**told))
    return require_account(connection, username)


def _require_another_owner(connection: Connection, username: str) -> None:
    """One whose password is still a temporary one does not count: nobody knows whether it was ever used."""
    others = connection.execute(
        select(staff.c.username, staff.c.temporary_until)
        .where(staff.c.role == "owner", ~staff.c.disabled)
        .order_by(staff.c.username)
        .with_for_update()
    ).all()
    if not any(row.username != username and row.temporary_until is None for row in others):
        raise Conflict("This is the last owner who can sign in. Make somebody else an owner first.")


def fetch_accounts(connection: Connection, *, username: str | None = None) -> list[Account]:
    """Everybody of staff by name, or one."""
    f = second_factors.c
    statement = (
        select(staff, f.confirmed_at, presences.c.seen_at)
        .outerjoin(second_factors, f.username == staff.c.username)
        .outerjoin(presences, presences.c.username == staff.c.username)
        .order_by(staff.c.disabled, staff.c.username)
    )
    if username is not None:
        statement = statement.where(staff.c.username == username)
    return [
        Account(
            username=row.username,
            name=row.name,
            role=row.role,
            disabled=row.disabled,
            is_temporary=row.temporary_until is not None,
            has_second_factor=row.confirmed_at is not None,
            seen_at=row.seen_at,
        )
        for row in connection.execute(statement)
    ]


def require_account(connection: Connection, username: str) -> Account:
    """The account, or `NotKnown`."""
    found = fetch_accounts(connection, username=username)
    if not found:
        raise NotKnown()
    return found[0]


def has_owner(connection: Connection) -> bool:
    """Whether anybody was made an owner."""
    return connection.execute(select(func.count()).where(staff.c.role == "owner")).scalar_one() > 0


def find_name(connection: Connection, username: str) -> str:
    """What customers read for a username."""
    return connection.execute(_NAME, {"of": username}).scalar() or username


def has_member(connection: Connection, username: str) -> bool:
    """Whether somebody of staff has this name and may sign in."""
    return (
        connection.execute(select(staff.c.username).where(staff.c.username == username, ~staff.c.disabled)).first()
        is not None
    )
