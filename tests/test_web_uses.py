"""What a customer reads of each use of their data: complete, in plain words, and by the names that customers know."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert
from starlette.testclient import TestClient

from data.customers import find_customer
from data.database import Database
from data.shop import Shop
from data.tables import uses
from data.texts import load_texts
from data.uses import WHAT_FOR, record_use
from tests.making import AT
from tests.serving import Agent, Guest, StandIn, make_settings, serve
from tests.small_shop import bearer, fetch_offers, make_small_shop

TEXTS = Path(__file__).resolve().parent.parent / "texts"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, shop: Shop) -> Iterator[tuple[TestClient, Database]]:
    folder, bot = tmp_path_factory.mktemp("uses"), StandIn()
    database, _ = make_small_shop(folder, shop)
    with serve(make_settings(folder, bot_port=bot.port)) as client:
        yield client, database
    database.close()
    bot.close()


def read_groups(client: TestClient, customer_id: str) -> dict[str, list[dict[str, Any]]]:
    told = client.get("/api/me/data", headers=bearer(customer_id)).json()["groups"]
    return {group["name"]: group["rows"] for group in told}


def find_person(database: Database, customer_id: str) -> int:
    with database.read() as connection:
        person = find_customer(connection, customer_id)
    assert person is not None
    return person.person_id


@pytest.mark.parametrize("lang", ["en", "de", "es"])
def test_each_use_is_told_in_plain_words(lang: str) -> None:
    pages = {entry.address for entry in load_texts(TEXTS, lang).entries.values()}
    for what_for in WHAT_FOR:
        assert f"pages.use_{what_for}" in pages
    by_people = ("review", "request", "look")
    assert {f"pages.use_{one}_rows" for one in by_people} | {"pages.use_chat", "pages.by_person"} <= pages


def test_a_use_that_the_page_has_no_words_for_is_not_recorded(served: tuple[TestClient, Database]) -> None:
    _, database = served
    told: dict[str, Any] = {"at": AT, "categories": [], "by": "Sam", "detail": {}}
    with pytest.raises(ValueError, match="choose_offers"), database.write() as connection:
        record_use(connection, find_person(database, "c1"), what_for="curiosity", **told)


def test_a_look_of_staff_at_the_reasons_of_an_offer_is_recorded(served: tuple[TestClient, Database]) -> None:
    client, _ = served
    impression_id = fetch_offers(client, "c1")[0]["impression_id"]
    client.get(f"/api/impressions/{impression_id}/explanation", headers=bearer("c1"))
    assert "look" not in [use["what_for"] for use in read_groups(client, "c1")["uses"]]
    assert Agent(client).call("GET", f"/api/impressions/{impression_id}/what-if").status_code == 200
    looks = [use for use in read_groups(client, "c1")["uses"] if use["what_for"] == "look"]
    assert [(use["by"], use["detail"]["impression_id"]) for use in looks] == [("Sam Okafor", impression_id)]


def test_a_request_that_was_read_is_not_told_as_a_dispute(served: tuple[TestClient, Database]) -> None:
    client, _ = served
    asked = client.post("/api/me/requests", json={"kind": "rectify", "text": "my street"}, headers=bearer("c2")).json()
    agent = Agent(client)
    agent.call("GET", f"/staff/api/requests/{asked['request_id']}")
    assert [use["what_for"] for use in read_groups(client, "c2")["uses"]] == ["request"]
    agent.call("POST", f"/staff/api/requests/{asked['request_id']}", {"state": "done", "answer": "It is mended."})
    assert [one["closed_by"] for one in read_groups(client, "c2")["requests"]] == ["Sam Okafor"]


def test_who_had_a_talk_is_told_by_the_name_that_customers_know(served: tuple[TestClient, Database]) -> None:
    client, _ = served
    guest, agent = Guest(client, "c3"), Agent(client)
    guest.ask(payload=guest.opening[0]["buttons"][-1]["payload"])
    agent.call("POST", f"/staff/api/handoffs/{agent.find_waiting(guest.id)}/claim", {})
    (talk,) = read_groups(client, "c3")["conversations"]
    assert [one["claimed_by"] for one in talk["handoffs"]] == ["Sam Okafor"]


def test_every_use_is_told_however_many_there_were(served: tuple[TestClient, Database]) -> None:
    client, database = served
    person_id = find_person(database, "c4")
    row = {"person_id": person_id, "at": AT, "categories": [], "what_for": "handoff", "by": "Sam", "detail": {}}
    with database.write() as connection:
        connection.execute(insert(uses), [row] * 700)
    assert len(read_groups(client, "c4")["uses"]) >= 700
