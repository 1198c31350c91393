"""Whether what was said is in a language: the texts of two languages as patterns, and a stand-in for Rasa that speaks by its rules.

The stand-in takes a message for the name of its intent, looks the intent up in bot/rules and answers as Rasa does: by the real
action, or with the English response that Rasa would hold. What is understood is not the matter here.
"""

import asyncio
import re
import string
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import yaml
from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions import (  # noqa: F401 - so that every action is known as a subclass
    explanations,
    handoff,
    offers,
    orders,
    privacy,
    products,
    questions,
    requests,
    smalltalk,
    tastes,
)
from actions.talk import CandorAction
from data.texts import Texts
from web.deeds import parse_payload

ROOT = Path(__file__).resolve().parent.parent
FEWEST_LETTERS = 4
"""A pattern with fewer letters of its own fits anything."""


@cache
def read_rules() -> dict[str, str]:
    """Of each intent the action or response that answers it."""
    rules: dict[str, str] = {}
    for path in sorted((ROOT / "bot" / "rules").glob("*.yml")):
        for rule in yaml.safe_load(path.read_text(encoding="utf-8"))["rules"]:
            steps = {name: value for step in rule["steps"] for name, value in step.items()}
            rules[steps["intent"]] = steps["action"]
    return rules


@cache
def list_actions() -> dict[str, CandorAction]:
    """Every action by its name."""
    found, waiting = {}, [CandorAction]
    while waiting:
        kind = waiting.pop()
        waiting += kind.__subclasses__()
        if not getattr(kind, "__abstractmethods__", None):
            found[kind().name()] = kind()
    return found


def make_script(english: Texts) -> Callable[[dict[str, Any]], list[dict[str, Any]]]:
    """A script of the stand-in for Rasa."""

    def answer(asked: dict[str, Any]) -> list[dict[str, Any]]:
        message = str(asked["message"])
        intent, facts = parse_payload(message) if message.startswith("/") else (message, {})
        name = read_rules()[intent]
        if name.startswith("utter_"):
            topic, _, key = name.removeprefix("utter_").partition("_")
            entry = english.entry(f"{topic}.{key}")
            custom = {"kind": entry.kind, "key": entry.address}
            return [{"text": entry.say[-1], "buttons": english.buttons(entry.address)}, {"custom": custom}]
        entities = [{"entity": entity, "value": value} for entity, value in facts.items()]
        latest = {"text": message, "intent": {"name": intent}, "entities": entities, "metadata": asked["metadata"]}
        dispatcher = CollectingDispatcher()
        tracker = cast(Tracker, SimpleNamespace(latest_message=latest))
        asyncio.run(list_actions()[name].run(dispatcher, tracker, {}))
        said = []
        for one in dispatcher.messages:
            said += [{"text": one["text"], "buttons": one["buttons"]}] if one.get("text") else []
            said.append({"custom": one["custom"]})
        return said

    return answer


def _make_pattern(text: str) -> re.Pattern[str] | None:
    parts = [(re.escape(literal), ".+?" if name else "") for literal, name, _, _ in string.Formatter().parse(text)]
    letters = sum(c.isalpha() for literal, _, _, _ in string.Formatter().parse(text) for c in literal)
    return re.compile("".join(a + b for a, b in parts), re.DOTALL) if letters >= FEWEST_LETTERS else None


class Finder:
    """Finds sentences of one language that another does not have."""

    def __init__(self, texts: Texts, other: Texts) -> None:
        shared = {text for entry in other.entries.values() for text in entry.say}
        said = {text for entry in texts.entries.values() for text in entry.say} - shared
        titles = {button["title"] for entry in texts.entries.values() for button in entry.buttons}
        self._patterns = [pattern for text in sorted(said) if (pattern := _make_pattern(text))]
        self._titles = titles - {button["title"] for entry in other.entries.values() for button in entry.buttons}

    def find_sentence(self, text: str) -> str | None:
        """The first whole sentence of the language that stands in a text."""
        pieces = [text, *text.splitlines(), *re.split(r"(?<=[.?])\s+", text)]
        return next((piece for piece in pieces for p in self._patterns if p.fullmatch(piece)), None)

    def find_wrong(self, message: dict[str, Any]) -> list[str]:
        """What a message on the wire holds of the language: its text, its buttons, its offers, its reasons with their controls."""
        told = message.get("explanation") or {"reasons": []}
        words = [message["text"], message.get("author_name") or "", *(offer["why"] for offer in message["offers"])]
        words += [offer["label_text"] for offer in message["offers"]] + [reason["text"] for reason in told["reasons"]]
        titles = [b["title"] for b in message["buttons"]] + [c["title"] for r in told["reasons"] for c in r["controls"]]
        wrong = [found for text in words + titles if (found := self.find_sentence(text))]
        return wrong + [title for title in titles if title in self._titles]


def list_intents() -> list[str]:
    """Every intent that has a rule, in order."""
    return sorted(read_rules())
