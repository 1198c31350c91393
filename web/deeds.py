"""What a button does, and what a sentence does that means the same: one function for each deed.

A deed acts at once in every state and never passes through Rasa. It returns a `Say`: what to append, worked out inside the
transaction that appends it, so that a change of owner and its words stand together.
"""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection

from data.catalogue import find_type
from data.consent import fetch_consents, record_refusal
from data.conversations import Conversation, Draft
from data.errors import NotKnown
from data.frequency import SLOT as UNASKED
from data.frequency import may_show_unasked
from data.impressions import Impression, access_impression
from models.control import Effect
from models.showing import choose_slate, record_shown
from models.wording import lower_first, say_date
from web.controls import Dispute, disown_type, open_dispute, switch_consent, turn_away, withdraw_all
from web.deed import Deed, Say
from web.deed import say_deed as _say
from web.deed import write_deed as _write
from web.effects import tell_effect
from web.handoff_deeds import TALKS
from web.house import House
from web.levels import ask_level, set_level
from web.rights_deeds import RIGHTS

OFFERS = 5


def parse_payload(payload: str) -> tuple[str, dict[str, Any]]:
    """`/name{"entity": "value"}` as a name and its facts."""
    name, brace, rest = payload.removeprefix("/").partition("{")
    facts: dict[str, Any] = json.loads(brace + rest) if brace else {}
    return name, facts


def is_deed(payload: str | None) -> bool:
    """Whether the gateway does it by itself."""
    return payload is not None and parse_payload(payload)[0] in DEEDS


def perform(
    house: House,
    conversation: Conversation,
    person_id: int | None,
    payload: str,
    *,
    words: str = "",
    signal: bool = False,
) -> Say:
    """Do what a payload says."""
    name, facts = parse_payload(payload)
    return DEEDS[name](Deed(house, conversation, person_id, facts, words, signal))


def _require_category(deed: Deed) -> str | None:
    category = deed.facts.get("category")
    return category if category in deed.house.shop.categories else None


def grant_consent(deed: Deed) -> Say:
    """Switch a use on: for choosing and for training, as the notice says."""
    return _switch(deed, granted=True)


def withdraw_consent(deed: Deed) -> Say:
    """Switch a use off."""
    return _switch(deed, granted=False)


def decline_consent(deed: Deed) -> Say:
    """ "No" to the question: remembered, so that it is not asked again (P8), and answered with offers, if they may come unasked."""
    house, person_id, category = deed.house, deed.person_id, _require_category(deed)
    if person_id is None or category is None:
        return _say(deed, "privacy.sign_in_first")

    choice = choose_slate(
        house.database,
        house.recommender,
        clock=house.clock,
        person_id=person_id,
        limit=OFFERS,
        minor=deed.conversation.minor,
    )

    def say(connection: Connection, now: Conversation) -> list[Draft]:
        record_refusal(connection, person_id, category, at=house.clock.stamp())
        if choice.slate.personalized or not may_show_unasked(
            connection, person_id, today=house.clock.today(), visit_since=now.opened_at
        ):
            return [_write(house, now, "privacy.after_no_alone")]
        shown = record_shown(connection, choice, clock=house.clock, slot=UNASKED, channel="chat")
        offers = [impression.describe_offer() for impression in shown]
        return [replace(_write(house, now, "privacy.after_no"), offers=offers)]

    return say


def _switch(deed: Deed, *, granted: bool) -> Say:
    house, person_id = deed.house, deed.person_id
    if person_id is None:
        return _say(deed, "privacy.sign_in_first")
    if deed.conversation.minor and granted:
        return _say(deed, "privacy.minor")
    if deed.facts.get("category") == "all" and not granted:
        return _withdraw_all(deed, person_id)
    if deed.facts.get("category") == "all":
        return ask_level(replace(deed, facts={"level": "everything"}))
    category = _require_category(deed)
    if category is None:
        return _ask_which(deed, granted=granted)
    effect = switch_consent(
        house, person_id, category, granted=granted, source="chat", signal=deed.signal, minor=deed.conversation.minor
    )
    if not effect.acted:
        return _say(deed, "privacy.already_on" if granted else "privacy.already_off", category=_title(house, category))
    address = "privacy.granted" if granted else "privacy.withdrawn"
    return _say_effect(deed, address, effect, category=category, granted=granted)


