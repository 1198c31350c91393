"""`make bench-control`: over 500 random customers, did each control have the effect that it states?

The shop is the demo's, with the rankers that serve, and with `purchases` and `offers` granted by the customers drawn (the figure is about
controls and should not depend on which consents were simulated). A control is used through the wire contract, one a customer, the kinds in turn.
What it states is checked on another copy of the shop, changed by hand in SQL and rolled back: rows that may not count any more are deleted
there and the offers chosen again. What the note says is counted again from the offers before and after.
"""

import random
import re
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from sqlalchemy import Connection
from starlette.testclient import TestClient

from data.clock import read_shop_clock
from data.consent import PURPOSES, record_consent
from data.customers import list_customers
from data.overrides import fetch_standing
from data.reviews import open_review
from data.shop import read_shop
from data.staff import ensure_member
from data.tables import customers
from data.texts import load_texts
from models.features import FEATURES
from models.recommender import Recommender
from tests.agreeing import AGREED, Agreeing, copy_shop
from tests.benching import Row, read_commit, report
from tests.databases import copy_house, open_file
from tests.house import ROOT
from tests.serving import PASSWORD, Agent, StandIn, make_settings, serve
from tests.small_shop import bearer

PEOPLE, SEED, WORKERS, LONGEST_S = 500, 20, 2, 570.0
COLUMN_NEEDS = {feature.name: feature.categories for feature in FEATURES}
ROWS_OF = {
    "purchases": "DELETE FROM order_lines WHERE person_id = ?",
    "offers": "DELETE FROM offer_events WHERE person_id = ?",
    "preferences": "DELETE FROM preferences WHERE person_id = ?",
    "browsing": "DELETE FROM page_events WHERE person_id = ?",
}


