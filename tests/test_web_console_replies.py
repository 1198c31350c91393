"""What helps a person to write (web/staff_replies.py): written answers with their fields, suggestions from the bot's own reading."""

from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from data.answers import WrittenAnswer
from data.importers.answers import write_answers
from data.importers.questions import Question, write_questions
from tests.serving import Agent, Guest, StandIn, make_settings, serve

MISSING = {"kind": "handoff", "handoff": {"about": "Something missing", "order_id": "A-1"}}
ANSWERS = [
    WrittenAnswer("hello", "A greeting", "Hello {customer_name}, {my_name} of {shop_name} here.", None),
    WrittenAnswer("order", "B order", "I look at {order_id}.", None),
    WrittenAnswer("hallo", "A Gruss", "Guten Tag.", "de"),
]
QUESTIONS = [
    Question("parking", "Is there parking?", ("car park",), "Yes, for two hours.", "parking.md", "https://shop.example/p"),
    Question("bags", "Are bags free?", (), "No, a bag costs ten cents.", "bags.md", None),
]  # fmt: skip


@pytest.fixture(scope="module")
def bot() -> Iterator[StandIn]:
    stand_in = StandIn()

    def script(asked: dict[str, Any]) -> list[dict[str, Any]]:
        if "missing" in asked["message"]:
            return [{"text": "I pass it on."}, {"custom": {"kind": "order"}}, {"custom": MISSING}]
        return [{"custom": {"kind": "handoff", "press": "/request_human"}}]

    stand_in.script = script
    yield stand_in
    stand_in.close()


@pytest.fixture(scope="module")
def client(bot: StandIn, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    with serve(make_settings(tmp_path_factory.mktemp("web"), bot_port=bot.port)) as client:
        house = client.app.state.house  # type: ignore[attr-defined]
        with house.database.write() as connection:
            write_answers(connection, ANSWERS)
            write_questions(connection, QUESTIONS)
        yield client


def claim(client: TestClient, guest: Guest, asked: str = "a person please") -> Agent:
    guest.ask(asked)
    sam = Agent(client)
    assert sam.call("POST", f"/staff/api/handoffs/{sam.find_waiting(guest.id)}/claim", {}).status_code == 200
    return sam


def list_answers(agent: Agent, conversation_id: str) -> list[dict[str, Any]]:
    answer = agent.call("GET", f"/staff/api/answers?conversation_id={conversation_id}")
    assert answer.status_code == 200, answer.text
    listed: list[dict[str, Any]] = answer.json()["answers"]
    return listed


def test_fields_are_filled_from_the_talk_and_what_is_missing_is_told(client: TestClient) -> None:
    guest = Guest(client, "replies-1")
    sam = claim(client, guest, "something is missing")
    told = {one["answer_id"]: one for one in list_answers(sam, guest.id)}
    assert told["order"]["text"] == "I look at A-1."
    assert told["order"]["missing"] == []
    shop = client.app.state.house.shop.name  # type: ignore[attr-defined]
    assert told["hello"]["text"] == f"Hello {{customer_name}}, Sam Okafor of {shop} here."
    assert told["hello"]["missing"] == ["customer_name"]


def test_answers_of_the_talks_language_stand_first(client: TestClient) -> None:
    german, english = Guest(client, locale="de"), Guest(client)
    sam = claim(client, german)
    assert [one["answer_id"] for one in list_answers(sam, german.id)] == ["hallo", "hello", "order"]
    assert [one["answer_id"] for one in list_answers(sam, english.id)] == ["hello", "order", "hallo"]


def test_a_field_is_never_sent_to_a_customer_but_may_stand_in_a_note(client: TestClient) -> None:
    guest = Guest(client)
    sam = claim(client, guest)
    refused = sam.say(guest.id, "I look at {order_id} now.")
    assert (refused.status_code, refused.json()["error"]["code"]) == (422, "bad_input")
    assert "{order_id}" in refused.json()["error"]["message"]
    assert sam.say(guest.id, "use {order_id} here", private=True).status_code == 202
    assert sam.say(guest.id, "I look at {your order} now.").status_code == 202
    assert "{order_id}" not in str(guest.read()["messages"])


def test_suggestions_are_the_shops_answers_that_the_bot_is_not_unsure_of(client: TestClient, bot: StandIn) -> None:
    guest = Guest(client)
    sam = claim(client, guest)
    asked = guest.send("may I park my van?").json()["seq"]
    bot.questions = [
        {"id": "parking", "title": "Is there parking?", "confidence": 0.8},
        {"id": "gone", "title": "A question of before", "confidence": 0.5},
        {"id": "bags", "title": "Are bags free?", "confidence": 0.1},
    ]
    turns = len(bot.heard)
    told = sam.call("GET", f"/staff/api/suggestions?conversation_id={guest.id}").json()
    assert told["seq"] == asked
    assert [(one["question_id"], one["text"], one["link"]) for one in told["suggestions"]] == [
        ("parking", "Yes, for two hours.", "https://shop.example/p")
    ]
    assert bot.read[-1] == "may I park my van?"
    assert len(bot.heard) == turns, "no turn of the dialogue"
    assert guest.read()["last_seq"] == asked, "nothing was said by it"
    bot.questions = [{"id": "parking", "title": "Another title than before", "confidence": 0.9}]
    assert sam.call("GET", f"/staff/api/suggestions?conversation_id={guest.id}").json()["suggestions"] == []


def test_without_a_bot_there_are_no_suggestions_and_strangers_get_none(client: TestClient, bot: StandIn) -> None:
    guest = Guest(client)
    sam = claim(client, guest)
    bot.questions = "no list"  # type: ignore[assignment]
    assert sam.call("GET", f"/staff/api/suggestions?conversation_id={guest.id}").json()["suggestions"] == []
    bot.questions = []
    for path in ("answers", "suggestions"):
        assert sam.call("GET", f"/staff/api/{path}?conversation_id=nobody").status_code == 401
        assert client.get(f"/staff/api/{path}?conversation_id={guest.id}").status_code == 401
