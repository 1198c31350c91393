"""Browsing events: a row exists only because consent stood when it happened; the caller has passed the gate."""

from datetime import date

from sqlalchemy import Connection, insert

from data.tables import page_events


def record_page_event(
    connection: Connection, person_id: int, *, kind: str, product_id: str | None, page: str, at: str, day: date
) -> None:
    """A product or page was viewed or clicked. Only the path of the page is kept, never its query."""
    connection.execute(
        insert(page_events).values(
            person_id=person_id,
            kind=kind,
            product_id=product_id,
            page=page.split("?")[0].split("#")[0],
            happened_on=day,
            happened_at=at,
        )
    )
