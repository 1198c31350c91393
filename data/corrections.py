"""Corrections: "I did not buy this". The lines count for nothing at once; a person then decides in a review whether that stands.

Each line stands beside the review that it was disputed in. Approved, it stays without effect for good; rejected, it counts again and
may be disputed again.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, insert, select, update

from data.tables import corrections, order_lines, products


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
    rows = [{"review_id": review_id, "line_id": line_id, "state": "open"} for line_id in line_ids]
    if rows:
        connection.execute(insert(corrections), rows)


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
