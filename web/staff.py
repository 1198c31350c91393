"""The staff API (design.md §3, Staff): the queue, claiming, talking, giving back."""

import uuid
from datetime import timedelta
from typing import Any, Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field, field_validator
from sqlalchemy import Connection

from data.audit import record_act
from data.clock import format_time
from data.consent import fetch_consents
from data.conversations import (
    Conversation,
    fetch_newest,
    fetch_transcript,
    find_repeated,
    fingerprint_body,
    require_conversation,
)
from data.customers import find_person
from data.handoffs import Handoff, fetch_handoffs, find_open_handoff, find_position
from data.impressions import access_impression, fetch_impressions
from data.staff import Member, check_password, end_session, start_session
from data.uses import fetch_uses, record_use
from models.explanation import tell_explanation
from web import handoffs
from web.conversations import HouseHere
from web.house import House
from web.inbox import check_text
from web.speech import title_category
from web.staff_session import COOKIE, StaffHere, require_same_site
from web.wakeups import QUEUE

router = APIRouter(prefix="/staff/api")
MOST_OFFERS = 20
LOOK_MINUTES = 15


class SessionIn(BaseModel):
    """Name and password; `code` is the second factor where one is set up."""

    model_config = ConfigDict(strict=True)

    username: str = Field(min_length=1, max_length=200)
    password: str = Field(min_length=1, max_length=1000)
    code: str | None = Field(default=None, max_length=20)


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


@router.post("/session")
def sign_in(body: SessionIn, request: Request, response: Response, house: HouseHere) -> dict[str, str]:
    """Sign in; the session is a cookie."""
    require_same_site(request)
    address = request.client.host if request.client else ""
    for key in (f"address {address}", f"name {body.username}"):
        house.limiter.take(
            "sign_in", key, a_second=10.0 if house.settings.demo else 0.2, burst=100.0 if house.settings.demo else 5.0
        )
    with house.database.read() as connection:
        member = check_password(connection, body.username, body.password)
    with house.database.write() as connection:
        token = start_session(connection, member)
        record_act(connection, at=house.clock.stamp(), actor=f"staff:{member.username}", act="signed_in")
    response.set_cookie(COOKIE, token, httponly=True, samesite="strict", secure=request.url.scheme == "https", path="/")
    return {"username": member.username, "role": member.role, "name": member.name}


@router.get("/session")
def who_am_i(member: StaffHere, house: HouseHere) -> dict[str, str]:
    """Who is signed in."""
    return {"username": member.username, "role": member.role, "name": member.name}


@router.delete("/session", status_code=204)
def sign_out(request: Request, response: Response, member: StaffHere, house: HouseHere) -> None:
    """Sign out."""
    with house.database.write() as connection:
        end_session(connection, request.cookies.get(COOKIE, ""))
    response.delete_cookie(COOKIE, path="/")


@router.get("/handoffs")
def list_handoffs(
    member: StaffHere, house: HouseHere, state: Literal["waiting", "claimed"] | None = None
) -> dict[str, Any]:
    """The handoffs of a state (or all open ones), complete, oldest first."""
    with house.database.read() as connection:
        return {
            "handoffs": [_describe_briefly(connection, handoff) for handoff in fetch_handoffs(connection, state=state)]
        }


def _describe_briefly(connection: Connection, handoff: Handoff) -> dict[str, Any]:
    """A handoff in the queue: what was in an order is for who opens the conversation, and that look is recorded."""
    described = describe_handoff(connection, handoff)
    topic = {name: value for name, value in handoff.topic.items() if name in ("about", "order_id")}
    return described | {"topic": topic}


def describe_handoff(connection: Connection, handoff: Handoff) -> dict[str, Any]:
    """A handoff as the wire contract has it."""
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
        "last_message": newest[0].text if newest else "",
        "last_number": conversation.last_number,
        "lang": conversation.locale,
        "topic": handoff.topic,
    }


@router.post("/handoffs/{handoff_id}/claim")
def claim_one(handoff_id: str, member: StaffHere, house: HouseHere) -> dict[str, Any]:
    """Claim. Another's: 409 with the holder's name; one's own again: 200."""
    with house.database.write() as connection:
        handoff = handoffs.claim(connection, house, handoff_id, member)
        described = describe_handoff(connection, handoff)
    house.wakeups.ring(handoff.conversation_id, QUEUE)
    return {"handoff": described}


@router.post("/handoffs/{handoff_id}/release")
def release_one(
    handoff_id: str, body: ReleaseIn, request: Request, member: StaffHere, house: HouseHere
) -> dict[str, Any]:
    """Give back to the bot or to the queue, or close."""
    with house.database.write() as connection:
        handoff = handoffs.release(connection, house, handoff_id, member, to=body.to)
        described = describe_handoff(connection, handoff)
    house.bot.forget(handoff.conversation_id)
    house.wakeups.ring(handoff.conversation_id, QUEUE)
    return {"handoff": described}


@router.post("/handoffs/{handoff_id}/transfer")
def transfer_one(handoff_id: str, body: TransferIn, member: StaffHere, house: HouseHere) -> dict[str, Any]:
    """Pass a conversation to a colleague."""
    with house.database.write() as connection:
        handoff = handoffs.transfer(connection, house, handoff_id, member, to=body.to, note=body.note)
        described = describe_handoff(connection, handoff)
    house.wakeups.ring(handoff.conversation_id, QUEUE)
    return {"handoff": described}


@router.post("/conversations/{conversation_id}/messages", status_code=202)
def say_one(
    conversation_id: str, body: SayIn, response: Response, member: StaffHere, house: HouseHere
) -> dict[str, int]:
    """Write to the customer, or a private note to colleagues."""
    text = check_text(body.text, int(house.shop.limits["message_characters"]))
    client_key = f"staff.{member.username}{'.note' if body.private else ''}:{body.client_id}"
    with house.database.write() as connection:
        repeated = find_repeated(connection, conversation_id, client_key, fingerprint_body(text, None))
        if repeated is not None:
            response.status_code = 200
            return {"seq": repeated}
        seq = handoffs.say_as_person(
            connection, house, conversation_id, member, text=text, private=body.private, client_key=client_key
        )
    house.wakeups.ring(conversation_id, QUEUE)
    return {"seq": seq}


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
    what_for: Literal["handoff", "review", "look"],
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
        "handoff": describe_handoff(connection, handoff) if handoff else None,
        "focus": conversation.focus,
    }
