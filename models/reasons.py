"""Reasons: from an attribution to a sentence that is true, with the facts and rows that make it so.

A reason is a group of features. Its contribution is the group's exact Shapley value; its sentence says what the rows hold and
never why a model likes it. Each number and date in a sentence stands in `evidence.facts`, each row it rests on in
`evidence.rows`, so that anybody can count again.

Only rows that may be read are here: purchases and coupons of sensitive goods are left out unless that group was turned on. A
sentence about one type is whole, since a type that may not be read is not offered; one about an aisle, visits or "nothing else"
speaks of the purchases that may count.
"""

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import polars as pl

from data.catalogue import ProductType
from data.ranking_rows import RankingRows
from data.texts import Texts
from models.wording import lower_first, say_count, say_date, say_times

HABIT_WEEKS = 8
YEAR_WEEKS = 52
AISLE_WEEKS = 12
VISIT_WEEKS = 4
TOGETHER_WEEKS = 12
POPULAR_WEEKS = 4
MOST_REASONS = 3
NOISE = 0.1  # log-odds; a smaller contribution is not worth a sentence when there is a larger one


@dataclass(frozen=True)
class Evidence:
    """What a sentence says and what it rests on."""

    text: str
    facts: list[dict[str, Any]] = field(default_factory=list)
    rows: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class Witness:
    """Everything that a sentence may be made from: own rows under consent, and the shop's statistics of the day."""

    own: RankingRows
    types: dict[str, ProductType]
    statistics: dict[str, dict[str, Any]]
    similar: pl.DataFrame
    today: date
    texts: Texts

    def since(self, weeks: int) -> date:
        return self.today - timedelta(weeks=weeks)

    def lines_since(self, weeks: int) -> list[tuple[int, date, str, int]]:
        return [line for line in self.own.lines if line[1] >= self.since(weeks)]

    def title(self, type_id: str) -> str:
        return lower_first(self.types[type_id].title, self.texts.lang)


def tell_group(group: str, type_id: str, witness: Witness) -> Evidence:
    """The sentence of a group for an offer on a type."""
    return _TELLERS[group](type_id, witness)


def _span(witness: Witness, weeks: int, name: str, value: Any) -> dict[str, Any]:
    yesterday = witness.today - timedelta(days=1)
    return {"name": name, "value": value, "from": witness.since(weeks).isoformat(), "to": yesterday.isoformat()}


def _weeks(weeks: int) -> dict[str, Any]:
    return {"name": "weeks", "value": weeks}


def _line_rows(lines: list[tuple[int, date, str, int]]) -> list[dict[str, Any]]:
    return [{"table": "order_lines", "id": line[3]} for line in sorted(lines, key=lambda line: (line[1], line[3]))]


def _tell_habit(type_id: str, witness: Witness) -> Evidence:
    """The sentence counts the last weeks; the rows are all of a year, since the group reads them all."""
    year = [line for line in witness.lines_since(YEAR_WEEKS) if line[2] == type_id]
    for weeks in (HABIT_WEEKS, YEAR_WEEKS):
        lines = [line for line in year if line[1] >= witness.since(weeks)]
        if not lines:
            continue
        days = {line[1] for line in lines}
        last = max(days)
        facts = [
            _span(witness, weeks, "days_bought", len(days)),
            {"name": "last_bought_on", "value": last.isoformat()},
            _weeks(weeks),
        ]
        key = "reasons.habit" if len(days) > 1 else "reasons.habit_once"
        text = witness.texts.say(
            key,
            type=witness.title(type_id),
            times=say_times(len(days), witness.texts),
            weeks=weeks,
            date=say_date(last, witness.today, witness.texts.lang),
        )
        return Evidence(text, facts, _line_rows(year))
    text = witness.texts.say("reasons.habit_never", type=witness.title(type_id), weeks=YEAR_WEEKS)
    return Evidence(text, [_span(witness, YEAR_WEEKS, "days_bought", 0), _weeks(YEAR_WEEKS)])


