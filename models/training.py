"""Training: from rows of those who agreed to a shelf of rankers.

For a few cuts in the past, every customer who had bought lately is paired with types: all that were bought often before the cut, all
that were bought in the 28 days after it, and samples of the rest that carry the weight of what they stand for. The label is
"bought within 28 days". One forest is fitted for each set of consents, on the columns that this set allows; and where enough coupons
were redeemed another one for each set, which orders the slot `coupons` (`models/coupons.py`).
"""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import combinations
from typing import Any

import lightgbm
import numpy as np
import polars as pl

from data.catalogue import ProductType
from data.ranking_rows import RankingRows
from models.builder import build_rows
from models.coupons import COUPON_PARAMETERS, COUPON_ROUNDS, build_coupon_examples
from models.features import PERSONAL, select_features
from models.ranker import Ranker, Shelf
from models.regressions import find_factors
from models.statistics import EVENTS, LINES, count_popularity, find_similar

HORIZON_DAYS = 28
ACTIVE_DAYS = 84
CUTS = 3
MOST_LEARNED_FROM = 10_000  # customers a cut, drawn by lot; everybody who agreed is in the statistics
SAMPLE_RATE = 0.05  # of the types never bought
RARE_RATE = 0.35  # of the types bought on one or two days and not again
FEWEST_ROWS = 500
SEED = 20180101
PARAMETERS = {
    "objective": "binary",
    "num_leaves": 31,
    "learning_rate": 0.06,
    "min_data_in_leaf": 200,
    "lambda_l2": 10.0,
    "feature_fraction": 0.3,
    "max_bin": 63,
    "seed": SEED,
    "deterministic": True,
    "force_row_wise": True,
    "verbosity": -1,
}
ROUNDS = 120


def train_shelf(
    rows: RankingRows,
    types: list[ProductType],
    *,
    today: date,
    fewest_customers: int,
    fewest_counted: int,
    threads: int = 1,
    last_cut: date | None = None,
    rehearse: bool = False,
    report: Callable[[str, int, int], None] | None = None,
) -> Shelf:
    """Fit every ranker that the data allow. With too few agreeing customers the shelf is empty and the shop's own order serves.

    `last_cut` leaves out what was learned at later cuts (for benchmarks). `rehearse` fits the ranker for purchases once more
    without the newest cut, so that it can be tested on the weeks after that (models/backtest.py).
    """
    tell = report or (lambda _what, _done, _of: None)
    lines = pl.DataFrame(rows.lines, schema=LINES, orient="row")
    events = pl.DataFrame(rows.events, schema=EVENTS, orient="row")
    catalogue = pl.DataFrame(
        {"type_id": [t.type_id for t in types], "category": [t.category for t in types]},
        schema={"type_id": pl.String, "category": pl.String},
    )
    lines = lines.sort("person_id", "ordered_on", "type_id").join(catalogue, on="type_id")
    events = events.sort("person_id", "happened_on", "type_id", "event").join(catalogue, on="type_id")
    buyers, users = lines["person_id"].n_unique(), events["person_id"].n_unique()
    may_count = buyers >= fewest_customers
    counted = lines if may_count else lines.clear()
    now = _count(counted, today, fewest_counted)
    learned = {name for name, people in (("purchases", buyers), ("offers", users)) if people >= fewest_customers}
    rankers: dict[frozenset[str], Ranker] = {}
    rehearsal = None
    coupon_rankers: dict[frozenset[str], Ranker] = {}
    if may_count:
        sets = [frozenset(s) for n in range(1, len(PERSONAL) + 1) for s in combinations(sorted(PERSONAL & learned), n)]
        cuts = [cut for cut in _list_cuts(lines, today) if last_cut is None or cut <= last_cut]
        counted_at = {cut: _count(lines.filter(pl.col("ordered_on") < cut), cut, fewest_counted) for cut in cuts}
        examples = _build_examples(lines, events, catalogue, counted_at, threads, tell)
        if examples is not None:
            for number, consents in enumerate(sets, start=1):
                tell(f"train the ranker for {' and '.join(sorted(consents))}", number, len(sets))
                rankers[consents] = _fit(examples, consents, PARAMETERS, ROUNDS, threads)
            if rehearse:
                tell("rehearse without the newest weeks", 1, 1)
                rehearsal = _rehearse(examples, counted_at, threads)
        coupons = build_coupon_examples(
            lines,
            events,
            rows.coupon_events,
            today=today,
            fewest_customers=fewest_customers,
            fewest_counted=fewest_counted,
            threads=threads,
            tell=tell,
        )
        if rankers and coupons is not None:
            for number, consents in enumerate(sets, start=1):
                tell(f"train the ranker of coupons for {' and '.join(sorted(consents))}", number, len(sets))
                parameters = PARAMETERS | COUPON_PARAMETERS
                coupon_rankers[consents] = _fit(coupons, consents, parameters, COUPON_ROUNDS, threads)
    facts = {"buyers": buyers, "coupon_users": users, "rows": lines.height}
    shelf = Shelf("", today, rankers, now.statistics, now.similar, now.factors, facts, coupon_rankers, rehearsal)
    return replace(shelf, version=_name_version(shelf))


