"""The staff API (design.md §3, Staff): the queue, claiming, talking, giving back."""

import uuid
from datetime import timedelta
from typing import Any, Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field, field_validator
from sqlalchemy import Connection

from data.answers import find_fields
from data.clock import format_moment, format_time
from data.consent import fetch_consents
from data.conversations import (
    Conversation,
    fetch_newest,
    fetch_transcript,
    find_repeated,
    require_conversation,
)
from data.customers import find_person
from data.errors import BadInput
from data.handoffs import Handoff, fetch_handoffs, find_open_handoff, find_position
from data.impressions import Impression, access_impression, fetch_impressions
from data.marks import count_unread, fetch_marks
from data.staff import Member, find_name
from data.uses import fetch_uses, record_use
from models.explanation import tell_explanation
from web import handoffs
from web.conversations import HouseHere
from web.house import House
from web.inbox import check_text
from web.speech import title_category
from web.staff_session import StaffHere
from web.wakeups import QUEUE, ROWS, name_log

router = APIRouter(prefix="/staff/api")
MOST_OFFERS = 20
LOOK_MINUTES = 15


class SayIn(BaseModel):
    """A person's message or private note."""

    model_config = ConfigDict(strict=True)

    client_id: str
    text: str
    private: bool = False

    @field_validator("client_id")
    @classmethod
    def _check(cls, value: str) -> str:
        uuid.UUID(value)
        return value.lower()


class ReleaseIn(BaseModel):
    """Where a conversation goes."""

    model_config = ConfigDict(strict=True)

    to: Literal["bot", "queue", "closed"]


class TransferIn(BaseModel):
    """To whom, and what to tell them."""

    model_config = ConfigDict(strict=True)

    to: str = Field(min_length=1, max_length=200)
    note: str | None = Field(default=None, max_length=2000)


@router.get("/handoffs")
def list_handoffs(
    member: StaffHere, house: HouseHere, state: Literal["waiting", "claimed"] | None = None
) -> dict[str, Any]:
    """The handoffs of a state (or all open ones), complete, oldest first."""
    with house.database.read() as connection:
        unread = count_unread(connection)
        return {
            "handoffs": [
                _describe_briefly(connection, house, handoff, unread)
                for handoff in fetch_handoffs(connection, state=state)
            ]
        }


def _describe_briefly(connection: Connection, house: House, handoff: Handoff, unread: dict[str, int]) -> dict[str, Any]:
    """A handoff in the queue: what was in an order is for who opens the conversation, and that look is recorded."""
    described = describe_handoff(connection, house, handoff, unread=unread)
    topic = {name: value for name, value in handoff.topic.items() if name in ("about", "order_id", "kind")}
    return described | {"topic": topic}


def describe_handoff(
    connection: Connection, house: House, handoff: Handoff, *, unread: dict[str, int] | None = None
) -> dict[str, Any]:
    """A handoff as the wire contract has it. `unread`: of all open ones, where many are described."""
    if unread is None:
        unread = count_unread(connection, [handoff.conversation_id])
    conversation = require_conversation(connection, handoff.conversation_id)
    newest = fetch_newest(connection, handoff.conversation_id, limit=1, author="customer")
    person = find_person(connection, conversation.person_id) if conversation.person_id is not None else None
    return {
        "handoff_id": handoff.handoff_id,
        "conversation_id": handoff.conversation_id,
        "state": handoff.state,
        "since": handoff.since,
        "position": find_position(connection, handoff) if handoff.state == "waiting" else None,
        "customer_id": person.customer_id if person else None,
        "customer_name": person.name if person else None,
        "claimed_by": handoff.claimed_by,
        "claimed_name": find_name(connection, handoff.claimed_by) if handoff.claimed_by else None,
        "phase": handoff.phase,
        "team": handoff.team,
        "has_message": handoff.has_message,
        **_describe_service(house, handoff),
        "last_message": newest[0].text if newest else "",
        "last_written": newest[0].number if newest else 0,
        "last_number": conversation.last_number,
        "unread": unread.get(handoff.conversation_id, 0),
        "lang": conversation.locale,
        "topic": handoff.topic,
    }


