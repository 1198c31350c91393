"""What would change it, how sure, tell me more, what does this mean: over HTTP, each recomputed another way (P4; docs/contract.md)."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Connection, delete, select
from starlette.testclient import TestClient

from data.customers import find_customer
from data.database import Database
from data.shop import Shop
from data.tables import offer_events, order_lines, products
from data.texts import Texts
from models.recommender import Recommender
from tests.making import TODAY
from tests.serving import Agent, StandIn, make_settings, serve
from tests.small_shop import bearer, fetch_offers, is_refused, make_small_shop

TABLES: dict[str, Any] = {"order_lines": order_lines, "offer_events": offer_events}
KEYS: dict[str, Any] = {"order_lines": order_lines.c.line_id, "offer_events": offer_events.c.event_id}
SOME = [f"c{number}" for number in range(30)]


class Small:
    """The small shop behind a gateway, and a recommender of the test's own to choose again with rows deleted."""

    def __init__(self, client: TestClient, database: Database, recommender: Recommender) -> None:
        self.client, self.database, self.recommender = client, database, recommender

    def ask(self, customer_id: str, impression_id: str, call: str, **query: Any) -> Any:
        return self.client.get(
            f"/api/impressions/{impression_id}/{call}", params=query, headers=bearer(customer_id)
        ).json()

    def find_person(self, customer_id: str) -> int:
        with self.database.read() as connection:
            person = find_customer(connection, customer_id)
        assert person is not None
        return person.person_id

    @contextmanager
    def delete(self, rows: list[dict[str, Any]]) -> Iterator[Connection]:
        """The database without some rows, put back afterwards."""
        with self.database.engine.connect() as connection:
            transaction = connection.begin()
            for row in rows:
                connection.execute(delete(TABLES[row["table"]]).where(KEYS[row["table"]] == row["id"]))
            yield connection
            transaction.rollback()

    def choose_without(self, customer_id: str, rows: list[dict[str, Any]]) -> list[str]:
        person_id = self.find_person(customer_id)
        with self.delete(rows) as connection:
            slate = self.recommender.choose(connection, person_id=person_id, today=TODAY, limit=5)
        return [shown.offer_id for shown in slate.shown]

    def explain(self, customer_id: str, impression_id: str) -> Any:
        return self.ask(customer_id, impression_id, "explanation")

    def find_days(self, rows: list[dict[str, Any]]) -> dict[Any, list[dict[str, Any]]]:
        """The rows by day, the latest day first."""
        days: dict[Any, list[dict[str, Any]]] = {}
        with self.database.read() as connection:
            for row in rows:
                table, key = TABLES[row["table"]], KEYS[row["table"]]
                day = table.c.ordered_on if row["table"] == "order_lines" else table.c.happened_on
                days.setdefault(connection.execute(select(day).where(key == row["id"])).scalar_one(), []).append(row)
        return dict(sorted(days.items(), reverse=True))


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory, shop: Shop, texts: Texts) -> Iterator[Small]:
    folder, bot = tmp_path_factory.mktemp("dialogue"), StandIn()
    database, _ = make_small_shop(folder, shop)
    with serve(make_settings(folder, bot_port=bot.port)) as client:
        yield Small(client, database, Recommender(folder / "models", shop, texts))
    database.close()
    bot.close()


def find_main(told: dict[str, Any]) -> dict[str, Any] | None:
    """The largest reason for the offer that rests on rows."""
    named = [r for r in told["reasons"] if r["contribution"] > 0 and r["category"] != "shop" and r["evidence"]["rows"]]
    return max(named, key=lambda reason: float(reason["contribution"]), default=None)