def _say_effect(deed: Deed, address: str, effect: Effect, *, category: str, granted: bool) -> Say:
    house = deed.house
    told = tell_effect(house, effect)
    undo_name, undo_key = (
        ("withdraw_consent", "privacy.button_stop_again") if granted else ("grant_consent", "privacy.button_use_again")
    )
    undo = {"title": house.texts.say(undo_key), "payload": f"/{undo_name}{json.dumps({'category': category})}"}
    switches = {"title": house.texts.say("privacy.button_all_switches"), "payload": "/ask_consents"}
    extra = {"effect": {"before": effect.before, "after": effect.after, "category": category, "granted": granted}}
    return lambda _connection, now: [
        replace(
            _write(
                house,
                now,
                address,
                category=house.recommender.name_category(category),
                effect=told,
            ),
            buttons=[undo, switches],
            extra=extra,
        )
    ]


def _withdraw_all(deed: Deed, person_id: int) -> Say:
    effect = withdraw_all(deed.house, person_id, signal=deed.signal, minor=deed.conversation.minor)
    if not effect.acted:
        return _say(deed, "privacy.all_off_already")
    return _say(deed, "privacy.withdrawn_all", effect=tell_effect(deed.house, effect))


def _ask_which(deed: Deed, *, granted: bool) -> Say:
    house = deed.house
    name, key = ("grant_consent", "privacy.which_grant") if granted else ("withdraw_consent", "privacy.which_withdraw")
    with house.database.read() as connection:
        on = fetch_consents(connection, deed.person_id).choose if deed.person_id is not None else frozenset()
    if not granted and not on:
        return _say(deed, "privacy.all_off_already")
    choices = [c for c in house.shop.categories if (c not in on if granted else c in on) and c != "fairness"]
    plain = [c for c in choices if not c.startswith("sensitive_")] or choices
    title = "privacy.button_switch_on" if granted else "privacy.button_switch_off"
    buttons = [
        {
            "title": house.texts.say(title, category=house.recommender.name_category(category)),
            "payload": f"/{name}{json.dumps({'category': category})}",
        }
        for category in plain
    ]
    return lambda _connection, now: [replace(_write(house, now, key), buttons=buttons)]


def stop_using(deed: Deed) -> Say:
    """The control beside a reason: the category behind it is used no more."""
    return _switch(deed, granted=False)


def never_show(deed: Deed) -> Say:
    """Never show this kind of thing again: that of an offer, or one that was named."""
    if "product_type" in deed.facts:
        return _note_taste(deed, "never_show", "privacy.never_shown")
    impression, refusal = _access(deed)
    if impression is None or deed.person_id is None:
        return refusal
    effect = turn_away(deed.house, deed.person_id, impression.type_id, minor=deed.conversation.minor)
    title = lower_first(impression.offer["title"], deed.house.texts.lang)
    return _say(deed, "explanations.control_never_show", title=title, effect=tell_effect(deed.house, effect))


def like(deed: Deed) -> Say:
    """Goods that the customer likes: they count where the use of what one tells is switched on."""
    return _note_taste(deed, "like", "privacy.taste_liked")


def dislike(deed: Deed) -> Say:
    """Goods that the customer does not like: they are not offered."""
    return _note_taste(deed, "dislike", "privacy.taste_disliked")


def _note_taste(deed: Deed, kind: str, address: str) -> Say:
    house, person_id = deed.house, deed.person_id
    if person_id is None:
        return _say(deed, "privacy.taste_sign_in")
    with house.database.read() as connection:
        named = deed.facts.get("product_type")
        goods = find_type(connection, named) if isinstance(named, str) else None
        on = fetch_consents(connection, person_id).choose
    if goods is None:
        return _say(deed, "privacy.taste_which")
    title = lower_first(goods.title, house.texts.lang)
    if kind == "like" and "preferences" not in on:
        return _offer_preferences(deed, title)
    effect = turn_away(house, person_id, goods.type_id, kind=kind, minor=deed.conversation.minor)
    if not effect.acted:
        return _say(deed, "privacy.taste_known", title=title)
    extra = {"effect": {"before": effect.before, "after": effect.after}}
    told = tell_effect(house, effect)
    return lambda _connection, now: [replace(_write(house, now, address, title=title, effect=told), extra=extra)]


