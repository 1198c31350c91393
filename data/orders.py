"""A customer's own orders. What is asked for rests on the asking: only the order in question is read."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, func, select, update

from data.errors import NotKnown
from data.tables import order_lines, orders, products, types


@dataclass(frozen=True)
class Order:
    """One order. `total_minor` is what was paid, in minor units; `lines` counts its rows."""

    order_id: str
    ordered_at: str
    status: str | None
    tracking: str | None
    lines: int
    total_minor: int


@dataclass(frozen=True)
class OrderLine:
    """One row of an order."""

    line_id: int
    order_id: str
    ordered_on: date
    product_id: str
    type_id: str
    title: str
    type_title: str
    quantity: int
    unit_price_minor: int
    discount_minor: int
    disputed_at: str | None


def fetch_orders(
    connection: Connection, person_id: int, *, order_id: str | None = None, limit: int | None = 20
) -> list[Order]:
    """A customer's own orders, newest first; None: all. Another's order is not found, like one that does not exist."""
    total = func.coalesce(func.sum(order_lines.c.quantity * order_lines.c.unit_price_minor), 0)
    statement = (
        select(
            orders.c.order_id,
            orders.c.ordered_at,
            orders.c.status,
            orders.c.tracking,
            func.count(order_lines.c.line_id),
            total,
        )
        .outerjoin(order_lines, (order_lines.c.order_id == orders.c.order_id) & (order_lines.c.person_id == person_id))
        .where(orders.c.person_id == person_id)
        .group_by(orders.c.order_id, orders.c.ordered_at, orders.c.status, orders.c.tracking)
        .order_by(orders.c.ordered_at.desc())
        .limit(limit)
    )
    if order_id is not None:
        statement = statement.where(orders.c.order_id == order_id)
    return [Order(*row) for row in connection.execute(statement)]


def fetch_order_lines(
    connection: Connection, person_id: int, *, order_id: str | None = None, type_id: str | None = None
) -> list[OrderLine]:
    """A customer's own lines, newest first: of one order, of one product type, or all."""
    line = order_lines.c
    statement = (
        select(order_lines, products.c.title, products.c.type_id, types.c.title.label("type_title"))
        .join(products, products.c.product_id == line.product_id)
        .join(types, types.c.type_id == products.c.type_id)
        .where(line.person_id == person_id)
        .order_by(line.ordered_on.desc(), line.line_id)
    )
    if order_id is not None:
        statement = statement.where(line.order_id == order_id)
    if type_id is not None:
        statement = statement.where(products.c.type_id == type_id)
    wanted = OrderLine.__dataclass_fields__
    return [
        OrderLine(**{name: value for name, value in row._mapping.items() if name in wanted})
        for row in connection.execute(statement)
    ]


def dispute_lines(
    connection: Connection,
    person_id: int,
    *,
    at: str,
    type_id: str | None = None,
    product_id: str | None = None,
    line_ids: Iterable[int] | None = None,
) -> list[int]:
    """ "I did not buy this": the customer's lines of a type, of one product, or listed ones count for nothing from now on; returns which."""
    line = order_lines.c
    statement = select(line.line_id).where(line.person_id == person_id, line.disputed_at.is_(None))
    if type_id is not None:
        statement = statement.where(
            line.product_id.in_(select(products.c.product_id).where(products.c.type_id == type_id))
        )
    if product_id is not None:
        statement = statement.where(line.product_id == product_id)
    if line_ids is not None:
        statement = statement.where(line.line_id.in_(list(line_ids)))
    line_ids = list(connection.execute(statement.order_by(order_lines.c.line_id)).scalars())
    connection.execute(update(order_lines).where(order_lines.c.line_id.in_(line_ids)).values(disputed_at=at))
    return line_ids


def require_line(connection: Connection, person_id: int, line_id: int) -> OrderLine:
    """One's own line, or `NotKnown`."""
    found = next((one for one in fetch_order_lines(connection, person_id) if one.line_id == line_id), None)
    if found is None:
        raise NotKnown()
    return found


def require_order(connection: Connection, person_id: int, order_id: str) -> Order:
    """One's own order, or `NotKnown`."""
    found = fetch_orders(connection, person_id, order_id=order_id, limit=1)
    if not found:
        raise NotKnown()
    return found[0]


def summarize(order: Order) -> dict[str, Any]:
    """The facts of an order for a person who takes over."""
    return {"order_id": order.order_id, "ordered_at": order.ordered_at, "status": order.status}
