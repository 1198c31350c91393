"""Why an offer was shown, why another was not, what would change it, how sure that is: the dialogue about choosing.

"This" is the offer named, else the one spoken of last, else the first of what was shown; the answer names it and has a button for
each other.
"""

import json
import re

from actions.talk import Answer, CandorAction, Talk, press, write_payload
from data.consent import fetch_consents
from data.errors import NotKnown
from data.impressions import Impression, access_impression, fetch_impressions
from models.backtest import tell_certainty
from models.boundary import tell_change
from models.details import tell_meaning, tell_more
from models.dialogue import tell_what_if, tell_why_not
from models.telling import tell_in_words
from models.wording import lower_first, say_list

MOST_OTHERS = 4
_ORDINALS = {
    "first": 0,
    "1st": 0,
    "second": 1,
    "2nd": 1,
    "third": 2,
    "3rd": 2,
    "fourth": 3,
    "4th": 3,
    "fifth": 4,
    "5th": 4,
    "last": -1,
}


_ASKS_FOR_BOUNDARY = re.compile(
    r"\bwhat (?:would|could|will|might|can|does)(?: have to| need to)? (?:change|be different)"
    r"|\bwhat would (?:it take|make (?:it|this|that) (?:go|disappear|leave)|push)|\b(?:drop|dropped) out\b|\bhow (?:little|close|many)\b|\bat what point\b",
    re.IGNORECASE,
)
_SPEAKS_OF_SWITCHING = re.compile(
    r"\b(?:if|when|without|once|off(?! my list)|out|on|consent|agree|data|everything|nothing)\b", re.IGNORECASE
)


class ActionExplainOffer(CandorAction):
    """Why was this shown?"""

    def name(self) -> str:
        return "action_explain_offer"

    def answer(self, talk: Talk) -> list[Answer]:
        near = find_near(talk)
        impression = find_meant(talk, near)
        if impression is None:
            return [talk.say("explanations.nothing_shown")]
        if _has_just_explained(talk, impression):
            payload = write_payload("ask_more", impression_id=impression.impression_id)
            return [press(payload, kind="explanation", text=talk.text)]
        return [explain(talk, impression, near)]


def _has_just_explained(talk: Talk, impression: Impression) -> bool:
    """Whether "why?" comes right after the reasons of the same offer: it asks for what lies behind them."""
    is_typed = not talk.text.startswith("/") and talk.find_entity("impression_id") is None
    focus = talk.conversation.focus if talk.conversation else None
    return is_typed and focus == impression.impression_id and talk.find_understood().get("intent") == "ask_why_offer"


def explain(talk: Talk, impression: Impression, near: list[Impression]) -> Answer:
    """The explanation in words, with the structured one beside it."""
    recommender = talk.desk.recommender
    text = tell_in_words(impression, talk.desk.texts, name_category=recommender.name_category)
    others = [other for other in near if other.impression_id != impression.impression_id][:MOST_OTHERS]
    buttons = [
        _button(talk.words("explanations.button_why_not"), "ask_why_not", impression_id=impression.impression_id),
        _button(talk.words("explanations.button_what_if"), "ask_what_if", impression_id=impression.impression_id),
        _button(talk.words("explanations.button_more"), "ask_more", impression_id=impression.impression_id),
    ]
    buttons += [
        _button(
            talk.words("explanations.button_why_other", title=lower_first(other.offer["title"], talk.lang)),
            "ask_why_offer",
            impression_id=other.impression_id,
        )
        for other in others
    ]
    return Answer(
        "explanation", text, buttons, {"explanation": impression.impression_id, "focus": impression.impression_id}
    )


class ActionExplainWhyNot(CandorAction):
    """Why not another one?"""

    def name(self) -> str:
        return "action_explain_why_not"

    def answer(self, talk: Talk) -> list[Answer]:
        near = find_near(talk)
        named = talk.find_entities("product_type")
        other = talk.find_entity("offer_id") or next(iter(named), None)
        impression = find_meant(talk, near, besides=frozenset(named))
        if impression is None:
            return [talk.say("explanations.nothing_shown")]
        if other is None:
            buttons = [
                _button(
                    other_one.offer["title"],
                    "ask_why_not",
                    impression_id=impression.impression_id,
                    offer_id=other_one.offer_id,
                )
                for other_one in near
                if other_one.impression_id != impression.impression_id
            ]
            return [talk.say("explanations.why_not_which", buttons=buttons[:MOST_OTHERS])]
        with talk.read() as connection:
            told = tell_why_not(connection, talk.desk.recommender, impression, other=other, minor=_is_minor(talk))
        buttons = [
            _button(
                talk.words("explanations.button_why_other", title=lower_first(impression.offer["title"], talk.lang)),
                "ask_why_offer",
                impression_id=impression.impression_id,
            ),
            _button(talk.words("explanations.button_what_if"), "ask_what_if", impression_id=impression.impression_id),
        ]
        return [Answer("why_not", told["text"], buttons, {"focus": impression.impression_id})]


