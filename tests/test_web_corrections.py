""" "I did not buy this": what counts at once, what staff see and decide, what the customer is told (P5)."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from data.customers import find_customer
from data.database import Database
from data.shop import Shop
from data.tables import audit, corrections, order_lines, products, uses
from tests.making import TODAY
from tests.serving import Agent, Guest, StandIn, make_settings, serve
from tests.small_shop import bearer, fetch_offers, is_refused, make_small_shop


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, shop: Shop) -> Iterator[tuple[TestClient, Database, StandIn]]:
    folder, bot = tmp_path_factory.mktemp("corrections"), StandIn()
    database, _ = make_small_shop(folder, shop)
    with serve(make_settings(folder, bot_port=bot.port)) as client:
        yield client, database, bot
    database.close()
    bot.close()


@pytest.fixture
def client(served: tuple[TestClient, Database, StandIn]) -> TestClient:
    return served[0]


@pytest.fixture
def database(served: tuple[TestClient, Database, StandIn]) -> Database:
    return served[1]


@pytest.fixture
def bot(served: tuple[TestClient, Database, StandIn]) -> StandIn:
    return served[2]


def find_person(database: Database, customer_id: str) -> int:
    with database.read() as connection:
        person = find_customer(connection, customer_id)
    assert person is not None
    return person.person_id


def list_lines(database: Database, customer_id: str, type_id: str) -> list[tuple[int, bool]]:
    """`line_id, counts` of the customer's lines of a type."""
    statement = (
        select(order_lines.c.line_id, order_lines.c.disputed_at.is_(None))
        .join(products, products.c.product_id == order_lines.c.product_id)
        .where(order_lines.c.person_id == find_person(database, customer_id), products.c.type_id == type_id)
        .order_by(order_lines.c.line_id)
    )
    with database.read() as connection:
        return [(row[0], bool(row[1])) for row in connection.execute(statement)]


def list_acts(database: Database, review_id: str) -> list[tuple[str, str]]:
    with database.read() as connection:
        rows = connection.execute(
            select(audit.c.actor, audit.c.act).where(audit.c.object_id == review_id).order_by(audit.c.audit_id)
        )
        return [(row[0], row[1]) for row in rows]


def disown(client: TestClient, customer_id: str) -> tuple[str, dict[str, Any]]:
    """Say of a bought offer that it was not bought: its type, and what the control told."""
    offer = fetch_offers(client, customer_id)[0]
    body = {"kind": "not_bought", "impression_id": offer["impression_id"], "text": "That was my neighbour."}
    answer = client.post("/api/me/controls", json=body, headers=bearer(customer_id))
    assert answer.status_code == 200, answer.text
    return offer["offer_id"], answer.json()


def decide(client: TestClient, review_id: str, **body: Any) -> Any:
    return Agent(client).call(
        "POST", "/staff/api/reviews", {"review_id": review_id, "decision": "The receipt says so."} | body
    )


def find_review(client: TestClient, review_id: str) -> dict[str, Any]:
    reviews = Agent(client).call("GET", "/staff/api/reviews").json()["reviews"]
    return dict(next(one for one in reviews if one["review_id"] == review_id))


def test_staff_find_the_lines_and_a_date(client: TestClient, database: Database) -> None:
    type_id, told = disown(client, "c0")
    review_id = told["review_id"]
    listed = find_review(client, review_id)
    assert (listed["kind"], listed["state"], listed["text"]) == ("correction", "open", "That was my neighbour.")
    assert listed["due_on"] == (TODAY + timedelta(days=30)).isoformat()
    one = Agent(client).call("GET", f"/staff/api/reviews/{review_id}").json()
    lines = list_lines(database, "c0", type_id)
    assert lines
    assert not any(counts for _, counts in lines)
    assert sorted(line["line_id"] for line in one["lines"]) == [line_id for line_id, _ in lines]
    assert {line["state"] for line in one["lines"]} == {"open"}
    assert all(line["order_id"] and line["ordered_on"] and line["title"] for line in one["lines"])
    assert list_acts(database, review_id) == [("customer", "review_opened"), ("customer", "correction_opened")]
    with database.read() as connection:
        looks = connection.execute(
            select(uses.c.by).where(uses.c.person_id == find_person(database, "c0"), uses.c.what_for == "review")
        ).scalars()
        assert list(looks) == ["Sam Okafor"]
    groups = client.get("/api/me/data", headers=bearer("c0")).json()["groups"]
    held = next(group for group in groups if group["name"] == "reviews")["rows"]
    assert [(row["review_id"], row["kind"], row["state"]) for row in held] == [(review_id, "correction", "open")]
    assert len(held[0]["lines"]) == len(lines)
    assert all(line["order_id"] and line["title"] and line["state"] == "open" for line in held[0]["lines"])
    assert held[0]["decided_by"] is None


def test_approved_it_counts_for_nothing_for_good(client: TestClient, database: Database) -> None:
    guest = Guest(client, "c1")
    type_id, told = disown(client, "c1")
    answer = decide(client, told["review_id"], approve=True)
    assert answer.json() == {"review_id": told["review_id"], "state": "answered", "decided_by": "Sam Okafor"}
    assert not any(counts for _, counts in list_lines(database, "c1", type_id))
    with database.read() as connection:
        states = connection.execute(
            select(corrections.c.state).where(corrections.c.review_id == told["review_id"])
        ).scalars()
        assert set(states) == {"approved"}
    said = guest.read()["messages"][-1]
    assert (said["author"], said["author_name"], said["kind"]) == ("human", "Sam Okafor", "review")
    assert said["text"].startswith("The receipt says so.")
    assert "is approved" in said["text"]
    assert list_acts(database, told["review_id"])[-2:] == [
        ("staff:sam", "review_answered"),
        ("staff:sam", "correction_approved"),
    ]
    assert [o["offer_id"] for o in fetch_offers(client, "c1")] == [o["offer_id"] for o in told["after"]]
    assert is_refused(decide(client, told["review_id"], approve=False), 409, "conflict")
    assert not any(counts for _, counts in list_lines(database, "c1", type_id))


