"""Showing offers to somebody: choose, record each as an impression, and record the use of what was used."""

from typing import Literal

from sqlalchemy import Connection

from data.clock import ShopClock
from data.impressions import Impression, record_slate
from data.uses import record_use
from models.recommender import Recommender


def show_offers(
    connection: Connection,
    recommender: Recommender,
    *,
    clock: ShopClock,
    person_id: int | None,
    slot: str,
    limit: int,
    channel: Literal["page", "chat"],
    minor: bool = False,
) -> list[Impression]:
    """Choose and record a slate; returns the impressions in their order. Runs inside a writing transaction."""
    today = clock.today()
    slate = recommender.choose(connection, person_id=person_id, today=today, limit=limit, minor=minor)
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
        shop_day=today,
    )
    if slate.personalized and person_id is not None:
        record_use(
            connection,
            person_id,
            at=at,
            categories=shown[0].explanation["categories_used"],
            what_for="choose_offers",
            by="ranker",
            detail={"slot": slot, "offers": len(shown), "slate_id": shown[0].slate_id},
        )
    return shown
