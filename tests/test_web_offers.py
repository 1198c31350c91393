"""Offers on a page, why they are there and who may ask, over HTTP (design.md §3, Offers and explanations; P3, P4, P9)."""

import time
import uuid
from collections.abc import Iterator
from typing import Any

import jwt
import pytest
from sqlalchemy import func, select
from starlette.testclient import TestClient

from data.consent import record_consent
from data.conversations import require_conversation
from data.customers import find_customer
from data.database import Database
from data.shop import Shop
from data.tables import impressions, offer_events, page_events
from tests.making import AT, TODAY, make_consent, make_person
from tests.serving import Agent, Guest, StandIn, make_settings, serve
from tests.small_shop import KINDS, bearer, fetch_offers, is_refused, make_small_shop
from web.identity import sign_customer_token


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, shop: Shop) -> Iterator[tuple[TestClient, Database]]:
    folder, bot = tmp_path_factory.mktemp("offers"), StandIn()
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


def explain(client: TestClient, impression_id: str, headers: dict[str, str] | None = None) -> Any:
    return client.get(f"/api/impressions/{impression_id}/explanation", headers=headers or {})


def count(database: Database, table: Any, *where: Any) -> int:
    with database.read() as connection:
        return int(connection.execute(select(func.count()).select_from(table).where(*where)).scalar_one())


# --- slates ---------------------------------------------------------------------------------------------------------
def test_nobody_gets_five_offers_that_say_they_are_popular(client: TestClient) -> None:
    offers = fetch_offers(client)
    assert len(offers) == 5
    for offer in offers:
        assert {"offer_id", "impression_id", "title", "category", "personalized", "why"} <= set(offer)
        assert offer["personalized"] is False
        assert offer["why"]
        assert offer["label"] == "popular"


def test_as_many_as_were_asked_for_as_long_as_so_many_may_be_shown(client: TestClient) -> None:
    for limit in (1, 3, 7, KINDS):
        assert len(fetch_offers(client, limit=limit)) == limit
        assert len(fetch_offers(client, "c0", limit=limit)) == limit
    assert len(fetch_offers(client, limit=20)) == KINDS


@pytest.mark.parametrize("limit", ["0", "21", "-1", "five", "", "1.5"])
def test_a_limit_outside_one_to_twenty_is_refused(client: TestClient, limit: str) -> None:
    assert is_refused(client.get(f"/api/offers?limit={limit}"), 422, "bad_input")


@pytest.mark.parametrize("slot", ["home", "cart.side-bar_2", "x" * 64])
def test_a_slot_is_a_plain_name(client: TestClient, slot: str) -> None:
    assert len(fetch_offers(client, slot=slot)) == 5


@pytest.mark.parametrize("slot", ["", "two words", "a/b", "x" * 65, "<b>", "a%0A"])
def test_any_other_slot_is_refused(client: TestClient, slot: str) -> None:
    assert is_refused(client.get(f"/api/offers?slot={slot}"), 422, "bad_input")


@pytest.mark.parametrize("header", ["Bearer a.b.c", "Bearer nonsense", "Basic c2FtOg==", "Bearer", "Bearer  "])
def test_a_bad_token_is_not_nobody(client: TestClient, header: str) -> None:
    assert is_refused(client.get("/api/offers", headers={"Authorization": header}), 401, "not_known")


def test_expired_unsigned_and_far_ahead_are_the_same_401(client: TestClient) -> None:
    now = int(time.time())
    answers = [
        client.get("/api/offers", headers=bearer("c0", exp=now - 60)),
        client.get("/api/offers", headers=bearer("c0", exp=now + 2 * 3600)),
        client.get("/api/offers", headers=bearer("")),
        client.get("/api/offers", headers={"Authorization": f"Bearer {sign_customer_token('c0', 'x' * 40)}"}),
        client.get(
            "/api/offers",
            headers={"Authorization": f"Bearer {jwt.encode({'sub': 'c0', 'exp': now + 60}, '', algorithm='none')}"},
        ),
    ]
    assert {(a.status_code, a.text) for a in answers} == {(401, answers[0].text)}


