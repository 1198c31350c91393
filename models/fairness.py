"""Differences between groups, and how much of a difference is chance: definitions, intervals, nulls. No database, no ranker.

Rates by group, differences and ratios are fairlearn's (`MetricFrame`, demographic parity of Agarwal et al. 2018, "A Reductions
Approach to Fair Classification"; the gaps of quality are the same difference taken over another mean). Two things are ours
because places of one slate are no independent draws: intervals resample whole customers, and the null shuffles whole customers.

A difference between the largest and the smallest group is never below 0, so chance alone makes it positive, the more so the
smaller and the more numerous the groups. Beside each figure stands what shuffled labels give (`null_p95`). Nothing here can
show that a ranking is fair; it can show that a stated difference is there, how large it is, and how sure that is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from fairlearn.metrics import MetricFrame, mean_prediction
from numpy.typing import NDArray

FEWEST_IN_GROUP = 20  # design.md §3: published for groups of 20 or more
DRAWS = 2000
SEED = 20180101
SURE = 0.95

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Measured:
    """What was seen of each customer. The rate of a group is Σ amount / Σ weight over its customers.

    Attributes
    ----------
    amount
        Shape (people,): places with a discount, NDCG, seconds waited.
    weight
        Shape (people,): places, 1, handoffs. 0 means that there was nothing to measure.
    """

    amount: Floats
    weight: Floats


@dataclass(frozen=True)
class GroupRate:
    """One group that may be published."""

    value: str
    people: int
    rate: float
    low: float
    high: float


@dataclass(frozen=True)
class Comparison:
    """A measure over the groups of one attribute.

    Attributes
    ----------
    difference
        Largest rate minus smallest, in the measure's unit. 0: all groups alike.
    ratio
        Smallest rate / largest. 1: all groups alike.
    low, high
        95 % interval of the difference, customers resampled within their groups, corrected for the upward pull of a
        largest-minus-smallest ("basic" bootstrap, Davison and Hinkley 1997, 5.2): it may lie below the figure itself.
    null_p95
        The difference that 5 % of shuffles of the labels reach.
    chance
        Share of shuffles with at least this difference.
    withheld
        How many groups have fewer than 20 customers and are left out of everything here.
    """

    groups: tuple[GroupRate, ...]
    difference: float
    low: float
    high: float
    ratio: float
    ratio_low: float
    ratio_high: float
    null_p95: float
    chance: float
    withheld: int


@dataclass(frozen=True)
class Excess:
    """How much larger one difference is than another's, on the same customers. Above 0: more unequal."""

    value: float
    low: float
    high: float

    @property
    def is_worse(self) -> bool:
        """Whether it is more unequal beyond the interval."""
        return self.low > 0


def compare_groups(measured: Measured, labels: Sequence[str | None]) -> Comparison | None:
    """Compare the groups of one attribute; None when fewer than two groups may be published.

    `labels` has one value a customer, in the order of `measured`; None is a customer without one.
    """
    members, withheld = _list_members([measured], labels)
    if len(members) < 2:
        return None
    chosen = np.concatenate(list(members.values()))
    names = np.repeat(list(members), [len(people) for people in members.values()])
    amount, weight = measured.amount[chosen], measured.weight[chosen]
    frame = MetricFrame(
        metrics=mean_prediction,
        y_true=np.zeros(len(chosen)),
        y_pred=amount / weight,
        sensitive_features=names,
        sample_params={"sample_weight": weight},
    )
    rates = {str(name): float(rate) for name, rate in frame.by_group.items()}
    difference = float(frame.difference(method="between_groups"))
    ratio = find_ratio(np.array([list(rates.values())]))[0]
    drawn = _draw_rates([measured], members)[0]
    low, high = _find_interval(difference, find_difference(drawn), least=0.0)
    ratio_low, ratio_high = _find_interval(ratio, find_ratio(drawn), least=0.0, most=1.0)
    null = _shuffle_differences(amount, weight, [len(people) for people in members.values()])
    spread = np.quantile(drawn, [0.025, 0.975], axis=0)
    groups = tuple(
        GroupRate(name, len(members[name]), rates[name], float(spread[0, n]), float(spread[1, n]))
        for n, name in enumerate(members)
    )
    return Comparison(
        groups=groups,
        difference=difference,
        low=low,
        high=high,
        ratio=float(ratio),
        ratio_low=ratio_low,
        ratio_high=ratio_high,
        null_p95=float(np.quantile(null, 0.95)),
        chance=float(np.mean(null >= difference - 1e-12)),
        withheld=withheld,
    )


