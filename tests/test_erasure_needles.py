"""The needle test (P7): values put in through every entrance are in no file afterwards, in no writing, and everybody else reads the same.

Twenty people in `make test`, a thousand in `make deep`. Each value of those who are erased holds one word, each of the others another.
"""

import csv
import os
import sqlite3
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from data.classes import TABLES, metadata
from data.customers import list_customers
from data.database import Database
from data.erasure import clean, finish_erasures
from data.importers import import_shop
from data.shop import Shop
from tests.databases import open_file, open_settings
from tests.needles import find_word, list_forms, plant
from tests.serving import Agent, Guest, StandIn, make_settings, serve
from tests.small_shop import bearer

GONE, KEPT = "Quizzlethorn", "Wobblesnatch"
GONE_HEX = "5eedfeedbeef"  # the same for what takes hexadecimal digits alone
ADDRESS = "203.0.113.177"  # of TEST-NET-3 (RFC 5737)


@pytest.mark.parametrize("form", [*list_forms(GONE), "gzip", "zlib"])
def test_the_search_finds_a_word_in_every_form(form: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"\0" * 7 + plant(GONE, form) + b"\0" * 7)
    assert find_word(tmp_path, GONE)
    (tmp_path / "file").write_bytes(b"\0" * 7 + plant("Another word", form) + b"\0" * 7)
    assert find_word(tmp_path, GONE) == []


def name_people(word: str, count: int) -> list[str]:
    return [f"{word}-id-{n}" for n in range(count)]


def write_shop(folder: Path, people: dict[str, str]) -> Path:
    """A shop's files in which everybody has a name, an address, groups, orders and coupons that hold their word."""
    folder.mkdir(parents=True)

    def write(name: str, rows: list[dict[str, Any]]) -> None:
        with (folder / name).open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)

    write("products.csv", [{"product_id": f"p{n}", "title": f"Thing {n}", "category": "Things"} for n in range(4)])
    write(
        "customers.csv",
        [
            {
                "customer_id": one,
                "name": f"{word} of {one}",
                "email": f"{one}@{word.lower()}.example",
                "consent_purchases": "2020-01-02",
                "consent_browsing": "2020-01-02",
                "consent_offers": "2020-01-02",
                "consent_notice": "1",
                "audit_town": f"{word} upon {one}",
            }
            for one, word in people.items()
        ],
    )
    write(
        "orders.csv",
        [
            {
                "order_id": f"order-{one}-{n}",
                "customer_id": one,
                "ordered_at": f"2020-02-0{n + 1}",
                "product_id": f"p{n}",
                "quantity": 1,
                "unit_price": "1.00",
                "status": f"left at {word} Lane",
                "tracking": f"track-{one}-{n}",
            }
            for one, word in people.items()
            for n in range(3)
        ],
    )
    return folder


def use_every_entrance(client: TestClient, agent: Agent, one: str, word: str, hexadecimal: str) -> None:
    """A customer does what a customer can, and staff with them, each time with the word."""
    headers = {"X-Forwarded-For": ADDRESS, "User-Agent": f"{word}/1.0", "Referer": f"https://shop.example/{word}"}
    client.headers.update(headers)
    guest = Guest(client, one)
    guest.ask(f"My name is {word}, of {one}, 12 {word} Street")
    guest.ask(payload=guest.opening[0]["buttons"][-1]["payload"])
    client_id = f"{hexadecimal[:8]}-{hexadecimal[8:12]}-4000-8000-{uuid.uuid4().hex[:12]}"
    assert guest.send(f"I live in {word}", client_id=client_id).status_code == 202
    who = bearer(one, name=f"{word} signed in")
    offers = client.get("/api/offers", headers=who).json()["offers"]
    for event in (
        {"kind": "viewed", "product_id": "p1", "page": f"/{word}/p1"},
        {"kind": "clicked", "impression_id": offers[0]["impression_id"], "page": f"/{word}"},
    ):
        assert client.post("/api/events", json=event, headers=who).status_code == 202
    review = {"kind": "review", "impression_id": offers[0]["impression_id"], "text": f"unfair to {word}"}
    assert client.post("/api/me/controls", json=review, headers=who).status_code == 200
    rectify = {"kind": "rectify", "text": f"call me {word}"}
    assert client.post("/api/me/requests", json=rectify, headers=who).status_code == 201
    handoff = agent.find_waiting(guest.id)
    assert agent.call("POST", f"/staff/api/handoffs/{handoff}/claim", {}).status_code == 200
    assert agent.say(guest.id, f"Dear {word}").status_code == 202
    assert agent.say(guest.id, f"note on {word}", private=True).status_code == 202
    for name in headers:
        client.headers.pop(name)


def read_others(database: Database, people: set[int]) -> dict[str, list[tuple[Any, ...]]]:
    """Every row tied to somebody who stays."""
    told: dict[str, list[tuple[Any, ...]]] = {}
    with database.read() as connection:
        for table in metadata.sorted_tables:
            if "person_id" in table.c and TABLES[table.name].tied:
                rows = connection.execute(select(table).where(table.c.person_id.in_(people))).all()
                told[table.name] = sorted((tuple(row) for row in rows), key=repr)
    return told


