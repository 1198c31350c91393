"""Reviews: a customer disputes a reason, a decision or a fact behind it, and a person answers in writing."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from data import codec
from data.audit import record_act
from data.corrections import decide_corrections, fetch_correction_lines, record_corrections
from data.database import draw_number
from data.erasure import require_there
from data.errors import BadInput, Conflict, NotKnown
from data.tables import reviews
from data.vault import name_conversation, name_person

FIRST_NUMBER = 1001


@dataclass(frozen=True)
class Review:
    """One review, with the customer's words in `text`."""

    review_id: str
    person_id: int | None
    conversation_id: str | None
    impression_id: str | None
    reason_id: str | None
    text: str
    state: str
    opened_at: str
    due_on: date
    decided_by: str | None
    decided_at: str | None
    decision: str | None


def _place(review_id: str, person_id: int | None, conversation_id: str | None) -> dict[str, str]:
    """Sealed for the conversation it was opened in, which keeps its key when its visitor signs in; else for the person."""
    if conversation_id is not None:
        return {"subject": name_conversation(conversation_id), "place": f"reviews.body/{review_id}"}
    if person_id is None:
        raise ValueError(f"Review {review_id} has neither a person nor a conversation.")
    return {"subject": name_person(person_id), "place": f"reviews.body/{review_id}"}


def _read(connection: Connection, row: Row[Any]) -> Review:
    columns = dict(row._mapping)
    body = codec.decode(connection, columns.pop("body"), **_place(row.review_id, row.person_id, row.conversation_id))
    return Review(**columns, text=body.get("text", ""), decision=body.get("decision"))


def open_review(
    connection: Connection,
    *,
    person_id: int | None,
    conversation_id: str | None,
    impression_id: str | None,
    reason_id: str | None,
    text: str,
    at: str,
    due_on: date,
    lines: Iterable[int] = (),
) -> Review:
    """Open a numbered review. The same impression under review already: that one comes back.

    With `lines` (disputed order lines) it is a correction, or becomes one.
    """
    review = _open(
        connection,
        person_id=person_id,
        conversation_id=conversation_id,
        impression_id=impression_id,
        reason_id=reason_id,
        text=text,
        at=at,
        due_on=due_on,
    )
    add_lines(connection, review, lines, at=at, actor="customer")
    return review


def add_lines(connection: Connection, review: Review, lines: Iterable[int], *, at: str, actor: str) -> None:
    """Put disputed order lines under a review: with them it is a correction."""
    lines = list(lines)
    if not lines:
        return
    record_corrections(connection, review.review_id, lines)
    record_act(
        connection,
        at=at,
        actor=actor,
        act="correction_opened",
        person_id=review.person_id,
        object_id=review.review_id,
        detail={"lines": lines},
    )


def require_open_review(connection: Connection, review_id: str) -> Review:
    """A review that may still be decided, or `Conflict`."""
    review = require_review(connection, review_id)
    if review.state != "open":
        raise Conflict(f"Review {review_id} was answered by {review.decided_by} already.", decided_by=review.decided_by)
    return review


def _open(
    connection: Connection,
    *,
    person_id: int | None,
    conversation_id: str | None,
    impression_id: str | None,
    reason_id: str | None,
    text: str,
    at: str,
    due_on: date,
) -> Review:
    c = reviews.c
    require_there(connection, person_id=person_id, conversation_id=conversation_id)
    if impression_id is not None and person_id is not None:
        standing = connection.execute(
            select(reviews).where(c.person_id == person_id, c.impression_id == impression_id, c.state == "open")
        ).first()
        if standing is not None:
            return _read(connection, standing)
    review_id = f"R-{draw_number(connection, 'last_review', first=FIRST_NUMBER)}"
    connection.execute(
        insert(reviews).values(
            review_id=review_id,
            person_id=person_id,
            conversation_id=conversation_id,
            impression_id=impression_id,
            reason_id=reason_id,
            body=codec.encode(connection, {"text": text}, **_place(review_id, person_id, conversation_id)),
            state="open",
            opened_at=at,
            due_on=due_on,
        )
    )
    record_act(connection, at=at, actor="customer", act="review_opened", person_id=person_id, object_id=review_id)
    return require_review(connection, review_id)


def require_review(connection: Connection, review_id: str) -> Review:
    """The review, or `NotKnown`."""
    row = connection.execute(select(reviews).where(reviews.c.review_id == review_id)).first()
    if row is None:
        raise NotKnown()
    return _read(connection, row)


def fetch_reviews(connection: Connection, *, state: str | None = None, person_id: int | None = None) -> list[Review]:
    """Reviews, soonest due first."""
    statement = select(reviews).order_by(reviews.c.due_on, reviews.c.opened_at)
    if state is not None:
        statement = statement.where(reviews.c.state == state)
    if person_id is not None:
        statement = statement.where(reviews.c.person_id == person_id)
    return [_read(connection, row) for row in connection.execute(statement)]


def answer_review(
    connection: Connection, review_id: str, *, decision: str, username: str, at: str, approve: bool | None = None
) -> Review:
    """Answer a review once; the answer is said in the customer's chat by the caller. `approve` decides a correction."""
    is_correction = bool(fetch_correction_lines(connection, review_id))
    if is_correction and approve is None:
        raise BadInput(
            f"Review {review_id} is a correction. Send approve: true (the lines stay without effect) or false (they count again).",
            field="approve",
        )
    if approve is not None and not is_correction and require_review(connection, review_id):
        raise BadInput(f"Review {review_id} is about no order line. Leave approve out.", field="approve")
    asked = require_review(connection, review_id)
    place = _place(review_id, asked.person_id, asked.conversation_id)
    changed = connection.execute(
        update(reviews)
        .where(reviews.c.review_id == review_id, reviews.c.state == "open")
        .values(
            state="answered",
            body=codec.encode(connection, {"text": asked.text, "decision": decision}, **place),
            decided_by=username,
            decided_at=at,
        )
    )
    review = require_review(connection, review_id)
    if not changed.rowcount:
        raise Conflict(f"Review {review_id} was answered by {review.decided_by} already.", decided_by=review.decided_by)
    record_act(
        connection,
        at=at,
        actor=f"staff:{username}",
        act="review_answered",
        person_id=review.person_id,
        object_id=review_id,
    )
    if approve is not None:
        lines = decide_corrections(connection, review_id, approve=approve)
        record_act(
            connection,
            at=at,
            actor=f"staff:{username}",
            act="correction_approved" if approve else "correction_rejected",
            person_id=review.person_id,
            object_id=review_id,
            detail={"lines": lines},
        )
    return review
