"""Two regressions over what everybody who agreed has bought, cut to few dimensions so that any SQL engine can apply them.

What a customer is expected to buy is a sum over the types bought, of a weight for each pair of types. A matrix of weights is
kept as `gives @ takes.T`: buying a type adds its short row `gives` to the customer, and a type is expected by the product of that sum
with its row `takes`. Fewer dimensions than types remember less of single customers, and rank better on what was never bought.
The rows are kept long, one for each type and dimension, so that the query which applies them stays short.
No type that fewer than `fewest_counted` customers bought is in either.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from models.features import CONSTANT_TYPE, DIMENSIONS

YEAR_DAYS = 364
ACTIVE_DAYS = 84
AFTER_DAYS = 28
WINDOWS = 3  # of 28 days each, that the second regression learns from
WINDOW_DECAY = 0.7  # what each earlier window counts
HALF_DAYS = 100
OLDEST_DAYS = YEAR_DAYS + WINDOWS * AFTER_DAYS
MOST_TYPES = 2000  # the matrices are dense; the most bought come first
RIDGE = 0.4  # of the number of customers
AFTER_RIDGE = 0.6  # of the weighted number of customers over the windows
CONSTANT = 3.0  # above 1, so that the constant term is held back less than the others

AFTER_DIMENSIONS = 48

FACTORS = {
    "type_id": pl.String,
    "dimension": pl.Int64,
    "gives": pl.Float64,
    "often": pl.Float64,
    "takes": pl.Float64,
}

Matrix = NDArray[np.float32]
_Values = NDArray[np.floating[Any]]


def find_factors(lines: pl.DataFrame, cut: date, *, fewest_counted: int) -> pl.DataFrame:
    """Both regressions at a cut (columns `FACTORS`), for the types that enough people bought in a year.

    Dimensions below `DIMENSIONS`: each type from all others that the same customer bought, by the weights of EASE (Steck,
    "Embarrassingly Shallow Autoencoders for Sparse Data", WWW 2019), a ridge regression with the diagonal held at 0.

    The others: what active customers bought in the 28 days after a day, from what they had bought before it (`gives`) and how often
    lately (`often`, times the logarithm of 1 + days, each halved for every 100 days of its age). Learned from the newest such windows
    before the cut; left out where the data are younger than that. The constant term is what `CONSTANT_TYPE` gives.
    """
    known = lines.filter(pl.col("ordered_on") < cut, pl.col("ordered_on") >= cut - timedelta(days=OLDEST_DAYS))
    year = known.filter(pl.col("ordered_on") >= cut - timedelta(days=YEAR_DAYS))
    counted = year.group_by("type_id").agg(people=pl.col("person_id").n_unique())
    counted = counted.filter(pl.col("people") >= fewest_counted)
    counted = counted.sort(["people", "type_id"], descending=[True, False]).head(MOST_TYPES)
    if counted.height < 2:
        return pl.DataFrame(schema=FACTORS)
    kinds = counted["type_id"].sort()
    bought = _read(known, cut, kinds)
    return pl.concat([_fit_together(bought, kinds), _fit_after(bought, kinds)]).sort("type_id", "dimension")


@dataclass(frozen=True)
class _Bought:
    """Days on which somebody bought a type: numbers of people and kinds, and days before the cut (1 is the day before)."""

    person: NDArray[np.int64]
    kind: NDArray[np.int64]
    age: NDArray[np.int64]
    people: int
    kinds: int

    def between(self, first: int, last: int) -> "_Bought":
        """Only those that are so many days old."""
        inside = (self.age >= first) & (self.age <= last)
        return replace(self, person=self.person[inside], kind=self.kind[inside], age=self.age[inside])

    def sum(self, weights: NDArray[np.float64] | None = None) -> Matrix:
        """A row for each person, a column for each kind: days with a purchase, or what they weigh."""
        cells = np.bincount(self.person * self.kinds + self.kind, weights, minlength=self.people * self.kinds)
        return cells.reshape(self.people, self.kinds).astype(np.float32)


def _read(lines: pl.DataFrame, cut: date, kinds: pl.Series) -> _Bought:
    numbered = pl.DataFrame({"type_id": kinds}).with_row_index("kind")
    age = (pl.lit(cut) - pl.col("ordered_on")).dt.total_days()
    days = lines.join(numbered, on="type_id").select("person_id", pl.col("kind").cast(pl.Int64), age=age).unique()
    people, person = np.unique(days["person_id"].to_numpy(), return_inverse=True)
    return _Bought(person, days["kind"].to_numpy(), days["age"].to_numpy(), len(people), len(kinds))


def _fit_together(bought: _Bought, kinds: pl.Series) -> pl.DataFrame:
    ever = (bought.between(1, YEAR_DAYS).sum() > 0).astype(np.float64)
    people = int(ever.any(axis=1).sum())
    inverse = np.linalg.inv(ever.T @ ever + RIDGE * people * np.eye(len(kinds)))
    weights = -inverse / np.diag(inverse)
    np.fill_diagonal(weights, 0.0)
    gives, takes = _shorten(weights, min(DIMENSIONS, len(kinds)))
    return _lay_out(kinds, 0, gives, np.zeros_like(gives), takes)


def _shorten(weights: NDArray[np.float64], rank: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """`gives @ takes.T`, near the best approximation of that rank: subspace iteration (Halko, Martinsson and Tropp 2011)."""
    width = min(rank + 16, len(weights))
    basis = np.random.default_rng(0).standard_normal((len(weights), width))
    for _ in range(6):
        basis = np.linalg.qr(weights @ (weights.T @ basis))[0]
    left, values, right = np.linalg.svd(basis.T @ weights, full_matrices=False)
    return (basis @ left)[:, :rank] * values[:rank], right[:rank].T


def _fit_after(bought: _Bought, kinds: pl.Series) -> pl.DataFrame:
    """Reduced-rank ridge regression (Mukherjee and Zhu 2011): the fitted values, projected on their first directions.

    A type's own weight is left out: how often one buys a thing is another reason than what else one buys.
    """
    size = len(kinds)
    gram, moment, weight = (
        np.zeros((2 * size + 1, 2 * size + 1), np.float32),
        np.zeros((2 * size + 1, size), np.float32),
        0.0,
    )
    for importance, before, after in _list_windows(bought):
        gram += importance * (before.T @ before)
        moment += importance * (before.T @ after)
        weight += importance * len(before)
    if not weight:
        return pl.DataFrame(schema=FACTORS)
    gram[np.diag_indices_from(gram)] += AFTER_RIDGE * weight
    weights = np.linalg.solve(gram, moment)
    own = np.arange(size)
    weights[own, own] = weights[size + own, own] = 0.0
    fitted = _describe(bought, 0) @ weights
    takes = np.linalg.eigh(fitted.T @ fitted)[1][:, ::-1][:, :AFTER_DIMENSIONS]
    gives = weights @ takes
    constant = CONSTANT * gives[-1:]
    return pl.concat(
        [
            _lay_out(kinds, DIMENSIONS, gives[:size], gives[size : 2 * size], takes),
            _lay_out(pl.Series([CONSTANT_TYPE]), DIMENSIONS, constant, 0 * constant, 0 * constant),
        ]
    )


def _list_windows(bought: _Bought) -> Iterator[tuple[float, Matrix, Matrix]]:
    """How much a window counts, what its active customers had bought before it, what they bought in it."""
    oldest = bought.age.max(initial=0)
    for number in range(WINDOWS):
        since = AFTER_DAYS * (number + 1)
        active = bought.between(since + 1, since + ACTIVE_DAYS).sum().any(axis=1)
        if not active.any() or oldest - since < AFTER_DAYS:
            return
        later = bought.between(since - AFTER_DAYS + 1, since).sum() > 0
        yield WINDOW_DECAY**number, _describe(bought, since)[active], later[active].astype(np.float32)


def _describe(bought: _Bought, since: int) -> Matrix:
    """A row for each person, of the year before the day `since` days before the cut: each type bought or not, then how often
    lately (log), then the constant."""
    past = bought.between(since + 1, since + YEAR_DAYS)
    often = np.log1p(past.sum(0.5 ** ((past.age - since) / HALF_DAYS)))
    return np.hstack([often > 0, often, np.full((bought.people, 1), CONSTANT)], dtype=np.float32)


def _lay_out(kinds: pl.Series, first: int, gives: _Values, often: _Values, takes: _Values) -> pl.DataFrame:
    """A row for each type and dimension, numbered from `first`."""
    count = gives.shape[1]
    columns = {"gives": gives.ravel(), "often": often.ravel(), "takes": takes.ravel()}
    return pl.DataFrame(
        {
            "type_id": np.repeat(kinds.to_numpy(), count),
            "dimension": np.tile(np.arange(first, first + count), len(kinds)),
        }
        | {name: values.astype(np.float64) for name, values in columns.items()},
        schema=FACTORS,
    )
