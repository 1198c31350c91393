"""Choosing offers for one person, or for nobody: from rows under consent to a slate with its reasons.

What is the same for everybody (catalogue, shelf of rankers) is held and reloaded when it changes (models/stock.py); everything
about a person is read for each choice and kept nowhere. With nothing granted, nobody signed in, or nothing known, the order is
what is popular, and said to be that.
"""

from copy import copy
from dataclasses import dataclass, field
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import polars as pl
from sqlalchemy import Connection

from data.catalogue import Product, ProductType, ShopOffer, fetch_running_offers, find_offer, find_product
from data.clock import format_time
from data.consent import NOTHING, Consents, fetch_consents
from data.impressions import Shown
from data.overrides import fetch_standing
from data.preferences import fetch_preferences
from data.ranking_rows import RankingRows, Row, fetch_own_rows
from data.shop import Shop
from data.texts import Texts
from models.candidates import build_own_rows, pick_running
from models.decisions import add_decisions, tell_decision
from models.explanation import explain_popularity, explain_score, find_main_reason
from models.placing import Decided, Rules, Stage, compare_decided
from models.ranker import Ranker, Shelf
from models.reasons import Witness, tell_group
from models.slate import Place
from models.stated import CATEGORY_OF_RULE, add_stated, find_stated
from models.stock import Stock
from models.wording import lower_first, say_date

VARIANT = "one"
COUPONS = "coupons"
"""The slot in which running offers of offers.csv come first; in every other slot all that may be shown competes."""
NO_MODEL = "none"


@dataclass(frozen=True)
class Slate:
    """Offers in their places, and the whole order behind them.

    Attributes
    ----------
    shown
        The places, ready to be recorded as impressions or shown as an example.
    order
        Every type that could have been shown, from the highest score down; in the slot `coupons` those with a running offer first.
    coupons
        How many come first for their running offer; 0 in every other slot.
    scores
        Raw scores in log-odds, by type.
    decisions
        A sentence for each decision of staff but for which another offer would stand here.
    """

    shown: list[Shown]
    order: list[str]
    scores: dict[str, float]
    consents: list[str]
    model_version: str
    variant: str
    personalized: bool
    coupons: int = 0
    decisions: list[str] = field(default_factory=list)

    def find_rank(self, type_id: str) -> int | None:
        """The place by score alone, from 1."""
        return self.order.index(type_id) + 1 if type_id in self.scores else None


