"""What would change it: how little of what a customer did would have to be left out for an offer to leave the first five of its slot.

Worked out by choosing again, with the very code that serves, without the rows of the latest days behind the main reason. The
number of days is found by halving and then holds on both sides: with so many days left out the offer goes, with one day fewer
it stays. (A forest need not be monotone: an even smaller number may exist that the halving did not meet, so no sentence says
that there is none.)
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection

from data.consent import fetch_consents
from data.impressions import Impression
from data.ranking_rows import Row, fetch_own_rows
from data.texts import Texts
from models.explanation import find_main_reason
from models.reasons import VISIT_WEEKS, YEAR_WEEKS
from models.recommender import Recommender, Slate
from models.stated import CATEGORY_OF_RULE
from models.wording import lower_first, quote, say_date, say_list

HOME = 5  # offers of slot `home`, and of any other when it is chosen again


@dataclass(frozen=True)
class Days:
    """The rows behind the main reason of an offer by day, the latest first. Only rows that may still be read."""

    reason_id: str
    rows: dict[date, list[Row]]

    def list_latest(self, count: int) -> frozenset[Row]:
        """The rows of the latest `count` days."""
        return frozenset(row for day in list(self.rows)[:count] for row in self.rows[day])


def find_days(connection: Connection, impression: Impression, *, minor: bool = False) -> Days | None:
    """The days behind the main reason of an offer, as it was told; None when it has no such reason."""
    main = find_main_reason(impression.explanation) if impression.personalized else None
    person_id = impression.person_id
    if main is None or person_id is None:
        return None
    rows: dict[date, list[Row]] = {}
    if not minor:
        own = fetch_own_rows(connection, person_id, fetch_consents(connection, person_id), before=impression.shop_day)
        dated = own.date_rows()
        named = [(str(row["table"]), int(row["id"])) for row in main["evidence"]["rows"]]
        for row in sorted((row for row in named if row in dated), key=lambda row: (dated[row], row), reverse=True):
            rows.setdefault(dated[row], []).append(row)
    return Days(str(main["reason_id"]), rows)


def tell_change(
    connection: Connection, recommender: Recommender, impression: Impression, *, minor: bool = False
) -> dict[str, Any]:
    """What would take the offer of an impression from the five of its slot. Nothing is switched off by asking."""

    def choose(leave_out: frozenset[Row] = frozenset()) -> Slate:
        return recommender.choose(
            connection,
            person_id=impression.person_id,
            today=impression.shop_day,
            limit=HOME,
            minor=minor,
            leave_out=leave_out,
            slot=impression.slot,
        )

    say, title = recommender.texts.say, impression.offer["title"]
    now = choose()
    days = find_days(connection, impression, minor=minor)
    left_out, then = 0, now
    if days is None:
        is_personal = impression.personalized
        text = say(f"explanations.{'change_no_reason' if is_personal else 'change_not_personal'}", title=title)
    elif not _shows(now, impression):
        text = say("explanations.change_not_in_five", title=title)
    elif not days.rows:
        text = say("explanations.change_rows_gone", title=title)
    else:
        left_out, then = _halve(len(days.rows), impression, lambda count: choose(days.list_latest(count)))
        text = _say_change(impression, days, left_out, now, then, recommender.texts)
    rows_left_out = days.list_latest(left_out) if days is not None else frozenset()
    return {
        "impression_id": impression.impression_id,
        "offer_id": impression.offer_id,
        "reason_id": days.reason_id if days is not None else None,
        "days": len(days.rows) if days is not None else 0,
        "left_out": left_out,
        "rows_left_out": [{"table": table, "id": number} for table, number in sorted(rows_left_out)],
        "leaves": _shows(now, impression) and not _shows(then, impression),
        "before": [shown.offer | {"impression_id": None} for shown in now.shown],
        "after": [shown.offer | {"impression_id": None} for shown in then.shown],
        "text": text,
    }


def say_what(reason_id: str, impression: Impression, when: str, texts: Texts) -> str:
    """What the rows of a reason are, on some days: "the yogurt you bought on 7 days"."""
    return texts.say(
        f"explanations.rows_{reason_id}",
        type=lower_first(impression.explanation["type_title"], texts.lang),
        aisle=impression.offer["category"],
        when=when,
    )


def count_weeks(reason_id: str) -> int:
    """How many weeks the rows of a reason go back."""
    return VISIT_WEEKS if reason_id == "visits" else YEAR_WEEKS


def _shows(slate: Slate, impression: Impression) -> bool:
    return any(shown.type_id == impression.type_id for shown in slate.shown)


def _halve(days: int, impression: Impression, choose: Callable[[int], Slate]) -> tuple[int, Slate]:
    """A number of latest days without which the offer goes while it stays with one fewer left out; all of them when it stays."""
    goes, then = days, choose(days)
    if _shows(then, impression):
        return days, then
    stays = 0
    while goes - stays > 1:
        middle = (stays + goes) // 2
        slate = choose(middle)
        if _shows(slate, impression):
            stays = middle
        else:
            goes, then = middle, slate
    return goes, then


def _say_change(impression: Impression, days: Days, left_out: int, now: Slate, then: Slate, texts: Texts) -> str:
    dates, of, title = list(days.rows), len(days.rows), impression.offer["title"]
    earliest = say_date(dates[left_out - 1], impression.shop_day, texts.lang)
    if of == 1:
        when = earliest
    elif left_out == of:
        when = texts.say("explanations.days_all", days=of)
    elif left_out == 1:
        when = texts.say("explanations.days_last", days=of, date=earliest)
    else:
        when = texts.say("explanations.days_latest", left=left_out, days=of, date=earliest)
    what, weeks = say_what(days.reason_id, impression, when, texts), count_weeks(days.reason_id)
    if _shows(then, impression):
        told = [texts.say("explanations.change_stays", what=what, title=title)]
    else:
        told = [texts.say("explanations.change_leaves", what=what, title=title)]
        before = {shown.type_id for shown in now.shown}
        came = [quote(shown.offer["title"], texts.lang) for shown in then.shown if shown.type_id not in before]
        told += [texts.say("explanations.change_instead", others=say_list(came, texts.lang))] if came else []
    if days.reason_id in CATEGORY_OF_RULE:
        return " ".join([*told, texts.say("explanations.change_asking_only")])
    return " ".join([*told, texts.say("explanations.change_asking", weeks=weeks)])