class Bench:
    """The shop that is used, another copy to change by hand, and what both are asked."""

    def __init__(self, client: TestClient, shop: Agreeing, other: Agreeing) -> None:
        self.client, self.shop, self.other, self.staff = client, shop, other, Agent(client, "kim")
        self.recommender: Recommender = other.make_recommender()
        self.numbers = other.texts.say("pages.numbers").split()

    def call(self, customer_id: str, method: str, path: str, body: Any = None) -> dict[str, Any]:
        answer = self.client.request(method, path, json=body, headers=bearer(customer_id))
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()
        return told

    def fetch_slate(self, customer_id: str, limit: int = 5) -> dict[str, Any]:
        return self.call(customer_id, "GET", f"/api/offers?limit={limit}")

    def press(self, customer_id: str, **body: Any) -> dict[str, Any]:
        return self.call(customer_id, "POST", "/api/me/controls", body)

    def switch(self, customer_id: str, category: str, *, granted: bool) -> dict[str, Any]:
        return self.call(customer_id, "PUT", f"/api/me/consents/{category}", {"granted": granted})

    def explain(self, customer_id: str, offers: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [self.call(customer_id, "GET", f"/api/impressions/{one['impression_id']}/explanation") for one in offers]

    def choose_after(self, person_id: int, *statements: tuple[str, tuple[Any, ...]], **options: Any) -> list[str]:
        """The five offers of the other copy once it was changed by hand; the change is rolled back."""
        with self.other.database.engine.connect() as connection:
            transaction = connection.begin()
            for statement, values in statements:
                connection.exec_driver_sql(statement, values)
            slate = self.recommender.choose(connection, person_id=person_id, today=self.other.today, limit=5, **options)
            transaction.rollback()
        return [shown.offer_id for shown in slate.shown]

    def open_review(self, person_id: int, impression_id: str) -> str:
        """A review to decide in, opened apart from the control of that kind."""
        with self.shop.database.write() as connection:
            return open_review(
                connection,
                person_id=person_id,
                conversation_id=None,
                impression_id=impression_id,
                reason_id=None,
                text="",
                at="2020-01-01T00:00:00.000000Z",
                due_on=self.shop.today,
            ).review_id

    def find_type(self, offer_id: str) -> str:
        with self.other.database.read() as connection:
            return str(self.recommender.find_offered_type(connection, offer_id))


Check = Callable[[Bench, str, int], bool]


def list_ids(offers: list[dict[str, Any]]) -> list[str]:
    return [offer["offer_id"] for offer in offers]


def is_told_right(bench: Bench, told: dict[str, Any]) -> bool:
    """Whether the note says as many as left, came or moved between the offers before and after."""
    before, after = list_ids(told["before"]), list_ids(told["after"])
    left, came = len(set(before) - set(after)), len(set(after) - set(before))
    note = str(told["note"])
    if left or came:
        found = re.search(r"(\w+)(?: offers?)? left, (\w+) came in", note)
        return found is not None and [found[1], found[2]] == [bench.numbers[left], bench.numbers[came]]
    moved = sum(before.index(one) != after.index(one) for one in before)
    if moved:
        return f"the same offers, {moved} of them" in note
    return "stay the same" in note


def stop(category: str, press: Callable[[Bench, str, str], dict[str, Any]]) -> Check:
    """A category is switched off: the offers are those of a shop that never had its rows, and no ranker that may serve has its column."""

    def check(bench: Bench, customer_id: str, person_id: int) -> bool:
        told = press(bench, customer_id, category)
        gone = [(ROWS_OF[category], (person_id,))] if category in ROWS_OF else []
        expected = bench.choose_after(person_id, *gone, without=frozenset({category}))
        slate = bench.fetch_slate(customer_id)["offers"]
        explained = bench.explain(customer_id, slate)
        with bench.other.database.read() as connection:
            shelf = bench.recommender.fetch_shelf(connection)
        ranker = shelf.find_ranker(frozenset(AGREED) - {category}) if shelf else None
        columns = ranker.columns if ranker else ()
        return (
            list_ids(told["after"]) == expected == list_ids(slate)
            and not any(category in one["categories_used"] for one in explained)
            and not any(reason["category"] == category for one in explained for reason in one["reasons"])
            and not any(category in COLUMN_NEEDS[column] for column in columns)
            and is_told_right(bench, told)
        )

    return check


def press_stop(bench: Bench, customer_id: str, category: str) -> dict[str, Any]:
    return bench.press(customer_id, kind="stop_category", category=category)


def press_off(bench: Bench, customer_id: str, category: str) -> dict[str, Any]:
    return bench.switch(customer_id, category, granted=False)


def grant(bench: Bench, customer_id: str, person_id: int) -> bool:
    """Switched off and on again: the offers of before are back, and they say what they rest on."""
    first = list_ids(bench.fetch_slate(customer_id)["offers"])
    bench.switch(customer_id, "purchases", granted=False)
    told = bench.switch(customer_id, "purchases", granted=True)
    expected = bench.choose_after(person_id)
    return list_ids(told["after"]) == expected == first and is_told_right(bench, told)


def turn_away(kind: str) -> Check:
    """A type is turned away: none of twenty offers is of it, the five are those of a shop without it, and a second time changes nothing."""

    def check(bench: Bench, customer_id: str, person_id: int) -> bool:
        offer = bench.fetch_slate(customer_id)["offers"][0]
        type_id = bench.find_type(offer["offer_id"])
        told = bench.press(customer_id, kind=kind, impression_id=offer["impression_id"])
        row = "INSERT INTO preferences (person_id, kind, type_id, at) VALUES (?, 'never_show', ?, '2020-01-01')"
        expected = bench.choose_after(person_id, (row, (person_id, type_id)))
        again = bench.press(customer_id, kind=kind, impression_id=offer["impression_id"])
        twenty = bench.fetch_slate(customer_id, 20)["offers"]
        return (
            list_ids(told["after"]) == expected
            and told["changed"]
            and not again["changed"]
            and is_told_right(bench, told)
            and is_told_right(bench, again)
            and type_id not in {bench.find_type(one["offer_id"]) for one in twenty}
        )

    return check


def not_bought(bench: Bench, customer_id: str, person_id: int) -> bool:
    """Disputed lines are in no evidence and in no score: the offers are those of a shop from which they were deleted."""
    offers = bench.fetch_slate(customer_id)["offers"]
    offer = offers[0]
    of_type = (
        "person_id = ? AND product_id IN (SELECT product_id FROM products WHERE type_id = ?)",
        (person_id, bench.find_type(offer["offer_id"])),
    )
    with bench.other.database.engine.connect() as connection:
        rows = connection.exec_driver_sql(f"SELECT line_id FROM order_lines WHERE {of_type[0]}", of_type[1])
        lines = {row[0] for row in rows}
    expected = bench.choose_after(person_id, (f"DELETE FROM order_lines WHERE {of_type[0]}", of_type[1]))
    told = bench.press(customer_id, kind="not_bought", impression_id=offer["impression_id"])
    after = bench.fetch_slate(customer_id)["offers"]
    left = {
        row["id"]
        for one in bench.explain(customer_id, after)
        for reason in one["reasons"]
        for row in reason["evidence"]["rows"]
        if row["table"] == "order_lines"
    }
    is_gone = not left & lines
    return list_ids(told["after"]) == expected == list_ids(after) and is_gone and is_told_right(bench, told)


def like(bench: Bench, customer_id: str, person_id: int) -> bool:
    """Switched on, what is liked comes first."""
    offer = bench.fetch_slate(customer_id)["offers"][-1]
    told = bench.press(customer_id, kind="like", impression_id=offer["impression_id"])
    first = bench.fetch_slate(customer_id)["offers"][0]
    return (
        told["after"][0]["offer_id"] == offer["offer_id"] == first["offer_id"]
        and "like" in first["why"]
        and is_told_right(bench, told)
    )


def decide(whom: str) -> Check:
    """A person's decision: the offer is in none of twenty places, the slate says who decided, and what is taken back is as it was."""

    def check(bench: Bench, customer_id: str, person_id: int) -> bool:
        offers = bench.fetch_slate(customer_id)["offers"]
        offer, before = offers[0], list_ids(offers)
        path = f"/staff/api/reviews/{bench.open_review(person_id, offer['impression_id'])}/decisions"
        body = {"kind": "never", "whom": whom, "why": "To see what it does.", "offer_id": offer["offer_id"]}
        made = bench.staff.call("POST", path, body).json()
        slate, twenty = bench.fetch_slate(customer_id), bench.fetch_slate(customer_id, 20)["offers"]
        after = list_ids(slate["offers"])
        rules = {
            one["offer_id"]: any("Kim" in rule for rule in one["rules"])
            for one in bench.explain(customer_id, slate["offers"])
        }
        is_said = any("Kim" in one for one in slate.get("decisions", []))
        if whom == "customer":
            nobody = []
            told = bench.call(customer_id, "POST", f"/api/me/decisions/{made['decision_id']}/undo")
        else:
            nobody = list_ids(bench.client.get("/api/offers?limit=20").json()["offers"])
            bench.staff.call("POST", path, body | {"kind": "again"})
            told = {"after": bench.fetch_slate(customer_id)["offers"], "before": slate["offers"], "note": None}
        return (
            offer["offer_id"] not in list_ids(twenty)
            and offer["offer_id"] not in nobody
            and after == list_ids(made["after"])
            and is_said
            and all(said is (offer_id not in before) for offer_id, said in rules.items())
            and list_ids(told["after"]) == before
            and (told["note"] is None or is_told_right(bench, told))
        )

    return check


def list_checks(categories: tuple[str, ...]) -> dict[str, Check]:
    """A check for each control, by name."""
    return {
        **{f"stop_category.{one}": stop(one, press_stop) for one in categories},
        "withdraw": stop("purchases", press_off),
        "grant": grant,
        "never_show": turn_away("never_show"),
        "dislike": turn_away("dislike"),
        "not_bought": not_bought,
        "like": like,
        "decision_for_a_customer": decide("customer"),
        "decision_for_everybody": decide("everybody"),
    }


def open_shop(folder: Path) -> Agreeing:
    """A copy of the demo shop with the version that serves."""
    copy_house(ROOT / "var", folder, master=ROOT / "secrets" / "candor.key")
    shutil.copytree(ROOT / "var" / "models", folder / "models")
    shop = read_shop(ROOT / "shop.toml")
    database = open_file(folder / "candor.db")
    database.migrate()
    with database.read() as connection:
        today = read_shop_clock(connection, shop.zone).today()
    return Agreeing(folder, database, shop, load_texts(ROOT / "texts", shop.languages[0]), today)


def draw_people(shop: Agreeing, connection: Connection, kinds: list[str]) -> list[tuple[str, int]]:
    """500 customers by a fixed seed, with exactly `purchases`, `offers` and what their control needs switched on, and nothing decided."""
    assert fetch_standing(connection, None) == []
    chosen = random.Random(SEED).sample(sorted(connection.execute(customers.select()).scalars()), PEOPLE)
    at = read_shop_clock(connection, shop.shop.zone).stamp()
    for number, person_id in enumerate(chosen):
        kind = kinds[number % len(kinds)]
        on = {*AGREED, kind.removeprefix("stop_category."), *(("preferences",) if kind == "like" else ())}
        for category in shop.shop.categories:
            record_consent(
                connection,
                person_id,
                category,
                granted=category in on,
                purposes=PURPOSES,
                at=at,
                source="page",
                lang="en",
                known=shop.shop.categories,
            )
    names = {one.person_id: one.customer_id for one in list_customers(connection, chosen)}
    return [(names[person_id], person_id) for person_id in chosen]


def use_controls(worker: int) -> tuple[Counter[str], Counter[str]]:
    """One worker's share of the customers, on copies of its own: how often each control was used, and how often it did what it states."""
    used, worked = Counter[str](), Counter[str]()
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as two:
        shop = open_shop(Path(one))
        checks = list(list_checks(shop.shop.categories).items())
        with shop.database.write() as connection:
            people = draw_people(shop, connection, [name for name, _ in checks])
            ensure_member(connection, "kim", name="Kim", role="supervisor", password=PASSWORD)
        other, bot = copy_shop(shop, Path(two)), StandIn()
        started = time.monotonic()
        with serve(make_settings(shop.folder, bot_port=bot.port)) as client:
            bench = Bench(client, shop, other)
            for number, (customer_id, person_id) in enumerate(people):
                if number // len(checks) % WORKERS != worker:
                    continue
                if time.monotonic() - started > LONGEST_S:
                    break
                name, check = checks[number % len(checks)]
                used[name] += 1
                is_right = check(bench, customer_id, person_id)
                worked[name] += is_right
                if not is_right:
                    print(f"{name} did not do what it states, customer {number} of the draw", file=sys.stderr)
        bot.close()
        for each in (shop, other):
            each.database.close()
    return used, worked


def main() -> int:
    """Use a control with each customer, in turn; say the share that had its effect, by kind."""
    commit = read_commit()
    used, worked = Counter[str](), Counter[str]()
    with ProcessPoolExecutor(WORKERS, mp_context=get_context("spawn")) as pool:
        for some_used, some_worked in pool.map(use_controls, range(WORKERS)):
            used += some_used
            worked += some_worked
    rows = [
        Row("control.worked", worked.total() / used.total(), "share", 1.0, is_most=False),
        Row("control.customers", float(used.total()), "customers", float(PEOPLE), is_most=False),
        *(
            Row(f"control.{name}", worked[name] / used[name], f"share of {used[name]}", 1.0, is_most=False)
            for name in used
        ),
    ]
    return report("control", rows, command="make bench-control", commit=commit)


if __name__ == "__main__":
    sys.exit(main())
