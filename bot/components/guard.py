"""What stands before and after the classifier. The rules themselves are in language/caution.py, tested without rasa."""

from __future__ import annotations

from typing import Any

from components.action_check import check_answers_quickly
from language.caution import asks_why_shown, clean_text, settle_intent, speaks_of_data
from language.foreign import find_language
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
from rasa.shared.nlu.training_data.training_data import TrainingData

SWITCHES = ("grant_consent", "withdraw_consent")
HELD_BACK, UNSURE = ("ask_consents", "ask_what_if"), 0.5


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=False)
class MessageGuard(GraphComponent):
    """Cuts and cleans a message before anything reads it."""

    def __init__(self, most_characters: int) -> None:
        """Read at most so many characters of a message."""
        self._most_characters = most_characters

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Rasa's hook: the bot reads the first 1,000 characters (shop.toml, limits)."""
        return {"most_characters": 1000}

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> MessageGuard:
        """Rasa's hook, called once when a model is loaded."""
        check_answers_quickly()
        return cls(int(config["most_characters"]))

    def process(self, messages: list[Message]) -> list[Message]:
        """Clean each message in place."""
        for message in messages:
            message.set(
                TEXT, clean_text(message.get(TEXT) or "", most_characters=self._most_characters), add_to_output=True
            )
        return messages

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Clean what is learned from as what is read."""
        self.process([example for example in training_data.training_examples if example.get(TEXT)])
        return training_data


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=False)
class IntentGuard(GraphComponent):
    """Hears an emergency, a plain wish for a person and another language in any message, and lets no switch be thrown by a guess."""

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> IntentGuard:
        """Rasa's hook."""
        return cls()

    def process(self, messages: list[Message]) -> list[Message]:
        """Settle the intent of each message; the ranking keeps what the classifier thought."""
        for message in messages:
            text, intent = message.get(TEXT) or "", message.get(INTENT) or {}
            read, confidence = intent.get(INTENT_NAME_KEY), float(intent.get(PREDICTED_CONFIDENCE_KEY) or 0.0)
            others = {
                str(one.get(INTENT_NAME_KEY)): float(one.get(PREDICTED_CONFIDENCE_KEY) or 0.0)
                for one in (message.get(INTENT_RANKING_KEY) or [])[1:]
            }
            opposite = max((others.get(switch, 0.0) for switch in SWITCHES), default=0.0)
            second = next(iter(others), "nlu_fallback")
            settled = settle_intent(text, read or "", confidence, second=second, opposite=opposite)
            if settled != read or (settled == "ask_why_offer" and asks_why_shown(text)):  # then nothing is in doubt
                # A switch that is not thrown was no sure reading: a common question may still be what is asked.
                is_sure = settled not in HELD_BACK or speaks_of_data(text)
                sure = 1.0 if is_sure else min(confidence, UNSURE)
                chosen = {INTENT_NAME_KEY: settled, PREDICTED_CONFIDENCE_KEY: sure}
                ranking = message.get(INTENT_RANKING_KEY) or []
                message.set(INTENT, chosen, add_to_output=True)
                message.set(
                    INTENT_RANKING_KEY,
                    [chosen, *(one for one in ranking if one.get("name") != settled)],
                    add_to_output=True,
                )
            if settled == "speak_other_language":
                spoken = {"entity": "language", "value": find_language(text), "start": 0, "end": len(text)}
                entities = [*(message.get(ENTITIES) or []), {**spoken, "extractor": "IntentGuard"}]
                message.set(ENTITIES, entities, add_to_output=True)
        return messages
