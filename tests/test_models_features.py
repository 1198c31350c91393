"""Features counted again in plain Python, on rows made so that each rule can be seen."""

import math
from datetime import date, timedelta

import polars as pl
import pytest

from models.builder import build_rows
from models.features import CONSTANT_TYPE, DIMENSIONS, FEATURES
from models.regressions import FACTORS
from models.statistics import EVENTS, LINES, SIMILAR, STATISTICS

CUT = date(2026, 3, 2)
CATEGORY = {"milk": "Dairy", "yogurt": "Dairy", "bread": "Bakery"}


def build(
    lines: list[tuple[int, str]],
    events: list[tuple[int, str, str]] | None = None,
    *,
    similar: pl.DataFrame | None = None,
    factors: pl.DataFrame | None = None,
) -> dict[str, dict[str, float | None]]:
    """Features of one person for each type; lines and events are given by their age in days."""
    line_rows = [(1, CUT - timedelta(days=age), type_id, n) for n, (age, type_id) in enumerate(lines)]
    event_rows = [
        (1, CUT - timedelta(days=age), type_id, event, n) for n, (age, type_id, event) in enumerate(events or [])
    ]
    catalogue = pl.DataFrame({"type_id": list(CATEGORY), "category": list(CATEGORY.values())})
    rows = build_rows(
        pairs=catalogue.select(pl.lit(1, pl.Int64).alias("person_id"), "type_id", "category"),
        lines=pl.DataFrame(line_rows, schema=LINES, orient="row").join(catalogue, on="type_id"),
        events=pl.DataFrame(event_rows, schema=EVENTS, orient="row").join(catalogue, on="type_id"),
        statistics=pl.DataFrame(schema=STATISTICS),
        similar=similar if similar is not None else pl.DataFrame(schema=SIMILAR),
        factors=factors if factors is not None else pl.DataFrame(schema=FACTORS),
        cut=CUT,
    )
    assert rows.columns[2:] == [feature.name for feature in FEATURES]
    return {row["type_id"]: row for row in rows.iter_rows(named=True)}


def test_days_are_counted_once_and_only_before_the_cut() -> None:
    milk = build(
        [(1, "milk"), (1, "milk"), (20, "milk"), (60, "milk"), (200, "milk"), (365, "milk"), (0, "milk"), (-3, "milk")]
    )["milk"]
    assert (milk["days_28"], milk["days_84"], milk["days_364"], milk["days_since"]) == (2, 3, 4, 1)


def test_the_usual_gap_needs_two_days() -> None:
    rows = build([(5, "milk"), (15, "milk"), (25, "milk"), (7, "bread")])
    assert rows["milk"]["usual_gap"] == pytest.approx(10)
    assert rows["milk"]["gaps_passed"] == pytest.approx(0.5)
    assert rows["bread"]["usual_gap"] is None
    assert rows["yogurt"]["days_since"] is None
    assert rows["yogurt"]["days_364"] == 0


def test_each_day_halves_with_its_age_and_is_weighed_against_all_visits() -> None:
    rows = build([(40, "milk"), (40, "milk"), (80, "milk"), (40, "bread"), (100, "bread")])
    assert rows["milk"]["weight_40"] == pytest.approx(1 / 2 + 1 / 4)
    assert rows["milk"]["weight_100"] == pytest.approx(2**-0.4 + 2**-0.8)
    assert rows["milk"]["share_of_visits"] == pytest.approx((2**-0.4 + 2**-0.8) / (2**-0.4 + 2**-0.8 + 2**-1))
    assert rows["milk"]["expected"] == pytest.approx((2**-0.4 + 2**-0.8) / (2**-0.4 + 2**-0.8 + 2**-1) * 2 / 3)
    assert rows["yogurt"]["expected"] == 0


def test_visits_after_the_last_purchase_are_counted() -> None:
    rows = build([(3, "milk"), (9, "bread"), (9, "bread"), (30, "yogurt"), (30, "milk")])
    assert (rows["milk"]["visits_since"], rows["bread"]["visits_since"], rows["yogurt"]["visits_since"]) == (0, 1, 2)


def make_factors(rows: list[tuple[str, int, float, float, float]]) -> pl.DataFrame:
    """`type_id, dimension, gives, often, takes`"""
    return pl.DataFrame(rows, schema=FACTORS, orient="row")


