"""Features of a household and a coupon campaign, from what happened before the campaign's first day.

`Past` holds the demo's source package as frames with a local day each; `build_pairs` gives one row for each household that was sent
a campaign. Who was sent a campaign is known when it starts. Some columns are places among those who were sent it, 0 to 1: a
campaign of 200 coupons and one of ten are then read with the same thresholds, and 27 campaigns are too few to learn their sizes from.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import reduce

import polars as pl

from data.demo.source import ZONE, DemoSource

SPLIT = date(2017, 8, 28)  # day 240 of the year
NARROW = 50  # products of a coupon that says something
PLACES = (
    "redeemed_lately",
    "coupons_bought_share",
    "coupons_bought_84",
    "coupons_bought",
    "lines_84",
    "spend_84",
    "visits_84",
    "with_coupon_84",
    "types_days_84",
    "makers_lines_84",
    "discount_84",
    "own_brand_84",
)
"""Read as a place among those who were sent the campaign, and not as they are."""
NOT_FEATURES = {"household_id", "campaign_id", "start", "label", "label_by_split", "redeemed", *PLACES}


@dataclass(frozen=True)
class Past:
    """The source package, a local day on each row.

    Attributes
    ----------
    lines
        What was bought, with what the catalogue says of it.
    redeemed
        Coupons of campaigns that were redeemed.
    sent
        Which household was sent which campaign, with the campaign's days and type.
    coupons
        Which products each coupon of a campaign is for.
    """

    lines: pl.DataFrame
    redeemed: pl.DataFrame
    sent: pl.DataFrame
    coupons: pl.DataFrame


def read_past(source: DemoSource) -> Past:
    """The source package as four frames."""
    campaigns = source.campaign_descriptions.select(
        "campaign_id", "campaign_type", start=pl.col("start_date").dt.date(), end=pl.col("end_date").dt.date()
    )
    goods = source.products.select("product_id", "manufacturer_id", "brand", "product_category", "product_type")
    day = pl.col("transaction_timestamp").dt.replace_time_zone("UTC").dt.convert_time_zone(ZONE).dt.date()
    lines = source.transactions.filter(pl.col("quantity") > 0).select(
        "household_id", "product_id", "sales_value", "retail_disc", "coupon_disc", "coupon_match_disc", day=day
    )
    redeemed = source.coupon_redemptions.select(
        "household_id", "campaign_id", day=pl.col("redemption_date").dt.date()
    ).join(campaigns.select("campaign_id", "campaign_type"), on="campaign_id")
    return Past(
        lines.join(goods, on="product_id", how="left"),
        redeemed,
        source.campaigns.join(campaigns, on="campaign_id"),
        source.coupons.join(goods, on="product_id", how="left"),
    )


def build_pairs(past: Past) -> pl.DataFrame:
    """Every household and campaign it was sent: features, `label` (redeemed), `label_by_split` (as known on the day of the split)."""
    return pl.concat(list(_build_campaigns(past)), how="vertical")


def list_columns(pairs: pl.DataFrame) -> list[str]:
    """The columns that a model may read."""
    return [column for column in pairs.columns if column not in NOT_FEATURES]


def _build_campaigns(past: Past) -> Iterator[pl.DataFrame]:
    for campaign in (
        past.sent.select("campaign_id", "campaign_type", "start", "end")
        .unique()
        .sort("start", "campaign_id")
        .rows(named=True)
    ):
        start: date = campaign["start"]
        people = (
            past.sent.filter(pl.col("campaign_id") == campaign["campaign_id"])
            .select("household_id")
            .sort("household_id")
        )
        lines = _age(past.lines, start).join(people, on="household_id", how="semi")
        coupons = past.coupons.filter(pl.col("campaign_id") == campaign["campaign_id"])
        parts = [
            people,
            _count_shopping(lines),
            _count_redeemed(_age(past.redeemed, start), campaign["campaign_type"]),
            _count_sent(past.sent.filter(pl.col("start") < start), campaign["campaign_type"], start),
            _count_bought(lines.join(coupons.select("product_id").unique(), on="product_id", how="semi")),
            _count_coupons(lines, coupons),
            _count_types(lines, coupons),
            _count_makers(lines, coupons),
        ]
        table = reduce(
            lambda left, right: left.join(right, on="household_id", how="left", maintain_order="left"), parts
        )
        table = _finish(table, coupons["coupon_upc"].n_unique(), campaign["campaign_type"])
        yield _label(table, past.redeemed.filter(pl.col("campaign_id") == campaign["campaign_id"])).with_columns(
            start=pl.lit(start), campaign_id=pl.lit(campaign["campaign_id"])
        )


def _age(rows: pl.DataFrame, start: date) -> pl.DataFrame:
    """Rows before a day, with their age; 1 is the day before."""
    return rows.filter(pl.col("day") < start).with_columns(age=(pl.lit(start) - pl.col("day")).dt.total_days())


def _within(days: int) -> pl.Expr:
    return pl.col("age") <= days


def _count_shopping(lines: pl.DataFrame) -> pl.DataFrame:
    lately, has_coupon = _within(84), pl.col("coupon_disc") > 0
    spent = pl.col("sales_value").filter(lately).sum()
    return lines.group_by("household_id").agg(
        visits_28=pl.col("day").filter(_within(28)).n_unique(),
        visits_84=pl.col("day").filter(lately).n_unique(),
        spend_28=pl.col("sales_value").filter(_within(28)).sum(),
        spend_84=spent,
        since_visit=pl.col("age").min(),
        products_84=pl.col("product_id").filter(lately).n_unique(),
        types_84=pl.col("product_type").filter(lately).n_unique(),
        own_brand_84=(pl.col("brand") == "Private").filter(lately).mean(),
        discounted_84=(pl.col("retail_disc") > 0).filter(lately).mean(),
        discount_84=pl.col("retail_disc").filter(lately).sum() / spent,
        with_coupon=has_coupon.sum(),
        with_coupon_84=(has_coupon & lately).sum(),
        with_coupon_28=(has_coupon & _within(28)).sum(),
        with_coupon_share=has_coupon.mean(),
        with_coupon_days=pl.col("day").filter(has_coupon).n_unique(),
        with_coupon_off=pl.col("coupon_disc").sum(),
        matched_days=pl.col("day").filter(pl.col("coupon_match_disc") > 0).n_unique(),
        since_with_coupon=pl.col("age").filter(has_coupon).min(),
    )


def _count_redeemed(redeemed: pl.DataFrame, kind: str) -> pl.DataFrame:
    same = pl.col("campaign_type") == kind
    return redeemed.group_by("household_id").agg(
        redeemed=pl.len(),
        redeemed_days=pl.col("day").n_unique(),
        redeemed_campaigns=pl.col("campaign_id").n_unique(),
        redeemed_same=same.sum(),
        redeemed_same_campaigns=pl.col("campaign_id").filter(same).n_unique(),
        redeemed_84=_within(84).sum(),
        redeemed_28=_within(28).sum(),
        redeemed_lately=(0.5 ** (pl.col("age") / 60)).sum(),
        since_redeemed=pl.col("age").min(),
    )


def _count_sent(sent: pl.DataFrame, kind: str, start: date) -> pl.DataFrame:
    return sent.group_by("household_id").agg(
        sent=pl.len(),
        sent_same=(pl.col("campaign_type") == kind).sum(),
        sent_running=(pl.col("end") >= start).sum(),
        since_sent=(pl.lit(start) - pl.col("start").max()).dt.total_days(),
    )


def _count_bought(bought: pl.DataFrame) -> pl.DataFrame:
    """Of the campaign's products."""
    return bought.group_by("household_id").agg(
        lines=pl.len(),
        lines_84=_within(84).sum(),
        products=pl.col("product_id").n_unique(),
        days=pl.col("day").n_unique(),
        days_84=pl.col("day").filter(_within(84)).n_unique(),
        campaign_spend_84=pl.col("sales_value").filter(_within(84)).sum(),
        lines_with_coupon=(pl.col("coupon_disc") > 0).sum(),
        lines_discounted=(pl.col("retail_disc") > 0).mean(),
        since_bought=pl.col("age").min(),
    )