@dataclass(frozen=True)
class _Counted:
    """What was counted of those who agreed, before a cut."""

    statistics: pl.DataFrame
    similar: pl.DataFrame
    factors: pl.DataFrame


def _count(lines: pl.DataFrame, cut: date, fewest_counted: int) -> _Counted:
    return _Counted(
        count_popularity(lines, cut, fewest_counted=fewest_counted),
        find_similar(lines, cut, fewest_counted=fewest_counted),
        find_factors(lines, cut, fewest_counted=fewest_counted),
    )


def _rehearse(examples: pl.DataFrame, counted_at: dict[date, _Counted], threads: int) -> Shelf | None:
    """The ranker for purchases as it would have been at the newest cut; None with too little before that."""
    newest = max(counted_at)
    earlier = examples.filter(pl.col("cut") < newest)
    if earlier.height < FEWEST_ROWS or earlier["label"].n_unique() < 2:
        return None
    consents, then = frozenset({"purchases"}), counted_at[newest]
    rankers = {consents: _fit(earlier, consents, PARAMETERS, ROUNDS, threads)}
    return Shelf("rehearsal", newest, rankers, then.statistics, then.similar, then.factors, {})


def _list_cuts(lines: pl.DataFrame, today: date) -> list[date]:
    first: date = lines["ordered_on"].min()  # type: ignore[assignment]
    cuts = [today - timedelta(days=HORIZON_DAYS * n) for n in range(1, CUTS + 1)]
    return [cut for cut in cuts if (cut - first).days >= HORIZON_DAYS]


def _build_examples(
    lines: pl.DataFrame,
    events: pl.DataFrame,
    catalogue: pl.DataFrame,
    counted_at: dict[date, _Counted],
    threads: int,
    tell: Callable[[str, int, int], None],
) -> pl.DataFrame | None:
    """Features, `label`, `weight` and `cut` over all cuts; None when the data are too few to learn from."""
    frames = []
    for number, (cut, counted) in enumerate(counted_at.items(), start=1):
        tell(f"build features before {cut.isoformat()}", number, len(counted_at))
        past = lines.filter(pl.col("ordered_on") < cut)
        pairs = _draw_pairs(past, lines, catalogue, cut)
        if pairs.is_empty():
            continue
        features = build_rows(
            pairs=pairs.select("person_id", "type_id", "category"),
            lines=past,
            events=events.filter(pl.col("happened_on") < cut),
            statistics=counted.statistics,
            similar=counted.similar,
            factors=counted.factors,
            cut=cut,
            threads=threads,
        )
        frames.append(
            features.join(
                pairs.select("person_id", "type_id", "label", "weight", cut=pl.lit(cut)), on=["person_id", "type_id"]
            )
        )
    if not frames or sum(frame.height for frame in frames) < FEWEST_ROWS:
        return None
    examples = pl.concat(frames)
    return examples if examples["label"].n_unique() == 2 else None


