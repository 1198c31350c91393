"""Finds the common question that a text asks, among the shop's own.

Every title and wording is a row of two TF-IDF matrices: words in their one form (words.py), singly and in pairs, and groups
of letters, which forgive a typo. The answer's first words are one more row that counts less. A question's score is that of
its best row plus a little of the mean of its rows, 0 (nothing shared) to 1 (the same words), cut by the share of the text's words
that no question has: "is there wifi in the store" is not "where is the store". Two thresholds, chosen on
wordings kept apart (tests/test_bot_language.py prints what they do): from `SURE` on the answer is shown; from `MAYBE` on the
best few may be offered to choose from; below that nothing was found.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypedDict

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer

from .repair import Repairer
from .words import SPELLED, normalize, split_plain

SURE = 0.38
MAYBE = 0.24
WORD_WEIGHT = 0.65
ANSWER_WEIGHT = 0.75
ANSWER_WORDS = 30
MOST_CHARACTERS = 1000
UNKNOWN_POWER = 0.5


class Question(TypedDict):
    """One common question and its answer."""

    question_id: str
    title: str
    wordings: Sequence[str]
    answer: str


@dataclass(frozen=True)
class Ranked:
    """A question and how well it fits, 0 to 1."""

    question_id: str
    score: float


class Retriever:
    """The shop's questions, ready to be searched. Build it once after the questions are read; `rank` keeps nothing."""

    def __init__(self, questions: Sequence[Question]) -> None:
        self._ids = [str(question["question_id"]) for question in questions]
        rows: list[str] = []
        owners: list[int] = []
        weights: list[float] = []
        for index, question in enumerate(questions):
            asked = [question["title"], *question["wordings"]]
            rows += [*asked, " ".join([question["title"], *question["answer"].split()[:ANSWER_WORDS]])]
            owners += [index] * (len(asked) + 1)
            weights += [1.0] * len(asked) + [ANSWER_WEIGHT]
        self._owners = np.array(owners, dtype=int)
        self._weights = np.array(weights)
        self._matrices: list[tuple[float, TfidfVectorizer, Any]] = []
        self._weight_of: dict[str, float] = {}
        self._repairer = Repairer(())
        plain = [split_plain(row) for row in rows]
        texts = [normalize(row) for row in plain]
        if any(texts):
            for weight, vectorizer in (
                (WORD_WEIGHT, TfidfVectorizer(ngram_range=(1, 2), token_pattern=r"\S+", sublinear_tf=True)),
                (1 - WORD_WEIGHT, TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5), sublinear_tf=True)),
            ):
                self._matrices.append((weight, vectorizer, vectorizer.fit_transform(texts)))
            words = self._matrices[0][1]
            self._weight_of = {
                word: float(words.idf_[index]) for word, index in words.vocabulary_.items() if " " not in word
            }
            self._repairer = Repairer(SPELLED.union(*plain))

    def rank(self, text: str, *, limit: int = 3) -> list[Ranked]:
        """The best questions for a text, best first; empty when not a word is shared.

        Parameters
        ----------
        text : str
            What the customer wrote; its first 1,000 characters count.
        limit : int
            How many at most.
        """
        asked = normalize(self._repairer.mend(word) for word in split_plain(text[:MOST_CHARACTERS]))
        if not self._matrices or not asked:
            return []
        rows = np.zeros(len(self._owners))
        for weight, vectorizer, matrix in self._matrices:
            rows += weight * (matrix @ vectorizer.transform([asked]).T).toarray().ravel()
        rows *= self._weights
        best = np.zeros(len(self._ids))
        np.maximum.at(best, self._owners, rows)
        mean = np.bincount(self._owners, weights=rows, minlength=len(self._ids)) / np.bincount(
            self._owners, minlength=len(self._ids)
        )
        scores = np.minimum(best * 0.9 + mean * 0.2, 1.0) * self._count_known(asked.split())
        order = np.argsort(-scores, kind="stable")[:limit]
        return [Ranked(self._ids[index], float(scores[index])) for index in order if scores[index] > 0]

    def _count_known(self, words: Sequence[str]) -> float:
        """Share of the words that some question has, 0 to 1, each counted by how rare it is; an unknown one is the rarest."""
        rarest = max(self._weight_of.values())
        weights = [(self._weight_of.get(word), rarest) for word in dict.fromkeys(words)]
        known = sum(weight**2 for weight, _ in weights if weight is not None)
        unknown = sum(most**2 for weight, most in weights if weight is None)
        return float((known / (known + unknown)) ** UNKNOWN_POWER)


def choose_answer(ranked: Sequence[Ranked]) -> str | None:
    """The question to answer, or None when none fits well enough."""
    return ranked[0].question_id if ranked and ranked[0].score >= SURE else None


def choose_candidates(ranked: Sequence[Ranked]) -> list[str]:
    """Questions worth offering when none fits well enough to be answered."""
    return [one.question_id for one in ranked if one.score >= MAYBE]
