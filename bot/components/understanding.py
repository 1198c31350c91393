"""bot/encoder as pipeline components: mend the spelling, read the sentence, tell the intent.

They hand on through the message, under names that Rasa does not send out: the mended text, which the featurizers read, and the
encoder's hidden numbers, which the intents' tuned layers read. The customer's own text stays as it is, for entities and actions.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from pathlib import Path
from typing import Any

from components import MENDED, SLIPPED
from components.featurizer import MeaningFeaturizer
from encoder.intents import IntentModel
from encoder.reader import Encoder
from encoder.spelling import Speller, choose_slipped, count_words
from encoder.tuning import MOST_TEXTS
from language.catalogue import load_catalogue
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.constants import FEATURIZER_CLASS_ALIAS
from rasa.nlu.featurizers.dense_featurizer.dense_featurizer import DenseFeaturizer
from rasa.shared.nlu.constants import (
    FEATURE_TYPE_SENTENCE,
    INTENT,
    INTENT_NAME_KEY,
    INTENT_RANKING_KEY,
    PREDICTED_CONFIDENCE_KEY,
    TEXT,
)
from rasa.shared.nlu.training_data.features import Features
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from scipy.sparse import csr_matrix, vstack

READING, TRUST = "reading", "trust"
NOT_UNDERSTOOD = "nlu_fallback"
_WORDS = "words.json"


def _digest(*paths: Path) -> str:
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in paths)).hexdigest()


def _find_code(*names: str) -> list[Path]:
    folder = Path(__file__).resolve().parent.parent / "encoder"
    return [folder / f"{name}.py" for name in names]


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=True)
class SpellingMender(GraphComponent):
    """Learns the words of the training lines, and mends what is near one of them (encoder/spelling.py)."""

    def __init__(
        self, storage: ModelStorage, resource: Resource, catalogue: Path | None, words: Counter[str] | None = None
    ) -> None:
        """Take the words of the training lines, if there are any yet, and the shop's, which are left alone."""
        self._storage, self._resource, self._catalogue = storage, resource, catalogue
        self._speller = None if words is None else Speller(words, _list_protected(catalogue))

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Rasa's hook: the shop's words, seen from the working directory; none for no shop."""
        return {"catalogue": None}

    @classmethod
    def fingerprint_addon(cls, config: dict[str, Any]) -> str:
        """Rasa's hook: what is mended depends on this code."""
        return _digest(*_find_code("spelling"))

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> SpellingMender:
        """Rasa's hook: an untrained one."""
        return cls(model_storage, resource, Path(config["catalogue"]) if config["catalogue"] else None)

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> SpellingMender:
        """Rasa's hook: the trained one."""
        with model_storage.read_from(resource) as directory:
            words = Counter(json.loads((directory / _WORDS).read_text(encoding="utf-8")))
        return cls(model_storage, resource, Path(config["catalogue"]) if config["catalogue"] else None, words)

    def train(self, training_data: TrainingData) -> Resource:
        """Learn the words."""
        words = count_words(example.get(TEXT) for example in training_data.intent_examples if example.get(TEXT))
        self._speller = Speller(words, _list_protected(self._catalogue))
        with self._storage.write_to(self._resource) as directory:
            (directory / _WORDS).write_text(json.dumps(words), encoding="utf-8")
        return self._resource

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Mend the training lines, and add copies with slips of the finger, mended as a customer's would be."""
        self.process([example for example in training_data.training_examples if example.get(TEXT)])
        lines = [example for example in training_data.intent_examples if example.get(TEXT)]
        slipped = choose_slipped([line.get(TEXT) for line in lines])
        copies = [
            Message({TEXT: text, INTENT: lines[number].get(INTENT), SLIPPED: True})
            for number, text in slipped
            if self._speller and self._speller.mend(text) != lines[number].get(MENDED)
        ]
        return TrainingData(
            training_examples=[*training_data.training_examples, *self.process(copies)],
            entity_synonyms=training_data.entity_synonyms,
            regex_features=training_data.regex_features,
            lookup_tables=training_data.lookup_tables,
            responses=training_data.responses,
        )

    def process(self, messages: list[Message]) -> list[Message]:
        """Put the mended text beside each message's own."""
        for message in messages:
            text = message.get(TEXT) or ""
            message.set(MENDED, self._speller.mend(text) if self._speller else text)
        return messages


