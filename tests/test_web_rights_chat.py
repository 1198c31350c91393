"""The rights by chat: the same deeds as the privacy centre's, from the sentence to the outcome."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from data.shop import Shop
from tests.serving import Guest, StandIn, make_settings, serve
from tests.small_shop import bearer, fetch_offers, is_refused, make_small_shop


@pytest.fixture(scope="module")
def bot() -> Iterator[StandIn]:
    bot = StandIn()
    yield bot
    bot.close()


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory, shop: Shop, bot: StandIn) -> Iterator[TestClient]:
    folder = tmp_path_factory.mktemp("chat")
    database, _ = make_small_shop(folder, shop)
    with serve(make_settings(folder, bot_port=bot.port)) as client:
        yield client
    database.close()


def tell(bot: StandIn, guest: Guest, deed: str) -> dict[str, Any]:
    """A sentence that the bot reads as a deed; returns what is said."""
    bot.script = lambda _: [{"text": deed}, {"custom": {"kind": "privacy", "press": f"/{deed}"}}]
    (heard,) = guest.ask(f"please {deed}")
    assert heard["kind"] == "privacy"
    return heard


def list_asked(client: TestClient, headers: dict[str, str]) -> list[tuple[str, str]]:
    found = client.get("/api/me/requests", headers=headers).json()["requests"]
    return [(one["kind"], one["state"]) for one in found]


def test_a_copy_is_there_to_save_and_stands_among_the_requests(client: TestClient, bot: StandIn) -> None:
    guest = Guest(client, "c1")
    heard = tell(bot, guest, "give_copy")
    assert heard["extra"] == {"copy": True}
    assert list_asked(client, bearer("c1")) == [("access", "done")]
    assert client.get("/api/me/export", headers=guest.headers).status_code == 200
    told = tell(bot, guest, "list_requests")["text"]
    assert client.get("/api/me/requests", headers=bearer("c1")).json()["requests"][0]["request_id"] in told


def test_erasing_takes_two_steps_and_no_keeps_everything(client: TestClient, bot: StandIn) -> None:
    guest = Guest(client, "c2")
    asked = tell(bot, guest, "ask_erasure")
    assert "cannot be undone" in asked["text"]
    assert [button["payload"] for button in asked["buttons"]] == ["/confirm_erasure", "/keep_everything"]
    (kept,) = guest.ask(payload="/keep_everything")
    assert "Nothing was erased" in kept["text"]
    assert list_asked(client, bearer("c2")) == [("erase", "withdrawn")]
    assert client.get("/api/me/data", headers=guest.headers).status_code == 200
    assert guest.send(payload="/confirm_erasure").status_code == 202
    deadline = time.monotonic() + 10
    answer = client.get(f"/api/conversations/{guest.id}", headers=guest.headers)
    while answer.status_code != 401 and time.monotonic() < deadline:
        answer = client.get(f"/api/conversations/{guest.id}", headers=guest.headers)
    assert is_refused(answer, 401, "not_known")
    while list_asked(client, bearer("c2")) != [("erase", "done")]:
        assert time.monotonic() < deadline


def test_a_button_of_erasing_that_was_not_offered_erases_nothing(client: TestClient) -> None:
    guest = Guest(client, "c3")
    assert is_refused(guest.send(payload="/confirm_erasure"), 422, "bad_input")
    assert client.get("/api/me/data", headers=guest.headers).status_code == 200


def test_a_freeze_and_an_objection_act_at_once(client: TestClient, bot: StandIn) -> None:
    guest = Guest(client, "c4")
    assert any(offer["personalized"] for offer in fetch_offers(client, "c4"))
    frozen = tell(bot, guest, "freeze_use")
    assert not any(offer["personalized"] for offer in fetch_offers(client, "c4"))
    guest.ask(payload=frozen["buttons"][0]["payload"])
    assert any(offer["personalized"] for offer in fetch_offers(client, "c4"))
    tell(bot, guest, "object_to_use")
    assert not any(offer["personalized"] for offer in fetch_offers(client, "c4"))


def test_a_visitor_has_the_rights_over_the_one_chat(client: TestClient, bot: StandIn) -> None:
    guest = Guest(client)
    assert "this chat" in tell(bot, guest, "ask_erasure")["text"]
    (heard,) = guest.ask(payload="/keep_everything")
    assert heard["author"] == "bot"
    assert tell(bot, guest, "give_copy")["extra"] == {"copy": True}
    bot.script = lambda _: [{"text": "x"}, {"custom": {"kind": "privacy", "press": "/freeze_use"}}]
    (heard,) = guest.ask("freeze my data")
    assert "not signed in" in heard["text"]
