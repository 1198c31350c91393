"""Decisions of staff over a ranking: an offer is not shown any more, to one customer or to anybody, until that is taken back.

An offer is a product type or a row of offers.csv. What stands is the newest word for a customer and an offer, and beside it the
newest word for everybody; a customer may take back what was decided for them. A decision for one customer has its reason in words
sealed for them; one for everybody is about the offer.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, insert, or_, select

from data import codec
from data.audit import record_act
from data.errors import BadInput, Conflict, NotKnown
from data.staff import find_name
from data.tables_conduct import overrides
from data.vault import name_person

NEVER, AGAIN = "never", "again"
KINDS = (NEVER, AGAIN)


@dataclass(frozen=True)
class Override:
    """One decision. `person_id` is None where it is for everybody, `decided_by` where the customer took it back."""

    override_id: int
    person_id: int | None
    offer_id: str
    kind: str
    review_id: str | None
    decided_by: str | None
    decided_at: str
    why: str

    @property
    def is_for_everybody(self) -> bool:
        return self.person_id is None


def _place(person_id: int, offer_id: str, at: str) -> dict[str, str]:
    return {"subject": name_person(person_id), "place": f"overrides.body/{person_id}/{offer_id}/{at}"}


def _read(connection: Connection, row: Row[Any]) -> Override:
    columns = dict(row._mapping)
    body, reason = columns.pop("body"), columns.pop("reason")
    if row.person_id is not None and body is not None:
        place = _place(row.person_id, row.offer_id, row.decided_at)
        reason = codec.decode(connection, body, **place).get("why")
    return Override(**columns, why=reason or "")


def record_override(
    connection: Connection,
    *,
    person_id: int | None,
    offer_id: str,
    kind: str,
    why: str,
    username: str | None,
    at: str,
    review_id: str | None = None,
) -> Override:
    """Decide. What stands already is a `Conflict`. `username` None: the customer takes a decision back."""
    if kind not in KINDS:
        raise BadInput(f"kind is {kind!r}; it is one of {', '.join(KINDS)}.", field="kind")
    standing = find_standing(connection, person_id, offer_id)
    if (standing is not None) == (kind == NEVER):
        stands = "is not shown already" if standing is not None else "is shown: no decision stands against it"
        raise Conflict(f"Offer {offer_id} {stands}.", offer_id=offer_id)
    is_own = person_id is not None
    made = connection.execute(
        insert(overrides).values(
            person_id=person_id,
            offer_id=offer_id,
            kind=kind,
            review_id=review_id,
            decided_by=username,
            decided_at=at,
            body=codec.encode(connection, {"why": why}, **_place(person_id, offer_id, at))
            if person_id is not None and why
            else None,
            reason=None if is_own else why,
        )
    )
    override_id = int((made.inserted_primary_key or (0,))[0])
    record_act(
        connection,
        at=at,
        actor=f"staff:{username}" if username else "customer",
        act=f"override_{kind}",
        person_id=person_id,
        object_id=offer_id,
        detail={"override_id": override_id, "review_id": review_id},
    )
    return require_override(connection, override_id)


def undo_override(connection: Connection, person_id: int, override_id: int, *, at: str) -> bool:
    """The customer takes back a decision about their own offers; returns whether it stood. Somebody else's is `NotKnown`."""
    asked = require_override(connection, override_id)
    if asked.person_id != person_id:
        raise NotKnown()
    standing = find_standing(connection, person_id, asked.offer_id)
    if standing is None or standing.override_id != override_id:
        return False
    record_override(connection, person_id=person_id, offer_id=asked.offer_id, kind=AGAIN, why="", username=None, at=at)
    return True


def require_override(connection: Connection, override_id: int) -> Override:
    """The decision, or `NotKnown`."""
    row = connection.execute(select(overrides).where(overrides.c.override_id == override_id)).first()
    if row is None:
        raise NotKnown()
    return _read(connection, row)


def find_standing(connection: Connection, person_id: int | None, offer_id: str) -> Override | None:
    """The decision that keeps an offer away from exactly this customer (None: from everybody), if one stands."""
    return next(
        (
            one
            for one in fetch_standing(connection, person_id)
            if (one.person_id, one.offer_id) == (person_id, offer_id)
        ),
        None,
    )


def fetch_standing(connection: Connection, person_id: int | None) -> list[Override]:
    """What is kept away now from a customer, or from everybody: decisions for everybody first, then the customer's, oldest first."""
    newest: dict[tuple[int | None, str], Override] = {}
    for one in fetch_overrides(connection, person_id, with_everybody=True):
        newest.pop((one.person_id, one.offer_id), None)
        newest[one.person_id, one.offer_id] = one
    standing = [one for one in newest.values() if one.kind == NEVER]
    return sorted(standing, key=lambda one: (not one.is_for_everybody, one.override_id))


def fetch_overrides(
    connection: Connection, person_id: int | None, *, with_everybody: bool = False, review_id: str | None = None
) -> list[Override]:
    """Every decision about a customer's offers, or about everybody's, in the order in which they were made."""
    c = overrides.c
    mine = c.person_id == person_id if person_id is not None else c.person_id.is_(None)
    statement = select(overrides).where(or_(mine, c.person_id.is_(None)) if with_everybody else mine)
    if review_id is not None:
        statement = statement.where(c.review_id == review_id)
    return [_read(connection, row) for row in connection.execute(statement.order_by(c.override_id))]


def name_decider(connection: Connection, override: Override) -> str | None:
    """The name of who decided; None: the customer."""
    return find_name(connection, override.decided_by) if override.decided_by else None
