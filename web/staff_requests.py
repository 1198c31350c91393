"""The staff API's list of requests by right, with the days left, and answering one in writing."""

from datetime import datetime
from typing import Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection

from data.clock import parse_time
from data.conversations import Draft, append_messages, require_conversation
from data.customers import find_person
from data.errors import Conflict
from data.requests import DataRequest, close_request, fetch_requests, require_request
from data.staff import Member
from models.wording import say_date
from web.conversations import HouseHere
from web.house import House
from web.staff import record_look
from web.staff_reviews import find_chat
from web.staff_session import StaffHere
from web.wakeups import QUEUE

router = APIRouter(prefix="/staff/api")


class AnswerIn(BaseModel):
    """The answer to a request, in writing; a refusal says why."""

    model_config = ConfigDict(strict=True)

    state: Literal["done", "refused"]
    answer: str = Field(min_length=1, max_length=2000)


@router.get("/requests")
def list_requests(member: StaffHere, house: HouseHere) -> dict[str, Any]:
    """What waits for a person, soonest due first, with the days left. One that a review answers is among the reviews."""
    now = house.clock.now()
    with house.database.read() as connection:
        found = fetch_requests(connection, state="open")
    return {"requests": [_describe(one, now) for one in found if one.review_id is None]}


@router.get("/requests/{request_id}")
def read_request(request_id: str, member: StaffHere, house: HouseHere) -> dict[str, Any]:
    """One request with who asked and their words. A look at personal data is recorded."""
    with house.database.write() as connection:
        asked = require_request(connection, request_id)
        person = find_person(connection, asked.person_id) if asked.person_id is not None else None
        if person is not None:
            detail = {"request_id": request_id, "read": True}
            record_look(connection, house, person.person_id, member, detail, what_for="request")
    names = {"customer_id": person.customer_id, "name": person.name} if person is not None else {}
    return _describe(asked, house.clock.now()) | names | {"text": asked.text, "conversation_id": asked.conversation_id}


@router.post("/requests/{request_id}")
def answer_request(request_id: str, body: AnswerIn, member: StaffHere, house: HouseHere) -> dict[str, Any]:
    """Answer a request; the customer reads it in the chat and in the privacy centre, with the name of who answered."""
    with house.database.write() as connection:
        standing = require_request(connection, request_id)
        if standing.review_id is not None:
            raise Conflict(
                f"Request {request_id} is answered with review {standing.review_id}. Answer that.",
                review_id=standing.review_id,
            )
        asked = close_request(
            connection,
            request_id,
            state=body.state,
            username=member.username,
            answer=body.answer,
            at=house.clock.stamp(),
        )
        told_in = _tell(connection, house, asked, member, body.answer)
    if told_in is not None:
        house.wakeups.ring(told_in, QUEUE)
    return _describe(asked, house.clock.now())


def count_overdue(connection: Connection, now: datetime) -> int:
    """Requests that wait for a person longer than a month."""
    return sum(parse_time(one.due_at) < now for one in fetch_requests(connection, state="open"))


def _describe(asked: DataRequest, now: datetime) -> dict[str, Any]:
    days = (parse_time(asked.due_at) - now).days
    return {
        "request_id": asked.request_id,
        "kind": asked.kind,
        "state": asked.state,
        "opened_at": asked.opened_at,
        "due": asked.due_at,
        "days_left": days,
        "overdue": days < 0,
    }


def _tell(connection: Connection, house: House, asked: DataRequest, member: Member, answer: str) -> str | None:
    """Say it in the visitor's chat, or in the customer's newest. Returns which."""
    conversation_id = asked.conversation_id or find_chat(connection, house, asked.person_id)
    if conversation_id is None:
        return None
    house = house.speak(require_conversation(connection, conversation_id).locale)
    today = house.clock.today()
    signed = house.texts.say(
        "rights.answered", name=member.name, date=say_date(today, today, house.texts.lang), number=asked.request_id
    )
    draft = Draft(
        author="human",
        author_name=member.name,
        kind="privacy",
        text=f"{answer}\n\n{signed}",
        lang=house.texts.lang,
    )
    append_messages(connection, conversation_id, [draft], at=house.clock.stamp())
    return conversation_id
