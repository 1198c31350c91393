"""Asking the bot until every reply can be said: a message of several requests is asked again part by part.

Asking changes nothing, so a failure anywhere asks all of it again, and the parts' answers are appended as one batch: a crash
between two parts leaves the whole message to its next turn, and none is said twice.
"""

from datetime import UTC, datetime

from sqlalchemy import Connection

from data.clock import parse_time
from data.conversations import Conversation, Message, fetch_newest
from web.bot import Bot, Reply
from web.deeds import is_deed, parse_payload

DEEPEST = 2  # a part that chooses from a list presses its button: no reply leads further


async def ask_fully(bot: Bot, conversation: Conversation, message: Message) -> list[Reply]:
    """The replies to a message, with those in place that a reply asked for. Raises `BotFailed`."""
    replies = await bot.ask(
        conversation.conversation_id,
        text=message.text,
        payload=message.payload,
        lang=conversation.locale,
        speaks=message.speaks,
    )
    return [more for reply in replies for more in await _follow(bot, conversation, message, reply, DEEPEST)]


async def _follow(bot: Bot, conversation: Conversation, message: Message, reply: Reply, deeper: int) -> list[Reply]:
    """The reply itself, or what comes of the part or the button that it stands for."""
    is_button = reply.press is not None and not is_deed(reply.press)
    if reply.ask is None and not is_button:
        return [reply]
    if not deeper:
        return []
    replies = await bot.ask(
        conversation.conversation_id,
        text=reply.ask,
        payload=reply.press if reply.ask is None else None,
        lang=conversation.locale,
        speaks=message.speaks,
        part={"about": reply.about} if reply.ask is not None else None,
    )
    return [more for one in replies for more in await _follow(bot, conversation, message, one, deeper - 1)]


def find_owed(connection: Connection, conversation: Conversation) -> Message | None:
    """The owed question if it is still wanted: in time, with the bot, and the customer's last word apart from "try again"."""
    if conversation.state not in ("bot", "waiting") or conversation.owed_until is None:
        return None
    if parse_time(conversation.owed_until) < datetime.now(UTC):
        return None
    for message in fetch_newest(connection, conversation.conversation_id, limit=20, author="customer"):
        if message.seq == conversation.owed_seq:
            return message
        if message.payload is None or parse_payload(message.payload)[0] != "try_again":
            return None
    return None


def find_asked(connection: Connection, conversation: Conversation, message: Message) -> Message | None:
    """The question that "try again" means: the owed one, else the customer's last."""
    for earlier in fetch_newest(connection, conversation.conversation_id, limit=50, author="customer"):
        if earlier.seq == conversation.owed_seq:
            return earlier
        is_repeat = earlier.payload is not None and parse_payload(earlier.payload)[0] == "try_again"
        if conversation.owed_seq is None and earlier.seq != message.seq and not is_repeat:
            return earlier
    return None