class Recommender:
    """Chooses offers. One for a process; safe for threads."""

    def __init__(self, models: Path, shop: Shop, texts: Texts) -> None:
        self.models, self.shop, self.texts = models, shop, texts
        self._stock = Stock(models)

    def speak(self, texts: Texts) -> "Recommender":
        """The same recommender in another language: what it holds is shared."""
        view = copy(self)
        view.texts = texts
        return view

    def choose(
        self,
        connection: Connection,
        *,
        person_id: int | None,
        today: date,
        limit: int,
        minor: bool = False,
        without: frozenset[str] = frozenset(),
        leave_out: frozenset[Row] = frozenset(),
        slot: str = "home",
    ) -> Slate:
        """Choose `limit` offers, as many as may be shown.

        In the slot `coupons` running offers come first, by how likely they are to be redeemed; places that are left go to ordinary ones.
        `without` leaves categories out that are granted: the answer to "what would I see without". `leave_out` leaves single rows of
        the person out: the answer to "what would change it".
        """
        shelf, types = self._stock.refresh(connection)
        consents = NOTHING if person_id is None or minor else fetch_consents(connection, person_id)
        if without:
            consents = Consents({key: grant for key, grant in consents.grants.items() if key[0] not in without})
        told = fetch_preferences(connection, person_id) if person_id is not None else {}
        turned_away = {type_id for type_id, kind in told.items() if kind in ("never_show", "dislike")}
        may = {
            f"{category.removeprefix('sensitive_')}"
            for category in consents.choose
            if category.startswith("sensitive_")
        }
        eligible = [
            t for t in types.values() if (t.sensitive is None or t.sensitive in may) and t.type_id not in turned_away
        ]
        all_running = fetch_running_offers(connection, today)
        standing = fetch_standing(connection, person_id)
        stopped = {one.offer_id for one in standing}
        running = pick_running([offer for offer in all_running if offer.offer_id not in stopped])
        own = (
            fetch_own_rows(connection, person_id, consents, before=today, purchase_days=self.shop.purchase_days)
            if person_id is not None
            else RankingRows(frozenset(), [], [])
        ).drop(leave_out)
        chosen_by = shelf if shelf and (own.lines or own.events) else None
        ranker = chosen_by.find_ranker(consents.choose) if chosen_by else None
        witness = Witness(
            own=own,
            types=types,
            statistics=_by_type(shelf.statistics) if shelf else {},
            similar=shelf.similar if shelf else pl.DataFrame(),
            today=today,
            texts=self.texts,
        )
        rows = (
            build_own_rows(eligible, own, shelf, today, types=types.values())
            if shelf is not None and ranker is not None
            else pl.DataFrame()
        )
        has_discoveries = bool(own.lines) and ranker is not None and slot != COUPONS
        stage = Stage(
            rows=rows,
            witness=witness,
            ranker=ranker,
            coupon_ranker=chosen_by.find_coupon_ranker(consents.choose) if chosen_by else None,
            coupons_first=slot == COUPONS,
            rules=Rules(
                limit=limit,
                discoveries=self.shop.discoveries if has_discoveries else 0.0,
                well_known=self.shop.well_known,
                most_of_one_category=self.shop.most_of_one_category,
            ),
        )
        parts = stage.place([t for t in eligible if t.type_id not in stopped], running)
        decided = Decided()
        if standing:
            free_running = pick_running(all_running)
            free = stage.place(eligible, free_running)
            decided = compare_decided(parts, running, free=free, free_running=free_running, standing=standing)
        sentences = [
            tell_decision(connection, one, types, texts=self.texts, zone=self.shop.zone, today=today)
            for one in decided.decisions
        ]
        shown = [
            add_decisions(one, sentences) if one.offer_id in decided.came else one
            for part in parts
            for one in self._explain(connection, part.places, part.ranker, rows, consents.choose, witness, running)
        ]
        ordered = [candidate for part in parts for candidate in part.ordered]
        return Slate(
            shown=shown,
            order=[candidate.type_id for candidate in ordered],
            scores={candidate.type_id: candidate.score for candidate in ordered},
            consents=sorted(consents.choose),
            model_version=shelf.version if shelf else NO_MODEL,
            variant=VARIANT,
            personalized=any(place.personalized for place in shown),
            coupons=len(parts[0].ordered) if slot == COUPONS else 0,
            decisions=sentences,
        )

    def tell_reason(
        self, connection: Connection, *, person_id: int, today: date, type_id: str, group: str = "habit"
    ) -> str:
        """One true sentence about a type, from a person's own rows under their consents."""
        shelf, types = self._stock.refresh(connection)
        own = fetch_own_rows(
            connection,
            person_id,
            fetch_consents(connection, person_id),
            before=today,
            purchase_days=self.shop.purchase_days,
        )
        statistics = _by_type(shelf.statistics) if shelf else {}
        similar = shelf.similar if shelf else pl.DataFrame()
        return tell_group(group, type_id, Witness(own, types, statistics, similar, today, self.texts)).text

    def tell_popular(self, connection: Connection, type_id: str, *, today: date) -> str:
        """One true sentence about how popular a type is."""
        shelf, types = self._stock.refresh(connection)
        nobody = RankingRows(frozenset(), [], [])
        statistics = _by_type(shelf.statistics) if shelf else {}
        return tell_group(
            "popular", type_id, Witness(nobody, types, statistics, pl.DataFrame(), today, self.texts)
        ).text

    def tell_override(self, connection: Connection, person_id: int | None, type_id: str, *, today: date) -> str:
        """The decision of staff that keeps a type away from a customer, in words; empty where none stands."""
        kept = [one for one in fetch_standing(connection, person_id) if one.offer_id == type_id]
        types, texts = self.find_types(connection), self.texts
        told = [
            tell_decision(connection, one, types, texts=texts, zone=self.shop.zone, today=today, key="decided")
            for one in kept
        ]
        return " ".join(told)

    def find_offered_type(self, connection: Connection, offer_id: str) -> str | None:
        """The product type that an offer_id stands for: a type's own, or a row's of offers.csv."""
        if offer_id in self._stock.refresh(connection)[1]:
            return offer_id
        offer = find_offer(connection, offer_id)
        return offer.type_id if offer else None

    def name_category(self, category: str) -> str:
        """A category of personal data inside a sentence."""
        group = self.shop.sensitive.get(category.removeprefix("sensitive_"))
        if group is not None:
            return self.texts.say("privacy.in_words_sensitive", group=lower_first(group.title, self.texts.lang))
        return self.texts.say(f"privacy.in_words_{category}")

    def find_types(self, connection: Connection) -> dict[str, ProductType]:
        """The catalogue's types, by id."""
        return self._stock.refresh(connection)[1]

    def fetch_shelf(self, connection: Connection) -> Shelf | None:
        """The shelf that serves."""
        return self._stock.refresh(connection)[0]

    def warm_up(self, connection: Connection, *, today: date) -> None:
        """Load and compile everything before the first customer waits for it."""
        shelf, types = self._stock.refresh(connection)
        if shelf is None or not types:
            return
        some = [t for t in types.values() if t.sensitive is None][:5]
        nobody = RankingRows(frozenset(), [(0, date.fromordinal(today.toordinal() - 1), some[0].type_id, 0)], [])
        for ranker in shelf.list_rankers():
            ranker.attribute(build_own_rows(some, nobody, shelf, today, types=some))

    def _explain(
        self,
        connection: Connection,
        places: list[Place],
        ranker: Ranker | None,
        rows: pl.DataFrame,
        consents: frozenset[str],
        witness: Witness,
        running: dict[str, ShopOffer],
    ) -> list[Shown]:
        if not places:
            return []
        if ranker is None:
            explanations = [
                explain_popularity(
                    type_id=place.candidate.type_id,
                    score=place.candidate.score,
                    all_categories=self.shop.categories,
                    witness=witness,
                    own_order=not witness.statistics,
                )
                for place in places
            ]
        else:
            wanted = pl.DataFrame(
                {"type_id": [place.candidate.type_id for place in places]}, schema={"type_id": pl.String}
            )
            base, attributions = ranker.attribute(wanted.join(rows, on="type_id", how="left", maintain_order="left"))
            explanations = [
                explain_score(
                    type_id=place.candidate.type_id,
                    score=place.candidate.score,
                    base=base,
                    contributions=contributions,
                    used=ranker.consents | _find_sensitive_used(consents, witness),
                    all_categories=self.shop.categories,
                    witness=witness,
                )
                for place, contributions in zip(places, attributions, strict=True)
            ]
        return [
            self._make_shown(
                connection, place, explanation, witness, running.get(place.candidate.type_id), ranker is not None
            )
            for place, explanation in zip(places, explanations, strict=True)
        ]

    def _make_shown(
        self,
        connection: Connection,
        place: Place,
        explanation: dict[str, Any],
        witness: Witness,
        running: ShopOffer | None,
        personalized: bool,
    ) -> Shown:
        thing = witness.types[place.candidate.type_id]
        rule = self._tell_rule(place, thing)
        explanation = add_stated(explanation, place, witness)
        personalized = personalized or place.rule in CATEGORY_OF_RULE
        stated, main = find_stated(explanation), find_main_reason(explanation) if personalized else None
        if stated is not None:
            why, label = stated["text"], stated["category"]
        elif place.rule == "new":
            why, label = main["text"] if main is not None else rule, "new"
        elif main is not None:
            why, label = main["text"], main["category"]
        else:
            own_order = explanation["reasons"][0]["reason_id"] == "own_order"
            popular = (
                witness.texts.say("reasons.own_order")
                if own_order
                else tell_group("popular", thing.type_id, witness).text
            )
            why, label = popular, "own_order" if own_order else "popular"
        offer = self._describe_offer(connection, thing, running, witness.today)
        offer |= {
            "personalized": personalized,
            "why": why,
            "label": label,
            "label_text": self.texts.say(f"reasons.label_{label}"),
        }
        return Shown(
            offer_id=offer["offer_id"],
            type_id=thing.type_id,
            personalized=personalized,
            offer=offer,
            explanation=explanation | {"type_title": thing.title, "rank": place.rank, "rules": [rule] if rule else []},
        )

    def _tell_rule(self, place: Place, thing: ProductType) -> str:
        if place.rule is None:
            return ""
        key = f"rule_{place.rule}_one" if place.rule == "new" and place.facts["places"] == 1 else f"rule_{place.rule}"
        return self.texts.say(f"reasons.{key}", type=lower_first(thing.title, self.texts.lang), **place.facts)

    def _describe_offer(
        self, connection: Connection, thing: ProductType, running: ShopOffer | None, today: date
    ) -> dict[str, Any]:
        offer: dict[str, Any] = {
            "offer_id": running.offer_id if running else thing.type_id,
            "title": running.title if running else thing.title,
            "category": thing.category,
        }
        product = self._find_featured(connection, thing.type_id, running)
        if product is not None and product.price_minor is not None:
            offer["price"] = {"amount": product.price_minor, "currency": self.shop.currency}
            offer["detail"] = product.title
        if running is None:
            return offer
        if running.discount_percent is not None:
            offer["discount"] = {"percent": running.discount_percent}
        elif running.discount_minor is not None:
            offer["discount"] = {"amount": running.discount_minor, "currency": self.shop.currency}
        if running.price_personalized:
            offer["price_personalized"] = True
        if running.ends_on is not None:
            end = datetime.combine(running.ends_on, time(23, 59, 59), self.shop.zone)
            offer["valid_until"] = format_time(end)
            offer["until"] = say_date(running.ends_on, today, self.texts.lang)
        return offer

    def _find_featured(self, connection: Connection, type_id: str, running: ShopOffer | None) -> Product | None:
        product_id = running.product_id if running and running.product_id else self._stock.find_featured(type_id)
        return find_product(connection, product_id) if product_id else None


def _find_sensitive_used(consents: frozenset[str], witness: Witness) -> frozenset[str]:
    """The groups of sensitive goods that were turned on and that rows were read of."""
    groups = {thing.sensitive for line in witness.own.lines if (thing := witness.types.get(line[2])) is not None}
    return frozenset(f"sensitive_{group}" for group in groups if group and f"sensitive_{group}" in consents)


def _by_type(statistics: pl.DataFrame) -> dict[str, dict[str, Any]]:
    return {row["type_id"]: row for row in statistics.iter_rows(named=True)}
