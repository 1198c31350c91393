"""Yes and no to the last question, abuse and distress, and what is not understood."""

import re

from actions.questions import find_answer
from actions.talk import Answer, CandorAction, Talk, press

_IN_NEED = re.compile(
    r"\b(?:money|afford\w*|pay|rent|broke|debts?|food|eat|feed|hungry|hunger|starv\w+|meals?|homeless|benefits|fridge|diapers|nappies)\b",
    re.IGNORECASE,
)
_NOT_UNDERSTOOD = ("nlu_fallback", "ask_out_of_scope", "ask_either")


class ActionConfirm(CandorAction):
    """ "Yes" presses the first of the two buttons of the last question."""

    def name(self) -> str:
        return "action_confirm"

    def answer(self, talk: Talk) -> list[Answer]:
        return [_press_last(talk, 0) or talk.say("smalltalk.nothing_to_confirm")]


class ActionDecline(CandorAction):
    """ "No" presses the second. With nothing asked, while a person is waited for, it may be the waiting that is not wanted."""

    def name(self) -> str:
        return "action_decline"

    def answer(self, talk: Talk) -> list[Answer]:
        pressed = _press_last(talk, 1)
        if pressed is not None:
            return [pressed]
        return [talk.say("handoff.stop_waiting" if talk.is_waiting else "smalltalk.nothing_to_decline")]


class ActionFallBack(CandorAction):
    """Not understood, or not ours: say so, and offer a person; the second time more plainly."""

    def name(self) -> str:
        return "action_fall_back"

    def answer(self, talk: Talk) -> list[Answer]:
        if talk.intent != "ask_out_of_scope" and (known := find_answer(talk)) is not None:
            return [known]
        return [fall_back(talk)]


class ActionAnswerAbuse(CandorAction):
    """Abuse: calm, no lecture; the second time running a person is offered plainly."""

    def name(self) -> str:
        return "action_answer_abuse"

    def answer(self, talk: Talk) -> list[Answer]:
        again = talk.find_understood().get("intent") == talk.intent
        return [talk.say("smalltalk.abuse_again" if again else "smalltalk.abuse")]


class ActionAnswerDistress(CandorAction):
    """Distress without danger to life: where somebody listens, or where food is to be had; nothing is sold."""

    def name(self) -> str:
        return "action_answer_distress"

    def answer(self, talk: Talk) -> list[Answer]:
        return [talk.say("smalltalk.distress_need" if _IN_NEED.search(talk.text) else "smalltalk.distress")]


def fall_back(talk: Talk) -> Answer:
    """Not understood, or not ours; the second time running a person is offered plainly. None is offered to who waits for one."""
    if talk.is_waiting:
        return talk.say("smalltalk.fallback_waiting")
    last = next((message for message in talk.fetch_said() if message.author == "bot"), None)
    before = last.understood.get("intent", talk.intent) if last is not None and last.kind == "fallback" else None
    if before in _NOT_UNDERSTOOD:
        return talk.say("smalltalk.fallback_again")
    return talk.say("smalltalk.out_of_scope" if talk.intent == "ask_out_of_scope" else "smalltalk.fallback")


class ActionAnswerOtherLanguage(CandorAction):
    """A message in another language: say in it that only English is understood, and offer a person."""

    def name(self) -> str:
        return "action_answer_other_language"

    def answer(self, talk: Talk) -> list[Answer]:
        lang = talk.find_entity("language") or ""
        entry = talk.desk.other.get(lang)
        if entry is None:  # a bot that knows more languages than the texts do
            return [talk.say("smalltalk.fallback")]
        return [Answer("fallback", entry.say[0], [dict(button) for button in entry.buttons], {"lang": lang})]


def _press_last(talk: Talk, index: int) -> Answer | None:
    """Press a button of the last thing the bot said, if it asked a question with exactly two."""
    said = talk.fetch_said(limit=6)
    last = said[0] if said else None
    if last is None or len(last.buttons) != 2 or "?" not in last.text:
        return None
    return press(last.buttons[index]["payload"], kind="chat", text=last.buttons[index]["title"])
