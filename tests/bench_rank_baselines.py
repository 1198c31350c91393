"""What the ranker is measured against, each tuned on the validation cut by search over everything that it can be set to.

Each baseline is a function of a cut and its settings, to scores. The heuristics are tuned on NDCG@10 over everything, the
collaborative filters on NDCG@10 over what was never bought, since that is where each is the one to beat.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import product
from typing import Any

import numpy as np
import scipy.sparse  # type: ignore[import-untyped]
from implicit.als import AlternatingLeastSquares
from numpy.typing import NDArray

from models.evaluation import average, measure_top
from tests.bench_rank_data import Cut

Matrix = NDArray[np.float32]
Baseline = Callable[[Cut], Matrix]


@dataclass(frozen=True)
class Tuned:
    """A baseline with the settings that did best on the validation cut."""

    name: str
    settings: dict[str, Any]
    score: Baseline
    validation: float


def score_popularity(cut: Cut, *, days: int = 28) -> Matrix:
    """How many households bought it lately, the same for everybody."""
    counted = (cut.count(days, people=cut.everybody) > 0).sum(0).astype(np.float32)
    return np.asarray(np.broadcast_to(counted, cut.bought.shape), np.float32)


def score_frequency(cut: Cut) -> Matrix:
    """On how many days the household bought it; ties, and what was never bought, by popularity."""
    return np.asarray(cut.count(9999) + score_popularity(cut) / 1e5, np.float32)


def score_neighbours(cut: Cut, *, days: int, likeness: str, keep: int, damping: float) -> Matrix:
    """item-kNN: the sum of likenesses to what the household bought in the last `days`."""
    bought = (cut.count(days, people=cut.everybody) > 0).astype(np.float32)
    mine = bought[cut.rows]
    if likeness == "tfidf":
        bought = bought * np.log(len(bought) / (1 + bought.sum(0)))
        mine = bought[cut.rows]
    both = bought.T @ bought
    size = np.diag(both).copy()
    below = size[:, None] + size[None, :] - both if likeness == "jaccard" else np.sqrt(np.outer(size, size))
    like = both / (below + damping + 1e-9)
    np.fill_diagonal(like, 0)
    if keep < like.shape[0]:
        like[like < -np.partition(-like, keep, axis=0)[keep]] = 0
    return np.asarray(mine @ like, np.float32)


def score_als(cut: Cut, *, weight: float | None, factors: int, regularization: float, alpha: float) -> Matrix:
    """`implicit`'s alternating least squares on counts, decayed counts, or bought or not (`weight` 0)."""
    counts = cut.count(9999, half_days=weight or None, people=cut.everybody)
    if weight == 0:
        counts = (counts > 0).astype(np.float32)
    model = AlternatingLeastSquares(
        factors=factors, regularization=regularization, alpha=alpha, iterations=15, num_threads=1, random_state=1
    )
    model.fit(scipy.sparse.csr_matrix(counts), show_progress=False)
    return np.asarray(model.user_factors[cut.rows] @ model.item_factors.T)


def score_heuristic(cut: Cut, *, half_days: int, power: float, due: float, neighbours: float, popular: float) -> Matrix:
    """Decayed counts to a power, more when the usual gap has passed, plus neighbours, plus popularity."""
    weight = cut.count(9999, half_days=half_days) ** power
    if due:
        weight = weight * (1 + due * _find_due(cut))
    near = score_neighbours(cut, days=168, likeness="cosine", keep=100, damping=0.0)
    loved = score_popularity(cut)
    return np.asarray(weight + neighbours * near / near.max() + popular * loved / loved.max(), np.float32)


def _find_due(cut: Cut) -> Matrix:
    """The days with a purchase that the household's own rate promises for 14 days, less those of the last 14."""
    lately, earlier = cut.count(14), cut.count(9999)
    rate = earlier / 280
    return np.asarray(np.clip(rate * 14 - lately, -1, 1), np.float32)


def tune(cut: Cut) -> list[Tuned]:
    """Every baseline at its best on the validation cut."""
    return [
        _choose("popularity", score_popularity, [{}], cut, "all"),
        _choose("frequency", score_frequency, [{}], cut, "all"),
        _climb(cut),
        _choose("knn", score_neighbours, _list_neighbours(), cut, "explore"),
        _choose("als", score_als, _list_als(), cut, "explore"),
    ]


def _list_neighbours() -> Iterator[dict[str, Any]]:
    for days, likeness, keep, damping in product(
        (84, 168, 364), ("cosine", "jaccard", "tfidf"), (100, 9999), (0.0, 20.0)
    ):
        yield {"days": days, "likeness": likeness, "keep": keep, "damping": damping}


def _list_als() -> Iterator[dict[str, Any]]:
    for weight, factors, regularization, alpha in product((0, 100, None), (8, 16, 32), (3.0, 10.0, 30.0), (1.0,)):
        yield {"weight": weight, "factors": factors, "regularization": regularization, "alpha": alpha}


def _choose(name: str, score: Callable[..., Matrix], options: Any, cut: Cut, segment: str) -> Tuned:
    best: Tuned | None = None
    for settings in options:
        figure = measure(cut, score(cut, **settings), segment)
        if best is None or figure > best.validation:
            best = Tuned(name, settings, partial(score, **settings), figure)
    assert best is not None
    return best


def _climb(cut: Cut) -> Tuned:
    """The heuristic has many settings: one after the other is set to its best, until nothing gets better."""
    choices: dict[str, tuple[float, ...]] = {
        "half_days": (50, 70, 90, 110, 140, 180, 250),
        "power": (0.6, 0.8, 1.0, 1.2),
        "due": (0.0, 0.1, 0.2, 0.4),
        "neighbours": (0.003, 0.03, 0.1, 0.3, 0.6, 1.0),
        "popular": (0.0, 0.01, 0.03, 0.1, 0.3),
    }
    settings: dict[str, Any] = {"half_days": 110, "power": 1.0, "due": 0.0, "neighbours": 0.3, "popular": 0.0}
    best = _choose("heuristic", score_heuristic, [settings], cut, "all")
    while True:
        before = best.validation
        for name, values in choices.items():
            options = [best.settings | {name: value} for value in values]
            best = max(best, _choose("heuristic", score_heuristic, options, cut, "all"), key=lambda t: t.validation)
        if best.validation - before < 1e-4:
            return best


def measure(cut: Cut, scores: Matrix, segment: str) -> float:
    """NDCG@10 of a segment."""
    return average(measure_top(scores, cut.happened, list_allowed(cut)[segment]).ndcg10)


def list_allowed(cut: Cut) -> dict[str, NDArray[np.bool_]]:
    """Which cells each segment ranks."""
    return {"all": np.ones_like(cut.bought), "repeat": cut.bought, "explore": ~cut.bought}
