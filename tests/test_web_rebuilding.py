"""Rankers and statistics are made anew within a day once somebody took back what they rest on (design.md §3)."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from data.clock import format_time, parse_time
from data.customers import list_customers
from data.ended_uses import find_first_end
from data.erasure import erase_person
from data.shop import Shop
from models.ranker import find_current, find_read_at
from tests.serving import StandIn, make_settings, serve
from tests.small_shop import bearer, make_small_shop
from web import rebuilding
from web.rebuilding import find_due, find_failure, rebuild
from web.upkeep import Upkeep


@pytest.fixture
def served(tmp_path: Path, shop: Shop) -> Iterator[tuple[TestClient, Any]]:
    bot = StandIn()
    database, _ = make_small_shop(tmp_path, shop)
    database.close()
    with serve(make_settings(tmp_path, bot_port=bot.port)) as client:
        house = client.app.state.house  # type: ignore[attr-defined]
        note_read(house)
        yield client, house
    bot.close()


def note_read(house: Any) -> None:
    """The shelf of the test was read a moment ago."""
    models = house.settings.var / "models"
    file = models / str(find_current(models)) / "shelf.json"
    about = json.loads(file.read_text())
    about["facts"]["read_at"] = house.clock.stamp()
    file.write_text(json.dumps(about))


def switch(client: TestClient, customer_id: str, *, granted: bool, purpose: str) -> None:
    body = {"granted": granted, "purpose": purpose}
    answer = client.put("/api/me/consents/purchases", json=body, headers=bearer(customer_id))
    assert answer.status_code == 200, answer.text


def read_due(client: TestClient, customer_id: str) -> str | None:
    due: str | None = client.get("/api/me/data", headers=bearer(customer_id)).json()["rebuilt_by"]
    return due


def test_only_what_ends_a_use_for_training_waits_for_a_rebuild(served: tuple[TestClient, Any]) -> None:
    client, house = served
    switch(client, "c50", granted=True, purpose="train")
    switch(client, "c1", granted=False, purpose="choose")
    assert find_due(house) is None
    assert read_due(client, "c1") is None
    before = house.clock.now()
    switch(client, "c2", granted=False, purpose="train")
    due = read_due(client, "c2")
    assert due is not None
    assert before + timedelta(days=1) <= parse_time(due) <= house.clock.now() + timedelta(days=1)
    assert find_due(house) == due
    assert read_due(client, "c1") is None  # nothing of theirs waits


@pytest.mark.parametrize("kind", ["restrict", "erase"])
def test_a_freeze_and_an_erasure_wait_for_one_too(served: tuple[TestClient, Any], kind: str) -> None:
    client, house = served
    asked = client.post("/api/me/requests", json={"kind": kind, "confirm": True}, headers=bearer("c3"))
    assert asked.status_code in (200, 201), asked.text
    assert find_due(house) is not None


def test_the_earliest_moment_counts_and_erasures_are_nobodys(served: tuple[TestClient, Any]) -> None:
    client, house = served
    read_at = str(find_read_at(house.settings.var / "models"))
    switch(client, "c4", granted=False, purpose="train")
    first = house.clock.stamp()
    with house.database.read() as connection:
        person_id = next(one.person_id for one in list_customers(connection) if one.customer_id not in ("c3", "c4"))
    erase_person(house.database, person_id, at=house.clock.stamp())
    with house.database.read() as connection:
        ended = find_first_end(connection, since=read_at)
        assert ended is not None
        assert ended <= first
        assert find_first_end(connection, since=format_time(house.clock.now())) is None
        assert find_first_end(connection, since=read_at, person_id=person_id) is None


@pytest.mark.timeout(300)
def test_at_night_the_rankers_are_made_anew_without_what_was_taken_back(
    served: tuple[TestClient, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    client, house = served
    models = house.settings.var / "models"
    old, upkeep = find_current(models), Upkeep(house)
    upkeep.keep_up()
    assert find_current(models) == old
    switch(client, "c2", granted=False, purpose="train")
    upkeep.keep_up()
    assert find_current(models) == old  # it is day
    monkeypatch.setattr(upkeep, "_night", upkeep.find_night() - timedelta(days=1))
    upkeep.keep_up()
    assert find_current(models) != old
    assert find_due(house) is None
    assert read_due(client, "c2") is None
    about = json.loads((models / str(find_current(models)) / "shelf.json").read_text())
    before = json.loads((models / str(old) / "shelf.json").read_text())
    assert about["facts"]["buyers"] == before["facts"]["buyers"] - 1
    shown = client.get("/api/offers", headers=bearer("c1")).json()["offers"]
    told = client.get(f"/api/impressions/{shown[0]['impression_id']}/explanation", headers=bearer("c1")).json()
    assert told["model_version"] == find_current(models)
    assert rebuild(house) is False  # nothing waits for it any more


@pytest.mark.timeout(300)
def test_a_night_that_was_missed_is_made_up_for_before_the_day_is_over(served: tuple[TestClient, Any]) -> None:
    client, house = served
    models = house.settings.var / "models"
    old = find_current(models)
    switch(client, "c2", granted=False, purpose="train")

    def come_back(hours: float) -> None:
        """A gateway that starts so much later: the night is over."""
        later = house.clock.machine() + timedelta(hours=hours)
        Upkeep(replace(house, clock=replace(house.clock, machine=lambda: later))).keep_up()

    come_back(21)
    assert find_current(models) == old  # there is time until the next night, or until two hours before the day is over
    come_back(22.5)
    assert find_current(models) != old
    assert find_due(house) is None


def test_a_rebuild_that_fails_is_told_and_one_at_a_time_is_enough(
    served: tuple[TestClient, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    client, house = served
    models = house.settings.var / "models"
    switch(client, "c2", granted=False, purpose="train")
    with rebuilding._hold(models / "rebuild.lock") as is_ours:
        assert is_ours
        assert rebuild(house) is False  # another gateway is at it
    assert find_failure(models) is None
    monkeypatch.setattr(rebuilding, "_NICE", ("false",))
    assert rebuild(house) is False
    assert find_failure(models) is not None
    assert client.get("/healthz").json()["rebuild_failed"] == find_failure(models)
    assert find_due(house) is not None  # the next night tries again
    monkeypatch.setattr(rebuilding, "_NICE", ("sleep", "60"))
    assert rebuild(house, lambda: True) is False  # the gateway ends, and does not wait for it
