"""encoder/questions.py as a pipeline component: which of the shop's common questions a message asks.

What it finds goes out with the message as `questions`, `[{id, title, confidence}]`, the likeliest first; the action server reads it there.
The vector is the one that SentenceFeaturizer has read. Where the question is surer than the intent, the intent becomes ask_question
(`yields`, `doubtful`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from components import MENDED, SLIPPED
from components.understanding import READING, SentenceFeaturizer, _digest, _find_code
from encoder.questions import QuestionModel
from encoder.reader import Encoder
from language import tfidf
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import INTENT, INTENT_NAME_KEY, INTENT_RANKING_KEY, PREDICTED_CONFIDENCE_KEY, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

QUESTIONS = "questions"
ASK = "ask_question"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class QuestionFinder(GraphComponent):
    """Ranks the shop's questions for each message."""

    def __init__(
        self, config: dict[str, Any], storage: ModelStorage, resource: Resource, model: QuestionModel | None = None
    ) -> None:
        """Take the trained model, if there is one yet."""
        self._config, self._storage, self._resource, self._model = config, storage, resource, model
        self._yields = {str(name): float(least) for name, least in config["yields"].items()}
        self._doubtful, self._keeps = config["doubtful"], frozenset(config["keeps"])

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Rasa's hook: where `make train` wrote the questions; which intents ask nothing of the shop, to learn from; from which
        confidence of a question on an intent yields to it; and any intent of a confidence below `doubtful.below` yields to a question from
        `doubtful.question` on, but for those that it `keeps`."""
        return {
            "questions": "../var/bot/questions.json",
            "encoder": "../var/env/encoder",
            "foreign": [],
            "yields": {},
            "doubtful": {"below": 0.0, "question": 1.0},
            "keeps": [],
        }

    @classmethod
    def required_components(cls) -> list[type]:
        """Rasa's hook."""
        return [SentenceFeaturizer]

    @classmethod
    def fingerprint_addon(cls, config: dict[str, Any]) -> str:
        """Rasa's hook: what is learned depends on the questions and this code."""
        path = Path({**cls.get_default_config(), **config}["questions"])
        return _digest(*_find_code("questions"), Path(tfidf.__file__), *([path] if path.is_file() else []))

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> QuestionFinder:
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
    ) -> QuestionFinder:
        """Rasa's hook: the trained one."""
        with model_storage.read_from(resource) as directory:
            return cls(config, model_storage, resource, QuestionModel.load(directory))

    def train(self, training_data: TrainingData) -> Resource:
        """Learn the shop's questions; without a file there are none."""
        path, foreign = Path(self._config["questions"]), set(self._config["foreign"])
        encoder = Encoder(Path(self._config["encoder"]))
        self._model = QuestionModel.train(
            json.loads(path.read_text(encoding="utf-8")) if path.is_file() else [],
            [
                (_read(example), example.get(READING).vector)
                for example in training_data.intent_examples
                if example.get(INTENT) in foreign and example.get(TEXT) and not example.get(SLIPPED)
            ],
            read=lambda text: encoder.read(text).vector,
        )
        with self._storage.write_to(self._resource) as directory:
            self._model.save(directory)
        return self._resource

    def process(self, messages: list[Message]) -> list[Message]:
        """Add the questions to each message, and settle its intent."""
        for message in messages:
            reading = message.get(READING)
            found = self._model.find(_read(message), reading.vector) if self._model and reading else []
            told = [
                {"id": one.question_id, "title": one.title, "confidence": round(one.confidence, 4)} for one in found
            ]
            message.set(QUESTIONS, told, add_to_output=True)
            if found and self._is_surer(found[0].confidence, message.get(INTENT) or {}):
                chosen = {INTENT_NAME_KEY: ASK, PREDICTED_CONFIDENCE_KEY: found[0].confidence}
                ranking = [one for one in message.get(INTENT_RANKING_KEY) or [] if one.get(INTENT_NAME_KEY) != ASK]
                message.set(INTENT, chosen, add_to_output=True)
                message.set(INTENT_RANKING_KEY, [chosen, *ranking], add_to_output=True)
        return messages

    def _is_surer(self, question: float, intent: Mapping[str, Any]) -> bool:
        name, confidence = intent.get(INTENT_NAME_KEY), float(intent.get(PREDICTED_CONFIDENCE_KEY) or 0.0)
        if question >= self._yields.get(name or "nlu_fallback", 2.0):
            return True
        is_doubtful = confidence < self._doubtful["below"] and name not in self._keeps
        return bool(is_doubtful and question >= self._doubtful["question"])


def _read(message: Message) -> str:
    """The text with its spelling mended."""
    return str(message.get(MENDED) or message.get(TEXT) or "")
