"""language/features.py as a featurizer: one row a message, no row a word, since no component here reads words in order."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from components import MENDED, SLIPPED
from language import features
from language.features import TextFeatures
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.constants import FEATURIZER_CLASS_ALIAS
from rasa.nlu.featurizers.sparse_featurizer.sparse_featurizer import SparseFeaturizer
from rasa.shared.nlu.constants import FEATURE_TYPE_SENTENCE, TEXT
from rasa.shared.nlu.training_data.features import Features
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

_FILE = "features.json"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=True)
class MeaningFeaturizer(SparseFeaturizer, GraphComponent):
    """Turns a message into words, letter groups and concepts."""

    def __init__(
        self, config: dict[str, Any], name: str, storage: ModelStorage, resource: Resource, text_features: TextFeatures
    ) -> None:
        """Take features, fitted or not."""
        super().__init__(name, config)
        self._storage, self._resource, self._features = storage, resource, text_features

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Rasa's hook."""
        return {**SparseFeaturizer.get_default_config()}

    @classmethod
    def fingerprint_addon(cls, config: dict[str, Any]) -> str:
        """Rasa's hook: its cache looks at this file alone, so a change of what the features are made of would go unseen."""
        folder = Path(features.__file__).parent
        parts = [
            (folder / name).read_bytes()
            for name in ("features.py", "tfidf.py", "concepts.py", "concepts.yml", "caution.py")
        ]
        return hashlib.sha256(b"\0".join(parts)).hexdigest()

    @classmethod
    def validate_config(cls, config: dict[str, Any]) -> None:
        """Rasa's hook: nothing to choose."""

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> MeaningFeaturizer:
        """Rasa's hook: an untrained one."""
        return cls(config, execution_context.node_name, model_storage, resource, TextFeatures())

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> MeaningFeaturizer:
        """Rasa's hook: the trained one."""
        with model_storage.read_from(resource) as directory:
            return cls(
                config, execution_context.node_name, model_storage, resource, TextFeatures.load(directory / _FILE)
            )

    def train(self, training_data: TrainingData) -> Resource:
        """Learn the columns from the messages that have an intent."""
        examples = [one for one in training_data.intent_examples if one.get(TEXT) and not one.get(SLIPPED)]
        self._features.fit([_read(example) for example in examples])
        with self._storage.write_to(self._resource) as directory:
            self._features.save(directory / _FILE)
        return self._resource

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Rasa's hook."""
        self.process([example for example in training_data.training_examples if example.get(TEXT)])
        return training_data

    def process(self, messages: list[Message]) -> list[Message]:
        """Add one sparse row to each message."""
        for message in messages:
            row = self._features.transform([_read(message)]).tocoo()
            message.add_features(Features(row, FEATURE_TYPE_SENTENCE, TEXT, self._config[FEATURIZER_CLASS_ALIAS]))
        return messages


def _read(message: Message) -> str:
    """The text with its spelling mended where SpellingMender stands before, else as it came."""
    return str(message.get(MENDED) or message.get(TEXT) or "")
