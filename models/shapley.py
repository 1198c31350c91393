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

So a leaf's values depend on the row only through which of its groups agree: 2^m cases, worked out once when a forest is loaded
(`flatten_forest`). Explaining a row is then one pass over the nodes and one look into a table for each leaf: the price of a
prediction that takes no short cut. Nothing here rounds or samples: the values add up to score - base within floating-point
error, and equal brute force over all coalitions (tests/test_models_shapley.py).
"""

from dataclasses import dataclass
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

MOST_GROUPS_ON_A_PATH = 14  # a leaf's table has 2^m rows
_ZERO_THRESHOLD = 1e-35  # LightGBM: a value nearer to zero than this is "zero" for missing_type Zero
_MISSING = {"None": 0, "Zero": 1, "NaN": 2}


@dataclass(frozen=True)
class Forest:
    """A forest's nodes in preorder, a node's left child right after it, and a table of values for each leaf.

    `leaf[i]` is -1 for a split. A case of leaf k is the sum of `weight[k, g]` over the groups that the row does not agree with;
    row `table_start[k] + case` of `table` has the value of each group. Loops of one fixed length are what makes it fast.
    """

    column: NDArray[np.int32]
    threshold: NDArray[np.float64]
    default_left: NDArray[np.bool_]
    missing: NDArray[np.int8]
    group: NDArray[np.int64]
    right: NDArray[np.int32]
    leaf: NDArray[np.int32]
    weight: NDArray[np.int64]
    table_start: NDArray[np.int64]
    table: NDArray[np.float64]
    base: float
    """The forest's mean over its training rows, in log-odds: the value of the empty coalition."""


