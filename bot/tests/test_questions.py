"""The shop's questions by meaning, with the real encoder: how many there are, what is sure, and what the component hands on."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from components import MENDED
from components.questions import QUESTIONS, QuestionFinder
from components.understanding import READING
from encoder.questions import CONFIDENCE_PRIOR, PRIOR, QuestionModel
from encoder.reader import Encoder
from language.asked import SURE
from measure_questions import find_interval, judge, measure_questions
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.storage.resource import Resource
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

ENCODER = Path("../var/env/encoder")
SHOP = {
    "cost": ("What does delivery cost?", ["delivery fee", "is shipping free", "how much do you charge to deliver"]),
    "hours": ("When are you open?", ["opening hours", "what time do you close", "are you open on Sunday"]),
    "back": ("How do I return something?", ["send it back", "return policy", "I want to bring this back"]),
    "jobs": ("Do you have jobs?", ["vacancies", "I want to work for you", "are you hiring"]),
}
FOREIGN = ["hello there", "thank you very much", "who won the match", "tell me a joke", "are you a robot", "yes please"]


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return Encoder(ENCODER)


@pytest.fixture(scope="module")
def read(encoder: Encoder) -> Callable[[str], np.ndarray]:
    return lambda text: encoder.read(text).vector


def make_questions(*ids: str) -> list[dict[str, object]]:
    return [
        {"id": one, "title": SHOP[one][0], "wordings": SHOP[one][1], "sentences": ["The shop answers this."]}
        for one in ids
    ]


def train(read: Callable[[str], np.ndarray], *ids: str) -> QuestionModel:
    return QuestionModel.train(make_questions(*ids), [(text, read(text)) for text in FOREIGN], read=read)


@pytest.mark.parametrize(
    ("text", "question_id"),
    [("what will I pay for delivery", "cost"), ("until when are you open", "hours"), ("do you need staff", "jobs")],
)
def test_a_question_is_found_in_other_words(read: Callable[[str], np.ndarray], text: str, question_id: str) -> None:
    found = train(read, *SHOP).find(text, read(text))
    assert found[0].question_id == question_id
    assert found[0].title == SHOP[question_id][0]
    assert len(found) == 3
    assert all(0 <= one.confidence <= found[0].confidence <= 1 for one in found)


def test_its_own_wording_is_sure_and_what_asks_nothing_is_not(read: Callable[[str], np.ndarray]) -> None:
    model = train(read, *SHOP)
    assert model.find("are you open on Sunday", read("are you open on Sunday"))[0].confidence >= SURE
    for text in ("good morning", "who is the queen of England", "what is the capital of France"):
        assert model.find(text, read(text))[0].confidence < SURE


def test_one_question_is_found_and_another_one_is_not_taken_for_it(read: Callable[[str], np.ndarray]) -> None:
    model = train(read, "hours")
    assert model.find("are you open on Sunday", read("are you open on Sunday"))[0].confidence >= SURE
    for text in ("how do I return something", "do you have jobs"):
        assert model.find(text, read(text))[0].confidence < SURE


def test_a_shop_without_questions_finds_none(read: Callable[[str], np.ndarray], tmp_path: Path) -> None:
    model = train(read)
    assert model.find("when are you open", read("when are you open")) == []
    model.save(tmp_path)
    assert QuestionModel.load(tmp_path).find("when are you open", read("when are you open")) == []


def test_a_title_alone_is_enough_and_learns_nothing_from_itself(read: Callable[[str], np.ndarray]) -> None:
    alone = [{"id": one, "title": SHOP[one][0], "wordings": [], "sentences": []} for one in SHOP]
    model = QuestionModel.train(alone, [], read=read)
    assert model.find("when do you open", read("when do you open"))[0].question_id == "hours"
    assert np.allclose(model._arrays["weights"], PRIOR)


def test_a_wording_is_ranked_as_if_it_had_not_been_there(read: Callable[[str], np.ndarray]) -> None:
    """The regression's closed form against really training without the wording."""
    vectors = np.random.RandomState(1).normal(size=(12, 384))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    kinds, ridge = np.eye(3)[np.repeat(np.arange(3), 4)], np.eye(384)
    inverse = np.linalg.inv(vectors.T @ vectors + ridge)
    pull = np.sum(vectors @ inverse * vectors, axis=1)
    without = kinds - (kinds - vectors @ inverse @ vectors.T @ kinds) / (1.0 - pull)[:, None]
    others = np.arange(12) != 5
    trained = np.linalg.solve(vectors[others].T @ vectors[others] + ridge, vectors[others].T @ kinds[others])
    assert np.allclose(without[5], vectors[5] @ trained)


def test_many_questions_are_learned_and_searched_in_bounded_time(encoder: Encoder) -> None:
    random = np.random.RandomState(1)
    vectors: dict[str, np.ndarray] = {}

    def read(text: str) -> np.ndarray:
        drawn = random.normal(size=384)
        return vectors.setdefault(text, drawn / np.linalg.norm(drawn))

    questions = [
        {"id": f"q{n}", "title": f"title {n}", "wordings": [f"word{n} other{n % 7}", f"asks {n}"], "sentences": []}
        for n in range(500)
    ]
    model = QuestionModel.train(questions, [("hello", read("hello"))], read=read)
    assert model.find("word321 other6", vectors["word321 other6"])[0].question_id == "q321"


@pytest.mark.parametrize("text", ["", " ", "🙂", "???", "x" * 1000, "שלום", "1234567"])
def test_strange_texts_are_not_sure(read: Callable[[str], np.ndarray], text: str) -> None:
    assert all(one.confidence < SURE for one in train(read, *SHOP).find(text, read(text)))


