"""Requests by right over HTTP (GDPR 12-22): each kind from the asking to its outcome, and what a stranger or an old token gets."""

import csv
import io
import json
import time
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from data.classes import TABLES
from data.customers import find_customer
from data.database import Database
from data.importers import import_shop
from data.requests import add_month, keep_all
from data.shop import Shop
from data.tables import order_lines, orders
from tests.databases import open_file
from tests.making import make_consent
from tests.serving import Guest, StandIn, make_settings, serve
from tests.small_shop import bearer, fetch_offers, is_refused, make_small_shop


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, shop: Shop) -> Iterator[tuple[TestClient, Database]]:
    folder, bot = tmp_path_factory.mktemp("rights"), StandIn()
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


def ask(client: TestClient, who: dict[str, str], kind: str, **body: Any) -> dict[str, Any]:
    answer = client.post("/api/me/requests", json={"kind": kind} | body, headers=who)
    assert answer.status_code == 201, answer.text
    told: dict[str, Any] = answer.json()
    assert told["kind"] == kind
    assert told["outcome"]
    return told


def list_asked(client: TestClient, who: dict[str, str]) -> dict[str, dict[str, Any]]:
    found = client.get("/api/me/requests", headers=who).json()["requests"]
    return {one["request_id"]: one for one in found}


def list_on(client: TestClient, who: dict[str, str]) -> set[str]:
    return {
        one["category"] for one in client.get("/api/me/consents", headers=who).json()["categories"] if one["granted"]
    }


def find_person(database: Database, customer_id: str) -> int:
    with database.read() as connection:
        person = find_customer(connection, customer_id)
    assert person is not None
    return person.person_id


def test_what_needs_nobody_is_done_at_once_with_a_number_and_a_date(client: TestClient) -> None:
    told = ask(client, bearer("c1"), "access")
    assert told["state"] == "done"
    opened, due = datetime.fromisoformat(told["opened_at"]), datetime.fromisoformat(told["due"])
    assert due == add_month(opened)
    assert list_asked(client, bearer("c1"))[told["request_id"]] == told
    assert told["request_id"] not in list_asked(client, bearer("c2"))


@pytest.mark.parametrize(
    ("day", "due"), [("2026-01-31", "2026-02-28"), ("2024-01-31", "2024-02-29"), ("2025-12-15", "2026-01-15")]
)
def test_a_month_ends_on_the_same_day_or_the_last(day: str, due: str) -> None:
    assert add_month(datetime.fromisoformat(day).replace(tzinfo=UTC)).date().isoformat() == due


def test_the_copy_holds_every_group_and_every_line(client: TestClient, database: Database) -> None:
    who = bearer("c3")
    Guest(client, "c3").ask("my words in the copy")
    fetch_offers(client, "c3")
    answer = client.get("/api/me/export", headers=who)
    assert answer.headers["Content-Disposition"] == 'attachment; filename="my-data.json"'
    assert answer.headers["Cache-Control"] == "no-store"
    told = answer.json()
    groups = {group["name"]: group for group in told["groups"]}
    shown = client.get("/api/me/data", headers=who).json()["groups"]
    assert set(groups) == {group["name"] for group in shown}
    assert set(groups) >= {held.group for held in TABLES.values() if held.tied and held.group}
    with database.read() as connection:
        mine = select(order_lines.c.line_id).where(order_lines.c.person_id == find_person(database, "c3"))
        lines = connection.execute(mine).all()
    assert sum(len(order["lines"]) for order in groups["orders"]["rows"]) == len(lines) > 0
    assert "my words in the copy" in json.dumps(groups["conversations"]["rows"])
    assert groups["profile"]["rows"][0]["customer_id"] == "c3"
    assert groups["uses"]["count"] >= 1
    assert all(group["purpose"] and group["title"] for group in told["groups"])


