"""Finds the common question that a text asks, among the shop's own, and says how sure that is.

Each question is told by how near the text comes to it in five ways: the best cosine to one of its wordings, the mean of the best
three, a ridge regression on the vectors, the best cosine to a sentence of its answer, and words and letter groups shared with a
wording. Weighted and added, softmax, they rank the questions. What the five weigh is learned from the shop's own wordings, each
ranked as if it had not been there (leaving one out; the regression's in closed form, Hastie, Tibshirani, Friedman 2009, 7.52).

The confidence that the first is right is a logistic regression on the first one's odds, cosines and shared words. Right and wrong are
those same wordings, and wrong are two more kinds: each wording with its own question left out (near, but no file answers it) and
wordings of intents that ask nothing of the shop. The fewer questions a shop answers, the more is asked that none answers, and the more
the left-out ones count. Both fits are drawn to weights that were learned on the demo shop
(`PRIOR`, `CONFIDENCE_PRIOR`), so that a shop with one question or three gets sensible ones and a shop with many its own.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from language.tfidf import TextWeigher, join_rows
from sklearn.feature_extraction.text import TfidfVectorizer

PRIOR = np.array([6.9, 1.8, 9.5, 5.8, 3.7])
CONFIDENCE_PRIOR = np.array([-4.9, 0.65, 5.3, 0.3, 0.8])
DRAWN, CONFIDENCE_DRAWN = 0.3, 5.0
NEAREST = 3
RIDGE = 1.0
WORD_SHARE = 0.65
MOST_ODDS = 5.0
MANY = 50
ABSENT_WEIGHT = 0.25
CHUNK = 256


@dataclass(frozen=True)
class Found:
    """A question and the confidence, 0 to 1, that it is the one asked; of all but the first no more than the first's."""

    question_id: str
    title: str
    confidence: float


