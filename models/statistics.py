"""Statistics of the shop, made only from customers who agreed: how popular a type is, and which types go together.

A figure that rests on fewer than `fewest_counted` people is missing, not small.
"""

from datetime import date, timedelta

import numpy as np
import polars as pl

RECENT_DAYS = 28
YEAR_DAYS = 364
SEASON_DAYS = 84
TOGETHER_DAYS = 168
NEIGHBOURS = 30
PRIOR = 20.0  # customers' worth of the shop's average in a rate of buying again

LINES = {"person_id": pl.Int64, "ordered_on": pl.Date, "type_id": pl.String, "line_id": pl.Int64}
EVENTS = {"person_id": pl.Int64, "happened_on": pl.Date, "type_id": pl.String, "event": pl.String, "event_id": pl.Int64}
STATISTICS = {
    "type_id": pl.String,
    "buyers_28": pl.Float64,
    "buyers_364": pl.Float64,
    "again_rate": pl.Float64,
    "trend": pl.Float64,
    "buyers_84": pl.Float64,
    "first_28": pl.Float64,
    "bought_after_0": pl.Float64,
    "bought_after_1": pl.Float64,
    "bought_after_2": pl.Float64,
    "bought_after_3": pl.Float64,
    "people_28": pl.Int64,
    "of_people": pl.Int64,
}
SIMILAR = {
    "type_id": pl.String,
    "other_id": pl.String,
    "similarity": pl.Float64,
    "both": pl.Int64,
    "of_other": pl.Int64,
}


