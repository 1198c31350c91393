"""What stands beside a talk of a customer whom the shop knows: what they asked by right, what they dispute, their earlier talks.

An earlier talk is opened by itself, to be read; that look is recorded then. Who has been here only as a visitor has none of this.
"""

from typing import Any

from fastapi import APIRouter

from data.conversations import fetch_conversations, require_conversation
from data.requests import Whose, fetch_requests
from data.reviews import fetch_reviews
from web.conversations import HouseHere
from web.staff import record_look
from web.staff_session import StaffHere

router = APIRouter(prefix="/staff/api")
MOST_EARLIER = 20


@router.get("/conversations/{conversation_id}/beside")
def read_beside(conversation_id: str, member: StaffHere, house: HouseHere) -> dict[str, Any]:
    """Open requests and reviews, soonest due first, and earlier talks, newest first. A look at personal data is recorded."""
    with house.database.write() as connection:
        conversation = require_conversation(connection, conversation_id)
        person_id = conversation.person_id
        if person_id is None:
            return {"requests": [], "reviews": [], "earlier": []}
        detail = {"conversation_id": conversation_id, "read": True}
        record_look(connection, house, person_id, member, detail, what_for="handoff")
        asked = fetch_requests(connection, Whose(person_id=person_id), state="open")
        disputed = fetch_reviews(connection, state="open", person_id=person_id)
        talks = fetch_conversations(connection, person_id)
    return {
        "requests": [{"request_id": one.request_id, "kind": one.kind, "due": one.due_at} for one in asked],
        "reviews": [{"review_id": one.review_id, "due": one.due_on.isoformat()} for one in disputed],
        "earlier": [
            {"conversation_id": one.conversation_id, "opened_at": one.opened_at, "state": one.state}
            for one in talks
            if one.conversation_id != conversation_id and one.opened_at <= conversation.opened_at
        ][:MOST_EARLIER],
    }
