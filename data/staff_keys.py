"""Keys of other systems that work as a member of staff: opaque, stored as hashes, until they are revoked. They act as an agent, whatever the member's role.

Times are unix seconds on the machine's clock. The beginning of the hash names a key to the owner; nobody can make a key of it.
"""

import secrets
import time
from dataclasses import dataclass

from sqlalchemy import Connection, delete, insert, select, update

from data.access import hash_token
from data.staff import Member, require_account
from data.tables import staff
from data.tables_access import staff_keys

PREFIX = "ck_"
TOUCH_EVERY_S = 60.0
NAMED_BY = 16  # hexadecimal digits of the hash


@dataclass(frozen=True)
class KeyRow:
    """A key as the owner sees it."""

    key_id: str
    label: str
    made_at: float
    used_at: float | None


def make_key(connection: Connection, username: str, *, label: str) -> tuple[str, str]:
    """A new key of a member; returns it, which is stored nowhere, and its name. Raises `NotKnown` for nobody."""
    require_account(connection, username)
    key = f"{PREFIX}{secrets.token_urlsafe(32)}"
    hashed = hash_token(key)
    connection.execute(
        insert(staff_keys).values(key_hash=hashed, username=username, label=label, made_at=time.time(), used_at=None)
    )
    return key, hashed[:NAMED_BY]


def find_key_member(connection: Connection, key: str) -> tuple[Member, bool] | None:
    """Whom a key works as, and whether its use should be noted; None when it was revoked or its member is disabled."""
    k = staff_keys.c
    row = connection.execute(
        select(staff.c.username, staff.c.name, k.used_at)
        .join(staff_keys, k.username == staff.c.username)
        .where(k.key_hash == hash_token(key), ~staff.c.disabled)
    ).first()
    if row is None:
        return None
    return Member(row.username, row.name, "agent"), time.time() - (row.used_at or 0.0) > TOUCH_EVERY_S


def touch_key(connection: Connection, key: str) -> None:
    """The key was used."""
    connection.execute(update(staff_keys).where(staff_keys.c.key_hash == hash_token(key)).values(used_at=time.time()))


def fetch_keys(connection: Connection, username: str) -> list[KeyRow]:
    """A member's keys, the newest first."""
    k = staff_keys.c
    rows = connection.execute(select(staff_keys).where(k.username == username).order_by(k.made_at.desc()))
    return [KeyRow(row.key_hash[:NAMED_BY], row.label, row.made_at, row.used_at) for row in rows]


def revoke_key(connection: Connection, username: str, key_id: str) -> bool:
    """End a key by its name; returns whether there was one."""
    k = staff_keys.c
    if len(key_id) != NAMED_BY:
        return False
    mine = (k.username == username) & k.key_hash.startswith(key_id, autoescape=True)
    return connection.execute(delete(staff_keys).where(mine)).rowcount == 1