class ActionExplainWhatIf(CandorAction):
    """What would change it, and what would be shown without a category? Asking switches nothing."""

    def name(self) -> str:
        return "action_explain_what_if"

    def answer(self, talk: Talk) -> list[Answer]:
        impression = find_meant(talk, find_near(talk))
        if talk.person_id is None:
            return [talk.say("explanations.what_if_nothing_on")]
        with talk.read() as connection:
            on = sorted(fetch_consents(connection, talk.person_id).choose)
        category = talk.find_entity("category")
        if not on:
            return [talk.say("explanations.what_if_nothing_on")]
        if impression is not None and category is None and _asks_for_boundary(talk.text):
            return [_answer_change(talk, impression)]
        if category not in talk.desk.shop.categories:
            category = on[0] if len(on) == 1 else None
        if category is None or impression is None:
            if impression is None:
                return [talk.say("explanations.what_if_general")]
            return [talk.say("explanations.what_if_which", buttons=_list_without(talk, impression))]
        with talk.read() as connection:
            told = tell_what_if(connection, talk.desk.recommender, impression, without=category, minor=_is_minor(talk))
        slate = (
            talk.words("explanations.what_if_slate_short", left=told["left"], of=len(told["before"]))
            if told["granted"] and (told["left"] or told["came"])
            else ""
        )
        extra = {
            "effect": {
                "before": told["before"],
                "after": told["after"],
                "category": category,
                "granted": False,
                "asked": True,
            }
        }
        buttons = [
            _button(
                talk.words("privacy.button_switch_off", category=talk.desk.recommender.name_category(category)),
                "withdraw_consent",
                category=category,
            ),
            {"title": talk.words("privacy.button_leave_on"), "payload": "/continue_with_bot"},
        ]
        return [
            Answer(
                "what_if",
                " ".join(part for part in (told["text"], slate) if part),
                buttons if told["granted"] else [],
                {"focus": impression.impression_id, "extra": extra if told["granted"] else {}},
            )
        ]


def _asks_for_boundary(text: str) -> bool:
    """The button, or words that ask for it and speak of no switch."""
    return text.startswith("/") or bool(_ASKS_FOR_BOUNDARY.search(text) and not _SPEAKS_OF_SWITCHING.search(text))


def _answer_change(talk: Talk, impression: Impression) -> Answer:
    with talk.read() as connection:
        told = tell_change(connection, talk.desk.recommender, impression, minor=_is_minor(talk))
    return Answer("what_if", told["text"], _list_without(talk, impression), {"focus": impression.impression_id})


def _list_without(talk: Talk, impression: Impression) -> list[dict[str, str]]:
    """A button for each category that is on."""
    name = talk.desk.recommender.name_category
    return [
        _button(
            talk.words("explanations.button_without", category=name(category)),
            "ask_what_if",
            category=category,
            impression_id=impression.impression_id,
        )
        for category in list_on(talk)
    ]


class ActionExplainChoosing(CandorAction):
    """How does choosing work in general?"""

    def name(self) -> str:
        return "action_explain_choosing"

    def answer(self, talk: Talk) -> list[Answer]:
        on = list_on(talk)
        if not on:
            return [talk.say("explanations.how_it_works_nothing_on")]
        used = talk.words(
            "explanations.used_now_some",
            categories=say_list([talk.desk.recommender.name_category(c) for c in on], talk.lang),
        )
        return [talk.say("explanations.how_it_works", used=used)]


class ActionExplainCertainty(CandorAction):
    """How sure is it?"""

    def name(self) -> str:
        return "action_explain_certainty"

    def answer(self, talk: Talk) -> list[Answer]:
        impression = find_meant(talk, find_near(talk))
        if impression is None:
            return [talk.say("explanations.how_sure_popular")]
        with talk.read() as connection:
            told = tell_certainty(connection, talk.desk.recommender, impression)
        return [Answer("explanation", told["text"], [], {"focus": impression.impression_id})]


class ActionExplainMore(CandorAction):
    """Tell me more: the days it rests on, what was not named, how the score adds up. The reasons stand beside it with their controls."""

    def name(self) -> str:
        return "action_explain_more"

    def answer(self, talk: Talk) -> list[Answer]:
        impression = find_meant(talk, find_near(talk))
        if impression is None:
            return [talk.say("explanations.nothing_shown")]
        with talk.read() as connection:
            told = tell_more(connection, impression, talk.desk.texts, minor=_is_minor(talk))
        buttons = [
            _button(talk.words("explanations.button_meaning"), "ask_meaning", impression_id=impression.impression_id),
            _button(talk.words("explanations.button_what_if"), "ask_what_if", impression_id=impression.impression_id),
        ]
        about = {"explanation": impression.impression_id, "focus": impression.impression_id}
        return [Answer("explanation", told["text"], buttons, about)]


