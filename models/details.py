"""An explanation in detail ("tell me more") and in plain words ("what does this mean"): of one impression, with its own figures.

Everything is read from the explanation as it was kept; days come from the customer's own rows, as far as they may still be read.
"""

import math
from typing import Any

from sqlalchemy import Connection

from data.impressions import Impression
from data.texts import Texts
from models.backtest import say_between
from models.boundary import Days, count_weeks, find_days, say_what
from models.features import GROUPS, SHOP
from models.recommender import COUPONS
from models.stated import find_stated, is_scored, is_stated
from models.telling import GOOD_PART, MOSTLY, SOME, say_share
from models.wording import lower_first, say_date, say_list, say_number, say_place

MOST_DATES = 10
POINTS = 100


def tell_more(connection: Connection, impression: Impression, texts: Texts, *, minor: bool = False) -> dict[str, Any]:
    """The evidence in detail: the days it rests on, what was not named, how the score adds up."""
    told = impression.explanation
    days = find_days(connection, impression, minor=minor)
    unnamed = _list_unnamed(told) if impression.personalized else []
    lines = [_say_days(impression, days, texts)]
    if impression.personalized and is_scored(impression.explanation):
        lines += [_say_unnamed(impression, unnamed, texts), _say_sum(impression, texts)]
    else:
        lines.append(texts.say("explanations.more_sum_shop", score=say_number(told["score"], texts.lang)))
    lines.append(texts.say("explanations.more_rank", place=say_place(int(told["rank"]), texts.lang)))
    return {
        "impression_id": impression.impression_id,
        "offer_id": impression.offer_id,
        "reason_id": days.reason_id if days is not None else None,
        "days": [day.isoformat() for day in days.rows] if days is not None else [],
        "unnamed": unnamed,
        "text": "\n".join(lines),
    }


def tell_meaning(impression: Impression, texts: Texts, *, tested: dict[str, Any] | None) -> dict[str, Any]:
    """What shares, "against" and the score mean, with the figures of this offer.

    `tested` is that of `tell_certainty`: in a place kept for something new the chance is how often such offers were bought, since the
    estimate that its score stands for is too high there.
    """
    told, title = impression.explanation, impression.offer["title"]
    if not impression.personalized:
        own_order = told["reasons"][0]["reason_id"] == "own_order"
        key = "meaning_own_order" if own_order else "meaning_popular"
        return _answer(impression, parts=[], chance=None) | {"text": texts.say(f"explanations.{key}", title=title)}
    reasons = [reason for reason in told["reasons"] if not is_stated(reason)]
    if not is_scored(told):
        given = texts.say("explanations.meaning_rule", rule=told["rules"][0])
        unscored = texts.say("explanations.meaning_score_shop", score=say_number(told["score"], texts.lang))
        return _answer(impression, parts=[], chance=None) | {"text": f"{given}\n{unscored}"}
    is_new = impression.offer.get("label") == "new"
    if find_stated(told) is not None:
        chance = None  # its place is by a rule; how often offers with such a place are bought was not tested
    elif is_new:
        chance = tested["bought"] / tested["offers"] if tested and tested["bought"] is not None else None
    else:
        chance = 1 / (1 + math.exp(-float(told["score"]))) if impression.slot != COUPONS else None
    parts = [
        {"reason_id": reason["reason_id"], "share": reason["share"], "counts_for": reason["contribution"] > 0}
        for reason in reasons
    ]
    rule = (
        [texts.say("explanations.meaning_rule", rule=told["rules"][0])] if len(reasons) < len(told["reasons"]) else []
    )
    lines = [*rule, texts.say("explanations.meaning_parts", title=title)]
    for reason in reasons:
        lines.append(
            texts.say(
                f"explanations.meaning_part_{'for' if reason['contribution'] > 0 else 'against'}",
                reason=_upper_first(_say_short(impression, reason["reason_id"], texts)),
                points=_say_points(reason["share"], texts),
                share=say_share(reason | {"contribution": 0.0}, texts),
            )
        )
    rest = 1 - sum(reason["share"] for reason in reasons)
    if abs(told["remainder"]) >= 1e-9:
        lines.append(texts.say("explanations.meaning_rest", points=_say_points(rest, texts)))
    lines.append(
        texts.say(
            "explanations.meaning_words",
            most=round(MOSTLY * POINTS),
            good=round(GOOD_PART * POINTS),
            some=round(SOME * POINTS),
        )
    )
    lines.append(_say_score(impression, texts, chance=chance, tested=tested if is_new else None, is_new=is_new))
    return _answer(impression, parts=parts, chance=chance) | {"text": "\n".join(lines)}


