"""The customer's own data over HTTP: consents, controls, what is held, own conversations (design.md §3; P3, P5, P8)."""

import time
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from data.access import issue_token
from data.conversations import Draft, append_messages
from data.customers import find_customer
from data.database import Database
from data.shop import Shop
from data.tables import order_lines
from tests.making import AT, make_person
from tests.serving import Guest, StandIn, make_settings, serve
from tests.small_shop import bearer, fetch_offers, is_refused, make_small_shop

BROWSER_SIGNAL = {"Sec-GPC": "1"}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, shop: Shop) -> Iterator[tuple[TestClient, Database]]:
    folder, bot = tmp_path_factory.mktemp("me"), StandIn()
    database, _ = make_small_shop(folder, shop)
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


def find_person(database: Database, customer_id: str) -> int:
    with database.read() as connection:
        found = find_customer(connection, customer_id)
    assert found is not None
    return found.person_id


def put(client: TestClient, customer_id: str, category: str, granted: Any, *, headers: Any = None, **body: Any) -> Any:
    told = {"granted": granted} | body
    return client.put(f"/api/me/consents/{category}", json=told, headers=bearer(customer_id) | (headers or {}))


def list_on(client: TestClient, customer_id: str, **headers: str) -> set[str]:
    told = client.get("/api/me/consents", headers=bearer(customer_id) | headers).json()
    return {category["category"] for category in told["categories"] if category["granted"]}


def control(client: TestClient, customer_id: str, **body: Any) -> Any:
    return client.post("/api/me/controls", json=body, headers=bearer(customer_id))


def list_ids(offers: list[dict[str, Any]]) -> list[str]:
    return [offer["offer_id"] for offer in offers]


# --- who may call ---------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/me/consents"),
        ("PUT", "/api/me/consents/purchases"),
        ("POST", "/api/me/controls"),
        ("GET", "/api/me/data"),
        ("GET", "/api/me/conversations"),
        ("POST", "/api/me/conversations/any/token"),
    ],
)
def test_nobody_and_a_wrong_token_are_the_same_401(client: TestClient, method: str, path: str) -> None:
    body = {"granted": True, "kind": "review", "impression_id": "any"}
    nobody = client.request(method, path, json=body if method != "GET" else None)
    assert is_refused(nobody, 401, "not_known")
    wrong = client.request(
        method, path, json=body if method != "GET" else None, headers={"Authorization": "Bearer a.b.c"}
    )
    assert wrong.text == nobody.text


def test_a_conversations_token_speaks_for_its_customer_until_its_end(client: TestClient, database: Database) -> None:
    guest, visitor = Guest(client, "c0"), Guest(client)
    assert client.get("/api/me/consents", headers=guest.headers).status_code == 200
    assert is_refused(client.get("/api/me/consents", headers=visitor.headers), 401, "not_known")
    with database.write() as connection:
        ended = issue_token(connection, guest.id, speaks_until=time.time() - 1)
    old = {"Authorization": f"Bearer {ended}"}
    assert is_refused(client.get("/api/me/consents", headers=old), 401, "not_known")
    assert is_refused(client.put("/api/me/consents/offers", json={"granted": False}, headers=old), 401, "not_known")
    assert client.get(f"/api/conversations/{guest.id}", headers=old).status_code == 200


# --- consents -------------------------------------------------------------------------------------------------------
def test_every_category_is_listed_and_off_for_somebody_new(client: TestClient, shop: Shop) -> None:
    told = client.get("/api/me/consents", headers=bearer("new-here")).json()
    assert [category["category"] for category in told["categories"]] == list(shop.categories)
    for category in told["categories"]:
        assert [category[name] for name in ("granted", "choose", "train")] == [False, False, False]
        assert category["since"] is None
        assert category["purpose"].endswith(".")
        assert category["notice_version"]
    assert told["gpc_honoured"] is False


def test_a_switch_answers_with_the_offers_before_and_after(client: TestClient) -> None:
    assert put(client, "c1", "offers", False).status_code == 200
    off = put(client, "c1", "purchases", False).json()
    assert off["granted"] is False
    assert len(off["before"]) == len(off["after"]) == 5
    assert all(offer["personalized"] for offer in off["before"])
    assert not any(offer["personalized"] for offer in off["after"])
    assert {offer["impression_id"] for offer in off["before"] + off["after"]} == {None}
    assert list_ids(off["after"]) == list_ids(fetch_offers(client, "c1")) == list_ids(fetch_offers(client))
    on = put(client, "c1", "purchases", True).json()
    assert (on["category"], on["granted"]) == ("purchases", True)
    assert list_ids(on["after"]) == list_ids(off["before"]) == list_ids(fetch_offers(client, "c1"))
    assert on["since"]