def test_rejected_it_counts_again_and_the_customer_is_told_why(client: TestClient, database: Database) -> None:
    guest = Guest(client, "c2")
    before = [o["offer_id"] for o in fetch_offers(client, "c2")]
    type_id, told = disown(client, "c2")
    assert decide(client, told["review_id"], approve=False).status_code == 200
    assert all(counts for _, counts in list_lines(database, "c2", type_id))
    said = guest.read()["messages"][-1]["text"]
    assert said.startswith("The receipt says so.")
    assert "counts as bought by you again" in said
    assert list_acts(database, told["review_id"])[-1] == ("staff:sam", "correction_rejected")
    slate = client.get("/api/offers", headers=bearer("c2")).json()["offers"]
    assert [o["offer_id"] for o in slate] == before
    again_type, again = disown(client, "c2")
    assert (again_type, again["review_id"] != told["review_id"]) == (type_id, True)


def test_whoever_has_no_chat_gets_one_with_its_disclosure_first(client: TestClient) -> None:
    _, told = disown(client, "c3")
    assert client.get("/api/me/conversations", headers=bearer("c3")).json()["conversations"] == []
    assert decide(client, told["review_id"], approve=True).status_code == 200
    (opened,) = client.get("/api/me/conversations", headers=bearer("c3")).json()["conversations"]
    token = client.post(f"/api/me/conversations/{opened['conversation_id']}/token", headers=bearer("c3")).json()[
        "token"
    ]
    messages = client.get(
        f"/api/conversations/{opened['conversation_id']}/messages", headers={"Authorization": f"Bearer {token}"}
    ).json()["messages"]
    assert [message["kind"] for message in messages] == ["disclosure", "review"]


def test_a_minor_stays_one_in_the_chat_that_a_decision_opened(client: TestClient) -> None:
    """Found by a review: the conversation's own token spoke for an adult."""
    signed = bearer("c8", minor=True)
    _, told = disown(client, "c8")
    assert decide(client, told["review_id"], approve=True).status_code == 200
    (opened,) = client.get("/api/me/conversations", headers=signed).json()["conversations"]
    token = client.post(f"/api/me/conversations/{opened['conversation_id']}/token", headers=signed).json()["token"]
    own = {"Authorization": f"Bearer {token}"}
    offers = client.get("/api/offers", headers=own).json()["offers"]
    assert len(offers) == 5
    assert not any(offer["personalized"] for offer in offers)
    assert client.put("/api/me/consents/browsing", json={"granted": True}, headers=own).status_code == 403


def test_the_button_in_the_chat_opens_it_and_says_that_it_is_under_review(client: TestClient, bot: StandIn) -> None:
    offer = fetch_offers(client, "c4")[0]
    guest = Guest(client, "c4", page_offers=[offer["impression_id"]])
    told = client.get(f"/api/impressions/{offer['impression_id']}/explanation", headers=guest.headers).json()
    habit = next(reason for reason in told["reasons"] if reason["reason_id"] == "habit")
    wrong = next(one["payload"] for one in habit["controls"] if one["payload"].startswith("/not_mine"))
    assert json.loads(wrong.removeprefix("/not_mine"))["reason_id"] == "habit"
    bot.script = lambda _: [{"text": "Here is why.", "buttons": [{"title": "This is wrong", "payload": wrong}]}]
    guest.ask("why?")
    said = guest.ask(payload=wrong)
    assert "under review" in said[-1]["text"]
    assert said[-1]["kind"] == "review"
    review_id = said[-1]["text"].split("correction ")[1].split(",")[0]
    assert find_review(client, review_id)["kind"] == "correction"
    assert find_review(client, review_id)["conversation_id"] == guest.id


@pytest.mark.parametrize("approve", [None, "yes", 1])
def test_a_correction_needs_a_yes_or_a_no(client: TestClient, approve: Any) -> None:
    _, told = disown(client, "c5")
    assert is_refused(decide(client, told["review_id"], approve=approve), 422, "bad_input")
    assert find_review(client, told["review_id"])["state"] == "open"


def test_a_plain_review_takes_no_approval(client: TestClient) -> None:
    offer = fetch_offers(client, "c6")[0]
    body = {"kind": "review", "impression_id": offer["impression_id"], "text": "Why?"}
    review_id = client.post("/api/me/controls", json=body, headers=bearer("c6")).json()["review_id"]
    assert Agent(client).call("GET", f"/staff/api/reviews/{review_id}").json()["lines"] == []
    assert is_refused(decide(client, review_id, approve=True), 422, "bad_input")
    assert is_refused(decide(client, review_id, decision=""), 422, "bad_input")
    assert decide(client, review_id).status_code == 200
    assert is_refused(decide(client, "R-0"), 401, "not_known")
    assert is_refused(decide(client, "R-0", approve=True), 401, "not_known")
    assert is_refused(Agent(client).call("GET", "/staff/api/reviews/R-0"), 401, "not_known")


def test_only_staff_read_and_decide(client: TestClient) -> None:
    _, told = disown(client, "c7")
    client.cookies.clear()
    path = f"/staff/api/reviews/{told['review_id']}"
    assert is_refused(client.get(path, headers=bearer("c7")), 401, "not_known")
    body = {"review_id": told["review_id"], "decision": "I decide.", "approve": True}
    assert is_refused(client.post("/staff/api/reviews", json=body, headers=bearer("c7")), 401, "not_known")
