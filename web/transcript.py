"""A conversation as a text file, for its customer to keep: what they can see, in their language and their time (docs/contract.md)."""

from datetime import datetime
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from fastapi.responses import Response

from data.access import access_conversation
from data.clock import parse_time
from data.conversations import Conversation, Message, fetch_messages
from models.wording import say_money
from web.conversations import HouseHere, Token, note_seen
from web.house import House

PAGE = 500
router = APIRouter()


@router.get("/api/conversations/{conversation_id}/transcript", response_model=None)
async def read_transcript(conversation_id: str, house: HouseHere, token: Token) -> Response:
    """The conversation as `text/plain`, to save."""

    def work() -> tuple[Conversation, list[Message]]:
        with house.database.read() as connection:
            conversation = access_conversation(connection, token, conversation_id).conversation
            messages: list[Message] = []
            while page := fetch_messages(
                connection, conversation_id, after=(messages[-1].seq or 0) if messages else 0, limit=PAGE
            ):
                messages += page
        note_seen(house, conversation)
        return conversation, messages

    conversation, messages = await house.do(work)
    text = write_transcript(house.speak(conversation.locale), conversation, messages)
    name = f"chat-{conversation.opened_at[:10]}.txt"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response("\ufeff" + text, media_type="text/plain; charset=utf-8", headers=headers)


def write_transcript(house: House, conversation: Conversation, messages: list[Message]) -> str:
    """One paragraph a message: when, who, what; offers with their prices and reasons below. Lines of a message stay lines."""
    zone = ZoneInfo(conversation.zone) if conversation.zone else house.shop.zone
    opened = parse_time(conversation.opened_at).astimezone(zone)
    title = house.texts.say("transcript.title", shop=house.shop.name, date=f"{opened:%Y-%m-%d}")
    head = [title, house.texts.say("transcript.zone", zone=zone.key), ""]
    return "\n".join([*head, *(_write_one(house, message, zone) for message in messages)])


def _write_one(house: House, message: Message, zone: ZoneInfo) -> str:
    at: datetime = parse_time(message.at).astimezone(zone)
    lines = [f"[{at:%Y-%m-%d %H:%M}] {_name_author(house, message)}: {message.text}"]
    for offer in message.offers:
        price = offer.get("price")
        money = f", {say_money(price['amount'], price['currency'], house.texts.lang)}" if price else ""
        lines.append("  " + house.texts.say("transcript.offer", title=offer["title"] + money))
        if offer.get("why"):
            lines.append("  " + house.texts.say("transcript.reason", text=offer["why"]))
    return "\n".join(lines) + "\n"


def _name_author(house: House, message: Message) -> str:
    if message.author == "customer":
        return house.texts.say("transcript.you")
    if message.author in ("bot", "human"):
        address = "transcript.bot" if message.author == "bot" else "transcript.person"
        return house.texts.say(address, name=message.author_name or house.shop.name)
    return house.texts.say("transcript.system")
