"""How far a talk has been read. For the person who writes: up to which of their messages the customer's screen took and showed them; for
the staff: up to which message of the talk somebody who may answer it had it open.

Only messages of a person count for a customer, and nothing says when. A mark only moves on. Customers are told nothing about the staff's.
"""

from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import Connection, bindparam, func, select
from sqlalchemy.dialects import postgresql, sqlite

from data.database import count_changed
from data.tables import messages
from data.tables_handoffs import handoffs, marks


@dataclass(frozen=True)
class Marks:
    """`delivered`, `seen`: the `seq` of a person's message; `staff`: a message's number. 0: none yet."""

    delivered: int = 0
    seen: int = 0
    staff: int = 0


def fetch_marks(connection: Connection, conversation_id: str) -> Marks:
    """How far a conversation has been read."""
    c = marks.c
    row = connection.execute(select(c.delivered, c.seen, c.staff).where(c.conversation_id == conversation_id)).first()
    return Marks(*row) if row else Marks()


_NEWEST_OF_PERSON = (
    select(messages.c.seq)
    .where(
        messages.c.conversation_id == bindparam("of"),
        messages.c.author == "human",
        messages.c.seq <= bindparam("up_to"),
    )
    .order_by(messages.c.seq.desc())
    .limit(1)
)


def note_seen_mark(connection: Connection, conversation_id: str, seq: int) -> int | None:
    """The customer's screen showed everything up to `seq`. What was seen was delivered.

    Returns the seq of the newest message of a person in it, when that moved a mark.
    """
    newest = connection.execute(_NEWEST_OF_PERSON, {"of": conversation_id, "up_to": seq}).scalar()
    if newest is None:
        return None
    has_moved = _move(connection, conversation_id, "delivered", newest)
    return newest if _move(connection, conversation_id, "seen", newest) or has_moved else None


def note_delivered(connection: Connection, conversation_id: str, seq: int) -> bool:
    """A person's message, the one with `seq`, went over the customer's connection; whether that moved the mark."""
    return _move(connection, conversation_id, "delivered", seq)


def note_staff_mark(connection: Connection, conversation_id: str, number: int) -> bool:
    """Somebody who may answer had everything up to `number`, that of a message in the log, before them; whether that moved the mark."""
    return _move(connection, conversation_id, "staff", number)


def _move(connection: Connection, conversation_id: str, name: str, to: int) -> bool:
    """A mark moves on, never back."""
    row = {"delivered": 0, "seen": 0, "staff": 0} | {"conversation_id": conversation_id, name: to}
    return count_changed(connection, _make_move(connection.dialect.name, name), row) > 0


@cache
def _make_move(dialect: str, name: str) -> Any:
    statement = (sqlite.insert if dialect == "sqlite" else postgresql.insert)(marks)
    wanted = statement.excluded[name]
    return statement.on_conflict_do_update(
        index_elements=["conversation_id"], set_={name: wanted}, where=marks.c[name] < wanted
    )


def count_unread(connection: Connection, conversation_ids: Collection[str] | None = None) -> dict[str, int]:
    """Of open handoffs, or of some: how many messages the customer has written since it was opened that no staff have read."""
    unread = (
        select(func.count())
        .where(
            messages.c.conversation_id == handoffs.c.conversation_id,
            messages.c.number > func.coalesce(marks.c.staff, 0),
            messages.c.author == "customer",
            messages.c.at > handoffs.c.since,
        )
        .correlate(handoffs, marks)
        .scalar_subquery()  # from the few that are open to their messages, never from all messages
    )
    of = handoffs.outerjoin(marks, marks.c.conversation_id == handoffs.c.conversation_id)
    statement = select(handoffs.c.conversation_id, unread).select_from(of).where(handoffs.c.state != "ended")
    if conversation_ids is not None:
        statement = statement.where(handoffs.c.conversation_id.in_(list(conversation_ids)))
    return {row[0]: row[1] for row in connection.execute(statement)}
