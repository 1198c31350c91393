"""What helps a person to write: the shop's written answers with their fields filled, and its answers to what the customer last asked.

Neither is ever sent by itself. For the second the bot is asked to read one text, outside of any dialogue, as it reads for itself; what it
is unsure of is not shown, and nothing of it is kept (`bot/components/reading.py`).
"""

from typing import Any

from fastapi import APIRouter

from bot.language.asked import MAYBE
from data.answers import FIELDS, fetch_answers, fill_fields, find_fields
from data.catalogue import find_question
from data.conversations import Message, fetch_newest, require_conversation
from data.customers import find_person
from data.handoffs import find_open_handoff
from web.bot import BotFailed
from web.conversations import HouseHere
from web.house import House
from web.staff_session import StaffHere

router = APIRouter(prefix="/staff/api")
NEWEST = 5


@router.get("/answers")
def list_answers(conversation_id: str, member: StaffHere, house: HouseHere) -> dict[str, Any]:
    """The written answers, those of the talk's language first. `missing`: fields that a person has to fill."""
    with house.database.read() as connection:
        conversation = require_conversation(connection, conversation_id)
        person = find_person(connection, conversation.person_id) if conversation.person_id is not None else None
        handoff = find_open_handoff(connection, conversation_id)
        written = fetch_answers(connection)
    order_id = handoff.topic.get("order_id") if handoff else None
    facts = {
        "customer_name": person.name if person else None,
        "my_name": member.name,
        "order_id": str(order_id) if order_id else None,
        "shop_name": house.shop.name,
    }
    lang = conversation.locale.split("-")[0]
    told = []
    for one in sorted(written, key=lambda one: one.lang not in (lang, None)):
        text = fill_fields(one.text, facts)
        told.append(
            {"answer_id": one.answer_id, "title": one.title, "text": text, "lang": one.lang}
            | {"missing": find_fields(text)}
        )
    return {"answers": told, "fields": list(FIELDS)}


@router.get("/suggestions")
async def list_suggestions(conversation_id: str, member: StaffHere, house: HouseHere) -> dict[str, Any]:
    """Up to three of the shop's own answers to the customer's last message, the likeliest first; none that the bot is unsure of."""
    asked = await house.do(lambda: _find_asked(house, conversation_id))
    if asked is None:
        return {"seq": None, "suggestions": []}
    try:
        found = await house.bot.find_questions(asked.text)
    except BotFailed:
        return {"seq": asked.seq, "suggestions": []}
    sure = [one for one in found if one.confidence >= MAYBE]

    def tell() -> list[dict[str, Any]]:
        with house.database.read() as connection:
            known = [(find_question(connection, one.question_id), one) for one in sure]
        return [
            {
                "question_id": row.question_id,
                "title": row.title,
                "text": row.answer,
                "link": row.link,
                "confidence": one.confidence,
            }
            for row, one in known
            if row is not None and row.title == one.title  # as the bot learned it
        ]

    return {"seq": asked.seq, "suggestions": await house.do(tell)}


def _find_asked(house: House, conversation_id: str) -> Message | None:
    """The customer's newest message that they wrote themselves."""
    with house.database.read() as connection:
        require_conversation(connection, conversation_id)
        newest = fetch_newest(connection, conversation_id, limit=NEWEST, author="customer")
    return next((one for one in newest if one.payload is None), None)  # a button that was pressed asks nothing more
