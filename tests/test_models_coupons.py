"""The slot `coupons`: running offers first, in the order of who redeems what, under the same promises as every slot (P3, P4, P9)."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest
from sqlalchemy import delete, insert, select
from starlette.testclient import TestClient

from data.catalogue import fetch_types
from data.consent import fetch_consents
from data.database import Database
from data.ranking_rows import fetch_own_rows, fetch_training_rows
from data.shop import Shop
from data.tables import offer_events, offers, order_lines
from data.texts import Texts
from models.candidates import build_own_rows
from models.coupons import list_shown
from models.features import FEATURES
from models.ranker import Shelf, load_shelf
from models.recommender import Recommender, Slate
from tests.databases import open_file
from tests.making import TODAY, make_consent, make_coupon_event, make_history, make_order, make_person
from tests.serving import StandIn, make_settings, serve
from tests.small_shop import KINDS, bearer, fetch_offers, set_noon, train_small_shop

RUNNING = ("type-0", "type-1", "type-2", "type-3")
SENT = ("type-0", "type-1", "type-2", "type-3", "type-4", "type-5")
WEEKS = 4


@dataclass(frozen=True)
class CouponShop:
    """The small shop after a month of coupons: whoever buys a kind often redeems its coupon."""

    folder: Path
    database: Database
    shelf: Shelf
    people: list[int]
    recommender: Recommender

    def choose(self, person_id: int | None, *, limit: int = 5, without: frozenset[str] = frozenset()) -> Slate:
        with self.database.read() as connection:
            return self.recommender.choose(
                connection, person_id=person_id, today=TODAY, limit=limit, slot="coupons", without=without
            )


def send_coupons(database: Database, people: list[int]) -> None:
    """Show six coupons in each of four weeks; a kind that was bought on more than 20 days is redeemed three days later."""
    with database.write() as connection:
        for type_id in (*SENT, "wine"):
            runs = type_id in RUNNING or type_id == "wine"
            ends_on = TODAY + timedelta(days=9) if runs else TODAY - timedelta(days=1)
            connection.execute(
                insert(offers).values(
                    offer_id=f"offer-{type_id}", title=f"{type_id} coupon", type_id=type_id, ends_on=ends_on
                )
            )
        bought = connection.execute(select(order_lines.c.person_id, order_lines.c.product_id)).all()
        for person_id in people:
            for week in range(WEEKS):
                day = TODAY - timedelta(days=30 + 7 * week)
                for type_id in SENT:
                    make_coupon_event(connection, person_id, day, type_id, event="shown")
                    if sum(row == (person_id, f"p-{type_id}") for row in bought) > 20:
                        make_coupon_event(connection, person_id, day + timedelta(days=3), type_id)


@pytest.fixture(scope="module")
def coupon_shop(tmp_path_factory: pytest.TempPathFactory, shop: Shop, texts: Texts) -> Iterator[CouponShop]:
    folder = tmp_path_factory.mktemp("coupons")
    database = open_file(folder / "candor.db")
    database.migrate()
    with database.write() as connection:
        people = make_history(connection)
        make_order(connection, make_person(connection, "wine-lover"), TODAY - timedelta(days=3), ["wine"])
        set_noon(connection)
    send_coupons(database, people)
    with closing(sqlite3.connect(folder / "candor.db")) as source:
        source.execute("VACUUM INTO ?", (str(folder / "untouched.db"),))
    shelf = train_small_shop(database, folder / "models", shop)
    yield CouponShop(folder, database, shelf, people, Recommender(folder / "models", shop, texts))
    database.close()


@pytest.fixture
def client(coupon_shop: CouponShop) -> Iterator[TestClient]:
    bot = StandIn()
    with serve(make_settings(coupon_shop.folder, bot_port=bot.port)) as client:
        yield client
    bot.close()


# --- what is learned ------------------------------------------------------------------------------------------------
def list_labels(*told: tuple[str, int], today: date = TODAY) -> list[float]:
    """The labels of one coupon from `(event, days before today)`."""
    rows = [(1, today - timedelta(days=days), "a", event, "Aisle") for event, days in told]
    schema = {"person_id": pl.Int64, "happened_on": pl.Date, "type_id": pl.String, "event": pl.String}
    frame = pl.DataFrame(rows, schema=schema | {"category": pl.String}, orient="row")
    return list_shown(frame, today=today)["label"].to_list()


def test_a_coupon_counts_as_redeemed_within_28_days_of_being_shown() -> None:
    assert list_labels(("shown", 60)) == [0]
    assert list_labels(("shown", 60), ("redeemed", 60)) == [1]
    assert list_labels(("shown", 60), ("redeemed", 60 - 27)) == [1]
    assert list_labels(("shown", 60), ("redeemed", 60 - 28)) == [0]
    assert list_labels(("shown", 60), ("redeemed", 61)) == [0]


def test_a_coupon_whose_days_are_not_over_teaches_nothing() -> None:
    assert list_labels(("shown", 28), ("redeemed", 20)) == [1]
    assert list_labels(("shown", 27), ("redeemed", 20)) == []


def test_only_rows_of_offers_csv_teach_coupons(coupon_shop: CouponShop, shop: Shop) -> None:
    """An ordinary product type that was shown is an event too; nobody could have redeemed it."""
    with coupon_shop.database.read() as connection:
        rows = fetch_training_rows(connection, before=TODAY, groups=shop.sensitive)
        ids = set(connection.execute(select(offers.c.offer_id)).scalars())
        pairs = connection.execute(select(offer_events.c.event_id, offer_events.c.offer_id)).all()
    offer_of = {row.event_id: row.offer_id for row in pairs}
    assert rows.coupon_events == {event[4] for event in rows.events if offer_of[event[4]] in ids}
    assert {event[4] for event in rows.events} > rows.coupon_events


def test_a_ranker_of_coupons_has_no_column_outside_its_consents(coupon_shop: CouponShop) -> None:
    rankers = coupon_shop.shelf.coupon_rankers
    assert set(rankers) == {frozenset({"purchases"}), frozenset({"offers"}), frozenset({"purchases", "offers"})}
    needs = {feature.name: feature.categories for feature in FEATURES}
    for consents, ranker in rankers.items():
        assert ranker.consents == consents
        assert ranker.booster.feature_name() == list(ranker.columns)
        assert all(needs[column] <= consents for column in ranker.columns)


def test_a_saved_ranker_of_coupons_is_read_back_the_same(coupon_shop: CouponShop) -> None:
    again = load_shelf(coupon_shop.folder / "models" / coupon_shop.shelf.version)
    for consents, ranker in coupon_shop.shelf.coupon_rankers.items():
        assert again.coupon_rankers[consents].booster.model_to_string() == ranker.booster.model_to_string()


def test_who_did_not_agree_leaves_no_trace_in_a_ranker_of_coupons(
    coupon_shop: CouponShop, tmp_path: Path, shop: Shop
) -> None:
    shutil.copy(coupon_shop.folder / "untouched.db", tmp_path / "candor.db")
    database = open_file(tmp_path / "candor.db")
    silent = coupon_shop.people[42:]
    with database.write() as connection:
        for table in (offer_events, order_lines):
            assert connection.execute(delete(table).where(table.c.person_id.in_(silent))).rowcount
    assert train_small_shop(database, tmp_path / "models", shop).version == coupon_shop.shelf.version
    database.close()


def test_with_few_redemptions_the_ordinary_ranker_orders_coupons(tmp_path: Path, shop: Shop) -> None:
    database = open_file(tmp_path / "candor.db")
    database.migrate()
    with database.write() as connection:
        people = make_history(connection)
    send_coupons(database, people[:4])
    shelf = train_small_shop(database, tmp_path / "models", shop)
    both = frozenset({"purchases", "offers"})
    assert shelf.rankers
    assert not shelf.coupon_rankers
    assert shelf.find_coupon_ranker(both) is shelf.rankers[both]
    database.close()


# --- what is shown --------------------------------------------------------------------------------------------------
def test_running_coupons_come_first_in_the_order_of_their_ranker(coupon_shop: CouponShop, shop: Shop) -> None:
    person_id = coupon_shop.people[0]
    slate = coupon_shop.choose(person_id, limit=KINDS)
    assert slate.coupons == len(RUNNING)
    assert {shown.offer_id for shown in slate.shown[:4]} == {f"offer-{type_id}" for type_id in RUNNING}
    assert not {shown.offer_id for shown in slate.shown[4:]} & {f"offer-{type_id}" for type_id in SENT}
    with coupon_shop.database.read() as connection:
        own = fetch_own_rows(connection, person_id, fetch_consents(connection, person_id), before=TODAY)
        types = fetch_types(connection)
    rows = build_own_rows([t for t in types if t.type_id in RUNNING], own, coupon_shop.shelf, TODAY, types=types)
    scores = coupon_shop.shelf.coupon_rankers[frozenset({"purchases", "offers"})].score(rows)
    for type_id, score in zip(rows["type_id"], scores, strict=True):
        assert slate.scores[type_id] == pytest.approx(float(score), abs=1e-12)


def test_whoever_redeems_a_kind_sees_its_coupon_first(coupon_shop: CouponShop) -> None:
    with coupon_shop.database.read() as connection:
        event = offer_events.c
        used = connection.execute(select(event.person_id, event.type_id).where(event.event == "redeemed")).all()
    redeemed: dict[int, set[str]] = {}
    for row in used:
        if row.type_id in RUNNING and row.person_id in coupon_shop.people[:42]:
            redeemed.setdefault(row.person_id, set()).add(row.type_id)
    assert len(redeemed) >= 10
    first = sum(coupon_shop.choose(person_id).shown[0].type_id in kinds for person_id, kinds in redeemed.items())
    assert first >= 0.8 * len(redeemed)


def test_every_coupon_is_explained_by_parts_that_add_up(coupon_shop: CouponShop) -> None:
    for person_id in coupon_shop.people[:6]:
        for shown in coupon_shop.choose(person_id, limit=6).shown:
            told = shown.explanation
            parts = told["base"] + told["remainder"] + sum(reason["contribution"] for reason in told["reasons"])
            assert parts == pytest.approx(told["score"], abs=1e-9)
            assert told["categories_used"] == ["purchases", "offers"]


def test_a_withdrawal_changes_the_next_coupons(coupon_shop: CouponShop) -> None:
    person_id = coupon_shop.people[1]
    without = coupon_shop.choose(person_id, without=frozenset({"purchases"}))
    assert without.shown[0].explanation["categories_used"] == ["offers"]
    nothing = coupon_shop.choose(person_id, without=frozenset({"purchases", "offers"}))
    assert not nothing.personalized
    assert [s.offer for s in nothing.shown] == [s.offer for s in coupon_shop.choose(None).shown]


def test_as_many_as_were_asked_for_and_the_same_ones_again(client: TestClient) -> None:
    for customer_id in (None, "c0", "c59"):
        for limit in (1, 3, 7, KINDS):
            found = fetch_offers(client, customer_id, slot="coupons", limit=limit)
            assert len(found) == limit
            again = fetch_offers(client, customer_id, slot="coupons", limit=limit)
            assert [o["offer_id"] for o in again] == [o["offer_id"] for o in found]


def test_a_coupon_for_sensitive_goods_waits_for_its_consent(client: TestClient, coupon_shop: CouponShop) -> None:
    assert "offer-wine" not in {o["offer_id"] for o in fetch_offers(client, "c2", slot="coupons", limit=20)}
    with coupon_shop.database.write() as connection:
        make_consent(connection, coupon_shop.people[2], "sensitive_alcohol", granted=True)
    assert "offer-wine" in {o["offer_id"] for o in fetch_offers(client, "c2", slot="coupons", limit=20)[:5]}


def test_a_place_without_a_coupon_says_why(client: TestClient) -> None:
    found = fetch_offers(client, "c3", slot="coupons", limit=6)
    path = f"/api/impressions/{found[0]['impression_id']}"
    told = client.get(f"{path}/why-not", params={"other": found[4]["offer_id"]}, headers=bearer("c3")).json()
    assert told["place"] < told["other_place"]
    assert f"Coupons come first there, and {found[4]['title'].lower()} has none today." in told["text"]
    beside = client.get(f"{path}/why-not", params={"other": found[1]["offer_id"]}, headers=bearer("c3")).json()
    assert "Coupons come first" not in beside["text"]
    what_if = client.get(f"{path}/what-if", params={"without": "purchases"}, headers=bearer("c3")).json()
    coupons = {f"offer-{type_id}" for type_id in RUNNING}
    assert {offer["offer_id"] for offer in what_if["after"][:4]} == coupons
    assert {offer["offer_id"] for offer in what_if["before"][:4]} == coupons


def test_a_filled_place_tells_its_rule(coupon_shop: CouponShop) -> None:
    shown = coupon_shop.choose(coupon_shop.people[0], limit=6).shown
    assert [bool(place.explanation["rules"]) for place in shown] == [False] * 4 + [True] * 2
    assert all(place.explanation["rank"] > len(RUNNING) for place in shown[4:])
