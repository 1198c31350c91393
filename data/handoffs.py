"""Handoffs: who speaks for the shop. One open handoff a conversation; whoever claims first has it.

Each change is one transaction that touches the handoff, the conversation's state and its epoch together. What is said
about it is appended by the caller (`web/handoffs.py`) in the same transaction.
"""

import secrets
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, update

from data.conversations import Conversation, change_state
from data.errors import AlreadyClaimed, Conflict, NotKnown
from data.tables import handoffs


@dataclass(frozen=True)
class Handoff:
    """One request for a person."""

    handoff_id: str
    conversation_id: str
    state: str
    since: str
    claimed_by: str | None
    claimed_at: str | None
    ended_at: str | None
    ended_as: str | None
    topic: dict[str, Any]


def _read(row: Row[Any]) -> Handoff:
    return Handoff(**row._mapping)


def find_open_handoff(connection: Connection, conversation_id: str) -> Handoff | None:
    """The conversation's open handoff, if there is one."""
    row = connection.execute(
        select(handoffs).where(handoffs.c.conversation_id == conversation_id, handoffs.c.state != "ended")
    ).first()
    return _read(row) if row else None


def require_handoff(connection: Connection, handoff_id: str) -> Handoff:
    """The handoff, or `NotKnown`."""
    row = connection.execute(select(handoffs).where(handoffs.c.handoff_id == handoff_id)).first()
    if row is None:
        raise NotKnown()
    return _read(row)


def fetch_handoffs(connection: Connection, *, state: str | None = None) -> list[Handoff]:
    """Open handoffs (or those of a state), oldest first, complete."""
    statement = select(handoffs).order_by(handoffs.c.since, handoffs.c.handoff_id)
    statement = statement.where(handoffs.c.state == state) if state else statement.where(handoffs.c.state != "ended")
    return [_read(row) for row in connection.execute(statement)]


def find_position(connection: Connection, handoff: Handoff) -> int:
    """The place in the queue, from 1."""
    before = select(func.count()).where(
        handoffs.c.state == "waiting",
        (handoffs.c.since < handoff.since)
        | ((handoffs.c.since == handoff.since) & (handoffs.c.handoff_id < handoff.handoff_id)),
    )
    return int(connection.execute(before).scalar_one()) + 1


def request_handoff(
    connection: Connection, conversation: Conversation, *, at: str, topic: dict[str, Any]
) -> tuple[Handoff, Conversation, bool]:
    """Open a handoff unless one is open; returns it, the conversation as it stands, and whether it is new.

    An open one is told what is newly known of the matter.
    """
    standing = find_open_handoff(connection, conversation.conversation_id)
    if standing is not None:
        if topic:
            told = {"topic": standing.topic | topic}
            connection.execute(update(handoffs).where(handoffs.c.handoff_id == standing.handoff_id).values(told))
        return require_handoff(connection, standing.handoff_id), conversation, False
    handoff_id = secrets.token_urlsafe(9)
    connection.execute(
        insert(handoffs).values(
            handoff_id=handoff_id, conversation_id=conversation.conversation_id, state="waiting", since=at, topic=topic
        )
    )
    return require_handoff(connection, handoff_id), change_state(connection, conversation, "waiting"), True


def claim_handoff(connection: Connection, handoff_id: str, *, username: str, at: str) -> tuple[Handoff, bool]:
    """Claim by one conditional UPDATE; returns the handoff and whether it was newly claimed.

    Raises
    ------
    AlreadyClaimed
        When a colleague has it; `details.claimed_by` says who.
    Conflict
        When it has ended.
    """
    row = connection.execute(
        update(handoffs)
        .where(handoffs.c.handoff_id == handoff_id, handoffs.c.state == "waiting")
        .values(state="claimed", claimed_by=username, claimed_at=at)
        .returning(handoffs)
    ).first()
    if row is not None:
        return _read(row), True
    standing = require_handoff(connection, handoff_id)
    if standing.state == "ended":
        raise Conflict("This handoff has ended. Look at the queue again.", state="ended")
    if standing.claimed_by != username:
        raise AlreadyClaimed(f"{standing.claimed_by} has claimed this handoff already.", claimed_by=standing.claimed_by)
    return standing, False


def return_to_queue(connection: Connection, handoff: Handoff) -> None:
    """Back to the queue, at its old place: `since` stays."""
    connection.execute(
        update(handoffs)
        .where(handoffs.c.handoff_id == handoff.handoff_id)
        .values(state="waiting", claimed_by=None, claimed_at=None)
    )


def pass_to(connection: Connection, handoff: Handoff, *, username: str, at: str) -> None:
    """Give a claimed handoff to a colleague."""
    connection.execute(
        update(handoffs).where(handoffs.c.handoff_id == handoff.handoff_id).values(claimed_by=username, claimed_at=at)
    )


def end_handoff(connection: Connection, handoff: Handoff, *, ended_as: str, at: str) -> None:
    """End a handoff: released, cancelled or closed."""
    connection.execute(
        update(handoffs)
        .where(handoffs.c.handoff_id == handoff.handoff_id, handoffs.c.state != "ended")
        .values(state="ended", ended_as=ended_as, ended_at=at)
    )


def fetch_recent_waits(connection: Connection, *, since: str, limit: int = 20) -> list[tuple[str, str]]:
    """(asked at, claimed at) of the newest claimed handoffs, for an honest expectation."""
    statement = (
        select(handoffs.c.since, handoffs.c.claimed_at)
        .where(handoffs.c.claimed_at.is_not(None), handoffs.c.claimed_at >= since)
        .order_by(handoffs.c.claimed_at.desc())
        .limit(limit)
    )
    return [(row.since, row.claimed_at) for row in connection.execute(statement)]