# --- what would change it -------------------------------------------------------------------------------------------
def test_with_so_many_days_gone_it_leaves_and_with_one_fewer_it_stays(small: Small) -> None:
    """The rows are deleted by hand and the slate is chosen again by another recommender."""
    left = stayed = 0
    for customer_id in SOME[:12]:
        for offer in fetch_offers(small.client, customer_id):
            told = small.ask(customer_id, offer["impression_id"], "what-if")
            main = find_main(small.explain(customer_id, offer["impression_id"]))
            if main is None:
                assert (told["reason_id"], told["days"], told["left_out"], told["leaves"]) == (None, 0, 0, False)
                continue
            days = small.find_days(main["evidence"]["rows"])
            latest = [row for day in list(days)[: told["left_out"]] for row in days[day]]
            fewer = [row for day in list(days)[: told["left_out"] - 1] for row in days[day]]
            assert told["reason_id"] == main["reason_id"]
            assert told["days"] == len(days)
            key = lambda row: (row["table"], row["id"])  # noqa: E731
            assert sorted(told["rows_left_out"], key=key) == sorted(latest, key=key)
            after = small.choose_without(customer_id, latest)
            assert [one["offer_id"] for one in told["after"]] == after
            assert told["leaves"] == (offer["offer_id"] not in after)
            assert f"“{offer['title']}”" in told["text"]
            if told["leaves"]:
                left += 1
                assert offer["offer_id"] in small.choose_without(customer_id, fewer)
                came = [one for one in told["after"] if one["offer_id"] not in {o["offer_id"] for o in told["before"]}]
                assert all(f"“{one['title']}”" in told["text"] for one in came)
            else:
                stayed += 1
                assert told["left_out"] == told["days"]
                assert "would stay among your five offers, for other reasons" in told["text"]
    assert left
    assert stayed


def test_asking_what_would_change_it_switches_nothing(small: Small) -> None:
    offers = fetch_offers(small.client, "c13")
    told = small.ask("c13", offers[0]["impression_id"], "what-if")
    assert [o["offer_id"] for o in told["before"]] == [o["offer_id"] for o in offers]
    assert {o["impression_id"] for o in told["before"] + told["after"]} == {None}
    assert [o["offer_id"] for o in fetch_offers(small.client, "c13")] == [o["offer_id"] for o in offers]


def test_what_is_popular_rests_on_nothing_that_anybody_did(small: Small) -> None:
    offer = fetch_offers(small.client)[0]
    told = small.client.get(f"/api/impressions/{offer['impression_id']}/what-if").json()
    assert (told["reason_id"], told["leaves"], told["rows_left_out"]) == (None, False, [])
    assert told["text"].startswith("Nothing that you did put")


def test_an_offer_outside_the_five_has_nothing_to_leave(small: Small) -> None:
    offer = fetch_offers(small.client, "c14", limit=12)[-1]
    told = small.ask("c14", offer["impression_id"], "what-if")
    assert offer["offer_id"] not in {o["offer_id"] for o in told["before"]}
    assert (told["left_out"], told["leaves"]) == (0, False)


@pytest.mark.parametrize("call", ["what-if", "details"])
def test_nothing_is_told_of_days_once_purchases_are_off(small: Small, call: str) -> None:
    customer_id = {"what-if": "c15", "details": "c16"}[call]
    offers = fetch_offers(small.client, customer_id)
    offer = next(
        o
        for o in offers
        if (main := find_main(small.explain(customer_id, o["impression_id"]))) is not None
        and main["category"] == "purchases"
    )
    before = small.ask(customer_id, offer["impression_id"], call)
    assert before["days"]
    switch = small.client.put("/api/me/consents/purchases", json={"granted": False}, headers=bearer(customer_id))
    assert switch.status_code == 200
    told = small.ask(customer_id, offer["impression_id"], call)
    assert not told["days"]
    assert "bought" not in told["text"]
    assert is_refused(
        small.client.get(f"/api/impressions/{offer['impression_id']}/{call}", headers=bearer("c17")), 401, "not_known"
    )


# --- who may ask ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("call", ["what-if", "certainty", "details", "meaning"])
def test_the_customer_and_staff_may_ask_and_nobody_else(small: Small, call: str) -> None:
    client = small.client
    path = f"/api/impressions/{fetch_offers(client, 'c18')[0]['impression_id']}/{call}"
    assert client.get(path, headers=bearer("c18")).status_code == 200
    assert Agent(client).call("GET", path).status_code == 200
    assert is_refused(client.get(path, headers=bearer("c19")), 401, "not_known")
    assert is_refused(client.get(path), 401, "not_known")