def _tell_aisle(type_id: str, witness: Witness) -> Evidence:
    aisle = witness.types[type_id].category
    lines = witness.lines_since(AISLE_WEEKS)
    visits = {line[1] for line in lines}
    year = [
        line
        for line in witness.lines_since(YEAR_WEEKS)
        if line[2] != type_id and line[2] in witness.types and witness.types[line[2]].category == aisle
    ]
    days = {line[1] for line in year if line[1] >= witness.since(AISLE_WEEKS)}
    facts = [
        _span(witness, AISLE_WEEKS, "days_in_aisle", len(days)),
        _span(witness, AISLE_WEEKS, "visits", len(visits)),
        _weeks(AISLE_WEEKS),
    ]
    if not days:
        text = witness.texts.say("reasons.aisle_none", aisle=aisle, weeks=AISLE_WEEKS)
        return Evidence(text, [facts[0], facts[2]])
    text = witness.texts.say("reasons.aisle", aisle=aisle, days=len(days), visits=len(visits), weeks=AISLE_WEEKS)
    return Evidence(text, facts, _line_rows(year))


def _tell_visits(type_id: str, witness: Witness) -> Evidence:
    lines = witness.lines_since(VISIT_WEEKS)
    visits = {line[1] for line in lines}
    facts = [_span(witness, VISIT_WEEKS, "visits", len(visits)), _weeks(VISIT_WEEKS)]
    key = {0: "reasons.visits_none", 1: "reasons.visits_once"}.get(len(visits), "reasons.visits")
    return Evidence(witness.texts.say(key, visits=len(visits), weeks=VISIT_WEEKS), facts, _line_rows(lines))


def _tell_together(type_id: str, witness: Witness) -> Evidence:
    """The sentence names the nearest of the types bought lately; the rows are a year's, of all types near to this one."""
    bought = {line[2] for line in witness.lines_since(TOGETHER_WEEKS)}
    all_near = witness.similar.filter(pl.col("type_id") == type_id)
    near = all_near.filter(pl.col("other_id").is_in(sorted(bought)))
    if near.is_empty():
        text = witness.texts.say("reasons.together_none", type=witness.title(type_id), weeks=TOGETHER_WEEKS)
        return Evidence(text, [_weeks(TOGETHER_WEEKS)])
    best = near.sort(["similarity", "other_id"], descending=[True, False]).row(0, named=True)
    facts = [
        {"name": "customers_who_buy_both", "value": best["both"]},
        {"name": "customers_who_buy_the_other", "value": best["of_other"]},
        {"name": "other_type", "value": best["other_id"]},
    ]
    if near.height > 1:
        facts.append(_span(witness, TOGETHER_WEEKS, "types_that_go_together", near.height))
    text = witness.texts.say(
        "reasons.together" if near.height == 1 else "reasons.together_more",
        other=witness.title(best["other_id"]),
        type=witness.title(type_id),
        both=say_count(best["both"], witness.texts.lang),
        of=say_count(best["of_other"], witness.texts.lang),
        count=near.height,
    )
    others = set(all_near["other_id"])
    return Evidence(text, facts, _line_rows([line for line in witness.lines_since(YEAR_WEEKS) if line[2] in others]))


