"""Which offers stand in which place, from what may be shown: once as it is, and once as it would be without the decisions of staff.

Both use the same rows and scores, so what a decision took away, and what came in its place, is a fact and no guess.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from data.catalogue import ProductType, ShopOffer
from data.overrides import Override
from models.candidates import find_leads, list_candidates, score_popularity
from models.ranker import Ranker
from models.reasons import Witness
from models.slate import Candidate, Place, fill_slate, follow, order_candidates


@dataclass(frozen=True)
class Rules:
    """What the owner set for every slate (`[slate]` of shop.toml), and whether places are kept for something new."""

    limit: int
    discoveries: float
    well_known: float
    most_of_one_category: int


@dataclass(frozen=True)
class Part:
    """Places that one ranker filled; without one, what is popular."""

    ranker: Ranker | None
    places: list[Place]
    ordered: list[Candidate]


@dataclass(frozen=True)
class Stage:
    """What a slate is made from.

    Attributes
    ----------
    coupon_ranker
        Orders the types with a running offer, which come first; given for the slot `coupons` only.
    """

    rows: pl.DataFrame
    witness: Witness
    ranker: Ranker | None
    coupon_ranker: Ranker | None
    coupons_first: bool
    rules: Rules

    def place(self, things: list[ProductType], running: Mapping[str, ShopOffer]) -> list[Part]:
        """Fill the places from `things`."""
        split = [(things, self.ranker)]
        if self.coupons_first:
            first = [t for t in things if t.type_id in running]
            split = [(first, self.coupon_ranker), ([t for t in things if t.type_id not in running], self.ranker)]
        own, rules = self.witness.own, self.rules
        parts: list[Part] = []
        for number, (some, ranker) in enumerate(split):
            candidates = self._make_candidates(some, ranker, running)
            before = [place for part in parts for place in part.places]
            places = fill_slate(
                candidates,
                rules.limit - len(before),
                discoveries=rules.discoveries,
                most_of_one_category=rules.most_of_one_category,
                liked=frozenset() if number else frozenset(like[1] for like in own.likes),
                looked=frozenset() if number else frozenset(look[1] for look in own.looks),
                leads=find_leads(candidates, ranker, self.rows) if rules.discoveries else {},
                placed=[place.candidate.category for place in before],
            )
            if number:
                places = [follow(place, len(parts[0].ordered)) for place in places]
            parts.append(Part(ranker, places, order_candidates(candidates)))
        return parts

    def _make_candidates(
        self, things: list[ProductType], ranker: Ranker | None, running: Mapping[str, ShopOffer]
    ) -> list[Candidate]:
        if ranker is not None and things:
            wanted = self.rows.filter(pl.col("type_id").is_in([t.type_id for t in things]))
            scores = dict(zip(wanted["type_id"].to_list(), (float(s) for s in ranker.score(wanted)), strict=True))
        else:
            scores = score_popularity(things, dict(running), self.witness)
        return list_candidates(
            things,
            scores,
            bought={line[2] for line in self.witness.own.lines},
            statistics=self.witness.statistics,
            well_known=self.rules.well_known,
        )


@dataclass(frozen=True)
class Decided:
    """Decisions of staff that changed a slate, and the offers that are there because of them."""

    decisions: tuple[Override, ...] = ()
    came: frozenset[str] = frozenset()


def compare_decided(
    parts: list[Part],
    running: Mapping[str, ShopOffer],
    *,
    free: list[Part],
    free_running: Mapping[str, ShopOffer],
    standing: list[Override],
) -> Decided:
    """What decisions changed: `free` are the places without them."""
    shown, would = _list_offers(parts, running), _list_offers(free, free_running)
    taken = {name for offer_id, type_id in would for name in (offer_id, type_id)}
    decisions = tuple(one for one in standing if one.offer_id in taken)
    return Decided(decisions, frozenset(offer_id for offer_id, _ in shown - would) if decisions else frozenset())


def _list_offers(parts: list[Part], running: Mapping[str, ShopOffer]) -> set[tuple[str, str]]:
    types = [place.candidate.type_id for part in parts for place in part.places]
    return {(running[one].offer_id if one in running else one, one) for one in types}
