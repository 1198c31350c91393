"""The finder as a pipeline component: what language/finder.py finds becomes the message's entities.

The shop's words are read from a file when the model is loaded, so a changed catalogue needs a restart, not a training.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from language.catalogue import load_catalogue
from language.finder import Finder
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import ENTITIES, TEXT
from rasa.shared.nlu.training_data.message import Message


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=False)
class EntityFinder(GraphComponent):
    """Finds products, order numbers, days and categories of personal data."""

    def __init__(self, finder: Finder) -> None:
        """Take a finder with the shop's words."""
        self._finder = finder

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Rasa's hook: where the shop's words are, seen from the working directory."""
        return {"catalogue": "../var/bot/catalogue.json"}

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> EntityFinder:
        """Rasa's hook."""
        return cls(Finder(load_catalogue(Path(config["catalogue"]))))

    def process(self, messages: list[Message]) -> list[Message]:
        """Add the entities to each message."""
        for message in messages:
            entities = [
                {
                    "entity": found.kind,
                    "value": found.value,
                    "start": found.start,
                    "end": found.end,
                    "extractor": "EntityFinder",
                }
                for found in self._finder.find(message.get(TEXT) or "")
            ]
            message.set(ENTITIES, (message.get(ENTITIES) or []) + entities, add_to_output=True)
        return messages
