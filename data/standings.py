"""How a customer stands to the use of their data, apart from single consents: restricted (GDPR 18), and when they last objected (21).

While restricted, everything is kept and nothing is used: the consent gate (`data/consent.py`) opens for nobody who is here.
"""

from dataclasses import dataclass

from sqlalchemy import Connection, select

from data.audit import record_act
from data.database import insert_or_replace
from data.tables_rights import standings


@dataclass(frozen=True)
class Standing:
    """Since when the use is restricted, and the last objection; shop's clock."""

    restricted_at: str | None = None
    objected_at: str | None = None


def fetch_standing(connection: Connection, person_id: int) -> Standing:
    """How somebody stands."""
    row = connection.execute(
        select(standings.c.restricted_at, standings.c.objected_at).where(standings.c.person_id == person_id)
    ).first()
    return Standing(*row) if row else Standing()


def is_restricted(connection: Connection, person_id: int) -> bool:
    """Whether nothing of a person may be used."""
    return fetch_standing(connection, person_id).restricted_at is not None


def list_restricted(connection: Connection) -> set[int]:
    """Everybody of whom nothing may be used."""
    return set(
        connection.execute(select(standings.c.person_id).where(standings.c.restricted_at.is_not(None))).scalars()
    )


def restrict_use(connection: Connection, person_id: int, *, at: str, lift: bool = False) -> bool:
    """Freeze or unfreeze; returns whether that changed anything."""
    standing = fetch_standing(connection, person_id)
    if (standing.restricted_at is None) == lift:
        return False
    _write(connection, person_id, Standing(None if lift else at, standing.objected_at))
    act = "restriction_lifted" if lift else "use_restricted"
    record_act(connection, at=at, actor="customer", act=act, person_id=person_id)
    return True


def note_objection(connection: Connection, person_id: int, *, at: str) -> None:
    """Somebody objected to every use of their data; the caller ends the consents."""
    _write(connection, person_id, Standing(fetch_standing(connection, person_id).restricted_at, at))
    record_act(connection, at=at, actor="customer", act="objected", person_id=person_id)


def _write(connection: Connection, person_id: int, standing: Standing) -> None:
    insert_or_replace(connection, standings, [{"person_id": person_id, **vars(standing)}], ["person_id"])
