"""What controls did, counted for the owner. A row is about nobody: no person, no offer, and the day instead of the moment."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, case, func, insert, select

from data.tables_conduct import control_effects


@dataclass(frozen=True)
class Measured:
    """What one use of a control did to five offers: how many left, came, and stand in another place."""

    kind: str
    category: str | None
    acted: bool
    left: int
    came: int
    moved: int


def record_effect(connection: Connection, measured: Measured, *, day: date) -> None:
    """Count one use."""
    connection.execute(insert(control_effects).values(**vars(measured), day=day))


def count_effects(connection: Connection, *, since: date | None = None) -> list[dict[str, Any]]:
    """By kind and category: how often used, how often it changed the five offers, how often it was so already; means of the changes."""
    c = control_effects.c
    changed = case((c.left + c.came + c.moved > 0, 1), else_=0)
    statement = select(
        c.kind,
        c.category,
        func.count().label("used"),
        func.sum(changed).label("changed"),
        func.sum(case((c.acted.is_(False), 1), else_=0)).label("already"),
        *(func.avg(c[name]).label(name) for name in ("left", "came", "moved")),
    ).group_by(c.kind, c.category)
    if since is not None:
        statement = statement.where(c.day >= since)
    rows = connection.execute(statement.order_by(func.count().desc(), c.kind, c.category))
    means = ("left", "came", "moved")
    return [{name: float(value) if name in means else value for name, value in row._mapping.items()} for row in rows]
