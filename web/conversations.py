"""The customer's side of a conversation: open, write, read, state (design.md §3, Conversations)."""

import time
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Header, Query, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field, field_validator

from data.access import Access, access_conversation, extend_token, issue_token
from data.conversations import (
    Conversation,
    append_messages,
    change_conversation,
    fetch_conversations,
    fetch_messages,
    open_conversation,
    require_conversation,
)
from data.errors import AnotherCustomer, BadInput, NotKnown
from data.handoffs import find_bare_handoff, find_position, note_customer
from data.impressions import keep_own
from data.staff import find_name
from web.house import House, get_house, list_wanted
from web.identity import SignedIn, ensure_signed, identify_caller, read_bearer, read_customer_token
from web.inbox import MessageIn, receive_message
from web.incidents import tell_incidents
from web.privacy_signal import GPC, honour
from web.speech import write_disclosure
from web.wakeups import name_log, wait_for

LONGEST_WAIT_S = 25.0
MOST_PAGE_OFFERS = 40
router = APIRouter()
HouseHere = Annotated[House, Depends(get_house)]


async def require_token(authorization: Annotated[str | None, Header()] = None) -> str:
    """The bearer token of a call that needs one."""
    token = read_bearer(authorization)
    if token is None:
        raise NotKnown()
    return token


Token = Annotated[str, Depends(require_token)]


class OpenIn(BaseModel):
    """How a conversation is opened."""

    model_config = ConfigDict(strict=True)

    customer_token: str | None = None
    locale: str | None = Field(default=None, max_length=35)
    page_offers: list[str] = Field(default_factory=list, max_length=MOST_PAGE_OFFERS)
    zone: str | None = Field(default=None, max_length=64)

    @field_validator("zone")
    @classmethod
    def _know(cls, value: str | None) -> str | None:
        """A zone that nobody knows is no reason to refuse a talk: then the shop's time is told."""
        try:
            return ZoneInfo(value).key if value else None
        except (KeyError, ValueError, OSError):  # unknown; a path that leads elsewhere; a folder of zones
            return None


class CustomerIn(BaseModel):
    """A customer token, to renew a conversation or sign a visitor in."""

    model_config = ConfigDict(strict=True)

    customer_token: str


@router.post("/api/conversations", status_code=201)
async def open_one(body: OpenIn, request: Request, house: HouseHere, gpc: GPC = None) -> dict[str, Any]:
    """Open a conversation; its first message is the disclosure."""
    address = request.client.host if request.client else ""
    a_minute = 6000.0 if house.settings.demo else house.shop.limits["conversations_a_minute"]
    house.limiter.take("conversations", address, a_second=a_minute / 60, burst=a_minute)
    signed = _read_signed(house, body.customer_token) if body.customer_token is not None else None
    spoken = house.speak(body.locale) if body.locale else house.speak(*list_wanted(request))

    def work() -> dict[str, Any]:
        at = house.clock.stamp()
        with house.database.write() as connection:
            person_id = ensure_signed(connection, signed, at=at).person_id if signed else None
            conversation = open_conversation(
                connection,
                person_id=person_id,
                locale=body.locale or spoken.texts.lang,
                minor=signed.minor if signed else False,
                page_offers=keep_own(connection, body.page_offers, person_id=person_id),
                zone=body.zone,
                at=at,
            )
            token = issue_token(connection, conversation.conversation_id, speaks_until=signed.until if signed else None)
            opening = append_messages(connection, conversation.conversation_id, [write_disclosure(spoken)], at=at)
            tell_incidents(connection, house, conversation)
        if gpc == "1":
            honour(spoken, person_id)
        return {
            "conversation_id": conversation.conversation_id,
            "token": token,
            "messages": [message.describe() for message in opening],
        }

    return await house.do(work)


@router.post("/api/conversations/{conversation_id}/messages", response_model=None)
async def write_one(
    conversation_id: str, body: MessageIn, request: Request, house: HouseHere, token: Token, gpc: GPC = None
) -> JSONResponse:
    """Take in a message. It is in the log when this answers; its turn comes after."""
    received = await receive_message(house, token, conversation_id, body, signal=gpc == "1")
    if received.turn is not None:
        request.app.state.turns.take(conversation_id, received.turn)
    return JSONResponse({"seq": received.seq}, 202 if received.is_new else 200)


@router.get("/api/conversations/{conversation_id}/messages", response_model=None)
async def read_some(
    conversation_id: str,
    house: HouseHere,
    token: Token,
    after: Annotated[int, Query(ge=0)] = 0,
    wait: Annotated[float, Query(ge=0)] = 0,
) -> JSONResponse:
    """What is newer than `after`; with `wait`, as soon as there is anything."""
    if wait > LONGEST_WAIT_S:
        raise BadInput(f"wait is {wait:g}; at most {LONGEST_WAIT_S:g} seconds.", field="wait")
    deadline = time.monotonic() + wait
    with house.wakeups.listen(conversation_id, name_log(conversation_id)) as woken:
        while True:
            woken.clear()
            page = await house.do(lambda: _read_page(house, token, conversation_id, after))
            left = deadline - time.monotonic()
            if page["messages"] or left <= 0:
                return JSONResponse(page)
            await wait_for(woken, left)