def flatten_forest(dump: dict[str, Any], groups: list[int]) -> Forest:
    """Flatten `Booster.dump_model()`; `groups[column]` is the group of each column."""
    nodes: list[list[Any]] = []
    values: list[float] = []
    shares: list[list[float]] = []
    players: list[list[int]] = []

    def walk(node: dict[str, Any], path: dict[int, float]) -> None:
        if "leaf_value" in node:
            nodes.append([0, 0.0, False, 0, 0, 0, len(values)])
            values.append(node["leaf_value"])
            players.append(sorted(path))
            shares.append([path[group] for group in sorted(path)])
            return
        if node["decision_type"] != "<=":
            raise ValueError(f"A split is {node['decision_type']!r}; only numeric columns (<=) can be explained.")
        column, group = node["split_feature"], groups[node["split_feature"]]
        rows = {side: _count_rows(node[side]) for side in ("left_child", "right_child")}
        here = [column, node["threshold"], node["default_left"], _MISSING[node["missing_type"]], group, 0, -1]
        nodes.append(here)
        for side in ("left_child", "right_child"):
            if side == "right_child":
                here[5] = len(nodes)
            walk(node[side], path | {group: path.get(group, 1.0) * rows[side] / sum(rows.values())})

    for tree in dump["tree_info"]:
        walk(tree["tree_structure"], {})
    most = max((len(one) for one in players), default=0)
    if most > MOST_GROUPS_ON_A_PATH:
        raise ValueError(
            f"A path splits on {most} groups; at most {MOST_GROUPS_ON_A_PATH} can be explained. Merge groups or limit max_depth."
        )
    sizes = np.array([len(one) for one in players], np.int64)
    start = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    table_start = np.concatenate([[0], np.cumsum(1 << sizes)]).astype(np.int64)
    weight = np.zeros((len(players), max(groups, default=-1) + 1), np.int64)
    for number, one in enumerate(players):
        weight[number, one] = 1 << np.arange(len(one))
    points, weights = np.polynomial.legendre.leggauss(most // 2 + 1)
    player = np.array([one for leaf in players for one in leaf], np.int64)
    share = np.array([one for leaf in shares for one in leaf], np.float64)
    value = np.array(values, np.float64)
    column_, threshold, default_left, missing, group_, right, leaf = zip(*nodes, strict=True) if nodes else ((),) * 7
    return Forest(
        column=np.array(column_, np.int32),
        threshold=np.array(threshold, np.float64),
        default_left=np.array(default_left, np.bool_),
        missing=np.array(missing, np.int8),
        group=np.array(group_, np.int64),
        right=np.array(right, np.int32),
        leaf=np.array(leaf, np.int32),
        weight=weight,
        table_start=table_start,
        table=_tabulate(value, start, player, share, table_start, (points + 1) / 2, weights / 2, weight.shape[1]),
        base=float(sum(value * np.array([float(np.prod(one)) for one in shares]))),
    )


def _count_rows(node: dict[str, Any]) -> int:
    return int(node["leaf_count"] if "leaf_value" in node else node["internal_count"])


def attribute(forest: Forest, rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Shapley values of every group for every row, in log-odds: shape (rows, groups). They sum to score - base."""
    values: NDArray[np.float64] = _attribute(
        np.ascontiguousarray(rows, np.float64),
        forest.column,
        forest.threshold,
        forest.default_left,
        forest.missing,
        forest.group,
        forest.right,
        forest.leaf,
        forest.weight,
        forest.table_start,
        forest.table,
    )
    return values


@numba.njit(cache=True)
def _tabulate(
    value: NDArray[np.float64],
    start: NDArray[np.int64],
    player: NDArray[np.int64],
    share: NDArray[np.float64],
    table_start: NDArray[np.int64],
    points: NDArray[np.float64],
    weights: NDArray[np.float64],
    groups: int,
) -> NDArray[np.float64]:
    """Each leaf's values for each set of its players that the row does not agree with (bit j: player j)."""
    table = np.zeros((table_start[-1], groups))
    for leaf in range(value.shape[0]):
        m = start[leaf + 1] - start[leaf]
        for against in range(1 << m):
            for q in range(points.shape[0]):
                for g in range(m):
                    inside = 0.0 if (against >> g) & 1 else 1.0
                    product = value[leaf] * weights[q] * (inside - share[start[leaf] + g])
                    for j in range(m):
                        if j != g:
                            joined = 0.0 if (against >> j) & 1 else points[q]
                            product *= joined + (1.0 - points[q]) * share[start[leaf] + j]
                    table[table_start[leaf] + against, player[start[leaf] + g]] += product
    return table


@numba.njit(cache=True)
def _goes_left(x: float, threshold: float, default_left: bool, missing: int) -> bool:
    if np.isnan(x):
        if missing != 0:
            return default_left
        x = 0.0
    if missing == 1 and abs(x) <= _ZERO_THRESHOLD:
        return default_left
    return x <= threshold


@numba.njit(cache=True)
def _attribute(
    rows: NDArray[np.float64],
    column: NDArray[np.int32],
    threshold: NDArray[np.float64],
    default_left: NDArray[np.bool_],
    missing: NDArray[np.int8],
    group: NDArray[np.int64],
    right: NDArray[np.int32],
    leaf: NDArray[np.int32],
    weight: NDArray[np.int64],
    table_start: NDArray[np.int64],
    table: NDArray[np.float64],
) -> NDArray[np.float64]:
    groups = table.shape[1]
    out = np.zeros((rows.shape[0], groups))
    against = np.zeros(
        column.shape[0], np.int64
    )  # of each node: the groups that the row disagrees with on the way; 0 at a root
    for r in range(rows.shape[0]):
        node = 0
        while node < column.shape[0]:
            k = leaf[node]
            if k < 0:
                goes_left = np.int64(
                    _goes_left(rows[r, column[node]], threshold[node], default_left[node], missing[node])
                )
                against[node + 1] = against[node] | ((1 - goes_left) << group[node])
                against[right[node]] = against[node] | (goes_left << group[node])
            else:
                case = table_start[k]
                for g in range(groups):
                    case += ((against[node] >> g) & 1) * weight[k, g]
                for g in range(groups):
                    out[r, g] += table[case, g]
            node += 1
    return out
