"""Each contribution is an exact Shapley value: checked against LightGBM's own TreeSHAP and against brute force over coalitions."""

import itertools
import math
from typing import Any

import lightgbm
import numpy as np
import pytest
from numpy.typing import NDArray

from models.shapley import attribute, flatten_forest

COLUMNS = 9
GROUPS = [0, 0, 1, 2, 2, 2, 3, 4, 4]


@pytest.fixture(scope="module", params=[True, False], ids=["with missing values", "complete"])
def forest(request: pytest.FixtureRequest) -> tuple[lightgbm.Booster, NDArray[np.float64]]:
    """A forest on made-up rows, some of whose values are missing, and rows to explain."""
    rng = np.random.default_rng(3)
    rows = rng.normal(size=(3000, COLUMNS))
    rows[:, 4] = rng.integers(0, 4, 3000)
    if request.param:
        rows[rng.random(rows.shape) < 0.2] = np.nan
    value = (
        np.nan_to_num(rows[:, 0]) * np.nan_to_num(rows[:, 2])
        + np.nan_to_num(rows[:, 4])
        - np.isnan(rows[:, 7])
        + rng.normal(size=3000)
    )
    data = lightgbm.Dataset(rows, (value > 0.5).astype(float))
    parameters = {"objective": "binary", "num_leaves": 12, "verbosity": -1, "seed": 1, "num_threads": 1}
    return lightgbm.train(parameters, data, num_boost_round=15), rows[:100]


def test_values_of_single_columns_equal_lightgbms_own(forest: tuple[lightgbm.Booster, NDArray[np.float64]]) -> None:
    booster, rows = forest
    flat = flatten_forest(booster.dump_model(), list(range(COLUMNS)))
    reference = np.asarray(booster.predict(rows, pred_contrib=True))
    assert np.abs(attribute(flat, rows) - reference[:, :-1]).max() < 1e-9
    assert abs(flat.base - reference[0, -1]) < 1e-9


def test_values_of_groups_add_up_to_the_score(forest: tuple[lightgbm.Booster, NDArray[np.float64]]) -> None:
    booster, rows = forest
    flat = flatten_forest(booster.dump_model(), GROUPS)
    score = np.asarray(booster.predict(rows, raw_score=True))
    assert np.abs(flat.base + attribute(flat, rows).sum(axis=1) - score).max() < 1e-9


def test_values_of_groups_equal_brute_force(forest: tuple[lightgbm.Booster, NDArray[np.float64]]) -> None:
    booster, rows = forest
    dump = booster.dump_model()
    flat = flatten_forest(dump, GROUPS)
    for row, values in zip(rows[:40], attribute(flat, rows[:40]), strict=True):
        assert np.abs(values - _by_brute_force(dump, row)).max() < 1e-9


def test_a_forest_of_single_leaves_attributes_nothing() -> None:
    dump = {"tree_info": [{"tree_structure": {"leaf_value": 0.25}}]}
    flat = flatten_forest(dump, GROUPS)
    assert flat.base == 0.25
    assert not attribute(flat, np.zeros((2, COLUMNS))).any()


def _by_brute_force(dump: dict[str, Any], row: NDArray[np.float64]) -> NDArray[np.float64]:
    """Shapley's formula over every coalition of groups; a tree's value by walking it, written apart from the kernel."""
    players = sorted(set(GROUPS))
    worth = {
        coalition: sum(_walk(tree["tree_structure"], row, set(coalition)) for tree in dump["tree_info"])
        for size in range(len(players) + 1)
        for coalition in itertools.combinations(players, size)
    }
    values = np.zeros(len(players))
    for player in players:
        others = [other for other in players if other != player]
        for size in range(len(players)):
            weight = math.factorial(size) * math.factorial(len(players) - size - 1) / math.factorial(len(players))
            for coalition in itertools.combinations(others, size):
                joined = tuple(sorted((*coalition, player)))
                values[player] += weight * (worth[joined] - worth[coalition])
    return values


def _walk(node: dict[str, Any], row: NDArray[np.float64], coalition: set[int]) -> float:
    if "leaf_value" in node:
        return float(node["leaf_value"])
    left, right = node["left_child"], node["right_child"]
    if GROUPS[node["split_feature"]] in coalition:
        value = row[node["split_feature"]]
        if math.isnan(value) and node["missing_type"] == "NaN":
            goes_left = node["default_left"]
        else:
            goes_left = (0.0 if math.isnan(value) else value) <= node["threshold"]
        return _walk(left if goes_left else right, row, coalition)
    rows = [child.get("leaf_count", child.get("internal_count")) for child in (left, right)]
    return float(rows[0] * _walk(left, row, coalition) + rows[1] * _walk(right, row, coalition)) / float(sum(rows))