def _count_coupons(lines: pl.DataFrame, coupons: pl.DataFrame) -> pl.DataFrame:
    """How many of the campaign's coupons are for things that the household bought."""
    covered = coupons.select("coupon_upc", "product_id").unique().with_columns(size=pl.len().over("coupon_upc"))
    own = lines.group_by("household_id", "product_id").agg(
        times=pl.len(), times_84=_within(84).sum(), since=pl.col("age").min()
    )
    each = (
        own.join(covered, on="product_id")
        .group_by("household_id", "coupon_upc")
        .agg(pl.col("times", "times_84").sum(), pl.col("size").first(), pl.col("since").min())
    )
    narrow = pl.col("size") <= NARROW
    return each.group_by("household_id").agg(
        coupons_bought=pl.len(),
        coupons_bought_84=(pl.col("times_84") > 0).sum(),
        coupons_bought_28=(pl.col("since") <= 28).sum(),
        coupons_often=(pl.col("times_84") >= 3).sum(),
        coupons_narrow=narrow.sum(),
        coupons_narrow_84=(narrow & (pl.col("times_84") > 0)).sum(),
        coupons_best=pl.col("times_84").max(),
        coupons_narrow_times=pl.col("times_84").filter(narrow).sum(),
        coupons_top=pl.col("times").top_k(16).sum(),
    )