def test_questions_in_another_script_are_learned_too(read: Callable[[str], np.ndarray]) -> None:
    told = [{"id": "a", "title": "营业时间?", "wordings": ["几点开门"], "sentences": []}, *make_questions("jobs")]
    model = QuestionModel.train(told, [], read=read)
    assert model.find("营业时间?", read("营业时间?"))[0].question_id == "a"


def test_the_saved_one_finds_what_the_trained_one_found(read: Callable[[str], np.ndarray], tmp_path: Path) -> None:
    model = train(read, *SHOP)
    model.save(tmp_path)
    text = "can I send this back"
    pairs = zip(model.find(text, read(text)), QuestionModel.load(tmp_path).find(text, read(text)), strict=True)
    for one, other in pairs:
        assert one.question_id == other.question_id
        assert one.confidence == pytest.approx(other.confidence, abs=1e-4)


def make_finder(tmp_path: Path, yields: dict[str, float], **more: object) -> QuestionFinder:
    path = tmp_path / "questions.json"
    path.write_text(json.dumps(make_questions(*SHOP)), encoding="utf-8")
    config = {"questions": str(path), "encoder": str(ENCODER), "foreign": ["greet"], "yields": yields, **more}
    config = {**QuestionFinder.get_default_config(), **config}
    storage = LocalModelStorage(tmp_path / "model")
    (tmp_path / "model").mkdir()
    resource = Resource("questions")
    finder = QuestionFinder(config, storage, resource)
    reader = Encoder(ENCODER)
    lines = [Message({TEXT: text, INTENT: "greet", READING: reader.read(text)}) for text in FOREIGN]
    finder.train(TrainingData(lines))
    return QuestionFinder.load(config, storage, resource, None)  # type: ignore[arg-type]


def test_the_component_hands_on_the_likeliest_and_settles_what_yields(tmp_path: Path, encoder: Encoder) -> None:
    finder = make_finder(tmp_path, {"nlu_fallback": 0.5})
    text = "are you open on Sunday"
    for intent, settled in (("nlu_fallback", "ask_question"), ("request_erasure", "request_erasure")):
        message = Message({TEXT: text, MENDED: text, READING: encoder.read(text), INTENT: {"name": intent}})
        finder.process([message])
        assert message.get(QUESTIONS)[0]["id"] == "hours"
        assert message.get(INTENT)["name"] == settled
        assert QUESTIONS in message.output_properties
    (empty,) = finder.process([Message({TEXT: "hello", INTENT: {"name": "greet"}})])
    assert empty.get(QUESTIONS) == []


@pytest.mark.parametrize(
    ("intent", "confidence", "settled"),
    [
        ("small_talk", 0.6, "ask_question"),
        ("small_talk", 0.8, "small_talk"),
        ("request_human", 0.6, "request_human"),
    ],
)
def test_an_intent_in_doubt_yields_to_a_sure_question_unless_it_is_kept(
    tmp_path: Path, encoder: Encoder, intent: str, confidence: float, settled: str
) -> None:
    finder = make_finder(tmp_path, {}, doubtful={"below": 0.7, "question": 0.5}, keeps=["request_human"])
    text = "are you open on Sunday"
    read = {"name": intent, "confidence": confidence}
    message = Message({TEXT: text, MENDED: text, READING: encoder.read(text), INTENT: read})
    finder.process([message])
    assert message.get(INTENT)["name"] == settled


def test_another_file_of_questions_is_trained_again(tmp_path: Path) -> None:
    path = tmp_path / "questions.json"
    config = {"questions": str(path)}
    prints = [QuestionFinder.fingerprint_addon(config)]
    for questions in ([], make_questions("cost")):
        path.write_text(json.dumps(questions), encoding="utf-8")
        prints.append(QuestionFinder.fingerprint_addon(config))
    assert len(set(prints)) == 3


def parsed(intent: str, question_id: str, confidence: float) -> dict[str, object]:
    return {
        "intent": {"name": intent},
        "questions": [{"id": question_id, "title": "?", "confidence": confidence}],
    }


def test_figures_count_what_a_customer_gets_and_the_limits_bite() -> None:
    assert judge("a", parsed("ask_question", "a", 0.9)) == "right"
    assert judge("a", parsed("ask_question", "b", 0.9)) == "wrong"
    assert judge("none", parsed("ask_question", "b", 0.9)) == "wrong"
    assert judge("a", parsed("ask_question", "a", 0.3)) == "offered"
    assert judge("a", parsed("ask_question", "a", 0.01)) == "unknown"
    assert judge("a", parsed("request_human", "a", 0.9)) == "elsewhere"
    good, bad = parsed("ask_question", "a", 0.9), parsed("ask_question", "b", 0.9)
    assert measure_questions([("a", "x")] * 100, [good] * 100)[1]
    assert not measure_questions([("a", "x")] * 100, [good] * 97 + [bad] * 3)[1]
    assert not measure_questions([("a", "x")] * 100, [good] * 94 + [parsed("ask_question", "b", 0.3)] * 6)[1]
    assert measure_questions([], [])[1]


def test_the_interval_is_wilsons() -> None:
    assert find_interval(0, 10) == pytest.approx((0.0, 0.2775), abs=1e-3)
    assert find_interval(95, 100) == pytest.approx((0.8882, 0.9785), abs=1e-3)
    assert CONFIDENCE_PRIOR.shape == PRIOR.shape
