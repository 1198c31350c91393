"""Reads a text's intent with three readers and says how far that may be trusted.

- the tuned encoder's head (tuning.py),
- a logistic regression on the frozen vectors, scaled: unscaled rows of length 1 under-fit,
- a logistic regression on words and letter groups, which a typo does not turn upside down.

Their probabilities are multiplied, each to the power of its weight, and the likeliest intent is read. Trust in it is another
question: the readers' mean probability of it (one that doubts counts), how near the intent's own examples are by the frozen
vectors, and how near any examples of the likeliest intents are by the tuned ones. Weights and thresholds were chosen on validation parts
(docs/understanding.md), never on test parts.
"""

import json
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from encoder.reader import Reading, Tail
from encoder.tuning import MOST_TEXTS, SCALE, tune
from scipy.sparse import csr_matrix

FROZEN_SCALE = 6.0
WEIGHTS = {"tuned": 0.4, "frozen": 0.3, "words": 0.3}
NEIGHBOURS = 3
LIKELIEST = 8  # intents among whose examples the nearest are looked for: all of 13,000 took 2 ms more
NEARNESS_WEIGHT, NEARNESS_MIDDLE = 10.0, 1.1
MOST_STEPS = 40
FLOOR = 1e-6


@dataclass(frozen=True)
class Verdict:
    """Intents, the likeliest first, with their probabilities, and how far the first may be trusted.

    Attributes
    ----------
    trust
        From 0 (nothing like it was ever seen) to 1: the logistic of log(mean probability of the first intent) + 10 · (nearness
        of its 3 nearest examples + nearness of the 3 nearest of the likeliest intents' - 1.1), nearness being a mean cosine.
    """

    ranking: list[tuple[str, float]]
    trust: float


class IntentModel:
    """Trained with `train`, kept with `save`, opened again with `load`: numbers and names, nothing in the files can run."""

    def __init__(self, labels: list[str], arrays: dict[str, np.ndarray], tail: Tail) -> None:
        self._labels, self._arrays, self._tail = labels, arrays, tail

    @classmethod
    def train(
        cls,
        readings: Sequence[Reading],
        words: csr_matrix,
        labels: Sequence[str],
        *,
        frozen_tail: Path,
        folder: Path,
        most_tuned: int = MOST_TEXTS,
    ) -> "IntentModel":
        """Learn from texts as the encoder read them, their rows of words and their intents; the files go to `folder`."""
        from encoder.graph import build_tail, save_narrow  # onnx costs a serving bot 30 MB
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.linear_model import LogisticRegression

        names, numbers = np.unique(np.array(labels), return_inverse=True)
        if len(names) < 2:
            raise ValueError(
                f"Intents are told apart from two on; got {len(names)}. Add examples of another to bot/nlu."
            )
        vectors = np.stack([reading.vector for reading in readings])
        with np.load(frozen_tail) as tensors:
            tuned = tune(
                dict(tensors), [reading.hidden for reading in readings], vectors, numbers, most_texts=most_tuned
            )
        save_narrow(build_tail(tuned.tensors), folder / "tail.onnx")
        tail = Tail(str(folder / "tail.onnx"))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # stopped early: the probabilities move no more
            frozen = LogisticRegression(max_iter=MOST_STEPS, class_weight="balanced").fit(
                vectors * FROZEN_SCALE, numbers
            )
        by_words = LogisticRegression(
            solver="liblinear", multi_class="ovr", dual=True, tol=0.1, class_weight="balanced"
        ).fit(words, numbers)
        order = np.argsort(numbers, kind="stable")  # an intent's examples side by side
        learned = tuned.chosen[np.argsort(numbers[tuned.chosen], kind="stable")]
        arrays = {
            "tuned": tuned.weights,
            "tuned_bias": tuned.bias,
            "frozen": _both_sides(frozen.coef_).T,
            "frozen_bias": _both_sides(frozen.intercept_),
            "words": _both_sides(by_words.coef_).T,
            "words_bias": _both_sides(by_words.intercept_),
            "vectors": vectors[order],
            "tuned_vectors": np.stack([tail.read(readings[index].hidden) for index in learned]),
            "begins": _count_up(numbers, len(names)),
            "tuned_begins": _count_up(numbers[learned], len(names)),
        }
        arrays = {
            name: np.ascontiguousarray(array, dtype=np.int32 if name.endswith("begins") else np.float32)
            for name, array in arrays.items()
        }
        (folder / "labels.json").write_text(json.dumps(names.tolist()), encoding="utf-8")
        np.savez(folder / "readers.npz", **arrays)
        return cls(names.tolist(), arrays, tail)

    @classmethod
    def load(cls, folder: Path) -> "IntentModel":
        """Open what `train` wrote."""
        with np.load(folder / "readers.npz") as arrays:
            return cls(
                json.loads((folder / "labels.json").read_text(encoding="utf-8")),
                dict(arrays),
                Tail((folder / "tail.onnx").read_bytes()),
            )

    def read(self, reading: Reading, words: csr_matrix) -> Verdict:
        """The verdict on one text and its row of words."""
        kept = self._arrays
        vector = self._tail.read(reading.hidden)
        by_words = 1.0 / (
            1.0 + np.exp(-(words.data.astype(np.float32) @ kept["words"][words.indices] + kept["words_bias"]))
        )
        parts = {
            "tuned": _soften(SCALE * vector @ kept["tuned"] + kept["tuned_bias"]),
            "frozen": _soften(FROZEN_SCALE * reading.vector @ kept["frozen"] + kept["frozen_bias"]),
            "words": by_words / by_words.sum(),
        }
        shares = _soften(sum(weight * np.log(parts[name] + FLOOR) for name, weight in WEIGHTS.items()))
        order = np.argsort(-shares, kind="stable")
        first = order[0]
        own = _mean_nearest(self._pick("vectors", first) @ reading.vector)
        any_own = np.concatenate([self._pick("tuned_vectors", index) @ vector for index in order[:LIKELIEST]])
        nearness = own + _mean_nearest(any_own)
        mean = np.mean([part[first] for part in parts.values()])
        evidence = np.log(mean + FLOOR) + NEARNESS_WEIGHT * (nearness - NEARNESS_MIDDLE)
        ranking = [(self._labels[index], float(shares[index])) for index in order]
        return Verdict(ranking, float(1.0 / (1.0 + np.exp(-evidence))))

    def _pick(self, name: str, intent: int) -> np.ndarray:
        """The rows of an intent's examples."""
        begin, end = self._arrays["tuned_begins" if name == "tuned_vectors" else "begins"][intent : intent + 2]
        return self._arrays[name][begin:end]


def _count_up(numbers: np.ndarray, kinds: int) -> np.ndarray:
    """Where each intent's rows begin when they stand side by side, and where the last one's end."""
    return np.concatenate([[0], np.cumsum(np.bincount(numbers, minlength=kinds))])


def _mean_nearest(cosines: np.ndarray) -> float:
    nearest = np.partition(cosines, -NEIGHBOURS)[-NEIGHBOURS:] if len(cosines) > NEIGHBOURS else cosines
    return float(nearest.mean())


def _soften(scores: np.ndarray) -> np.ndarray:
    raised = np.exp(scores - scores.max())
    return raised / raised.sum()


def _both_sides(array: np.ndarray) -> np.ndarray:
    """scikit-learn keeps one row for two kinds; here each kind has its own."""
    return np.concatenate([-array, array]) if len(array) == 1 else array
