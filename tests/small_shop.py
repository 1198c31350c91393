"""A small shop with rankers behind a gateway, and the calls of a signed-in customer: for tests of what is said over HTTP."""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jwt
from sqlalchemy import Connection, delete
from starlette.testclient import TestClient

from data.catalogue import fetch_types
from data.database import Database, write_fact
from data.ranking_rows import fetch_training_rows
from data.shop import Shop
from data.tables import offer_events
from models.ranker import Shelf, publish_shelf, save_shelf
from models.training import train_shelf
from tests.databases import open_file
from tests.making import TODAY, make_history, make_order, make_person
from tests.serving import SECRET

KINDS = 12  # product types of the small shop that are not sensitive


def make_small_shop(folder: Path, shop: Shop, *, coupons: bool = True) -> tuple[Database, Shelf]:
    """A half year of orders, a clock that stands at its end, and rankers: all that a gateway needs."""
    database = open_file(folder / "candor.db")
    database.migrate()
    with database.write() as connection:
        make_history(connection)
        make_order(connection, make_person(connection, "wine-lover"), TODAY - timedelta(days=3), ["wine"])
        set_noon(connection)
        if not coupons:
            connection.execute(delete(offer_events))
    return database, train_small_shop(database, folder / "models", shop)


def set_noon(connection: Connection) -> None:
    """Set the shop's clock to the middle of the tests' day."""
    noon = datetime(TODAY.year, TODAY.month, TODAY.day, 17, tzinfo=UTC)
    write_fact(connection, "clock_offset_s", (noon - datetime.now(UTC)).total_seconds())


def train_small_shop(database: Database, models: Path, shop: Shop) -> Shelf:
    """Train, save and publish rankers from what a database holds."""
    with database.read() as connection:
        rows = fetch_training_rows(connection, before=TODAY, groups=shop.sensitive)
        types = fetch_types(connection)
    shelf = train_shelf(rows, types, today=TODAY, fewest_customers=20, fewest_counted=5, threads=1)
    save_shelf(shelf, models / shelf.version)
    publish_shelf(models, shelf.version)
    return shelf


def bearer(customer_id: str, **claims: Any) -> dict[str, str]:
    """The header of a signed-in customer."""
    told = {"sub": customer_id, "exp": int(time.time()) + 600} | claims
    return {"Authorization": f"Bearer {jwt.encode(told, SECRET, algorithm='HS256')}"}


def fetch_offers(client: TestClient, customer_id: str | None = None, **query: Any) -> list[dict[str, Any]]:
    answer = client.get("/api/offers", params=query, headers=bearer(customer_id) if customer_id else {})
    assert answer.status_code == 200, answer.text
    offers: list[dict[str, Any]] = answer.json()["offers"]
    return offers


def is_refused(answer: Any, status: int, code: str) -> bool:
    """Whether an answer is an error in the one shape."""
    assert answer.status_code == status, answer.text
    error = answer.json()["error"]
    assert set(answer.json()) == {"error"}
    assert set(error) == {"code", "message", "details"}
    assert error["message"].endswith(".")
    assert error["code"] == code, error
    return True