class ActionExplainMeaning(CandorAction):
    """What does this mean: the words and numbers of an explanation, with this offer's own."""

    def name(self) -> str:
        return "action_explain_meaning"

    def answer(self, talk: Talk) -> list[Answer]:
        impression = find_meant(talk, find_near(talk))
        if impression is None:
            return [talk.say("explanations.nothing_shown")]
        with talk.read() as connection:
            tested = tell_certainty(connection, talk.desk.recommender, impression)["tested"]
        told = tell_meaning(impression, talk.desk.texts, tested=tested)
        title = lower_first(impression.offer["title"], talk.lang)
        buttons = [
            _button(
                talk.words("explanations.button_why_other", title=title),
                "ask_why_offer",
                impression_id=impression.impression_id,
            ),
            _button(talk.words("explanations.button_more"), "ask_more", impression_id=impression.impression_id),
        ]
        return [Answer("explanation", told["text"], buttons, {"focus": impression.impression_id})]


class ActionExplainUsed(CandorAction):
    """What is used for my offers, and what not?"""

    def name(self) -> str:
        return "action_explain_used"

    def answer(self, talk: Talk) -> list[Answer]:
        on = list_on(talk)
        if not on:
            return [talk.say("explanations.what_is_used_nothing")]
        name = talk.desk.recommender.name_category
        plain = [c for c in talk.desk.shop.categories if not c.startswith("sensitive_") and c != "fairness"]
        off = [name(c) for c in plain if c not in on]
        categories = say_list([name(c) for c in on], talk.lang)
        if not off:
            return [talk.say("explanations.what_is_used_all", categories=categories)]
        return [talk.say("explanations.what_is_used", categories=categories, unused=say_list(off, talk.lang))]


class ActionOpenReview(CandorAction):
    """That is wrong, that is unfair: a numbered review of the offer in question."""

    def name(self) -> str:
        return "action_open_review"

    def answer(self, talk: Talk) -> list[Answer]:
        if talk.person_id is None:
            return [talk.say("explanations.review_sign_in")]
        impression = find_meant(talk, find_near(talk))
        if impression is None:
            return [talk.say("explanations.review_nothing_shown")]
        payload = f"/ask_review{json.dumps({'impression_id': impression.impression_id}, separators=(',', ':'))}"
        return [press(payload, kind="review", text=talk.words("explanations.review_which"))]


def find_near(talk: Talk) -> list[Impression]:
    """The offers that "this" may mean: those of the last message with offers, else those of the page."""
    if talk.conversation is None:
        return []
    shown = next((message.offers for message in talk.fetch_said() if len(message.offers) > 1), None)
    ids = (
        [offer["impression_id"] for offer in shown if offer.get("impression_id")]
        if shown
        else talk.conversation.page_offers
    )
    return [impression for impression_id in ids if (impression := _access(talk, impression_id)) is not None]


def find_meant(talk: Talk, near: list[Impression], *, besides: frozenset[str] = frozenset()) -> Impression | None:
    """The offer that a message is about."""
    named = _access(talk, talk.find_entity("impression_id"))
    if named is not None:
        return named
    titled = [i for i in near if i.offer["title"].lower() in talk.text.lower()]
    if titled and not besides:
        return max(titled, key=lambda i: len(i.offer["title"]))  # as the button on a page writes it
    types = [type_id for type_id in talk.find_entities("product_type") if type_id not in besides]
    for type_id in types:
        found = next((i for i in near if i.type_id == type_id), None) or _find_shown_before(talk, type_id)
        if found is not None:
            return found
    ordinal = next((_ORDINALS[word] for word in re.findall(r"\w+", talk.text.lower()) if word in _ORDINALS), None)
    if ordinal is not None and near and -1 <= ordinal < len(near):
        return near[ordinal]
    focus = _access(talk, talk.conversation.focus if talk.conversation else None)
    if focus is not None and (not near or any(i.impression_id == focus.impression_id for i in near)):
        return focus
    return near[0] if near else focus


def _find_shown_before(talk: Talk, type_id: str) -> Impression | None:
    if talk.person_id is None:
        return None
    with talk.read() as connection:
        return next((i for i in fetch_impressions(connection, talk.person_id, limit=200) if i.type_id == type_id), None)


def _access(talk: Talk, impression_id: str | None) -> Impression | None:
    if impression_id is None:
        return None
    try:
        with talk.read() as connection:
            return access_impression(connection, impression_id, person_id=talk.person_id)
    except NotKnown:
        return None


def list_on(talk: Talk) -> list[str]:
    """What is switched on, in the order of the privacy centre; nothing for a visitor or somebody under age."""
    if talk.person_id is None or _is_minor(talk):
        return []
    with talk.read() as connection:
        on = fetch_consents(connection, talk.person_id).choose
    return [category for category in talk.desk.shop.categories if category in on]


def _is_minor(talk: Talk) -> bool:
    return talk.conversation.minor if talk.conversation else False


def _button(title: str, intent: str, **entities: str) -> dict[str, str]:
    return {
        "title": title[:1].upper() + title[1:],
        "payload": f"/{intent}{json.dumps(entities, separators=(',', ':'))}",
    }