def test_the_copy_as_tables_opens_as_csv(client: TestClient) -> None:
    answer = client.get("/api/me/export?format=csv", headers=bearer("c3"))
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        names = set(archive.namelist())
        assert names >= {"README.txt", "profile.csv", "orders.csv", "consents.csv"}
        readme = archive.read("README.txt").decode()
        assert all(name in readme for name in names - {"README.txt"})
        rows = list(csv.DictReader(io.StringIO(archive.read("orders.csv").decode())))
    assert json.loads(rows[0]["lines"])[0]["quantity"] == 1


def test_the_files_for_another_shop_are_read_in_by_another_shop(
    client: TestClient, database: Database, tmp_path: Path, shop: Shop
) -> None:
    answer = client.get("/api/me/export?format=import", headers=bearer("c4"))
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        archive.extractall(tmp_path / "files")
    other = open_file(tmp_path / "other.db")
    other.migrate()
    summary = import_shop(other, shop, tmp_path / "files", source="own")
    mine = find_person(database, "c4")
    with database.read() as here, other.read() as there:
        person = find_customer(there, "c4")
        assert person is not None
        before = here.execute(select(orders.c.order_id).where(orders.c.person_id == mine)).scalars().all()
        after = there.execute(select(orders.c.order_id).where(orders.c.person_id == person.person_id)).scalars().all()
    other.close()
    assert sorted(before) == sorted(after)
    assert summary.order_lines > 0
    assert summary.consents == 0


def test_an_erasure_says_first_what_goes_and_is_done_when_confirmed(client: TestClient, database: Database) -> None:
    who, guest = bearer("c5"), Guest(client, "c5")
    old = find_person(database, "c5")
    first = ask(client, who, "erase")
    assert first["state"] == "needs_confirmation"
    assert "cannot be undone" in first["outcome"]
    assert ask(client, who, "erase")["request_id"] == first["request_id"]
    assert find_person(database, "c5") == old
    began = time.monotonic()
    done = ask(client, who, "erase", confirm=True)
    assert time.monotonic() - began < 5
    assert done["state"] == "done"
    assert "is gone" in done["outcome"]
    assert is_refused(client.get(f"/api/conversations/{guest.id}", headers=guest.headers), 401, "not_known")
    assert list_asked(client, who) == {done["request_id"]: done}
    assert find_person(database, "c5") != old
    held = client.get("/api/me/data", headers=who).json()["groups"]
    assert {group["name"] for group in held if group["count"]} == {"profile"}


def test_who_keeps_everything_has_no_request_waiting(client: TestClient, database: Database) -> None:
    who = bearer("c5")
    first = ask(client, who, "erase")
    kept = ask(client, who, "erase", keep=True)
    assert (kept["request_id"], kept["state"]) == (first["request_id"], "withdrawn")
    assert kept["closed_at"]
    again = client.post("/api/me/requests", json={"kind": "erase", "keep": True}, headers=who)
    assert is_refused(again, 409, "conflict")
    silent = ask(client, who, "erase")
    assert silent["request_id"] != first["request_id"]
    with database.write() as connection:
        assert keep_all(connection, at=silent["opened_at"]) == []
        assert [one.request_id for one in keep_all(connection, at="2999-01-01T00:00:00.000000Z")] == [
            silent["request_id"]
        ]
    assert {one["state"] for one in list_asked(client, who).values() if one["kind"] == "erase"} >= {"withdrawn"}


def test_a_visitor_erases_their_one_conversation(client: TestClient) -> None:
    guest, other = Guest(client), Guest(client)
    assert ask(client, guest.headers, "erase")["state"] == "needs_confirmation"
    assert ask(client, guest.headers, "erase", confirm=True)["state"] == "done"
    assert is_refused(client.get("/api/me/requests", headers=guest.headers), 401, "not_known")
    assert list_asked(client, other.headers) == {}