def _count_types(lines: pl.DataFrame, coupons: pl.DataFrame) -> pl.DataFrame:
    """Of the campaign's kinds of goods."""
    kinds = coupons.select("product_type").drop_nulls().unique()
    lately = _within(84)
    return (
        lines.join(kinds, on="product_type", how="semi")
        .group_by("household_id")
        .agg(
            types_days_84=pl.col("day").filter(lately).n_unique(),
            types_lines_84=lately.sum(),
            types_bought=pl.col("product_type").n_unique(),
            types_spend_84=pl.col("sales_value").filter(lately).sum(),
            since_types=pl.col("age").min(),
        )
    )


def _count_makers(lines: pl.DataFrame, coupons: pl.DataFrame) -> pl.DataFrame:
    """Of the campaign's makers, in the parts of the shop that it is for."""
    keys = ["manufacturer_id", "product_category"]
    return (
        lines.join(coupons.select(keys).unique(), on=keys, how="semi")
        .group_by("household_id")
        .agg(
            makers_lines_84=_within(84).sum(),
            makers_days=pl.col("day").n_unique(),
            makers_products=pl.col("product_id").n_unique(),
        )
    )


def _finish(table: pl.DataFrame, coupons: int, kind: str) -> pl.DataFrame:
    """Nothing counted is 0, nothing since is missing; then shares, rates and places."""
    counts = [c for c in table.columns if c != "household_id" and not c.startswith("since") and c != "lines_discounted"]
    table = table.with_columns(pl.exclude("household_id").cast(pl.Float64)).with_columns(pl.col(counts).fill_null(0.0))
    table = table.with_columns(
        is_type_a=pl.lit(float(kind == "Type A")),
        is_type_c=pl.lit(float(kind == "Type C")),
        coupons_bought_share=pl.col("coupons_bought") / coupons,
        coupons_bought_share_84=pl.col("coupons_bought_84") / coupons,
        lines_share_84=pl.col("lines_84") / (pl.col("products_84") + 1),
        types_share_84=pl.col("types_lines_84") / (pl.col("products_84") + 1),
        redeemed_rate=(pl.col("redeemed_campaigns") + 0.2) / (pl.col("sent") + 2),
        redeemed_same_rate=(pl.col("redeemed_same_campaigns") + 0.2) / (pl.col("sent_same") + 2),
        redeemed_days_rate=pl.col("redeemed_days") / (pl.col("sent") + 1),
        redeemed_lately_rate=pl.col("redeemed_lately") / (pl.col("sent") + 1),
        with_coupon_rate=pl.col("with_coupon_84") / (pl.col("visits_84") + 1),
    )
    return table.with_columns((pl.col(name).rank("average") / pl.len()).alias(f"place_{name}") for name in PLACES)


def _label(table: pl.DataFrame, redeemed: pl.DataFrame) -> pl.DataFrame:
    early = redeemed.filter(pl.col("day") < SPLIT)
    own = pl.col("household_id")
    return table.with_columns(
        label=own.is_in(redeemed["household_id"].unique().implode()),
        label_by_split=own.is_in(early["household_id"].unique().implode()),
    )
