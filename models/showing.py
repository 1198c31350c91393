"""Showing offers to somebody: choose, record each as an impression, and record the use of what was used.

Choosing takes a tenth of a second, so it is done before the writing transaction, which is over in a millisecond. What the customer
switched in between is heard all the same: the writing transaction looks whether the same consents, wishes, corrections and decisions of staff
stand, and if not, what was chosen is thrown away and chosen again.
"""

from dataclasses import dataclass
from typing import Literal

from sqlalchemy import Connection

from data.clock import ShopClock
from data.consent import fetch_consents
from data.database import Database
from data.impressions import Impression, record_slate
from data.overrides import fetch_standing
from data.preferences import fetch_preferences
from data.ranking_rows import count_disputed
from data.uses import record_use
from models.recommender import Recommender, Slate


@dataclass(frozen=True)
class Choice:
    """A slate, what it was chosen under, and all that it takes to choose it again."""

    slate: Slate
    stood: object
    recommender: Recommender
    person_id: int | None
    limit: int
    minor: bool
    slot: str


def choose_slate(
    database: Database,
    recommender: Recommender,
    *,
    clock: ShopClock,
    person_id: int | None,
    limit: int,
    minor: bool,
    slot: str = "home",
) -> Choice:
    """Choose today's offers."""
    with database.read() as connection:
        stood = _find_what_stands(connection, person_id)
        slate = recommender.choose(
            connection, person_id=person_id, today=clock.today(), limit=limit, minor=minor, slot=slot
        )
    return Choice(slate, stood, recommender, person_id, limit, minor, slot)


def _find_what_stands(connection: Connection, person_id: int | None) -> object:
    """What a customer or staff may switch and a slate depends on."""
    decided = [one.override_id for one in fetch_standing(connection, person_id)]
    if person_id is None:
        return decided
    consents, told = fetch_consents(connection, person_id), fetch_preferences(connection, person_id)
    return decided, consents.choose, told, count_disputed(connection, person_id, consents)


def record_shown(
    connection: Connection,
    choice: Choice,
    *,
    clock: ShopClock,
    slot: str,
    channel: Literal["page", "chat"],
) -> list[Impression]:
    """Record a slate that is being shown, or the one in its place; returns the impressions in their order."""
    at, person_id, slate = clock.stamp(), choice.person_id, choice.slate
    if _find_what_stands(connection, person_id) != choice.stood:
        slate = choice.recommender.choose(
            connection,
            person_id=person_id,
            today=clock.today(),
            limit=choice.limit,
            minor=choice.minor,
            slot=choice.slot,
        )
    shown = record_slate(
        connection,
        slate.shown,
        person_id=person_id,
        slot=slot,
        channel=channel,
        consents=slate.consents,
        model_version=slate.model_version,
        variant=slate.variant,
        at=at,
        shop_day=clock.today(),
    )
    if slate.personalized and person_id is not None:
        record_use(
            connection,
            person_id,
            at=at,
            categories=sorted({used for one in shown for used in one.explanation["categories_used"]}),
            what_for="choose_offers",
            by="ranker",
            detail={"slot": slot, "offers": len(shown), "slate_id": shown[0].slate_id},
        )
    return shown
