"""How reviews end, for the owner: how often a person changed something, and how long an answer took."""

from datetime import date, timedelta
from statistics import median
from typing import Any

from sqlalchemy import Connection, select

from data.clock import parse_time
from data.tables import corrections, reviews
from data.tables_conduct import overrides

HOUR = timedelta(hours=1)


def measure_reviews(connection: Connection, *, today: date) -> dict[str, Any]:
    """Counts of reviews, the share of those answered in which something was changed, and hours until the answer.

    Something was changed in a review if a correction in it was approved, or if a decision about an offer was made in it. `overturned_share`
    and the hours are None before the first answer. What an erasure took away is not counted.
    """
    changed = set(
        connection.execute(select(corrections.c.review_id).where(corrections.c.state == "approved")).scalars()
    )
    changed |= set(
        connection.execute(select(overrides.c.review_id).where(overrides.c.review_id.is_not(None))).scalars()
    )
    c = reviews.c
    rows = connection.execute(select(c.review_id, c.state, c.opened_at, c.due_on, c.decided_at)).all()
    answered = [row for row in rows if row.state == "answered"]
    hours = [(parse_time(row.decided_at) - parse_time(row.opened_at)) / HOUR for row in answered]
    overturned = sum(row.review_id in changed for row in answered)
    return {
        "opened": len(rows),
        "open": len(rows) - len(answered),
        "overdue": sum(row.state == "open" and row.due_on < today for row in rows),
        "answered": len(answered),
        "overturned": overturned,
        "overturned_share": overturned / len(answered) if answered else None,
        "median_hours": median(hours) if hours else None,
        "most_hours": max(hours, default=None),
    }
