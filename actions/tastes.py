"""What a customer tells of goods: never show, like, dislike. The gateway keeps it and tells the effect; here the goods are found.

How somebody lives or how they are is not kept: only goods that are named, and what is liked only with the consent for it.
"""

import re

from actions.explanations import list_on
from actions.talk import Answer, CandorAction, Talk, press, write_payload
from data.catalogue import ProductType, find_product, find_type

MOST_AT_ONCE, MOST_CHOICES = 3, 6
_DISLIKES = re.compile(
    r"\b(?:not|don't|dont|doesn't|do not|never|no|hate|hates|dislike|dislikes|can't stand|cannot stand|less|nothing|without)\b",
    re.IGNORECASE,
)


class ActionNeverShow(CandorAction):
    """ "Never show me beer": leave goods out of every offer."""

    def name(self) -> str:
        return "action_never_show"

    def answer(self, talk: Talk) -> list[Answer]:
        return _press_taste(talk, "never_show", "privacy.never_which")


class ActionNoteTaste(CandorAction):
    """ "I love dark chocolate", "I don't like fish"."""

    def name(self) -> str:
        return "action_note_taste"

    def answer(self, talk: Talk) -> list[Answer]:
        if _DISLIKES.search(talk.text):
            return _press_taste(talk, "dislike", "privacy.taste_which")
        goods = _find_goods(talk)
        if talk.person_id is None or [len(meant) for meant in goods] != [1] or "preferences" in list_on(talk):
            return _press_taste(talk, "like", "privacy.taste_which")
        name = talk.desk.recommender.name_category("preferences")
        buttons = [
            {
                "title": talk.words("privacy.button_switch_on", category=name),
                "payload": write_payload("grant_consent", category="preferences"),
            },
            {"title": talk.words("privacy.button_leave_off"), "payload": "/continue_with_bot"},
        ]
        return [talk.say("privacy.taste_liked_off", buttons=buttons, title=goods[0][0].title)]


def _press_taste(talk: Talk, deed: str, which: str) -> list[Answer]:
    """Press the deed for each kind of goods named; ask which where a word fits several, or none was named."""
    if talk.person_id is None:
        return [talk.say("privacy.taste_sign_in")]
    goods = _find_goods(talk)
    focus = talk.conversation.focus if talk.conversation else None
    if not goods and deed == "never_show" and focus and re.search(r"\b(?:this|that|it|again)\b", talk.text.lower()):
        return [press(write_payload(deed, impression_id=focus), kind="consent", text=deed)]
    if not goods:
        return [talk.say(which)]
    unclear = next((meant for meant in goods if len(meant) > 1), None)
    if unclear is not None:
        buttons = [
            {"title": one.title, "payload": write_payload(deed, product_type=one.type_id)}
            for one in unclear[:MOST_CHOICES]
        ]
        return [talk.say(which, buttons=buttons)]
    return [
        press(write_payload(deed, product_type=meant[0].type_id), kind="consent", text=deed)
        for meant in goods[:MOST_AT_ONCE]
    ]


def _find_goods(talk: Talk) -> list[list[ProductType]]:
    """What each word that names goods may mean."""
    meant: dict[object, dict[str, ProductType]] = {}
    with talk.read() as connection:
        for entity in talk.entities:
            type_id = str(entity.get("value"))
            if entity.get("entity") == "product":
                product = find_product(connection, type_id)
                type_id = product.type_id if product is not None else ""
            elif entity.get("entity") != "product_type":
                continue
            found = find_type(connection, type_id)
            if found is not None:
                place = entity.get("start") if entity.get("end") else type_id
                meant.setdefault(place, {})[found.type_id] = found
    return [list(types.values()) for types in meant.values()]
