"""The gate's verdict where an owner and an operator look: the console, /healthz, `make models`."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from data.shop import Shop
from data.staff import ensure_member
from models.standing import Verdict, save_verdict
from tests.databases import open_settings
from tests.house import ROOT
from tests.serving import PASSWORD, Agent, StandIn, make_settings, serve
from tests.small_shop import is_refused, make_small_shop

SHORTFALL = "discount by age: difference 0.090; the limit is 0.050."
WHY = "discount by age is more unequal than before."


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("verdicts")


@pytest.fixture(scope="module")
def version(folder: Path, shop: Shop) -> Iterator[str]:
    database, shelf = make_small_shop(folder, shop)
    yield shelf.version
    database.close()


@pytest.fixture
def client(folder: Path, version: str) -> Iterator[TestClient]:
    for verdict in folder.glob("models/*/verdict.json"):
        verdict.unlink()
    bot, settings = StandIn(), make_settings(folder, bot_port=0)
    database = open_settings(settings)
    with database.write() as connection:
        ensure_member(connection, "olga", name="Olga", role="owner", password=PASSWORD)
    database.close()
    with serve(make_settings(folder, bot_port=bot.port)) as client:
        yield client
    bot.close()


def judge(folder: Path, version: str, **told: Any) -> None:
    """Put a verdict beside a version."""
    (folder / "models" / version).mkdir(exist_ok=True)
    facts = {"serves": True, "against": None, "refused_for": (), "shortfalls": (), "notes": ()} | told
    save_verdict(Verdict(version=version, **facts), folder / "models" / version)


def read(client: TestClient) -> dict[str, Any]:
    told: dict[str, Any] = Agent(client, "olga").call("GET", "/staff/api/models").json()
    return told


def test_an_owner_reads_what_serves_and_what_it_falls_short_of(client: TestClient, folder: Path, version: str) -> None:
    assert read(client)["verdict"] is None
    judge(folder, version, shortfalls=(SHORTFALL,))
    told = read(client)
    assert told["serving"] == version
    assert told["verdict"]["shortfalls"] == [SHORTFALL]
    assert told["refused"] is None
    assert client.get("/healthz").json()["model"] == version
    assert "model_refused" not in client.get("/healthz").json()


def test_an_owner_reads_that_a_new_one_was_refused_and_why(client: TestClient, folder: Path, version: str) -> None:
    judge(folder, version)
    judge(folder, "2026-03-09-new", serves=False, against=version, refused_for=(WHY,), shortfalls=(SHORTFALL,))
    judge(folder, "2026-03-01-old", serves=False, against="one-that-serves-no-more", refused_for=(WHY,))
    told = read(client)
    assert told["serving"] == version
    assert (told["refused"]["version"], told["refused"]["refused_for"]) == ("2026-03-09-new", [WHY])
    assert client.get("/healthz").json()["model_refused"] == "2026-03-09-new"
    passed_on = client.get("/healthz", headers={"X-Forwarded-For": "203.0.113.7"}).json()
    assert "model_refused" not in passed_on


@pytest.mark.parametrize("torn", ["", "{", '{"version": "x"}', "[]"])
def test_a_torn_verdict_is_no_verdict(client: TestClient, folder: Path, version: str, torn: str) -> None:
    (folder / "models" / version / "verdict.json").write_text(torn, encoding="utf-8")
    assert client.get("/healthz").json()["model"] == version
    assert read(client)["verdict"] is None


def test_only_an_owner_reads_it(client: TestClient) -> None:
    assert is_refused(Agent(client, "sam").call("GET", "/staff/api/models"), 403, "not_allowed")
    client.cookies.clear()
    assert is_refused(client.get("/staff/api/models"), 401, "not_known")


def test_the_command_says_the_same(client: TestClient, folder: Path, version: str) -> None:
    judge(folder, version, shortfalls=(SHORTFALL,))
    command = [sys.executable, "-m", "models.standing"]
    environment = {**os.environ, "CANDOR_VAR": str(folder)}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [
        f"{version} serves.",
        f"Shortfall: {SHORTFALL}",
        "No newer version was refused.",
    ]
    assert json.loads((folder / "models" / "current.json").read_text("utf-8"))["version"] == version
