"""Handoffs: who speaks for the shop. One open handoff a conversation; whoever claims first has it.

Each change is one transaction that touches the handoff, the conversation's state and its epoch together. What is said about it is
appended by the caller (`web/handoffs.py`) in the same transaction. `at` is on the shop's clock, `now` unix seconds on the machine's.
"""

import secrets
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, bindparam, case, func, insert, select, update

from data import codec
from data.conversations import Conversation, change_state
from data.errors import AlreadyClaimed, Conflict, NotKnown
from data.staff import find_name
from data.tables_handoffs import handoffs
from data.vault import name_conversation

PHASES = ("queued", "closed_hours", "no_agent", "active", "customer_away", "agent_away", "ended")
RATINGS = ("good", "bad")

# The statements of the message path are built once.
_h = handoffs.c
_ALL_BUT_BODY = [column for column in handoffs.c if column.name != "body"]
_IS_OPEN = (_h.conversation_id == bindparam("of")) & (_h.state != "ended")
_BARE = select(*_ALL_BUT_BODY).where(_IS_OPEN)
_IS_THERE = update(handoffs).where(_IS_OPEN).values(customer_seen_at=bindparam("now"))
_WROTE = _IS_THERE.values(
    unanswered_since=case(
        ((_h.state == "claimed") & _h.unanswered_since.is_(None), bindparam("now")), else_=_h.unanswered_since
    )
)
_ANSWERED = (
    update(handoffs)
    .where(_h.handoff_id == bindparam("of"), _h.state != "ended")
    .values(
        unanswered_since=None,
        answered_at=func.coalesce(_h.answered_at, bindparam("now")),
        told_at=bindparam("now"),
    )
)


@dataclass(frozen=True)
class Handoff:
    """One request for a person, as its row stands (`data/tables_handoffs.py`). `topic`: what the bot knows of the matter."""

    handoff_id: str
    conversation_id: str
    state: str
    phase: str
    team: str | None
    since: str
    claimed_by: str | None
    claimed_at: str | None
    ended_at: str | None
    ended_as: str | None
    wrap_up: str | None
    rating: str | None
    in_front: bool
    has_message: bool
    queued_at: float
    told_at: float
    told_times: int
    answered_at: float | None
    unanswered_since: float | None
    customer_seen_at: float
    topic: dict[str, Any]


def _place(handoff_id: str, conversation_id: str) -> dict[str, str]:
    return {"subject": name_conversation(conversation_id), "place": f"handoffs.body/{handoff_id}"}


def _read(connection: Connection, row: Row[Any]) -> Handoff:
    columns = dict(row._mapping)
    topic = codec.decode(connection, columns.pop("body"), **_place(row.handoff_id, row.conversation_id))
    return Handoff(**columns, topic=topic)


def find_open_handoff(connection: Connection, conversation_id: str) -> Handoff | None:
    """The conversation's open handoff, if there is one."""
    row = connection.execute(
        select(handoffs).where(handoffs.c.conversation_id == conversation_id, handoffs.c.state != "ended")
    ).first()
    return _read(connection, row) if row else None


def find_last_handoff(connection: Connection, conversation_id: str) -> Handoff | None:
    """The conversation's newest handoff, open or ended."""
    of = select(handoffs).where(handoffs.c.conversation_id == conversation_id)
    row = connection.execute(of.order_by(handoffs.c.since.desc(), handoffs.c.handoff_id.desc()).limit(1)).first()
    return _read(connection, row) if row else None


def require_handoff(connection: Connection, handoff_id: str) -> Handoff:
    """The handoff, or `NotKnown`."""
    row = connection.execute(select(handoffs).where(handoffs.c.handoff_id == handoff_id)).first()
    if row is None:
        raise NotKnown()
    return _read(connection, row)


def find_conversation_of(connection: Connection, handoff_id: str) -> str:
    """The conversation of a handoff, or `NotKnown`."""
    found = connection.execute(select(handoffs.c.conversation_id).where(handoffs.c.handoff_id == handoff_id)).scalar()
    if found is None:
        raise NotKnown()
    return str(found)


def fetch_handoffs(connection: Connection, *, state: str | None = None) -> list[Handoff]:
    """Open handoffs (or those of a state), oldest first, complete."""
    statement = select(handoffs).order_by(handoffs.c.since, handoffs.c.handoff_id)
    statement = statement.where(handoffs.c.state == state) if state else statement.where(handoffs.c.state != "ended")
    return [_read(connection, row) for row in connection.execute(statement)]


