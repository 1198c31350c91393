"""The regressions: what they learn from, what they leave out, and that few dimensions keep a plain rule."""

from datetime import date, timedelta

import numpy as np
import polars as pl

from models.features import CONSTANT_TYPE, DIMENSIONS
from models.regressions import FACTORS, find_factors
from models.statistics import LINES

CUT = date(2026, 6, 1)
FILLERS = [f"filler-{n}" for n in range(12)]


def make_lines(seed: int = 3) -> pl.DataFrame:
    """200 customers over 200 days; who buys tea comes to buy honey, one after another, and nobody else does."""
    rng = np.random.default_rng(seed)
    rows: list[tuple[int, date, str]] = []
    for person in range(200):
        for age in range(1, 200, 7):
            day = CUT - timedelta(days=age)
            rows.append((person, day, FILLERS[rng.integers(len(FILLERS))]))
            if person % 4 == 0:
                rows.append((person, day, "tea"))
                if age < 20 + person % 100:
                    rows.append((person, day, "honey"))
    rows += [(1, CUT - timedelta(days=5), "seldom"), (2, CUT - timedelta(days=5), "seldom")]
    return pl.DataFrame([(*row, n) for n, row in enumerate(rows)], schema=LINES, orient="row")


def expect_after(factors: pl.DataFrame, bought: list[str], type_id: str) -> float:
    """What the second regression expects of a type from others bought once, long ago; counted from its columns."""
    after = factors.filter(pl.col("dimension") >= DIMENSIONS)
    given = (
        after.filter(pl.col("type_id").is_in([*bought, CONSTANT_TYPE])).group_by("dimension").agg(pl.col("gives").sum())
    )
    both = given.join(after.filter(pl.col("type_id") == type_id).select("dimension", "takes"), on="dimension")
    return float((both["gives"] * both["takes"]).sum())


def test_what_comes_after_a_purchase_is_learned() -> None:
    factors = find_factors(make_lines(), CUT, fewest_counted=5)
    with_tea = expect_after(factors, ["tea", FILLERS[0], FILLERS[1]], "honey")
    without = expect_after(factors, [FILLERS[0], FILLERS[1]], "honey")
    assert with_tea > without + 0.05
    assert abs(without) < 0.05


def test_a_type_that_few_bought_is_in_neither() -> None:
    factors = find_factors(make_lines(), CUT, fewest_counted=5)
    assert "seldom" not in factors["type_id"].to_list()
    assert set(factors["type_id"]) == {"tea", "honey", *FILLERS, CONSTANT_TYPE}


def test_nothing_from_the_cut_on_is_learned_from() -> None:
    lines, earlier = make_lines(), CUT - timedelta(days=40)
    known = lines.filter(pl.col("ordered_on") < earlier)
    assert find_factors(lines, earlier, fewest_counted=5).equals(find_factors(known, earlier, fewest_counted=5))


def test_young_data_have_no_window_to_learn_from() -> None:
    lines = make_lines().filter(pl.col("ordered_on") >= CUT - timedelta(days=30))
    factors = find_factors(lines, CUT, fewest_counted=5)
    assert 0 < factors["dimension"].max() < DIMENSIONS  # type: ignore[operator]


def test_too_few_types_give_none() -> None:
    lines = make_lines().filter(pl.col("type_id") == "tea")
    assert find_factors(lines, CUT, fewest_counted=5).equals(pl.DataFrame(schema=FACTORS))


def test_the_same_rows_give_the_same_factors() -> None:
    first, again = (find_factors(make_lines(), CUT, fewest_counted=5) for _ in range(2))
    assert first.equals(again)
    assert np.isfinite(first.select("gives", "often", "takes").to_numpy()).all()
