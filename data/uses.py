"""Each use of a person's data: what, what for, by whom. The customer reads it in the privacy centre."""

from typing import Any

from sqlalchemy import Connection, insert, select

from data.tables import uses

WHAT_FOR = ("choose_offers", "explain", "answer_order", "handoff", "review", "request", "look", "search", "audit")


def record_use(
    connection: Connection,
    person_id: int,
    *,
    at: str,
    categories: list[str],
    what_for: str,
    by: str,
    detail: dict[str, Any],
) -> None:
    """Append one use. `by` is ranker, assistant, audit or a staff name."""
    if what_for not in WHAT_FOR:
        raise ValueError(f"A use is for one of {', '.join(WHAT_FOR)}, not {what_for!r}.")
    connection.execute(
        insert(uses).values(
            person_id=person_id, at=at, categories=sorted(categories), what_for=what_for, by=by, detail=detail
        )
    )


def fetch_uses(connection: Connection, person_id: int, *, limit: int | None = None) -> list[dict[str, Any]]:
    """The newest uses first; all, without a limit."""
    statement = (
        select(uses.c.at, uses.c.categories, uses.c.what_for, uses.c.by, uses.c.detail)
        .where(uses.c.person_id == person_id)
        .order_by(uses.c.use_id.desc())
        .limit(limit)
    )
    return [dict(row._mapping) for row in connection.execute(statement)]