def fetch_watched(connection: Connection) -> list[Handoff]:
    """Open handoffs without what they are about, in the order of the queue: for who looks at the clock."""
    statement = select(*_ALL_BUT_BODY).where(handoffs.c.state != "ended")
    ordered = statement.order_by(handoffs.c.in_front.desc(), handoffs.c.since, handoffs.c.handoff_id)
    return [Handoff(**row._mapping, topic={}) for row in connection.execute(ordered)]


def find_bare_handoff(connection: Connection, conversation_id: str) -> Handoff | None:
    """The conversation's open handoff without what it is about: for who only asks how it stands."""
    row = connection.execute(_BARE, {"of": conversation_id}).first()
    return Handoff(**row._mapping, topic={}) if row else None


def fetch_handoffs_of(connection: Connection, conversation_id: str) -> list[Handoff]:
    """Every handoff of a conversation, oldest first."""
    statement = select(handoffs).where(handoffs.c.conversation_id == conversation_id).order_by(handoffs.c.since)
    return [_read(connection, row) for row in connection.execute(statement)]


def fetch_wrap_ups(connection: Connection, username: str) -> list[Handoff]:
    """Ended talks of which their person has not said yet what they were about, oldest first."""
    own = (handoffs.c.claimed_by == username, handoffs.c.state == "ended", handoffs.c.wrap_up.is_(None))
    statement = select(handoffs).where(*own).order_by(handoffs.c.ended_at).limit(50)
    return [_read(connection, row) for row in connection.execute(statement)]


def find_position(connection: Connection, handoff: Handoff) -> int:
    """The place in the queue of its team, from 1: whoever had a person already comes first, then whoever asked first."""
    h = handoffs.c
    is_older = (h.since < handoff.since) | ((h.since == handoff.since) & (h.handoff_id < handoff.handoff_id))
    is_before = (h.in_front & is_older) if handoff.in_front else (h.in_front | is_older)
    is_ours = h.team.is_(None) if handoff.team is None else h.team == handoff.team
    before = select(func.count()).where(h.state == "waiting", h.handoff_id != handoff.handoff_id, is_ours, is_before)
    return int(connection.execute(before).scalar_one()) + 1


def request_handoff(
    connection: Connection,
    conversation: Conversation,
    *,
    at: str,
    topic: dict[str, Any],
    now: float,
    phase: str = "queued",
    team: str | None = None,
) -> tuple[Handoff, Conversation, bool]:
    """Open a handoff unless one is open; returns it, the conversation as it stands, and whether it is new.

    An open one is told what is newly known of the matter.
    """
    standing = find_open_handoff(connection, conversation.conversation_id)
    if standing is not None:
        if topic:
            note_topic(connection, standing, topic)
        return require_handoff(connection, standing.handoff_id), conversation, False
    handoff_id = secrets.token_urlsafe(9)
    connection.execute(
        insert(handoffs).values(
            handoff_id=handoff_id,
            conversation_id=conversation.conversation_id,
            state="waiting",
            phase=phase,
            team=team,
            since=at,
            queued_at=now,
            told_at=now,
            customer_seen_at=now,
            body=codec.encode(connection, topic, **_place(handoff_id, conversation.conversation_id)),
        )
    )
    return require_handoff(connection, handoff_id), change_state(connection, conversation, "waiting"), True


def note_topic(connection: Connection, handoff: Handoff, topic: dict[str, Any], *, has_message: bool = False) -> None:
    """More is known of the matter; `has_message`: the customer left a message, and need not wait here for its answer."""
    place = _place(handoff.handoff_id, handoff.conversation_id)
    values: dict[str, Any] = {"body": codec.encode(connection, handoff.topic | topic, **place)}
    _change(connection, handoff, **values | ({"has_message": True} if has_message else {}))


