"""Erasing over the wire: the keys to the conversation open nothing any more, whoever looks on is told, and the bot forgets."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from data.customers import find_customer
from data.database import Database
from data.erasure import erase_person
from data.shop import Shop
from tests.databases import open_settings
from tests.making import AT
from tests.serving import Agent, Guest, StandIn, make_settings, serve
from tests.small_shop import bearer, fetch_offers, is_refused, make_small_shop
from web.erasing import erase_caller
from web.identity import Caller, identify_caller


@pytest.fixture
def bot() -> Iterator[StandIn]:
    bot = StandIn()
    yield bot
    bot.close()


@pytest.fixture
def served(tmp_path: Path, shop: Shop, bot: StandIn) -> Iterator[tuple[TestClient, Database]]:
    database, _ = make_small_shop(tmp_path, shop)
    with serve(make_settings(tmp_path, bot_port=bot.port)) as client:
        yield client, database
    database.close()


def erase(client: TestClient, guest: Guest) -> str:
    house: Any = client.app.state.house  # type: ignore[attr-defined]
    return erase_caller(house, identify_caller(house, guest.token))


def test_a_customer_is_gone_everywhere_and_new_when_they_come_again(
    served: tuple[TestClient, Database], bot: StandIn
) -> None:
    client, database = served
    guest = Guest(client, "c1")
    guest.ask("my secret is Nettle Lane")
    shown = fetch_offers(client, "c1")
    began = time.monotonic()
    said = erase(client, guest)
    assert time.monotonic() - began < 5
    assert "is gone" in said
    assert len(bot.forgotten) == 1
    assert is_refused(client.get(f"/api/conversations/{guest.id}", headers=guest.headers), 401, "not_known")
    why = client.get(f"/api/impressions/{shown[0]['impression_id']}/explanation", headers=bearer("c1"))
    assert is_refused(why, 401, "not_known")
    held = client.get("/api/me/data", headers=bearer("c1")).json()["groups"]
    assert {group["name"]: group["count"] for group in held if group["count"]} == {"profile": 1}
    consents = client.get("/api/me/consents", headers=bearer("c1")).json()["categories"]
    assert not any(one["granted"] for one in consents)
    with database.read() as connection:
        assert find_customer(connection, "c2") is not None


def test_a_visitor_is_erased_with_the_one_conversation(served: tuple[TestClient, Database], bot: StandIn) -> None:
    client, _ = served
    guest, other = Guest(client), Guest(client)
    guest.ask("hello")
    other.ask("hello")
    assert "chat is gone" in erase(client, guest)
    assert is_refused(client.get(f"/api/conversations/{guest.id}", headers=guest.headers), 401, "not_known")
    assert len(other.read()["messages"]) == 3
    assert len(bot.forgotten) == 1


def test_a_live_connection_is_closed_and_an_agent_sees_that_it_is_gone(served: tuple[TestClient, Database]) -> None:
    client, _ = served
    guest, agent = Guest(client, "c3"), Agent(client)
    guest.ask(payload=guest.opening[0]["buttons"][-1]["payload"])
    claimed = agent.call("POST", f"/staff/api/handoffs/{agent.find_waiting(guest.id)}/claim", {})
    assert claimed.status_code == 200
    with client.websocket_connect(f"/api/conversations/{guest.id}/live") as socket:
        socket.send_json({"type": "auth", "token": guest.token, "after": guest.last})
        assert socket.receive_json()["type"] in ("message", "state")
        erase(client, guest)
        frames: list[dict[str, Any]] = []
        while not frames or frames[-1]["type"] != "error":
            frames.append(socket.receive_json())
        assert frames[-1]["error"]["code"] == "not_known"
    assert is_refused(agent.call("GET", f"/staff/api/conversations/{guest.id}"), 401, "not_known")
    assert agent.call("GET", "/staff/api/handoffs").json()["handoffs"] == []


def test_an_answer_that_comes_after_the_erasure_is_dropped(served: tuple[TestClient, Database], bot: StandIn) -> None:
    client, _ = served
    guest, other = Guest(client, "c4"), Guest(client, "c5")
    usual = bot.script

    def dawdle(asked: dict[str, Any]) -> list[dict[str, Any]]:
        time.sleep(0.6)
        return usual(asked)

    bot.script = dawdle
    assert guest.send("are you there").status_code == 202
    time.sleep(0.2)
    erase(client, guest)
    bot.script = usual
    time.sleep(0.8)
    assert is_refused(client.get(f"/api/conversations/{guest.id}", headers=guest.headers), 401, "not_known")
    assert other.ask("still well?")[0]["author"] == "bot"


def test_a_start_finishes_what_a_crash_left(tmp_path: Path, bot: StandIn, shop: Shop) -> None:
    settings = make_settings(tmp_path, bot_port=bot.port)
    database, _ = make_small_shop(tmp_path, shop)
    with database.read() as connection:
        person = find_customer(connection, "c6")
    assert person is not None
    database.vault.bury(f"person:{person.person_id}", customer_key=None, at=AT)
    database.close()
    with serve(settings):
        pass
    database = open_settings(settings)
    with database.read() as connection:
        assert find_customer(connection, "c6") is None
        assert find_customer(connection, "c7") is not None
    database.close()


def test_what_was_confirmed_and_not_begun_is_done_at_the_next_start(
    tmp_path: Path, bot: StandIn, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = make_settings(tmp_path, bot_port=bot.port)
    database, _ = make_small_shop(tmp_path, shop)
    database.close()

    def crash(*_args: Any) -> None:
        raise RuntimeError

    with serve(settings) as client:
        visitor = Guest(client)
        monkeypatch.setattr("web.requests.erase_caller", crash)
        for who in (bearer("c6"), visitor.headers):
            answer = client.post("/api/me/requests", json={"kind": "erase", "confirm": True}, headers=who)
            assert answer.status_code == 500
        assert client.get("/api/me/requests", headers=bearer("c6")).json()["requests"][0]["state"] == "erasing"
    monkeypatch.undo()
    with serve(settings) as client:
        assert is_refused(client.get(f"/api/conversations/{visitor.id}", headers=visitor.headers), 401, "not_known")
        held = client.get("/api/me/data", headers=bearer("c6")).json()["groups"]
        assert {group["name"] for group in held if group["count"]} == {"profile"}
        assert client.get("/api/me/requests", headers=bearer("c6")).json()["requests"][0]["state"] == "done"


def test_who_is_erased_during_a_call_is_told_so(
    served: tuple[TestClient, Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    client, database = served

    def identify(house: Any, token: str) -> Caller:
        caller = identify_caller(house, token)
        assert caller.person_id is not None
        erase_person(database, caller.person_id, at=AT)
        return caller

    monkeypatch.setattr("web.offers.identify_caller", identify)
    for method, path, body in (
        ("PUT", "/api/me/consents/offers", {"granted": True}),
        ("PUT", "/api/me/frequency", {"frequency": "never"}),
        ("PUT", "/api/me/level", {"level": "everything"}),
        ("POST", "/api/me/controls", {"kind": "like", "product_id": "p-type-1"}),
        ("POST", "/api/me/requests", {"kind": "access"}),
        ("GET", "/api/offers?slot=home", None),
    ):
        assert is_refused(client.request(method, path, json=body, headers=bearer("c1")), 410, "erased"), path