def count_popularity(lines: pl.DataFrame, cut: date, *, fewest_counted: int) -> pl.DataFrame:
    """How many of the customers who bought anything in a year bought each type, lately and in a year (columns `STATISTICS`)."""
    year = lines.filter((pl.col("ordered_on") < cut) & (pl.col("ordered_on") >= cut - timedelta(days=YEAR_DAYS)))
    people = year["person_id"].n_unique()
    if people == 0:
        return pl.DataFrame(schema=STATISTICS)
    recent = pl.col("ordered_on") >= cut - timedelta(days=RECENT_DAYS)
    season = pl.col("ordered_on") >= cut - timedelta(days=SEASON_DAYS)
    first: date = year["ordered_on"].min()  # type: ignore[assignment]
    span_days = max(1, min(YEAR_DAYS, (cut - first).days))
    days = year.group_by("type_id", "person_id").agg(pl.col("ordered_on").n_unique().alias("days"))
    again = days.group_by("type_id").agg((pl.col("days") >= 2).mean().alias("again_rate"))
    monthly = year.with_columns(month=(pl.lit(cut) - pl.col("ordered_on")).dt.total_days() // RECENT_DAYS)
    usual = (
        monthly.unique(["type_id", "person_id", "month"])
        .group_by("type_id")
        .agg((pl.len() / max(1.0, span_days / RECENT_DAYS)).alias("usual"))
    )
    counted = year.group_by("type_id").agg(
        people_28=pl.col("person_id").filter(recent).n_unique().cast(pl.Int64),
        people_84=pl.col("person_id").filter(season).n_unique().cast(pl.Int64),
        people_364=pl.col("person_id").n_unique().cast(pl.Int64),
    )
    table = counted.join(again, on="type_id").join(usual, on="type_id").filter(pl.col("people_364") >= fewest_counted)
    table = table.join(_count_after(year, cut), on="type_id", how="left")
    return (
        table.with_columns(people_28=pl.when(pl.col("people_28") >= fewest_counted).then("people_28"))
        .select(
            "type_id",
            buyers_28=pl.col("people_28") / people,
            buyers_364=pl.col("people_364") / people,
            again_rate="again_rate",
            trend=pl.col("people_28") / pl.col("usual"),
            buyers_84=pl.col("people_84") / people,
            first_28=pl.col("first_people") / people,
            bought_after_0="bought_after_0",
            bought_after_1="bought_after_1",
            bought_after_2="bought_after_2",
            bought_after_3="bought_after_3",
            people_28="people_28",
            of_people=pl.lit(people, pl.Int64),
        )
        .sort("type_id")
    )


def _count_after(year: pl.DataFrame, cut: date) -> pl.DataFrame:
    """How often a type was bought in the last 28 days by those who had on 0, 1, 2, 3 or more of the 84 days before.

    Of customers who had bought anything in those 84 days; each rate is drawn to the shop's own by `PRIOR` customers.
    """
    then = cut - timedelta(days=RECENT_DAYS)
    before = year.filter(pl.col("ordered_on") < then)
    active = before.filter(pl.col("ordered_on") >= then - timedelta(days=SEASON_DAYS))
    since = year.filter(pl.col("ordered_on") >= then).select("person_id", "type_id").unique()
    people = active.select("person_id").unique()
    days = active.group_by("person_id", "type_id").agg(times=pl.col("ordered_on").n_unique().clip(upper_bound=3))
    known = before.select("person_id", "type_id").unique().join(people, on="person_id", how="semi")
    later = since.join(people, on="person_id", how="semi").with_columns(later=pl.lit(1.0))
    fresh = later.join(known, on=["person_id", "type_id"], how="anti").group_by("type_id").len("bought")
    counts = days.join(later, on=["person_id", "type_id"], how="left").with_columns(pl.col("later").fill_null(0.0))
    counts = counts.group_by("type_id", "times").agg(bought=pl.col("later").sum(), of=pl.len())
    table = year.select("type_id").unique()
    first = since.join(before.select("person_id", "type_id").unique(), on=["person_id", "type_id"], how="anti")
    table = table.join(first.group_by("type_id").agg(first_people=pl.len()), on="type_id", how="left")
    table = table.with_columns(pl.col("first_people").fill_null(0))
    strangers = (
        table.select("type_id")
        .join(known.group_by("type_id").len("knew"), on="type_id", how="left")
        .join(fresh, on="type_id", how="left")
        .select(
            "type_id", pl.col("bought").fill_null(0).cast(pl.Float64), of=people.height - pl.col("knew").fill_null(0)
        )
    )
    for times in range(4):
        part = strangers if times == 0 else counts.filter(pl.col("times") == times).select("type_id", "bought", "of")
        of, bought = float(part["of"].sum() or 0), float(part["bought"].sum() or 0)
        usual = bought / of if of else 0.0
        rate = (pl.col("bought").fill_null(0) + PRIOR * usual) / (pl.col("of").fill_null(0) + PRIOR)
        table = table.join(part, on="type_id", how="left").with_columns(rate.alias(f"bought_after_{times}"))
        table = table.drop("bought", "of")
    return table


def find_similar(lines: pl.DataFrame, cut: date, *, fewest_counted: int) -> pl.DataFrame:
    """For each type the types that the same customers buy (columns `SIMILAR`): cosine of their sets of buyers, 0 to 1."""
    since = cut - timedelta(days=TOGETHER_DAYS)
    pairs = (
        lines.filter((pl.col("ordered_on") < cut) & (pl.col("ordered_on") >= since))
        .select("person_id", "type_id")
        .unique()
    )
    if pairs.is_empty():
        return pl.DataFrame(schema=SIMILAR)
    people, person = np.unique(pairs["person_id"].to_numpy(), return_inverse=True)
    kinds, kind = np.unique(pairs["type_id"].to_numpy(), return_inverse=True)
    bought = np.zeros((len(people), len(kinds)), np.float32)
    bought[person, kind] = 1.0
    both = bought.T @ bought
    buyers = np.diag(both).copy()
    cosine = both / np.sqrt(np.outer(buyers, buyers))
    np.fill_diagonal(cosine, 0.0)
    cosine[both < fewest_counted] = 0.0
    keep = min(NEIGHBOURS, len(kinds))
    nearest = np.argsort(-cosine, axis=1, kind="stable")[:, :keep]
    of = np.repeat(np.arange(len(kinds)), keep)
    other = nearest.ravel()
    positive = cosine[of, other] > 0
    of, other = of[positive], other[positive]
    return pl.DataFrame(
        {
            "type_id": kinds[of],
            "other_id": kinds[other],
            "similarity": cosine[of, other].astype(np.float64),
            "both": both[of, other].astype(np.int64),
            "of_other": buyers[other].astype(np.int64),
        },
        schema=SIMILAR,
    ).sort("type_id", "other_id")