def describe_marks(connection: Connection, conversation_id: str) -> dict[str, int]:
    """Up to which message of a person the customer's screen took it, and showed it."""
    marks = fetch_marks(connection, conversation_id)
    return {"delivered": marks.delivered, "seen": marks.seen}


def _describe_service(house: House, handoff: Handoff) -> dict[str, Any]:
    """By when the shop promised itself an answer, and whether that has passed."""
    desk, since = house.shop.desk, handoff.queued_at if handoff.state == "waiting" else handoff.unanswered_since
    promised_s = desk.message_s if handoff.has_message and handoff.state == "waiting" else desk.first_answer_s
    if handoff.answered_at is not None and handoff.state == "claimed":
        promised_s = desk.next_answer_s
    due = None if since is None or handoff.state == "ended" else since + promised_s
    overdue = due is not None and house.clock.machine_seconds() > due
    return {"answer_due": format_moment(house.clock, due), "overdue": overdue}


@router.post("/handoffs/{handoff_id}/claim")
def claim_one(handoff_id: str, member: StaffHere, house: HouseHere) -> dict[str, Any]:
    """Claim. Another's: 409 with the holder's name; one's own again: 200."""
    with house.database.write() as connection:
        handoff = handoffs.claim(connection, house, handoff_id, member)
        described = describe_handoff(connection, house, handoff)
    house.wakeups.ring(handoff.conversation_id, QUEUE)
    return {"handoff": described}


@router.post("/handoffs/{handoff_id}/release")
def release_one(
    handoff_id: str, body: ReleaseIn, request: Request, member: StaffHere, house: HouseHere
) -> dict[str, Any]:
    """Give back to the bot or to the queue, or close."""
    with house.database.write() as connection:
        handoff = handoffs.release(connection, house, handoff_id, member, to=body.to)
        described = describe_handoff(connection, house, handoff)
    house.bot.forget(handoff.conversation_id)
    house.wakeups.ring(handoff.conversation_id, QUEUE)
    return {"handoff": described}


@router.post("/handoffs/{handoff_id}/transfer")
def transfer_one(handoff_id: str, body: TransferIn, member: StaffHere, house: HouseHere) -> dict[str, Any]:
    """Pass a conversation to a colleague."""
    with house.database.write() as connection:
        handoff = handoffs.transfer(connection, house, handoff_id, member, to=body.to, note=body.note)
        described = describe_handoff(connection, house, handoff)
    house.wakeups.ring(handoff.conversation_id, QUEUE)
    return {"handoff": described}


@router.post("/conversations/{conversation_id}/messages", status_code=202)
async def say_one(
    conversation_id: str, body: SayIn, response: Response, member: StaffHere, house: HouseHere
) -> dict[str, int]:
    """Write to the customer, or a private note to colleagues."""
    seq, is_new = await say(house, member, conversation_id, body)
    if not is_new:
        response.status_code = 200
    return {"seq": seq}


async def say(house: House, member: Member, conversation_id: str, body: SayIn) -> tuple[int, bool]:
    """Put a person's message into the log, once; returns its seq (a note's: its number) and whether it is new. The same for HTTP and the console's socket."""
    text = check_text(body.text, int(house.shop.limits["message_characters"]))
    if not body.private and (left := find_fields(text)):
        raise BadInput(f"{{{left[0]}}} is not filled in. Write what it stands for, or take it out.", field="text")
    client_key = f"staff.{member.username}{'.note' if body.private else ''}:{body.client_id}"

    def put(connection: Connection) -> tuple[int, bool]:
        repeated = find_repeated(connection, conversation_id, client_key, text, None)
        if repeated is not None:
            return repeated, False
        seq = handoffs.say_as_person(
            connection, house, conversation_id, member, text=text, private=body.private, client_key=client_key
        )
        return seq, True

    seq, is_new = await house.write(put)
    if is_new:
        house.wakeups.ring(name_log(conversation_id), ROWS)
    return seq, is_new


