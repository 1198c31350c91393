"""What the database holds already, as far as an import must know it: to refer to, to update, to leave alone."""

from dataclasses import dataclass

import polars as pl
from sqlalchemy import Connection, Select, select

from data import tables
from data.customers import Customer, list_customers


@dataclass(frozen=True)
class Known:
    """What was here before the import."""

    products: pl.DataFrame  # product_id, type_id, stock, sensitive
    types: pl.DataFrame  # type_id, title, category
    offers: dict[str, str | None]  # offer_id -> type_id
    people: dict[str, Customer]  # by customer_id
    orders: pl.DataFrame  # order_id, customer_id


def fetch_frame(
    connection: Connection, query: "Select[*tuple[object, ...]]", schema: dict[str, type[pl.DataType]]
) -> pl.DataFrame:
    """The rows of a query as a polars frame."""
    rows = [tuple(row) for row in connection.execute(query)]
    return pl.DataFrame(rows, schema=schema, orient="row")


def fetch_known(connection: Connection) -> Known:
    """Read what an import refers to."""
    product, kind, offer, order = tables.products.c, tables.types.c, tables.offers.c, tables.orders.c
    people = list(list_customers(connection))
    owners = fetch_frame(
        connection, select(order.order_id, order.person_id), {"order_id": pl.String, "person_id": pl.Int64}
    )
    ids = pl.DataFrame(
        [(person.person_id, person.customer_id) for person in people],
        schema={"person_id": pl.Int64, "customer_id": pl.String},
        orient="row",
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
        people={person.customer_id: person for person in people},
        orders=owners.join(ids, on="person_id", maintain_order="left").select("order_id", "customer_id"),
    )
