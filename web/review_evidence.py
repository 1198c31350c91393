"""What staff see of a disputed offer, and what was decided about it, in words: the offer, the consents, the data, the decisions."""

from typing import Any

from sqlalchemy import Connection

from data.consent import fetch_consents
from data.errors import NotKnown
from data.impressions import Impression, access_impression
from data.orders import fetch_order_lines
from data.overrides import NEVER, Override, fetch_overrides, fetch_standing, name_decider
from data.reviews import Review
from models.decisions import name_offer
from web.house import House


def find_disputed(connection: Connection, review: Review) -> Impression | None:
    """The impression that a review is about; None if it is about none, or if it is not kept any more."""
    if review.impression_id is None:
        return None
    try:
        return access_impression(connection, review.impression_id, person_id=review.person_id, is_staff=True)
    except NotKnown:
        return None


def describe_evidence(connection: Connection, house: House, review: Review) -> dict[str, Any]:
    """The offer as it was shown, the consents of then and now, the order lines behind its reasons, the decisions that stand.

    The lines are those of the customer; what is not theirs any more is left out.
    """
    shown = find_disputed(connection, review)
    person_id = review.person_id
    now = fetch_consents(connection, person_id).choose if person_id is not None else frozenset()
    rows = [row for reason in shown.explanation["reasons"] for row in reason["evidence"]["rows"]] if shown else []
    wanted = {row["id"] for row in rows if row["table"] == "order_lines"}
    bought = fetch_order_lines(connection, person_id) if person_id is not None and wanted else []
    return {
        "offer": shown.describe_offer() | {"shown_at": shown.shown_at, "slot": shown.slot} if shown else None,
        "consents_then": sorted(shown.consents) if shown else [],
        "consents_now": sorted(now - {"fairness"}),
        "evidence": [
            {
                "line_id": line.line_id,
                "order_id": line.order_id,
                "ordered_on": line.ordered_on.isoformat(),
                "title": line.title,
                "quantity": line.quantity,
                "disputed": line.disputed_at is not None,
            }
            for line in bought
            if line.line_id in wanted
        ],
        "decisions": [describe_decision(connection, house, one) for one in fetch_standing(connection, person_id)],
    }


def describe_decision(connection: Connection, house: House, one: Override) -> dict[str, Any]:
    """A decision as the wire contract has it."""
    return {
        "decision_id": one.override_id,
        "offer_id": one.offer_id,
        "title": name_offer(connection, one.offer_id, house.recommender.find_types(connection), house.texts),
        "kind": one.kind,
        "whom": "everybody" if one.is_for_everybody else "customer",
        "decided_by": name_decider(connection, one),
        "decided_at": one.decided_at,
        "why": one.why,
        "review_id": one.review_id,
    }


def tell_decided(connection: Connection, house: House, review: Review) -> list[str]:
    """What was decided about offers in a review, as sentences for its answer: who decided stands below them."""
    own = fetch_overrides(connection, review.person_id, with_everybody=True, review_id=review.review_id)
    newest = {(one.person_id, one.offer_id): one for one in own}
    types = house.recommender.find_types(connection)
    told = []
    for one in newest.values():
        key = "never" if one.kind == NEVER else "again"
        whom = "_everybody" if one.is_for_everybody else ""
        told.append(
            house.texts.say(
                f"explanations.decided_{key}{whom}", title=name_offer(connection, one.offer_id, types, house.texts)
            )
        )
    return told