class QuestionModel:
    """Trained with `train`, kept with `save`, opened again with `load`; `find` keeps nothing."""

    def __init__(self, ids: Sequence[str], wordings: Sequence[str], arrays: Mapping[str, np.ndarray]) -> None:
        self._ids, self._wordings, self._arrays = list(ids), list(wordings), dict(arrays)
        self._places = _lay_out(self._arrays["owners"], len(ids))
        self._answer_places = _lay_out(self._arrays["answer_owners"], len(ids))
        self._words = _Words(wordings) if wordings else None

    @classmethod
    def train(
        cls,
        questions: Sequence[Mapping[str, Any]],
        foreign: Sequence[tuple[str, np.ndarray]],
        *,
        read: Callable[[str], np.ndarray],
    ) -> "QuestionModel":
        """Learn the shop's questions.

        Parameters
        ----------
        questions
            `{id, title, wordings, sentences}` of each.
        foreign
            Wordings that ask nothing of the shop, with their vectors.
        read
            A text's vector, (384,), of length 1.
        """
        wordings = [[question["title"], *question["wordings"]] for question in questions]
        texts = [text for one in wordings for text in one]
        sentences = [text for question in questions for text in question["sentences"]]
        arrays = {
            "owners": _number(wordings),
            "vectors": _stack([read(text) for text in texts]),
            "answer_owners": _number([question["sentences"] for question in questions]),
            "answers": _stack([read(text) for text in sentences]),
            "weights": PRIOR,
            "confidence": CONFIDENCE_PRIOR,
        }
        vectors, kinds = arrays["vectors"], np.eye(len(questions))[arrays["owners"]]
        inverse = np.linalg.inv(vectors.T @ vectors + RIDGE * np.eye(vectors.shape[1]))
        arrays["ridge"] = inverse @ vectors.T @ kinds
        model = cls([str(question["id"]) for question in questions], texts, arrays)
        if texts:
            pull = np.sum(vectors @ inverse * vectors, axis=1)
            without = kinds - (kinds - vectors @ arrays["ridge"]) / (1.0 - pull)[:, None]
            model._learn(without, foreign)
        return model

    def save(self, folder: Path) -> None:
        """Write it; nothing in the files can run."""
        told = {"ids": self._ids, "wordings": self._wordings}
        (folder / "questions.json").write_text(json.dumps(told, ensure_ascii=False), encoding="utf-8")
        np.savez(folder / "questions.npz", **{name: _narrow(array) for name, array in self._arrays.items()})

    @classmethod
    def load(cls, folder: Path) -> "QuestionModel":
        """Open what `save` wrote."""
        told = json.loads((folder / "questions.json").read_text(encoding="utf-8"))
        with np.load(folder / "questions.npz") as arrays:
            return cls(told["ids"], told["wordings"], dict(arrays))

    def find(self, text: str, vector: np.ndarray, *, limit: int = 3) -> list[Found]:
        """The likeliest questions of a text and its vector, the likeliest first; none without questions or words."""
        if self._words is None or not text.strip():
            return []
        near = self._compare([text], vector[None])
        scores = (near @ self._arrays["weights"])[0]
        shares = _soften(scores)
        order = np.argsort(-scores, kind="stable")[:limit]
        first = float(self._trust(near, scores[None])[0])
        return [
            Found(
                self._ids[index],
                self._wordings[self._places[index, 0]],
                first if index == order[0] else min(first, float(shares[index])),
            )
            for index in order
        ]

    def _learn(self, without: np.ndarray, foreign: Sequence[tuple[str, np.ndarray]]) -> None:
        """Fit the weights of the ways, then the confidence."""
        owners, vectors = self._arrays["owners"], self._arrays["vectors"]
        counted = np.bincount(owners, minlength=len(self._ids))[owners] > 1  # one wording alone cannot be left out
        near = self._compare(self._wordings, vectors, without=without)
        if counted.any() and len(self._ids) > 1:
            self._arrays["weights"] = _fit_ranking(near[counted], owners[counted])
        scores = near @ self._arrays["weights"]
        rows = [self._describe(near, scores)[counted]]
        right = [(scores.argmax(1) == owners)[counted]]
        weights = [np.ones(int(counted.sum()))]
        if len(self._ids) > 1:
            hidden = scores.copy()
            hidden[np.arange(len(owners)), owners] = -np.inf
            rows.append(self._describe(near, hidden))
            right.append(np.zeros(len(owners), bool))
            weights.append(np.full(len(owners), ABSENT_WEIGHT * max(1.0, MANY / len(self._ids))))
        if foreign:
            other = self._compare([text for text, _ in foreign], np.stack([vector for _, vector in foreign]))
            rows.append(self._describe(other, other @ self._arrays["weights"]))
            right.append(np.zeros(len(foreign), bool))
            weights.append(np.full(len(foreign), ABSENT_WEIGHT * len(owners) / len(foreign)))
        self._arrays["confidence"] = _fit_confidence(np.vstack(rows), np.concatenate(right), np.concatenate(weights))

    def _compare(self, texts: Sequence[str], vectors: np.ndarray, *, without: np.ndarray | None = None) -> np.ndarray:
        """How near texts come to each question, (texts, questions, 5). `without`: the texts are the wordings themselves, each
        is left out, and this is what the regression says then."""
        assert self._words is not None
        parts = []
        for begin in range(0, len(texts), CHUNK):
            some = vectors[begin : begin + CHUNK]
            meaning, words = some @ self._arrays["vectors"].T, self._words.compare(texts[begin : begin + CHUNK])
            if without is None:
                regression = some @ self._arrays["ridge"]
            else:
                regression, own = without[begin : begin + CHUNK], np.arange(len(some))
                meaning[own, begin + own] = words[own, begin + own] = -np.inf
            best = _take_best(meaning, self._places)
            answers = _take_best(some @ self._arrays["answers"].T, self._answer_places)
            shared = _take_best(words, self._places)[..., 0]
            parts.append(np.stack([best[..., 0], _average(best), regression, answers[..., 0], shared], axis=2))
        return np.nan_to_num(np.concatenate(parts), neginf=0.0)

    def _describe(self, near: np.ndarray, scores: np.ndarray) -> np.ndarray:
        """What the confidence is told by, (texts, 5): 1, the first one's odds, best cosine, shared words, answer's cosine."""
        each, first = np.arange(len(scores)), scores.argmax(1)
        share = _soften(scores)[each, first]
        odds = np.clip(np.log(share / np.maximum(1.0 - share, 1e-9)), -MOST_ODDS, MOST_ODDS)
        odds *= min(
            1.0, np.log(scores.shape[1]) / np.log(MANY)
        )  # to win against few others says little, against none nothing
        chosen = near[each, first]
        return np.column_stack([np.ones(len(scores)), odds, chosen[:, 0], chosen[:, 4], chosen[:, 3]])

    def _trust(self, near: np.ndarray, scores: np.ndarray) -> np.ndarray:
        return 1.0 / (1.0 + np.exp(-self._describe(near, scores) @ self._arrays["confidence"]))


