"""offers.csv and offer_events.csv of the demo, from campaigns, their coupons and the redemptions.

An offer is one campaign for one product type: that is what is ranked and what a customer understands. A campaign's
coupon can name one product or fourteen thousand ("anything of the store brand"), so an offer is made only where a
coupon says something about a type: the coupon covers at most `WIDEST_COUPON` types, and the type holds at least a
fifth of its products. Of the large campaigns (type A: about 200 coupons, of which each household was sent 16, the data
does not say which) only the types that somebody redeemed become offers, and a household counts as shown only the
offers of types it had bought before the campaign began, at most 16 of them: the shop chose by purchases, so this is
the likeliest reading, and it is an assumption. In the other campaigns every targeted household was sent every coupon.

A discount is written only where redemptions tell it: the median of what was taken off per line.
"""

from dataclasses import dataclass

import polars as pl

from data.demo.source import ZONE, DemoSource

WIDEST_COUPON = 6
SMALLEST_SHARE = 0.2
FEWEST_LINES = 3
SENT_OF_TYPE_A = 16


@dataclass(frozen=True)
class DemoOffers:
    """The offers, the events, and which line redeemed which offer."""

    offers: pl.DataFrame
    events: pl.DataFrame
    redeemed: pl.DataFrame


def build_offers(source: DemoSource, products: pl.DataFrame) -> DemoOffers:
    """Everything that the demo says about offers."""
    typed = _find_types(source, products)
    chosen = _choose(source, typed)
    redeemed_lines = _find_redeemed_lines(source, products, chosen)
    redeemed = _find_redemptions(source, chosen, redeemed_lines)
    large = source.campaign_descriptions.filter(pl.col("campaign_type") == "Type A")["campaign_id"]
    used = redeemed.select("offer_id").unique()
    chosen = chosen.filter(
        ~pl.col("campaign_id").is_in(large.implode()) | pl.col("offer_id").is_in(used["offer_id"].implode())
    )
    discounts = (
        redeemed_lines.group_by("offer_id")
        .agg(pl.len().alias("lines"), pl.col("coupon_disc").median().alias("off"))
        .filter((pl.col("lines") >= FEWEST_LINES) & (pl.col("off") > 0))
        .select("offer_id", pl.format("{}", pl.col("off").round(2)).alias("discount"))
    )
    offers = (
        chosen.unique("offer_id")
        .join(source.campaign_descriptions, on="campaign_id")
        .join(discounts, on="offer_id", how="left")
        .sort("start_date", "offer_id")
        .select(
            "offer_id",
            pl.format("{} coupon", "type").alias("title"),
            "category",
            "discount",
            pl.col("start_date").dt.date().cast(pl.String).alias("starts_at"),
            pl.col("end_date").dt.date().cast(pl.String).alias("ends_at"),
        )
    )
    shown = _find_shown(source, products, chosen, large)
    events = pl.concat([shown, redeemed.select("customer_id", "offer_id", "event", "at")]).sort(
        "at", "customer_id", "offer_id", "event"
    )
    return DemoOffers(
        offers,
        events,
        redeemed_lines.select("household_id", "day", "product_id", "offer_id").unique(
            ["household_id", "day", "product_id"], keep="first", maintain_order=True
        ),
    )


def _find_types(source: DemoSource, products: pl.DataFrame) -> pl.DataFrame:
    """For each coupon of a campaign: its types, and the share of its products in each."""
    coupons = source.coupons.with_columns(pl.col("product_id").cast(pl.String)).join(
        products.select("product_id", "type", "category"), on="product_id"
    )
    return (
        coupons.group_by("campaign_id", "coupon_upc", "category", "type")
        .agg(pl.len().alias("count"))
        .with_columns(
            share=pl.col("count") / pl.col("count").sum().over("campaign_id", "coupon_upc"),
            types=pl.len().over("campaign_id", "coupon_upc"),
        )
    )


def _choose(source: DemoSource, typed: pl.DataFrame) -> pl.DataFrame:
    """Each coupon's types that become offers: campaign_id, coupon_upc, category, type, offer_id."""
    narrow = typed.filter((pl.col("types") <= WIDEST_COUPON) & (pl.col("share") >= SMALLEST_SHARE))
    code = pl.col("category").str.to_lowercase().str.replace_all(r"[^a-z0-9]+", "-").str.strip_chars("-")
    return narrow.with_columns(offer_id=pl.format("c{}-{}", "campaign_id", code)).sort(
        "campaign_id", "coupon_upc", "category"
    )