def _tell_coupons(type_id: str, witness: Witness) -> Evidence:
    aisle = witness.types[type_id].category
    year = [event for event in witness.own.events if event[1] >= witness.since(YEAR_WEEKS)]
    used = [event for event in year if event[3] == "redeemed"]
    sent = [event for event in year if event[3] == "shown" and event[2] == type_id]
    of_type = [event for event in used if event[2] == type_id]
    of_aisle = [event for event in used if event[2] in witness.types and witness.types[event[2]].category == aisle]
    rows = _event_rows([event for event in year if event[3] == "redeemed" or event[2] == type_id])
    ways = (("coupons_type", of_type), ("coupons_aisle", of_aisle), ("coupons_sent", sent))
    for key, events in ways:
        if events:
            last = max(event[1] for event in events)
            text = witness.texts.say(
                f"reasons.{key}",
                coupons=_say_coupons(len(events), witness.texts),
                type=witness.title(type_id),
                aisle=aisle,
                weeks=YEAR_WEEKS,
                date=say_date(last, witness.today, witness.texts.lang),
            )
            facts = [
                _span(witness, YEAR_WEEKS, "coupons_sent" if events is sent else "coupons_used", len(events)),
                {"name": "last_sent_on" if events is sent else "last_used_on", "value": last.isoformat()},
                _weeks(YEAR_WEEKS),
            ]
            return Evidence(text, facts, rows)
    facts = [_span(witness, YEAR_WEEKS, "coupons_used", len(used)), _weeks(YEAR_WEEKS)]
    key = "reasons.coupons_other" if used else "reasons.coupons_none"
    text = witness.texts.say(key, coupons=_say_coupons(len(used), witness.texts), aisle=aisle, weeks=YEAR_WEEKS)
    return Evidence(text, facts, _event_rows(used))


def _say_coupons(count: int, texts: Texts) -> str:
    return texts.say("reasons.one_coupon") if count == 1 else texts.say("reasons.many_coupons", count=count)


def _event_rows(events: list[tuple[int, date, str, str, int]]) -> list[dict[str, Any]]:
    return [
        {"table": "offer_events", "id": event[4]} for event in sorted(events, key=lambda event: (event[1], event[4]))
    ]


def _tell_popular(type_id: str, witness: Witness) -> Evidence:
    counted = witness.statistics.get(type_id, {})
    people, of = counted.get("people_28"), counted.get("of_people")
    if people is None:
        text = witness.texts.say("reasons.popular_few", type=witness.title(type_id), weeks=POPULAR_WEEKS)
        return Evidence(text, [_weeks(POPULAR_WEEKS)])
    text = witness.texts.say(
        "reasons.popular",
        people=say_count(people, witness.texts.lang),
        of=say_count(counted["of_people"], witness.texts.lang),
        type=witness.title(type_id),
        weeks=POPULAR_WEEKS,
    )
    facts = [
        _span(witness, POPULAR_WEEKS, "customers", people),
        {"name": "of_customers", "value": of},
        _weeks(POPULAR_WEEKS),
    ]
    return Evidence(text, facts)


_TELLERS = {
    "habit": _tell_habit,
    "aisle": _tell_aisle,
    "visits": _tell_visits,
    "together": _tell_together,
    "coupons": _tell_coupons,
    "popular": _tell_popular,
}


RESTS_ON = {
    "habit": ("days_364",),
    "aisle": ("aisle_days_84",),
    "visits": ("visits_28",),
    "together": ("together",),
    "coupons": ("redeemed_all", "shown_type"),
}
"""Of each personal group the features of which one is above 0 when its sentence rests on rows."""


def find_lead(contributions: dict[str, float], row: dict[str, Any]) -> str | None:
    """The group whose reason would lead an explanation, without telling it: named, counting for the offer, and resting on rows."""
    named = [group for group in choose_reasons(contributions) if contributions[group] > 0 and group in RESTS_ON]
    resting = (group for group in named if any(row[name] > 0 for name in RESTS_ON[group]))
    return max(resting, key=lambda group: contributions[group], default=None)


def choose_reasons(contributions: dict[str, float]) -> list[str]:
    """The groups to name, largest first: at most three unless the rest would outweigh the largest.

    A contribution below the noise is left to the remainder when a larger one is there. What remains is the sum of the exact
    values of the groups not named, and it is smaller in size than the largest reason.
    """
    ordered = sorted(contributions, key=lambda group: (-abs(contributions[group]), group))
    if not ordered:
        return []
    named = [group for group in ordered[:MOST_REASONS] if abs(contributions[group]) >= NOISE] or ordered[:1]
    largest = abs(contributions[ordered[0]])
    while len(named) < len(ordered) and abs(sum(contributions[group] for group in ordered[len(named) :])) >= largest:
        named.append(ordered[len(named)])
    return named
