"""Common questions: the bot says which of the shop's it may be (bot/encoder/questions.py), the database what the shop answers.

An id is looked up at every answer. What an import took away since the bot was trained, or gave another title, is not answered.
"""

from urllib.parse import quote

from actions.talk import Answer, CandorAction, Talk, write_payload
from bot.language.asked import MAYBE, SURE
from data.catalogue import Question, find_question

MOST_CHOICES = 3
LEAST_CHOICE = 0.02


class ActionAnswerQuestion(CandorAction):
    """The shop's answer to a common question; unsure, which one is meant; else an honest no."""

    def name(self) -> str:
        return "action_answer_question"

    def answer(self, talk: Talk) -> list[Answer]:
        with talk.read() as connection:
            chosen = find_question(connection, talk.find_entity("question_id") or "")
        if chosen is not None:
            return [tell_question(talk, chosen)]
        known = list_known(talk)
        if known and known[0][1] >= SURE:
            return [tell_question(talk, known[0][0])]
        if known and not _has_just_asked(talk, known[0][0]):
            offered = [question for question, _ in known]
            text = "questions.which" if len(offered) > 1 else "questions.whether"
            return [talk.say(text, buttons=list_question_buttons(talk, offered))]
        return [talk.say("questions.not_found")]


def list_known(talk: Talk) -> list[tuple[Question, float]]:
    """Questions that the message may ask and that the shop still answers, with their confidence; none below `MAYBE`."""
    found = talk.asked[:MOST_CHOICES]
    if not found or found[0].confidence < MAYBE:
        return []
    with talk.read() as connection:
        rows = [(find_question(connection, one.question_id), one) for one in found]
    known = [(row, one.confidence) for row, one in rows if row is not None and row.title == one.title]
    return [one for one in known if one[1] >= LEAST_CHOICE] if known and known[0][1] >= MAYBE else []


def find_answer(talk: Talk, *, least: float = SURE, kind: str = "answer") -> Answer | None:
    """The answer when the confidence is `least` or more, else None."""
    known = list_known(talk)
    return tell_question(talk, known[0][0], kind=kind) if known and known[0][1] >= least else None


def tell_question(talk: Talk, question: Question, *, kind: str = "answer") -> Answer:
    """An answer with its source and a link to it: the shop's own page where the question names one, else ours.

    The answer is the shop's own text, so it stays in the shop's first language.
    """
    source = talk.words("questions.answer_source", title=question.title)
    link = question.link or f"/questions/{quote(question.question_id, safe='')}"
    custom = {"extra": {"source": {"title": question.title, "link": link}}, "lang": talk.desk.shop.languages[0]}
    return Answer(kind, f"{question.answer}\n\n{source}", custom=custom)


def list_question_buttons(talk: Talk, questions: list[Question]) -> list[dict[str, str]]:
    """One button a question, and one for a person; one question alone is a yes or no."""
    buttons = [
        {"title": q.title, "payload": write_payload("ask_question", question_id=q.question_id)} for q in questions
    ]
    if len(buttons) == 1:
        return [*buttons, {"title": talk.words("questions.button_other"), "payload": "/continue_with_bot"}]
    return [*buttons, {"title": talk.words("handoff.button_person"), "payload": "/request_human"}]


def _has_just_asked(talk: Talk, question: Question) -> bool:
    """True when the last thing said offered this question to choose already: it is asked once."""
    said, payload = talk.fetch_said(limit=6), write_payload("ask_question", question_id=question.question_id)
    return bool(said) and any(button["payload"] == payload for button in said[0].buttons)
