"""What the database holds already, as far as an import must know it: to refer to, to update, to leave alone."""

from dataclasses import dataclass

import polars as pl
from sqlalchemy import Connection, Select, select

from data import tables


@dataclass(frozen=True)
class Known:
    """What was here before the import."""

    products: pl.DataFrame  # product_id, type_id, stock, sensitive
    types: pl.DataFrame  # type_id, title, category
    offers: dict[str, str | None]  # offer_id -> type_id
    people: dict[str, int]  # customer_id -> person_id
    orders: pl.DataFrame  # order_id, customer_id


def fetch_frame(
    connection: Connection, query: "Select[*tuple[object, ...]]", schema: dict[str, type[pl.DataType]]
) -> pl.DataFrame:
    """The rows of a query as a polars frame."""
    rows = [tuple(row) for row in connection.execute(query)]
    return pl.DataFrame(rows, schema=schema, orient="row")


def fetch_known(connection: Connection) -> Known:
    """Read what an import refers to."""
    product, kind, offer, customer, order = (
        tables.products.c,
        tables.types.c,
        tables.offers.c,
        tables.customers.c,
        tables.orders.c,
    )
    return Known(
        products=fetch_frame(
            connection,
            select(product.product_id, product.type_id, product.stock, product.sensitive),
            {"product_id": pl.String, "type_id": pl.String, "stock": pl.Int64, "sensitive": pl.String},
        ),
        types=fetch_frame(
            connection,
            select(kind.type_id, kind.title, kind.category),
            {"type_id": pl.String, "title": pl.String, "category": pl.String},
        ),
        offers={row.offer_id: row.type_id for row in connection.execute(select(offer.offer_id, offer.type_id))},
        people={
            row.customer_id: row.person_id
            for row in connection.execute(select(customer.customer_id, customer.person_id))
        },
        orders=fetch_frame(
            connection,
            select(order.order_id, customer.customer_id).join_from(tables.orders, tables.customers),
            {"order_id": pl.String, "customer_id": pl.String},
        ),
    )
