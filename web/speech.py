"""From texts to messages: who says what, with its facts and buttons."""

from dataclasses import replace
from typing import Any

from sqlalchemy import Connection

from data.conversations import Conversation, Draft, fetch_newest
from data.texts import Texts
from web.bot import Reply
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
        variants=house.texts.list_variants(address, **facts),
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


def speak_reply(house: House, reply: Reply, *, first: Texts) -> Reply:
    """A reply in the language of `house`, with its other wordings.

    An action speaks it already. What Rasa says by itself comes in the shop's `first` language, since its responses are written from
    those texts, and carries the address of its text: the same wording and the same buttons are taken from the language's own.
    """
    if reply.key is None:
        return reply
    said, entry = first.entry(reply.key).say, house.texts.entry(reply.key)
    if reply.text not in said:
        return reply
    text = entry.say[said.index(reply.text) % len(entry.say)]
    return replace(reply, text=text, buttons=house.texts.buttons(reply.key), variants=list(entry.say))


def vary_repeated(connection: Connection, house: House, conversation_id: str, drafts: list[Draft]) -> list[Draft]:
    """The messages, none of them in the very words of the one before it: another wording, or the same said to be so.

    A disclosure without another wording stays as it is: its words are fixed.
    """
    if not drafts:
        return drafts
    newest = fetch_newest(connection, conversation_id, limit=8)
    before = next((message.text for message in newest if message.author in ("bot", "system")), None)
    varied = []
    for draft in drafts:
        if draft.text == before and draft.author in ("bot", "system") and draft.text:
            others = [text for text in draft.variants if text != before]
            if not others and draft.kind != "disclosure":
                others = [house.texts.say("notices.again", text=draft.text)]
            draft = replace(draft, text=others[0]) if others else draft
        before = draft.text
        varied.append(draft)
    return varied


def choose_author(conversation: Conversation) -> str:
    """Who says the outcome of a button: the bot, or the system while a person owns the conversation."""
    return "system" if conversation.state == "human" else "bot"


def title_category(house: House, category: str) -> str:
    """A category of personal data as a title: "What you bought"."""
    group = house.shop.sensitive.get(category.removeprefix("sensitive_"))
    return group.title if group is not None else house.texts.say(f"privacy.category_{category}")
