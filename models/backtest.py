"""How often an offer is right: slates as they would have been on a past day, held against what was bought in the 28 days after.

The chance that a score stands for is an estimate, and it is too high for what few buy (docs/explaining.md has figures). So in places kept
for something new no customer is told it, but how often such offers were bought, with an interval.

The ranker that is tested has not seen those days (`Shelf.rehearsal`); it is the one for purchases, with one cut fewer to learn from
than what serves. The slates have the five places of slot `home` under the shop's rules. "Right" means that the customer bought the
kind of goods in that time: somebody who would have liked it and did not buy it counts as wrong.

Only training rows are read, and a count that rests on too few customers is not kept.
"""

import random
from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import batched
from math import ceil, exp, floor, sqrt
from statistics import fmean
from typing import Any

import polars as pl
from sqlalchemy import Connection

from data.catalogue import ProductType
from data.impressions import Impression
from data.ranking_rows import Line, RankingRows
from data.shop import Shop
from data.texts import Texts
from models.boundary import HOME
from models.candidates import find_leads, frame_types, list_candidates
from models.ranker import Ranker, Shelf
from models.recommender import COUPONS, Recommender
from models.slate import Place, fill_slate
from models.stated import find_stated
from models.statistics import EVENTS, LINES
from models.training import ACTIVE_DAYS, HORIZON_DAYS, SEED
from models.wording import say_date

MOST_PEOPLE = 400
AT_ONCE = 50  # customers whose features are built together: a year of them, over all goods, is what takes memory
SURE_Z = 1.96  # 95 %
FEW = 0.05  # share; below it "about 1 of 10" would flatter
PURCHASES = frozenset({"purchases"})


def measure_offers(shelf: Shelf, rows: RankingRows, types: list[ProductType], shop: Shop) -> dict[str, Any] | None:
    """How many offers of slates at the cut of `shelf` were bought within 28 days, apart for usual places and those kept for something new.

    `rows` are the training rows, those after the cut too. None when too few customers who bought in the 84 days before can be tested.
    """
    ranker = shelf.find_ranker(PURCHASES)
    own, later = _split(rows, shelf.cut)
    active = sorted(p for p, lines in own.items() if max(line[1] for line in lines) >= _go_back(shelf.cut))
    if ranker is None or len(active) < shop.fewest_customers:
        return None
    drawn = sorted(random.Random(SEED).sample(active, min(MOST_PEOPLE, len(active))))
    shown: dict[str, list[tuple[int, bool]]] = {"usual": [], "new": []}
    chances: dict[str, list[float]] = {"usual": [], "new": []}
    for some in batched(drawn, AT_ONCE, strict=False):
        for person_id, places in _fill_slates(shelf, ranker, {p: own[p] for p in some}, types, shop):
            for place in places:
                is_bought = place.candidate.type_id in later[person_id]
                kind = "new" if place.rule == "new" else "usual"
                shown[kind].append((person_id, is_bought))
                chances[kind].append(1 / (1 + exp(-place.candidate.score)))
    counted = {
        kind: _count(places, fewest_counted=shop.fewest_counted) | {"told": fmean(chances[kind])}
        for kind, places in shown.items()
        if places
    }
    return {"day": shelf.cut.isoformat(), "days_after": HORIZON_DAYS, "people": len(drawn)} | counted


def _go_back(cut: date) -> date:
    return cut - timedelta(days=ACTIVE_DAYS)


def _split(rows: RankingRows, cut: date) -> tuple[dict[int, list[Line]], dict[int, set[str]]]:
    """Each person's lines before a cut, and the types that they bought in the 28 days from it."""
    own: dict[int, list[Line]] = defaultdict(list)
    later: dict[int, set[str]] = defaultdict(set)
    for line in rows.lines:
        if line[1] < cut:
            own[line[0]].append(line)
        elif line[1] < cut + timedelta(days=HORIZON_DAYS):
            later[line[0]].add(line[2])
    return own, later