def test_frozen_data_is_kept_and_used_for_nothing_until_the_freeze_is_lifted(
    client: TestClient, database: Database
) -> None:
    who = bearer("c6")
    on = list_on(client, who)
    assert on
    assert any(offer["personalized"] for offer in fetch_offers(client, "c6"))
    ask(client, who, "restrict")
    assert list_on(client, who) == set()
    assert client.get("/api/me/consents", headers=who).json()["restricted_since"]
    assert not any(offer["personalized"] for offer in fetch_offers(client, "c6"))
    held = {group["name"]: group["count"] for group in client.get("/api/me/data", headers=who).json()["groups"]}
    assert held["orders"] > 0
    ask(client, who, "restrict", lift=True)
    assert list_on(client, who) == on
    assert any(offer["personalized"] for offer in fetch_offers(client, "c6"))


def test_an_objection_ends_everything_and_a_later_grant_is_a_new_word(client: TestClient, database: Database) -> None:
    who = bearer("c7")
    with database.write() as connection:
        person = find_customer(connection, "c7")
        assert person is not None
        make_consent(connection, person.person_id, "browsing", granted=True)
    assert ask(client, who, "object")["state"] == "done"
    assert list_on(client, who) == set()
    assert not any(offer["personalized"] for offer in fetch_offers(client, "c7"))
    sources = {
        one["source"] for one in client.get("/api/me/consents", headers=who).json()["categories"] if one["source"]
    }
    assert sources == {"objection"}
    assert client.put("/api/me/consents/purchases", json={"granted": True}, headers=who).json()["granted"]
    assert list_on(client, who) == {"purchases"}


def test_a_wrong_name_is_mended_at_once_and_stays_open_for_its_source(client: TestClient, database: Database) -> None:
    told = ask(client, bearer("c8"), "rectify", name="Ada Lovelace")
    assert told["state"] == "open"
    with database.read() as connection:
        person = find_customer(connection, "c8")
    assert person is not None
    assert person.name == "Ada Lovelace"
    client.get("/api/me/consents", headers=bearer("c8", name="The old one"))  # the shop's token does not change it back
    assert client.get("/api/me/data", headers=bearer("c8")).json()["groups"][0]["rows"][0]["name"] == "Ada Lovelace"


def test_a_purchase_that_was_not_theirs_counts_no_more_and_a_person_checks_it(
    client: TestClient, database: Database
) -> None:
    mine = find_person(database, "c9")
    with database.read() as connection:
        product_id = (
            connection.execute(select(order_lines.c.product_id).where(order_lines.c.person_id == mine))
            .scalars()
            .first()
        )
    told = ask(client, bearer("c9"), "rectify", product_id=product_id, text="never bought it")
    assert told["state"] == "open"
    assert told["review_id"] in told["outcome"]
    with database.read() as connection:
        left = (
            connection.execute(
                select(order_lines.c.disputed_at).where(
                    order_lines.c.person_id == mine, order_lines.c.product_id == product_id
                )
            )
            .scalars()
            .all()
        )
    assert left
    assert all(left)
    assert told["text"] == "never bought it"


def test_one_line_of_an_order_is_disowned_and_no_other_and_nobody_elses(client: TestClient) -> None:
    who, other = bearer("c14"), bearer("c15")
    (held,) = (g for g in client.get("/api/me/data", headers=who).json()["groups"] if g["name"] == "orders")
    lines = [line for order in held["rows"] for line in order["lines"]]
    told = ask(client, who, "rectify", line_id=lines[0]["line_id"])
    assert "no longer counts" in told["outcome"]
    (held,) = (g for g in client.get("/api/me/data", headers=who).json()["groups"] if g["name"] == "orders")
    disputed = [line["line_id"] for order in held["rows"] for line in order["lines"] if line["disputed_at"]]
    assert disputed == [lines[0]["line_id"]]
    again = ask(client, who, "rectify", line_id=lines[0]["line_id"])
    assert "no longer counts" not in again["outcome"]  # it was so already: a person looks
    body = {"kind": "rectify", "line_id": lines[1]["line_id"]}
    assert is_refused(client.post("/api/me/requests", json=body, headers=other), 401, "not_known")