def test_the_regression_sums_what_each_type_bought_gives() -> None:
    factors = make_factors(
        [
            ("milk", 0, 1.0, 0.0, 0.0),
            ("milk", 5, 0.5, 0.0, 0.0),
            ("bread", 0, 2.0, 0.0, 0.1),
            ("bread", 5, 0.0, 0.0, 1.0),
            ("yogurt", 0, 4.0, 0.0, 0.3),
            ("yogurt", 5, 0.0, 0.0, 0.0),
        ]
    )
    rows = build([(3, "milk"), (300, "bread"), (300, "bread"), (400, "yogurt")], factors=factors)
    assert rows["yogurt"]["together_all"] == pytest.approx((1 + 2) * 0.3)
    assert rows["bread"]["together_all"] == pytest.approx((1 + 2) * 0.1 + 0.5 * 1.0)
    assert rows["milk"]["after_all"] is None


def test_what_comes_after_is_expected_from_all_other_types() -> None:
    """What a type's own purchases bring is taken off."""
    first, last = DIMENSIONS, DIMENSIONS + 47
    factors = make_factors(
        [
            ("milk", first, 1.0, 0.0, 0.2),
            ("milk", last, 0.0, 3.0, 0.5),
            ("bread", first, 2.0, 0.0, 0.1),
            ("bread", last, 0.0, 0.0, 1.0),
            ("yogurt", first, 4.0, 0.0, 0.3),
            ("yogurt", last, 0.0, 0.0, 0.0),
            (CONSTANT_TYPE, first, 7.0, 0.0, 0.0),
        ]
    )
    rows = build([(100, "milk"), (100, "milk"), (300, "bread"), (400, "yogurt")], factors=factors)
    often = math.log1p(1 / 2)
    assert rows["yogurt"]["after_all"] == pytest.approx((7 + 1 + 2) * 0.3)
    assert rows["bread"]["after_all"] == pytest.approx((7 + 1) * 0.1 + 3 * often * 1.0)
    assert rows["milk"]["after_all"] == pytest.approx((7 + 2) * 0.2)


def test_the_aisle_counts_other_types_and_its_share_of_all_lines() -> None:
    rows = build([(3, "milk"), (9, "milk"), (9, "yogurt"), (30, "bread")])
    assert rows["yogurt"]["aisle_share"] == pytest.approx(3 / 4)
    assert rows["bread"]["aisle_share"] == pytest.approx(1 / 4)
    assert rows["yogurt"]["aisle_days_84"] == 1


def test_the_aisle_counts_its_other_types_and_which_of_them_are_new() -> None:
    rows = build([(3, "milk"), (90, "milk"), (9, "yogurt"), (100, "bread")])
    names = ("aisle_types_84", "aisle_types_364", "aisle_new_84")
    assert [rows["milk"][name] for name in names] == [1, 1, 1]
    assert [rows["yogurt"][name] for name in names] == [1, 1, 0]
    assert [rows["bread"][name] for name in names] == [0, 0, 0]


def test_visits_belong_to_the_person_and_not_to_the_type() -> None:
    rows = build([(3, "milk"), (9, "milk"), (9, "yogurt"), (30, "bread"), (90, "bread")])
    assert {row["visits_28"] for row in rows.values()} == {2}
    assert {row["visits_84"] for row in rows.values()} == {3}


def test_together_sums_over_what_was_bought_lately() -> None:
    similar = pl.DataFrame(
        [("milk", "bread", 0.5, 10, 20), ("milk", "yogurt", 0.3, 10, 20), ("bread", "milk", 0.5, 10, 20)],
        schema=SIMILAR,
        orient="row",
    )
    rows = build([(3, "bread"), (200, "yogurt")], similar=similar)
    assert (rows["milk"]["together"], rows["milk"]["together_best"]) == (0.5, 0.5)
    assert rows["bread"]["together"] == 0


def test_coupons_are_counted_by_type_aisle_and_person() -> None:
    rows = build(
        [], [(5, "milk", "redeemed"), (9, "yogurt", "shown"), (12, "yogurt", "clicked"), (400, "milk", "redeemed")]
    )
    assert (rows["milk"]["redeemed_type"], rows["milk"]["redeemed_aisle"], rows["milk"]["redeemed_all"]) == (1, 1, 1)
    assert (rows["yogurt"]["redeemed_type"], rows["yogurt"]["shown_type"], rows["yogurt"]["clicked_type"]) == (0, 1, 1)
    assert rows["bread"]["redeemed_all"] == 1
