"""The dialogue about choosing: why not another offer, and what would be shown without a category.

Both choose again for the day on which the offer was shown, under what stands now, so that the answer is about this ranking
and not about a story of it.
"""

from typing import Any

from sqlalchemy import Connection

from data.consent import fetch_consents
from data.errors import BadInput
from data.impressions import Impression
from models.recommender import Recommender, Slate
from models.stated import find_stated
from models.wording import lower_first, say_place


def tell_why_not(
    connection: Connection, recommender: Recommender, impression: Impression, *, other: str, minor: bool = False
) -> dict[str, Any]:
    """Why the offer of an impression was shown and another was not: their places, scores and main sentences.

    `other` is an offer_id: a product type's or a row's of offers.csv.
    """
    types = recommender.find_types(connection)
    other_type = recommender.find_offered_type(connection, other)
    if other_type is None:
        raise BadInput(
            f"other is {other!r}; there is no such offer. Take an offer_id of GET /api/offers.", field="other"
        )
    slate = _choose_again(connection, recommender, impression, minor=minor)
    rank, other_rank = slate.find_rank(impression.type_id), slate.find_rank(other_type)
    title, other_title = impression.offer["title"], types[other_type].title
    say, lang = recommender.texts.say, recommender.texts.lang
    places = {shown.type_id: position for position, shown in enumerate(slate.shown, start=1)}
    if other_type == impression.type_id:
        text = say("explanations.why_not_same", title=title)
    elif other_rank is None:
        text = recommender.tell_override(connection, impression.person_id, other_type, today=impression.shop_day)
        key = "why_not_sensitive" if types[other_type].sensitive else "why_not_stopped"
        text = text or say(f"explanations.{key}", other=other_title)
    elif rank is None:
        text = say(
            "explanations.why_not_now_gone", title=title, other=other_title, other_place=say_place(other_rank, lang)
        )
    else:
        reason = _tell_difference(connection, recommender, impression, other_type, minor=minor)
        text = say(
            "explanations.why_not_place",
            other=other_title,
            title=lower_first(title, lang),
            other_place=say_place(other_rank, lang),
            place=say_place(rank, lang),
            reason=reason,
        )
        if rank <= slate.coupons < other_rank:
            text = f"{text} {say('explanations.why_not_no_coupon', other=lower_first(other_title, lang))}"
        if other_rank < rank and other_type not in places:
            text = f"{text} {say('explanations.why_not_rule_moved', other=lower_first(other_title, lang), most=recommender.shop.most_of_one_category)}"
            if any(find_stated(shown.explanation) for shown in slate.shown):
                text = f"{text} {say('explanations.why_not_rule_stated')}"
    return {
        "impression_id": impression.impression_id,
        "offer_id": impression.offer_id,
        "other": other,
        "other_title": other_title,
        "place": rank,
        "other_place": other_rank,
        "shown_place": impression.position,
        "score": slate.scores.get(impression.type_id),
        "other_score": slate.scores.get(other_type),
        "text": text,
    }


def _tell_difference(
    connection: Connection, recommender: Recommender, impression: Impression, other_type: str, *, minor: bool
) -> str:
    """What the rows say of both, under what stands now: a sentence about purchases needs the consent to use them."""
    person_id = impression.person_id
    may_tell = person_id is not None and not minor and "purchases" in fetch_consents(connection, person_id).choose
    if person_id is None or not may_tell:
        sentences = [
            recommender.tell_popular(connection, type_id, today=impression.shop_day)
            for type_id in (impression.type_id, other_type)
        ]
    else:
        sentences = [
            recommender.tell_reason(connection, person_id=person_id, today=impression.shop_day, type_id=type_id)
            for type_id in (impression.type_id, other_type)
        ]
    return " ".join(sentences)


def tell_what_if(
    connection: Connection, recommender: Recommender, impression: Impression, *, without: str, minor: bool = False
) -> dict[str, Any]:
    """What would change for an offer, and for five of the slot that it was shown in, without a category."""
    say, lang = recommender.texts.say, recommender.texts.lang
    now = _choose_again(connection, recommender, impression, minor=minor)
    then = _choose_again(connection, recommender, impression, minor=minor, without=frozenset({without}))
    place, new_place = now.find_rank(impression.type_id), then.find_rank(impression.type_id)
    granted = (
        fetch_consents(connection, impression.person_id).choose if impression.person_id is not None else frozenset()
    )
    category = recommender.name_category(without)
    is_there = impression.type_id in {shown.type_id for shown in then.shown}
    is_by_rule = not is_there and any(s.type_id == impression.type_id and find_stated(s.explanation) for s in now.shown)
    if not is_by_rule and place is not None and new_place is not None:
        place, new_place = _find_place(now, impression.type_id), _find_place(then, impression.type_id)
    title = impression.offer["title"]
    if without not in granted:
        text = say("explanations.what_if_not_on", category=category)
    elif place is None or new_place is None:
        text = say("explanations.what_if_gone", category=category, title=lower_first(title, lang))
    elif is_by_rule and _same_score(now, then, impression.type_id):
        text = say("explanations.what_if_rule", category=category, title=lower_first(title, lang))
    elif place == new_place:
        text = say("explanations.what_if_same", category=category, title=lower_first(title, lang), place=place)
    else:
        text = say(
            "explanations.what_if", category=category, title=lower_first(title, lang), place=place, new_place=new_place
        )
    old, new = ([shown.offer_id for shown in slate.shown] for slate in (now, then))
    return {
        "impression_id": impression.impression_id,
        "offer_id": impression.offer_id,
        "without": without,
        "granted": without in granted,
        "place": place,
        "new_place": new_place,
        "left": len(set(old) - set(new)),
        "came": len(set(new) - set(old)),
        "before": [shown.offer | {"impression_id": None} for shown in now.shown],
        "after": [shown.offer | {"impression_id": None} for shown in then.shown],
        "text": text,
    }


def _find_place(slate: Slate, type_id: str) -> int | None:
    """Where it is shown; by its score alone where it is not among those shown."""
    places = {shown.type_id: number for number, shown in enumerate(slate.shown, start=1)}
    return places.get(type_id, slate.find_rank(type_id))


def _same_score(one: Slate, other: Slate, type_id: str) -> bool:
    return one.scores[type_id] == other.scores[type_id]


def _choose_again(
    connection: Connection,
    recommender: Recommender,
    impression: Impression,
    *,
    minor: bool,
    without: frozenset[str] = frozenset(),
) -> Slate:
    return recommender.choose(
        connection,
        person_id=impression.person_id,
        today=impression.shop_day,
        limit=5,
        minor=minor,
        without=without,
        slot=impression.slot,
    )
