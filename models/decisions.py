"""Decisions of staff, in words: told with every slate that they changed, and where somebody asks why an offer is not shown (P4)."""

from dataclasses import replace
from datetime import date
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from data.catalogue import ProductType, find_offer
from data.clock import parse_time
from data.impressions import Shown
from data.overrides import Override, name_decider
from data.texts import Texts
from models.wording import lower_first, say_date


def tell_decision(
    connection: Connection,
    one: Override,
    types: dict[str, ProductType],
    *,
    texts: Texts,
    zone: ZoneInfo,
    today: date,
    key: str = "rule_decided",
) -> str:
    """Who decided, when, about what. With `rule_decided` also that the offer would stand in the slate that is told of."""
    return texts.say(
        f"reasons.{key}_for_all" if one.is_for_everybody else f"reasons.{key}",
        name=name_decider(connection, one),
        date=say_date(parse_time(one.decided_at).astimezone(zone).date(), today, texts.lang),
        title=name_offer(connection, one.offer_id, types, texts),
    )


def name_offer(connection: Connection, offer_id: str, types: dict[str, ProductType], texts: Texts) -> str:
    """An offer inside a sentence: the title of a row of offers.csv, or of a product type; its id once it is gone."""
    offer = find_offer(connection, offer_id)
    if offer is not None:
        return offer.title
    return lower_first(types[offer_id].title, texts.lang) if offer_id in types else offer_id


def add_decisions(shown: Shown, sentences: list[str]) -> Shown:
    """An offer that is there because a person decided against another says so."""
    explanation = shown.explanation | {"rules": [*shown.explanation["rules"], *sentences]}
    return replace(shown, explanation=explanation)
