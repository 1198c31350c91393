"""Contesting an offer: what staff see and can change, that it acts at once and is said, and that the customer can take it back (P4, P5)."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select
from starlette.testclient import TestClient

from data.customers import find_customer
from data.database import Database
from data.erasure import erase_person
from data.shop import Shop
from data.staff import ensure_member
from data.tables import audit, offers
from data.tables_conduct import control_effects, overrides
from tests.making import AT, TODAY
from tests.serving import PASSWORD, Agent, Guest, StandIn, make_settings, serve
from tests.small_shop import bearer, fetch_offers, is_refused, make_small_shop


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, shop: Shop) -> Iterator[tuple[TestClient, Database]]:
    folder, bot = tmp_path_factory.mktemp("decisions"), StandIn()
    database, _ = make_small_shop(folder, shop, coupons=False)
    with database.write() as connection:
        for username, role in (("olga", "owner"), ("kim", "supervisor")):
            ensure_member(connection, username, name=username.title(), role=role, password=PASSWORD)
    with serve(make_settings(folder, bot_port=bot.port)) as client:
        yield client, database
    database.close()
    bot.close()


@pytest.fixture
def client(served: tuple[TestClient, Database]) -> TestClient:
    return served[0]


@pytest.fixture
def database(served: tuple[TestClient, Database]) -> Database:
    return served[1]


def dispute(client: TestClient, customer_id: str) -> tuple[dict[str, Any], str]:
    """The customer's first offer, and a review about it."""
    offer = fetch_offers(client, customer_id)[0]
    body = {"kind": "review", "impression_id": offer["impression_id"], "text": "That is unfair."}
    told = client.post("/api/me/controls", json=body, headers=bearer(customer_id)).json()
    return offer, told["review_id"]


def decide(client: TestClient, review_id: str, *, by: str = "sam", **body: Any) -> Any:
    told = {"kind": "never", "whom": "customer", "why": "Not for this household."} | body
    return Agent(client, by).call("POST", f"/staff/api/reviews/{review_id}/decisions", told)


def answer(client: TestClient, review_id: str, **body: Any) -> Any:
    told = {"review_id": review_id, "decision": "You are right."} | body
    return Agent(client).call("POST", "/staff/api/reviews", told)


def list_ids(told: list[dict[str, Any]]) -> list[str]:
    return [offer["offer_id"] for offer in told]


def read_group(client: TestClient, customer_id: str, name: str) -> list[dict[str, Any]]:
    told = client.get("/api/me/data", headers=bearer(customer_id))
    assert told.status_code == 200, told.text
    return list(next(group["rows"] for group in told.json()["groups"] if group["name"] == name))


def explain(client: TestClient, customer_id: str, impression_id: str) -> dict[str, Any]:
    told = client.get(f"/api/impressions/{impression_id}/explanation", headers=bearer(customer_id))
    return dict(told.json())


# --- what staff see -------------------------------------------------------------------------------------------------
def test_staff_see_the_offer_its_consents_and_the_rows_behind_it(client: TestClient) -> None:
    offer, review_id = dispute(client, "c1")
    told = Agent(client).call("GET", f"/staff/api/reviews/{review_id}").json()
    assert told["offer"]["offer_id"] == offer["offer_id"]
    assert set(told["consents_then"]) == set(told["consents_now"]) == {"purchases", "offers"}
    reasons = explain(client, "c1", offer["impression_id"])["reasons"]
    rows = {row["id"] for reason in reasons for row in reason["evidence"]["rows"] if row["table"] == "order_lines"}
    assert rows
    assert {line["line_id"] for line in told["evidence"]} == rows
    assert told["decisions"] == []


# --- keeping an offer away ------------------------------------------------------------------------------------------
def test_a_decision_acts_on_the_next_slate_and_is_said_where_it_changed_it(client: TestClient) -> None:
    offer, review_id = dispute(client, "c2")
    other = list_ids(fetch_offers(client, "c3"))
    before = list_ids(fetch_offers(client, "c2"))
    made = decide(client, review_id)
    assert made.status_code == 201
    assert (list_ids(made.json()["before"]), made.json()["changed"]) == (before, True)
    slate = client.get("/api/offers", headers=bearer("c2")).json()
    after = list_ids(slate["offers"])
    assert after == list_ids(made.json()["after"])
    assert offer["offer_id"] not in list_ids(fetch_offers(client, "c2", limit=20))
    assert list_ids(fetch_offers(client, "c3")) == other
    sentence = slate["decisions"][0]
    assert "Sam Okafor, a person, decided on 2 March" in sentence
    assert offer["title"].lower() in sentence.lower()
    for shown in slate["offers"]:
        rules = explain(client, "c2", shown["impression_id"])["rules"]
        assert (sentence in rules) is (shown["offer_id"] not in before)
    assert set(after) - set(before)


