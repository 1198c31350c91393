"""Staff: who may sign in, and their sessions. Passwords as Argon2id hashes, sessions opaque and stored as hashes.

Unknown name and wrong password take the same time and give the same answer. Sessions live on the machine's clock: 15 minutes
idle, 12 hours at most.
"""

import secrets
import time
from dataclasses import dataclass

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError
from sqlalchemy import Connection, delete, insert, select, update

from data.access import hash_token
from data.errors import BadInput, NotKnown
from data.tables import staff, staff_sessions

IDLE_S = 15 * 60
LONGEST_S = 12 * 3600
TOUCH_EVERY_S = 30.0
ROLES = ("agent", "supervisor", "owner")
_hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)  # OWASP's parameters for Argon2id
_nobody = _hasher.hash(secrets.token_urlsafe(16))


@dataclass(frozen=True)
class Member:
    """A member of staff. Customers read `name`."""

    username: str
    name: str
    role: str


def ensure_member(connection: Connection, username: str, *, name: str, role: str, password: str) -> bool:
    """Add a member of staff unless the name is taken; returns whether it was added."""
    if role not in ROLES:
        raise BadInput(f"Role {role!r} is unknown; it is one of {', '.join(ROLES)}.", field="role")
    if connection.execute(select(staff.c.username).where(staff.c.username == username)).first():
        return False
    connection.execute(
        insert(staff).values(
            username=username, name=name, role=role, password_hash=_hasher.hash(password), disabled=False
        )
    )
    return True


def check_password(connection: Connection, username: str, password: str) -> Member:
    """The member with this name and password, or `NotKnown`, after the same time."""
    row = connection.execute(select(staff).where(staff.c.username == username, ~staff.c.disabled)).first()
    try:
        _hasher.verify(row.password_hash if row else _nobody, password)
    except VerificationError:
        row = None
    if row is None:
        raise NotKnown("Name or password is wrong. Try again, or ask the owner for a new password.")
    return Member(row.username, row.name, row.role)


def start_session(connection: Connection, member: Member) -> str:
    """A new session; returns its token, which is stored nowhere."""
    token, now = secrets.token_urlsafe(32), time.time()
    connection.execute(delete(staff_sessions).where(staff_sessions.c.created_at < now - LONGEST_S))
    connection.execute(
        insert(staff_sessions).values(
            token_hash=hash_token(token), username=member.username, created_at=now, seen_at=now
        )
    )
    return token


def find_session(connection: Connection, token: str) -> tuple[Member, bool] | None:
    """The member behind a session token and whether the session should be touched; None when it has ended."""
    s, now = staff_sessions.c, time.time()
    row = connection.execute(
        select(staff.c.username, staff.c.name, staff.c.role, s.seen_at)
        .join(staff_sessions, s.username == staff.c.username)
        .where(
            s.token_hash == hash_token(token),
            ~staff.c.disabled,
            s.seen_at > now - IDLE_S,
            s.created_at > now - LONGEST_S,
        )
    ).first()
    return (Member(row.username, row.name, row.role), now - row.seen_at > TOUCH_EVERY_S) if row else None


def touch_session(connection: Connection, token: str) -> None:
    """The session was used."""
    connection.execute(
        update(staff_sessions).where(staff_sessions.c.token_hash == hash_token(token)).values(seen_at=time.time())
    )


def end_session(connection: Connection, token: str) -> None:
    """Sign out."""
    connection.execute(delete(staff_sessions).where(staff_sessions.c.token_hash == hash_token(token)))


def find_name(connection: Connection, username: str) -> str:
    """What customers read for a username."""
    return connection.execute(select(staff.c.name).where(staff.c.username == username)).scalar() or username


def has_member(connection: Connection, username: str) -> bool:
    """Whether somebody of staff has this name and may sign in."""
    return (
        connection.execute(select(staff.c.username).where(staff.c.username == username, ~staff.c.disabled)).first()
        is not None
    )