def _list_protected(catalogue: Path | None) -> set[str]:
    if catalogue is None:
        return set()
    return set(count_words(word for named in load_catalogue(catalogue).named for word in named.words))


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=False)
class SentenceFeaturizer(DenseFeaturizer, GraphComponent):
    """Reads each message with the sentence encoder: one dense row a message, no row a word."""

    def __init__(self, config: dict[str, Any], name: str, encoder: Encoder) -> None:
        """Take the encoder."""
        super().__init__(name, config)
        self._encoder = encoder

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Rasa's hook: where set-up made the encoder, seen from the working directory."""
        return {**DenseFeaturizer.get_default_config(), "encoder": "../var/env/encoder"}

    @classmethod
    def validate_config(cls, config: dict[str, Any]) -> None:
        """Rasa's hook: a missing encoder is told when it is opened."""

    @classmethod
    def fingerprint_addon(cls, config: dict[str, Any]) -> str:
        """Rasa's hook: another encoder reads other numbers."""
        graph = Path(config.get("encoder", cls.get_default_config()["encoder"])) / "encoder.onnx"
        return _digest(*_find_code("reader"), *([graph] if graph.is_file() else []))

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> SentenceFeaturizer:
        """Rasa's hook."""
        return cls(config, execution_context.node_name, Encoder(Path(config["encoder"])))

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Rasa's hook."""
        self.process([example for example in training_data.training_examples if example.get(TEXT)])
        return training_data

    def process(self, messages: list[Message]) -> list[Message]:
        """Add the vector to each message, and keep the reading for the intents."""
        for message in messages:
            reading = self._encoder.read(message.get(MENDED) or message.get(TEXT) or "")
            message.set(READING, reading)
            message.add_features(
                Features(reading.vector[None], FEATURE_TYPE_SENTENCE, TEXT, self._config[FEATURIZER_CLASS_ALIAS])
            )
        return messages


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class IntentReader(GraphComponent):
    """Tells the intent, and that a message was not understood (encoder/intents.py)."""

    def __init__(
        self, config: dict[str, Any], storage: ModelStorage, resource: Resource, model: IntentModel | None = None
    ) -> None:
        """Take the trained model, if there is one yet."""
        self._config, self._storage, self._resource, self._model = config, storage, resource, model

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Rasa's hook: below `threshold` a message is not understood; `encoder` holds the layers as they were before; at most
        `most_tuned` examples tune them."""
        return {"threshold": 0.0, "ranking_length": 5, "encoder": "../var/env/encoder", "most_tuned": MOST_TEXTS}

    @classmethod
    def required_components(cls) -> list[type]:
        """Rasa's hook."""
        return [SentenceFeaturizer, MeaningFeaturizer]

    @classmethod
    def fingerprint_addon(cls, config: dict[str, Any]) -> str:
        """Rasa's hook: what is learned depends on this code."""
        return _digest(*_find_code("graph", "tuning", "intents"))

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> IntentReader:
        """Rasa's hook: an untrained one."""
        return cls(config, model_storage, resource)

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> IntentReader:
        """Rasa's hook: the trained one."""
        with model_storage.read_from(resource) as directory:
            return cls(config, model_storage, resource, IntentModel.load(directory))

    def train(self, training_data: TrainingData) -> Resource:
        """Learn from the messages that have an intent."""
        examples = [example for example in training_data.intent_examples if example.get(TEXT)]
        with self._storage.write_to(self._resource) as directory:
            self._model = IntentModel.train(
                [example.get(READING) for example in examples],
                vstack([_collect_words(example) for example in examples]).tocsr(),
                [example.get(INTENT) for example in examples],
                frozen_tail=Path(self._config["encoder"]) / "tail.npz",
                folder=directory,
                most_tuned=int(self._config["most_tuned"]),
            )
        return self._resource

    def process(self, messages: list[Message]) -> list[Message]:
        """Set each message's intent and ranking. A message without text or without a trained model has none."""
        for message in messages:
            if self._model is None or not message.get(TEXT):
                message.set(INTENT, {INTENT_NAME_KEY: None, PREDICTED_CONFIDENCE_KEY: 0.0}, add_to_output=True)
                message.set(INTENT_RANKING_KEY, [], add_to_output=True)
                continue
            verdict = self._model.read(message.get(READING), _collect_words(message))
            ranking = [
                {INTENT_NAME_KEY: name, PREDICTED_CONFIDENCE_KEY: share}
                for name, share in verdict.ranking[: int(self._config["ranking_length"])]
            ]
            if verdict.trust < float(self._config["threshold"]):
                ranking = [{INTENT_NAME_KEY: NOT_UNDERSTOOD, PREDICTED_CONFIDENCE_KEY: 1.0 - verdict.trust}, *ranking]
            message.set(INTENT, ranking[0], add_to_output=True)
            message.set(INTENT_RANKING_KEY, ranking, add_to_output=True)
            message.set(TRUST, verdict.trust, add_to_output=True)
        return messages


def _collect_words(message: Message) -> csr_matrix:
    """The row of words, letter groups and meanings that MeaningFeaturizer added."""
    _, sentence = message.get_sparse_features(TEXT)
    return csr_matrix(sentence.features)
