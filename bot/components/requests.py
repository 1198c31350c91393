"""language/requests.py as pipeline components: the parts of a message are read by the same pipeline, beside the message itself.

`RequestSplitter` stands early and hands on each proposed part as a message of its own, behind the customer's; every component
between reads them all; `RequestJoiner` stands last, decides, and lets only the customer's message go on.
"""

from __future__ import annotations

from typing import Any

from components.understanding import TRUST
from language.requests import Piece, Read, find_doubt, fits_whole, propose_parts, settle_parts
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import (
    ENTITIES,
    INTENT,
    INTENT_NAME_KEY,
    INTENT_RANKING_KEY,
    PREDICTED_CONFIDENCE_KEY,
    TEXT,
)
from rasa.shared.nlu.training_data.message import Message

PIECE, PARTS, CHOICES = "piece", "parts", "choices"
SEVERAL, UNSURE = "ask_several", "ask_either"


class _Plain(GraphComponent):
    """What a component without settings and without anything learned needs of Rasa."""

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> _Plain:
        """Rasa's hook."""
        return cls()


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=False)
class RequestSplitter(_Plain):
    """Adds the parts of a message behind it. A part that comes back alone, to be answered, is not cut again."""

    def process(self, messages: list[Message]) -> list[Message]:
        """The messages, and after them their parts."""
        parts = [
            Message({TEXT: piece.text, PIECE: (number, piece)})
            for number, message in enumerate(messages)
            if not _is_settled(message)
            for piece in propose_parts(message.get(TEXT) or "")
        ]
        return [*messages, *parts]


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=False)
class RequestJoiner(_Plain):
    """Decides whether a message is several requests, or could be either of two."""

    def process(self, messages: list[Message]) -> list[Message]:
        """The customer's messages alone, with their parts or their two meanings."""
        own = [message for message in messages if message.get(PIECE) is None]
        for number, message in enumerate(own):
            reads = [_describe(part) for part in messages if part.get(PIECE) and part.get(PIECE)[0] == number]
            parts = settle_parts(reads)
            if parts and fits_whole(parts, _get_intent(message)):
                told = [{"text": part.piece.text, "intent": part.intent, "entities": part.entities} for part in parts]
                message.set(PARTS, told, add_to_output=True)
                _set_intent(message, SEVERAL)
            elif not _is_settled(message) and (choices := _find_choices(message)):
                message.set(CHOICES, choices, add_to_output=True)
                _set_intent(message, UNSURE)
        return own


def _is_settled(message: Message) -> bool:
    """A pressed button, or a part that is being answered."""
    return (message.get(TEXT) or "").startswith("/") or bool((message.get("metadata") or {}).get("part"))


def _describe(part: Message) -> Read:
    piece: Piece = part.get(PIECE)[1]
    intent = part.get(INTENT) or {}
    entities = [{"entity": one["entity"], "value": one["value"]} for one in part.get(ENTITIES) or []]
    share = float(intent.get(PREDICTED_CONFIDENCE_KEY) or 0.0)
    return Read(piece, _get_intent(part), share, float(part.get(TRUST) or 0.0), entities)


def _find_choices(message: Message) -> list[str]:
    ranking = [(one[INTENT_NAME_KEY], one[PREDICTED_CONFIDENCE_KEY]) for one in message.get(INTENT_RANKING_KEY) or []]
    return find_doubt(ranking)


def _get_intent(message: Message) -> str:
    return str((message.get(INTENT) or {}).get(INTENT_NAME_KEY) or "")


def _set_intent(message: Message, name: str) -> None:
    chosen = {INTENT_NAME_KEY: name, PREDICTED_CONFIDENCE_KEY: 1.0}
    message.set(INTENT, chosen, add_to_output=True)
    message.set(INTENT_RANKING_KEY, [chosen, *(message.get(INTENT_RANKING_KEY) or [])], add_to_output=True)