def _offer_preferences(deed: Deed, title: str) -> Say:
    house = deed.house
    name = house.recommender.name_category("preferences")
    buttons = [
        {
            "title": house.texts.say("privacy.button_switch_on", category=name),
            "payload": f"/grant_consent{json.dumps({'category': 'preferences'})}",
        },
        {"title": house.texts.say("privacy.button_leave_off"), "payload": "/continue_with_bot"},
    ]
    return lambda _connection, now: [
        replace(_write(house, now, "privacy.taste_liked_off", title=title), buttons=buttons)
    ]


def not_mine(deed: Deed) -> Say:
    """ "This is wrong": what the reason rests on counts no more, and a person looks at it."""
    impression, refusal = _access(deed)
    if impression is None or deed.person_id is None:
        return refusal
    house, person_id = deed.house, deed.person_id
    rests_on_purchases = deed.facts.get("reason_id") == "habit"
    if not rests_on_purchases:
        return _open_review(deed, impression)
    effect, review = disown_type(
        house, person_id, impression.type_id, _make_dispute(deed, impression), minor=deed.conversation.minor
    )
    due = say_date(review.due_on, house.clock.today(), house.texts.lang)
    if not effect.acted:
        return _say(deed, "explanations.review_opened", review_id=review.review_id, due=due)
    title = lower_first(impression.offer["title"], deed.house.texts.lang)
    told = tell_effect(house, effect)

    def say(connection: Connection, now: Conversation) -> list[Draft]:
        done = _write(house, now, "explanations.control_not_mine", title=title, effect=told)
        vary = f"{now.conversation_id}{now.last_seq}"
        opened = _write(house, now, "explanations.correction_opened", vary=vary, review_id=review.review_id, due=due)
        return [done, opened]

    return say


def ask_review(deed: Deed) -> Say:
    """Ask a person to look at an offer or a reason."""
    impression, refusal = _access(deed)
    return refusal if impression is None else _open_review(deed, impression)


def _open_review(deed: Deed, impression: Impression) -> Say:
    house = deed.house

    def say(connection: Connection, now: Conversation) -> list[Draft]:
        review = open_dispute(connection, house, deed.person_id, _make_dispute(deed, impression))
        facts: dict[str, Any] = {
            "review_id": review.review_id,
            "due": say_date(review.due_on, house.clock.today(), house.texts.lang),
        }
        return [_write(house, now, "explanations.review_opened", **facts)]

    return say


def _make_dispute(deed: Deed, impression: Impression) -> Dispute:
    return Dispute(
        impression_id=impression.impression_id,
        conversation_id=deed.conversation.conversation_id,
        reason_id=deed.facts.get("reason_id"),
        text=deed.words,
    )


def _access(deed: Deed) -> tuple[Impression | None, Say]:
    impression_id = str(deed.facts.get("impression_id", ""))
    try:
        with deed.house.database.read() as connection:
            impression = access_impression(connection, impression_id, person_id=deed.person_id)
    except NotKnown:
        return None, _say(deed, "explanations.not_yours")
    if deed.person_id is None:
        return impression, _say(deed, "explanations.review_sign_in")
    return impression, _say(deed, "explanations.not_yours")


DEEDS: dict[str, Callable[[Deed], Say]] = {
    deed.__name__: deed
    for deed in (
        grant_consent,
        withdraw_consent,
        decline_consent,
        stop_using,
        never_show,
        like,
        dislike,
        not_mine,
        ask_review,
        *TALKS,
        ask_level,
        set_level,
        *RIGHTS,
    )
}


def _title(house: House, category: str) -> str:
    words = house.recommender.name_category(category)
    return words[:1].upper() + words[1:]
