"""offers.csv and offer_events.csv: what the shop offers, and who was shown it, clicked it, redeemed it.

An offer is for a product or for a product type, named by its category (its whole path, or its title where only one type
has it). Its dates are days of the shop's calendar, both included. An event is a fact that happened once: the same
customer, offer, event and time in a second import adds nothing.
"""

from dataclasses import dataclass
from pathlib import Path

import polars as pl
from sqlalchemy import Connection, select

from data import tables
from data.importers.catalogue import Catalogue, check_honesty, list_types
from data.importers.categories import build_slug, split_path
from data.importers.checks import Check, check_ids, check_titles, read_prices, read_times, read_truths
from data.importers.files import Table, read_table
from data.importers.known import Known, fetch_frame
from data.importers.money import describe_price
from data.importers.writing import insert_rows, upsert_rows
from data.shop import Shop

OPTIONAL = ("category", "product_id", "discount", "starts_at", "ends_at", "price_personalized")
EVENTS = ("shown", "clicked", "redeemed")
PERCENT = r"^([0-9]{1,3}(?:\.[0-9]{1,2})?) ?%$"


@dataclass(frozen=True)
class Offers:
    """The offers of a file, ready to be written."""

    offers: pl.DataFrame  # the columns of the table
    columns: frozenset[str]
    notices: list[str]


def build_no_offers() -> Offers:
    """What an import without offers.csv brings."""
    return Offers(pl.DataFrame(schema={"offer_id": pl.String, "type_id": pl.String}), frozenset(), [])


def read_offers(check: Check, path: Path, shop: Shop, known: Known, catalogue: Catalogue) -> Offers:
    """Read and check offers.csv."""
    table = read_table(path, ("offer_id", "title"), OPTIONAL)
    columns = frozenset(column for column in OPTIONAL if table.has(column))
    absent = [pl.lit(None, pl.String).alias(column) for column in OPTIONAL if column not in columns]
    table = Table(table.name, table.frame.with_columns(*absent), table.notices)
    check_ids(check, table, "offer_id", "offer_id", unique=True)
    table = check_titles(check, table, "title", "offer's title")
    products = pl.concat(
        [
            catalogue.products.select("product_id", "type_id", "stock"),
            known.products.select("product_id", "type_id", "stock"),
        ]
    )
    products = products.drop_nulls("product_id").unique("product_id", keep="first").rename({"type_id": "product_type"})
    frame = table.frame.join(products, on="product_id", how="left", maintain_order="left")
    table = Table(table.name, frame, table.notices)
    unknown = pl.col("product_id").is_not_null() & pl.col("product_type").is_null()
    check.note(table, "product_id", unknown, "a product_id of products.csv or of an earlier import")
    check.note(
        table, "category", pl.col("product_id").is_null() & pl.col("category").is_null(), "a category or a product_id"
    )
    check_honesty(check, table, "title", "stock")
    types = _find_types(check, table, known, catalogue)
    percent, minor = _read_discounts(check, table, shop)
    starts = read_times(check, table, "starts_at", shop.zone, required=False)["day"]
    ends = read_times(check, table, "ends_at", shop.zone, required=False)["day"]
    check.note(table, "ends_at", pl.lit(ends) < pl.lit(starts), "a day that is not before starts_at")
    offers = frame.select(
        "offer_id",
        "title",
        pl.coalesce("product_type", pl.lit(types)).alias("type_id"),
        "product_id",
        percent.alias("discount_percent"),
        minor.alias("discount_minor"),
        starts.alias("starts_on"),
        ends.alias("ends_on"),
        read_truths(check, table, "price_personalized").alias("price_personalized"),
    )
    return Offers(offers, columns, table.notices)


def _find_types(check: Check, table: Table, known: Known, catalogue: Catalogue) -> pl.Series:
    """The type of each row's category, by its path or by a title that only one type has."""
    every = dict(list_types(catalogue, known))
    titled: dict[str, list[str]] = {}
    for type_id, title in every.items():
        titled.setdefault(title.casefold(), []).append(type_id)
    found: dict[str, str | None] = {}
    for category in table.frame["category"].drop_nulls().unique().to_list():
        path = " > ".join(split_path(category)).casefold()
        same = titled.get(path, [])
        type_id = build_slug(path) if path else ""
        found[category] = type_id if type_id in every else same[0] if len(same) == 1 else None
        if found[category] is None:
            expected = (
                "the whole path of one product type, for several have this title"
                if same
                else "a category of products.csv or of an earlier import"
            )
            check.note(table, "category", pl.col("category") == category, expected)
    return pl.Series("type_id", [found.get(c) if c else None for c in table.frame["category"]], dtype=pl.String)


