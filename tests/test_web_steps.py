"""What fails in the background is told: in /healthz until it is done, in /metrics for good."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.serving import Guest, StandIn, make_settings, serve
from web.upkeep import Upkeep


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    bot = StandIn()
    with serve(make_settings(tmp_path, bot_port=bot.port)) as client:
        yield client
    bot.close()


def count_failed(client: TestClient, step: str) -> float:
    name = f'candor_steps_failed_total{{step="{step}"}} '
    lines = client.get("/metrics").text.splitlines()
    return sum(float(line.removeprefix(name)) for line in lines if line.startswith(name))


def test_a_step_that_failed_is_told_until_it_is_done(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    keeping = Upkeep(client.app.state.house)  # type: ignore[attr-defined]
    before, well = count_failed(client, "remove_old"), client.get("/healthz").json()
    assert well["status"] == "ok"
    with monkeypatch.context() as broken:
        broken.setattr("web.upkeep.apply_retention", lambda *_args, **_more: 1 / 0)
        keeping.begin()
    assert client.get("/healthz").json() == well | {"status": "degraded", "steps_failed": "remove_old"}
    passed_on = client.get("/healthz", headers={"X-Forwarded-For": "203.0.113.7"})
    assert (passed_on.status_code, passed_on.json()) == (200, well | {"status": "degraded"})
    assert count_failed(client, "remove_old") == before + 1
    keeping.begin()
    assert client.get("/healthz").json() == well
    assert count_failed(client, "remove_old") == before + 1


def test_a_turn_that_failed_is_counted(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    before, guest = count_failed(client, "turns"), Guest(client)

    async def fail(*_: Any, **__: Any) -> None:
        raise ValueError

    with monkeypatch.context() as broken:
        broken.setattr("web.turns.ask_fully", fail)
        broken.setattr("web.turns.AGAIN_AFTER_S", 60.0)
        assert guest.ask("hello")[0]["author"] == "system"
        assert client.get("/healthz").json()["steps_failed"] == "turns"
    assert count_failed(client, "turns") == before + 1
    assert Guest(client).ask("hello")[0]["text"] == "You said hello"
    assert client.get("/healthz").json()["status"] == "ok"
