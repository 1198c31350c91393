"""products.csv of the demo: a title that people understand, a path "Aisle > Type", the last regular shelf price.

Left out, with the lines that name them: coupons, gift and fee keys, "miscellaneous transaction" and whatever the data
does not name at all; there is nothing to say about them to a customer. Gasoline stays, a fill-up as one piece without a
price, for its quantity is a volume. `stock` is blank: the data knows none and an invented number would be a claim.
"""

import re

import polars as pl

from data.demo.naming import name_types
from data.demo.source import DemoSource

FUEL = "Gasoline"
UNITS = {
    "OZ": "oz", "LB": "lb", "CT": "count", "PK": "pack", "GAL": "gallon", "QT": "quart", "PT": "pint",
    "SQ FT": "sq ft", "L": "l", "LT": "l", "LTR": "l", "LITER": "l", "ML": "ml", "FT": "ft", "EA": "",
    "GM": "g", "GR": "g", "FZ": "fl oz", "FL OZ": "fl oz", "DZ": "dozen", "DOZ": "dozen", "IN": "in",
    "INCH": "in", "YD": "yd", "PC": "pieces", "PR": "pair", "RL": "rolls", "PINT": "pint", "Z": "oz",
}  # fmt: skip
SIZE = re.compile(r"(?:ABOUT |APPROX |P )?(\d+(?:\.\d+)?|\d*\.\d+|\d+/\d+|\d+ \d+/\d+)[ ]?([A-Z]+(?: [A-Z]+)?)")


def tidy_size(size: str | None) -> str | None:
    """A package size as people write it, "32 oz"; None where the data has none or only a code."""
    found = SIZE.fullmatch((size or "").strip().upper())
    unit = UNITS.get(found.group(2)) if found else None
    if found is None or not unit:
        return None
    number = found.group(1)
    number = "0" + number if number.startswith(".") else number
    if float(number.split("/")[0].split()[0] or 0) == 0:
        return None
    return f"{number} {unit}"


def build_products(source: DemoSource) -> pl.DataFrame:
    """The demo's products: product_id, title, category, price, brand; and `type` and `aisle` for the other files."""
    named = name_types(source.products)
    sizes = {size: tidy_size(size) for size in source.products["package_size"].unique().to_list()}
    kind = pl.when(pl.col("brand") == "Private").then(pl.lit("store brand")).otherwise(pl.lit("name brand"))
    products = (
        source.products.join(named, on=["product_category", "product_type"], how="inner", nulls_equal=True)
        .drop_nulls("type")
        .with_columns(
            pl.col("package_size").replace_strict(sizes, return_dtype=pl.String).alias("size"), kind.alias("kind")
        )
        .join(_find_prices(source.transactions), on="product_id", how="left")
        .sort("product_id")
    )
    return products.select(
        pl.col("product_id").cast(pl.String),
        pl.concat_str("type", pl.format(", {}", "size").fill_null(""), pl.format(", {}", "kind")).alias("title"),
        pl.format("{} > {}", "aisle", "type").alias("category"),
        pl.when(pl.col("type") != FUEL).then("price").alias("price"),
        pl.col("kind").str.head(1).str.to_uppercase().add(pl.col("kind").str.slice(1)).alias("brand"),
        "type",
        "aisle",
    )


def _find_prices(transactions: pl.DataFrame) -> pl.DataFrame:
    """The regular shelf price of each product's latest sale, before what the shop took off."""
    paid = pl.col("sales_value") + pl.col("retail_disc") + pl.col("coupon_match_disc")
    cents = (paid / pl.col("quantity") * 100).round().cast(pl.Int64)
    latest = (
        transactions.filter((pl.col("quantity") > 0) & (paid > 0))
        .sort("transaction_timestamp", "basket_id")
        .group_by("product_id")
        .agg(cents.last().alias("cents"))
        .filter(pl.col("cents") > 0)
    )
    return latest.select("product_id", write_price(pl.col("cents")).alias("price"))


def write_price(cents: pl.Expr) -> pl.Expr:
    """Cents as decimal text."""
    return pl.format("{}.{}", cents // 100, (cents % 100).cast(pl.String).str.zfill(2))