@pytest.fixture
def bot() -> Iterator[StandIn]:
    bot = StandIn()
    yield bot
    bot.close()


@pytest.mark.parametrize("count", [20, pytest.param(1000, marks=[pytest.mark.deep, pytest.mark.timeout(7200)])])
def test_what_came_in_by_any_entrance_is_in_no_file_after_the_erasure(
    tmp_path: Path, shop: Shop, bot: StandIn, capfd: pytest.CaptureFixture[str], count: int
) -> None:
    var, gone, kept = tmp_path / "var", name_people(GONE, count), name_people(KEPT, 3)
    people = dict.fromkeys(gone, GONE) | dict.fromkeys(kept, KEPT)
    settings = make_settings(var, bot_port=bot.port)
    database = open_settings(settings)
    database.migrate()
    import_shop(database, shop, write_shop(tmp_path / "files", people), source="own")
    with serve(settings) as client:
        agent = Agent(client)
        for one, word in people.items():
            use_every_entrance(client, agent, one, word, GONE_HEX if word == GONE else "0" * 12)
        with database.read() as connection:
            staying = {person.person_id for person in list_customers(connection) if person.customer_id in kept}
        before = read_others(database, staying)
        assert sum(map(len, before.values())) > 30
        assert {form for _, form in find_word(var, GONE)} >= {"utf-8"}  # order numbers are readable to SQL until then
        with closing(sqlite3.connect(var / "candor.db")) as source:
            source.execute("VACUUM INTO ?", (str(tmp_path / "backup.db"),))
        for one in gone:
            asked = client.post("/api/me/requests", json={"kind": "erase", "confirm": True}, headers=bearer(one))
            assert asked.json()["state"] == "done", asked.text
        for word in (GONE, GONE_HEX[:8], ADDRESS):
            assert find_word(var, word) == []
        assert read_others(database, staying) == before
        with database.read() as connection:
            assert {person.name for person in list_customers(connection)} == {f"{KEPT} signed in"}
    clean(database)
    with closing(sqlite3.connect(var / "candor.db")) as source:
        source.execute("VACUUM INTO ?", (str(var / "backup.db"),))
    database.close()
    for word in (GONE, GONE_HEX[:8], ADDRESS):
        assert find_word(var, word) == []
    written = capfd.readouterr()
    assert GONE not in written.out + written.err
    assert find_word(var, KEPT)
    _check_old_backup(tmp_path, count)


def _check_old_backup(folder: Path, count: int) -> None:
    """A backup from before: who they were and what they said cannot be read in it; put back, it is erased before it serves."""
    held = (folder / "backup.db").read_bytes()
    for named in (
        f"{GONE} of",
        f"{GONE} signed in",
        "My name is",
        "unfair to",
        "call me",
        "Dear ",
        "note on",
        f"@{GONE.lower()}",
    ):
        assert named.encode() not in held, named
    for name in ("candor.db", "candor.db-wal", "candor.db-shm"):
        (folder / "var" / name).unlink(missing_ok=True)
    (folder / "backup.db").rename(folder / "var" / "candor.db")
    restored = open_file(folder / "var" / "candor.db")
    assert finish_erasures(restored, at="2026-03-02T09:00:00.000000Z") > count
    clean(restored)
    restored.close()
    assert find_word(folder / "var", GONE) == []


KILLED = """
import os, signal, sys
from pathlib import Path
from data import erasure
from tests.databases import open_file

database = open_file(Path(sys.argv[1]))
usual = erasure.delete
count = 0

def kill_at_the_fifth(table):
    global count
    count += 1
    if count == 5:
        os.kill(os.getpid(), signal.SIGKILL)
    return usual(table)

erasure.delete = kill_at_the_fifth
erasure.erase_person(database, int(sys.argv[2]), at="2026-03-02T09:00:00.000000Z")
"""


def test_an_erasure_that_was_killed_goes_on_at_the_next_start_and_ends(
    tmp_path: Path, shop: Shop, bot: StandIn
) -> None:
    var = tmp_path / "var"
    settings = make_settings(var, bot_port=bot.port)
    database = open_settings(settings)
    database.migrate()
    one = f"{GONE}-id-0"
    import_shop(database, shop, write_shop(tmp_path / "files", {one: GONE}), source="own")
    with serve(settings) as client:
        use_every_entrance(client, Agent(client), one, GONE, GONE_HEX)
    with database.read() as connection:
        (person,) = list_customers(connection)
    database.close()
    root = Path(__file__).resolve().parent.parent
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, str(var / "candor.db"), str(person.person_id)],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root)},
        check=False,
    )
    assert killed.returncode == -9
    assert find_word(var, GONE)
    with serve(settings) as client:
        assert client.get("/healthz").status_code == 200
    assert find_word(var, GONE) == []
