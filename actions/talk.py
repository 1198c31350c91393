"""An action's view of one message: who speaks, what was understood, what was said before; and what it answers.

Everything about the conversation comes from `data`, by the id in the message's metadata; Rasa's tracker is trusted with
nothing but the words that were just understood.
"""

import asyncio
import json
import logging
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher
from sqlalchemy import Connection

from actions.desk import Desk, get_desk
from bot.language.asked import SURE, Asked, read_asked
from bot.language.requests import points_back
from data.catalogue import find_question
from data.conversations import Conversation, Message, fetch_newest, require_conversation
from data.errors import NotKnown

_GOODS = ("product", "product_type")
_POINTED_AT: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("ask_price", "ask_stock", "ask_contents", "ask_similar", "never_show", "tell_taste"), _GOODS),
    **dict.fromkeys(("ask_order_status", "ask_order_contents", "ask_return"), ("order_id",)),
}
_KEPT = (*_GOODS, "order_id", "category")
# Intents that look something up for the customer: a question of the shop may stand beside what was found.
BESIDE = frozenset(
    (
        "ask_contents",
        "ask_order_contents",
        "ask_order_status",
        "ask_price",
        "ask_similar",
        "ask_stock",
        "list_orders",
        "search_product",
    )
)
_log = logging.getLogger("candor.actions")


@dataclass(frozen=True)
class Answer:
    """One message of the bot. `custom` holds what the gateway reads beside the text (web/bot.py, `Reply`)."""

    kind: str
    text: str = ""
    buttons: list[dict[str, str]] = field(default_factory=list)
    custom: dict[str, Any] = field(default_factory=dict)


@dataclass
class Talk:
    """One message to answer. `person_id` is None for a visitor; `conversation` is None in `rasa shell`."""

    desk: Desk
    conversation: Conversation | None
    person_id: int | None
    text: str
    intent: str
    entities: list[dict[str, Any]]
    asked: list[Asked] = field(default_factory=list)
    read_parts: list[dict[str, Any]] = field(default_factory=list)  # of a message of several requests
    choices: list[str] = field(default_factory=list)  # the two intents that a message may mean

    def find_entity(self, name: str) -> str | None:
        """The first value of an entity."""
        return next((str(entity["value"]) for entity in self.entities if entity.get("entity") == name), None)

    def find_entities(self, name: str) -> list[str]:
        """Every value of an entity, each once."""
        return list(dict.fromkeys(str(entity["value"]) for entity in self.entities if entity.get("entity") == name))

    def say(self, address: str, /, *, buttons: list[dict[str, str]] | None = None, **facts: Any) -> Answer:
        """An answer from a text that has a kind; its own buttons unless others are given."""
        entry = self.desk.texts.entry(address)
        return Answer(
            kind=entry.kind or "answer",
            text=self.desk.texts.say(address, vary=self.vary, **facts),
            buttons=self.desk.texts.buttons(address, **facts) if buttons is None else buttons,
            custom={"variants": list(variants)}
            if (variants := self.desk.texts.list_variants(address, **facts))
            else {},
        )

    def words(self, address: str, /, **facts: Any) -> str:
        """A fragment."""
        return self.desk.texts.say(address, **facts)

    @property
    def is_waiting(self) -> bool:
        """Whether a person is asked for and has not come yet."""
        return self.conversation is not None and self.conversation.state == "waiting"

    @property
    def lang(self) -> str:
        """The language that is spoken."""
        return self.desk.texts.lang

    @property
    def vary(self) -> str:
        """Chooses among variants: another one at each turn."""
        return f"{self.conversation.conversation_id}{self.conversation.last_seq}" if self.conversation else self.text

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A reading transaction."""
        with self.desk.database.read() as connection:
            yield connection

    def fetch_said(self, *, limit: int = 30) -> list[Message]:
        """What the bot, people and the system said lately, newest first."""
        if self.conversation is None:
            return []
        with self.read() as connection:
            newest = fetch_newest(connection, self.conversation.conversation_id, limit=limit)
        return [message for message in newest if message.author != "customer"]

    def find_understood(self) -> dict[str, Any]:
        """What the bot's last answer answered: `{intent, entities, said}`; nothing at the beginning."""
        return next((message.understood for message in self.fetch_said(limit=8) if message.understood), {})


