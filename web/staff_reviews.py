"""The staff API's reviews (design.md §3, Staff): the list, one with the order lines it is about, the decision."""

from datetime import date
from typing import Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection

from data.conversations import Draft, append_messages, fetch_conversations, open_conversation, require_conversation
from data.corrections import fetch_correction_lines, list_corrections
from data.review_figures import measure_reviews
from data.reviews import Review, answer_review, fetch_reviews, require_review
from data.staff import Member
from models.wording import say_date
from web.conversations import HouseHere
from web.house import House
from web.review_evidence import describe_evidence, tell_decided
from web.speech import write_disclosure
from web.staff import record_look
from web.staff_session import StaffHere, require_owner
from web.wakeups import QUEUE

router = APIRouter(prefix="/staff/api")


class AnswerIn(BaseModel):
    """The answer to a review; `approve` for a correction and for nothing else."""

    model_config = ConfigDict(strict=True)

    review_id: str
    decision: str = Field(min_length=1, max_length=2000)
    approve: bool | None = None


@router.get("/reviews")
def list_reviews(
    member: StaffHere, house: HouseHere, state: Literal["open", "answered"] | None = None
) -> dict[str, Any]:
    """Reviews, soonest due first, with the days left."""
    today = house.clock.today()
    with house.database.read() as connection:
        corrections = list_corrections(connection)
        return {
            "reviews": [
                _describe(review, today, is_correction=review.review_id in corrections)
                for review in fetch_reviews(connection, state=state)
            ]
        }


@router.get("/reviews/figures")
def get_figures(member: StaffHere, house: HouseHere) -> dict[str, Any]:
    """For an owner: how often a person changed something, and how long answers took."""
    require_owner(member)
    with house.database.read() as connection:
        return measure_reviews(connection, today=house.clock.today())


@router.get("/reviews/{review_id}")
def read_review(review_id: str, member: StaffHere, house: HouseHere) -> dict[str, Any]:
    """One review with the order lines that it is about. A look at personal data is recorded."""
    with house.database.write() as connection:
        review = require_review(connection, review_id)
        lines = fetch_correction_lines(connection, review_id)
        if review.person_id is not None:
            detail = {"review_id": review_id, "read": True}
            record_look(connection, house, review.person_id, member, detail, what_for="review")
        evidence = describe_evidence(connection, house, review)
    told = _describe(review, house.clock.today(), is_correction=bool(lines))
    return told | evidence | {"lines": [vars(line) | {"ordered_on": _say_day(line.ordered_on)} for line in lines]}


def _say_day(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _describe(review: Review, today: date, *, is_correction: bool) -> dict[str, Any]:
    return {
        "review_id": review.review_id,
        "kind": "correction" if is_correction else "review",
        "conversation_id": review.conversation_id,
        "impression_id": review.impression_id,
        "reason_id": review.reason_id,
        "text": review.text,
        "state": review.state,
        "opened_at": review.opened_at,
        "due_on": review.due_on.isoformat(),
        "days_left": (review.due_on - today).days,
        "decision": review.decision,
        "decided_by": review.decided_by,
    }


@router.post("/reviews")
def decide_review(body: AnswerIn, member: StaffHere, house: HouseHere) -> dict[str, Any]:
    """Answer a review; the customer reads it in the chat, with the name of who decided."""
    with house.database.write() as connection:
        review = answer_review(
            connection,
            body.review_id,
            decision=body.decision,
            username=member.username,
            at=house.clock.stamp(),
            approve=body.approve,
        )
        told_in = _tell_decision(connection, house, review, member, body)
    if told_in is not None:
        house.wakeups.ring(told_in, QUEUE)
    return {"review_id": review.review_id, "state": review.state, "decided_by": member.name}


def _tell_decision(connection: Connection, house: House, review: Review, member: Member, body: AnswerIn) -> str | None:
    """Say it in the chat that it came from; else in the customer's newest, or in a new one. Returns which."""
    conversation_id = review.conversation_id or find_chat(connection, house, review.person_id)
    if conversation_id is None:
        return None
    house = house.speak(require_conversation(connection, conversation_id).locale)
    say, today = house.texts.say, house.clock.today()
    lines = [
        body.decision,
        say("explanations.review_decided", name=member.name, date=say_date(today, today, house.texts.lang)),
    ]
    lines[1:1] = tell_decided(connection, house, review)
    if body.approve is not None:
        outcome = "approved" if body.approve else "rejected"
        lines.insert(1, say(f"explanations.correction_{outcome}", review_id=review.review_id))
    draft = Draft(
        author="human", author_name=member.name, kind="review", text="\n\n".join(lines), lang=house.texts.lang
    )
    append_messages(connection, conversation_id, [draft], at=house.clock.stamp())
    return conversation_id


def find_chat(connection: Connection, house: House, person_id: int | None) -> str | None:
    """Where a customer is told something: their newest chat, or a new one; a visitor has none."""
    if person_id is None:
        return None
    own = fetch_conversations(connection, person_id)
    if own:
        return own[0].conversation_id
    opened = open_conversation(
        connection,
        person_id=person_id,
        locale=house.texts.lang,
        minor=True,  # until a token says otherwise
        page_offers=[],
        at=house.clock.stamp(),
    )
    append_messages(connection, opened.conversation_id, [write_disclosure(house)], at=house.clock.stamp())
    return opened.conversation_id
