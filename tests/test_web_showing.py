"""A slate is chosen first and recorded afterwards: what was switched, decided or corrected in between is heard (P3)."""

from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from data.customers import find_customer
from data.database import Database
from data.orders import dispute_lines
from data.overrides import record_override
from data.shop import Shop
from models.showing import choose_slate, record_shown
from tests.making import AT
from tests.serving import StandIn, make_settings, serve
from tests.small_shop import make_small_shop


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, shop: Shop) -> Iterator[tuple[TestClient, Database]]:
    folder, bot = tmp_path_factory.mktemp("showing"), StandIn()
    database, _ = make_small_shop(folder, shop, coupons=False)
    with serve(make_settings(folder, bot_port=bot.port)) as client:
        yield client, database
    database.close()
    bot.close()


@pytest.mark.parametrize("whom", ["customer", "everybody"])
def test_what_staff_decide_while_a_slate_is_chosen_is_heard(served: tuple[TestClient, Database], whom: str) -> None:
    client, database = served
    house: Any = client.app.state.house  # type: ignore[attr-defined]
    with database.read() as connection:
        person = find_customer(connection, "c9")
    assert person is not None
    for person_id in (person.person_id, None) if whom == "everybody" else (person.person_id,):
        told: dict[str, Any] = {"clock": house.clock, "person_id": person_id, "limit": 5, "minor": False}
        choice = choose_slate(database, house.recommender, **told)
        away = choice.slate.shown[0].offer_id
        decision: dict[str, Any] = {"offer_id": away, "why": "Not now.", "username": "sam", "at": AT}
        decision["person_id"] = None if whom == "everybody" else person_id
        with database.write() as connection:
            record_override(connection, kind="never", **decision)
            shown = record_shown(connection, choice, clock=house.clock, slot="home", channel="page")
            record_override(connection, kind="again", **decision)
        assert away not in [one.offer_id for one in shown]


def test_a_correction_while_a_slate_is_chosen_is_heard(served: tuple[TestClient, Database]) -> None:
    client, database = served
    house: Any = client.app.state.house  # type: ignore[attr-defined]
    with database.read() as connection:
        person = find_customer(connection, "c9")
    assert person is not None
    choice = choose_slate(
        database, house.recommender, clock=house.clock, person_id=person.person_id, limit=5, minor=False
    )
    with database.write() as connection:
        assert dispute_lines(connection, person.person_id, at=AT)
        shown = record_shown(connection, choice, clock=house.clock, slot="home", channel="page")
    rows = [row for one in shown for reason in one.explanation["reasons"] for row in reason["evidence"]["rows"]]
    assert "order_lines" not in {row["table"] for row in rows}
