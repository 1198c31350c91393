"""Ranking under consent: what is withheld is not a column, not a row, and never named (P3, P9, P10)."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete

from data.catalogue import fetch_types
from data.consent import fetch_consents
from data.database import Database
from data.preferences import set_preference
from data.ranking_rows import fetch_own_rows, fetch_training_rows
from data.shop import Shop
from data.tables import offer_events, order_lines
from data.texts import Texts
from models.features import FEATURES, PERSONAL, select_features
from models.ranker import Shelf, load_shelf, publish_shelf, save_shelf
from models.recommender import Recommender, Slate
from models.training import train_shelf
from tests.databases import open_file
from tests.making import AT, TODAY, make_consent, make_history, make_order, make_person


@pytest.fixture(scope="module")
def trained(
    tmp_path_factory: pytest.TempPathFactory, shop: Shop, texts: Texts
) -> Iterator[tuple[Database, Recommender, list[int]]]:
    """A small shop with its rankers."""
    folder = tmp_path_factory.mktemp("trained")
    database = open_file(folder / "candor.db")
    database.migrate()
    with database.write() as connection:
        people = make_history(connection)
    shelf = train(database)
    save_shelf(shelf, folder / "models" / shelf.version)
    publish_shelf(folder / "models", shelf.version)
    yield database, Recommender(folder / "models", shop, texts), people
    database.close()


def train(database: Database) -> Shelf:
    """Train on what a database holds."""
    with database.read() as connection:
        rows = fetch_training_rows(connection, before=TODAY, groups=("alcohol",))
        types = fetch_types(connection)
    return train_shelf(rows, types, today=TODAY, fewest_customers=20, fewest_counted=5, threads=1)


def choose(trained: tuple[Database, Recommender, list[int]], person_id: int | None, **more: object) -> Slate:
    """Five offers."""
    database, recommender, _ = trained
    with database.read() as connection:
        return recommender.choose(connection, person_id=person_id, today=TODAY, limit=5, **more)  # type: ignore[arg-type]


def test_a_ranker_has_no_column_outside_its_consents(trained: tuple[Database, Recommender, list[int]]) -> None:
    recommender = trained[1]
    shelf = load_shelf(recommender.models / str(next(p.name for p in recommender.models.iterdir() if p.is_dir())))
    assert set(shelf.rankers) == {frozenset({"purchases"}), frozenset({"offers"}), frozenset({"purchases", "offers"})}
    needs = {feature.name: feature.categories for feature in FEATURES}
    for consents, ranker in shelf.rankers.items():
        assert ranker.booster.feature_name() == list(ranker.columns)
        assert all(needs[column] <= consents for column in ranker.columns)


def test_no_feature_knows_age_income_or_household() -> None:
    words = ("age", "income", "household", "kids", "marital", "gender", "audit", "price")
    assert not [feature.name for feature in FEATURES if any(word in feature.name.split("_") for word in words)]
    assert {"purchases", "offers"} == PERSONAL
    assert select_features(frozenset()) == tuple(feature for feature in FEATURES if not feature.categories)


def test_nobody_and_somebody_who_agreed_to_nothing_see_the_same(
    trained: tuple[Database, Recommender, list[int]],
) -> None:
    silent = trained[2][-1]
    for_nobody, for_silent = choose(trained, None), choose(trained, silent)
    assert [s.offer for s in for_nobody.shown] == [s.offer for s in for_silent.shown]
    assert not any(s.personalized for s in for_silent.shown)
    assert all(
        e.explanation["base"] == e.explanation["score"] and not e.explanation["categories_used"]
        for e in for_silent.shown
    )


def test_withdrawal_changes_the_next_ranking(trained: tuple[Database, Recommender, list[int]]) -> None:
    database, _, people = trained
    person_id = people[0]
    before = choose(trained, person_id)
    assert before.personalized
    with database.write() as connection:
        make_consent(connection, person_id, "purchases", granted=False)
        make_consent(connection, person_id, "offers", granted=False)
    after = choose(trained, person_id)
    assert not after.personalized
    assert [s.offer for s in after.shown] == [s.offer for s in choose(trained, None).shown]
    with database.write() as connection:
        make_consent(connection, person_id, "purchases", granted=True)
        make_consent(connection, person_id, "offers", granted=True)
    assert [s.offer for s in choose(trained, person_id).shown] == [s.offer for s in before.shown]


def test_same_day_data_and_consents_give_the_same_slate(trained: tuple[Database, Recommender, list[int]]) -> None:
    first, second = choose(trained, trained[2][1]), choose(trained, trained[2][1])
    assert [(s.offer, s.explanation) for s in first.shown] == [(s.offer, s.explanation) for s in second.shown]


def test_explanations_add_up_and_the_remainder_is_smaller_than_the_largest_reason(
    trained: tuple[Database, Recommender, list[int]],
) -> None:
    seen = 0
    for person_id in trained[2][:30]:
        for shown in choose(trained, person_id).shown:
            told = shown.explanation
            total = told["base"] + told["remainder"] + sum(reason["contribution"] for reason in told["reasons"])
            assert abs(total - told["score"]) < 1e-9
            assert abs(told["remainder"]) <= max(abs(reason["contribution"]) for reason in told["reasons"])
            whole = sum(abs(reason["contribution"]) for reason in told["reasons"]) + abs(told["remainder"])
            assert abs(sum(r["share"] for r in told["reasons"]) + abs(told["remainder"]) / whole - 1) < 1e-9
            assert {r["category"] for r in told["reasons"]} <= {"shop", *told["categories_used"]}
            seen += 1
    assert seen > 100


def test_each_habit_sentence_is_true_of_the_rows(trained: tuple[Database, Recommender, list[int]]) -> None:
    database, _, people = trained
    checked = 0
    for person_id in people[:20]:
        for shown in choose(trained, person_id).shown:
            for reason in shown.explanation["reasons"]:
                facts = {fact["name"]: fact for fact in reason["evidence"]["facts"]}
                if reason["reason_id"] != "habit" or not facts["days_bought"]["value"]:
                    continue
                with database.read() as connection:
                    days = connection.exec_driver_sql(
                        "select distinct ordered_on from order_lines where person_id = ? and product_id = ? and ordered_on between ? and ?",
                        (person_id, f"p-{shown.type_id}", facts["days_bought"]["from"], facts["days_bought"]["to"]),
                    ).fetchall()
                assert facts["days_bought"]["value"] == len(days)
                assert facts["last_bought_on"]["value"] == max(day for (day,) in days)
                assert reason["evidence"]["rows"]
                checked += 1
    assert checked > 20


def test_only_rows_of_those_who_agreed_train_anything(
    trained: tuple[Database, Recommender, list[int]], tmp_path: Path
) -> None:
    whole = train(trained[0])
    bare = open_file(tmp_path / "bare.db")
    with closing(sqlite3.connect(str(trained[0].engine.url.database))) as copied:
        copied.execute("VACUUM INTO ?", (str(tmp_path / "bare.db"),))
    silent = trained[2][42:]
    with bare.write() as connection:
        connection.execute(delete(order_lines).where(order_lines.c.person_id.in_(silent)))
        connection.execute(delete(offer_events).where(offer_events.c.person_id.in_(silent)))
    without = train(bare)
    bare.close()
    assert whole.rankers
    assert not whole.factors.is_empty()
    assert _read_files(without, tmp_path / "without") == _read_files(whole, tmp_path / "whole")


def _read_files(shelf: Shelf, folder: Path) -> dict[str, bytes]:
    """Every file that a shelf is saved as, byte by byte."""
    save_shelf(shelf, folder)
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_too_few_agreeing_customers_train_nothing(database: Database) -> None:
    with database.write() as connection:
        make_history(connection, people=40, agree=0.4)
    shelf = train(database)
    assert not shelf.rankers
    assert shelf.statistics.is_empty()


def test_own_rows_come_out_under_consent_only(database: Database) -> None:
    with database.write() as connection:
        people = make_history(connection, people=2, agree=1.0)
        make_order(connection, people[0], TODAY - timedelta(days=2), ["wine"])
        make_order(connection, people[0], TODAY, ["type-1"])
        make_order(connection, people[0], TODAY - timedelta(days=1), ["type-1"], quantity=-1)
    with database.write() as connection:
        rows = fetch_own_rows(connection, people[0], fetch_consents(connection, people[0]), before=TODAY)
        assert rows.lines
        assert all(day < TODAY for _, day, _, _ in rows.lines)
        assert "wine" not in {type_id for _, _, type_id, _ in rows.lines}
        make_consent(connection, people[0], "sensitive_alcohol", granted=True)
        rows = fetch_own_rows(connection, people[0], fetch_consents(connection, people[0]), before=TODAY)
        assert "wine" in {type_id for _, _, type_id, _ in rows.lines}
        make_consent(connection, people[0], "purchases", granted=False)
        assert not fetch_own_rows(connection, people[0], fetch_consents(connection, people[0]), before=TODAY).lines


def test_sensitive_goods_are_shown_to_nobody_who_did_not_turn_them_on(
    trained: tuple[Database, Recommender, list[int]],
) -> None:
    assert all("wine" not in choose(trained, person_id).scores for person_id in (None, *trained[2][:10]))


def test_what_was_turned_away_is_not_shown(trained: tuple[Database, Recommender, list[int]]) -> None:
    database, _, people = trained
    first = choose(trained, people[5]).shown[0].type_id
    with database.write() as connection:
        set_preference(connection, people[5], kind="never_show", type_id=first, at=AT)
    slate = choose(trained, people[5])
    assert first not in {shown.type_id for shown in slate.shown}
    assert len(slate.shown) == 5


def test_a_customer_without_a_history_is_shown_what_is_popular(
    trained: tuple[Database, Recommender, list[int]],
) -> None:
    with trained[0].write() as connection:
        newcomer = make_person(connection, "newcomer", agrees_to=("purchases", "offers"))
    slate = choose(trained, newcomer)
    assert not slate.personalized
    assert all(shown.offer["label"] == "popular" for shown in slate.shown)


def test_nothing_is_personalized_for_a_minor(trained: tuple[Database, Recommender, list[int]]) -> None:
    assert not choose(trained, trained[2][0], minor=True).personalized


def test_leaving_a_category_out_uses_the_ranker_without_it(trained: tuple[Database, Recommender, list[int]]) -> None:
    slate = choose(trained, trained[2][0], without=frozenset({"offers"}))
    assert all(shown.explanation["categories_used"] == ["purchases"] for shown in slate.shown)