class _Words:
    """Words, pairs of words and letter groups of the wordings."""

    def __init__(self, wordings: Sequence[str]) -> None:
        self._kinds = [
            (WORD_SHARE, TfidfVectorizer(ngram_range=(1, 2), token_pattern=r"[^\W_]+", sublinear_tf=True)),
            (1.0 - WORD_SHARE, TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5), sublinear_tf=True)),
        ]
        texts = [f"{wording} ?" for wording in wordings]  # so that a wording without letters leaves something to count
        for index, (_, kind) in enumerate(self._kinds):
            try:
                kind.fit(texts)
            except ValueError:  # no wording holds a word, as in other scripts
                self._kinds[index] = (0.0, kind.set_params(vocabulary={"?": 0}).fit(texts))
        self._weighers = [TextWeigher(kind) for _, kind in self._kinds]
        self._scales = [float(np.sqrt(share)) for share, _ in self._kinds]
        rows = [join_rows(self._weighers, self._scales, text) for text in texts]
        columns = np.concatenate([columns for columns, _ in rows])
        order = np.argsort(columns, kind="stable")  # the wordings that share a column side by side
        self._weights = np.concatenate([weights for _, weights in rows])[order]
        self._wordings = np.repeat(np.arange(len(rows)), [len(columns) for columns, _ in rows])[order]
        width = sum(one.width for one in self._weighers)
        self._begins = np.concatenate([[0], np.cumsum(np.bincount(columns, minlength=width))])
        self._count = len(rows)

    def compare(self, texts: Sequence[str]) -> np.ndarray:
        """How much of the words is shared with each wording, (texts, wordings), 0 to 1."""
        return np.stack([self._compare(text) for text in texts])

    def _compare(self, text: str) -> np.ndarray:
        columns, weights = join_rows(self._weighers, self._scales, text)
        begins = self._begins[columns]
        counts = self._begins[columns + 1] - begins
        places = np.arange(counts.sum()) + np.repeat(begins - np.cumsum(counts) + counts, counts)
        shared = np.repeat(weights, counts) * self._weights[places]
        return np.bincount(self._wordings[places], weights=shared, minlength=self._count)


def _number(groups: Sequence[Sequence[str]]) -> np.ndarray:
    return np.repeat(np.arange(len(groups)), [len(group) for group in groups])


def _stack(vectors: Sequence[np.ndarray]) -> np.ndarray:
    return np.stack(vectors).astype(np.float64) if vectors else np.zeros((0, 384))


def _narrow(array: np.ndarray) -> np.ndarray:
    return array.astype(np.int32 if array.dtype.kind == "i" else np.float32)


def _lay_out(owners: np.ndarray, kinds: int) -> np.ndarray:
    """The rows of each question side by side, (questions, most rows), -1 where there is none."""
    counts = np.bincount(owners, minlength=kinds)
    places = np.full((kinds, max(int(counts.max(initial=0)), 1)), -1)
    for kind in range(kinds):
        places[kind, : counts[kind]] = np.flatnonzero(owners == kind)
    return places


def _take_best(values: np.ndarray, places: np.ndarray) -> np.ndarray:
    """The best values of each question's rows, (texts, questions, at most 3), the best first, -inf where there is none."""
    padded = np.concatenate([values, np.full((len(values), 1), -np.inf)], axis=1)[:, places]
    return -np.sort(-padded, axis=2)[..., :NEAREST]


def _average(best: np.ndarray) -> np.ndarray:
    there = np.isfinite(best)
    return np.where(there, best, 0.0).sum(2) / np.maximum(there.sum(2), 1)


def _soften(scores: np.ndarray) -> np.ndarray:
    raised = np.exp(scores - scores.max(-1, keepdims=True))
    return raised / raised.sum(-1, keepdims=True)


def _fit_ranking(near: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Weights of the ways, (5,): the likeliest under softmax, drawn to `PRIOR`."""
    from scipy.optimize import minimize

    each = np.arange(len(near))

    def lose(weights: np.ndarray) -> tuple[float, np.ndarray]:
        shares = _soften(near @ weights)
        away = weights - PRIOR
        slope = (np.einsum("tq,tqw->tw", shares, near) - near[each, wanted]).sum(0)
        return float(-np.log(shares[each, wanted] + 1e-12).sum() + DRAWN / 2 * away @ away), slope + DRAWN * away

    bounds = [(0.0, None)] * near.shape[2]
    return np.asarray(minimize(lose, PRIOR, jac=True, method="L-BFGS-B", bounds=bounds).x)


def _fit_confidence(rows: np.ndarray, right: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Weights of the confidence, (5,): a logistic regression drawn to `CONFIDENCE_PRIOR`."""
    from scipy.optimize import minimize

    sign = np.where(right, 1.0, -1.0)

    def lose(wanted: np.ndarray) -> tuple[float, np.ndarray]:
        margin, away = sign * (rows @ wanted), wanted - CONFIDENCE_PRIOR
        missed = 1.0 / (1.0 + np.exp(np.clip(margin, -50, 50)))
        loss = (weights * np.logaddexp(0.0, -margin)).sum() + CONFIDENCE_DRAWN / 2 * away @ away
        return float(loss), -(weights * sign * missed) @ rows + CONFIDENCE_DRAWN * away

    bounds = [(None, None), *[(0.0, None)] * (rows.shape[1] - 1)]
    return np.asarray(minimize(lose, CONFIDENCE_PRIOR, jac=True, method="L-BFGS-B", bounds=bounds).x)
