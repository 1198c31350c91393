"""Common questions as the actions answer them, from a shop of kettles in a real database."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from sqlalchemy import delete

from actions.desk import Desk
from actions.orders import ActionExplainReturn
from actions.questions import ActionAnswerQuestion, find_answer
from actions.smalltalk import ActionFallBack
from actions.talk import Answer, Talk, put_question_beside
from bot.language.asked import MAYBE, SURE, Asked
from data import tables
from data.conversations import Draft, append_messages, open_conversation
from data.importers.questions import Question, write_questions
from data.texts import Texts
from tests.kettles import Kettles, open_kettles
from tests.making import AT

DESCALE = "How do I descale my kettle?"
BACK = "Can I bring a kettle back?"


@pytest.fixture
def kettles(tmp_path: Path) -> Iterator[Kettles]:
    with open_kettles(tmp_path) as opened:
        opened.bring()
        with opened.database.write() as connection:
            write_questions(connection, [Question("back", BACK, (), "Within 30 days.", "back.md", None)])
        yield opened


@pytest.fixture
def desk(kettles: Kettles, texts: Texts) -> Desk:
    return cast(Desk, SimpleNamespace(shop=kettles.shop, texts=texts, database=kettles.database))


def make_talk(desk: Desk, *asked: Asked, intent: str = "ask_question", chosen: str | None = None) -> Talk:
    entities = [{"entity": "question_id", "value": chosen}] if chosen else []
    return Talk(desk, None, None, "lime in it", intent, entities, list(asked))


def answer(talk: Talk) -> Answer:
    (told,) = ActionAnswerQuestion().answer(talk)
    return told


def test_a_question_that_is_sure_is_answered_with_its_source_and_a_link(desk: Desk) -> None:
    told = answer(make_talk(desk, Asked("descale", DESCALE, SURE)))
    assert told.kind == "answer"
    assert told.text.startswith("Fill it with water and two spoons of citric acid.")
    assert DESCALE in told.text
    assert told.custom["extra"]["source"] == {"title": DESCALE, "link": "/help"}
    other = answer(make_talk(desk, Asked("back", BACK, SURE)))
    assert other.custom["extra"]["source"]["link"] == "/questions/back"


def test_in_between_the_likeliest_are_offered_to_choose_from(desk: Desk) -> None:
    told = answer(make_talk(desk, Asked("back", BACK, SURE - 0.01), Asked("descale", DESCALE, 0.05)))
    assert [button["title"] for button in told.buttons[:2]] == [BACK, DESCALE]
    assert told.buttons[-1]["payload"] == "/request_human"
    assert "30 days" not in told.text
    one = answer(make_talk(desk, Asked("back", BACK, MAYBE)))
    assert [button["payload"] for button in one.buttons] == [
        '/ask_question{"question_id":"back"}',
        "/continue_with_bot",
    ]


def test_which_one_is_meant_is_asked_once(desk: Desk) -> None:
    doubtful = Asked("back", BACK, MAYBE)
    first = answer(make_talk(desk, doubtful))
    with desk.database.write() as connection:
        conversation = open_conversation(connection, person_id=None, locale="en", minor=False, page_offers=[], at=AT)
        said = Draft("bot", first.kind, first.text, buttons=first.buttons)
        append_messages(connection, conversation.conversation_id, [said], at=AT)
    talk = make_talk(desk, doubtful)
    talk.conversation = conversation
    assert [button["payload"] for button in answer(talk).buttons] == ["/request_human", "/continue_with_bot"]
    talk.asked = [Asked("descale", DESCALE, MAYBE)]
    assert answer(talk).buttons[0]["title"] == DESCALE


@pytest.mark.parametrize("asked", [[], [Asked("back", BACK, MAYBE - 0.01)]])
def test_below_that_it_says_that_it_does_not_know_and_offers_a_person(desk: Desk, asked: list[Asked]) -> None:
    told = answer(make_talk(desk, *asked))
    assert told.kind == "fallback"
    assert [button["payload"] for button in told.buttons] == ["/request_human", "/continue_with_bot"]


def test_what_an_import_changed_since_the_training_is_not_answered(desk: Desk) -> None:
    gone = answer(make_talk(desk, Asked("gone", "Was here once?", 0.99)))
    retitled = answer(make_talk(desk, Asked("descale", "How do I clean my kettle?", 0.99)))
    assert (gone.kind, retitled.kind) == ("fallback", "fallback")
    assert answer(make_talk(desk, Asked("descale", DESCALE, 0.99))).kind == "answer"
    with desk.database.write() as connection:
        connection.execute(delete(tables.questions))
    assert answer(make_talk(desk, Asked("descale", DESCALE, 0.99))).kind == "fallback"


def test_when_the_likeliest_is_gone_the_next_is_not_answered_in_its_place(desk: Desk) -> None:
    assert find_answer(make_talk(desk, Asked("gone", "Was here once?", 0.9), Asked("back", BACK, 0.05))) is None


def test_a_button_names_its_question_whatever_was_understood(desk: Desk) -> None:
    assert "citric acid" in answer(make_talk(desk, chosen="descale")).text
    assert answer(make_talk(desk, chosen="none there")).kind == "fallback"


def test_a_return_is_explained_from_the_shops_own_answer_or_not_at_all(desk: Desk) -> None:
    (told,) = ActionExplainReturn().answer(make_talk(desk, Asked("back", BACK, MAYBE), intent="ask_return"))
    assert (told.kind, told.text.startswith("Within 30 days.")) == ("order", True)
    (unknown,) = ActionExplainReturn().answer(make_talk(desk, intent="ask_return"))
    assert "30 days" not in unknown.text


def test_not_understood_is_still_answered_when_the_question_is_sure(desk: Desk) -> None:
    (told,) = ActionFallBack().answer(make_talk(desk, Asked("back", BACK, SURE), intent="nlu_fallback"))
    assert told.text.startswith("Within 30 days.")


def test_beside_what_was_looked_up_stands_the_question_but_not_beside_a_yes_and_no(desk: Desk) -> None:
    talk = make_talk(desk, Asked("back", BACK, SURE), intent="ask_order_status")
    (told,) = put_question_beside(talk, [Answer("order", "Order 1 is on its way.")])
    assert [button["payload"] for button in told.buttons] == ['/ask_question{"question_id":"back"}']
    asks = Answer("order", "Is it this one?", [{"title": "Yes", "payload": "/a"}, {"title": "No", "payload": "/b"}])
    assert put_question_beside(talk, [asks]) == [asks]
    pressed = Answer("order", "A person looks.", custom={"press": "/request_human"})
    assert put_question_beside(talk, [pressed]) == [pressed]
    plain = Answer("order", "Order 1 is on its way.")
    for asked, intent in (
        (Asked("back", BACK, SURE - 0.01), "ask_order_status"),
        (Asked("gone", "Was here once?", SURE), "ask_order_status"),
        (Asked("back", BACK, SURE), "request_erasure"),
    ):
        assert put_question_beside(make_talk(desk, asked, intent=intent), [plain]) == [plain]