def _find_redeemed_lines(source: DemoSource, products: pl.DataFrame, chosen: pl.DataFrame) -> pl.DataFrame:
    """Transaction lines with a coupon's discount that fit a redemption of that household on that day."""
    local = pl.col("transaction_timestamp").dt.replace_time_zone("UTC").dt.convert_time_zone(ZONE)
    lines = source.transactions.filter((pl.col("coupon_disc") > 0) & (pl.col("quantity") > 0)).select(
        "household_id", local.dt.date().alias("day"), pl.col("product_id").cast(pl.String), "coupon_disc"
    )
    lines = lines.join(products.select("product_id", "category"), on="product_id")
    days = source.coupon_redemptions.select(
        "household_id", "coupon_upc", "campaign_id", pl.col("redemption_date").dt.date().alias("day")
    )
    covered = source.coupons.with_columns(pl.col("product_id").cast(pl.String))
    return (
        lines.join(days, on=["household_id", "day"])
        .join(covered, on=["coupon_upc", "campaign_id", "product_id"], how="semi")
        .join(
            chosen.select("campaign_id", "coupon_upc", "category", "offer_id"),
            on=["campaign_id", "coupon_upc", "category"],
        )
        .sort("day", "household_id", "product_id", "offer_id")
    )


def _find_redemptions(source: DemoSource, chosen: pl.DataFrame, lines: pl.DataFrame) -> pl.DataFrame:
    """Redemptions as events: of the type on the day's receipt, or else of the coupon's largest type."""
    days = source.coupon_redemptions.select(
        "household_id", "coupon_upc", "campaign_id", pl.col("redemption_date").dt.date().alias("day")
    )
    found = lines.select("household_id", "coupon_upc", "campaign_id", "day", "offer_id").unique()
    rest = days.join(found, on=["household_id", "coupon_upc", "campaign_id", "day"], how="anti").join(
        chosen.sort("share", descending=True)
        .unique(["campaign_id", "coupon_upc"], keep="first", maintain_order=True)
        .select("campaign_id", "coupon_upc", "offer_id"),
        on=["campaign_id", "coupon_upc"],
    )
    both = pl.concat([found, rest.select(found.columns)])
    return both.select(
        pl.col("household_id").cast(pl.String).alias("customer_id"),
        "offer_id",
        pl.lit("redeemed").alias("event"),
        pl.col("day").cast(pl.String).alias("at"),
    ).unique()


def _find_shown(source: DemoSource, products: pl.DataFrame, chosen: pl.DataFrame, large: pl.Series) -> pl.DataFrame:
    """Who was sent what, on the day the campaign began."""
    offers = chosen.select("campaign_id", "category", "offer_id").unique()
    sent = source.campaigns.join(offers, on="campaign_id").join(
        source.campaign_descriptions.select("campaign_id", pl.col("start_date").dt.date().alias("start")),
        on="campaign_id",
    )
    is_large = pl.col("campaign_id").is_in(large.implode())
    local = pl.col("transaction_timestamp").dt.replace_time_zone("UTC").dt.convert_time_zone(ZONE)
    bought = (
        source.transactions.filter(pl.col("quantity") > 0)
        .select("household_id", local.dt.date().alias("day"), pl.col("product_id").cast(pl.String))
        .join(products.select("product_id", "category"), on="product_id")
        .group_by("household_id", "category", "day")
        .len("times")
    )
    chosen_a = (
        sent.filter(is_large)
        .join(bought, on=["household_id", "category"])
        .filter(pl.col("day") < pl.col("start"))
        .group_by("household_id", "campaign_id", "offer_id", "start")
        .agg(pl.len().alias("times"))
        .sort("household_id", "campaign_id", "times", "offer_id", descending=[False, False, True, False])
        .group_by("household_id", "campaign_id", maintain_order=True)
        .head(SENT_OF_TYPE_A)
    )
    every = pl.concat(
        [
            sent.filter(~is_large).select("household_id", "offer_id", "start"),
            chosen_a.select("household_id", "offer_id", "start"),
        ]
    )
    return every.select(
        pl.col("household_id").cast(pl.String).alias("customer_id"),
        "offer_id",
        pl.lit("shown").alias("event"),
        pl.col("start").cast(pl.String).alias("at"),
    )
