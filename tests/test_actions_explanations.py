"""The dialogue about choosing, as the bot's actions answer it: what a button asks, what words ask, and what is offered next."""

import json
from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest
from sqlalchemy import Connection

from actions.desk import Desk
from actions.explanations import (
    ActionExplainCertainty,
    ActionExplainMeaning,
    ActionExplainMore,
    ActionExplainOffer,
    ActionExplainWhatIf,
    find_near,
)
from actions.requests import ActionChooseListed
from actions.talk import Answer, CandorAction, Talk
from data.conversations import Draft, append_messages, open_conversation
from data.customers import find_customer
from data.database import Database
from data.impressions import record_slate
from data.shop import Shop
from data.texts import Texts
from models.recommender import Recommender
from tests.making import AT, TODAY
from tests.small_shop import make_small_shop
from web.deeds import parse_payload


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, shop: Shop, texts: Texts) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("actions")
    database, _ = make_small_shop(folder, shop)
    parts = SimpleNamespace(
        shop=shop, texts=texts, database=database, recommender=Recommender(folder / "models", shop, texts)
    )
    yield cast(Desk, parts)
    database.close()


def make_talk(desk: Desk, customer_id: str, text: str, **entities: str) -> tuple[Talk, list[str]]:
    """A message in a new conversation on a page with five offers; the ids of their impressions."""
    with desk.database.write() as connection:
        person_id = _find_person(connection, customer_id)
        slate = desk.recommender.choose(connection, person_id=person_id, today=TODAY, limit=5)
        shown = record_slate(
            connection,
            slate.shown,
            person_id=person_id,
            slot="home",
            channel="page",
            consents=slate.consents,
            model_version=slate.model_version,
            variant=slate.variant,
            at=AT,
            shop_day=TODAY,
        )
        ids = [one.impression_id for one in shown]
        conversation = open_conversation(
            connection, person_id=person_id, locale="en", minor=False, page_offers=ids, at=AT
        )
    named = [{"entity": name, "value": value} for name, value in entities.items()]
    return Talk(desk, conversation, person_id, text, "", named), ids


def _find_person(connection: Connection, customer_id: str) -> int:
    person = find_customer(connection, customer_id)
    assert person is not None
    return person.person_id


def answer(action: CandorAction, talk: Talk) -> Answer:
    (one,) = action.answer(talk)
    return one


def find_payloads(told: Answer) -> list[tuple[str, dict[str, Any]]]:
    return [parse_payload(button["payload"]) for button in told.buttons]


def test_why_offers_more_and_what_would_change_it(desk: Desk) -> None:
    talk, ids = make_talk(desk, "c0", "why this?")
    payloads = find_payloads(answer(ActionExplainOffer(), talk))
    assert ("ask_more", {"impression_id": ids[0]}) in payloads
    assert ("ask_what_if", {"impression_id": ids[0]}) in payloads


def test_why_again_right_after_the_reasons_asks_for_what_lies_behind_them(desk: Desk) -> None:
    talk, ids = make_talk(desk, "c0", "why?")
    told = answer(ActionExplainOffer(), talk)
    assert talk.conversation is not None
    talk.conversation = replace(talk.conversation, focus=ids[0])
    said = Draft("bot", told.kind, told.text, understood={"intent": "ask_why_offer", "entities": []})
    with desk.database.write() as connection:
        append_messages(connection, talk.conversation.conversation_id, [said], at=AT)
    again = answer(ActionExplainOffer(), talk)
    assert parse_payload(again.custom["press"]) == ("ask_more", {"impression_id": ids[0]})
    talk.text = f"/ask_why_offer{json.dumps({'impression_id': ids[0]})}"  # a button says what it means
    assert answer(ActionExplainOffer(), talk).text == told.text


def test_an_offer_is_known_by_its_title(desk: Desk) -> None:
    talk, ids = make_talk(desk, "c0", "")
    near = find_near(talk)
    for impression in near:
        talk.text = f"Why did I see {impression.offer['title']}?"
        assert answer(ActionExplainOffer(), talk).custom["focus"] == impression.impression_id
    assert [one.impression_id for one in near] == ids


def test_the_second_is_of_the_page_where_nothing_else_was_listed(desk: Desk) -> None:
    talk, ids = make_talk(desk, "c0", "no, the second one")
    assert parse_payload(answer(ActionChooseListed(), talk).custom["press"]) == (
        "ask_why_offer",
        {"impression_id": ids[1]},
    )


