"""Showing offers to somebody: choose, record each as an impression, and record the use of what was used.

Choosing takes a tenth of a second, so it is done before the writing transaction, which is over in a millisecond.
"""

from typing import Literal

from sqlalchemy import Connection

from data.clock import ShopClock
from data.database import Database
from data.impressions import Impression, record_slate
from data.uses import record_use
from models.recommender import Recommender, Slate


def choose_slate(
    database: Database,
    recommender: Recommender,
    *,
    clock: ShopClock,
    person_id: int | None,
    limit: int,
    minor: bool,
    slot: str = "home",
) -> Slate:
    """Choose today's offers."""
    with database.read() as connection:
        return recommender.choose(
            connection, person_id=person_id, today=clock.today(), limit=limit, minor=minor, slot=slot
        )


def record_shown(
    connection: Connection,
    slate: Slate,
    *,
    clock: ShopClock,
    person_id: int | None,
    slot: str,
    channel: Literal["page", "chat"],
) -> list[Impression]:
    """Record a slate that is being shown; returns the impressions in their order."""
    at = clock.stamp()
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