def test_a_decision_that_changes_nothing_shown_is_not_said(client: TestClient) -> None:
    _, review_id = dispute(client, "c4")
    last = fetch_offers(client, "c4", limit=12)[-1]
    before = fetch_offers(client, "c4", limit=5)
    told = decide(client, review_id, offer_id=last["offer_id"]).json()
    assert told["changed"] is False
    slate = client.get("/api/offers", headers=bearer("c4")).json()
    assert "decisions" not in slate
    assert list_ids(slate["offers"]) == list_ids(before)


def test_asked_why_not_it_names_who_decided(client: TestClient) -> None:
    offer, review_id = dispute(client, "c5")
    decide(client, review_id)
    here = fetch_offers(client, "c5")[0]
    path = f"/api/impressions/{here['impression_id']}/why-not"
    told = client.get(path, params={"other": offer["offer_id"]}, headers=bearer("c5")).json()
    assert told["text"].startswith("Sam Okafor, a person, decided on 2 March")


def test_again_shows_it_again(client: TestClient) -> None:
    offer, review_id = dispute(client, "c6")
    before = list_ids(fetch_offers(client, "c6"))
    assert is_refused(decide(client, review_id, kind="again"), 409, "conflict")
    decide(client, review_id)
    assert is_refused(decide(client, review_id), 409, "conflict")
    told = decide(client, review_id, kind="again").json()
    assert list_ids(told["after"]) == before == list_ids(fetch_offers(client, "c6"))
    assert offer["offer_id"] in before


def test_what_everybody_is_shown_is_not_for_an_agent(client: TestClient, database: Database) -> None:
    offer, review_id = dispute(client, "c7")
    assert is_refused(decide(client, review_id, whom="everybody"), 403, "not_allowed")
    assert decide(client, review_id, by="kim", whom="everybody", why="Wrong in its title.").status_code == 201
    for customer_id in ("c7", "c8", None):
        slate = client.get("/api/offers?limit=20", headers=bearer(customer_id) if customer_id else {}).json()
        assert offer["offer_id"] not in list_ids(slate["offers"])
    nobody = client.get("/api/offers?limit=11").json()
    assert any("to nobody" in sentence for sentence in nobody["decisions"])
    with database.read() as connection:
        assert connection.execute(
            select(overrides.c.reason).where(overrides.c.person_id.is_(None))
        ).scalars().all() == ["Wrong in its title."]
    assert decide(client, review_id, by="kim", whom="everybody", kind="again").status_code == 201


def test_a_blocked_coupon_leaves_its_goods_without_it(client: TestClient, database: Database) -> None:
    offer, review_id = dispute(client, "c9")
    with database.write() as connection:
        row = {"offer_id": "half", "title": "Half price", "type_id": offer["offer_id"], "discount_percent": 50.0}
        connection.execute(insert(offers).values(**row, price_personalized=False))
    assert "half" in list_ids(fetch_offers(client, "c9"))
    told = decide(client, review_id, offer_id="half")
    slate = client.get("/api/offers", headers=bearer("c9")).json()
    assert told.json()["changed"] is True
    assert offer["offer_id"] in list_ids(slate["offers"])
    assert "Half price" in slate["decisions"][0]
    assert "half" in list_ids(fetch_offers(client, "c10", slot="coupons"))
    assert "half" not in list_ids(fetch_offers(client, "c9", slot="coupons"))
    with database.write() as connection:
        connection.execute(offers.delete().where(offers.c.offer_id == "half"))