def test_same_day_data_and_consents_same_slate(client: TestClient) -> None:
    for customer_id in (None, "c0"):
        first, second = fetch_offers(client, customer_id), fetch_offers(client, customer_id)
        assert [o["offer_id"] for o in first] == [o["offer_id"] for o in second]
        assert not {o["impression_id"] for o in first} & {o["impression_id"] for o in second}


def test_with_nothing_granted_it_is_the_same_for_everybody(client: TestClient) -> None:
    nobody = [o["offer_id"] for o in fetch_offers(client)]
    for customer_id in ("c59", "somebody-new"):
        offers = fetch_offers(client, customer_id)
        assert [o["offer_id"] for o in offers] == nobody
        assert not any(o["personalized"] for o in offers)


def test_who_agreed_gets_offers_of_their_own(client: TestClient) -> None:
    offers = fetch_offers(client, "c0")
    assert all(offer["personalized"] for offer in offers)
    assert [o["offer_id"] for o in offers] != [o["offer_id"] for o in fetch_offers(client)]


def test_under_age_nothing_is_personalized(client: TestClient) -> None:
    answer = client.get("/api/offers", headers=bearer("c0", minor=True)).json()["offers"]
    assert not any(offer["personalized"] for offer in answer)
    assert [o["offer_id"] for o in answer] == [o["offer_id"] for o in fetch_offers(client)]


def test_sensitive_goods_are_offered_only_to_who_turned_them_on(client: TestClient, database: Database) -> None:
    assert "wine" not in {o["offer_id"] for o in fetch_offers(client, "wine-lover", limit=20)}
    with database.write() as connection:
        person = find_customer(connection, "wine-lover")
        assert person is not None
        make_consent(connection, person.person_id, "sensitive_alcohol", granted=True)
    assert "wine" in {o["offer_id"] for o in fetch_offers(client, "wine-lover", limit=20)}
    assert "wine" not in {o["offer_id"] for o in fetch_offers(client, "c0", limit=20)}


def test_each_exposure_is_logged_in_full(client: TestClient, database: Database) -> None:
    offers = fetch_offers(client, "c1", slot="logged", limit=3)
    with database.read() as connection:
        rows = connection.execute(
            select(impressions).where(impressions.c.slot == "logged").order_by(impressions.c.position)
        ).all()
        person = find_customer(connection, "c1")
    assert person is not None
    assert [row.impression_id for row in rows] == [o["impression_id"] for o in offers]
    assert [row.position for row in rows] == [1, 2, 3]
    assert len({row.slate_id for row in rows}) == 1
    assert {(row.person_id, row.channel, row.shop_day) for row in rows} == {(person.person_id, "page", TODAY)}
    assert rows[0].consents == ["offers", "purchases"]
    assert rows[0].variant
    assert rows[0].model_version.startswith(TODAY.isoformat())


def test_what_was_shown_becomes_a_feature_only_under_the_offers_consent(client: TestClient, database: Database) -> None:
    for customer_id, expected in (("c2", 4), ("c59", 0)):
        with database.read() as connection:
            person = find_customer(connection, customer_id)
        assert person is not None
        mine = (offer_events.c.person_id == person.person_id, offer_events.c.event == "shown")
        before = count(database, offer_events, *mine)
        fetch_offers(client, customer_id, limit=4)
        assert count(database, offer_events, *mine) - before == expected


# --- explanations ---------------------------------------------------------------------------------------------------
def test_an_explanation_adds_up_and_names_what_it_used(client: TestClient) -> None:
    for offer in fetch_offers(client, "c3"):
        told = explain(client, offer["impression_id"], bearer("c3")).json()
        parts = sum(reason["contribution"] for reason in told["reasons"])
        assert told["base"] + parts + told["remainder"] == pytest.approx(told["score"], abs=1e-6)
        assert abs(told["remainder"]) <= max(abs(reason["contribution"]) for reason in told["reasons"])
        assert told["categories_used"] == ["purchases", "offers"]
        assert set(told["categories_used"]).isdisjoint(told["categories_unused"])
        for reason in told["reasons"]:
            assert reason["category"] in (*told["categories_used"], "shop")
            assert len(reason["controls"]) == 3
            assert reason["evidence"]["facts"]