def test_a_second_switch_says_that_nothing_changed(client: TestClient) -> None:
    put(client, "c2", "browsing", True)
    again = put(client, "c2", "browsing", True).json()
    assert list_ids(again["before"]) == list_ids(again["after"])
    assert "stay the same" in again["note"]


def test_withdrawal_acts_on_the_very_next_ranking(client: TestClient) -> None:
    assert any(offer["personalized"] for offer in fetch_offers(client, "c3"))
    for category in ("purchases", "offers"):
        put(client, "c3", category, False)
    assert not any(offer["personalized"] for offer in fetch_offers(client, "c3"))


def test_a_purpose_is_switched_alone(client: TestClient) -> None:
    put(client, "c4", "purchases", False, purpose="train")
    told = {c["category"]: c for c in client.get("/api/me/consents", headers=bearer("c4")).json()["categories"]}
    assert (told["purchases"]["choose"], told["purchases"]["train"]) == (True, False)
    assert any(offer["personalized"] for offer in fetch_offers(client, "c4"))
    put(client, "c4", "purchases", False, purpose="choose")
    put(client, "c4", "offers", False)
    put(client, "c4", "purchases", True, purpose="train")
    assert not any(offer["personalized"] for offer in fetch_offers(client, "c4"))


def test_agreeing_to_more_never_makes_offers_less_personal(
    tmp_path_factory: pytest.TempPathFactory, shop: Shop
) -> None:
    """A shop without coupons has no ranker with columns of `offers`: who agrees to that too keeps the ranker of purchases."""
    folder, bot = tmp_path_factory.mktemp("no-coupons"), StandIn()
    database, shelf = make_small_shop(folder, shop, coupons=False)
    assert set(shelf.rankers) == {frozenset({"purchases"})}
    with serve(make_settings(folder, bot_port=bot.port)) as client:
        both = fetch_offers(client, "c0")
        told = client.get(f"/api/impressions/{both[0]['impression_id']}/explanation", headers=bearer("c0")).json()
        put(client, "c0", "offers", False)
        one = fetch_offers(client, "c0")
    database.close()
    bot.close()
    assert all(offer["personalized"] for offer in one)
    assert list_ids(both) == list_ids(one)
    assert told["categories_used"] == ["purchases"]


@pytest.mark.parametrize("category", ["shoe_size", "sensitive_shoes", "all", "PURCHASES", "purchases%00"])
def test_an_unknown_category_is_refused(client: TestClient, category: str) -> None:
    assert is_refused(put(client, "c5", category, True), 422, "bad_input")


@pytest.mark.parametrize(
    "body", [{}, {"granted": "yes"}, {"granted": 1}, {"granted": None}, {"granted": True, "purpose": "sell"}]
)
def test_a_switch_that_does_not_fit_is_refused_and_switches_nothing(client: TestClient, body: dict[str, Any]) -> None:
    before = list_on(client, "c59")
    answer = client.put("/api/me/consents/purchases", json=body, headers=bearer("c59"))
    assert is_refused(answer, 422, "bad_input")
    assert list_on(client, "c59") == before == set()


def test_not_json_is_refused_in_the_one_shape(client: TestClient) -> None:
    for content in (b"", b"{", b"[]", b"\xff\xfe", b"null"):
        headers = bearer("c59") | {"Content-Type": "application/json"}
        answer = client.put("/api/me/consents/purchases", content=content, headers=headers)
        assert answer.status_code in (400, 422)
        assert set(answer.json()["error"]) == {"code", "message", "details"}


def test_under_age_nothing_is_switched_on_and_everything_off(client: TestClient, database: Database) -> None:
    with database.write() as connection:
        make_person(connection, "teen", agrees_to=("purchases",))
    young = bearer("teen", minor=True)
    answer = client.put("/api/me/consents/offers", json={"granted": True}, headers=young)
    assert is_refused(answer, 403, "not_allowed")
    off = client.put("/api/me/consents/purchases", json={"granted": False}, headers=young)
    assert off.status_code == 200
    assert not any(offer["personalized"] for offer in off.json()["before"])
    assert list_on(client, "teen") == set()


# --- the browser's signal -------------------------------------------------------------------------------------------
def test_the_browsers_signal_ends_grants_before_anything_is_used(client: TestClient) -> None:
    assert any(offer["personalized"] for offer in fetch_offers(client, "c6"))
    answer = client.get("/api/offers", headers=bearer("c6") | BROWSER_SIGNAL).json()
    assert not any(offer["personalized"] for offer in answer["offers"])
    told = client.get("/api/me/consents", headers=bearer("c6") | BROWSER_SIGNAL).json()
    assert told["gpc_honoured"] is True
    assert not any(category["granted"] for category in told["categories"])
    assert list_on(client, "c6") == set()  # and it stays off without the signal


