"""What the audit sees of each customer: the slate as it would be served on a day, and what was bought in the 28 days after it.

Slates come from `Recommender.choose`, the very code that serves, under each customer's own consents. Beside them stands a plain
ranking under the same rules of a slate: personal frequency, the days on which a type was bought within a year. It knows no
group either, so what is unequal in it comes from what people buy.

What is seen of a person stays in memory; only rates of groups leave (`models/fairness.py`).
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from math import log2
from typing import Any

import numpy as np
from sqlalchemy import Connection

from data.catalogue import fetch_running_offers
from data.consent import fetch_consents
from data.database import Database
from data.fairness_rows import fetch_bought, fetch_discounts, fetch_waits
from data.ranking_rows import fetch_own_rows
from data.shop import Shop
from models.explanation import find_main_reason
from models.fairness import Measured
from models.recommender import Recommender, Slate
from models.slate import Candidate, fill_slate

LIMIT = 5  # offers of slot `home`
AFTER_DAYS = 28
YEAR_DAYS = 364
DISCOUNT_DAYS = 28
DEEPEST = 0.25  # share of what is bought that counts as deeply discounted
TOP = 10

MODEL, FREQUENCY = "model", "personal_frequency"
MEASURES = ("discount", "coupon", "coverage", "ndcg10", "wait_s")


@dataclass(frozen=True)
class Scene:
    """What is the same for every customer of one audit.

    Attributes
    ----------
    people
        The customers, in the order of every `Measured`.
    discounted
        The types with the deepest discounts of the 28 days before `day`, see `pick_deepest`.
    running
        The types that a row of offers.csv stands for on `day`.
    bought
        What each bought in the 28 days from `day`, as far as the data go.
    """

    day: date
    people: tuple[int, ...]
    discounted: frozenset[str]
    running: frozenset[str]
    bought: dict[int, frozenset[str]]
    waits: dict[int, list[float]]


@dataclass
class _Tally:
    """Sums of one customer."""

    sums: dict[str, tuple[float, float]] = field(default_factory=dict)

    def add(self, measure: str, amount: float, weight: float) -> None:
        self.sums[measure] = (amount, weight)


def read_scene(connection: Connection, people: Sequence[int], shop: Shop, *, day: date) -> Scene:
    """Read what an audit of these customers on a day needs."""
    discounts = fetch_discounts(
        connection, since=day - timedelta(days=DISCOUNT_DAYS), before=day, fewest_counted=shop.fewest_counted
    )
    return Scene(
        day=day,
        people=tuple(people),
        discounted=pick_deepest(discounts),
        running=frozenset(o.type_id for o in fetch_running_offers(connection, day) if o.type_id is not None),
        bought=fetch_bought(connection, people, since=day, before=day + timedelta(days=AFTER_DAYS)),
        waits=fetch_waits(connection, people),
    )


def pick_deepest(discounts: dict[str, tuple[float, int]]) -> frozenset[str]:
    """The types with the deepest discounts that together make up a quarter of the lines bought.

    A quarter of what is bought and not of the types: what is bought often is discounted often, and a quarter of the types fills
    two thirds of the places. A type that was never discounted is none of them.
    """
    left = DEEPEST * sum(lines for _, lines in discounts.values())
    picked = set()
    for type_id in sorted(discounts, key=lambda t: (-discounts[t][0], t)):
        depth, lines = discounts[type_id]
        if depth == 0 or lines > left:
            break
        picked.add(type_id)
        left -= lines
    return frozenset(picked)


def observe(
    database: Database,
    recommender: Recommender,
    scene: Scene,
    *,
    tell: Callable[[str, int, int], None] = lambda _what, _done, _of: None,
) -> dict[str, dict[str, Measured]]:
    """Everything measured of every customer, by ranking (`model`, `personal_frequency`) and measure."""
    tallies: dict[str, list[_Tally]] = {MODEL: [], FREQUENCY: []}
    with database.read() as connection:
        popular = recommender.choose(connection, person_id=None, today=scene.day, limit=1).order
        ahead = {type_id: 1 - place / len(popular) for place, type_id in enumerate(popular, start=1)}
        for number, person_id in enumerate(scene.people, start=1):
            tell("audit the slates", number, len(scene.people))
            slate = recommender.choose(connection, person_id=person_id, today=scene.day, limit=LIMIT)
            places, order = _rank_by_frequency(connection, recommender, slate, person_id, scene.day, ahead)
            plain, ours = _Tally(), _Tally()
            types = [shown.type_id for shown in slate.shown]
            stated = {shown.type_id for shown in slate.shown if "discount" in shown.offer}
            for tally, shown, ranked in ((ours, types, slate.order), (plain, places, order)):
                deep = sum(type_id in scene.discounted or type_id in stated for type_id in shown)
                tally.add("discount", deep, len(shown))
                tally.add("coupon", sum(type_id in scene.running for type_id in shown), len(shown))
                bought = scene.bought.get(person_id, frozenset()) & slate.scores.keys()
                if bought:
                    tally.add("ndcg10", score_ndcg(ranked, bought), 1.0)
            personal = [shown for shown in slate.shown if shown.personalized]
            reasoned = sum(find_main_reason(shown.explanation) is not None for shown in personal)
            ours.add("coverage", reasoned, len(personal))
            waits = scene.waits.get(person_id, [])
            ours.add("wait_s", sum(waits), len(waits))
            tallies[MODEL].append(ours)
            tallies[FREQUENCY].append(plain)
    return {
        ranking: {measure: _gather(of, measure) for measure in MEASURES if ranking == MODEL or _is_in(of, measure)}
        for ranking, of in tallies.items()
    }


def score_ndcg(order: Sequence[str], bought: frozenset[str]) -> float:
    """Normalized discounted cumulative gain of the first ten (Järvelin and Kekäläinen 2002), gain 1 for what was bought.

    0: nothing of it among the first ten; 1: nothing else before it.
    """
    gained = sum(1 / log2(place + 1) for place, type_id in enumerate(order[:TOP], start=1) if type_id in bought)
    return gained / sum(1 / log2(place + 1) for place in range(1, min(TOP, len(bought)) + 1))


def _rank_by_frequency(
    connection: Connection,
    recommender: Recommender,
    slate: Slate,
    person_id: int,
    day: date,
    ahead: dict[str, float],
) -> tuple[list[str], list[str]]:
    """The slate and the order of personal frequency, among the same types, under the same rules and consents.

    Ties are broken by `ahead`, 0 to 1: what is popular in the shop first. Without a purchase that may be used it is the slate as served.
    """
    lines = fetch_own_rows(
        connection,
        person_id,
        fetch_consents(connection, person_id),
        before=day,
        purchase_days=recommender.shop.purchase_days,
    ).lines
    since = day - timedelta(days=YEAR_DAYS)
    days = Counter(type_id for type_id, _ in {(line[2], line[1]) for line in lines if line[1] >= since})
    if not days:
        return [shown.type_id for shown in slate.shown], slate.order
    types = recommender.find_types(connection)
    known = {line[2] for line in lines}
    candidates = [
        Candidate(type_id, types[type_id].category, days[type_id] + ahead.get(type_id, 0.0), type_id in known)
        for type_id in slate.scores
    ]
    places = fill_slate(
        candidates,
        LIMIT,
        discoveries=recommender.shop.discoveries,
        most_of_one_category=recommender.shop.most_of_one_category,
    )
    ordered = sorted(candidates, key=lambda candidate: (-candidate.score, candidate.type_id))
    return [place.candidate.type_id for place in places], [candidate.type_id for candidate in ordered]


def _is_in(tallies: list[_Tally], measure: str) -> bool:
    return any(measure in tally.sums for tally in tallies)


def _gather(tallies: list[_Tally], measure: str) -> Measured:
    sums: Any = [tally.sums.get(measure, (0.0, 0.0)) for tally in tallies]
    pairs = np.array(sums, np.float64).reshape(-1, 2)
    return Measured(pairs[:, 0].copy(), pairs[:, 1].copy())
