"""Finding a talk, and what stands beside one (web/staff_search.py, web/staff_beside.py): exact, recorded for the customer, nothing kept of the search."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import insert
from starlette.testclient import TestClient

from data.conversations import change_state, require_conversation
from data.customers import Customer, draw_person_id, find_customer, seal_customer
from data.requests import Whose, open_request
from data.reviews import open_review
from data.tables import customers
from data.uses import fetch_uses
from tests.making import AT
from tests.serving import Agent, Guest, StandIn, make_settings, serve

ANN = Customer(draw_person_id(), "ann-77", "Ann Lee", "Ann.Lee@shop.example", invented=False, since=AT)


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    bot = StandIn()
    talk = bot.script
    bot.script = lambda asked: (
        [{"custom": {"kind": "handoff", "press": "/request_human"}}] if "person" in asked["message"] else talk(asked)
    )
    with serve(make_settings(tmp_path_factory.mktemp("web"), bot_port=bot.port)) as client:
        with house_of(client).database.write() as connection:
            connection.execute(insert(customers).values(seal_customer(connection, ANN)))
        yield client
    bot.close()


def house_of(client: TestClient) -> Any:
    return client.app.state.house  # type: ignore[attr-defined]


def search(agent: Agent, text: str) -> list[str]:
    answer = agent.call("POST", "/staff/api/search", {"text": text})
    assert answer.status_code == 200, answer.text
    return [hit["conversation_id"] for hit in answer.json()["hits"]]


def list_uses(client: TestClient, what_for: str, customer_id: str = "ann-77") -> list[dict[str, Any]]:
    with house_of(client).database.read() as connection:
        person = find_customer(connection, customer_id)
        assert person is not None
        return [use for use in fetch_uses(connection, person.person_id) if use["what_for"] == what_for]


def close(client: TestClient, conversation_id: str) -> None:
    with house_of(client).database.write() as connection:
        change_state(connection, require_conversation(connection, conversation_id), "closed")


def test_a_talk_is_found_by_number_handoff_mail_and_id_closed_ones_too_and_by_nothing_less(client: TestClient) -> None:
    old, new, stranger = Guest(client, "ann-77"), Guest(client, "ann-77"), Guest(client)
    close(client, old.id)
    new.ask("a person please")
    sam = Agent(client)
    handoff_id = sam.find_waiting(new.id)
    assert search(sam, old.id) == [old.id]
    assert search(sam, f"  {handoff_id} ") == [new.id]
    assert search(sam, "ann-77") == [new.id, old.id]
    assert search(sam, " ann.lee@SHOP.example ") == [new.id, old.id]
    for less in ("ann-7", "ann.lee", "lee@shop.example", "Ann Lee", old.id[:-1], "%", "*", "' OR 1=1 --"):
        assert search(sam, less) == [], less
    assert search(sam, stranger.id) == [stranger.id]
    hit = sam.call("POST", "/staff/api/search", {"text": stranger.id}).json()["hits"][0]
    assert hit == {
        "conversation_id": stranger.id,
        "opened_at": hit["opened_at"],
        "state": "bot",
        "customer_id": None,
        "customer_name": None,
    }


def test_a_word_is_found_in_open_talks_alone(client: TestClient) -> None:
    open_one, other = Guest(client), Guest(client)
    open_one.ask("a person please, my Zucchini is frozen")
    other.ask("zucchini")
    sam = Agent(client)
    assert search(sam, "zucchini") == [open_one.id]
    assert search(sam, "zu") == []


def test_each_hit_is_recorded_as_a_look_and_the_search_itself_nowhere(client: TestClient, caplog: Any) -> None:
    guest = Guest(client, "ann-77")
    before = list_uses(client, "search")
    sam = Agent(client)
    with caplog.at_level("DEBUG"):
        search(sam, "ann.lee@shop.example")
        search(sam, "ann.lee@shop.example")  # again within a quarter of an hour: one look
    found = [use for use in list_uses(client, "search") if use["detail"]["conversation_id"] == guest.id]
    assert [(use["by"], use["detail"]) for use in found] == [
        ("Sam Okafor", {"conversation_id": guest.id, "found": True})
    ]
    assert len(list_uses(client, "search")) > len(before)
    assert "ann.lee@shop.example" not in caplog.text
    with house_of(client).database.read() as connection:
        kept = connection.exec_driver_sql("SELECT actor, act, object_id, detail FROM audit").all()
    assert "ann.lee" not in str(kept).lower()


def test_only_staff_search_and_an_empty_or_endless_text_is_refused(client: TestClient) -> None:
    assert client.post("/staff/api/search", json={"text": "ann-77"}).status_code == 401
    sam = Agent(client)
    for text in ("", "   ", "x" * 201, 7):
        assert sam.call("POST", "/staff/api/search", {"text": text}).status_code == 422
    assert client.get("/staff/api/search?text=ann-77").status_code in (401, 405)


def test_no_more_than_twenty_are_told_and_that_there_are_more(client: TestClient) -> None:
    for _ in range(21):
        Guest(client, "many-1")
    answer = Agent(client).call("POST", "/staff/api/search", {"text": "many-1"}).json()
    assert (len(answer["hits"]), answer["more"]) == (20, True)


def test_beside_a_talk_stand_open_requests_reviews_and_earlier_talks(client: TestClient) -> None:
    first = Guest(client, "beside-1")
    second, third = Guest(client, "beside-1"), Guest(client, "beside-1")
    with house_of(client).database.write() as connection:
        person = find_customer(connection, "beside-1")
        assert person is not None
        whose = Whose(person_id=person.person_id)
        asked = open_request(connection, whose, kind="rectify", now=datetime(2026, 3, 2, tzinfo=UTC), text="my name")
        review = open_review(
            connection, person_id=person.person_id, conversation_id=None, impression_id=None, reason_id=None,
            text="wrong", at=AT, due_on=date(2026, 4, 1),
        )  # fmt: skip
    sam = Agent(client)
    told = sam.call("GET", f"/staff/api/conversations/{second.id}/beside").json()
    assert [one["request_id"] for one in told["requests"]] == [asked.request_id]
    assert [(one["review_id"], one["due"]) for one in told["reviews"]] == [(review.review_id, "2026-04-01")]
    assert [one["conversation_id"] for one in told["earlier"]] == [first.id]
    assert third.id not in str(told)
    looks = [use for use in list_uses(client, "handoff", "beside-1") if use["detail"].get("read")]
    assert [use["detail"]["conversation_id"] for use in looks] == [second.id]
    sam.call("GET", f"/staff/api/conversations/{first.id}")
    looks = [use for use in list_uses(client, "handoff", "beside-1") if use["detail"].get("read")]
    assert {use["detail"]["conversation_id"] for use in looks} == {first.id, second.id}


def test_a_visitor_has_nothing_beside_them(client: TestClient) -> None:
    guest = Guest(client)
    told = Agent(client).call("GET", f"/staff/api/conversations/{guest.id}/beside").json()
    assert told == {"requests": [], "reviews": [], "earlier": []}
    assert client.get(f"/staff/api/conversations/{guest.id}/beside").status_code == 401
