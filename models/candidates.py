"""Candidates of a slate: their features, their scores where nothing personal may choose, and the main reasons they would have."""

import math
from collections.abc import Collection, Iterable, Mapping
from datetime import date
from typing import Any

import polars as pl

from data.catalogue import ProductType, ShopOffer
from data.ranking_rows import RankingRows
from models.ranker import Ranker, Shelf
from models.reasons import Witness, find_lead
from models.slate import MOST_WITH_LEADS, Candidate, order_candidates
from models.statistics import EVENTS, LINES


def list_candidates(
    eligible: Iterable[ProductType],
    scores: Mapping[str, float],
    *,
    bought: Collection[str],
    statistics: Mapping[str, Mapping[str, Any]],
    well_known: float,
) -> list[Candidate]:
    """Candidates with what the rules of a slate ask of them. `well_known` is the share of customers above which a type is no news."""
    no_news = {type_id for type_id, row in statistics.items() if row["buyers_364"] > well_known} | set(bought)
    return [
        Candidate(t.type_id, t.category, scores[t.type_id], t.type_id in bought, t.type_id not in no_news)
        for t in eligible
    ]


def pick_running(running: list[ShopOffer]) -> dict[str, ShopOffer]:
    """One offer a type: the first to end, as fetched."""
    picked: dict[str, ShopOffer] = {}
    for offer in running:
        if offer.type_id is not None:
            picked.setdefault(offer.type_id, offer)
    return picked


def build_own_rows(
    eligible: list[ProductType], own: RankingRows, shelf: Shelf, today: date, *, types: Iterable[ProductType]
) -> pl.DataFrame:
    """Features of a person's candidates, from their own rows and the statistics of the shelf.

    `types` is the whole catalogue: what somebody bought counts for its aisle even where it is not to be shown any more.
    """
    catalogue = frame_types(types)
    person_id = own.lines[0][0] if own.lines else own.events[0][0]
    return shelf.builder.build(
        pairs=frame_types(eligible).select(pl.lit(person_id, pl.Int64).alias("person_id"), "type_id", "category"),
        lines=pl.DataFrame(own.lines, schema=LINES, orient="row").join(catalogue, on="type_id"),
        events=pl.DataFrame(own.events, schema=EVENTS, orient="row").join(catalogue, on="type_id"),
        cut=today,
    )


def frame_types(types: Iterable[ProductType]) -> pl.DataFrame:
    """`type_id, category`: what the features need of the catalogue."""
    rows = [(one.type_id, one.category) for one in types]
    return pl.DataFrame(rows, schema={"type_id": pl.String, "category": pl.String}, orient="row")


def score_popularity(eligible: list[ProductType], running: dict[str, ShopOffer], witness: Witness) -> dict[str, float]:
    """Log-odds that a counted customer bought it in 28 days; uncounted types after those, in the shop's own order."""
    own_order = sorted(eligible, key=lambda t: (t.type_id not in running, _reverse(t.added_at), t.type_id))
    of = max((int(row["of_people"]) for row in witness.statistics.values()), default=0)
    floor = math.log(0.5 / (of + 0.5)) if of else 0.0
    scores = {}
    for number, thing in enumerate(own_order, start=1):
        people = witness.statistics.get(thing.type_id, {}).get("people_28")
        scores[thing.type_id] = (
            math.log((people + 0.5) / (of - people + 0.5)) if people is not None else floor - number / 1000
        )
    return scores


def _reverse(stamp: str) -> tuple[int, ...]:
    return tuple(-ord(letter) for letter in stamp)


def find_leads(candidates: list[Candidate], ranker: Ranker | None, rows: pl.DataFrame) -> dict[str, str]:
    """The main reason that the best novel candidates would have, by type."""
    novel = [candidate.type_id for candidate in order_candidates(candidates) if candidate.novel][:MOST_WITH_LEADS]
    if ranker is None or not novel:
        return {}
    rows_of_novel = rows.filter(pl.col("type_id").is_in(novel))
    leads = (
        find_lead(contributions, row)
        for contributions, row in zip(
            ranker.attribute(rows_of_novel)[1], rows_of_novel.iter_rows(named=True), strict=True
        )
    )
    return {type_id: lead for type_id, lead in zip(rows_of_novel["type_id"], leads, strict=True) if lead is not None}
