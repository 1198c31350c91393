"""`make bench-explain`: the exact Shapley values of groups, for time and for error, beside every other method in one run.

Rows are real: candidates of customers of the demo shop with everybody's consent, and the ranker with all columns. One core, one
thread. `explain.max_error` is the largest difference to LightGBM's own TreeSHAP (each column a group of its own, missing values
included), to brute force over all coalitions of groups, and of the sum to the raw score.

What the others do: LightGBM's `pred_contrib` and shap's TreeExplainer give the values of columns, whose sum over a group is
another game's value than the group's own. Brute force gives the group's, by asking the forest about each coalition.
"""

import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import polars as pl
import shap
from numpy.typing import NDArray

from data.catalogue import fetch_types
from data.consent import fetch_consents
from data.ranking_rows import fetch_own_rows
from models.candidates import build_own_rows
from models.features import FEATURES, GROUPS
from models.ranker import Ranker, Shelf
from models.shapley import attribute, flatten_forest
from tests.agreeing import Agreeing, open_agreeing_shop
from tests.benching import Row, read_commit, report
from tests.games import shapley_by_brute_force, value_coalitions

ROWS = 10_000
PEOPLE = 40
SINGLE = 300
BRUTE = 100
MOST_ROW_MS, MOST_BATCH_S, MOST_ERROR = 0.1, 1.0, 1e-9


def gather_rows(shop: Agreeing, shelf: Shelf) -> pl.DataFrame:
    """Features of all candidates of some customers: at least `ROWS`."""
    frames = []
    with shop.database.read() as connection:
        eligible = [one for one in fetch_types(connection) if one.sensitive is None]
        for person_id in shop.list_people()[:: len(shop.list_people()) // PEOPLE]:
            own = fetch_own_rows(connection, person_id, fetch_consents(connection, person_id), before=shop.today)
            if own.lines:
                frames.append(build_own_rows(eligible, own, shelf, shop.today, types=eligible))
    rows = pl.concat(frames)
    return rows.sample(ROWS, seed=1, shuffle=True) if rows.height > ROWS else rows


def time_each(method: Callable[[NDArray[np.float64]], Any], rows: NDArray[np.float64], *, count: int) -> float:
    """Median milliseconds of one row at a time."""
    taken = []
    for number in range(count):
        started = time.perf_counter()
        method(rows[number : number + 1])
        taken.append((time.perf_counter() - started) * 1000)
    return median(taken)


def time_all(method: Callable[[NDArray[np.float64]], Any], rows: NDArray[np.float64]) -> float:
    """Seconds for all rows at once."""
    started = time.perf_counter()
    method(rows)
    return time.perf_counter() - started


def find_error(ranker: Ranker, rows: NDArray[np.float64], groups: list[int]) -> dict[str, float]:
    """The largest differences, in log-odds."""
    dump = ranker.booster.dump_model()
    ours = attribute(ranker.forest, rows)
    score = np.asarray(ranker.booster.predict(rows, raw_score=True, num_threads=1))
    alone = flatten_forest(dump, list(range(len(groups))))
    reference = np.asarray(ranker.booster.predict(rows[:BRUTE], pred_contrib=True, num_threads=1))
    brute = []
    for row, values in zip(rows[:BRUTE], ours[:BRUTE], strict=True):
        exact = shapley_by_brute_force(value_coalitions(dump, row, groups))
        brute += [abs(values[player] - value) for player, value in exact.items()]
    return {
        "sum": float(np.abs(ranker.forest.base + ours.sum(axis=1) - score).max()),
        "lightgbm_columns": float(np.abs(attribute(alone, rows[:BRUTE]) - reference[:, :-1]).max()),
        "brute_force_groups": max(brute),
    }


def main() -> int:
    """Measure, print, write."""
    commit = read_commit()
    with tempfile.TemporaryDirectory() as folder, open_agreeing_shop(Path(folder)) as shop:
        print("Everybody agreed to purchases and offers here; training first.")
        shelf = shop.train()
        frame = gather_rows(shop, shelf)
    ranker = shelf.rankers[max(shelf.rankers, key=len)]
    number = {group.name: place for place, group in enumerate(GROUPS)}
    group_of = {feature.name: number[feature.group] for feature in FEATURES}
    groups = [group_of[column] for column in ranker.columns]
    rows = ranker.make_matrix(frame)
    error = find_error(ranker, rows, groups)
    path_dependent = shap.TreeExplainer(ranker.booster)
    warnings.filterwarnings("ignore", message="LightGBM binary classifier")  # says only how the values are returned
    methods: dict[str, Callable[[NDArray[np.float64]], Any]] = {
        "candor": lambda some: attribute(ranker.forest, some),
        "prediction_alone": lambda some: ranker.booster.predict(some, raw_score=True, num_threads=1),
        "lightgbm_pred_contrib": lambda some: ranker.booster.predict(some, pred_contrib=True, num_threads=1),
        "shap_tree_explainer": lambda some: path_dependent.shap_values(some),
    }
    row_ms = {name: time_each(method, rows, count=SINGLE) for name, method in methods.items()}
    batch_s = {name: time_all(method, rows) for name, method in methods.items()}
    dump = ranker.booster.dump_model()
    row_ms["brute_force"] = time_each(
        lambda some: shapley_by_brute_force(value_coalitions(dump, some[0], groups)), rows, count=5
    )
    others = {name: value for name, value in row_ms.items() if name != "candor"}
    other_batches = {name: value for name, value in batch_s.items() if name != "candor"}
    return report(
        "explain",
        [
            Row("explain.row_ms", row_ms["candor"], "ms", MOST_ROW_MS, against=others),
            Row("explain.batch10k_s", batch_s["candor"], "s", MOST_BATCH_S, against=other_batches),
            Row("explain.max_error", max(error.values()), "log-odds", MOST_ERROR, against=error),
            Row("explain.missing_share", float(np.isnan(rows).mean()), "share"),
            Row("explain.leaves", float(ranker.forest.table_start.shape[0] - 1), "leaves"),
        ],
        command="make bench-explain",
        commit=commit,
    )


if __name__ == "__main__":
    sys.exit(main())
