"""Exact Shapley values of groups of features, for a sum of decision trees.

The game is the path-dependent one of TreeSHAP (Lundberg et al. 2020, "From local explanations to global understanding with
explainable AI for trees"): a tree asked about a split on a feature outside the coalition goes both ways, weighted by the
training rows that went each way. The players are groups, not columns, so a group's value is its own and not a sum of parts
that were shared out among its columns by chance.

For one leaf the game is a product over the groups on its path: a group inside the coalition contributes 1 if the row agrees
with all its splits on that path, else 0; a group outside contributes the product of its splits' shares. The Shapley value of
a product game is an integral of its multilinear extension (Owen 1972),

    phi_g = value * int_0^1 (in_g - out_g) * prod_{j != g} (t in_j + (1 - t) out_j) dt,

a polynomial of degree at most m - 1 in t, which Gauss-Legendre quadrature with ceil(m / 2) nodes integrates exactly.

Nothing here rounds or samples: the values add up to score - base within floating-point error, and equal brute force over all
coalitions (tests/test_models_shapley.py).
"""

from dataclasses import dataclass
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

_ZERO_THRESHOLD = 1e-35  # LightGBM: a value nearer to zero than this is "zero" for missing_type Zero
_MISSING = {"None": 0, "Zero": 1, "NaN": 2}


@dataclass(frozen=True)
class Leaves:
    """Every leaf of a forest with the splits on its path, as flat arrays.

    `start[i]:start[i + 1]` are the splits of leaf i, sorted by group; `share` is the part of the parent's training rows that
    went the leaf's way.
    """

    value: NDArray[np.float64]
    start: NDArray[np.int64]
    column: NDArray[np.int32]
    group: NDArray[np.int32]
    threshold: NDArray[np.float64]
    goes_left: NDArray[np.bool_]
    default_left: NDArray[np.bool_]
    missing: NDArray[np.int8]
    share: NDArray[np.float64]
    groups: int

    @property
    def base(self) -> float:
        """The forest's mean over its training rows, in log-odds: the value of the empty coalition."""
        means = np.multiply.reduceat(np.append(self.share, 1.0), self.start[:-1])
        means[self.start[:-1] == self.start[1:]] = 1.0
        return float(np.dot(self.value, means))


def flatten_forest(dump: dict[str, Any], groups: list[int]) -> Leaves:
    """Flatten `Booster.dump_model()`; `groups[column]` is the group of each column."""
    value: list[float] = []
    start = [0]
    splits: list[tuple[int, int, float, bool, bool, int, float]] = []

    def walk(node: dict[str, Any], path: list[tuple[int, int, float, bool, bool, int, float]]) -> None:
        if "leaf_value" in node:
            value.append(node["leaf_value"])
            splits.extend(sorted(path))
            start.append(len(splits))
            return
        if node["decision_type"] != "<=":
            raise ValueError(f"A split is {node['decision_type']!r}; only numeric columns (<=) can be explained.")
        column = node["split_feature"]
        rows = {side: _count_rows(node[side]) for side in ("left_child", "right_child")}
        for side in ("left_child", "right_child"):
            split = (
                groups[column],
                column,
                node["threshold"],
                side == "left_child",
                node["default_left"],
                _MISSING[node["missing_type"]],
                rows[side] / (rows["left_child"] + rows["right_child"]),
            )
            walk(node[side], [*path, split])

    for tree in dump["tree_info"]:
        walk(tree["tree_structure"], [])
    group, column, threshold, goes_left, default_left, missing, share = (
        zip(*splits, strict=True) if splits else ((),) * 7
    )
    return Leaves(
        value=np.array(value, np.float64),
        start=np.array(start, np.int64),
        column=np.array(column, np.int32),
        group=np.array(group, np.int32),
        threshold=np.array(threshold, np.float64),
        goes_left=np.array(goes_left, np.bool_),
        default_left=np.array(default_left, np.bool_),
        missing=np.array(missing, np.int8),
        share=np.array(share, np.float64),
        groups=max(groups, default=-1) + 1,
    )


def _count_rows(node: dict[str, Any]) -> int:
    return int(node["leaf_count"] if "leaf_value" in node else node["internal_count"])


def attribute(leaves: Leaves, rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Shapley values of every group for every row, in log-odds: shape (rows, groups). They sum to score - base."""
    nodes, weights = np.polynomial.legendre.leggauss((leaves.groups + 1) // 2 + 1)
    values: NDArray[np.float64] = _attribute(
        np.ascontiguousarray(rows, np.float64),
        leaves.value,
        leaves.start,
        leaves.column,
        leaves.group,
        leaves.threshold,
        leaves.goes_left,
        leaves.default_left,
        leaves.missing,
        leaves.share,
        leaves.groups,
        (nodes + 1) / 2,
        weights / 2,
    )
    return values


@numba.njit(cache=True)
def _goes_left(x: float, threshold: float, default_left: bool, missing: int) -> bool:
    if missing == 2 and np.isnan(x):
        return default_left
    if missing == 1 and (np.isnan(x) or abs(x) <= _ZERO_THRESHOLD):
        return default_left
    if np.isnan(x):
        x = 0.0
    return x <= threshold


@numba.njit(cache=True)
def _attribute(
    rows: NDArray[np.float64],
    value: NDArray[np.float64],
    start: NDArray[np.int64],
    column: NDArray[np.int32],
    group: NDArray[np.int32],
    threshold: NDArray[np.float64],
    goes_left: NDArray[np.bool_],
    default_left: NDArray[np.bool_],
    missing: NDArray[np.int8],
    share: NDArray[np.float64],
    groups: int,
    nodes: NDArray[np.float64],
    weights: NDArray[np.float64],
) -> NDArray[np.float64]:
    out = np.zeros((rows.shape[0], groups))
    inside = np.empty(groups)
    outside = np.empty(groups)
    name = np.empty(groups, np.int64)
    for r in range(rows.shape[0]):
        for leaf in range(value.shape[0]):
            m = 0
            for s in range(start[leaf], start[leaf + 1]):
                if m == 0 or name[m - 1] != group[s]:
                    name[m] = group[s]
                    inside[m] = 1.0
                    outside[m] = 1.0
                    m += 1
                if _goes_left(rows[r, column[s]], threshold[s], default_left[s], missing[s]) != goes_left[s]:
                    inside[m - 1] = 0.0
                outside[m - 1] *= share[s]
            for q in range(nodes.shape[0]):
                t = nodes[q]
                for g in range(m):
                    product = value[leaf] * weights[q] * (inside[g] - outside[g])
                    for j in range(m):
                        if j != g:
                            product *= t * inside[j] + (1.0 - t) * outside[j]
                    out[r, name[g]] += product
    return out
