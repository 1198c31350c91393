"""A slate: which offers stand in which place. The ranker proposes, the shop's rules dispose, and each rule that moved an
offer is kept with it so that it can be told.

Rules, in this order: nothing sensitive unless turned on by name (P9); nothing that the customer turned away; what the
customer said to like comes first, if that may be used; one place for something looked at that day, if that may be used and nothing
of it stands in the slate already; a share of places for something new; at most so many of one part of the shop. Exactly as many places as were asked for are filled as long as so many may be shown: the limit on one part
of the shop gives way before a place stays empty.
"""

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

FIRST_NEW = 3  # the first discovery stands fourth, so that it is seen without taking the lead
LIKED_FIRST = 2
MOST_WITH_LEADS = 200  # novel candidates whose main reason is worked out


@dataclass(frozen=True)
class Candidate:
    """A product type that may be shown. `score` orders.

    `known` says whether the customer bought it within a year; `novel`, whether neither they nor most others did.
    """

    type_id: str
    category: str
    score: float
    known: bool
    novel: bool = False


@dataclass(frozen=True)
class Place:
    """One place of a slate, with the rule that moved an offer into it, if one did."""

    candidate: Candidate
    rank: int  # by score alone, from 1
    rule: str | None = None
    facts: dict[str, Any] = field(default_factory=dict)


def order_candidates(candidates: list[Candidate]) -> list[Candidate]:
    """Highest score first; ties by id, so that the same data give the same slate."""
    return sorted(candidates, key=lambda candidate: (-candidate.score, candidate.type_id))


def follow(place: Place, before: int) -> Place:
    """A place behind `before` candidates that come first whatever their score: in the slot `coupons`, those with a coupon."""
    return replace(place, rank=place.rank + before, rule=place.rule or "filled")


def fill_slate(
    candidates: list[Candidate],
    limit: int,
    *,
    discoveries: float,
    most_of_one_category: int,
    liked: frozenset[str] = frozenset(),
    looked: frozenset[str] = frozenset(),
    leads: Mapping[str, str] = MappingProxyType({}),
    placed: Collection[str] = (),
) -> list[Place]:
    """Fill `limit` places from candidates that may be shown.

    Parameters
    ----------
    discoveries
        The share of places for novel types, 0 to 1; it is 0 where nothing is known of what was bought.
    looked
        Types looked at that day. The best of them gets one place unless one of them has a place without that: so the rule is told only
        of an offer that would not be there without it.
    leads
        The main reasons that candidates would have, by type. Discoveries go to candidates with different ones as far as there are, so that
        no single thing about the customer decides them all.
    placed
        The categories of offers that stand before these places already.
    """
    ordered = order_candidates(candidates)
    if looked:
        places = fill_slate(
            candidates,
            limit,
            discoveries=discoveries,
            most_of_one_category=most_of_one_category,
            liked=liked,
            leads=leads,
            placed=placed,
        )
        if any(place.candidate.type_id in looked for place in places):
            return places
    ranks = {candidate.type_id: rank for rank, candidate in enumerate(ordered, start=1)}
    wanted_new = round(discoveries * limit)
    counts: dict[str, int] = Counter(placed)
    chosen: list[Place] = []
    taken: set[str] = set()
    made_room: set[int] = set()  # ranks that the limit on one part of the shop passed over

    def take(candidate: Candidate, rule: str | None = None, **facts: int) -> None:
        counts[candidate.category] = counts.get(candidate.category, 0) + 1
        taken.add(candidate.type_id)
        chosen.append(Place(candidate, ranks[candidate.type_id], rule, facts))

    def may_take(candidate: Candidate) -> bool:
        if candidate.type_id in taken:
            return False
        has_room = counts.get(candidate.category, 0) < most_of_one_category
        if not has_room:
            made_room.add(ranks[candidate.type_id])
        return has_room

    def reserve(candidate: Candidate) -> bool:
        if not may_take(candidate):
            return False
        counts[candidate.category] = counts.get(candidate.category, 0) + 1
        taken.add(candidate.type_id)
        return True

    for candidate in [c for c in ordered if c.type_id in liked][:LIKED_FIRST]:
        if len(chosen) < limit and may_take(candidate):
            take(candidate, "like")
    for candidate in (c for c in ordered if c.type_id in looked and len(chosen) < limit):
        if may_take(candidate):
            take(candidate, "looked")
            break
    fresh: list[Candidate] = []
    if wanted_new:
        others = limit - wanted_new
        for candidate in ordered:
            if len(chosen) >= others:
                break
            if candidate.known and may_take(candidate):
                take(candidate)
        fresh = _discover(
            [candidate for candidate in ordered if candidate.novel],
            min(wanted_new, limit - len(chosen)),
            reserve=reserve,
            leads=leads,
        )
    for candidate in ordered:
        if len(chosen) + len(fresh) >= limit:
            break
        if may_take(candidate):
            take(candidate)
    for candidate in ordered:  # the limit on one part of the shop gives way
        if len(chosen) + len(fresh) >= limit:
            break
        if candidate.type_id not in taken:
            take(candidate)
    liked_places = sum(place.rule == "like" for place in chosen)
    chosen[liked_places:] = sorted(chosen[liked_places:], key=lambda place: place.rank)
    for number, candidate in enumerate(fresh):
        spot = min(FIRST_NEW + number * 5, len(chosen))
        rule_facts = {"places": len(fresh), "of": limit}
        chosen.insert(spot, Place(candidate, ranks[candidate.type_id], "new", rule_facts))
    made_room -= {place.rank for place in chosen}
    return [_mark_category(place, made_room, most_of_one_category) for place in chosen]


def _discover(
    novel: list[Candidate],
    wanted: int,
    *,
    reserve: Callable[[Candidate], bool],
    leads: Mapping[str, str],
) -> list[Candidate]:
    """The novel candidates for the kept places, in the order of their scores: each with another main reason, then any."""
    found: list[Candidate] = []
    led_by: set[str | None] = {None}
    for is_choosy in (True, False):
        for candidate in novel:
            if len(found) >= wanted:
                return found
            lead = leads.get(candidate.type_id)
            if (lead not in led_by or not is_choosy) and reserve(candidate):
                led_by.add(lead)
                found.append(candidate)
    return found


def _mark_category(place: Place, made_room: set[int], most: int) -> Place:
    """An offer that has its place because a better one of another part of the shop, which had its share, made room."""
    if place.rule is None and any(rank < place.rank for rank in made_room):
        return Place(place.candidate, place.rank, "category", {"most": most})
    return place
