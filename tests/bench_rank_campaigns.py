"""Task B of `make bench-rank`: who of those that a coupon campaign was sent to redeems one of its coupons, told at its start.

Campaigns that started before day 240 of the year are learned from, those from then on are ranked: every household and campaign is a row,
and the figure is the average precision over all rows. Like task A it runs on the demo's source package, where **everybody has
agreed**. The recipe was chosen by what it gave inside the earlier campaigns (learning from those before 8 May, told for May and
June; learning from those before July, told for July and August).

Two campaigns were still running on the day of the split. `lightgbm_by_split` learned from what had been redeemed by then only;
`lightgbm_plain` is LightGBM as it comes, on the same columns.
"""

from typing import Any

import lightgbm
import numpy as np
import polars as pl
from numpy.typing import NDArray

from data.demo.source import load_source
from models.evaluation import measure_average_precision
from tests.bench_rank_campaign_features import SPLIT, build_pairs, list_columns, read_past
from tests.benching import Row

LEAST = 0.50
DRAWS = 2000
PARAMETERS: dict[str, Any] = {
    "objective": "binary",
    "num_leaves": 2,  # each tree asks one question: 475 redemptions bear no more
    "extra_trees": True,
    "learning_rate": 0.03,
    "min_data_in_leaf": 20,
    "feature_fraction": 0.3,
    "bagging_fraction": 0.7,
    "bagging_freq": 1,
    "lambda_l2": 5.0,
}
ROUNDS = 1000
FIXED = {"num_threads": 1, "seed": 1, "deterministic": True, "force_row_wise": True, "verbosity": -1}

Scores = NDArray[np.float64]


def measure_campaigns() -> list[Row]:
    """`b.ap.all.<model>` of every model, ours against past redemptions with an interval over households."""
    pairs = build_pairs(read_past(load_source()))
    earlier, later = pairs.filter(pl.col("start") < SPLIT), pairs.filter(pl.col("start") >= SPLIT)
    columns = list_columns(pairs)
    happened = later["label"].to_numpy()
    scores = {
        "lightgbm": score_forest(earlier, later, columns, PARAMETERS, ROUNDS),
        "lightgbm_by_split": score_forest(earlier, later, columns, PARAMETERS, ROUNDS, label="label_by_split"),
        "lightgbm_plain": score_forest(earlier, later, columns, {"objective": "binary"}, 100),
        "past_redemptions": later["redeemed"].to_numpy(),
        "redemption_rate": later["redeemed_rate"].to_numpy(),
        "coupon_days": later["with_coupon_days"].to_numpy(),
    }
    figures = {name: measure_average_precision(each, happened) for name, each in scores.items()}
    others = {name: value for name, value in figures.items() if not name.startswith("lightgbm")}
    rows = [Row("b.ap.all.lightgbm", figures["lightgbm"], "", target=LEAST, is_most=False, against=others)]
    rows += [Row(f"b.ap.all.{name}", value, "") for name, value in figures.items() if name != "lightgbm"]
    for rival in ("past_redemptions", "lightgbm_plain"):
        low, high = bootstrap_households(later, scores["lightgbm"], scores[rival])
        against = {rival: figures[rival]}
        rows.append(Row(f"b.ap_gain_low.all.over_{rival}", low, "", target=0.0, is_most=False, against=against))
        rows.append(Row(f"b.ap_gain_high.all.over_{rival}", high, "", against=against))
    return rows


def score_forest(
    earlier: pl.DataFrame,
    later: pl.DataFrame,
    columns: list[str],
    parameters: dict[str, Any],
    rounds: int,
    *,
    label: str = "label",
) -> Scores:
    """Learn from the earlier rows and score the later ones, in log-odds: one sum of trees."""
    data = lightgbm.Dataset(earlier.select(columns).to_numpy(), earlier[label].to_numpy().astype(np.float64))
    booster = lightgbm.train(parameters | FIXED, data, num_boost_round=rounds)
    return np.asarray(booster.predict(later.select(columns).to_numpy(), raw_score=True), np.float64)


def bootstrap_households(later: pl.DataFrame, ours: Scores, theirs: Scores, *, seed: int = 0) -> tuple[float, float]:
    """The 95 % interval of the difference in average precision, households drawn anew with all their campaigns."""
    numbered = later.select(pl.col("household_id").rank("dense").cast(pl.Int64) - 1).to_series().to_numpy()
    rows_of = np.split(np.argsort(numbered, kind="stable"), np.cumsum(np.bincount(numbered))[:-1])
    happened = later["label"].to_numpy()
    rng = np.random.default_rng(seed)
    differences = []
    for _ in range(DRAWS):
        drawn = np.concatenate([rows_of[number] for number in rng.integers(0, len(rows_of), len(rows_of))])
        marks = happened[drawn]
        differences.append(
            measure_average_precision(ours[drawn], marks) - measure_average_precision(theirs[drawn], marks)
        )
    low, high = np.quantile(differences, [0.025, 0.975])
    return float(low), float(high)
