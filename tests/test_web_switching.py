"""Two hands on one switch: the browser's signal at every entrance, two tabs, a withdrawal while a ranking runs; and who has nothing on."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import func, select
from starlette.testclient import TestClient

from data.consent import record_refusal
from data.database import Database
from data.shop import Shop
from data.tables import audit, consent_events, impressions, offer_events
from models.recommender import Recommender, Slate
from tests.agreements import list_on, look, meet, put_level
from tests.making import AT, make_consent
from tests.serving import StandIn, make_settings, serve
from tests.small_shop import bearer, fetch_offers, is_refused, make_small_shop


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, shop: Shop) -> Iterator[tuple[TestClient, Database]]:
    folder, bot = tmp_path_factory.mktemp("switching"), StandIn()
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


def test_the_signal_is_heard_at_every_entrance(client: TestClient, database: Database) -> None:
    entrances: dict[str, Callable[[dict[str, str]], Any]] = {
        "consents": lambda h: client.get("/api/me/consents", headers=h),
        "switch": lambda h: client.put("/api/me/consents/browsing", json={"granted": False}, headers=h),
        "level": lambda h: client.put("/api/me/level", json={"level": "told"}, headers=h),
        "frequency": lambda h: client.put("/api/me/frequency", json={"frequency": "day"}, headers=h),
        "receipts": lambda h: client.get("/api/me/receipts", headers=h),
        "data": lambda h: client.get("/api/me/data", headers=h),
        "offers": lambda h: client.get("/api/offers", headers=h),
        "event": lambda h: client.post("/api/events", json={"kind": "viewed", "product_id": "p-type-1", "page": "/"}, headers=h),
        "open": lambda h: client.post("/api/conversations", json={"customer_token": h["Authorization"].split()[1]}, headers={"Sec-GPC": "1"}),
    }  # fmt: skip
    for name, call in entrances.items():
        who = f"gpc-{name}"
        meet(database, who, "purchases", "offers")
        assert call(bearer(who) | {"Sec-GPC": "1"}).status_code < 300, name
        assert not list_on(database, who) & {"purchases", "offers"}, name


def test_a_level_given_under_the_signal_stands_and_the_page_says_that_it_was_honoured(
    client: TestClient, database: Database
) -> None:
    meet(database, "signalled", "purchases")
    headers = bearer("signalled") | {"Sec-GPC": "1"}
    assert client.put("/api/me/level", json={"level": "bought"}, headers=headers).json()["level"] == "bought"
    told = look(client, "signalled", **{"Sec-GPC": "1"})
    assert (told["gpc_honoured"], told["level"]) == (True, "bought")


def test_two_tabs_that_switch_at_once_both_get_a_true_answer(client: TestClient, database: Database) -> None:
    person_id = meet(database, "tabs")

    def switch(granted: bool) -> dict[str, Any]:
        answer = client.put("/api/me/consents/purchases", json={"granted": granted}, headers=bearer("tabs"))
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()
        return told

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(switch, [True, False] * 6))
    c = consent_events.c
    with database.read() as connection:
        said = connection.execute(
            select(c.granted).where(c.person_id == person_id, c.purpose == "choose").order_by(c.event_id)
        )
        words = list(said.scalars())
        acts = connection.execute(
            select(func.count()).select_from(audit).where(audit.c.person_id == person_id)
        ).scalar_one()
    assert all(one != other for one, other in pairwise(words)), "no word was said twice running"
    assert words[0] is True
    assert acts == len(words)
    assert look(client, "tabs")["categories"][0]["granted"] is words[-1]
    assert all(answer["choose"] == answer["train"] for answer in answers)
    receipts = client.get("/api/me/receipts", headers=bearer("tabs")).json()["receipts"]
    assert len(receipts) == len(words)


def test_a_withdrawal_while_a_ranking_runs_throws_the_ranking_away(
    client: TestClient, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    person_id = meet(database, "racing", "purchases", "offers")
    assert any(offer["personalized"] for offer in fetch_offers(client, "racing"))
    chosen, withdrawn = threading.Event(), threading.Event()
    choose = Recommender.choose

    def choose_and_wait(self: Recommender, *args: Any, **more: Any) -> Slate:
        slate = choose(self, *args, **more)
        if not chosen.is_set():
            chosen.set()
            assert withdrawn.wait(20)
        return slate

    monkeypatch.setattr(Recommender, "choose", choose_and_wait)
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(fetch_offers, client, "racing")
        assert chosen.wait(20)
        with database.write() as connection:
            for category in ("purchases", "offers"):
                make_consent(connection, person_id, category, granted=False)
        withdrawn.set()
        offers = running.result(30)
    assert not any(offer["personalized"] for offer in offers)
    ids = [offer["impression_id"] for offer in offers]
    with database.read() as connection:
        told = connection.execute(
            select(impressions.c.consents, impressions.c.personalized).where(impressions.c.impression_id.in_(ids))
        ).all()
        events = select(func.count()).select_from(offer_events).where(offer_events.c.impression_id.in_(ids))
        assert [tuple(one) for one in told] == [([], False)] * 5
        assert connection.execute(events).scalar_one() == 0


def test_a_token_after_its_hour_switches_nothing(client: TestClient, database: Database) -> None:
    meet(database, "late", "purchases")
    headers = bearer("late", exp=int(time.time()) - 60)
    calls: tuple[Callable[[], Any], ...] = (
        lambda: client.put("/api/me/consents/purchases", json={"granted": False}, headers=headers),
        lambda: client.put("/api/me/level", json={"level": "off"}, headers=headers),
        lambda: client.get("/api/me/receipts", headers=headers),
        lambda: client.get("/api/me/consents", headers=headers),
    )
    for call in calls:
        assert is_refused(call(), 401, "not_known")
    assert list_on(database, "late") == {"purchases"}


def test_a_customer_whose_consents_are_all_off_has_every_answer(client: TestClient, database: Database) -> None:
    person_id = meet(database, "nothing")
    with database.write() as connection:
        record_refusal(connection, person_id, "purchases", at=AT)
    told = look(client, "nothing")
    assert (told["level"], told["gpc_honoured"]) == ("off", False)
    assert not any(one["granted"] for one in told["categories"])
    assert put_level(client, "nothing", "off").json()["switched_off"] == []
    answer = client.put("/api/me/consents/purchases", json={"granted": False}, headers=bearer("nothing"))
    assert answer.json()["granted"] is False
    assert client.get("/api/me/receipts", headers=bearer("nothing")).json() == {"receipts": []}
    assert not any(offer["personalized"] for offer in fetch_offers(client, "nothing"))
    unknown = client.put("/api/me/consents/shoe_size", json={"granted": True}, headers=bearer("nothing"))
    assert is_refused(unknown, 422, "bad_input")