def test_the_button_asks_what_would_change_it_and_offers_each_category(desk: Desk) -> None:
    talk, ids = make_talk(desk, "c0", "")
    talk.text = f"/ask_what_if{json.dumps({'impression_id': ids[0]})}"
    told = answer(ActionExplainWhatIf(), talk)
    assert told.kind == "what_if"
    assert "your five offers" in told.text
    assert find_payloads(told) == [
        ("ask_what_if", {"category": "purchases", "impression_id": ids[0]}),
        ("ask_what_if", {"category": "offers", "impression_id": ids[0]}),
    ]
    assert [button["title"] for button in told.buttons] == [
        "Without what you bought?",
        "Without offers you saw or used?",
    ]


def test_a_category_is_answered_as_before(desk: Desk) -> None:
    talk, _ = make_talk(desk, "c0", "what would I see without my purchases?", category="purchases")
    told = answer(ActionExplainWhatIf(), talk)
    assert told.text.startswith("Without what you bought")
    assert told.custom["extra"]["effect"]["category"] == "purchases"


@pytest.mark.parametrize(
    ("text", "is_boundary"),
    [
        ("what would change it?", True),
        ("what would have to change", True),
        ("what would push it off my list", True),
        ("how close was it", True),
        ("what would change if I opted out", False),
        ("what if I say no", False),
        ("what would I see without your data about me", False),
    ],
)
def test_words_about_a_switch_are_not_answered_with_days(desk: Desk, text: str, is_boundary: bool) -> None:
    talk, _ = make_talk(desk, "c0", text)
    told = answer(ActionExplainWhatIf(), talk)
    assert ("What should I leave out?" in told.text) != is_boundary
    assert len(told.buttons) == 2


def test_with_nothing_on_nothing_would_change(desk: Desk) -> None:
    talk, ids = make_talk(desk, "c59", "")
    talk.text = f"/ask_what_if{json.dumps({'impression_id': ids[0]})}"
    assert "nothing would change" in answer(ActionExplainWhatIf(), talk).text


def test_more_stands_beside_the_reasons_and_their_controls(desk: Desk) -> None:
    talk, ids = make_talk(desk, "c1", "tell me more")
    told = answer(ActionExplainMore(), talk)
    assert told.kind == "explanation"
    assert told.custom == {"explanation": ids[0], "focus": ids[0]}
    assert "log-odds" in told.text
    assert "\n\n" not in told.text
    assert ("ask_meaning", {"impression_id": ids[0]}) in find_payloads(told)


def test_only_more_and_meaning_speak_of_log_odds(desk: Desk) -> None:
    for action in (ActionExplainOffer(), ActionExplainWhatIf(), ActionExplainCertainty()):
        talk, _ = make_talk(desk, "c2", "what would change it?")
        assert "log-odds" not in answer(action, talk).text


@pytest.mark.parametrize("action", [ActionExplainMore(), ActionExplainMeaning(), ActionExplainCertainty()])
@pytest.mark.parametrize("customer_id", ["c3", "c58"])
def test_each_answers_about_the_offer_meant(desk: Desk, action: CandorAction, customer_id: str) -> None:
    """c3 agreed, c58 did not: who did not is told that nothing about them was used."""
    talk, ids = make_talk(desk, customer_id, "the second one please")
    told = answer(action, talk)
    assert told.kind == "explanation"
    assert told.custom["focus"] == ids[1]
    assert told.text


@pytest.mark.parametrize("action", [ActionExplainMore(), ActionExplainMeaning()])
def test_without_an_offer_there_is_nothing_to_explain(shop: Shop, texts: Texts, action: CandorAction) -> None:
    bare = cast(Desk, SimpleNamespace(shop=shop, texts=texts))
    told = answer(action, Talk(bare, conversation=None, person_id=None, text="", intent="", entities=[]))
    assert told.text.startswith("I have not shown you an offer")


def test_the_shop_stays_as_it_was(desk: Desk) -> None:
    """Asking, however often, changes no slate."""
    talk, _ = make_talk(desk, "c4", "what would change it?")
    database: Database = desk.database
    with database.read() as connection:
        before = desk.recommender.choose(connection, person_id=talk.person_id, today=TODAY, limit=5)
        for action in (ActionExplainWhatIf(), ActionExplainMore(), ActionExplainMeaning(), ActionExplainCertainty()):
            answer(action, talk)
        after = desk.recommender.choose(connection, person_id=talk.person_id, today=TODAY, limit=5)
    assert [one.offer_id for one in before.shown] == [one.offer_id for one in after.shown]
