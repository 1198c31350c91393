"""From texts to messages: who says what, with its facts and buttons."""

from typing import Any

from data.conversations import Conversation, Draft
from web.house import House


def write_draft(
    house: House, address: str, /, *, author: str = "bot", vary: str = "", buttons: bool = True, **facts: Any
) -> Draft:
    """A message from a text that has a kind."""
    entry = house.texts.entry(address)
    if entry.kind is None:
        raise ValueError(f"Text {address!r} has no kind, so it is a fragment and no message.")
    return Draft(
        author=author,
        author_name=house.texts.say("disclosure.author_bot") if author == "bot" else None,
        kind=entry.kind,
        lang=house.texts.lang,
        text=house.texts.say(address, vary=vary, **facts),
        buttons=house.texts.buttons(address, **facts) if buttons else [],
    )


def write_disclosure(house: House, address: str = "disclosure.first", **facts: Any) -> Draft:
    """A disclosure, with the version of its wording for the record (P1)."""
    entry = house.texts.entry(address)
    return Draft(
        author="bot",
        author_name=house.texts.say("disclosure.author_bot"),
        kind="disclosure",
        lang=house.texts.lang,
        text=house.texts.say(address, **facts),
        buttons=house.texts.buttons(address),
        text_version=entry.version,
    )


def choose_author(conversation: Conversation) -> str:
    """Who says the outcome of a button: the bot, or the system while a person owns the conversation."""
    return "system" if conversation.state == "human" else "bot"


def title_category(house: House, category: str) -> str:
    """A category of personal data as a title: "What you bought"."""
    group = house.shop.sensitive.get(category.removeprefix("sensitive_"))
    return group.title if group is not None else house.texts.say(f"privacy.category_{category}")
