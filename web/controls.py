"""Controls with their measured effect: the same for a button in the chat and for `/api/me`."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection

from data.audit import record_act
from data.consent import PURPOSES, fetch_ledger, record_consent
from data.levels import Level, Plan, plan_level
from data.orders import dispute_lines
from data.outbox import REVIEW
from data.overrides import undo_override
from data.preferences import set_preference
from data.receipts import Issuer, issue_receipts
from data.reviews import Review, open_review
from data.standings import note_objection
from models.control import Effect
from web.effects import use_control
from web.house import House
from web.reaching import announce

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
    """Record a grant or a withdrawal with its receipt, and measure what it did to the offers."""

    def act(connection: Connection) -> bool:
        acted = record_consent(
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
        hand_receipts(connection, house, person_id)
        return acted

    kind = "grant" if granted else "withdraw"
    return use_control(house, act, kind=kind, person_id=person_id, minor=minor, category=category)


def reach_level(
    house: House, person_id: int, level: Level, *, source: str, signal: bool = False, minor: bool = False
) -> tuple[Effect, Plan]:
    """Bring everything to a level, in one transaction; returns the effect and what was switched."""
    known, planned = house.shop.categories, []

    def act(connection: Connection) -> bool:
        plan = plan_level(fetch_ledger(connection, person_id), level, known)
        planned.append(plan)
        for granted, categories in ((False, plan.off), (True, plan.on)):
            for category in categories:
                record_consent(
                    connection,
                    person_id,
                    category,
                    granted=granted,
                    purposes=PURPOSES,
                    at=house.clock.stamp(),
                    source=source,
                    lang=house.texts.lang,
                    known=known,
                    signal=signal,
                )
        hand_receipts(connection, house, person_id)
        return plan != Plan((), ())

    effect = use_control(house, act, kind="level", person_id=person_id, minor=minor)
    return effect, planned[0]


def hand_receipts(connection: Connection, house: House, person_id: int) -> list[dict[str, Any]]:
    """Everything said on consents so far, as receipts; what has none yet gets one."""
    return issue_receipts(connection, person_id, Issuer(house.shop, house.languages, house.clock.stamp()))


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

    return use_control(house, act, kind=kind, person_id=person_id, minor=minor)


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
    line_ids: list[int] | None = None,
    minor: bool = False,
) -> tuple[Effect, Review]:
    """ "I did not buy this": its lines (or some of them) count for nothing from now on, and staff find a correction to decide on.

    The effect is measured. Without a line that counted, a plain review is opened.
    """
    opened: list[Review] = []

    def act(connection: Connection) -> bool:
        at = house.clock.stamp()
        lines = dispute_lines(connection, person_id, type_id=type_id, product_id=product_id, line_ids=line_ids, at=at)
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

    effect = use_control(house, act, kind="not_bought", person_id=person_id, minor=minor)
    return effect, opened[0]


def ask_person(house: House, person_id: int, dispute: Dispute, *, minor: bool = False) -> tuple[Effect, Review]:
    """Ask a person to look at an offer. That changes nothing by itself, and the effect says so."""
    opened: list[Review] = []

    def act(connection: Connection) -> bool:
        opened.append(open_dispute(connection, house, person_id, dispute))
        return True

    effect = use_control(house, act, kind="review", person_id=person_id, minor=minor)
    return effect, opened[0]


def undo_decision(house: House, person_id: int, override_id: int, *, minor: bool = False) -> Effect:
    """Take back a decision of staff about one's own offers. Somebody else's, or one for everybody, is `NotKnown`."""

    def act(connection: Connection) -> bool:
        return undo_override(connection, person_id, override_id, at=house.clock.stamp())

    return use_control(house, act, kind="undo", person_id=person_id, minor=minor)


def open_dispute(
    connection: Connection, house: House, person_id: int | None, dispute: Dispute, lines: Iterable[int] = ()
) -> Review:
    """Open a review, due within a month; with order lines, a correction."""
    at = house.clock.stamp()
    review = open_review(
        connection,
        person_id=person_id,
        conversation_id=dispute.conversation_id,
        impression_id=dispute.impression_id,
        reason_id=dispute.reason_id,
        text=dispute.text,
        at=at,
        due_on=house.clock.today() + timedelta(days=REVIEW_DAYS),
        lines=lines,
    )
    if review.opened_at == at:  # else it stood already
        about: dict[str, Any] = {"review_id": review.review_id, "due_on": review.due_on.isoformat()}
        about |= {"conversation_id": dispute.conversation_id, "impression_id": dispute.impression_id}
        whose: dict[str, Any] = {"conversation_id": dispute.conversation_id, "person_id": person_id}
        announce(connection, house, REVIEW, about, **whose, words=dispute.text)
    return review


def withdraw_all(house: House, person_id: int, *, signal: bool, minor: bool, source: str = "chat") -> Effect:
    """Switch off everything that is on, for both purposes. `source` "objection" is noted apart: a later grant is a new word."""

    def act(connection: Connection) -> bool:
        grants = fetch_ledger(connection, person_id).grants
        on = sorted({category for (category, _), grant in grants.items() if grant.granted})
        at = house.clock.stamp()
        for category in on:
            record_consent(
                connection,
                person_id,
                category,
                granted=False,
                purposes=PURPOSES,
                at=at,
                source=source,
                lang=house.texts.lang,
                known=house.shop.categories,
                signal=signal,
            )
        if source == "objection":
            note_objection(connection, person_id, at=at)
        hand_receipts(connection, house, person_id)
        return bool(on)

    return use_control(house, act, kind="withdraw_all", person_id=person_id, minor=minor)
