"""How often an offer is right: tested on weeks that the tested ranker has not seen, and said with figures that are facts (P4)."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from data.catalogue import fetch_types
from data.database import Database
from data.impressions import Impression
from data.ranking_rows import RankingRows, fetch_training_rows
from data.shop import Shop
from data.tables import order_lines, products
from data.texts import Texts
from models.backtest import find_interval, measure_offers, tell_certainty
from models.details import tell_meaning
from models.ranker import Shelf, load_shelf, publish_shelf, save_shelf
from models.recommender import Recommender
from models.training import train_shelf
from tests.databases import open_file
from tests.making import TODAY, make_history

DAY = TODAY - timedelta(days=28)
HABIT = {"reason_id": "habit", "share": 1.0, "contribution": 1.0}


@pytest.fixture(scope="module")
def rehearsed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Database, RankingRows, Shelf]]:
    database = open_file(tmp_path_factory.mktemp("backtest") / "candor.db")
    database.migrate()
    with database.write() as connection:
        make_history(connection)
    rows = read_rows(database)
    yield database, rows, train(database, rows)
    database.close()


def read_rows(database: Database) -> RankingRows:
    with database.read() as connection:
        return fetch_training_rows(connection, before=TODAY, groups=("alcohol",))


def train(database: Database, rows: RankingRows) -> Shelf:
    with database.read() as connection:
        types = fetch_types(connection)
    return train_shelf(rows, types, today=TODAY, fewest_customers=20, fewest_counted=5, rehearse=True)


def test_the_ranker_that_is_tested_has_not_seen_the_weeks_it_is_tested_on(
    rehearsed: tuple[Database, RankingRows, Shelf],
) -> None:
    """Another future leaves it as it was, byte by byte."""
    database, rows, shelf = rehearsed
    past = RankingRows(rows.categories, [line for line in rows.lines if line[1] < DAY], rows.events)
    swapped = [
        (person, day, f"type-{11 - int(kind[5:])}", line) for person, day, kind, line in rows.lines if day >= DAY
    ]
    other = train(database, replace(past, lines=past.lines + swapped))
    assert shelf.rehearsal is not None
    assert other.rehearsal is not None
    assert shelf.rehearsal.cut == DAY
    one, two = (found.rehearsal.rankers[frozenset({"purchases"})] for found in (shelf, other) if found.rehearsal)
    assert one.booster.model_to_string() == two.booster.model_to_string()
    assert shelf.rehearsal.statistics.equals(other.rehearsal.statistics)
    assert shelf.version != other.version


def test_what_is_rehearsed_is_no_part_of_what_serves(
    rehearsed: tuple[Database, RankingRows, Shelf], tmp_path: Path
) -> None:
    database, rows, shelf = rehearsed
    with database.read() as connection:
        types = fetch_types(connection)
    plain = train_shelf(rows, types, today=TODAY, fewest_customers=20, fewest_counted=5)
    assert plain.rehearsal is None
    assert plain.version == shelf.version
    save_shelf(shelf, tmp_path / "saved")
    assert load_shelf(tmp_path / "saved").rehearsal is None


def test_what_was_bought_later_is_counted_right(
    rehearsed: tuple[Database, RankingRows, Shelf], shop: Shop, texts: Texts, tmp_path: Path
) -> None:
    """The slates are chosen again by the code that serves, under the consent for purchases alone, and counted with SQL."""
    database, rows, shelf = rehearsed
    assert shelf.rehearsal is not None
    save_shelf(shelf.rehearsal, tmp_path / shelf.rehearsal.version)
    publish_shelf(tmp_path, shelf.rehearsal.version)
    recommender = Recommender(tmp_path, shop, texts)
    counted = {"usual": [0, 0], "new": [0, 0]}
    with database.read() as connection:
        tested = measure_offers(shelf.rehearsal, rows, fetch_types(connection), shop)
        people = sorted({line[0] for line in rows.lines if DAY - timedelta(days=84) <= line[1] < DAY})
        for person_id in people:
            slate = recommender.choose(
                connection, person_id=person_id, today=DAY, limit=5, without=frozenset({"offers"})
            )
            later = set(
                connection.execute(
                    select(products.c.type_id)
                    .join(order_lines, order_lines.c.product_id == products.c.product_id)
                    .where(order_lines.c.person_id == person_id, order_lines.c.ordered_on >= DAY)
                ).scalars()
            )
            for shown in slate.shown:
                count = counted["new" if shown.offer["label"] == "new" else "usual"]
                count[0] += 1
                count[1] += shown.type_id in later
    assert tested is not None
    assert tested["people"] == len(people)
    for kind, (offers, bought) in counted.items():
        assert tested.get(kind, {"offers": 0})["offers"] == offers
        if offers and tested[kind]["bought"] is not None:
            assert tested[kind]["bought"] == bought
    assert counted["usual"][1] > 0
    for kind in counted.keys() & tested.keys():
        assert 0 < tested[kind]["told"] < 1
        if tested[kind]["bought"] is not None:
            assert tested[kind]["low"] < tested[kind]["bought"] / tested[kind]["offers"] < tested[kind]["high"]


def test_with_too_few_customers_nothing_is_measured(rehearsed: tuple[Database, RankingRows, Shelf], shop: Shop) -> None:
    database, rows, shelf = rehearsed
    assert shelf.rehearsal is not None
    some = set(sorted({line[0] for line in rows.lines})[: shop.fewest_customers - 1])
    few = replace(rows, lines=[line for line in rows.lines if line[0] in some])
    with database.read() as connection:
        assert measure_offers(shelf.rehearsal, few, fetch_types(connection), shop) is None


def test_the_interval_is_wilsons_and_wider_where_one_customers_offers_are_alike() -> None:
    apart = [(person, person < 6) for person in range(160)]
    low, high = find_interval(apart)
    assert (low, high) == pytest.approx((0.01729, 0.07937), abs=1e-4)  # 6 of 160, as tables have it
    alike = [(person // 4, person < 8) for person in range(160)]
    single = [(person, person < 8) for person in range(160)]
    assert find_interval(alike)[0] < find_interval(single)[0]
    assert find_interval(alike)[1] > find_interval(single)[1]
    assert find_interval([(person, False) for person in range(100)])[1] == pytest.approx(0.037, abs=1e-3)


@pytest.mark.parametrize(
    "counted", [None, {"offers": 800, "bought": None}, {"offers": 800, "bought": 39, "low": 0.0358, "high": 0.0663}]
)
def test_a_place_for_something_new_is_told_what_was_counted_and_not_its_scores_chance(
    texts: Texts, counted: dict[str, Any] | None
) -> None:
    shown = {"score": -1.0, "type_title": "Thing 1", "rules": [], "remainder": 0.0, "reasons": [HABIT]}
    new = replace(make_impression("new"), explanation=shown)
    told = tell_meaning(new, texts, tested=counted)
    assert "27 in 100" not in told["text"]
    if counted is None or counted["bought"] is None:
        assert told["chance"] is None
        assert "I name no chance" in told["text"]
    else:
        assert told["chance"] == 39 / 800
        assert "of 800 such offers that were tested, 39 were bought within four weeks" in told["text"]
        assert "between 3 and 7 in 100" in told["text"]
    usual = tell_meaning(replace(make_impression("purchases"), explanation=shown), texts, tested=counted)
    assert "about 27 in 100" in usual["text"]


@pytest.mark.parametrize(
    ("label", "counted", "said"),
    [
        ("purchases", {"offers": 180, "bought": 84}, "they bought 84 in the next 4 weeks. So about 5 of 10 were right"),
        ("new", {"offers": 120, "bought": 18}, "of something new, like this one, chosen for 60 customers"),
        ("new", {"offers": 120, "bought": 3}, "they bought 3 in the next 4 weeks"),
        ("new", {"offers": 120, "bought": None}, "they bought only a few in the next 4 weeks"),
    ],
)
def test_how_sure_is_said_with_what_was_measured(
    rehearsed: tuple[Database, RankingRows, Shelf],
    shop: Shop,
    texts: Texts,
    tmp_path: Path,
    label: str,
    counted: dict[str, int | None],
    said: str,
) -> None:
    database, _, shelf = rehearsed
    kind = "new" if label == "new" else "usual"
    tested = {"day": DAY.isoformat(), "days_after": 28, "people": 60, kind: counted}
    save_shelf(replace(shelf, facts=shelf.facts | {"tested": tested}), tmp_path / shelf.version)
    publish_shelf(tmp_path, shelf.version)
    with database.read() as connection:
        told = tell_certainty(connection, Recommender(tmp_path, shop, texts), make_impression(label))
        not_personal = replace(make_impression(label), personalized=False)
        plain = tell_certainty(connection, Recommender(tmp_path, shop, texts), not_personal)
        coupon = tell_certainty(
            connection, Recommender(tmp_path, shop, texts), replace(make_impression(label), slot="coupons")
        )
    assert said in told["text"]
    assert told["tested"] == {"day": DAY.isoformat(), "days_after": 28, "people": 60} | counted
    assert coupon["tested"] is None
    assert "has not been measured" in coupon["text"]
    assert plain["tested"] is None
    assert "counted from the shop's sales" in plain["text"]


def make_impression(label: str) -> Impression:
    """As much of an impression as the question needs."""
    return Impression(
        impression_id="one",
        slate_id="slate",
        person_id=1,
        slot="home",
        position=1,
        offer_id="type-1",
        type_id="type-1",
        channel="page",
        consents=["purchases"],
        model_version="any",
        variant="one",
        personalized=True,
        shown_at=f"{TODAY.isoformat()}T12:00:00.000000Z",
        shop_day=TODAY,
        offer={"title": "Thing 1", "label": label, "category": "Aisle 1"},
        explanation={"reasons": []},
    )