def test_only_who_was_shown_it_and_staff_read_an_explanation(client: TestClient) -> None:
    impression_id = fetch_offers(client, "c4")[0]["impression_id"]
    sam = Agent(client)
    calls = ("explanation", "why-not?other=type-3", "what-if?without=purchases")
    for call in calls:
        path = f"/api/impressions/{impression_id}/{call}"
        assert client.get(path, headers=bearer("c4")).status_code == 200
        assert sam.call("GET", path).status_code == 200
        assert is_refused(client.get(path, headers=bearer("c5")), 401, "not_known")
        assert is_refused(client.get(path), 401, "not_known")
        assert is_refused(client.get(path, headers={"Cookie": "candor_staff=guess"}), 401, "not_known")
        unknown = client.get(path.replace(impression_id, "nothing"), headers=bearer("c4"))
        assert unknown.text == client.get(path).text


def test_a_signed_in_conversation_reads_it_and_a_visitors_does_not(client: TestClient) -> None:
    impression_id = fetch_offers(client, "c4")[0]["impression_id"]
    mine, other, visitor = Guest(client, "c4"), Guest(client, "c5"), Guest(client)
    assert explain(client, impression_id, mine.headers).status_code == 200
    assert is_refused(explain(client, impression_id, other.headers), 401, "not_known")
    assert is_refused(explain(client, impression_id, visitor.headers), 401, "not_known")


def test_an_impression_made_for_nobody_is_explained_to_whoever_holds_its_id(client: TestClient) -> None:
    impression_id = fetch_offers(client)[0]["impression_id"]
    for headers in ({}, bearer("c5"), Guest(client).headers):
        told = explain(client, impression_id, headers).json()
        assert told["base"] == told["score"]
        assert told["remainder"] == 0
        assert {(r["category"], r["contribution"]) for r in told["reasons"]} == {("shop", 0.0)}
        assert told["categories_used"] == []


def test_why_not_names_both_places(client: TestClient) -> None:
    offers = fetch_offers(client, "c6")
    shown, other = offers[0], offers[-1]
    path = f"/api/impressions/{shown['impression_id']}/why-not"
    told = client.get(path, params={"other": other["offer_id"]}, headers=bearer("c6")).json()
    assert told["place"] < told["other_place"]
    assert told["score"] > told["other_score"]
    assert other["title"] in told["text"]
    assert is_refused(client.get(path, params={"other": "nothing"}, headers=bearer("c6")), 422, "bad_input")
    assert is_refused(client.get(path, headers=bearer("c6")), 422, "bad_input")


def test_why_not_says_nothing_untrue_once_purchases_are_off(client: TestClient, database: Database) -> None:
    """The rows may not be read any more, so nothing may be said of them: not even that there are none."""
    offers = fetch_offers(client, "c7")
    switch = client.put("/api/me/consents/purchases", json={"granted": False}, headers=bearer("c7"))
    assert switch.status_code == 200
    told = client.get(
        f"/api/impressions/{offers[0]['impression_id']}/why-not",
        params={"other": offers[1]["offer_id"]},
        headers=bearer("c7"),
    ).json()
    assert "did not buy" not in told["text"], told["text"]


def test_asking_what_if_switches_nothing(client: TestClient) -> None:
    offers = fetch_offers(client, "c8")
    path = f"/api/impressions/{offers[0]['impression_id']}/what-if"
    told = client.get(path, params={"without": "purchases"}, headers=bearer("c8")).json()
    assert told["granted"] is True
    assert len(told["before"]) == len(told["after"]) == 5
    assert {o["impression_id"] for o in told["before"] + told["after"]} == {None}
    assert [o["offer_id"] for o in fetch_offers(client, "c8")] == [o["offer_id"] for o in offers]
    off = client.get(path, params={"without": "browsing"}, headers=bearer("c8")).json()
    assert (off["granted"], off["left"], off["came"]) == (False, 0, 0)
    assert is_refused(client.get(path, params={"without": "shoes"}, headers=bearer("c8")), 422, "bad_input")


# --- events ---------------------------------------------------------------------------------------------------------
def send_event(client: TestClient, customer_id: str | None = None, **body: Any) -> Any:
    told = {"kind": "viewed", "page": "/kettles"} | body
    return client.post("/api/events", json=told, headers=bearer(customer_id) if customer_id else {})