def test_what_is_granted_under_the_signal_stands(client: TestClient) -> None:
    put(client, "c7", "purchases", True, headers=BROWSER_SIGNAL)
    assert list_on(client, "c7", **BROWSER_SIGNAL) == {"purchases"}
    assert any(
        o["personalized"] for o in client.get("/api/offers", headers=bearer("c7") | BROWSER_SIGNAL).json()["offers"]
    )


def test_what_is_granted_in_the_chat_under_the_signal_stands(client: TestClient, database: Database) -> None:
    """The button of the consent question, pressed in a browser that sends the signal with every request."""
    with database.write() as connection:
        make_person(connection, "chat-gpc")
    guest = Guest(client, "chat-gpc")
    payload = '/grant_consent{"category": "browsing"}'
    with database.write() as connection:
        question = Draft("bot", "consent", "May I?", buttons=[{"title": "Yes", "payload": payload}])
        append_messages(connection, guest.id, [question], at=AT)
    sent = client.post(
        f"/api/conversations/{guest.id}/messages",
        json={"client_id": str(uuid.uuid4()), "payload": payload},
        headers=guest.headers | BROWSER_SIGNAL,
    )
    assert [m["kind"] for m in guest.hear(sent.json()["seq"])] == ["consent"]
    assert list_on(client, "chat-gpc", **BROWSER_SIGNAL) == {"browsing"}


def test_another_value_of_the_signal_is_none(client: TestClient) -> None:
    before = list_on(client, "c8")
    assert before
    for value in ("0", "true", ""):
        told = client.get("/api/me/consents", headers=bearer("c8") | {"Sec-GPC": value}).json()
        assert told["gpc_honoured"] is False
    assert list_on(client, "c8") == before


# --- controls -------------------------------------------------------------------------------------------------------
def test_never_show_takes_it_out_at_once(client: TestClient) -> None:
    for customer_id, kind in (("c9", "never_show"), ("c10", "dislike")):
        offer = fetch_offers(client, customer_id)[0]
        told = control(client, customer_id, kind=kind, impression_id=offer["impression_id"]).json()
        assert told["changed"] is True
        assert offer["offer_id"] in list_ids(told["before"])
        assert offer["offer_id"] not in list_ids(told["after"])
        assert offer["offer_id"] not in list_ids(fetch_offers(client, customer_id, limit=20))
        again = control(client, customer_id, kind=kind, impression_id=offer["impression_id"]).json()
        assert again["changed"] is False


def test_a_like_counts_only_under_its_consent(client: TestClient) -> None:
    last = fetch_offers(client, "c11", limit=12)[-1]
    told = control(client, "c11", kind="like", product_id=f"p-{last['offer_id']}").json()
    assert told["changed"] is False
    on = put(client, "c11", "preferences", True).json()
    assert list_ids(on["after"])[0] == last["offer_id"]
    assert "like" in on["after"][0]["why"]


def test_not_bought_counts_no_more_and_opens_a_review(client: TestClient, database: Database) -> None:
    offer = fetch_offers(client, "c12")[0]
    told = control(client, "c12", kind="not_bought", impression_id=offer["impression_id"], text="not me").json()
    assert told["review_id"].startswith("R-")
    person = find_person(database, "c12")
    with database.read() as connection:
        lines = connection.execute(
            select(order_lines.c.disputed_at).where(
                order_lines.c.person_id == person, order_lines.c.product_id == f"p-{offer['offer_id']}"
            )
        ).scalars()
        assert all(lines)
    assert told["changed"] is (list_ids(told["before"]) != list_ids(told["after"]))
    again = control(client, "c12", kind="not_bought", impression_id=offer["impression_id"]).json()
    assert (again["changed"], again["review_id"]) == (False, told["review_id"])


def test_stop_category_is_the_switch(client: TestClient) -> None:
    told = control(client, "c13", kind="stop_category", category="purchases").json()
    assert "purchases" not in list_on(client, "c13")
    assert told["changed"] is (list_ids(told["before"]) != list_ids(told["after"]))


