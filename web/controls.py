"""Controls with their measured effect: the same for a button in the chat and for `/api/me`."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection

from data.audit import record_act
from data.consent import PURPOSES, fetch_consents, record_consent
from data.orders import dispute_lines
from data.preferences import set_preference
from data.reviews import Review, open_review
from models.control import Effect, measure_effect
from web.house import House

REVIEW_DAYS = 30


def switch_consent(
    house: House,
    person_id: int,
    category: str,
    *,
    granted: bool,
    source: str,
    purposes: tuple[str, ...] = PURPOSES,
    signal: bool = False,
    minor: bool = False,
) -> Effect:
    """Record a grant or a withdrawal and measure what it did to the offers."""

    def act(connection: Connection) -> bool:
        return record_consent(
            connection,
            person_id,
            category,
            granted=granted,
            purposes=purposes,
            at=house.clock.stamp(),
            source=source,
            lang=house.texts.lang,
            known=house.shop.categories,
            signal=signal,
        )

    return measure_effect(
        house.database, house.recommender, act, person_id=person_id, today=house.clock.today(), minor=minor
    )


def tell_effect(house: House, effect: Effect, *, granted: bool = False) -> str:
    """In words what a control did to the five offers."""
    if effect.left or effect.came:
        if effect.left == effect.came == 1:
            return house.texts.say("privacy.effect_one_changed")
        return house.texts.say(
            "privacy.effect_changed", left=_say_few(effect.left, house), came=_say_few(effect.came, house)
        )
    if effect.moved:
        return house.texts.say("privacy.effect_moved", count=effect.moved)
    key = "privacy.effect_nothing_granted" if granted else "privacy.effect_nothing_withdrawn"
    return house.texts.say(key, count=len(effect.after))


def turn_away(house: House, person_id: int, type_id: str, *, kind: str = "never_show", minor: bool = False) -> Effect:
    """Set what the customer says of a type and measure the effect."""

    def act(connection: Connection) -> bool:
        at = house.clock.stamp()
        changed = set_preference(connection, person_id, kind=kind, type_id=type_id, at=at)
        if changed:
            record_act(
                connection, at=at, actor="customer", act=f"preference_{kind}", person_id=person_id, object_id=type_id
            )
        return changed

    return measure_effect(
        house.database, house.recommender, act, person_id=person_id, today=house.clock.today(), minor=minor
    )


@dataclass(frozen=True)
class Dispute:
    """Where "I did not buy this" was said, and with which words."""

    impression_id: str | None
    conversation_id: str | None = None
    reason_id: str | None = None
    text: str = ""


def disown_type(
    house: House,
    person_id: int,
    type_id: str,
    dispute: Dispute,
    *,
    product_id: str | None = None,
    minor: bool = False,
) -> tuple[Effect, Review]:
    """ "I did not buy this": its lines count for nothing from now on, and staff find a correction to decide on, opened with it.

    The effect is measured. Without a line that counted, a plain review is opened.
    """
    opened: list[Review] = []

    def act(connection: Connection) -> bool:
        at = house.clock.stamp()
        lines = dispute_lines(connection, person_id, type_id=type_id, product_id=product_id, at=at)
        if lines:
            record_act(
                connection,
                at=at,
                actor="customer",
                act="purchases_disputed",
                person_id=person_id,
                object_id=type_id,
                detail={"lines": len(lines)},
            )
        opened.append(open_dispute(connection, house, person_id, dispute, lines))
        return bool(lines)

    effect = measure_effect(
        house.database, house.recommender, act, person_id=person_id, today=house.clock.today(), minor=minor
    )
    return effect, opened[0]


def open_dispute(
    connection: Connection, house: House, person_id: int | None, dispute: Dispute, lines: Iterable[int] = ()
) -> Review:
    """Open a review, due within a month; with order lines, a correction."""
    return open_review(
        connection,
        person_id=person_id,
        conversation_id=dispute.conversation_id,
        impression_id=dispute.impression_id,
        reason_id=dispute.reason_id,
        text=dispute.text,
        at=house.clock.stamp(),
        due_on=house.clock.today() + timedelta(days=REVIEW_DAYS),
        lines=lines,
    )


def withdraw_all(house: House, person_id: int, *, signal: bool, minor: bool) -> Effect:
    """Switch off everything that is on."""

    def act(connection: Connection) -> bool:
        grants = fetch_consents(connection, person_id).grants
        on = sorted({category for (category, _), grant in grants.items() if grant.granted})
        for category in on:
            record_consent(
                connection,
                person_id,
                category,
                granted=False,
                purposes=PURPOSES,
                at=house.clock.stamp(),
                source="chat",
                lang=house.texts.lang,
                known=house.shop.categories,
                signal=signal,
            )
        return bool(on)

    return measure_effect(
        house.database, house.recommender, act, person_id=person_id, today=house.clock.today(), minor=minor
    )


def _say_few(count: int, house: House) -> str:
    """none, one, two: in words as far as the language's list of them goes."""
    words = house.texts.say("pages.numbers").split()
    return words[count] if count < len(words) else str(count)
