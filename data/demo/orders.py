"""orders.csv of the demo: each basket an order, each transaction line a row.

`unit_price` is sales_value / quantity rounded to the cent, so a line's sum can differ from sales_value by half a cent a
piece. `discount` is what the shop itself took off (the card's discount and its match of a coupon); a manufacturer's
coupon is paid by the manufacturer and stands in neither. Dropped and counted: lines of quantity 0 (corrections and
coupon keys) and lines of what products.csv leaves out. Status and tracking are invented: the last day is being packed,
the day before is on the way, everything else delivered.
"""

import polars as pl

from data.demo.catalogue import FUEL, write_price
from data.demo.source import ZONE, DemoSource

LAST_DAY = "2017-12-31"
DAY_BEFORE = "2017-12-30"


def build_orders(source: DemoSource, products: pl.DataFrame, redeemed: pl.DataFrame) -> tuple[pl.DataFrame, int, int]:
    """The rows of orders.csv, and how many lines were dropped: without quantity, and of things left out.

    `redeemed` says which offer a household redeemed on a day: household_id, day, product_id, offer_id.
    """
    zero = source.transactions.filter(pl.col("quantity") == 0).height
    sold = source.transactions.filter(pl.col("quantity") > 0).with_columns(pl.col("product_id").cast(pl.String))
    local = pl.col("transaction_timestamp").dt.replace_time_zone("UTC").dt.convert_time_zone(ZONE)
    lines = sold.join(products.select("product_id", "type"), on="product_id", how="inner").with_columns(
        local.dt.date().alias("day"), pl.when(pl.col("type") == FUEL).then(1).otherwise("quantity").alias("pieces")
    )
    dropped = sold.height - lines.height
    lines = lines.join(redeemed, on=["household_id", "day", "product_id"], how="left").with_columns(
        offer_id=pl.when(pl.col("coupon_disc") > 0).then("offer_id")
    )
    unit = (pl.col("sales_value") / pl.col("pieces") * 100).round().cast(pl.Int64)
    saved = ((pl.col("retail_disc") + pl.col("coupon_match_disc")) * 100).round().cast(pl.Int64)
    day = pl.col("day").cast(pl.String)
    status = pl.when(day == LAST_DAY).then(pl.lit("being packed")).when(day == DAY_BEFORE).then(pl.lit("on the way"))
    orders = lines.sort("transaction_timestamp", "basket_id", "product_id").select(
        pl.col("basket_id").cast(pl.String).alias("order_id"),
        pl.col("household_id").cast(pl.String).alias("customer_id"),
        pl.col("transaction_timestamp").dt.strftime("%Y-%m-%dT%H:%M:%SZ").alias("ordered_at"),
        "product_id",
        pl.col("pieces").alias("quantity"),
        write_price(unit).alias("unit_price"),
        pl.when(saved > 0).then(write_price(saved)).alias("discount"),
        status.otherwise(pl.lit("delivered")).alias("status"),
        pl.when(day == DAY_BEFORE).then(pl.format("DEMO-{}", pl.col("basket_id"))).alias("tracking"),
        "offer_id",
    )
    return orders, zero, dropped
