"""orders.csv: what was bought, a line a row.

An order in the file replaces that order here, line by line: a line that stands already keeps its id (explanations given
to customers name it) and its mark "I did not buy this"; new ones are added, those that are gone are deleted. Lines of
one order may have different days (a return comes later); the order's own time is the first.
"""

from dataclasses import dataclass
from itertools import batched
from pathlib import Path

import polars as pl
from sqlalchemy import Connection, select

from data import tables
from data.corrections import renew_corrections
from data.importers.checks import LONGEST_TITLE, Check, check_ids, check_short, read_integers, read_prices, read_times
from data.importers.files import Table, read_table
from data.importers.known import Known, fetch_frame
from data.importers.writing import Report, delete_rows, insert_rows, update_rows, upsert_rows
from data.shop import Shop

REQUIRED = ("order_id", "customer_id", "ordered_at", "product_id", "quantity", "unit_price")
OPTIONAL = ("discount", "status", "tracking", "offer_id")
VALUES = ("ordered_on", "quantity", "unit_price_minor", "discount_minor", "offer_id")
SAME = ("order_id", "product_id", "turn")  # the how-manieth line with this product in this order


@dataclass(frozen=True)
class Orders:
    """The orders and order lines of a file, ready to be written."""

    orders: pl.DataFrame  # order_id, customer_id, ordered_at, status, tracking
    lines: (
        pl.DataFrame
    )  # order_id, customer_id, ordered_on, product_id, quantity, unit_price_minor, discount_minor, offer_id
    columns: frozenset[str]
    notices: list[str]


def read_orders(check: Check, path: Path, shop: Shop, known: Known, products: pl.Series, stamp: str) -> Orders:
    """Read and check orders.csv; `products` are all known product ids, `stamp` is the shop's time."""
    table = read_table(path, REQUIRED, OPTIONAL)
    notices = list(table.notices)
    columns = frozenset(column for column in OPTIONAL if table.has(column))
    absent = [pl.lit(None, pl.String).alias(column) for column in OPTIONAL if column not in columns]
    table = Table(table.name, table.frame.with_columns(*absent), [])
    for column in ("order_id", "customer_id", "product_id"):
        check_ids(check, table, column, column)
    for column in ("status", "tracking", "offer_id"):
        check_short(check, table, column, LONGEST_TITLE)
    unknown = pl.col("product_id").is_not_null() & ~pl.col("product_id").is_in(products.implode())
    check.note(table, "product_id", unknown, "a product_id of products.csv or of an earlier import")
    times = read_times(check, table, "ordered_at", shop.zone, required=True)
    quantity = read_integers(check, table, "quantity", "a whole number of pieces, negative for a return", required=True)
    frame = table.frame.with_columns(
        times["at"],
        times["day"].alias("ordered_on"),
        quantity.alias("pieces"),
        read_prices(check, table, "unit_price", shop.currency, required=True).alias("unit_price_minor"),
        read_prices(check, table, "discount", shop.currency, required=False).fill_null(0).alias("discount_minor"),
    )
    table = Table(table.name, frame, [])
    check.note(table, "quantity", pl.col("pieces") == 0, "a number of pieces other than 0, negative for a return")
    _check_owners(check, table, known)
    late = frame.filter(pl.col("at") > stamp).height
    if late:
        notices.append(
            f"{table.name}: {late:,} lines lie after the shop's clock ({stamp[:10]}); "
            "nothing uses them before their time."
        )
    orders = frame.group_by("order_id", maintain_order=True).agg(
        pl.col("customer_id").first(),
        pl.col("at").min().alias("ordered_at"),
        pl.col("status").drop_nulls().last(),
        pl.col("tracking").drop_nulls().last(),
    )
    lines = frame.select(
        "order_id",
        "customer_id",
        "ordered_on",
        "product_id",
        pl.col("pieces").alias("quantity"),
        "unit_price_minor",
        "discount_minor",
        "offer_id",
    )
    return Orders(orders, lines, columns, notices)


def _check_owners(check: Check, table: Table, known: Known) -> None:
    first = pl.col("customer_id").first().over("order_id")
    check.note(table, "customer_id", pl.col("customer_id") != first, "the same customer in all rows of one order")
    others = table.frame.join(known.orders, on="order_id", suffix="_here").filter(
        pl.col("customer_id") != pl.col("customer_id_here")
    )
    taken = others["order_id"].unique()
    check.note(
        table, "order_id", pl.col("order_id").is_in(taken.implode()), "the customer that this order has here already"
    )


def write_orders(connection: Connection, orders: Orders, known: Known, people: pl.DataFrame, report: Report) -> None:
    """Write the orders and their lines; `people` is customer_id, person_id."""
    heads = orders.orders.join(people, on="customer_id", maintain_order="left")
    names = ("order_id", "person_id", "ordered_at", "status", "tracking")
    upsert_rows(
        connection,
        tables.orders,
        names,
        heads.select(names).iter_rows(),
        key=("order_id",),
        update=("ordered_at", *orders.columns.intersection(("status", "tracking"))),
    )
    lines = orders.lines.join(people, on="customer_id", maintain_order="left").with_columns(_build_turn())
    fresh = lines.join(known.orders, on="order_id", how="anti", maintain_order="left")
    again = lines.join(known.orders, on="order_id", how="semi", maintain_order="left")
    if again.height:
        fresh = pl.concat([fresh, _replace_lines(connection, again)])
    fresh = fresh.sort(
        "person_id", "ordered_on", maintain_order=True
    )  # neighbours on disk for whoever reads one person
    columns = ("order_id", "person_id", "product_id", *VALUES)
    insert_rows(
        connection,
        tables.order_lines,
        columns,
        fresh.select(columns).iter_rows(),
        report=report,
        step="writing orders",
        total=fresh.height,
    )
    renew_corrections(connection)


def _build_turn() -> pl.Expr:
    return pl.int_range(pl.len()).over("order_id", "product_id").alias("turn")


def _replace_lines(connection: Connection, lines: pl.DataFrame) -> pl.DataFrame:
    """Bring known orders to what the file says; gives back the lines that are still to be inserted."""
    line = tables.order_lines.c
    schema = {
        "line_id": pl.Int64,
        "order_id": pl.String,
        "product_id": pl.String,
        "ordered_on": pl.Date,
        "quantity": pl.Int64,
        "unit_price_minor": pl.Int64,
        "discount_minor": pl.Int64,
        "offer_id": pl.String,
    }
    chosen = [line[name] for name in schema]
    parts = [
        fetch_frame(connection, select(*chosen).where(line.order_id.in_(ids)).order_by(line.line_id), schema)
        for ids in batched(lines["order_id"].unique().to_list(), 500, strict=False)
    ]
    here = (
        pl.concat(parts).with_columns(pl.col("ordered_on").cast(pl.String)).sort("line_id").with_columns(_build_turn())
    )
    gone = here.join(lines, on=SAME, how="anti")
    delete_rows(connection, tables.order_lines, "line_id", gone["line_id"].to_list())
    both = here.join(lines, on=SAME, suffix="_new")
    differs = pl.any_horizontal(pl.col(f"{value}_new").ne_missing(pl.col(value)) for value in VALUES)
    changed = both.filter(differs).select(*(f"{value}_new" for value in VALUES), "line_id")
    update_rows(connection, tables.order_lines, VALUES, "line_id", changed.rows())
    return lines.join(here, on=SAME, how="anti", maintain_order="left")
