"""What the gateway does by itself."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, update
from starlette.testclient import TestClient

from data.audit_checks import verify_log
from data.shop import Shop
from data.staff import ensure_member
from data.tables import audit, conversations
from tests.serving import PASSWORD, Agent, Guest, StandIn, make_settings, serve
from tests.small_shop import bearer, make_small_shop
from tests.test_ops_supervise import wait_for
from web import upkeep
from web.upkeep import Upkeep


@pytest.fixture
def served(tmp_path: Path, shop: Shop) -> Iterator[tuple[TestClient, Any]]:
    bot = StandIn()
    database, _ = make_small_shop(tmp_path, shop)
    database.close()
    with serve(make_settings(tmp_path, bot_port=bot.port)) as client:
        yield client, client.app.state.house  # type: ignore[attr-defined]
    bot.close()


def test_a_start_signs_where_the_audit_log_stands_and_an_hour_later_again(served: tuple[TestClient, Any]) -> None:
    client, house = served

    def count() -> int:
        with house.database.read() as connection:
            verdict = verify_log(connection, house.settings.audit_file)
        assert verdict.fault is None
        return verdict.checkpoints

    assert count() == 1
    Upkeep(house).keep_up()
    assert count() == 1  # nothing was done since
    client.put("/api/me/consents/offers", json={"granted": False}, headers=bearer("c1"))
    Upkeep(house).keep_up()
    assert count() == 2


def test_what_is_old_goes_at_a_start_and_each_night(served: tuple[TestClient, Any]) -> None:
    client, house = served

    def age() -> None:
        with house.database.write() as connection:
            connection.execute(update(conversations).values(touched_at="2020-01-01T09:00:00.000000Z"))

    def count() -> int:
        with house.database.read() as connection:
            return int(connection.execute(select(func.count()).select_from(conversations)).scalar_one())

    Guest(client, "c1").ask("hello")
    age()
    keeping = Upkeep(house)
    keeping.keep_up()
    assert count() == 1  # by day nothing goes
    later = house.clock.machine() + timedelta(days=1)
    keeping.house = replace(house, clock=replace(house.clock, machine=lambda: later))
    keeping.keep_up()
    assert count() == 0
    Guest(client, "c1").ask("hello again")
    age()
    with serve(house.settings) as again:
        wait_for(lambda: count() == 0)
        assert again.get("/healthz").status_code == 200


def test_it_cleans_once_a_night_by_the_shops_clock(
    served: tuple[TestClient, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, house = served
    cleaned: list[Any] = []
    monkeypatch.setattr(upkeep, "clean", cleaned.append)
    keeping = Upkeep(house)
    midnight = datetime(2026, 3, 3, tzinfo=house.shop.zone).astimezone(UTC)
    for hour in range(48):
        moment = midnight + timedelta(hours=hour, minutes=20)
        keeping.house = replace(house, clock=replace(house.clock, offset=timedelta(), machine=lambda now=moment: now))
        keeping.keep_up()
    assert len(cleaned) == 2


def test_the_log_is_checked_each_night_and_the_owner_reads_what_was_found(served: tuple[TestClient, Any]) -> None:
    client, house = served
    with house.database.write() as connection:
        ensure_member(connection, "olga", name="Olga", role="owner", password=PASSWORD)
        ensure_member(connection, "kim", name="Kim", role="supervisor", password=PASSWORD)
    olga, kim = Agent(client, "olga"), Agent(client, "kim")
    assert olga.call("GET", "/staff/api/audit").json() == {"checked": None}
    assert kim.call("GET", "/staff/api/audit").status_code == 403
    Upkeep(house).verify()
    found = olga.call("GET", "/staff/api/audit").json()["checked"]
    assert found["is_right"]
    assert found["rows"] > 0
    with house.database.write() as connection:
        connection.execute(update(audit).where(audit.c.audit_id == 1).values(actor="staff:nobody"))
    Upkeep(house).verify()
    found = olga.call("GET", "/staff/api/audit").json()["checked"]
    assert (found["is_right"], found["row"]) == (False, 1)


def test_a_step_that_fails_is_owed_and_holds_up_no_other(
    served: tuple[TestClient, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, house = served
    removed: list[Any] = []
    cleaned: list[Any] = []

    def fail_once() -> None:
        removed.append(None)
        if len(removed) == 1:
            raise ValueError

    monkeypatch.setattr(upkeep, "clean", cleaned.append)
    keeping = Upkeep(house)
    monkeypatch.setattr(keeping, "remove_old", fail_once)
    later = house.clock.machine() + timedelta(days=1)
    keeping.house = replace(house, clock=replace(house.clock, machine=lambda: later))
    keeping.keep_up()
    assert (len(removed), len(cleaned)) == (1, 1)
    keeping.keep_up()
    keeping.keep_up()
    assert (len(removed), len(cleaned)) == (2, 1)


def test_an_erasure_that_failed_half_way_is_finished_within_the_hour(
    served: tuple[TestClient, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    client, house = served

    def fail(*_args: Any) -> None:
        raise OSError

    monkeypatch.setattr("web.requests.erase_caller", fail)
    asked = client.post("/api/me/requests", json={"kind": "erase", "confirm": True}, headers=bearer("c3"))
    assert asked.status_code == 500
    Upkeep(house).keep_up()
    held = client.get("/api/me/data", headers=bearer("c3")).json()["groups"]
    assert {group["name"] for group in held if group["count"]} == {"profile"}
    assert client.get("/api/me/requests", headers=bearer("c3")).json()["requests"][0]["state"] == "done"
