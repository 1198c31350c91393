"""The audit log: who did what, when. Written in the same transaction as the act itself; never changed."""

from typing import Any

from sqlalchemy import Connection, insert

from data.tables import audit


def record_act(
    connection: Connection,
    *,
    at: str,
    actor: str,
    act: str,
    person_id: int | None = None,
    object_id: str | None = None,
    detail: dict[str, Any] | None = None,
) -> None:
    """Append one act. `actor` is customer, system or staff:<username>; `detail` holds opaque ids only."""
    connection.execute(
        insert(audit).values(at=at, actor=actor, act=act, person_id=person_id, object_id=object_id, detail=detail or {})
    )
