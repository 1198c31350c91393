"""Examples for the slot `coupons`: who was shown an offer of offers.csv, and whether they redeemed it.

The features are those of every ranker (`models/features.py`), on the first day of the three weeks in which the offer was shown; the label is
"redeemed within 28 days of being shown". Only people whose purchases and offers may both be learned from are in it, since an offer that was
left alone says something only beside what was bought. It learns from the latest two such spans with an offer shown, so that its
time does not grow with the years.
"""

from collections.abc import Callable
from datetime import date, timedelta

import polars as pl

from models.builder import build_rows
from models.regressions import find_factors
from models.statistics import count_popularity, find_similar

REDEEMED_WITHIN_DAYS = 28
SPAN, MOST_SPANS = "3w", 2  # features are built once a span: each needs statistics of its own
FEWEST_REDEEMED = 100
"""Redemptions below which nothing is learned: the ordinary ranker orders the slot."""
COUPON_PARAMETERS = {"num_leaves": 4, "extra_trees": True, "learning_rate": 0.05, "min_data_in_leaf": 50}
COUPON_ROUNDS = 300


def build_coupon_examples(
    lines: pl.DataFrame,
    events: pl.DataFrame,
    coupon_events: frozenset[int],
    *,
    today: date,
    fewest_customers: int,
    fewest_counted: int,
    threads: int,
    tell: Callable[[str, int, int], None],
) -> pl.DataFrame | None:
    """Features, `label` and `weight`; None where too little was redeemed, or by too few people, to learn from.

    `lines` and `events` carry a `category` column, the aisle of the type; `coupon_events` are those about a row of offers.csv.
    """
    about_coupons = events.filter(pl.col("event_id").is_in(sorted(coupon_events)))
    pairs = list_shown(about_coupons.join(lines.select("person_id").unique(), on="person_id", how="semi"), today=today)
    redeemed = pairs.filter(pl.col("label") == 1)
    if redeemed.height < FEWEST_REDEEMED or redeemed["person_id"].n_unique() < fewest_customers:
        return None
    frames = []
    spans = sorted(pairs["span"].unique())
    for number, span in enumerate(spans, start=1):
        tell(f"build features of coupons shown from {span.isoformat()}", number, len(spans))
        shown = pairs.filter(pl.col("span") == span).sort("person_id", "type_id")
        past = lines.filter(pl.col("ordered_on") < span)
        people = shown.select("person_id").unique()
        features = build_rows(
            pairs=shown.select("person_id", "type_id", "category").unique(maintain_order=True),
            lines=past.join(people, on="person_id", how="semi", maintain_order="left"),
            events=events.filter(pl.col("happened_on") < span).join(
                people, on="person_id", how="semi", maintain_order="left"
            ),
            statistics=count_popularity(past, span, fewest_counted=fewest_counted),
            similar=find_similar(past, span, fewest_counted=fewest_counted),
            factors=find_factors(past, span, fewest_counted=fewest_counted),
            cut=span,
            threads=threads,
        )
        frames.append(
            features.join(
                shown.select("person_id", "type_id", "label"), on=["person_id", "type_id"], maintain_order="left_right"
            )
        )
    return pl.concat(frames).with_columns(weight=pl.lit(1.0))


def list_shown(events: pl.DataFrame, *, today: date) -> pl.DataFrame:
    """`person_id, type_id, category, week, span, label` of each offer shown, once a week, whose 28 days have closed by `today`."""
    closed = today - timedelta(days=REDEEMED_WITHIN_DAYS)
    shown = (
        events.filter((pl.col("event") == "shown") & (pl.col("happened_on") <= closed))
        .with_columns(week=pl.col("happened_on").dt.truncate("1w"), span=pl.col("happened_on").dt.truncate(SPAN))
        .group_by("person_id", "type_id", "category", "week", "span")
        .agg(shown_on=pl.col("happened_on").min())
    )
    latest = shown.select("span").unique().sort("span").tail(MOST_SPANS)
    shown = shown.join(latest, on="span", how="semi")
    redeemed = events.filter(pl.col("event") == "redeemed").select(
        "person_id", "type_id", redeemed_on=pl.col("happened_on")
    )
    after = (pl.col("redeemed_on") - pl.col("shown_on")).dt.total_days()
    used = (
        shown.join(redeemed, on=["person_id", "type_id"])
        .filter((after >= 0) & (after < REDEEMED_WITHIN_DAYS))
        .select("person_id", "type_id", "week", label=pl.lit(1.0))
        .unique()
    )
    return (
        shown.join(used, on=["person_id", "type_id", "week"], how="left")
        .select("person_id", "type_id", "category", "week", "span", pl.col("label").fill_null(0.0))
        .sort("week", "person_id", "type_id")
    )