def _fill_slates(
    shelf: Shelf, ranker: Ranker, own: dict[int, list[Line]], types: list[ProductType], shop: Shop
) -> Iterator[tuple[int, list[Place]]]:
    """The slate of each person. Features are built for all of them at once, which costs a tenth of one after the other."""
    eligible = [thing for thing in types if thing.sensitive is None]
    catalogue = frame_types(types)
    lines = [line for mine in own.values() for line in mine]
    people = pl.DataFrame({"person_id": list(own)}, schema={"person_id": pl.Int64})
    features = shelf.builder.build(
        pairs=people.join(frame_types(eligible), how="cross"),
        lines=pl.DataFrame(lines, schema=LINES, orient="row").join(catalogue, on="type_id"),
        events=pl.DataFrame([], schema=EVENTS).join(catalogue, on="type_id"),
        cut=shelf.cut,
    )
    statistics = {row["type_id"]: row for row in shelf.statistics.iter_rows(named=True)}
    for mine in features.partition_by("person_id", maintain_order=True):
        person_id = int(mine["person_id"][0])
        scores = dict(zip(mine["type_id"].to_list(), ranker.score(mine).tolist(), strict=True))
        bought = {line[2] for line in own[person_id]}
        candidates = list_candidates(eligible, scores, bought=bought, statistics=statistics, well_known=shop.well_known)
        yield (
            person_id,
            fill_slate(
                candidates,
                HOME,
                discoveries=shop.discoveries,
                most_of_one_category=shop.most_of_one_category,
                leads=find_leads(candidates, ranker, mine),
            ),
        )


def tell_certainty(connection: Connection, recommender: Recommender, impression: Impression) -> dict[str, Any]:
    """How sure an offer is: how often offers like it were bought, as the rankers that serve were tested; or that it is not known."""
    shelf, texts = recommender.fetch_shelf(connection), recommender.texts
    tested = (shelf.facts.get("tested") if shelf is not None else None) or {}
    kind = "new" if impression.offer.get("label") == "new" else "usual"
    is_tested = impression.personalized and impression.slot != COUPONS and find_stated(impression.explanation) is None
    counted = tested.get(kind) if is_tested else None
    if not impression.personalized:
        text = texts.say("explanations.how_sure_popular")
    elif counted is None:
        text = texts.say("explanations.how_sure_unknown")
    else:
        text = _say_tested(tested, kind, counted, impression, texts)
    return {
        "impression_id": impression.impression_id,
        "offer_id": impression.offer_id,
        "tested": counted and {name: tested[name] for name in ("day", "days_after", "people")} | counted,
        "text": text,
    }


def _count(places: list[tuple[int, bool]], *, fewest_counted: int) -> dict[str, Any]:
    buyers = {person_id for person_id, is_bought in places if is_bought}
    bought = sum(is_bought for _, is_bought in places)
    if len(buyers) < fewest_counted:
        return {"offers": len(places), "bought": None}
    low, high = find_interval(places)
    return {"offers": len(places), "bought": bought, "low": low, "high": high}


def find_interval(places: list[tuple[int, bool]]) -> tuple[float, float]:
    """A 95 % interval of the share that was bought (Wilson 1927), 0 to 1.

    Offers of one customer are alike, so they count for fewer than they are: for their number over the design effect (Kish 1965), the
    variance of the share over customers against that of as many offers to different ones, and never for more than they are.
    """
    count = len(places)
    rate = sum(is_bought for _, is_bought in places) / count
    off: dict[int, float] = defaultdict(float)
    for person_id, is_bought in places:
        off[person_id] += is_bought - rate
    plain = count * rate * (1 - rate)
    effect = max(1.0, sum(value**2 for value in off.values()) / plain) if plain else 1.0
    weight = count / effect
    middle = (rate + SURE_Z**2 / (2 * weight)) / (1 + SURE_Z**2 / weight)
    half = SURE_Z * sqrt(rate * (1 - rate) / weight + SURE_Z**2 / (4 * weight**2)) / (1 + SURE_Z**2 / weight)
    return max(0.0, middle - half), min(1.0, middle + half)


def _say_tested(
    tested: dict[str, Any], kind: str, counted: dict[str, Any], impression: Impression, texts: Texts
) -> str:
    offers, bought = counted["offers"], counted["bought"]
    what = texts.say(f"explanations.tested_{kind}")
    on = say_date(date.fromisoformat(tested["day"]), impression.shop_day, texts.lang)
    weeks, people = tested["days_after"] // 7, tested["people"]
    between = say_between(counted, texts)
    if bought is None or bought / offers < FEW:
        few = texts.say(
            "explanations.how_sure_few",
            offers=offers,
            kind=what,
            people=people,
            date=on,
            bought=texts.say("explanations.tested_few") if bought is None else bought,
            weeks=weeks,
        )
        return f"{few} {between}" if between else few
    right = round(10 * bought / offers)
    measured = texts.say(
        "explanations.how_sure_measured",
        offers=offers,
        kind=what,
        people=people,
        date=on,
        bought=bought,
        weeks=weeks,
        right=right,
        wrong=10 - right,
    )
    return f"{measured} {between}" if between else measured


def say_between(counted: dict[str, Any], texts: Texts) -> str:
    """The interval in whole points, rounded outwards; empty where it was not measured."""
    if counted.get("low") is None:
        return ""
    low, high = floor(100 * counted["low"]), ceil(100 * counted["high"])
    return texts.say("explanations.tested_between", low=low, high=high)