def _read_discounts(check: Check, table: Table, shop: Shop) -> tuple[pl.Series, pl.Series]:
    """Percent and minor units; a row has one of them or none."""
    text = pl.col("discount")
    is_percent = text.str.contains("%").fill_null(False)
    amounts = Table(table.name, table.frame.with_columns(discount=pl.when(~is_percent).then(text)), [])
    minor = read_prices(check, amounts, "discount", shop.currency, required=False)
    check.note(amounts, "discount", pl.lit(minor) == 0, "a discount above 0, or nothing")
    percent = table.frame.select(text.str.extract(PERCENT, 1).cast(pl.Float64, strict=False).alias("percent"))[
        "percent"
    ]
    wrong = is_percent & ~pl.lit(percent).is_between(0, 100, closed="right").fill_null(False)
    check.note(
        table,
        "discount",
        wrong,
        f"a percentage such as 20%, above 0 and at most 100, or {describe_price(shop.currency)}",
    )
    return percent, minor


def write_offers(connection: Connection, offers: Offers) -> None:
    """Write the offers; known ones are updated in the columns that the file has."""
    stored = {
        "category": ("type_id",),
        "product_id": ("type_id", "product_id"),
        "discount": ("discount_percent", "discount_minor"),
        "starts_at": ("starts_on",),
        "ends_at": ("ends_on",),
        "price_personalized": ("price_personalized",),
    }
    update = {"title", *(name for column in offers.columns for name in stored[column])}
    upsert_rows(
        connection, tables.offers, offers.offers.columns, offers.offers.iter_rows(), key=("offer_id",), update=update
    )


def read_events(check: Check, path: Path, shop: Shop, known: Known, offers: Offers) -> tuple[pl.DataFrame, list[str]]:
    """Read and check offer_events.csv: customer_id, offer_id, type_id, event, happened_on, happened_at."""
    table = read_table(path, ("customer_id", "offer_id", "event", "at"))
    check_ids(check, table, "customer_id", "customer_id")
    check_ids(check, table, "offer_id", "offer_id")
    types = {**known.offers, **dict(offers.offers.select("offer_id", "type_id").iter_rows())}
    here = pl.DataFrame(
        {"offer_id": list(types), "type_id": list(types.values())}, schema={"offer_id": pl.String, "type_id": pl.String}
    )
    unknown = pl.col("offer_id").is_not_null() & ~pl.col("offer_id").is_in(here["offer_id"].implode())
    check.note(table, "offer_id", unknown, "an offer_id of offers.csv or of an earlier import")
    event = pl.col("event").str.to_lowercase()
    check.note(table, "event", event.is_null() | ~event.is_in(EVENTS), f"one of {', '.join(EVENTS)}")
    times = read_times(check, table, "at", shop.zone, required=True)
    frame = table.frame.with_columns(event, times["at"].alias("happened_at"), times["day"].alias("happened_on"))
    frame = frame.join(here.unique("offer_id"), on="offer_id", how="left", maintain_order="left")
    same = ["customer_id", "offer_id", "event", "happened_at"]
    return frame.unique(same, keep="first", maintain_order=True).select(*same, "type_id", "happened_on"), table.notices


def write_events(connection: Connection, events: pl.DataFrame, people: pl.DataFrame) -> int:
    """Append the events that are not here yet; gives back how many."""
    event = tables.offer_events.c
    schema = {"person_id": pl.Int64, "offer_id": pl.String, "event": pl.String, "happened_at": pl.String}
    query = select(*(event[name] for name in schema)).where(event.impression_id.is_(None))
    here = fetch_frame(connection, query, schema)
    fresh = events.join(people, on="customer_id", maintain_order="left").join(
        here, on=list(schema), how="anti", maintain_order="left"
    )
    columns = ("person_id", "offer_id", "type_id", "event", "happened_on", "happened_at")
    return insert_rows(
        connection,
        tables.offer_events,
        columns,
        fresh.sort("person_id", "happened_at", maintain_order=True).select(columns).iter_rows(),
    )
