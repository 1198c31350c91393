"""Every fact of a reason, counted again from the raw tables by plain SQL that shares nothing with the product's code.

Consent: the shop of the benchmark has everybody's for purchases and offers, and nobody's for sensitive goods, so a sensitive type's
rows may not count anywhere.
"""

import math
import re
import sqlite3
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

TOGETHER_DAYS, NEIGHBOURS, FEWEST_COUNTED = 168, 30, 5
_NUMBER = re.compile(r"\d[\d,]*")
_MONTHS = "January February March April May June July August September October November December".split()


def open_raw(path: Path) -> sqlite3.Connection:
    """The database, with the lines that may count once more in a table that is quick to count."""
    base = sqlite3.connect(path)
    base.executescript(
        """CREATE TEMP TABLE lines AS SELECT l.line_id, l.person_id, l.ordered_on, p.type_id, t.category
             FROM order_lines l JOIN products p ON p.product_id = l.product_id JOIN types t ON t.type_id = p.type_id
            WHERE l.quantity > 0 AND l.disputed_at IS NULL AND t.sensitive IS NULL;
           CREATE INDEX temp.lines_by_person ON lines (person_id, ordered_on);
           CREATE INDEX temp.lines_by_type ON lines (type_id, ordered_on);
           CREATE INDEX temp.lines_by_id ON lines (line_id);"""
    )
    return base


def check_reason(
    base: sqlite3.Connection, reason: dict[str, Any], *, person_id: int, type_id: str, today: date
) -> list[str]:
    """What is false in a reason's facts, rows or sentence; empty when all of it is true."""
    facts = {fact["name"]: fact for fact in reason["evidence"]["facts"]}
    faults = [
        f"{reason['reason_id']}: {name} is told as {fact['value']!r}, counted as {counted!r}"
        for name, fact in facts.items()
        if (counted := _count(base, reason["reason_id"], name, fact, facts, person_id, type_id, today)) != fact["value"]
    ]
    return faults + _check_rows(base, reason, person_id) + _check_text(reason, facts, base)


def _count(
    base: sqlite3.Connection,
    reason: str,
    name: str,
    fact: dict[str, Any],
    facts: dict[str, dict[str, Any]],
    person_id: int,
    type_id: str,
    today: date,
) -> Any:
    since, until = fact.get("from"), fact.get("to")
    person = {"person": person_id, "type": type_id, "since": since, "until": until, "today": today.isoformat()}
    person["other"] = facts.get("other_type", {}).get("value")
    of_aisle = "(SELECT category FROM types WHERE type_id = :type)"
    events = "offer_events e JOIN types t ON t.type_id = e.type_id WHERE t.sensitive IS NULL AND e.person_id = :person AND e.event = 'redeemed'"
    between = "BETWEEN :since AND :until"
    match reason, name:
        case _, "weeks":
            spans = [one for one in facts.values() if "from" in one]
            if not spans:
                return fact["value"]
            first, last = (date.fromisoformat(spans[0][key]) for key in ("from", "to"))
            return ((last - first).days + 1) / 7
        case "habit", "days_bought":
            sql = f"SELECT count(DISTINCT l.ordered_on) FROM lines l WHERE l.person_id = :person AND l.type_id = :type AND l.ordered_on {between}"
        case "habit", "last_bought_on":
            sql = "SELECT max(l.ordered_on) FROM lines l WHERE l.person_id = :person AND l.type_id = :type AND l.ordered_on < :today"
        case "aisle", "days_in_aisle":
            sql = f"SELECT count(DISTINCT l.ordered_on) FROM lines l WHERE l.person_id = :person AND l.type_id <> :type AND l.category = {of_aisle} AND l.ordered_on {between}"
        case _, "visits":
            sql = f"SELECT count(DISTINCT l.ordered_on) FROM lines l WHERE l.person_id = :person AND l.ordered_on {between}"
        case "coupons", "coupons_used" | "last_used_on":
            return _count_coupons(base, name, facts, person, events)
        case "coupons", "coupons_sent" | "last_sent_on":
            person |= {key: facts["coupons_sent"][side] for key, side in (("since", "from"), ("until", "to"))}
            what = "count(*)" if name == "coupons_sent" else "max(e.happened_on)"
            sql = f"SELECT {what} FROM offer_events e WHERE e.person_id = :person AND e.type_id = :type AND e.event = 'shown' AND e.happened_on {between}"
        case "popular", "customers":
            sql = f"SELECT count(DISTINCT l.person_id) FROM lines l WHERE l.type_id = :type AND l.ordered_on {between}"
        case "popular", "of_customers":
            return _count_customers(base, today)
        case "together", "other_type":
            sql = "SELECT l.type_id FROM lines l WHERE l.person_id = :person AND l.type_id = :other AND l.ordered_on >= date(:today, '-84 days') LIMIT 1"
        case "together", "types_that_go_together":
            return len(_find_near(base, type_id, today) & _list_bought(base, person))
        case "together", "customers_who_buy_both" | "customers_who_buy_the_other":
            person["since"] = (today - timedelta(days=TOGETHER_DAYS)).isoformat()
            buyers = "SELECT l.person_id FROM lines l WHERE l.ordered_on >= :since AND l.ordered_on < :today AND l.type_id = "
            both = f" AND l.person_id IN ({buyers}:type)" if name == "customers_who_buy_both" else ""
            sql = f"SELECT count(DISTINCT l.person_id) FROM lines l WHERE l.ordered_on >= :since AND l.ordered_on < :today AND l.type_id = :other{both}"
        case _:
            return f"nobody checks {name} of {reason}"
    return base.execute(sql, person).fetchone()[0]