def test_a_review_has_a_number(client: TestClient) -> None:
    offer = fetch_offers(client, "c14")[0]
    told = control(client, "c14", kind="review", impression_id=offer["impression_id"], text="Why this?").json()
    assert told["review_id"].startswith("R-")
    groups = client.get("/api/me/data", headers=bearer("c14")).json()["groups"]
    reviews = next(group for group in groups if group["name"] == "reviews")
    assert [(row["review_id"], row["text"], row["state"]) for row in reviews["rows"]] == [
        (told["review_id"], "Why this?", "open")
    ]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"kind": "shout"},
        {"kind": "never_show"},
        {"kind": "never_show", "product_id": "nothing"},
        {"kind": "stop_category"},
        {"kind": "stop_category", "category": "shoes"},
        {"kind": "review", "impression_id": 7},
        {"kind": "review", "impression_id": "x", "text": "x" * 2001},
    ],
)
def test_a_control_that_does_not_fit_is_refused(client: TestClient, body: dict[str, Any]) -> None:
    assert is_refused(control(client, "c15", **body), 422, "bad_input")


def test_no_control_reaches_somebody_elses_offer(client: TestClient) -> None:
    foreign = fetch_offers(client, "c16")[0]["impression_id"]
    for kind in ("never_show", "like", "dislike", "not_bought", "review"):
        assert is_refused(control(client, "c17", kind=kind, impression_id=foreign), 401, "not_known")


# --- what is held ---------------------------------------------------------------------------------------------------
def read_groups(client: TestClient, headers: dict[str, str]) -> dict[str, dict[str, Any]]:
    told = client.get("/api/me/data", headers=headers).json()
    return {group["name"]: group for group in told["groups"]}


def test_everything_held_is_told_in_groups_with_a_purpose(client: TestClient) -> None:
    fetch_offers(client, "c18")
    put(client, "c18", "browsing", True)
    Guest(client, "c18")
    groups = read_groups(client, bearer("c18"))
    expected = {
        "profile", "orders", "offer_events", "impressions", "conversations", "preferences",
        "browsing", "consents", "receipts", "refusals", "reviews", "decisions", "incidents", "requests", "standing", "frequency", "fairness", "uses",
    }  # fmt: skip
    assert set(groups) == expected
    for group in groups.values():
        assert group["title"]
        assert group["purpose"].endswith(".")
        assert group["count"] == len(group["rows"])
    assert groups["profile"]["rows"][0]["customer_id"] == "c18"
    assert groups["orders"]["count"] > 0
    assert groups["impressions"]["count"] >= 5
    assert groups["conversations"]["rows"][0]["messages"][0]["kind"] == "disclosure"
    assert {"choose_offers"} <= {use["what_for"] for use in groups["uses"]["rows"]}
    assert {row["category"] for row in groups["consents"]["rows"]} == {"purchases", "offers", "browsing"}


def test_a_visitors_token_tells_of_that_conversation_only(client: TestClient) -> None:
    visitor = Guest(client)
    Guest(client)
    groups = read_groups(client, visitor.headers)
    assert set(groups) == {"conversations", "requests"}
    assert [row["conversation_id"] for row in groups["conversations"]["rows"]] == [visitor.id]


def test_nobody_reads_about_anybody_else(client: TestClient) -> None:
    Guest(client, "c19")
    mine, theirs = read_groups(client, bearer("c19")), read_groups(client, bearer("c20"))
    for name, key in (("orders", "order_id"), ("impressions", "impression_id"), ("conversations", "conversation_id")):
        assert not {row[key] for row in mine[name]["rows"]} & {row[key] for row in theirs[name]["rows"]}
    assert '"person_id"' not in client.get("/api/me/data", headers=bearer("c19")).text


# --- own conversations ----------------------------------------------------------------------------------------------
def test_own_conversations_are_listed_and_opened_again(client: TestClient) -> None:
    first, second, other = Guest(client, "c21"), Guest(client, "c21"), Guest(client, "c22")
    told = client.get("/api/me/conversations", headers=bearer("c21")).json()["conversations"]
    assert {row["conversation_id"] for row in told} == {first.id, second.id}
    answer = client.post(f"/api/me/conversations/{first.id}/token", headers=bearer("c21"))
    assert answer.status_code == 201
    fresh = {"Authorization": f"Bearer {answer.json()['token']}"}
    assert client.get(f"/api/conversations/{first.id}/messages", headers=fresh).json()["last_seq"] == 1
    assert is_refused(client.get(f"/api/conversations/{second.id}", headers=fresh), 401, "not_known")
    for foreign in (other.id, "nothing"):
        refused = client.post(f"/api/me/conversations/{foreign}/token", headers=bearer("c21"))
        assert is_refused(refused, 401, "not_known")


def test_a_visitors_token_lists_its_one_conversation_and_makes_no_other_token(client: TestClient) -> None:
    visitor = Guest(client)
    Guest(client)
    told = client.get("/api/me/conversations", headers=visitor.headers).json()["conversations"]
    assert [row["conversation_id"] for row in told] == [visitor.id]
    refused = client.post(f"/api/me/conversations/{visitor.id}/token", headers=visitor.headers)
    assert is_refused(refused, 401, "not_known")