def test_a_review_is_asked_for_with_the_offer_and_another_persons_is_not_known(client: TestClient) -> None:
    shown = fetch_offers(client, "c10")[0]["impression_id"]
    told = ask(client, bearer("c10"), "review", impression_id=shown, text="unfair")
    assert told["review_id"]
    other = client.post("/api/me/requests", json={"kind": "review", "impression_id": shown}, headers=bearer("c11"))
    assert is_refused(other, 401, "not_known")


def test_a_visitor_cannot_bring_a_customers_offer_before_staff(client: TestClient) -> None:
    theirs = fetch_offers(client, "c1")[0]["impression_id"]
    nobodys = fetch_offers(client)[0]["impression_id"]
    guest = Guest(client)
    body = {"kind": "review", "impression_id": theirs, "text": "show me"}
    assert is_refused(client.post("/api/me/requests", json=body, headers=guest.headers), 401, "not_known")
    assert ask(client, guest.headers, "review", impression_id=nobodys)["state"] == "open"


def test_a_visitor_has_nothing_to_object_to_and_is_told_so(client: TestClient) -> None:
    guest = Guest(client)
    for kind in ("object", "restrict"):
        assert "nothing about you is used" in ask(client, guest.headers, kind)["outcome"]
    assert ask(client, guest.headers, "rectify", text="my messages are wrong")["state"] == "open"
    assert len(list_asked(client, guest.headers)) == 3
    copy = client.get("/api/me/export", headers=guest.headers).json()
    assert {group["name"] for group in copy["groups"]} == {"conversations", "requests"}
    assert is_refused(client.get("/api/me/export?format=import", headers=guest.headers), 401, "not_known")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"kind": "forget"},
        {"kind": "erase", "confirm": "yes"},
        {"kind": "rectify"},
        {"kind": "rectify", "product_id": "no-such-thing"},
        {"kind": "review", "text": "x" * 2001},
    ],
)
def test_bad_input_is_refused_in_the_one_shape(client: TestClient, body: dict[str, Any]) -> None:
    assert is_refused(client.post("/api/me/requests", json=body, headers=bearer("c12")), 422, "bad_input")


def test_asking_without_end_is_refused_and_nobody_else_waits_for_it(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    house: Any = client.app.state.house  # type: ignore[attr-defined]
    guest, other = Guest(client), Guest(client)
    monkeypatch.setitem(house.shop.limits, "changes_a_minute", 3.0)
    monkeypatch.setattr(house, "settings", replace(house.settings, demo=False))
    body = {"kind": "review", "text": "look"}
    answers = [client.post("/api/me/requests", json=body, headers=guest.headers) for _ in range(6)]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert refused
    assert is_refused(refused[0], 429, "too_many")
    assert int(refused[0].headers["Retry-After"]) >= 1
    assert client.get("/api/me/requests", headers=guest.headers).status_code == 200
    assert client.post("/api/me/requests", json=body, headers=other.headers).status_code == 201


def test_nobody_and_a_token_after_its_hour_ask_for_nothing(client: TestClient, database: Database) -> None:
    assert is_refused(client.post("/api/me/requests", json={"kind": "access"}), 401, "not_known")
    old = bearer("c13", exp=int(time.time()) - 60)
    assert is_refused(client.get("/api/me/export", headers=old), 401, "not_known")
    guest = Guest(client, "c13")
    with database.write() as connection:
        connection.exec_driver_sql(
            "UPDATE conversation_tokens SET speaks_until = 1 WHERE conversation_id = ?", (guest.id,)
        )
    confirmed = {"kind": "erase", "confirm": True}
    assert is_refused(client.post("/api/me/requests", json=confirmed, headers=guest.headers), 401, "not_known")
    assert is_refused(client.get("/api/me/export", headers=guest.headers), 401, "not_known")
    assert find_person(database, "c13")


def test_who_has_switched_everything_off_has_every_right(client: TestClient) -> None:
    who = bearer("nobody-yet")
    for kind in ("access", "port", "restrict", "object"):
        assert ask(client, who, kind)["state"] == "done"
    assert client.get("/api/me/export", headers=who).status_code == 200
