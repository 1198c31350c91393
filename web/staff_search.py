"""Finding a talk: by its own number or its handoff's, by a customer's exact mail address or id (kept as keyed hashes), open or closed; and by a
word, in open talks alone, looked through in memory. There is no index over texts, and what is searched for is kept nowhere.

It comes in the body, never in an address. A hit tells who and when, not what was said; each is recorded for its customer as a look.
"""

from contextlib import suppress
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection

from data.conversations import Conversation, fetch_conversations, fetch_transcript, require_conversation
from data.customers import Customer, find_by_mail, find_customer, find_person
from data.errors import BadInput, NotKnown
from data.handoffs import fetch_handoffs, find_conversation_of
from data.staff import Member
from web.conversations import HouseHere
from web.house import House
from web.staff import record_look
from web.staff_session import StaffHere

router = APIRouter(prefix="/staff/api")
MOST_HITS = 20
SHORTEST_WORD = 3


class SearchIn(BaseModel):
    """What somebody looks for."""

    model_config = ConfigDict(strict=True)

    text: str = Field(min_length=1, max_length=200)


@router.post("/search")
def search(body: SearchIn, member: StaffHere, house: HouseHere) -> dict[str, Any]:
    """The newest talks that fit, at most twenty; `more`: there are others."""
    wanted = body.text.strip()
    if not wanted:
        raise BadInput("text is empty; write a number, a mail address, a customer's id or a word.", field="text")
    with house.database.write() as connection:
        found = {one.conversation_id: one for one in _find_exact(connection, wanted)}
        hits = list(found.values()) or _find_word(connection, wanted)
        hits.sort(key=lambda one: one.opened_at, reverse=True)
        told = [_tell_hit(connection, house, one, member) for one in hits[:MOST_HITS]]
    return {"hits": told, "more": len(hits) > MOST_HITS}


def _find_exact(connection: Connection, wanted: str) -> list[Conversation]:
    """The talk with this number or of this handoff, and those of the customers with this id or mail address."""
    hits: list[Conversation] = []
    with suppress(NotKnown):
        hits.append(require_conversation(connection, wanted))
    with suppress(NotKnown):
        hits.append(require_conversation(connection, find_conversation_of(connection, wanted)))
    customer = find_customer(connection, wanted)
    people = [*([customer] if customer else []), *(find_by_mail(connection, wanted) if "@" in wanted else [])]
    for person in people:
        hits += fetch_conversations(connection, person.person_id)
    return hits


def _find_word(connection: Connection, wanted: str) -> list[Conversation]:
    """Open talks in which it was said."""
    word = wanted.casefold()
    if len(word) < SHORTEST_WORD:
        return []
    ids = [one.conversation_id for one in fetch_handoffs(connection)]
    return [
        require_conversation(connection, one)
        for one in ids
        if any(word in message.text.casefold() for message in fetch_transcript(connection, one))
    ]


def _tell_hit(connection: Connection, house: House, hit: Conversation, member: Member) -> dict[str, Any]:
    person: Customer | None = find_person(connection, hit.person_id) if hit.person_id is not None else None
    if person is not None:
        detail = {"conversation_id": hit.conversation_id, "found": True}
        record_look(connection, house, person.person_id, member, detail, what_for="search")
    return {
        "conversation_id": hit.conversation_id,
        "opened_at": hit.opened_at,
        "state": hit.state,
        "customer_id": person.customer_id if person else None,
        "customer_name": person.name if person else None,
    }
