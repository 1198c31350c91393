"""Impressions: an offer shown to somebody at a time, with why. Logged in full: what is not logged cannot be won back."""

import secrets
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, Row, insert, select

from data.errors import NotKnown
from data.tables import impressions, offer_events


@dataclass(frozen=True)
class Impression:
    """One offer as it was shown, with its explanation as computed then."""

    impression_id: str
    slate_id: str
    person_id: int | None
    slot: str
    position: int
    offer_id: str
    type_id: str
    channel: str
    consents: list[str]
    model_version: str
    variant: str
    personalized: bool
    shown_at: str
    shop_day: date
    offer: dict[str, Any]
    explanation: dict[str, Any]

    def describe_offer(self) -> dict[str, Any]:
        """The offer as the wire contract has it."""
        return {**self.offer, "impression_id": self.impression_id}


def _read(row: Row[Any]) -> Impression:
    return Impression(**row._mapping)


@dataclass(frozen=True)
class Shown:
    """One place of a slate, before it is recorded."""

    offer_id: str
    type_id: str
    personalized: bool
    offer: dict[str, Any]
    explanation: dict[str, Any]


def record_slate(
    connection: Connection,
    shown: list[Shown],
    *,
    person_id: int | None,
    slot: str,
    channel: str,
    consents: list[str],
    model_version: str,
    variant: str,
    at: str,
    shop_day: date,
) -> list[Impression]:
    """Record a slate. Under the `offers` consent each place is an offer event too; without it it never becomes a feature."""
    slate_id = secrets.token_urlsafe(9)
    made = [
        Impression(
            impression_id=secrets.token_urlsafe(15),
            slate_id=slate_id,
            person_id=person_id,
            slot=slot,
            position=position,
            offer_id=place.offer_id,
            type_id=place.type_id,
            channel=channel,
            consents=consents,
            model_version=model_version,
            variant=variant,
            personalized=place.personalized,
            shown_at=at,
            shop_day=shop_day,
            offer=place.offer,
            explanation=place.explanation,
        )
        for position, place in enumerate(shown, start=1)
    ]
    if made:
        connection.execute(insert(impressions), [vars(impression) for impression in made])
    if made and person_id is not None and "offers" in consents:
        connection.execute(insert(offer_events), [_make_event(i, "shown", at, shop_day) for i in made])
    return made


def _make_event(impression: Impression, event: str, at: str, day: date) -> dict[str, Any]:
    return {
        "person_id": impression.person_id,
        "offer_id": impression.offer_id,
        "type_id": impression.type_id,
        "event": event,
        "happened_on": day,
        "happened_at": at,
        "impression_id": impression.impression_id,
    }


def record_offer_event(connection: Connection, impression: Impression, event: str, *, at: str, day: date) -> None:
    """An offer was viewed or clicked; the caller has checked the consent that it falls under."""
    connection.execute(insert(offer_events), [_make_event(impression, event, at, day)])


def access_impression(
    connection: Connection, impression_id: str, *, person_id: int | None, is_staff: bool = False
) -> Impression:
    """An impression: to the customer who was shown it, to staff, and one made for nobody to whoever holds its id."""
    row = connection.execute(select(impressions).where(impressions.c.impression_id == impression_id)).first()
    if row is None or not (is_staff or row.person_id is None or row.person_id == person_id):
        raise NotKnown()
    return _read(row)


def fetch_slate(connection: Connection, slate_id: str) -> list[Impression]:
    """All places of a slate, in order."""
    return [
        _read(row)
        for row in connection.execute(
            select(impressions).where(impressions.c.slate_id == slate_id).order_by(impressions.c.position)
        )
    ]


def fetch_impressions(connection: Connection, person_id: int, *, limit: int | None = None) -> list[Impression]:
    """What a customer was shown, newest first; all, without a limit."""
    statement = (
        select(impressions)
        .where(impressions.c.person_id == person_id)
        .order_by(impressions.c.shown_at.desc(), impressions.c.position)
        .limit(limit)
    )
    return [_read(row) for row in connection.execute(statement)]


def keep_own(connection: Connection, impression_ids: list[str], *, person_id: int | None) -> list[str]:
    """Those of the ids that were made for this customer or for nobody, in the order given."""
    if not impression_ids:
        return []
    rows = connection.execute(
        select(impressions.c.impression_id, impressions.c.person_id).where(
            impressions.c.impression_id.in_(impression_ids)
        )
    )
    own = {row.impression_id for row in rows if row.person_id is None or row.person_id == person_id}
    return [impression_id for impression_id in dict.fromkeys(impression_ids) if impression_id in own]
