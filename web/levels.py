"""Levels of use in the chat and on the wire: what a level would change is told before it acts, in both directions alike."""

import json
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection

from data.consent import Consents, fetch_ledger
from data.conversations import Conversation, Draft
from data.levels import LEVELS, Level, Plan, find_level, plan_level
from models.wording import say_list
from web.controls import reach_level
from web.deed import Deed, Say, say_deed, write_deed
from web.effects import tell_effect
from web.house import House


def describe_levels(house: House, ledger: Consents) -> dict[str, Any]:
    """The level that stands, and what each would switch."""
    known = house.shop.categories
    plans = {level: plan_level(ledger, level, known) for level in LEVELS}
    return {
        "level": find_level(ledger, known),
        "levels": [
            {
                "level": level,
                "title": house.texts.say(f"privacy.level_{level}"),
                "on": list(plan.on),
                "off": list(plan.off),
                "text": tell_plan(house, level, plan),
            }
            for level, plan in plans.items()
        ],
    }


def tell_plan(house: House, level: Level, plan: Plan) -> str:
    """In words which switches a level changes."""
    say, name = house.texts.say, house.recommender.name_category
    told = [
        say(f"privacy.level_{way}", categories=say_list([name(one) for one in categories], house.texts.lang))
        for way, categories in (("turns_on", plan.on), ("turns_off", plan.off))
        if categories
    ]
    return " ".join(told) if told else say("privacy.level_same", level=say(f"privacy.level_{level}"))


def _read_level(deed: Deed) -> Level | None:
    return next((level for level in LEVELS if level == deed.facts.get("level")), None)


def ask_level(deed: Deed) -> Say:
    """Without a level: which one. With one: exactly what it changes, and the two ways on."""
    house, person_id, level = deed.house, deed.person_id, _read_level(deed)
    if person_id is None:
        return say_deed(deed, "privacy.sign_in_first")
    if deed.conversation.minor:
        return say_deed(deed, "privacy.minor")
    with house.database.read() as connection:
        ledger = fetch_ledger(connection, person_id)
    if level is None:
        return _say_with(deed, "privacy.which_level", [_make_button(house, one, "ask_level") for one in LEVELS])
    plan = plan_level(ledger, level, house.shop.categories)
    told = tell_plan(house, level, plan)
    if plan == Plan((), ()):
        return say_deed(deed, "privacy.level_stands", told=told)
    title = house.texts.say("privacy.button_level")
    buttons = [
        _make_button(house, level, "set_level") | {"title": title},
        {"title": house.texts.say("privacy.button_level_no"), "payload": "/continue_with_bot"},
    ]
    return _say_with(deed, "privacy.ask_level", buttons, level=house.texts.say(f"privacy.level_{level}"), told=told)


def set_level(deed: Deed) -> Say:
    """Bring the switches to a level, and say what it did."""
    house, person_id, level = deed.house, deed.person_id, _read_level(deed)
    if person_id is None:
        return say_deed(deed, "privacy.sign_in_first")
    if level is None or (deed.conversation.minor and level != "off"):
        return say_deed(deed, "privacy.minor") if level else ask_level(deed)
    effect, plan = reach_level(
        house, person_id, level, source="chat", signal=deed.signal, minor=deed.conversation.minor
    )
    if not effect.acted:
        return say_deed(deed, "privacy.level_stands", told=tell_plan(house, level, plan))
    undo = {"title": house.texts.say("privacy.button_all_switches"), "payload": "/ask_consents"}
    told = tell_effect(house, effect)
    name = house.texts.say(f"privacy.level_{level}")
    other = _make_button(house, None, "ask_level")
    return _say_with(deed, "privacy.level_set", [other, undo], level=name, effect=told)


def _make_button(house: House, level: Level | None, name: str) -> dict[str, str]:
    facts = json.dumps({"level": level}) if level else ""
    return {"title": house.texts.say(f"privacy.level_{level}" if level else "privacy.button_levels"), "payload": f"/{name}{facts}"}  # fmt: skip


def _say_with(deed: Deed, address: str, buttons: list[dict[str, str]], **facts: Any) -> Say:
    def say(_connection: Connection, now: Conversation) -> list[Draft]:
        return [replace(write_deed(deed.house, now, address, **facts), buttons=buttons)]

    return say