def _say_score(
    impression: Impression, texts: Texts, *, chance: float | None, tested: dict[str, Any] | None, is_new: bool
) -> str:
    score = say_number(impression.explanation["score"], texts.lang)
    if is_new and (chance is None or tested is None):
        return texts.say("explanations.meaning_score_new_unknown", score=score)
    if chance is None:  # a score of slot `coupons` may be one of redeeming
        return texts.say("explanations.meaning_score_order", score=score)
    if tested is not None:
        said = texts.say(
            "explanations.meaning_score_new", score=score, offers=tested["offers"], bought=tested["bought"]
        )
        between = say_between(tested, texts)
        return f"{said} {between}" if between else said
    return texts.say(
        "explanations.meaning_score",
        score=score,
        chance=_say_points(chance, texts),
        type=lower_first(impression.explanation["type_title"], texts.lang),
    )


def _answer(impression: Impression, *, parts: list[dict[str, Any]], chance: float | None) -> dict[str, Any]:
    return {
        "impression_id": impression.impression_id,
        "offer_id": impression.offer_id,
        "parts": parts,
        "chance": chance,
    }


def _list_unnamed(told: dict[str, Any]) -> list[str]:
    """The groups that the ranker has and the explanation does not name: they are the remainder."""
    named = {reason["reason_id"] for reason in told["reasons"]}
    counted = {*told["categories_used"], SHOP}
    return [group.name for group in GROUPS if group.category in counted and group.name not in named]


def _say_days(impression: Impression, days: Days | None, texts: Texts) -> str:
    title = impression.offer["title"]
    if days is None:
        return " ".join(str(reason["text"]) for reason in impression.explanation["reasons"])
    if not days.rows:
        return texts.say("explanations.more_rows_gone", title=title)
    dates = [say_date(day, impression.shop_day, texts.lang) for day in days.rows]
    when = dates[0] if len(dates) == 1 else texts.say("explanations.days_counted", days=len(dates))
    what, weeks = say_what(days.reason_id, impression, when, texts), count_weeks(days.reason_id)
    if len(dates) == 1:
        return texts.say("explanations.more_day", title=title, what=what)
    if len(dates) <= MOST_DATES:
        return texts.say(
            "explanations.more_days", title=title, what=what, weeks=weeks, dates=say_list(dates, texts.lang)
        )
    return texts.say(
        "explanations.more_days_latest",
        title=title,
        what=what,
        weeks=weeks,
        shown=MOST_DATES,
        dates=say_list(dates[:MOST_DATES], texts.lang),
    )


def _say_unnamed(impression: Impression, unnamed: list[str], texts: Texts) -> str:
    if not unnamed:
        return texts.say("explanations.more_all_named")
    remainder = float(impression.explanation["remainder"])
    key = "nothing" if abs(remainder) < 1e-9 else "for" if remainder > 0 else "against"
    reasons = say_list([_say_short(impression, group, texts) for group in unnamed], texts.lang)
    return texts.say(f"explanations.more_unnamed_{key}", reasons=reasons)


def _say_sum(impression: Impression, texts: Texts) -> str:
    told = impression.explanation
    parts = [
        texts.say(
            "explanations.more_part",
            reason=_say_short(impression, reason["reason_id"], texts),
            number=say_number(reason["contribution"], texts.lang),
        )
        for reason in told["reasons"]
        if not is_stated(reason)
    ]
    return texts.say(
        "explanations.more_sum",
        base=say_number(told["base"], texts.lang),
        parts="; ".join(parts),
        remainder=say_number(told["remainder"], texts.lang),
        score=say_number(told["score"], texts.lang),
    )


def _say_short(impression: Impression, reason_id: str, texts: Texts) -> str:
    return texts.say(
        f"reasons.{reason_id}_short",
        type=lower_first(impression.explanation["type_title"], texts.lang),
        aisle=impression.offer["category"],
    )


def _say_points(share: float, texts: Texts) -> str:
    """A share as so many in 100, and honest at both ends."""
    points = round(share * POINTS)
    if points == 0:
        return texts.say("explanations.points_hardly")
    return texts.say("explanations.points_nearly" if points == POINTS else "explanations.points", points=points)


def _upper_first(words: str) -> str:
    return words[:1].upper() + words[1:]
