"""Corrections: "I did not buy this". The lines count for nothing at once; a person then decides in a review whether that stands.

Each line stands beside the review that it was disputed in. Approved, it stays without effect for good; rejected, it counts again and
may be disputed again.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, insert, select, update

from data.tables import corrections, order_lines, products, reviews


@dataclass(frozen=True)
class CorrectionLine:
    """One disputed line, as far as the order still has it. `state` is open, approved or rejected."""

    line_id: int
    order_id: str | None
    ordered_on: date | None
    title: str | None
    quantity: int | None
    state: str


def record_corrections(connection: Connection, review_id: str, line_ids: Iterable[int]) -> None:
    """Put disputed lines under a review."""
    line = order_lines.c
    found = select(line.line_id, line.order_id, line.product_id).where(line.line_id.in_(list(line_ids)))
    rows = [dict(row._mapping) for row in connection.execute(found.order_by(line.line_id))]
    if rows:
        connection.execute(insert(corrections), [row | {"review_id": review_id, "state": "open"} for row in rows])


def renew_corrections(connection: Connection) -> None:
    """After an import: a disputed line that had gone from its order and came back is disputed again, under the same review."""
    c, line = corrections.c, order_lines.c
    gone = (
        select(c.review_id, c.line_id, c.order_id, c.product_id, reviews.c.opened_at)
        .join(reviews, reviews.c.review_id == c.review_id)
        .outerjoin(order_lines, line.line_id == c.line_id)
        .where(line.line_id.is_(None), c.state.in_(("open", "approved")))
        .order_by(c.review_id, c.line_id)
    )
    for row in connection.execute(gone).all():
        back = select(line.line_id).where(
            line.order_id == row.order_id, line.product_id == row.product_id, line.disputed_at.is_(None)
        )
        line_id = connection.execute(back.order_by(line.line_id)).scalar()
        if line_id is not None:
            connection.execute(update(order_lines).where(line.line_id == line_id).values(disputed_at=row.opened_at))
            connection.execute(
                update(corrections)
                .where(c.review_id == row.review_id, c.line_id == row.line_id)
                .values(line_id=line_id)
            )


def list_corrections(connection: Connection) -> set[str]:
    """The reviews that are about order lines."""
    return set(connection.execute(select(corrections.c.review_id).distinct()).scalars())


def fetch_correction_lines(connection: Connection, review_id: str) -> list[CorrectionLine]:
    """The lines that a review is about, newest first; empty for a review of another kind."""
    line = order_lines.c
    statement = (
        select(
            corrections.c.line_id, line.order_id, line.ordered_on, products.c.title, line.quantity, corrections.c.state
        )
        .outerjoin(order_lines, line.line_id == corrections.c.line_id)
        .outerjoin(products, products.c.product_id == line.product_id)
        .where(corrections.c.review_id == review_id)
        .order_by(line.ordered_on.desc(), corrections.c.line_id)
    )
    return [CorrectionLine(*row) for row in connection.execute(statement)]


def decide_corrections(connection: Connection, review_id: str, *, approve: bool) -> int:
    """Approve: the open lines of a review stay without effect. Reject: they count again. Returns how many it were."""
    c = corrections.c
    open_lines = select(c.line_id).where(c.review_id == review_id, c.state == "open")
    line_ids = list(connection.execute(open_lines).scalars())
    if not approve:
        connection.execute(update(order_lines).where(order_lines.c.line_id.in_(line_ids)).values(disputed_at=None))
    connection.execute(
        update(corrections)
        .where(c.review_id == review_id, c.state == "open")
        .values(state="approved" if approve else "rejected")
    )
    return len(line_ids)