def claim_handoff(
    connection: Connection, handoff_id: str, *, username: str, at: str, now: float
) -> tuple[Handoff, bool]:
    """Claim by one conditional UPDATE; returns the handoff and whether it was newly claimed.

    Raises
    ------
    AlreadyClaimed
        When a colleague has it; `details.claimed_by` and `details.claimed_name` say who.
    Conflict
        When it has ended.
    """
    row = connection.execute(
        update(handoffs)
        .where(handoffs.c.handoff_id == handoff_id, handoffs.c.state == "waiting")
        .values(
            state="claimed",
            phase="active",
            claimed_by=username,
            claimed_at=at,
            in_front=False,
            unanswered_since=now,
            told_at=now,
        )
        .returning(handoffs)
    ).first()
    if row is not None:
        return _read(connection, row), True
    standing = require_handoff(connection, handoff_id)
    if standing.state == "ended":
        raise Conflict("This handoff has ended. Look at the queue again.", state="ended")
    if standing.claimed_by != username:
        name = find_name(connection, standing.claimed_by or "")
        raise AlreadyClaimed(
            f"{name} has claimed this handoff already.", claimed_by=standing.claimed_by, claimed_name=name
        )
    return standing, False


def return_to_queue(
    connection: Connection, handoff: Handoff, *, now: float, in_front: bool = True, team: str | None = None
) -> None:
    """Back to the queue, before all who have had nobody yet; to another team if one is named."""
    _change(
        connection,
        handoff,
        state="waiting",
        phase="queued",
        claimed_by=None,
        claimed_at=None,
        unanswered_since=None,
        in_front=in_front,
        team=team or handoff.team,
        queued_at=now,
        told_at=now,
        told_times=0,
    )


def pass_to(connection: Connection, handoff: Handoff, *, username: str, at: str, now: float) -> None:
    """Give a claimed handoff to a colleague."""
    _change(connection, handoff, claimed_by=username, claimed_at=at, phase="active", unanswered_since=now, told_at=now)


def end_handoff(connection: Connection, handoff: Handoff, *, ended_as: str, at: str) -> None:
    """End a handoff: released, closed, cancelled, abandoned, timed_out or error."""
    _change(connection, handoff, state="ended", phase="ended", ended_as=ended_as, ended_at=at, unanswered_since=None)


def change_phase(connection: Connection, handoff: Handoff, phase: str) -> None:
    """What is told apart within a state: a queue with or without anybody there, a talk one of whose sides is away."""
    if phase not in PHASES:
        raise ValueError(f"A handoff's phase is one of {', '.join(PHASES)}, not {phase!r}.")
    _change(connection, handoff, phase=phase)


def note_told(connection: Connection, handoff: Handoff, *, now: float) -> None:
    """Who waits has heard something."""
    _change(connection, handoff, told_at=now, told_times=handoff.told_times + 1)


def note_customer(connection: Connection, conversation_id: str, *, now: float, wrote: bool = False) -> None:
    """The customer of an open handoff is there; `wrote`: and waits for an answer, if a person has it."""
    connection.execute(_WROTE if wrote else _IS_THERE, {"of": conversation_id, "now": now})


def note_answered(connection: Connection, handoff: Handoff, *, now: float) -> None:
    """The person has said something to the customer."""
    connection.execute(_ANSWERED, {"of": handoff.handoff_id, "now": now})


def note_wrap_up(connection: Connection, handoff: Handoff, reason: str) -> None:
    """What the talk was about, as its person says."""
    connection.execute(update(handoffs).where(handoffs.c.handoff_id == handoff.handoff_id).values(wrap_up=reason))


def note_rating(
    connection: Connection, handoff: Handoff, *, rating: str | None = None, line: str | None = None
) -> None:
    """How the talk was, as its customer says: one tap, and a line if they like."""
    values: dict[str, Any] = {} if rating is None else {"rating": rating}
    if line is not None:
        place = _place(handoff.handoff_id, handoff.conversation_id)
        values["body"] = codec.encode(connection, handoff.topic | {"rated": line}, **place)
    connection.execute(update(handoffs).where(handoffs.c.handoff_id == handoff.handoff_id).values(**values))


def _change(connection: Connection, handoff: Handoff, **values: Any) -> None:
    open_one = (handoffs.c.handoff_id == handoff.handoff_id, handoffs.c.state != "ended")
    connection.execute(update(handoffs).where(*open_one).values(**values))


def fetch_recent_waits(connection: Connection, *, since: str, limit: int = 20) -> list[tuple[str, str]]:
    """(asked at, claimed at) of the newest claimed handoffs, for an honest expectation."""
    statement = (
        select(handoffs.c.since, handoffs.c.claimed_at)
        .where(handoffs.c.claimed_at.is_not(None), handoffs.c.claimed_at >= since)
        .order_by(handoffs.c.claimed_at.desc())
        .limit(limit)
    )
    return [(row.since, row.claimed_at) for row in connection.execute(statement)]