class CandorAction(Action, ABC):  # type: ignore[misc]
    """An action that never leaves the customer in silence: when it fails it apologises and offers a person."""

    @abstractmethod
    def name(self) -> str:
        """The action's name in the domain."""

    @abstractmethod
    def answer(self, talk: Talk) -> list[Answer]:
        """What to say."""

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[dict[str, Any]]:
        """Called by the SDK. The work is done off its event loop."""
        latest, metadata = dict(tracker.latest_message), dict(tracker.latest_message.get("metadata") or {})
        try:
            answers = await asyncio.to_thread(self._work, latest, metadata)
        except Exception as error:
            _log.error(
                "%s failed in conversation %s: %s",
                self.name(),
                metadata.get("conversation_id"),
                type(error).__name__,
                exc_info=error,
            )
            texts = get_desk().speak(_find_lang(metadata)).texts
            answers = [
                Answer("notice", texts.say("notices.error"), texts.buttons("notices.error"), {"lang": texts.lang})
            ]
        understood = keep_understood(latest)
        for one in answers:
            kept = understood | one.custom.get("understood", {})
            dispatcher.utter_message(
                text=one.text or None,
                buttons=one.buttons,
                json_message={"kind": one.kind, **one.custom, "understood": kept},
            )
        return []

    def _work(self, latest: dict[str, Any], metadata: dict[str, Any]) -> list[Answer]:
        desk = get_desk().speak(_find_lang(metadata))
        entities = _flatten(latest)
        said = next((str(one["value"]) for one in entities if one.get("entity") == "said"), None)
        talk = Talk(
            desk=desk,
            conversation=(conversation := _find_conversation(desk, metadata.get("conversation_id"))),
            person_id=conversation.person_id if conversation is not None and metadata.get("speaks") else None,
            text=said or str(latest.get("text") or ""),
            intent=str((latest.get("intent") or {}).get("name") or ""),
            entities=[one for one in entities if one.get("entity") != "said"],
            read_parts=list(latest.get("parts") or []),
            choices=list(latest.get("choices") or []),
            asked=read_asked(latest),
        )
        point_back(talk, list((metadata.get("part") or {}).get("about") or []))
        return put_question_beside(talk, self.answer(talk))


def point_back(talk: Talk, about: list[dict[str, Any]]) -> None:
    """Let "it" mean what was named before: in the same message (`about`), else in what the last answer was about."""
    wanted = _POINTED_AT.get(talk.intent, ())
    if not wanted or any(one.get("entity") in wanted for one in talk.entities) or not points_back(talk.text):
        return
    known = about or talk.find_understood().get("entities", [])
    talk.entities = [*talk.entities, *(one for one in known if one.get("entity") in wanted)]


def _flatten(latest: dict[str, Any]) -> list[dict[str, Any]]:
    """The entities, those apart that a payload gave as a list."""
    return [
        {**entity, "value": value}
        for entity in latest.get("entities") or []
        for value in (entity["value"] if isinstance(entity.get("value"), list) else [entity.get("value")])
    ]


def keep_understood(latest: dict[str, Any]) -> dict[str, Any]:
    """What the next message may point back to: the intent, and what was named."""
    named = [{"entity": one["entity"], "value": one["value"]} for one in _flatten(latest) if one.get("entity") in _KEPT]
    intent = (latest.get("intent") or {}).get("name")
    return {"intent": intent, "entities": named} if intent else {}


def put_question_beside(talk: Talk, answers: list[Answer]) -> list[Answer]:
    """The answers; where something was looked up and the message is surely one of the shop's questions too, with its button.

    "My delivery has not arrived" is first about this order; what the shop does when it is late stands one press away. Never beside
    a yes and no.
    """
    first = talk.asked[0] if talk.asked else None
    if talk.intent not in BESIDE or first is None or first.confidence < SURE or not answers:
        return answers
    *before, last = answers
    if "press" in last.custom or (len(last.buttons) == 2 and "?" in last.text):
        return answers
    with talk.read() as connection:
        question = find_question(connection, first.question_id)
    if question is None or question.title != first.title:
        return answers
    button = {"title": question.title, "payload": write_payload("ask_question", question_id=question.question_id)}
    return [*before, replace(last, buttons=[*last.buttons, button])]


def write_payload(intent: str, **facts: str) -> str:
    """A button's payload; an id may hold anything, a quote too."""
    return f"/{intent}{json.dumps(facts, ensure_ascii=False, separators=(',', ':'))}"


def _find_lang(metadata: dict[str, Any]) -> str | None:
    lang = metadata.get("lang")
    return lang if isinstance(lang, str) else None


def _find_conversation(desk: Desk, conversation_id: Any) -> Conversation | None:
    if not isinstance(conversation_id, str):
        return None
    try:
        with desk.database.read() as connection:
            return require_conversation(connection, conversation_id)
    except NotKnown:
        return None


def press(payload: str, *, kind: str, text: str) -> Answer:
    """Ask the gateway to do what a button with this payload does. The text is for `rasa shell`, where there is no gateway."""
    return Answer(kind, text, custom={"press": payload})