# --- correcting data ------------------------------------------------------------------------------------------------
def test_staff_correct_the_rows_behind_a_reason(client: TestClient) -> None:
    _, review_id = dispute(client, "c11")
    evidence = Agent(client).call("GET", f"/staff/api/reviews/{review_id}").json()["evidence"]
    lines = [line["line_id"] for line in evidence]
    path = f"/staff/api/reviews/{review_id}/lines"
    foreign = Agent(client).call("POST", path, {"line_ids": [*lines, 10**9]})
    assert is_refused(foreign, 422, "bad_input")
    assert Agent(client).call("POST", path, {"line_ids": lines}).status_code == 200
    again = Agent(client).call("POST", path, {"line_ids": lines})
    assert is_refused(again, 422, "bad_input")
    for shown in fetch_offers(client, "c11", limit=12):
        for reason in explain(client, "c11", shown["impression_id"])["reasons"]:
            assert not {row["id"] for row in reason["evidence"]["rows"] if row["table"] == "order_lines"} & set(lines)
    review = Agent(client).call("GET", f"/staff/api/reviews/{review_id}").json()
    assert review["kind"] == "correction"
    assert all(line["disputed"] for line in review["evidence"])
    assert answer(client, review_id, approve=True).status_code == 200


# --- the answer, and taking it back ---------------------------------------------------------------------------------
def test_the_answer_says_what_was_decided_and_by_whom(client: TestClient) -> None:
    guest = Guest(client, "c12")
    offer, review_id = dispute(client, "c12")
    decide(client, review_id)
    answer(client, review_id)
    said = guest.read()["messages"][-1]
    assert (said["author"], said["author_name"], said["kind"]) == ("human", "Sam Okafor", "review")
    assert f"From now on we do not show you {offer['title'].lower()}" in said["text"]
    assert "Decided by Sam Okafor, a person" in said["text"]
    assert is_refused(decide(client, review_id, kind="again"), 409, "conflict")


def test_the_customer_sees_it_and_takes_it_back(client: TestClient, database: Database) -> None:
    offer, review_id = dispute(client, "c13")
    before = list_ids(fetch_offers(client, "c13"))
    decide(client, review_id)
    held = read_group(client, "c13", "decisions")
    assert [(row["title"], row["kind"], row["decided_by"], row["why"], row["stands"]) for row in held] == [
        (offer["title"], "never", "Sam Okafor", "Not for this household.", True)
    ]
    path = f"/api/me/decisions/{held[0]['decision_id']}/undo"
    assert is_refused(client.post(path, headers=bearer("c14")), 401, "not_known")
    assert is_refused(client.post(path), 401, "not_known")
    told = client.post(path, headers=bearer("c13")).json()
    assert (list_ids(told["after"]), told["changed"]) == (before, True)
    assert "decisions" not in client.get("/api/offers", headers=bearer("c13")).json()
    again = client.post(path, headers=bearer("c13")).json()
    assert (again["changed"], again["note"]) == (False, "Your 5 offers stay the same: it was so already.")
    rows = read_group(client, "c13", "decisions")
    assert [(row["kind"], row["decided_by"], row["stands"]) for row in rows] == [
        ("again", None, False),
        ("never", "Sam Okafor", False),
    ]
    with database.read() as connection:
        person = find_customer(connection, "c13")
        assert person is not None
        acts = select(audit.c.actor, audit.c.act).where(audit.c.person_id == person.person_id)
        told_acts = [tuple(row) for row in connection.execute(acts.where(audit.c.act.like("override%")))]
    assert told_acts == [("staff:sam", "override_never"), ("customer", "override_again")]


def test_a_decision_for_everybody_is_not_one_customers_to_take_back(client: TestClient, database: Database) -> None:
    _, review_id = dispute(client, "c15")
    made = decide(client, review_id, by="olga", whom="everybody").json()
    undone = client.post(f"/api/me/decisions/{made['decision_id']}/undo", headers=bearer("c15"))
    assert is_refused(undone, 401, "not_known")
    assert read_group(client, "c15", "decisions") == []
    decide(client, review_id, by="olga", whom="everybody", kind="again")


def test_erasing_takes_the_decisions_with_it(client: TestClient, database: Database) -> None:
    _, review_id = dispute(client, "c16")
    decide(client, review_id)
    with database.read() as connection:
        person = find_customer(connection, "c16")
    assert person is not None
    erase_person(database, person.person_id, at=AT)
    with database.read() as connection:
        left = connection.execute(select(overrides).where(overrides.c.person_id == person.person_id)).all()
    assert left == []


# --- bad input ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "body",
    [
        {"kind": "perhaps"},
        {"whom": "nobody"},
        {"why": ""},
        {"offer_id": "no-such-thing"},
        {"offer_id": 7},
    ],
)
def test_a_decision_that_does_not_fit_is_refused(client: TestClient, body: dict[str, Any]) -> None:
    _, review_id = dispute(client, "c17")
    assert is_refused(decide(client, review_id, **body), 422, "bad_input")


