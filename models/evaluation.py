"""Measures of a ranking: how good it is, how sure that is, and whether its probabilities are true.

Everything here is a plain function of scores and of what happened. Rows are people, columns are what was ranked; a person
without anything to find in a segment has no figure there (NaN) and is left out of its mean.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.floating]
Marks = NDArray[np.bool_]


@dataclass(frozen=True)
class TopTen:
    """One figure a person, 0 (nothing found) to 1 (as good as can be); NaN where there was nothing to find."""

    ndcg10: NDArray[np.float64]
    recall10: NDArray[np.float64]
    hit10: NDArray[np.float64]


def measure_top(scores: Scores, happened: Marks, allowed: Marks, *, places: int = 10) -> TopTen:
    """NDCG (binary gain, log2 discount: Järvelin and Kekäläinen 2002), recall and hit rate of the first `places`.

    Only columns that are `allowed` for a person are ranked and counted. Ties go to the column further left. Recall is out
    of the most that `places` can hold.
    """
    happened = happened & allowed
    ranked = np.where(allowed, scores, -np.inf)
    top = np.argsort(-ranked, axis=1, kind="stable")[:, :places]
    found = np.take_along_axis(happened, top, 1)
    discount = 1 / np.log2(np.arange(places) + 2)
    wanted = happened.sum(1)
    with np.errstate(invalid="ignore", divide="ignore"):
        best = np.cumsum(discount)[np.clip(wanted, 1, places) - 1]
        ndcg = np.where(wanted > 0, (found * discount).sum(1) / best, np.nan)
        recall = np.where(wanted > 0, found.sum(1) / np.minimum(wanted, places), np.nan)
        hit = np.where(wanted > 0, found.any(1).astype(np.float64), np.nan)
    return TopTen(ndcg, recall, hit)


def average(figures: NDArray[np.float64]) -> float:
    """The mean over people who have a figure."""
    return float(np.nanmean(figures))


def bootstrap_difference(
    ours: NDArray[np.float64], theirs: NDArray[np.float64], *, draws: int = 2000, seed: int = 0
) -> tuple[float, float]:
    """The 95 % interval of the mean of `ours - theirs`, people drawn anew with replacement (Efron's percentile bootstrap)."""
    differences = (ours - theirs)[~np.isnan(ours - theirs)]
    rng = np.random.default_rng(seed)
    means = np.array([differences[rng.integers(0, len(differences), len(differences))].mean() for _ in range(draws)])
    low, high = np.quantile(means, [0.025, 0.975])
    return float(low), float(high)


def measure_calibration(log_odds: Scores, happened: Marks) -> float:
    """The sum of predicted probabilities over the number that happened: 1 is right, above 1 promises too much."""
    return float((1 / (1 + np.exp(-log_odds))).sum() / happened.sum())


def measure_average_precision(scores: Scores, happened: Marks) -> float:
    """The mean, over what happened, of the share of rows at or above it that happened. Tied rows share their place."""
    order = np.argsort(-scores, kind="stable")
    ranked, hits = scores[order], happened[order]
    last = np.append(np.flatnonzero(np.diff(ranked)), len(ranked) - 1)  # of each run of equal scores
    found = np.cumsum(hits)[last]
    precision = found / (last + 1)
    return float((np.diff(found, prepend=0) * precision).sum() / hits.sum())