def compare_excess(
    one: Measured, other: Measured, labels: Sequence[str | None], *, sure: float = SURE
) -> Excess | None:
    """The difference of `one` minus the difference of `other`, paired: the same customers are drawn for both."""
    members, _ = _list_members([one, other], labels)
    if len(members) < 2:
        return None
    whole = {name: people[None, :] for name, people in members.items()}
    found = [find_difference(_rate(measured, whole))[0] for measured in (one, other)]
    drawn = [find_difference(rates) for rates in _draw_rates([one, other], members)]
    value = float(found[0] - found[1])
    low, high = _find_interval(value, drawn[0] - drawn[1], sure=sure)
    return Excess(value, low, high)


def find_difference(rates: Floats) -> Floats:
    """Largest minus smallest rate of each row, shape (rows, groups)."""
    return np.asarray(rates.max(axis=1) - rates.min(axis=1), np.float64)


def find_ratio(rates: Floats) -> Floats:
    """Smallest / largest rate of each row; 1 where all are 0, since then all are alike."""
    largest = rates.max(axis=1)
    return np.where(largest > 0, rates.min(axis=1) / np.where(largest > 0, largest, 1.0), 1.0)


def describe(comparison: Comparison) -> dict[str, Any]:
    """A comparison as JSON."""
    told: dict[str, Any] = {key: value for key, value in vars(comparison).items() if key != "groups"}
    return {"groups": [dict(vars(group)) for group in comparison.groups]} | told


def _list_members(measures: list[Measured], labels: Sequence[str | None]) -> tuple[dict[str, NDArray[np.int64]], int]:
    """Customers of each group that may be published, and how many groups may not. Only who was measured counts."""
    is_seen = np.all([measured.weight > 0 for measured in measures], axis=0)
    by_value: dict[str, list[int]] = {}
    for number, value in enumerate(labels):
        if value is not None and is_seen[number]:
            by_value.setdefault(value, []).append(number)
    kept = {value: np.array(by_value[value]) for value in sorted(by_value) if len(by_value[value]) >= FEWEST_IN_GROUP}
    return kept, len(by_value) - len(kept)


def _draw_rates(measures: list[Measured], members: dict[str, NDArray[np.int64]]) -> list[Floats]:
    """Rates of each measure when customers are drawn again within their groups, shape (draws, groups)."""
    rng = np.random.default_rng(SEED)
    picked = {name: people[rng.integers(0, len(people), (DRAWS, len(people)))] for name, people in members.items()}
    return [_rate(measured, picked) for measured in measures]


def _rate(measured: Measured, picked: dict[str, NDArray[np.int64]]) -> Floats:
    return np.stack(
        [measured.amount[people].sum(axis=1) / measured.weight[people].sum(axis=1) for people in picked.values()],
        axis=1,
    )


def _shuffle_differences(amount: Floats, weight: Floats, sizes: list[int]) -> Floats:
    """Differences when the labels are dealt out anew, sizes kept."""
    rng = np.random.default_rng(SEED + 1)
    order = rng.permuted(np.tile(np.arange(len(amount)), (DRAWS, 1)), axis=1)
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    rates = np.add.reduceat(amount[order], starts, axis=1) / np.add.reduceat(weight[order], starts, axis=1)
    return find_difference(rates)


def _find_interval(
    value: float, drawn: Floats, *, sure: float = SURE, least: float = -np.inf, most: float = np.inf
) -> tuple[float, float]:
    """The basic bootstrap interval: the draws' quantiles mirrored at the value."""
    tail = (1 - sure) / 2
    lower, upper = np.quantile(drawn, [tail, 1 - tail])
    return float(np.clip(2 * value - upper, least, most)), float(np.clip(2 * value - lower, least, most))
