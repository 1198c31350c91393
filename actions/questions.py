"""Common questions: found among the shop's own answers, with the source named; not found is said."""

import json

from actions.talk import Answer, CandorAction, Talk
from bot.language.retrieval import MAYBE, SURE
from data.catalogue import Question

MOST_CHOICES = 3


class ActionAnswerQuestion(CandorAction):
    """The shop's answer to a common question."""

    def name(self) -> str:
        return "action_answer_question"

    def answer(self, talk: Talk) -> list[Answer]:
        retriever, questions = talk.desk.get_questions()
        chosen = talk.find_entity("question_id")
        if chosen in questions:
            return [tell_question(talk, questions[chosen])]
        sure = find_answer(talk)
        if sure is not None:
            return [sure]
        maybe = [
            questions[found.question_id] for found in retriever.rank(talk.text)[:MOST_CHOICES] if found.score >= MAYBE
        ]
        if maybe:
            return [talk.say("questions.which", buttons=list_question_buttons(talk, maybe))]
        return [talk.say("questions.not_found")]


def find_answer(talk: Talk) -> Answer | None:
    """The answer when it is sure, else None."""
    retriever, questions = talk.desk.get_questions()
    ranked = retriever.rank(talk.text)
    sure = ranked and ranked[0].score >= SURE and ranked[0].question_id in questions
    return tell_question(talk, questions[ranked[0].question_id]) if sure else None


def tell_question(talk: Talk, question: Question, *, kind: str = "answer") -> Answer:
    """An answer with its source."""
    source = talk.words("questions.answer_source", title=question.title)
    custom = {"extra": {"source": {"title": question.title, "link": question.link}}}
    return Answer(kind, f"{question.answer}\n\n{source}", custom=custom)


def list_question_buttons(talk: Talk, questions: list[Question]) -> list[dict[str, str]]:
    """One button a question, and one for a person."""
    buttons = [
        {"title": q.title, "payload": write_payload("ask_question", question_id=q.question_id)} for q in questions
    ]
    return [*buttons, {"title": talk.words("handoff.button_person"), "payload": "/request_human"}]


def write_payload(intent: str, **facts: str) -> str:
    """A button's payload; an id may hold anything, a quote too."""
    return f"/{intent}{json.dumps(facts, ensure_ascii=False, separators=(',', ':'))}"