@cache
def _find_near(base: sqlite3.Connection, type_id: str, today: date) -> frozenset[str]:
    """The 30 types with the nearest sets of buyers (cosine over 168 days, at least 5 people in both), by plain counting."""
    since, until = (today - timedelta(days=TOGETHER_DAYS)).isoformat(), today.isoformat()
    buyers: dict[str, set[int]] = _read_buyers(base, since, until)
    own = buyers.get(type_id, set())
    near = []
    for other, people in buyers.items():
        both = len(own & people)
        if other != type_id and both >= FEWEST_COUNTED:
            near.append((-both / math.sqrt(len(own) * len(people)), other))
    return frozenset(other for _, other in sorted(near)[:NEIGHBOURS])


@cache
def _read_buyers(base: sqlite3.Connection, since: str, until: str) -> dict[str, set[int]]:
    buyers: dict[str, set[int]] = {}
    sql = "SELECT DISTINCT l.type_id, l.person_id FROM lines l WHERE l.ordered_on >= ? AND l.ordered_on < ?"
    for type_id, person_id in base.execute(sql, (since, until)):
        buyers.setdefault(type_id, set()).add(person_id)
    return buyers


def _list_bought(base: sqlite3.Connection, person: dict[str, Any]) -> set[str]:
    sql = "SELECT DISTINCT l.type_id FROM lines l WHERE l.person_id = :person AND l.ordered_on >= date(:today, '-84 days')"
    return {type_id for (type_id,) in base.execute(sql, person)}


@cache
def _count_customers(base: sqlite3.Connection, today: date) -> int:
    sql = "SELECT count(DISTINCT l.person_id) FROM lines l WHERE l.ordered_on >= ? AND l.ordered_on < ?"
    return int(base.execute(sql, ((today - timedelta(days=364)).isoformat(), today.isoformat())).fetchone()[0])


def _count_coupons(
    base: sqlite3.Connection, name: str, facts: dict[str, dict[str, Any]], person: dict[str, Any], events: str
) -> Any:
    """Coupons of the type, else of the aisle, else all: the first that has any is what the sentence speaks of."""
    person |= {"since": facts["coupons_used"]["from"], "until": facts["coupons_used"]["to"]}
    narrowing = (
        "e.type_id = :type",
        "t.category = (SELECT category FROM types WHERE type_id = :type)",
        "1 = 1",
    )
    for narrow in narrowing:
        count, last = base.execute(
            f"SELECT count(*), max(e.happened_on) FROM {events} AND e.happened_on BETWEEN :since AND :until AND {narrow}",
            person,
        ).fetchone()
        if count:
            return count if name == "coupons_used" else last
    return 0


def _check_rows(base: sqlite3.Connection, reason: dict[str, Any], person_id: int) -> list[str]:
    """Every row named is there, is this person's, and is of nothing sensitive."""
    faults = []
    for row in reason["evidence"]["rows"]:
        if row["table"] == "order_lines":
            sql = "SELECT l.person_id FROM lines l WHERE l.line_id = ?"
        else:
            sql = "SELECT e.person_id FROM offer_events e JOIN types t ON t.type_id = e.type_id WHERE t.sensitive IS NULL AND e.event_id = ?"
        found = base.execute(sql, (row["id"],)).fetchone()
        if found != (person_id,):
            faults.append(f"{reason['reason_id']}: row {row} is not one of this person's that may count")
    return faults


def _check_text(reason: dict[str, Any], facts: dict[str, dict[str, Any]], base: sqlite3.Connection) -> list[str]:
    """Every number and date in the sentence is a fact. Names of goods may hold digits of their own."""
    text = reason["text"]
    for (title,) in base.execute("SELECT title FROM types"):
        if any(letter.isdigit() for letter in title):
            text = text.replace(title, "").replace(title[:1].lower() + title[1:], "")
    told = set()
    for fact in facts.values():
        told.add(str(fact["value"]))
        if re.fullmatch(r"\d{4}-\d\d-\d\d", str(fact["value"])):
            day = date.fromisoformat(str(fact["value"]))
            told |= {str(day.day), str(day.year)}
            if _MONTHS[day.month - 1] not in text:
                return [f"{reason['reason_id']}: {day} is a fact, and its month is not in the sentence"]
    return [
        f"{reason['reason_id']}: {number} stands in the sentence and in no fact"
        for number in _NUMBER.findall(text)
        if number.replace(",", "") not in told
    ]
