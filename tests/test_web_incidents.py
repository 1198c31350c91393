"""Incidents: written once by the owner, published in two steps, told in public and to each customer concerned, once."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from data.clock import format_time, parse_time
from data.customers import find_customer
from data.database import Database
from data.erasure import erase_person
from data.shop import Shop
from data.staff import ensure_member
from data.tables import audit, conversations
from data.tables_conduct import incident_notices, incident_people
from tests.making import AT, TODAY, make_consent, make_person
from tests.serving import PASSWORD, Agent, Guest, StandIn, make_settings, serve
from tests.small_shop import bearer, is_refused, make_small_shop

ACCOUNT = {
    "kind": "breach",
    "since": (TODAY - timedelta(days=2)).isoformat(),
    "happened": "A list of orders was sent to a wrong address.",
    "done": "It was deleted there.",
    "advice": "Look at your orders. Write to us if one is not yours.",
}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, shop: Shop) -> Iterator[tuple[TestClient, Database]]:
    folder, bot = tmp_path_factory.mktemp("incidents"), StandIn()
    database, _ = make_small_shop(folder, shop)
    with database.write() as connection:
        ensure_member(connection, "olga", name="Olga", role="owner", password=PASSWORD)
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


def call(client: TestClient, method: str, path: str, body: Any = None, *, by: str = "olga") -> Any:
    return Agent(client, by).call(method, f"/staff/api/incidents{path}", body)


def write(client: TestClient, concerns: dict[str, Any], **changes: Any) -> dict[str, Any]:
    answer = call(client, "POST", "", ACCOUNT | {"concerns": concerns} | changes)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def publish(client: TestClient, draft: dict[str, Any]) -> dict[str, Any]:
    answer = call(client, "POST", f"/{draft['incident_id']}/publish", {"version": draft["version"]})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def list_notices(guest: Guest, incident_id: str) -> list[dict[str, Any]]:
    return [m for m in guest.read()["messages"] if m["kind"] == "notice" and incident_id in m["text"]]


def read_held(client: TestClient, customer_id: str) -> list[str]:
    groups = client.get("/api/me/data", headers=bearer(customer_id)).json()["groups"]
    return [row["incident_id"] for group in groups if group["name"] == "incidents" for row in group["rows"]]


def find_number(database: Database, customer_id: str) -> int:
    with database.read() as connection:
        found = find_customer(connection, customer_id)
    assert found is not None
    return found.person_id


def list_public(client: TestClient) -> list[tuple[str, str]]:
    told = client.get("/api/how-it-works").json()["incidents"]
    return [(one["incident_id"], one["state"]) for one in told]


def test_a_draft_reaches_nobody_and_shows_what_it_would_say(client: TestClient) -> None:
    guest = Guest(client, "c1")
    draft = write(client, {"who": "everybody"})
    assert (draft["state"], draft["told"]) == ("draft", 0)
    assert draft["people"] > 20
    for part in ("happened", "done", "advice"):
        assert ACCOUNT[part] in draft["preview"]
    guest.ask("hello")
    assert list_notices(guest, draft["incident_id"]) == []
    assert read_held(client, "c1") == []
    assert draft["incident_id"] not in dict(list_public(client))


def test_what_is_published_reaches_an_open_chat_at_once_and_once(client: TestClient, database: Database) -> None:
    guest, other = Guest(client, "c2"), Guest(client, "c3")
    draft = write(client, {"who": "customers", "customer_ids": ["c2"]})
    assert draft["people"] == 1
    published = publish(client, draft)
    assert (published["state"], published["told"]) == ("published", 1)
    notices = list_notices(guest, draft["incident_id"])
    assert [(m["author"], m["kind"], m["text"]) for m in notices] == [("system", "notice", draft["preview"])]
    again = Guest(client, "c2")
    guest.ask("hello")
    assert len(list_notices(guest, draft["incident_id"])) == 1
    assert list_notices(again, draft["incident_id"]) == []
    other.ask("hello")
    assert list_notices(other, draft["incident_id"]) == []
    assert read_held(client, "c2") == [draft["incident_id"]]
    assert draft["incident_id"] not in read_held(client, "c3")
    with database.read() as connection:
        acts = select(audit.c.actor, audit.c.detail).where(audit.c.object_id == draft["incident_id"])
        assert [tuple(row) for row in connection.execute(acts)] == [("staff:olga", {"version": 1, "people": 1})]


def test_whoever_is_not_chatting_hears_it_first_thing_next_time(client: TestClient, database: Database) -> None:
    old = Guest(client, "c4")
    with database.write() as connection:
        row = connection.execute(select(conversations.c.touched_at).where(conversations.c.conversation_id == old.id))
        long_ago = format_time(parse_time(row.scalar_one()) - timedelta(hours=2))
        mine = conversations.c.conversation_id == old.id
        connection.execute(conversations.update().where(mine).values(touched_at=long_ago))
    draft = write(client, {"who": "customers", "customer_ids": ["c4", "c5"]})
    assert publish(client, draft)["told"] == 0
    new = Guest(client, "c4", locale="de")
    said = new.read()["messages"]
    assert [m["kind"] for m in said] == ["disclosure", "notice"]
    assert "Was Sie tun können" in said[1]["text"]
    old.ask("hello")
    assert list_notices(old, draft["incident_id"]) == []
    with database.read() as connection:
        told = (
            connection.execute(
                select(incident_notices.c.conversation_id).where(incident_notices.c.incident_id == draft["incident_id"])
            )
            .scalars()
            .all()
        )
    assert told == [new.id]


def test_an_old_chat_that_goes_on_hears_it_too(client: TestClient, database: Database) -> None:
    guest = Guest(client, "c6")
    with database.write() as connection:
        mine = conversations.c.conversation_id == guest.id
        connection.execute(conversations.update().where(mine).values(touched_at=AT))
    draft = write(client, {"who": "customers", "customer_ids": ["c6"]})
    publish(client, draft)
    assert list_notices(guest, draft["incident_id"]) == []
    guest.ask("hello")
    assert len(list_notices(guest, draft["incident_id"])) == 1


def test_a_category_means_whoever_had_it_on_at_any_time_since(client: TestClient, database: Database) -> None:
    with database.write() as connection:
        for name in ("on", "off-before", "off-after", "never"):
            make_person(connection, name, agrees_to=("browsing",) if name != "never" else ())
        for name in ("off-before", "off-after"):
            person = find_customer(connection, name)
            assert person is not None
            make_consent(connection, person.person_id, "browsing", granted=False)
    expected = {find_number(database, name) for name in ("on", "off-before", "off-after")}
    at_once = write(client, {"who": "category", "category": "browsing"}, since=TODAY.isoformat())
    assert publish(client, at_once)["people"] == len(expected)
    with database.read() as connection:
        mine = incident_people.c.incident_id == at_once["incident_id"]
        assert set(connection.execute(select(incident_people.c.person_id).where(mine)).scalars()) == expected


def test_a_change_is_told_again_and_what_is_taken_back_only_to_who_heard_it(client: TestClient) -> None:
    guest = Guest(client, "c7")
    draft = write(client, {"who": "customers", "customer_ids": ["c7", "c8"]})
    path = f"/{draft['incident_id']}"
    publish(client, draft)
    changed = call(client, "PUT", path, ACCOUNT | {"done": "It was deleted, and they confirmed that."}).json()
    assert (changed["version"], changed["state"]) == (2, "draft")
    assert (draft["incident_id"], "published") in list_public(client)
    publish(client, changed)
    assert (draft["incident_id"], "updated") in list_public(client)
    assert "they confirmed that" in list_notices(guest, draft["incident_id"])[-1]["text"]
    gone = call(client, "POST", f"{path}/retract", {"version": 2, "why": "The list was an old test."})
    assert gone.json()["state"] == "retracted"
    assert (draft["incident_id"], "retracted") in list_public(client)
    said = list_notices(guest, draft["incident_id"])
    assert len(said) == 3
    assert "takes back" in said[-1]["text"]
    assert "The list was an old test." in said[-1]["text"]
    assert list_notices(Guest(client, "c8"), draft["incident_id"]) == []
    assert is_refused(call(client, "PUT", path, ACCOUNT), 409, "conflict")


def test_publishing_needs_the_version_that_was_looked_at(client: TestClient) -> None:
    draft = write(client, {"who": "everybody"})
    path = f"/{draft['incident_id']}"
    assert is_refused(call(client, "POST", f"{path}/publish", {"version": 2}), 409, "conflict")
    assert is_refused(call(client, "POST", f"{path}/retract", {"version": 1, "why": "No."}), 409, "conflict")
    assert call(client, "PUT", path, ACCOUNT | {"kind": "error"}).json()["kind"] == "error"
    publish(client, draft)
    assert is_refused(call(client, "POST", f"{path}/publish", {"version": 1}), 409, "conflict")


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "rumour"},
        {"since": (TODAY + timedelta(days=2)).isoformat()},
        {"since": "yesterday"},
        {"happened": ""},
        {"advice": "x" * 2001},
        {"concerns": None},
        {"concerns": {"who": "category", "category": "shoes"}},
        {"concerns": {"who": "customers", "customer_ids": []}},
        {"concerns": {"who": "customers", "customer_ids": ["c1", "nobody-of-that-name"]}},
    ],
)
def test_what_does_not_fit_is_refused(client: TestClient, change: dict[str, Any]) -> None:
    body = ACCOUNT | {"concerns": {"who": "everybody"}} | change
    assert is_refused(call(client, "POST", "", body), 422, "bad_input")


def test_only_an_owner_writes_incidents(client: TestClient) -> None:
    body = ACCOUNT | {"concerns": {"who": "everybody"}}
    for method, path in (("GET", ""), ("POST", ""), ("PUT", "/I-1")):
        sent = body | ({"concerns": None} if method == "PUT" else {})
        assert is_refused(call(client, method, path, sent, by="sam"), 403, "not_allowed")
    for path in ("/I-1/publish", "/I-1/retract"):
        assert is_refused(call(client, "POST", path, {"version": 1, "why": "x"}, by="sam"), 403, "not_allowed")
    assert is_refused(call(client, "POST", "/I-0/publish", {"version": 1}), 401, "not_known")
    client.cookies.clear()
    assert is_refused(client.get("/staff/api/incidents"), 401, "not_known")


def test_a_visitor_is_told_by_the_page_and_not_in_the_chat(client: TestClient) -> None:
    publish(client, write(client, {"who": "everybody"}))
    guest = Guest(client)
    assert [m["kind"] for m in guest.read()["messages"]] == ["disclosure"]


def test_erasing_takes_the_notices_and_not_the_incident(client: TestClient, database: Database) -> None:
    Guest(client, "c9")
    draft = write(client, {"who": "customers", "customer_ids": ["c9", "c10"]})
    publish(client, draft)
    number = find_number(database, "c9")
    erase_person(database, number, at=AT)
    with database.read() as connection:
        for table in (incident_people, incident_notices):
            assert connection.execute(select(table).where(table.c.person_id == number)).all() == []
    assert (draft["incident_id"], "published") in list_public(client)
