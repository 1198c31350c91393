"""Requests by right in front of staff: the days left, the alarm, an answer in writing that the customer reads by name."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update
from starlette.testclient import TestClient

from data.clock import format_time, read_shop_clock
from data.database import Database
from data.shop import Shop
from data.tables_rights import requests
from tests.serving import Agent, Guest, StandIn, make_settings, serve
from tests.small_shop import bearer, is_refused, make_small_shop


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, shop: Shop) -> Iterator[tuple[TestClient, Database]]:
    folder, bot = tmp_path_factory.mktemp("requests"), StandIn()
    database, _ = make_small_shop(folder, shop)
    with serve(make_settings(folder, bot_port=bot.port)) as client:
        yield client, database
    database.close()
    bot.close()


@pytest.fixture
def client(served: tuple[TestClient, Database]) -> TestClient:
    return served[0]


def ask(client: TestClient, who: dict[str, str], **body: Any) -> str:
    answer = client.post("/api/me/requests", json={"kind": "rectify"} | body, headers=who)
    assert answer.status_code == 201, answer.text
    request_id: str = answer.json()["request_id"]
    return request_id


def list_waiting(agent: Agent) -> dict[str, dict[str, Any]]:
    return {one["request_id"]: one for one in agent.call("GET", "/staff/api/requests").json()["requests"]}


def test_what_needs_a_person_is_listed_with_the_days_left_and_read_with_a_record(client: TestClient) -> None:
    agent = Agent(client)
    request_id = ask(client, bearer("c1"), text="my street is wrong")
    client.post("/api/me/requests", json={"kind": "access"}, headers=bearer("c1"))
    one = list_waiting(agent)[request_id]
    assert 27 <= one["days_left"] <= 31
    assert not one["overdue"]
    assert "text" not in one
    told = agent.call("GET", f"/staff/api/requests/{request_id}").json()
    assert (told["text"], told["customer_id"]) == ("my street is wrong", "c1")
    groups = client.get("/api/me/data", headers=bearer("c1")).json()["groups"]
    uses = next(group["rows"] for group in groups if group["name"] == "uses")
    assert ("Sam Okafor", {"request_id": request_id, "read": True}) in [(use["by"], use["detail"]) for use in uses]


@pytest.mark.parametrize("state", ["done", "refused"])
def test_an_answer_is_read_in_the_chat_and_among_the_requests_by_name(client: TestClient, state: str) -> None:
    agent, guest = Agent(client), Guest(client, "c2")
    request_id = ask(client, bearer("c2"), text="wrong")
    body = {"state": state, "answer": "We wrote to the warehouse."}
    assert agent.call("POST", f"/staff/api/requests/{request_id}", body).json()["state"] == state
    heard = guest.read()["messages"][-1]
    assert (heard["author"], heard["author_name"], heard["kind"]) == ("human", "Sam Okafor", "privacy")
    assert heard["text"].startswith("We wrote to the warehouse.")
    assert request_id in heard["text"]
    assert "Sam Okafor" in heard["text"]
    found = client.get("/api/me/requests", headers=bearer("c2")).json()["requests"]
    (mine,) = [one for one in found if one["request_id"] == request_id]
    assert (mine["state"], mine["outcome"]) == (state, "We wrote to the warehouse.")
    assert request_id not in list_waiting(agent)
    assert is_refused(agent.call("POST", f"/staff/api/requests/{request_id}", body), 409, "conflict")


def test_a_visitor_reads_the_answer_in_the_chat_that_asked(client: TestClient) -> None:
    agent, guest = Agent(client), Guest(client)
    request_id = ask(client, guest.headers, text="wrong")
    agent.call("POST", f"/staff/api/requests/{request_id}", {"state": "done", "answer": "Mended."})
    assert guest.read()["messages"][-1]["text"].startswith("Mended.")


def test_one_that_a_review_answers_is_not_answered_twice(client: TestClient) -> None:
    agent = Agent(client)
    asked = client.post("/api/me/requests", json={"kind": "review", "text": "unfair"}, headers=bearer("c3")).json()
    assert asked["request_id"] not in list_waiting(agent)
    body = {"state": "done", "answer": "x"}
    assert is_refused(agent.call("POST", f"/staff/api/requests/{asked['request_id']}", body), 409, "conflict")
    agent.call("POST", "/staff/api/reviews", {"review_id": asked["review_id"], "decision": "You are right."})
    found = client.get("/api/me/requests", headers=bearer("c3")).json()["requests"]
    assert [(one["state"], one["outcome"]) for one in found] == [("done", "You are right.")]


def test_one_that_a_month_has_passed_over_raises_an_alarm(served: tuple[TestClient, Database]) -> None:
    client, database = served
    agent, request_id = Agent(client), ask(client, bearer("c4"), text="late")
    metrics = client.get("/metrics").text
    assert "candor_requests_overdue 0.0" in metrics
    with database.write() as connection:
        clock = read_shop_clock(connection, client.app.state.house.shop.zone)  # type: ignore[attr-defined]
        due = format_time(clock.now() - timedelta(days=2))
        connection.execute(update(requests).where(requests.c.request_id == request_id).values(due_at=due))
    assert list_waiting(agent)[request_id]["overdue"]
    assert "candor_requests_overdue 1.0" in client.get("/metrics").text


def test_nobody_but_staff_reads_or_answers_and_bad_input_is_refused(client: TestClient) -> None:
    agent, request_id = Agent(client), ask(client, bearer("c5"), text="mine")
    assert is_refused(client.get("/staff/api/requests"), 401, "not_known")
    assert is_refused(client.post(f"/staff/api/requests/{request_id}", json={}), 401, "not_known")
    for body in ({"state": "done"}, {"state": "open", "answer": "x"}, {"state": "done", "answer": ""}):
        assert is_refused(agent.call("POST", f"/staff/api/requests/{request_id}", body), 422, "bad_input")
    assert is_refused(agent.call("GET", "/staff/api/requests/Q-9999"), 401, "not_known")
