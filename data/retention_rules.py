"""What goes when: a rule is a key of `[retention]` in shop.toml and the rows that it removes.

Left alone: whatever is open (a handoff, a review with the slate that it is about, a request), the last word on each consent, and everything of
a customer whose data are restricted (GDPR 18: kept, not used). Orders are the shop's own books: `purchases_for_offers` removes
nothing, it bounds what rankings read (`data/ranking_rows.py`).
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Column, ColumnElement, Select, and_, exists, func, not_, select

from data.classes import TABLES, metadata
from data.clock import ShopClock, format_time
from data.consent import PURPOSES
from data.shop import Shop
from data.tables import (
    audit_groups,
    consent_events,
    consent_refusals,
    conversations,
    corrections,
    impressions,
    offer_events,
    page_events,
    preferences,
    reviews,
    uses,
)
from data.tables_handoffs import handoffs
from data.tables_rights import receipts, requests, standings


@dataclass(frozen=True)
class Rule:
    """Rows that go after some days.

    Attributes
    ----------
    name
        The key of `[retention]`.
    key
        The column by which its rows are found again.
    rows
        Which rows go.
    more
        Columns of other tables that hold the same key; those rows go too, before.
    """

    name: str
    key: Column[Any]
    rows: ColumnElement[bool]
    more: tuple[Column[Any], ...] = ()

    def select_keys(self) -> Select[Any]:
        return select(self.key).where(self.rows).distinct()


def list_rules(shop: Shop, clock: ShopClock) -> list[Rule]:
    """The rules as of now. No row falls under two of them."""
    days = shop.retention_days
    now, today = clock.now(), clock.today()

    def past(name: str, fewest: int = 0) -> str:
        return format_time(now - timedelta(days=max(days[name], fewest)))

    seen, looked = today - timedelta(days=days["impressions"]), today - timedelta(days=days["browsing"])
    kept, withdrawn = past("receipts"), past("withdrawn")
    later = consent_events.alias()
    c, of = consent_events.c, later.c
    superseded = exists().where(
        of.person_id == c.person_id, of.category == c.category, of.purpose == c.purpose, of.event_id > c.event_id
    )
    talk, offer, page, handed = conversations.c, offer_events.c, page_events.c, receipts.c
    return [
        Rule(
            "conversations",
            talk.conversation_id,
            (talk.touched_at < past("conversations"))
            & not_(_is_restricted(talk.person_id))
            & not_(_is_open(handoffs.c.conversation_id, handoffs.c.state != "ended"))
            & not_(_is_open(reviews.c.conversation_id, reviews.c.state == "open"))
            & not_(_is_open(requests.c.conversation_id, requests.c.closed_at.is_(None))),
            _list_parts("conversations", "conversation_id"),
        ),
        Rule(
            "impressions",
            impressions.c.impression_id,
            (impressions.c.shown_at < past("impressions"))
            & not_(_is_restricted(impressions.c.person_id))
            & impressions.c.slate_id.not_in(_select_disputed_slates()),
        ),
        _make_rule("impressions", offer.event_id, offer.person_id, offer.happened_on < seen),
        _make_rule("browsing", page.event_id, page.person_id, page.happened_on < looked),
        _make_rule(
            "withdrawn",
            page.event_id,
            page.person_id,
            (page.happened_on >= looked) & _has_withdrawn(page.person_id, "browsing", withdrawn),
        ),
        _make_rule(
            "withdrawn",
            offer.event_id,
            offer.person_id,
            offer.impression_id.is_not(None)  # what was imported is the shop's own
            & (offer.happened_on >= seen)
            & _has_withdrawn(offer.person_id, "offers", withdrawn),
        ),
        _make_rule(
            "withdrawn",
            preferences.c.preference_id,
            preferences.c.person_id,
            (preferences.c.kind == "like")  # "never show" and "dislike" are a no: they hold without a consent
            & (preferences.c.at < withdrawn)
            & _has_withdrawn(preferences.c.person_id, "preferences", withdrawn),
        ),
        _make_rule(
            "withdrawn",
            audit_groups.c.person_id,
            audit_groups.c.person_id,
            _has_withdrawn(audit_groups.c.person_id, "fairness", withdrawn),
        ),
        _make_rule(  # of what stands in the ledger a new one is made when it is asked for
            "receipts", handed.receipt_id, handed.person_id, handed.issued_at < kept
        ),
        _make_rule("receipts", uses.c.use_id, uses.c.person_id, uses.c.at < kept),
        _make_rule("receipts", c.event_id, c.person_id, (c.at < kept) & superseded),
        _make_rule(
            "receipts",
            consent_refusals.c.refusal_id,
            consent_refusals.c.person_id,
            consent_refusals.c.at < past("receipts", shop.ask_again_after_days),
        ),
        _make_rule(
            "receipts", requests.c.request_id, requests.c.person_id, requests.c.closed_at < kept
        ),
        Rule(
            "receipts",
            reviews.c.review_id,
            (reviews.c.state == "answered")
            & (reviews.c.decided_at < kept)
            & not_(_is_restricted(reviews.c.person_id))
            & reviews.c.review_id.not_in(
                select(requests.c.review_id).where(requests.c.closed_at.is_(None), requests.c.review_id.is_not(None))
            ),
            (corrections.c.review_id,),
        ),
    ]  # fmt: skip


def _make_rule(name: str, key: Column[Any], person_id: Column[Any], rows: ColumnElement[bool]) -> Rule:
    return Rule(name, key, rows & not_(_is_restricted(person_id)))


def _list_parts(name: str, column: str) -> tuple[Column[Any], ...]:
    """The column of every other table that `data/classes.py` gives the same days, children first."""
    held = [table for table in reversed(metadata.sorted_tables) if TABLES[table.name].retention == name]
    return tuple(table.c[column] for table in held if table is not conversations)


def _is_restricted(person_id: Column[Any]) -> ColumnElement[bool]:
    return exists().where(standings.c.person_id == person_id, standings.c.restricted_at.is_not(None))


def _is_open(conversation_id: Column[Any], is_open: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(conversation_id == conversations.c.conversation_id, is_open)


def _select_disputed_slates() -> Select[Any]:
    """Reasons are told beside the other offers of the slate, so all of it stays."""
    disputed = impressions.alias()
    join = disputed.join(reviews, reviews.c.impression_id == disputed.c.impression_id)
    return select(disputed.c.slate_id).select_from(join).where(reviews.c.state == "open")


def _has_withdrawn(person_id: Column[Any], category: str, before: str) -> ColumnElement[bool]:
    """Nothing of the category is on, and the last of it was ended before a time."""
    c = consent_events.alias().c
    own = (c.person_id == person_id) & (c.category == category)
    ended = select(func.max(c.at)).where(own).scalar_subquery()
    on = [
        select(c.granted).where(own, c.purpose == purpose).order_by(c.event_id.desc()).limit(1).scalar_subquery()
        for purpose in PURPOSES
    ]
    return and_(ended < before, *(func.coalesce(one, False).is_(False) for one in on))
