"""Sessions of staff: opaque tokens, stored as hashes, on the machine's clock. 15 minutes idle, 12 hours at most.

A new token at each signing in and each change of a password, so that one planted before is worth nothing. The beginning of the hash
names a session to its owner; nobody can make a token of it.
"""

import secrets
import time
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from data.access import hash_token
from data.staff import Member
from data.tables import staff, staff_sessions
from data.tables_access import second_factors

IDLE_S = 15 * 60
LONGEST_S = 12 * 3600
TOUCH_EVERY_S = 30.0
NAMED_BY = 16  # hexadecimal digits of the hash

_s, _f = staff_sessions.c, second_factors.c
_HOLDS = (  # built once: every call of the console asks it
    select(staff, _s.token_hash, _s.seen_at.label("used_at"), _f.confirmed_at)
    .join(staff_sessions, _s.username == staff.c.username)
    .outerjoin(second_factors, _f.username == staff.c.username)
    .where(
        _s.token_hash == bindparam("hashed"),
        ~staff.c.disabled,
        _s.seen_at > bindparam("used_after"),
        _s.created_at > bindparam("begun_after"),
    )
)


@dataclass(frozen=True)
class Session:
    """A session that holds, and what its member has yet to do before anything else.

    Attributes
    ----------
    owes
        `password`: the password is a temporary one; `second_factor`: none is set up (whether that matters the shop says).
    is_stale
        It should be touched.
    """

    member: Member
    session_id: str
    owes: tuple[str, ...]
    is_stale: bool


@dataclass(frozen=True)
class SessionRow:
    """A session as its own member sees it. Times are unix seconds."""

    session_id: str
    started_at: float
    seen_at: float
    device: str


def start_session(connection: Connection, member: Member, *, device: str = "") -> str:
    """A new session; returns its token, which is stored nowhere."""
    token, now = secrets.token_urlsafe(32), time.time()
    connection.execute(delete(staff_sessions).where(staff_sessions.c.created_at < now - LONGEST_S))
    connection.execute(
        insert(staff_sessions).values(
            token_hash=hash_token(token), username=member.username, created_at=now, seen_at=now, device=device
        )
    )
    return token


def find_session(connection: Connection, token: str) -> Session | None:
    """The session behind a token; None when it has ended or its member is disabled."""
    now = time.time()
    wanted = {"hashed": hash_token(token), "used_after": now - IDLE_S, "begun_after": now - LONGEST_S}
    row = connection.execute(_HOLDS, wanted).first()
    if row is None:
        return None
    owed = (("password", row.temporary_until is not None), ("second_factor", row.confirmed_at is None))
    return Session(
        Member(row.username, row.name, row.role),
        row.token_hash[:NAMED_BY],
        tuple(name for name, is_owed in owed if is_owed),
        now - row.used_at > TOUCH_EVERY_S,
    )


def touch_session(connection: Connection, token: str) -> None:
    """The session was used."""
    connection.execute(
        update(staff_sessions).where(staff_sessions.c.token_hash == hash_token(token)).values(seen_at=time.time())
    )


def end_session(connection: Connection, token: str) -> None:
    """Sign out."""
    connection.execute(delete(staff_sessions).where(staff_sessions.c.token_hash == hash_token(token)))


def fetch_sessions(connection: Connection, username: str) -> list[SessionRow]:
    """A member's sessions that hold, the newest first."""
    s, now = staff_sessions.c, time.time()
    statement = (
        select(staff_sessions)
        .where(s.username == username, s.seen_at > now - IDLE_S, s.created_at > now - LONGEST_S)
        .order_by(s.created_at.desc())
    )
    return [
        SessionRow(row.token_hash[:NAMED_BY], row.created_at, row.seen_at, row.device)
        for row in connection.execute(statement)
    ]


def end_one(connection: Connection, username: str, session_id: str) -> bool:
    """End one of a member's own sessions by its name; returns whether there was one."""
    s = staff_sessions.c
    mine = (s.username == username) & s.token_hash.startswith(session_id, autoescape=True)
    if len(session_id) != NAMED_BY:
        return False
    return connection.execute(delete(staff_sessions).where(mine)).rowcount == 1


def end_all(connection: Connection, username: str, *, but: str | None = None) -> int:
    """End a member's sessions, save the one of that name; returns how many."""
    s = staff_sessions.c
    mine = s.username == username
    if but is not None:
        mine &= ~s.token_hash.startswith(but, autoescape=True)
    return connection.execute(delete(staff_sessions).where(mine)).rowcount
