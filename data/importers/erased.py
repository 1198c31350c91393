"""Who was erased does not come back with old files: their rows from before are left out, newer ones come in.

A name or a group has no date. It comes in only for who is a customer again: they signed in since, or something newer of theirs is in
these files.
"""

from dataclasses import replace

import polars as pl
from sqlalchemy import Connection

from data.customers import find_customer_key
from data.importers.customers import Customers
from data.importers.known import Known
from data.importers.orders import Orders
from data.vault import find_vault


def find_erased(connection: Connection, customer_ids: list[str]) -> pl.DataFrame:
    """customer_id and erased_at of those of the ids that were erased."""
    buried: dict[str, str] = {}
    for one in find_vault(connection).list_buried():
        if one.customer_key:
            buried[one.customer_key] = max(one.at, buried.get(one.customer_key, ""))
    rows = []
    if buried:
        keys = ((customer_id, find_customer_key(connection, customer_id)) for customer_id in customer_ids)
        rows = [(customer_id, buried[key]) for customer_id, key in keys if key in buried]
    return pl.DataFrame(rows, schema={"customer_id": pl.String, "erased_at": pl.String}, orient="row")


def leave_out_erased(
    erased: pl.DataFrame, known: Known, orders: Orders, customers: Customers, events: pl.DataFrame
) -> tuple[Orders, Customers, pl.DataFrame, list[str]]:
    """The files without what lies before an erasure, and a notice that says how much it was."""
    if erased.is_empty():
        return orders, customers, events, []
    kept_orders = _keep_newer(orders.orders, erased, "ordered_at")
    kept_lines = orders.lines.join(kept_orders.select("order_id"), on="order_id", how="semi", maintain_order="left")
    kept_events = _keep_newer(events, erased, "happened_at") if events.height else events
    consents = _keep_newer(customers.consents, erased, "at")
    back = {*kept_orders["customer_id"], *kept_events["customer_id"], *consents["customer_id"], *known.people}
    gone = [customer_id for customer_id in erased["customer_id"] if customer_id not in back]
    people = customers.customers.filter(~pl.col("customer_id").is_in(gone))
    groups = customers.groups.filter(~pl.col("customer_id").is_in(gone))
    left = (
        orders.lines.height
        - kept_lines.height
        + events.height
        - kept_events.height
        + customers.consents.height
        - consents.height
        + customers.customers.height
        - people.height
    )
    notices = [f"{left:,} rows of customers who were erased lie before that and were left out."] if left else []
    return (
        replace(orders, orders=kept_orders, lines=kept_lines),
        replace(customers, customers=people, consents=consents, groups=groups),
        kept_events,
        notices,
    )


def _keep_newer(frame: pl.DataFrame, erased: pl.DataFrame, at: str) -> pl.DataFrame:
    joined = frame.join(erased, on="customer_id", how="left", maintain_order="left")
    return joined.filter(pl.col("erased_at").is_null() | (pl.col(at) > pl.col("erased_at"))).drop("erased_at")