def _draw_pairs(past: pl.DataFrame, lines: pl.DataFrame, catalogue: pl.DataFrame, cut: date) -> pl.DataFrame:
    """`person_id, type_id, category, label, weight` of one cut."""
    active = (
        past.filter(pl.col("ordered_on") >= cut - timedelta(days=ACTIVE_DAYS))
        .select("person_id")
        .unique()
        .sort("person_id")
    )
    rng = np.random.default_rng([SEED, cut.toordinal()])
    if active.height > MOST_LEARNED_FROM:
        active = active[np.sort(rng.choice(active.height, MOST_LEARNED_FROM, replace=False))]
    days = past.join(active, on="person_id").group_by("person_id", "type_id").agg(days=pl.col("ordered_on").n_unique())
    later = (
        lines.filter((pl.col("ordered_on") >= cut) & (pl.col("ordered_on") < cut + timedelta(days=HORIZON_DAYS)))
        .join(active, on="person_id")
        .select("person_id", "type_id")
        .unique()
    )
    often = days.filter(pl.col("days") > 2).select("person_id", "type_id")
    rare = (
        days.filter(pl.col("days") <= 2)
        .select("person_id", "type_id")
        .join(later, on=["person_id", "type_id"], how="anti")
    )
    rare = rare.sort("person_id", "type_id")
    few = rare.filter(pl.Series(rng.random(rare.height) < RARE_RATE))
    surely = pl.concat([often, later]).unique()
    known = pl.concat([surely, rare])
    kinds = past.select("type_id").unique().sort("type_id")
    wanted = int(active.height * kinds.height * SAMPLE_RATE)
    sample = pl.DataFrame(
        {
            "person_id": active["person_id"].to_numpy()[rng.integers(0, max(1, active.height), wanted)]
            if active.height
            else [],
            "type_id": kinds["type_id"].gather(rng.integers(0, max(1, kinds.height), wanted)) if kinds.height else [],
        },
        schema={"person_id": pl.Int64, "type_id": pl.String},
    ).unique()
    sample = sample.join(known, on=["person_id", "type_id"], how="anti")
    unbought = active.height * kinds.height - known.height
    weight = unbought / sample.height if sample.height else 1.0
    parts = (
        (surely, 1.0),
        (few, rare.height / few.height if few.height else 1.0),
        (sample, weight),
    )
    pairs = pl.concat([part.with_columns(weight=pl.lit(float(stands_for))) for part, stands_for in parts]).join(
        later.with_columns(label=pl.lit(1.0)), on=["person_id", "type_id"], how="left"
    )
    return pairs.with_columns(pl.col("label").fill_null(0.0)).join(catalogue, on="type_id").sort("person_id", "type_id")


def _fit(
    examples: pl.DataFrame, consents: frozenset[str], parameters: dict[str, Any], rounds: int, threads: int
) -> Ranker:
    columns = tuple(feature.name for feature in select_features(consents))
    matrix = examples.select(columns).with_columns(pl.all().fill_null(float("nan"))).to_numpy()
    data = lightgbm.Dataset(
        matrix,
        examples["label"].to_numpy(),
        weight=examples["weight"].to_numpy(),
        feature_name=list(columns),
        free_raw_data=True,
    )
    booster = lightgbm.train(parameters | {"num_threads": threads}, data, num_boost_round=rounds)
    return Ranker(consents, columns, booster)


def _name_version(shelf: Shelf) -> str:
    digest = hashlib.sha256()
    for part in _describe(shelf):
        digest.update(part.encode())
    return f"{shelf.cut.isoformat()}-{digest.hexdigest()[:8]}"


def _describe(shelf: Shelf) -> Iterator[str]:
    for rankers in (shelf.rankers, shelf.coupon_rankers):
        for consents in sorted(rankers, key=sorted):
            yield rankers[consents].booster.model_to_string()
    yield shelf.statistics.write_json()
    yield shelf.similar.write_json()
    yield shelf.factors.write_json()
