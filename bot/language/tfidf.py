"""TF-IDF of one text at a time. scikit-learn's own transform checks and converts matrices for a millisecond a text; the sum takes a tenth.

Fitting stays scikit-learn's (TfidfVectorizer): this reads its columns and weights, and cuts a text with its analyzer. With
`sublinear_tf` and rows of length 1: (1 + log count) · idf, divided by the row's length (Salton and Buckley 1988).
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer

Row = tuple[NDArray[np.int64], NDArray[np.float64]]


class TextWeigher:
    """A fitted vectorizer's block of columns."""

    def __init__(self, vectorizer: TfidfVectorizer) -> None:
        self._analyze: Any = vectorizer.build_analyzer()
        self._columns: dict[str, int] = vectorizer.vocabulary_
        self._idf: NDArray[np.float64] = np.array(vectorizer.idf_)
        self.width = len(self._idf)

    def weigh(self, text: str) -> Row:
        """The columns of a text, ascending, and their weights; none of a text without a known column."""
        found = [column for column in map(self._columns.get, self._analyze(text)) if column is not None]
        if not found:
            return np.zeros(0, np.int64), np.zeros(0)
        columns, counts = np.unique(np.array(found, np.int64), return_counts=True)
        weights = (1.0 + np.log(counts)) * self._idf[columns]
        return columns, weights / np.sqrt(weights @ weights)


def join_rows(weighers: list[TextWeigher], scales: list[float], text: str) -> Row:
    """The blocks' rows side by side, each multiplied by its scale."""
    columns, weights, begin = [], [], 0
    for weigher, scale in zip(weighers, scales, strict=True):
        found, weight = weigher.weigh(text)
        columns.append(found + begin)
        weights.append(scale * weight)
        begin += weigher.width
    return np.concatenate(columns), np.concatenate(weights)
