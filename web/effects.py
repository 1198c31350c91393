"""Using a control: measured, counted for the owner, and told. Each control answers with what it did, and says why where that is nothing."""

from collections.abc import Callable

from sqlalchemy import Connection

from data.control_effects import Measured, record_effect
from models.control import Effect, measure_effect
from web.house import House


def use_control(
    house: House,
    act: Callable[[Connection], bool],
    *,
    kind: str,
    person_id: int | None,
    minor: bool = False,
    category: str | None = None,
) -> Effect:
    """Act, measure what that did to the customer's five offers, and count it."""
    today = house.clock.today()
    effect = measure_effect(
        house.database,
        house.recommender,
        act,
        kind=kind,
        person_id=person_id,
        today=today,
        minor=minor,
        category=category,
    )
    measured = Measured(kind, category, effect.acted, effect.left, effect.came, effect.moved)
    with house.database.write() as connection:
        record_effect(connection, measured, day=today)
    return effect


def tell_effect(house: House, effect: Effect) -> str:
    """In words what a control did to the five offers, or why it did nothing."""
    if effect.left or effect.came:
        if effect.left == effect.came == 1:
            return house.texts.say("privacy.effect_one_changed")
        return house.texts.say(
            "privacy.effect_changed", left=_say_few(effect.left, house), came=_say_few(effect.came, house)
        )
    if effect.moved:
        return house.texts.say("privacy.effect_moved", count=effect.moved)
    return house.texts.say(f"privacy.effect_{find_cause(effect)}", count=len(effect.after))


def find_cause(effect: Effect) -> str:
    """Why nothing changed: the key of its sentence."""
    if effect.kind == "not_bought" and not effect.acted:
        return "no_purchase"
    if not effect.acted:
        return "already"
    if effect.category is not None and (effect.category in effect.on) != (effect.kind == "grant"):
        return "training"
    if effect.kind == "grant":
        return "same_with" if effect.category in effect.used_after else "nothing_granted"
    if effect.kind == "level":
        return "nothing_granted" if effect.on else "nothing_withdrawn"
    if effect.kind in ("withdraw", "withdraw_all"):
        was_used = effect.used_before if effect.category is None else effect.used_before & {effect.category}
        return "same_without" if was_used else "nothing_withdrawn"
    if effect.kind == "like":
        return "like_in_place" if "preferences" in effect.on else "like_off"
    return {"review": "review", "not_bought": "same_without", "undo": "not_first"}.get(effect.kind, "not_among")


def _say_few(count: int, house: House) -> str:
    """none, one, two: in words as far as the language's list of them goes."""
    words = house.texts.say("pages.numbers").split()
    return words[count] if count < len(words) else str(count)