def _read_page(house: House, token: str, conversation_id: str, after: int) -> dict[str, Any]:
    with house.database.read() as connection:
        conversation = access_conversation(connection, token, conversation_id).conversation
        messages = fetch_messages(connection, conversation_id, after=after) if conversation.last_seq > after else []
    note_seen(house, conversation)
    return {
        "messages": [message.describe() for message in messages],
        "last_seq": conversation.last_seq,
        "state": conversation.state,
    }


@router.get("/api/conversations/{conversation_id}")
async def read_state(conversation_id: str, house: HouseHere, token: Token) -> dict[str, Any]:
    """Who speaks for the shop, and the place in the queue."""

    def work() -> dict[str, Any]:
        with house.database.read() as connection:
            access = access_conversation(connection, token, conversation_id)
            state = describe_state(connection, access)
        note_seen(house, access.conversation)
        return state

    return await house.do(work)


def note_seen(house: House, conversation: Conversation) -> None:
    """Whoever reads a conversation with its token is there: their place, or their person, is kept."""
    if house.sightings.is_due(conversation):
        with house.database.write() as connection:
            note_customer(connection, conversation.conversation_id, now=house.clock.machine_seconds())


def describe_state(connection: Any, access: Access) -> dict[str, Any]:
    """The state of a conversation as its customer sees it."""
    conversation = access.conversation
    is_open = conversation.state in ("waiting", "human")
    handoff = find_bare_handoff(connection, conversation.conversation_id) if is_open else None
    is_waiting = handoff is not None and handoff.state == "waiting"
    return {
        "state": conversation.state,
        "queue_position": find_position(connection, handoff) if handoff is not None and is_waiting else None,
        "staff_name": find_name(connection, handoff.claimed_by) if handoff is not None and handoff.claimed_by else None,
    }


@router.put("/api/conversations/{conversation_id}/customer")
async def renew(conversation_id: str, body: CustomerIn, house: HouseHere, token: Token) -> dict[str, Any]:
    """Renew the customer's token, or sign a visitor in. Another customer's is refused."""
    signed = _read_signed(house, body.customer_token)

    def work() -> dict[str, Any]:
        with house.database.write() as connection:
            conversation = access_conversation(connection, token, conversation_id).conversation
            customer = ensure_signed(connection, signed, at=house.clock.stamp())
            if conversation.person_id not in (None, customer.person_id):
                raise AnotherCustomer("This conversation belongs to another customer. Open a new one.")
            change_conversation(connection, conversation_id, person_id=customer.person_id, minor=signed.minor)
            extend_token(connection, token, speaks_until=signed.until)
            return describe_state(
                connection, Access(require_conversation(connection, conversation_id), customer.person_id)
            )

    answer = await house.do(work)
    house.wakeups.ring(conversation_id)
    return answer


@router.get("/api/me/conversations")
async def list_own(house: HouseHere, token: Token) -> dict[str, Any]:
    """One's own conversations; with a visitor's token, that one."""

    def work() -> dict[str, Any]:
        caller = identify_caller(house, token)
        with house.database.read() as connection:
            own = (
                fetch_conversations(connection, caller.person_id)
                if caller.person_id is not None
                else [caller.access.conversation]
                if caller.access is not None
                else []
            )
        return {
            "conversations": [
                {
                    "conversation_id": c.conversation_id,
                    "state": c.state,
                    "opened_at": c.opened_at,
                    "last_seq": c.last_seq,
                }
                for c in own
            ]
        }

    return await house.do(work)


@router.post("/api/me/conversations/{conversation_id}/token", status_code=201)
async def issue(conversation_id: str, house: HouseHere, token: Token) -> dict[str, str]:
    """A new token for one's own conversation; needs the customer's token, since it will speak for them."""
    signed = _read_signed(house, token)

    def work() -> dict[str, str]:
        with house.database.write() as connection:
            customer = ensure_signed(connection, signed, at=house.clock.stamp())
            conversation = require_conversation(connection, conversation_id)
            if conversation.person_id != customer.person_id:
                raise NotKnown()
            change_conversation(connection, conversation_id, minor=signed.minor)
            new = issue_token(connection, conversation_id, speaks_until=signed.until)
        return {"conversation_id": conversation_id, "token": new}

    return await house.do(work)


def _read_signed(house: House, token: str) -> SignedIn:
    if house.secret is None:
        raise NotKnown()
    return read_customer_token(token, house.secret)
