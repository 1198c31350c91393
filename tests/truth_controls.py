"""Controls, used through the wire contract on a copy of the shop, each effect checked by changing another copy by hand and choosing again.

A control does what it states if the slate after it is the slate of a shop in which the thing was never there: a product type turned
away is in none of twenty places; purchases disowned or a category stopped leave exactly the slate of a database from which the rows
were deleted. A control that had nothing to change is counted apart.
"""

import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection
from starlette.testclient import TestClient

from data.customers import list_customers
from models.recommender import Recommender
from tests.agreeing import Agreeing, copy_shop
from tests.benching import Row
from tests.serving import StandIn, make_settings, serve
from tests.small_shop import bearer

PEOPLE_A_CONTROL = 20


def measure_controls(shop: Agreeing, *, offered_to: list[int]) -> list[Row]:
    """Share of controls that had their stated effect, and of each kind; how many had nothing to change."""
    worked: Counter[str] = Counter()
    used: Counter[str] = Counter()
    nothing = 0
    checks: list[Callable[[_Bench, str, int], bool | None]] = [_never_show, _not_bought, _stop_category, _like]
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as two:
        served, other = copy_shop(shop, Path(one)), copy_shop(shop, Path(two))
        bot = StandIn()
        with serve(make_settings(served.folder, bot_port=bot.port)) as client:
            bench = _Bench(client, other, other.make_recommender())
            people = _name_people(shop, offered_to)
            for number, (customer_id, person_id) in enumerate(people[: PEOPLE_A_CONTROL * len(checks)]):
                check = checks[number % len(checks)]
                outcome = check(bench, customer_id, person_id)
                if outcome is None:
                    nothing += 1
                    continue
                used[check.__name__] += 1
                worked[check.__name__] += outcome
        bot.close()
        served.database.close()
        other.database.close()
    against = {name.removeprefix("_"): worked[name] / count for name, count in used.items()}
    return [
        Row("truth.controls", sum(worked.values()) / sum(used.values()), "share", 1.0, is_most=False, against=against),
        Row("truth.controls.nothing_to_change", float(nothing), "controls"),
    ]


class _Bench:
    def __init__(self, client: TestClient, other: Agreeing, recommender: Recommender) -> None:
        self.client, self.other, self.recommender = client, other, recommender

    def fetch_offers(self, customer_id: str, limit: int = 5) -> list[dict[str, Any]]:
        answer = self.client.get("/api/offers", params={"limit": limit}, headers=bearer(customer_id))
        assert answer.status_code == 200, answer.text
        offers: list[dict[str, Any]] = answer.json()["offers"]
        return offers

    def press(self, customer_id: str, **body: Any) -> dict[str, Any]:
        answer = self.client.post("/api/me/controls", json=body, headers=bearer(customer_id))
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()
        return told

    @contextmanager
    def change_by_hand(self) -> Iterator[Connection]:
        """The other copy, in a transaction that is rolled back."""
        with self.other.database.engine.connect() as connection:
            transaction = connection.begin()
            yield connection
            transaction.rollback()

    def choose(self, connection: Connection, person_id: int, **options: Any) -> list[str]:
        slate = self.recommender.choose(connection, person_id=person_id, today=self.other.today, limit=5, **options)
        return [shown.offer_id for shown in slate.shown]


def _never_show(bench: _Bench, customer_id: str, person_id: int) -> bool | None:
    offer = bench.fetch_offers(customer_id)[0]
    told = bench.press(customer_id, kind="never_show", impression_id=offer["impression_id"])
    again = bench.press(customer_id, kind="never_show", impression_id=offer["impression_id"])
    twenty = bench.fetch_offers(customer_id, limit=20)
    return bool(told["changed"]) and not again["changed"] and offer["title"] not in {one["title"] for one in twenty}


def _not_bought(bench: _Bench, customer_id: str, person_id: int) -> bool | None:
    offer = bench.fetch_offers(customer_id)[1]
    with bench.change_by_hand() as connection:
        type_id = bench.recommender.find_offered_type(connection, offer["offer_id"])
        gone = connection.exec_driver_sql(
            "DELETE FROM order_lines WHERE person_id = ? AND product_id IN (SELECT product_id FROM products WHERE type_id = ?)",
            (person_id, type_id),
        ).rowcount
        expected = bench.choose(connection, person_id)
    told = bench.press(customer_id, kind="not_bought", impression_id=offer["impression_id"])
    if not gone:
        return None
    return [one["offer_id"] for one in told["after"]] == expected


def _stop_category(bench: _Bench, customer_id: str, person_id: int) -> bool | None:
    with bench.change_by_hand() as connection:
        connection.exec_driver_sql("DELETE FROM order_lines WHERE person_id = ?", (person_id,))
        expected = bench.choose(connection, person_id, without=frozenset({"purchases"}))
    told = bench.press(customer_id, kind="stop_category", category="purchases")
    offers = bench.fetch_offers(customer_id)
    explained = [
        bench.client.get(f"/api/impressions/{one['impression_id']}/explanation", headers=bearer(customer_id)).json()
        for one in offers
    ]
    speaks = any(reason["category"] == "purchases" for one in explained for reason in one["reasons"])
    return [one["offer_id"] for one in told["after"]] == expected and not speaks


def _like(bench: _Bench, customer_id: str, person_id: int) -> bool | None:
    """With the consent for what one tells us, the liked type comes first."""
    answer = bench.client.put("/api/me/consents/preferences", json={"granted": True}, headers=bearer(customer_id))
    assert answer.status_code == 200, answer.text
    offer = bench.fetch_offers(customer_id)[-1]
    told = bench.press(customer_id, kind="like", impression_id=offer["impression_id"])
    return bool(told["after"][0]["offer_id"] == offer["offer_id"])


def _name_people(shop: Agreeing, people: list[int]) -> list[tuple[str, int]]:
    with shop.database.read() as connection:
        names = {customer.person_id: customer.customer_id for customer in list_customers(connection, people)}
    return [(names[person_id], person_id) for person_id in people]
