"""A ranker: one LightGBM forest for one set of columns, with its nodes laid out for exact attribution.

A `Shelf` holds the rankers of one training run, one for each distinct set of columns that consents lead to (and one more each for
the slot `coupons`, where enough coupons were redeemed), with the shop's statistics of the same day. It is a folder of plain files: LightGBM's own text format, Parquet and one JSON.
"""

import json
import logging
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
import polars as pl
from numpy.typing import NDArray

from models.builder import Builder
from models.features import FEATURES, GROUPS
from models.regressions import FACTORS
from models.shapley import Forest, attribute, flatten_forest
from models.statistics import SIMILAR, STATISTICS

_log = logging.getLogger("candor.models")
_GROUP_NUMBER = {group.name: number for number, group in enumerate(GROUPS)}
_GROUP_OF = {feature.name: feature.group for feature in FEATURES}


@dataclass(frozen=True)
class Ranker:
    """One forest. `consents` are the categories that it has columns of."""

    consents: frozenset[str]
    columns: tuple[str, ...]
    booster: lightgbm.Booster

    @cached_property
    def forest(self) -> Forest:
        return flatten_forest(self.booster.dump_model(), [_GROUP_NUMBER[_GROUP_OF[column]] for column in self.columns])

    def score(self, rows: pl.DataFrame) -> NDArray[np.float64]:
        """Raw scores in log-odds, one a row: of buying within 28 days, of redeeming within 28 days for a ranker of coupons."""
        return np.asarray(self.booster.predict(self.make_matrix(rows), raw_score=True, num_threads=1), np.float64)

    def attribute(self, rows: pl.DataFrame) -> tuple[float, list[dict[str, float]]]:
        """The base, and for each row the exact Shapley value of each group, in log-odds."""
        values = attribute(self.forest, self.make_matrix(rows))
        names = sorted({_GROUP_OF[column] for column in self.columns}, key=_GROUP_NUMBER.__getitem__)
        return self.forest.base, [{name: float(row[_GROUP_NUMBER[name]]) for name in names} for row in values]

    def make_matrix(self, rows: pl.DataFrame) -> NDArray[np.float64]:
        """The columns of this ranker as numbers; missing is not a number."""
        return rows.select(self.columns).with_columns(pl.all().fill_null(float("nan"))).to_numpy().astype(np.float64)


@dataclass(frozen=True)
class Shelf:
    """The rankers and statistics of one training run.

    Attributes
    ----------
    version
        Names the run in every impression.
    cut
        The shop's day before which everything happened that it learned from.
    statistics, similar, factors
        What was counted of those who agreed; empty when too few did.
    rehearsal
        The same, made without the newest weeks, to be tested on them; neither saved nor part of the version.
    coupon_rankers
        The order of the slot `coupons`; empty when too few coupons were redeemed, and `rankers` order it.
    """

    version: str
    cut: date
    rankers: dict[frozenset[str], Ranker]
    statistics: pl.DataFrame
    similar: pl.DataFrame
    factors: pl.DataFrame
    facts: dict[str, Any]
    coupon_rankers: dict[frozenset[str], Ranker] = field(default_factory=dict)
    rehearsal: "Shelf | None" = None

    @cached_property
    def builder(self) -> Builder:
        """Builds features beside these statistics."""
        return Builder(statistics=self.statistics, similar=self.similar, factors=self.factors)

    def find_ranker(self, consents: frozenset[str]) -> Ranker | None:
        """The ranker with the most that these consents allow; None when they allow none.

        A category that too few agreed to has no ranker, so agreeing to it as well must not take the others away.
        """
        return _find_largest(self.rankers, consents)

    def find_coupon_ranker(self, consents: frozenset[str]) -> Ranker | None:
        """The one that orders coupons under these consents: the ordinary one where none was trained."""
        return _find_largest(self.coupon_rankers, consents) or self.find_ranker(consents)

    def list_rankers(self) -> list[Ranker]:
        """Every ranker of both kinds."""
        return [*self.rankers.values(), *self.coupon_rankers.values()]


def _find_largest(rankers: dict[frozenset[str], Ranker], consents: frozenset[str]) -> Ranker | None:
    allowed = [known for known in rankers if known <= consents]
    return rankers[max(allowed, key=lambda known: (len(known), sorted(known)))] if allowed else None


def name_ranker(consents: frozenset[str], kind: str = "ranker") -> str:
    """The file name of a ranker, or of a `coupon_ranker`."""
    return f"{kind}_{'_'.join(sorted(consents))}.txt"