def test_only_staff_decide_and_only_on_a_review_that_is_there(client: TestClient) -> None:
    _, review_id = dispute(client, "c18")
    body = {"kind": "never", "whom": "customer", "why": "I say so."}
    client.cookies.clear()
    for path in ("decisions", "lines"):
        refused = client.post(f"/staff/api/reviews/{review_id}/{path}", json=body, headers=bearer("c18"))
        assert is_refused(refused, 401, "not_known")
    assert is_refused(decide(client, "R-0"), 401, "not_known")


# --- figures --------------------------------------------------------------------------------------------------------
def test_the_owner_sees_how_reviews_end(client: TestClient) -> None:
    path = "/staff/api/reviews/figures"
    assert is_refused(Agent(client).call("GET", path), 403, "not_allowed")
    before = Agent(client, "olga").call("GET", path).json()
    _, changed = dispute(client, "c19")
    decide(client, changed)
    answer(client, changed)
    _, upheld = dispute(client, "c20")
    answer(client, upheld)
    dispute(client, "c21")
    after = Agent(client, "olga").call("GET", path).json()
    grown = {key: after[key] - before[key] for key in ("opened", "open", "answered", "overturned", "overdue")}
    assert grown == {"opened": 3, "open": 1, "answered": 2, "overturned": 1, "overdue": 0}
    assert after["overturned_share"] == after["overturned"] / after["answered"]
    assert 0 <= after["median_hours"] <= after["most_hours"] < timedelta(hours=1).total_seconds()


# --- controls and what they did -------------------------------------------------------------------------------------
CAUSES = {
    "grant": ({"granted": True}, "none of them rests on it yet"),
    "again": ({"granted": True}, "it was so already"),
    "withdraw": ({"granted": False}, "none of them came from that"),
}


@pytest.mark.parametrize("step", CAUSES)
def test_a_switch_that_changes_nothing_says_why(client: TestClient, step: str) -> None:
    body, cause = CAUSES[step]
    told = client.put("/api/me/consents/browsing", json=body, headers=bearer("c22")).json()
    assert list_ids(told["before"]) == list_ids(told["after"])
    assert cause in told["note"]


def test_a_switch_of_training_alone_says_what_it_is_about(client: TestClient) -> None:
    body = {"granted": False, "purpose": "train"}
    told = client.put("/api/me/consents/purchases", json=body, headers=bearer("c23")).json()
    assert "rankers and statistics" in told["note"]


def press(client: TestClient, customer_id: str, **body: Any) -> dict[str, Any]:
    told = client.post("/api/me/controls", json=body, headers=bearer(customer_id))
    assert told.status_code == 200, told.text
    return dict(told.json())


def test_every_control_says_why_it_changed_nothing(client: TestClient) -> None:
    first, *_, last = fetch_offers(client, "c24", limit=12)
    assert "not one of them" in press(client, "c24", kind="never_show", impression_id=last["impression_id"])["note"]
    assert "switched off" in press(client, "c24", kind="like", impression_id=first["impression_id"])["note"]
    told = press(client, "c24", kind="review", impression_id=first["impression_id"])
    assert "until a person has looked" in told["note"]
    assert list_ids(told["before"]) == list_ids(told["after"]) != []
    press(client, "c24", kind="not_bought", impression_id=first["impression_id"])
    again = press(client, "c24", kind="not_bought", impression_id=first["impression_id"])
    assert "no purchase of it counts" in again["note"]


def test_what_controls_did_is_counted_and_leads_to_nobody(client: TestClient, database: Database) -> None:
    def count(kind: str) -> dict[str, Any]:
        told = Agent(client, "olga").call("GET", "/staff/api/controls").json()["controls"]
        return next((row for row in told if row["kind"] == kind), {"used": 0, "changed": 0, "already": 0})

    before = count("dislike")
    offer = fetch_offers(client, "c25")[0]
    assert press(client, "c25", kind="dislike", impression_id=offer["impression_id"])["changed"]
    press(client, "c25", kind="dislike", impression_id=offer["impression_id"])
    after = count("dislike")
    grown = [after[key] - before[key] for key in ("used", "changed", "already")]
    assert grown == [2, 1, 1]
    assert is_refused(Agent(client).call("GET", "/staff/api/controls"), 403, "not_allowed")
    assert {"person_id", "offer_id", "at"}.isdisjoint(column.name for column in control_effects.c)
    with database.read() as connection:
        assert set(connection.execute(select(control_effects.c.day)).scalars()) == {TODAY}
