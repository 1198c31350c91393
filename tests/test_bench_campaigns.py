"""Task B looks at nothing from the campaign's first day on, and its figures are what they say."""

from datetime import date, datetime

import numpy as np
import polars as pl
import pytest

from data.demo.source import DemoSource
from models.evaluation import measure_average_precision
from tests.bench_rank_campaign_features import build_pairs, list_columns, read_past
from tests.bench_rank_campaigns import bootstrap_households

START = datetime(2017, 5, 8)


def make_source(*, later: bool) -> DemoSource:
    """Six households, two campaigns; `later` adds what happened from the second one's first day on."""
    rng = np.random.default_rng(3)
    days = [datetime(2017, 3, 1 + n % 28, 12) for n in range(300)]
    days += [datetime(2017, 5, 8, 12) if n % 2 else datetime(2017, 6, 1, 12) for n in range(60)]
    lines = pl.DataFrame(
        {
            "household_id": rng.integers(1, 7, len(days)),
            "product_id": rng.integers(1, 9, len(days)),
            "quantity": [1] * len(days),
            "sales_value": rng.uniform(1, 9, len(days)).round(2),
            "retail_disc": rng.choice([0.0, 0.5], len(days)),
            "coupon_disc": rng.choice([0.0, 1.0], len(days)),
            "coupon_match_disc": [0.0] * len(days),
            "transaction_timestamp": days,
        }
    )
    redeemed = pl.DataFrame(
        {
            "household_id": [1, 1, 2, 3, 4],
            "coupon_upc": [11, 12, 11, 21, 21],
            "campaign_id": [1, 1, 1, 2, 1],
            "redemption_date": [datetime(2017, *day) for day in ((3, 9), (4, 2), (4, 3), (5, 8), (5, 9))],
        }
    )
    return DemoSource(
        transactions=lines if later else lines.filter(pl.col("transaction_timestamp") < START),
        products=pl.DataFrame(
            {
                "product_id": list(range(1, 9)),
                "manufacturer_id": [1, 1, 2, 2, 3, 3, 4, 4],
                "brand": ["Private", "National"] * 4,
                "product_category": ["A", "A", "B", "B", "C", "C", "D", "D"],
                "product_type": ["a", "b", "c", "d", "e", "f", "g", None],
            }
        ),
        demographics=pl.DataFrame(),
        campaigns=pl.DataFrame({"campaign_id": [1] * 5 + [2] * 6, "household_id": [1, 2, 3, 4, 5, *range(1, 7)]}),
        campaign_descriptions=pl.DataFrame(
            {
                "campaign_id": [1, 2],
                "campaign_type": ["Type B", "Type A"],
                "start_date": [datetime(2017, 3, 8), START],
                "end_date": [datetime(2017, 5, 20), datetime(2017, 6, 30)],
            }
        ),
        coupons=pl.DataFrame(
            {
                "coupon_upc": [11, 11, 12, 21, 21, 21],
                "product_id": [1, 2, 3, 1, 5, 6],
                "campaign_id": [1, 1, 1, 2, 2, 2],
            }
        ),
        coupon_redemptions=redeemed if later else redeemed.filter(pl.col("redemption_date") < START),
    )


@pytest.fixture
def second() -> pl.DataFrame:
    """The rows of the second campaign, with everything that happened later at hand."""
    return build_pairs(read_past(make_source(later=True))).filter(pl.col("campaign_id") == 2).sort("household_id")


def test_features_hold_nothing_from_the_first_day_on(second: pl.DataFrame) -> None:
    cut_off = build_pairs(read_past(make_source(later=False))).filter(pl.col("campaign_id") == 2).sort("household_id")
    columns = list_columns(second)
    assert second.select(columns).equals(cut_off.select(columns))
    assert second["label"].to_list() == [False, False, True, False, False, False]
    assert not cut_off["label"].any()


def test_what_was_redeemed_counts_by_household_and_kind_of_campaign(second: pl.DataFrame) -> None:
    assert second["redeemed"].to_list() == [2, 1, 0, 0, 0, 0]
    assert second["redeemed_same"].to_list() == [0] * 6  # they were of a campaign of type B, this is of type A
    assert second["since_redeemed"].to_list()[:3] == [(START.date() - date(2017, 4, 2)).days, 35, None]
    assert second["sent"].to_list() == [1, 1, 1, 1, 1, 0]
    assert second["sent_running"].to_list() == [1, 1, 1, 1, 1, 0]


def test_no_label_and_no_household_number_is_a_column(second: pl.DataFrame) -> None:
    assert not {"label", "label_by_split", "household_id", "campaign_id", "start"} & set(list_columns(second))


def test_the_interval_holds_the_difference_and_is_of_households() -> None:
    rng = np.random.default_rng(0)
    happened = rng.random(400) < 0.2
    later = pl.DataFrame({"household_id": np.arange(400) // 2, "label": happened})
    good, bad = happened + rng.normal(0, 0.7, 400), rng.normal(0, 1, 400)
    low, high = bootstrap_households(later, good, bad)
    assert low < measure_average_precision(good, happened) - measure_average_precision(bad, happened) < high
    assert low > 0