def test_browsing_is_stored_only_under_its_consent(client: TestClient, database: Database) -> None:
    view = {"product_id": "p-type-1", "page": "/kettles?user=anna#top"}
    assert send_event(client, "c9", **view).json() == {"stored": False}
    assert send_event(client, **view).json() == {"stored": False}
    assert count(database, page_events) == 0
    with database.write() as connection:
        person = find_customer(connection, "c9")
        assert person is not None
        make_consent(connection, person.person_id, "browsing", granted=True)
    answer = send_event(client, "c9", **view)
    assert (answer.status_code, answer.json()) == (202, {"stored": True})
    with database.read() as connection:
        row = connection.execute(select(page_events)).one()
    assert (row.page, row.product_id, row.kind, row.happened_on) == ("/kettles", "p-type-1", "viewed", TODAY)
    assert client.post(
        "/api/events", json={"kind": "viewed", "page": "/", "product_id": "p-type-1"}, headers=bearer("c9", minor=True)
    ).json() == {"stored": False}
    assert count(database, page_events) == 1


def test_a_consent_to_train_alone_stores_no_browsing(client: TestClient, database: Database) -> None:
    with database.write() as connection:
        person_id = make_person(connection, "trainer")
        record_consent(
            connection,
            person_id,
            "browsing",
            granted=True,
            purposes=("train",),
            at=AT,
            source="page",
            lang="en",
            known=("browsing",),
        )
    assert send_event(client, "trainer", product_id="p-type-1").json() == {"stored": False}


@pytest.mark.parametrize("kind", ["viewed", "clicked"])
@pytest.mark.parametrize("customer_id", ["c10", "c58"])
def test_stored_is_said_only_of_what_was_stored(
    client: TestClient, database: Database, kind: str, customer_id: str
) -> None:
    """c10 agreed to `offers`, c58 to nothing; the impression is their own, or nobody's."""
    for owner in (customer_id, None):
        impression_id = fetch_offers(client, owner)[0]["impression_id"]
        before = count(database, offer_events)
        told = send_event(client, customer_id, kind=kind, impression_id=impression_id).json()["stored"]
        assert told == (count(database, offer_events) > before)
        if customer_id == "c58":
            assert told is False


def test_a_click_on_somebody_elses_offer_is_refused(client: TestClient) -> None:
    impression_id = fetch_offers(client, "c10")[0]["impression_id"]
    assert is_refused(send_event(client, "c11", kind="clicked", impression_id=impression_id), 401, "not_known")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"product_id": "p-type-1", "impression_id": "both"},
        {"product_id": "nothing"},
        {"product_id": "p-type-1", "kind": "licked"},
        {"product_id": "p-type-1", "page": ""},
        {"product_id": "p-type-1", "page": "x" * 501},
        {"product_id": 7},
    ],
)
def test_an_event_that_does_not_fit_is_refused(client: TestClient, body: dict[str, Any]) -> None:
    assert is_refused(send_event(client, "c12", **body), 422, "bad_input")


def test_offers_of_the_page_are_taken_only_from_ones_own(client: TestClient, database: Database) -> None:
    mine, nobodys = fetch_offers(client, "c13")[0], fetch_offers(client)[0]
    foreign = fetch_offers(client, "c14")[0]
    ids = [foreign["impression_id"], nobodys["impression_id"], "nothing", mine["impression_id"], mine["impression_id"]]
    guest = Guest(client, "c13", page_offers=ids)
    with database.read() as connection:
        kept = require_conversation(connection, guest.id).page_offers
    assert kept == [nobodys["impression_id"], mine["impression_id"]]
    assert Guest(client, page_offers=[str(uuid.uuid4())]).opening[0]["kind"] == "disclosure"


def test_half_a_character_anywhere_is_the_clients_fault(client: TestClient) -> None:
    """JSON may carry a lone surrogate; no answer may be a 5xx for it."""
    for body in (b'{"page_offers": ["\\ud800"]}', b'{"customer_token": "\\ud800.a.b"}', b'{"locale": "\\ud800"}'):
        answer = client.post("/api/conversations", content=body, headers={"Content-Type": "application/json"})
        assert 400 <= answer.status_code < 500, answer.text
        assert set(answer.json()) == {"error"}
