"""The games that an attribution is a value of, played without the product's kernel: for the checks of exactness and of faithfulness."""

import itertools
import math
from typing import Any

import numpy as np
from lightgbm import Booster
from numpy.typing import NDArray


def value_coalitions(dump: dict[str, Any], row: NDArray[np.float64], groups: list[int]) -> dict[frozenset[int], float]:
    """What the forest expects of a row of which only a coalition of groups is known, for each coalition; written apart from the kernel."""
    players = sorted(set(groups))
    coalitions = [frozenset(c) for n in range(len(players) + 1) for c in itertools.combinations(players, n)]

    def walk(node: dict[str, Any], known: frozenset[int]) -> float:
        if "leaf_value" in node:
            return float(node["leaf_value"])
        left, right = node["left_child"], node["right_child"]
        if groups[node["split_feature"]] in known:
            value = row[node["split_feature"]]
            missing = math.isnan(value)
            goes_left = (
                node["default_left"]
                if missing and node["missing_type"] != "None"
                else ((0.0 if missing else value) <= node["threshold"])
            )
            return walk(left if goes_left else right, known)
        rows = [child.get("leaf_count", child.get("internal_count")) for child in (left, right)]
        return float(rows[0] * walk(left, known) + rows[1] * walk(right, known)) / float(sum(rows))

    return {known: sum(walk(tree["tree_structure"], known) for tree in dump["tree_info"]) for known in coalitions}


def shapley_by_brute_force(worth: dict[frozenset[int], float]) -> dict[int, float]:
    """Shapley's formula (1953) over every coalition."""
    players = max(worth, key=len)
    values = dict.fromkeys(sorted(players), 0.0)
    for coalition, value in worth.items():
        for player in players - coalition:
            weight = math.factorial(len(coalition)) * math.factorial(len(players) - len(coalition) - 1)
            values[player] += weight / math.factorial(len(players)) * (worth[coalition | {player}] - value)
    return values


def value_interventions(
    booster: Booster, row: NDArray[np.float64], background: NDArray[np.float64], groups: list[int]
) -> dict[frozenset[int], float]:
    """The same for the interventional game: what is not known of a row is taken from rows of a background, and the scores averaged."""
    players = sorted(set(groups))
    coalitions = [frozenset(c) for n in range(len(players) + 1) for c in itertools.combinations(players, n)]
    asked = np.concatenate(
        [np.where(np.isin(np.array(groups), sorted(known)), row[None, :], background) for known in coalitions]
    )
    scores = np.asarray(booster.predict(asked, raw_score=True, num_threads=1)).reshape(len(coalitions), -1)
    return dict(zip(coalitions, scores.mean(axis=1).tolist(), strict=True))