def save_shelf(shelf: Shelf, directory: Path) -> None:
    """Write a shelf to a folder of its own."""
    directory.mkdir(parents=True, exist_ok=True)
    for consents, ranker in shelf.rankers.items():
        ranker.booster.save_model(directory / name_ranker(consents))
    for consents, ranker in shelf.coupon_rankers.items():
        ranker.booster.save_model(directory / name_ranker(consents, "coupon_ranker"))
    shelf.statistics.write_parquet(directory / "statistics.parquet")
    shelf.similar.write_parquet(directory / "similar.parquet")
    shelf.factors.write_parquet(directory / "factors.parquet")
    about = {
        "version": shelf.version,
        "cut": shelf.cut.isoformat(),
        "rankers": [{"consents": sorted(c), "columns": r.columns} for c, r in shelf.rankers.items()],
        "coupon_rankers": [{"consents": sorted(c), "columns": r.columns} for c, r in shelf.coupon_rankers.items()],
        "facts": shelf.facts,
    }
    (directory / "shelf.json").write_text(json.dumps(about, indent=1), encoding="utf-8")


class UnfitShelf(Exception):
    """A saved shelf that this code cannot serve: it was trained by another version of it."""


def load_shelf(directory: Path) -> Shelf:
    """Read a shelf back. One that lacks a file or a column of today raises `UnfitShelf`."""
    try:
        shelf = _read_shelf(directory)
    except FileNotFoundError as error:
        raise UnfitShelf(f"{directory.name} has no {Path(error.filename or '?').name}; run make train.") from error
    asked = {
        "statistics": (STATISTICS, shelf.statistics),
        "similar": (SIMILAR, shelf.similar),
        "factors": (FACTORS, shelf.factors),
    }
    lacking = [
        f"{name}.{column}" for name, (columns, frame) in asked.items() for column in columns if column not in frame
    ]
    strange = {column for ranker in shelf.list_rankers() for column in ranker.columns} - set(_GROUP_OF)
    if lacking or strange:
        raise UnfitShelf(
            f"{directory.name} was trained by another version of Candor: it lacks {lacking or 'nothing'} "
            f"and has columns unknown today: {sorted(strange) or 'none'}. Run make train."
        )
    return shelf


def open_shelf(directory: Path) -> Shelf | None:
    """The shelf that is to serve; none, so that the shop's own order is shown, where this code cannot read it."""
    try:
        return load_shelf(directory)
    except UnfitShelf as error:
        _log.error("Offers are in the shop's own order: %s", error)
        return None


def _read_shelf(directory: Path) -> Shelf:
    about = json.loads((directory / "shelf.json").read_text(encoding="utf-8"))
    return Shelf(
        version=about["version"],
        cut=date.fromisoformat(about["cut"]),
        rankers=_load_rankers(directory, about["rankers"], "ranker"),
        statistics=pl.read_parquet(directory / "statistics.parquet"),
        similar=pl.read_parquet(directory / "similar.parquet"),
        factors=pl.read_parquet(directory / "factors.parquet"),
        facts=about["facts"],
        coupon_rankers=_load_rankers(directory, about.get("coupon_rankers", []), "coupon_ranker"),
    )


def _load_rankers(directory: Path, entries: list[dict[str, Any]], kind: str) -> dict[frozenset[str], Ranker]:
    rankers = {}
    for entry in entries:
        consents = frozenset(entry["consents"])
        booster = lightgbm.Booster(model_file=directory / name_ranker(consents, kind))
        rankers[consents] = Ranker(consents, tuple(entry["columns"]), booster)
    return rankers


def publish_shelf(models: Path, version: str) -> None:
    """Make a saved shelf the one that serves: one atomic rename."""
    pointer = models / "current.json.new"
    pointer.write_text(json.dumps({"version": version}), encoding="utf-8")
    pointer.replace(models / "current.json")


def find_read_at(models: Path) -> str | None:
    """When the version that serves read what it learned from, RFC 3339 on the shop's clock; None without one.

    For a version from before this was noted: its cut, which is earlier.
    """
    version = find_current(models)
    if version is None:
        return None
    about = json.loads((models / version / "shelf.json").read_text(encoding="utf-8"))
    return str(about["facts"].get("read_at") or about["cut"])


def find_current(models: Path) -> str | None:
    """The version that serves, or None before the first training."""
    try:
        return str(json.loads((models / "current.json").read_text(encoding="utf-8"))["version"])
    except FileNotFoundError:
        return None
