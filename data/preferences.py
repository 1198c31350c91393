"""What the customer told us about goods: like, dislike, never show. Acts as a stated rule, at once; no model learns it here."""

from sqlalchemy import Connection, delete, select

from data.database import insert_or_ignore
from data.errors import BadInput
from data.tables import preferences

KINDS = ("never_show", "like", "dislike")


def set_preference(connection: Connection, person_id: int, *, kind: str, type_id: str, at: str) -> bool:
    """Set what the customer says of a product type, in place of what was said before; returns whether it changed."""
    if kind not in KINDS:
        raise BadInput(f"Kind {kind!r} is unknown; it is one of {', '.join(KINDS)}.", field="kind")
    mine = (preferences.c.person_id == person_id) & (preferences.c.type_id == type_id)
    standing = connection.execute(select(preferences.c.kind).where(mine).with_for_update()).scalar()
    if standing == kind:
        return False
    if standing is not None:  # a row of its own each time: reasons name the row that they rest on
        connection.execute(delete(preferences).where(mine))
    row = {"person_id": person_id, "kind": kind, "type_id": type_id, "at": at}
    if not insert_or_ignore(connection, preferences, [row]):  # another tab was first: this is the later word
        return set_preference(connection, person_id, kind=kind, type_id=type_id, at=at)
    return True


def fetch_preferences(connection: Connection, person_id: int) -> dict[str, str]:
    """What the customer said, by product type."""
    c = preferences.c
    return {
        row.type_id: row.kind for row in connection.execute(select(c.type_id, c.kind).where(c.person_id == person_id))
    }
