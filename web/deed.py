"""A deed in the making, and how its outcome is said: what `web/deeds.py` and the topics beside it have in common."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection

from data.conversations import Conversation, Draft
from web.house import House
from web.speech import choose_author, write_draft

Say = Callable[[Connection, Conversation], list[Draft]]


@dataclass(frozen=True)
class Deed:
    """A deed in the making: who asks, where, with which words."""

    house: House
    conversation: Conversation
    person_id: int | None
    facts: dict[str, Any]
    words: str = ""
    signal: bool = False


def say_deed(deed: Deed, address: str, **facts: Any) -> Say:
    """One text as the outcome."""
    vary = f"{deed.conversation.conversation_id}{deed.conversation.last_seq}"
    return lambda _connection, now: [write_deed(deed.house, now, address, vary=vary, **facts)]


def write_deed(house: House, now: Conversation, address: str, **facts: Any) -> Draft:
    """The outcome of a deed: a notice by the system while a person owns the conversation."""
    draft = write_draft(house, address, author=choose_author(now), **facts)
    return replace(draft, kind="notice") if now.state == "human" else draft
