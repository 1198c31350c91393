"""A text as numbers for the classifier: words and pairs, groups of letters, and what the words mean (concepts.py).

Three TF-IDF blocks, each row of length 1, so that no block outweighs another because it has more columns. They are multiplied
by `SCALE`: Rasa's LogisticRegressionClassifier has its strength of regularization fixed at C = 1, and C = SCALE² on plain rows
is the same problem. Unscaled rows under-fit: probabilities are flat and a threshold for "not understood" means nothing.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix  # type: ignore[import-untyped]
from sklearn.feature_extraction.text import TfidfVectorizer

from .concepts import list_features
from .tfidf import TextWeigher, join_rows

SCALE = 3.0


def build_vectorizers(columns: dict[str, list[str]] | None = None) -> dict[str, TfidfVectorizer]:
    """The three blocks: not fitted yet, or with the columns of a fitted one."""
    min_df = 1 if columns else 2  # a letter group or pair seen once says nothing: half the columns, the same figures
    options: dict[str, dict[str, Any]] = {
        "words": {"ngram_range": (1, 2), "token_pattern": r"[\w']+"},
        "letters": {"ngram_range": (3, 5), "analyzer": "char_wb", "min_df": min_df},
        "concepts": {"analyzer": list_features, "min_df": min_df},
    }
    return {
        name: TfidfVectorizer(sublinear_tf=True, vocabulary=columns[name] if columns else None, **option)
        for name, option in options.items()
    }


class TextFeatures:
    """Fitted on the training texts once, then turns any text into one sparse row."""

    def __init__(self, vectorizers: dict[str, TfidfVectorizer] | None = None) -> None:
        self._vectorizers = vectorizers or build_vectorizers()
        self._weighers = [TextWeigher(one) for one in vectorizers.values()] if vectorizers else []

    def fit(self, texts: Sequence[str]) -> None:
        """Learn the columns and their weights."""
        for vectorizer in self._vectorizers.values():
            vectorizer.fit(texts)
        self._weighers = [TextWeigher(vectorizer) for vectorizer in self._vectorizers.values()]

    def transform(self, texts: Sequence[str]) -> csr_matrix:
        """One row a text, shape (texts, columns)."""
        rows = [join_rows(self._weighers, [SCALE] * len(self._weighers), text) for text in texts]
        ends = np.cumsum([0, *(len(columns) for columns, _ in rows)])
        values = np.concatenate([weights for _, weights in rows])
        columns = np.concatenate([columns for columns, _ in rows])
        return csr_matrix((values, columns, ends), shape=(len(rows), sum(one.width for one in self._weighers)))

    def save(self, path: Path) -> None:
        """Write columns and weights as JSON: nothing in the file can run."""
        state = {
            name: {
                "columns": sorted(vectorizer.vocabulary_, key=vectorizer.vocabulary_.__getitem__),
                "idf": vectorizer.idf_.tolist(),
            }
            for name, vectorizer in self._vectorizers.items()
        }
        path.write_text(json.dumps(state, ensure_ascii=False), encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> "TextFeatures":
        """Read what `save` wrote."""
        state: dict[str, dict[str, list[Any]]] = json.loads(path.read_text(encoding="utf-8"))
        vectorizers = build_vectorizers({name: block["columns"] for name, block in state.items()})
        for name, vectorizer in vectorizers.items():
            vectorizer.idf_ = np.array(state[name]["idf"])
        return cls(vectorizers)