# --- tell me more ---------------------------------------------------------------------------------------------------
def test_more_lists_the_days_and_how_the_score_adds_up(small: Small) -> None:
    looked_at = 0
    for customer_id in SOME[20:25]:
        for offer in fetch_offers(small.client, customer_id):
            told = small.ask(customer_id, offer["impression_id"], "details")
            explanation = small.explain(customer_id, offer["impression_id"])
            main = find_main(explanation)
            days = list(small.find_days(main["evidence"]["rows"])) if main is not None else []
            assert told["days"] == [day.isoformat() for day in days]
            for day in days[:10]:
                assert f"{day.day} {day:%B}" in told["text"]
            parts = [explanation["base"], explanation["remainder"], explanation["score"]]
            parts += [reason["contribution"] for reason in explanation["reasons"]]
            for number in parts:
                assert f"{number:.3f}".replace("-", "−") in told["text"]
            named = {reason["reason_id"] for reason in explanation["reasons"]}
            groups = {"habit", "aisle", "visits", "together", "coupons", "popular"}
            assert set(told["unnamed"]) == groups - named
            looked_at += 1
    assert looked_at == 25


def test_a_habit_is_told_with_the_days_of_its_own_purchases(small: Small) -> None:
    found = 0
    for customer_id in SOME[20:26]:
        person_id = small.find_person(customer_id)
        for offer in fetch_offers(small.client, customer_id):
            told = small.ask(customer_id, offer["impression_id"], "details")
            if told["reason_id"] != "habit":
                continue
            with small.database.read() as connection:
                bought = connection.execute(
                    select(order_lines.c.ordered_on)
                    .join(products, products.c.product_id == order_lines.c.product_id)
                    .where(order_lines.c.person_id == person_id, products.c.type_id == offer["offer_id"])
                    .distinct()
                ).scalars()
                assert told["days"] == sorted((day.isoformat() for day in bought), reverse=True)
            found += 1
    assert found


# --- what does this mean --------------------------------------------------------------------------------------------
def test_the_meaning_gives_this_offers_own_figures(small: Small) -> None:
    against = 0
    for offer in fetch_offers(small.client, "c26"):
        told = small.ask("c26", offer["impression_id"], "meaning")
        explanation = small.explain("c26", offer["impression_id"])
        assert [part["reason_id"] for part in told["parts"]] == [r["reason_id"] for r in explanation["reasons"]]
        for part, reason in zip(told["parts"], explanation["reasons"], strict=True):
            assert part["share"] == reason["share"]
            assert part["counts_for"] == (reason["contribution"] > 0)
            against += not part["counts_for"]
            if 0.5 <= reason["share"] * 100 < 99.5:
                assert f"about {round(reason['share'] * 100)} in 100" in told["text"]
        assert told["text"].count("It lowered the score.") == sum(not part["counts_for"] for part in told["parts"])
    assert against


def test_what_is_popular_has_no_parts(small: Small) -> None:
    offer = fetch_offers(small.client)[0]
    told = small.client.get(f"/api/impressions/{offer['impression_id']}/meaning").json()
    assert (told["parts"], told["chance"]) == ([], None)
    assert "Nothing about you was used" in told["text"]


def test_a_score_among_coupons_is_not_told_as_a_chance_of_buying(small: Small) -> None:
    for offer in fetch_offers(small.client, "c28", slot="coupons"):
        told = small.ask("c28", offer["impression_id"], "meaning")
        assert told["chance"] is None
        assert "chance" not in told["text"]
        assert small.ask("c28", offer["impression_id"], "what-if")["before"]


# --- how sure -------------------------------------------------------------------------------------------------------
def test_what_was_never_tested_is_said_to_be_unknown(small: Small) -> None:
    told = small.ask("c27", fetch_offers(small.client, "c27")[0]["impression_id"], "certainty")
    assert told["tested"] is None
    assert "has not been measured" in told["text"]
