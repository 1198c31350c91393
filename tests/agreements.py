"""Customers with a few orders, and what stands for them: for tests of switches, levels and receipts over HTTP."""

from datetime import timedelta
from typing import Any

from sqlalchemy import Connection
from starlette.testclient import TestClient

from data.consent import fetch_consents
from data.customers import find_customer
from data.database import Database
from tests.making import TODAY, make_order, make_person
from tests.small_shop import bearer


def meet(database: Database, name: str, *agrees_to: str) -> int:
    """A new customer with some orders."""
    with database.write() as connection:
        return meet_in(connection, name, *agrees_to)


def meet_in(connection: Connection, name: str, *agrees_to: str) -> int:
    person_id = make_person(connection, name, agrees_to=agrees_to)
    for day in (3, 9, 20):
        make_order(connection, person_id, TODAY - timedelta(days=day), ["type-1", "type-2"])
    return person_id


def look(client: TestClient, name: str, **headers: str) -> dict[str, Any]:
    answer = client.get("/api/me/consents", headers=bearer(name) | headers)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def put_level(client: TestClient, name: str, level: str, **claims: Any) -> Any:
    return client.put("/api/me/level", json={"level": level}, headers=bearer(name, **claims))


def list_on(database: Database, name: str) -> set[str]:
    with database.read() as connection:
        person = find_customer(connection, name)
        assert person is not None
        consents = fetch_consents(connection, person.person_id)
    assert consents.list_granted("choose") == consents.list_granted("train")
    return set(consents.choose)