@router.get("/conversations/{conversation_id}")
def read_one(conversation_id: str, member: StaffHere, house: HouseHere) -> dict[str, Any]:
    """The talk, the offers with their reasons, what may be used, the handoff. A look at personal data is recorded."""
    with house.database.write() as connection:
        conversation = require_conversation(connection, conversation_id)
        if conversation.person_id is not None:
            detail = {"conversation_id": conversation_id, "read": True}
            record_look(connection, house, conversation.person_id, member, detail, what_for="handoff")
        return _describe_conversation(connection, house, conversation)


def record_look(
    connection: Connection,
    house: House,
    person_id: int,
    member: Member,
    detail: dict[str, Any],
    *,
    what_for: Literal["handoff", "review", "request", "look", "search"],
) -> None:
    """A look at personal data, once in a quarter of an hour: the console refreshes by itself."""
    since = format_time(house.clock.now() - timedelta(minutes=LOOK_MINUTES))
    known = fetch_uses(connection, person_id, limit=50)
    if not any(use["by"] == member.name and use["detail"] == detail and use["at"] > since for use in known):
        record_use(
            connection,
            person_id,
            at=house.clock.stamp(),
            categories=[],
            what_for=what_for,
            by=member.name,
            detail=detail,
        )


def look_at_impression(house: House, impression_id: str, member: Member) -> Impression:
    """An impression, for somebody of staff: if it was made for a customer, the look is recorded."""
    with house.database.write() as connection:
        impression = access_impression(connection, impression_id, person_id=None, is_staff=True)
        if impression.person_id is not None:
            detail = {"impression_id": impression_id, "read": True}
            record_look(connection, house, impression.person_id, member, detail, what_for="look")
    return impression


def _describe_conversation(connection: Connection, house: House, conversation: Conversation) -> dict[str, Any]:
    person = find_person(connection, conversation.person_id) if conversation.person_id is not None else None
    consents = fetch_consents(connection, person.person_id) if person else None
    shown = fetch_impressions(connection, person.person_id, limit=MOST_OFFERS) if person else []
    if conversation.page_offers and not shown:
        shown = [access_impression(connection, i, person_id=None, is_staff=True) for i in conversation.page_offers]
    handoff = find_open_handoff(connection, conversation.conversation_id)
    return {
        "conversation_id": conversation.conversation_id,
        "state": conversation.state,
        "opened_at": conversation.opened_at,
        "customer": {"customer_id": person.customer_id, "name": person.name, "since": person.since} if person else None,
        "messages": [
            message.describe() | {"number": message.number, "private": message.private}
            for message in fetch_transcript(connection, conversation.conversation_id)
        ],
        "offers": [
            impression.describe_offer()
            | {
                "shown_at": impression.shown_at,
                "slot": impression.slot,
                "position": impression.position,
                "slate_id": impression.slate_id,
                "explanation": tell_explanation(
                    impression.explanation,
                    impression_id=impression.impression_id,
                    offer_id=impression.offer_id,
                    model_version=impression.model_version,
                    texts=house.texts,
                ),
            }
            for impression in shown
        ],
        "consents": [
            {
                "category": category,
                "title": title_category(house, category),
                "granted": bool(consents and category in consents.choose),
                "since": grant.at
                if consents and (grant := consents.find(category, "choose")) and grant.granted
                else None,
            }
            for category in house.shop.categories
            if category != "fairness"
        ],
        "handoff": describe_handoff(connection, house, handoff) if handoff else None,
        "marks": describe_marks(connection, conversation.conversation_id),
        "focus": conversation.focus,
    }
