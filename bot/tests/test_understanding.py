"""bot/encoder and its components, with the real encoder that set-up made."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from components import MENDED, SLIPPED
from components.understanding import NOT_UNDERSTOOD, READING, TRUST, IntentReader, SentenceFeaturizer, SpellingMender
from encoder.__main__ import main as make_encoder
from encoder.graph import build_tail
from encoder.intents import IntentModel, Verdict
from encoder.reader import Encoder, Tail
from encoder.spelling import ENOUGH, Speller, choose_slipped, count_words
from encoder.tuning import MOST_TEXTS, choose_texts, count_passes
from encoder.weights import SHA256, WeightsError, check_file, find_folder, read_tensors
from language.features import SCALE, TextFeatures
from rasa.engine.graph import ExecutionContext, GraphSchema
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.storage.resource import Resource
from rasa.shared.nlu.constants import INTENT, INTENT_RANKING_KEY, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from scipy.sparse import hstack

ENCODER = Path("../var/env/encoder")
EXAMPLES = {
    "card": ["my card has not come", "where is my new card", "when will the card arrive", "the card is still not here"],
    "person": ["let me talk to a person", "I want a human", "can somebody real help me", "connect me to an employee"],
    "hours": [
        "when do you open",
        "until what time are you open",
        "are you open on Sunday",
        "what are your opening hours",
    ],
}
PAIRS = [(text, intent) for intent, texts in EXAMPLES.items() for text in texts]


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return Encoder(ENCODER)


@pytest.fixture(scope="module")
def trained(encoder: Encoder, tmp_path_factory: pytest.TempPathFactory) -> tuple[IntentModel, TextFeatures, Path]:
    folder = tmp_path_factory.mktemp("intents")
    features = TextFeatures()
    texts = [text for text, _ in PAIRS]
    features.fit(texts)
    model = IntentModel.train(
        encoder.read_all(texts),
        features.transform(texts),
        [intent for _, intent in PAIRS],
        frozen_tail=ENCODER / "tail.npz",
        folder=folder,
    )
    return model, features, folder


def read(model: IntentModel, features: TextFeatures, encoder: Encoder, text: str) -> Verdict:
    return model.read(encoder.read(text), features.transform([text]))


def test_the_narrow_graph_says_what_the_weights_say(encoder: Encoder) -> None:
    """The same computation by hand, in 64 bits, from the tensors; the difference is what 8 bits cost."""
    tensors = {name: array.astype(float) for name, array in read_tensors(find_folder() / "model.safetensors").items()}
    for text in ("where is my order", "I want to speak to a person, please!", "x"):
        pieces = encoder._tokenizer.encode(text).ids
        by_hand = compute(tensors, pieces)
        assert encoder.read(text).vector @ by_hand / np.linalg.norm(by_hand) > 0.977


def compute(tensors: dict[str, np.ndarray], pieces: list[int]) -> np.ndarray:
    from scipy.special import erf, softmax

    def dense(value: np.ndarray, name: str) -> np.ndarray:
        return value @ tensors[f"{name}.weight"].T + tensors[f"{name}.bias"]

    def norm(value: np.ndarray, name: str) -> np.ndarray:
        apart = (value - value.mean(-1, keepdims=True)) / np.sqrt(value.var(-1, keepdims=True) + 1e-12)
        return apart * tensors[f"{name}.LayerNorm.weight"] + tensors[f"{name}.LayerNorm.bias"]

    hidden = tensors["embeddings.word_embeddings.weight"][pieces]
    hidden = hidden + tensors["embeddings.position_embeddings.weight"][: len(pieces)]
    hidden = norm(hidden + tensors["embeddings.token_type_embeddings.weight"][0], "embeddings")
    for layer in range(6):
        name = f"encoder.layer.{layer}"
        query, key, value = (dense(hidden, f"{name}.attention.self.{part}") for part in ("query", "key", "value"))
        heads = [slice(32 * head, 32 * head + 32) for head in range(12)]
        seen = [softmax(query[:, at] @ key[:, at].T / 32**0.5, axis=-1) @ value[:, at] for at in heads]
        said = dense(np.concatenate(seen, axis=1), f"{name}.attention.output.dense")
        hidden = norm(hidden + said, f"{name}.attention.output")
        wide = dense(hidden, f"{name}.intermediate.dense")
        hidden = norm(hidden + dense(wide * (1 + erf(wide / 2**0.5)) / 2, f"{name}.output.dense"), f"{name}.output")
    return hidden.mean(0)


def test_a_tail_that_nobody_tuned_ends_where_the_encoder_ends(encoder: Encoder) -> None:
    with np.load(ENCODER / "tail.npz") as tensors:
        tail = Tail(build_tail(dict(tensors)).SerializeToString())
    reading = encoder.read("do you have oat milk?")
    assert tail.read(reading.hidden) @ reading.vector > 0.99


def test_close_meanings_are_nearer_than_close_letters(encoder: Encoder) -> None:
    asked, same, letters = (encoder.read(text).vector for text in ("a real person", "a human being", "a real prison"))
    assert asked @ same > asked @ letters


def test_a_long_text_is_cut_and_an_empty_one_is_read(encoder: Encoder) -> None:
    assert encoder.read("word " * 1000).hidden.shape == (128, 384)
    assert np.isfinite(encoder.read("").vector).all()


def test_without_an_encoder_the_sentence_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="Run make setup"):
        Encoder(tmp_path)


def test_other_weights_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "model.safetensors"
    with pytest.raises(WeightsError, match="is missing"):
        check_file(other, SHA256)
    other.write_bytes(b"not these")
    with pytest.raises(WeightsError, match=f"should be {SHA256} and is [0-9a-f]{{64}}"):
        check_file(other, SHA256)
    monkeypatch.setattr("encoder.__main__.find_folder", lambda: tmp_path)
    assert make_encoder([str(tmp_path / "made")]) == 1
    assert "is not the file that Candor knows" in capsys.readouterr().err
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize(
    ("text", "mended"),
    [
        ("where is my ordr", "where is my order"),
        ("can I spaek to a persn", "can I speak to a person"),
        ("my delivrey is late", "my delivery is late"),
        ("a skyr yogurt", "a skyr yogurt"),  # the shop's
        ("order AB-1237x and Q7733", "order AB-1237x and Q7733"),
        ("write to delivrey@shop.example", "write to delivrey@shop.example"),
        ("see shop.example/delivrey", "see shop.example/delivrey"),
        ("I live in Ordr Street", "I live in Ordr Street"),
        ("hä? 🙂 הזמנה", "hä? 🙂 הזמנה"),
        ("", ""),
    ],
)
def test_a_misspelt_word_is_mended_and_nothing_else(text: str, mended: str) -> None:
    words = count_words(["where is my order", "my delivery is late", "speak to a person"])
    assert Speller(words, protected=["skyr", "yogurt"]).mend(text) == mended


def test_intents_are_told_apart_and_kept(trained: tuple[IntentModel, TextFeatures, Path], encoder: Encoder) -> None:
    model, features, folder = trained
    wanted = {"has the card been sent": "card", "put me through to a human": "person", "opening times please": "hours"}
    for text, intent in wanted.items():
        verdict = read(model, features, encoder, text)
        assert verdict.ranking[0][0] == intent
        assert sum(share for _, share in verdict.ranking) == pytest.approx(1, abs=1e-5)
        again = read(IntentModel.load(folder), features, encoder, text)
        assert again.ranking == verdict.ranking
        assert again.trust == verdict.trust


def test_what_is_like_no_example_is_trusted_less(
    trained: tuple[IntentModel, TextFeatures, Path], encoder: Encoder
) -> None:
    model, features, _ = trained
    known = read(model, features, encoder, "when does my new card arrive")
    strange = read(model, features, encoder, "the mitochondria of a yeast cell divide")
    assert known.trust > 2 * strange.trust


def test_one_intent_alone_is_refused(encoder: Encoder, tmp_path: Path) -> None:
    features = TextFeatures()
    features.fit(["a b", "a b"])
    with pytest.raises(ValueError, match="from two on; got 1"):
        IntentModel.train(
            encoder.read_all(["a b"]),
            features.transform(["a b"]),
            ["one"],
            frozen_tail=ENCODER / "tail.npz",
            folder=tmp_path,
        )


def test_a_text_weighs_what_scikit_learn_says(trained: tuple[IntentModel, TextFeatures, Path]) -> None:
    _, features, _ = trained
    for text in ("Where is the card, where?", "", "ünbekannt ...", "a person on Sunday?"):
        theirs = SCALE * hstack([one.transform([text]) for one in features._vectorizers.values()])
        assert np.allclose(features.transform([text]).toarray(), theirs.toarray(), atol=1e-12)


def test_of_many_texts_those_among_others_intents_are_tuned_on_first() -> None:
    random = np.random.RandomState(0)
    labels = np.repeat([0, 1], MOST_TEXTS)
    vectors = np.eye(384, dtype=np.float32)[labels] + random.normal(0, 0.01, (2 * MOST_TEXTS, 384)).astype(np.float32)
    hard = np.arange(50)
    vectors[hard] = vectors[MOST_TEXTS + hard]  # say what the other intent says
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    chosen = choose_texts(vectors, labels, random)
    assert len(set(chosen)) == MOST_TEXTS
    assert set(hard) <= set(chosen)
    few = choose_texts(vectors[:100], labels[:100], random)
    assert few.tolist() == list(range(100))


def test_many_examples_are_gone_through_once() -> None:
    assert [count_passes(texts) for texts in (1, 770, 1500, 15000)] == [5, 5, 3, 1]


def test_the_components_hand_on_and_leave_the_text_alone(tmp_path: Path) -> None:
    """Trained and loaded as Rasa does it, with its storage on disk."""
    from components.featurizer import MeaningFeaturizer

    storage = LocalModelStorage(tmp_path)
    catalogue = tmp_path / "catalogue.json"
    catalogue.write_text(json.dumps({"types": [{"type_id": 1, "title": "Skyr", "words": []}]}), encoding="utf-8")
    data = TrainingData([Message.build(text=text, intent=intent) for text, intent in PAIRS])
    chain = []
    for kind, options in (
        (SpellingMender, {"catalogue": str(catalogue)}),
        (MeaningFeaturizer, {}),
        (SentenceFeaturizer, {}),
        (IntentReader, {"threshold": 0.15}),
    ):
        context, resource = ExecutionContext(GraphSchema({}), node_name=kind.__name__), Resource(kind.__name__)
        config = {**kind.get_default_config(), **options}
        component = kind.create(config, storage, resource, context)
        if hasattr(component, "train"):
            component.train(data)
            chain.append(kind.load(config, storage, resource, context))
        else:
            chain.append(component)
        if hasattr(component, "process_training_data"):
            data = component.process_training_data(data)
    copies = [example for example in data.intent_examples if example.get(SLIPPED)]
    assert 0 < len(copies) <= len(PAIRS)
    assert {copy.get(INTENT) for copy in copies} <= set(EXAMPLES)
    message, strange = Message({TEXT: "where is my crad, skyr"}), Message({TEXT: "zwölf Boxkämpfer jagen Viktor"})
    for component in chain:
        component.process([message, strange])
    assert message.get(TEXT) == "where is my crad, skyr"
    assert message.get(MENDED) == "where is my card, skyr"
    assert message.get(INTENT)["name"] == message.get(INTENT_RANKING_KEY)[0]["name"] == "card"
    assert message.get(TRUST) > 0.15 > strange.get(TRUST)
    assert strange.get(INTENT)["name"] == NOT_UNDERSTOOD
    assert READING not in message.as_dict(only_output_properties=True)
    empty = Message({TEXT: ""})
    for component in chain:
        component.process([empty])
    assert empty.get(INTENT) == {"name": None, "confidence": 0.0}


def test_words_are_counted_without_codes() -> None:
    assert count_words(["My card, my Q77 card"]) == Counter({"my": 2, "card": 2})


def test_slips_are_small_bounded_and_the_same_each_time() -> None:
    texts = [f"where is order {number}, please" for number in range(ENOUGH - 50)]
    slipped = choose_slipped(texts)
    assert slipped == choose_slipped(texts)
    assert len(slipped) == 50
    assert all(abs(len(text) - len(texts[number])) <= 2 and str(number) in text for number, text in slipped)
    assert sum(text != texts[number] for number, text in slipped) > 40
    assert choose_slipped(["where is it"] * ENOUGH) == []
    assert choose_slipped(["12 a", ""]) == [(0, "12 a"), (1, "")]
