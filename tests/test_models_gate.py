"""The gate for new models: the first serves with its shortfalls told, a worse one is refused and the one before keeps serving."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import models.__main__ as training
from data.clock import read_shop_clock
from data.database import Database
from data.fairness_rows import fetch_groups
from data.shop import Shop, read_shop
from data.texts import Texts
from models.audit import open_version as open_saved
from models.gate import load_comparable
from models.ranker import find_current, load_shelf
from models.recommender import Recommender
from models.standing import read_standing, say_standing, say_verdict
from settings import Settings
from tests.audited_shop import UnfairRecommender, make_audited_shop
from tests.databases import open_settings
from tests.making import TODAY, make_consent, make_history, make_order, make_person
from tests.serving import make_settings
from tests.small_shop import set_noon

Yard = tuple[Settings, Database, list[int]]


@pytest.fixture
def yard(tmp_path: Path) -> Iterator[Yard]:
    """Settings of a small shop with groups in which nothing is trained yet."""
    settings = make_settings(tmp_path, bot_port=1)
    database = open_settings(settings)
    database.migrate()
    people = make_audited_shop(database)
    with database.write() as connection:
        set_noon(connection)
    yield settings, database, people
    database.close()


def change_data(yard: Yard) -> None:
    """A customer more who is in no group, so that the next version is another one and hardly different."""
    with yard[1].write() as connection:
        newcomer = make_person(connection, "newcomer", agrees_to=("purchases",))
        for days in (2, 9, 16):
            make_order(connection, newcomer, TODAY - timedelta(days=days), ["type-6", "type-7"])


def make_unfair(monkeypatch: pytest.MonkeyPatch, yard: Yard, *, but: str | None) -> None:
    """From now on every version but one shows what is discounted to half of the customers."""
    whole = open_saved

    @contextmanager
    def open_version(directory: Path, shop: Shop, texts: Texts) -> Iterator[Recommender]:
        with whole(directory, shop, texts) as fair:
            if directory.name == but:
                yield fair
                return
            unfair = UnfairRecommender(fair.models, shop, texts)
            unfair.favoured = frozenset(yard[2][::2])
            yield unfair

    monkeypatch.setattr(training, "open_version", open_version)


def read_verdict(settings: Settings, version: str) -> dict[str, Any]:
    verdict: dict[str, Any] = json.loads((settings.var / "models" / version / "verdict.json").read_text("utf-8"))
    return verdict


def test_the_first_model_serves_with_its_shortfalls_told(yard: Yard, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = yard[0]
    make_unfair(monkeypatch, yard, but=None)
    shelf, verdict = training.train(settings)
    assert find_current(settings.var / "models") == shelf.version
    assert verdict.serves
    assert verdict.against is None
    assert any(sentence.startswith("discount by age: difference") for sentence in verdict.shortfalls)
    assert read_verdict(settings, shelf.version) == json.loads(json.dumps(verdict.describe()))
    told = "\n".join(say_verdict(verdict))
    assert f"{shelf.version} serves." in told
    assert "Shortfall: discount by age" in told


def test_a_worse_model_is_refused_and_the_one_before_keeps_serving(
    yard: Yard, monkeypatch: pytest.MonkeyPatch, shop: Shop, texts: Texts
) -> None:
    settings, database, people = yard
    models = settings.var / "models"
    first, _ = training.train(settings)
    change_data(yard)
    with monkeypatch.context() as patched:
        make_unfair(patched, yard, but=first.version)
        second, verdict = training.train(settings)
    assert second.version != first.version
    assert not verdict.serves
    assert verdict.against == first.version
    assert any(sentence.startswith("discount by age is more unequal") for sentence in verdict.refused_for)
    assert find_current(models) == first.version
    assert load_shelf(models / second.version).version == second.version  # kept, to be looked at
    assert f"is refused; {first.version} keeps serving" in "\n".join(say_verdict(verdict))
    assert "It was refused" in (models / second.version / "card.md").read_text("utf-8")
    with database.read() as connection:
        slate = Recommender(models, shop, texts).choose(connection, person_id=people[0], today=TODAY, limit=5)
    assert slate.model_version == first.version

    standing = read_standing(models)
    assert (standing.serving, standing.refused) == (first.version, verdict)
    said = "\n".join(say_standing(standing))
    assert f"{first.version} serves." in said
    assert all(f"Refused: {sentence}" in said for sentence in verdict.refused_for)

    third, verdict = training.train(settings)  # the same data, and nothing unfair about it
    assert third.version == second.version
    assert verdict.serves
    assert find_current(models) == second.version
    assert read_standing(models).refused is None


def test_nothing_is_refused_in_favour_of_a_version_that_holds_what_was_taken_back(
    yard: Yard, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, database, people = yard
    first, _ = training.train(settings)
    change_data(yard)
    with database.write() as connection:
        later = read_shop_clock(connection, read_shop(settings.shop_file).zone).stamp()
        make_consent(connection, people[9], "offers", granted=False, at=later)
    make_unfair(monkeypatch, yard, but=first.version)
    second, verdict = training.train(settings)
    assert verdict.serves
    assert find_current(settings.var / "models") == second.version
    assert any(note.startswith(f"It serves all the same: {first.version} still holds") for note in verdict.notes)
    assert any(note.startswith("discount by age is more unequal") for note in verdict.notes)


def test_a_model_as_unequal_as_the_one_that_serves_is_not_refused(yard: Yard, monkeypatch: pytest.MonkeyPatch) -> None:
    make_unfair(monkeypatch, yard, but=None)
    first, _ = training.train(yard[0])
    change_data(yard)
    second, verdict = training.train(yard[0])
    assert second.version != first.version
    assert verdict.shortfalls
    assert verdict.against == first.version
    assert verdict.serves
    assert find_current(yard[0].var / "models") == second.version


def test_a_shop_without_groups_trains_and_passes(tmp_path: Path) -> None:
    settings = make_settings(tmp_path, bot_port=1)
    database = open_settings(settings)
    database.migrate()
    with database.write() as connection:
        make_history(connection)
        set_noon(connection)
    shelf, verdict = training.train(settings)
    database.close()
    assert verdict.serves
    assert verdict.shortfalls == ()
    assert verdict.notes[0].startswith("Nothing was audited: the shop has no audit groups.")
    assert find_current(settings.var / "models") == shelf.version
    assert "the shop has no audit groups" in (settings.var / "models" / shelf.version / "card.md").read_text("utf-8")


def test_a_version_that_this_code_cannot_serve_keeps_nothing_back(yard: Yard) -> None:
    models = yard[0].var / "models"
    shelf, _ = training.train(yard[0])
    assert load_comparable(models / shelf.version) is not None
    about = json.loads((models / shelf.version / "shelf.json").read_text("utf-8"))
    about["rankers"][0]["columns"][0] = "a_column_of_long_ago"
    (models / shelf.version / "shelf.json").write_text(json.dumps(about), encoding="utf-8")
    assert load_comparable(models / shelf.version) is None
    assert load_comparable(models / "never-was") is None


def test_factors_of_an_older_layout_keep_nothing_back_and_serve_nobody(yard: Yard, texts: Texts) -> None:
    """Found by a review: the next training broke on such a version, and so did every ranking until then."""
    settings, database, people = yard
    shelf, _ = training.train(settings)
    folder = settings.var / "models" / shelf.version
    pl.DataFrame({"type_id": ["milk"], "gives_0": [0.5], "takes_0": [0.5]}).write_parquet(folder / "factors.parquet")
    assert load_comparable(folder) is None
    recommender = Recommender(settings.var / "models", read_shop(settings.shop_file), texts)
    with database.read() as connection:
        slate = recommender.choose(connection, person_id=next(iter(people)), today=TODAY, limit=5)
    assert len(slate.shown) == 5
    assert not any(shown.offer["personalized"] for shown in slate.shown)
    again, verdict = training.train(settings)
    assert (again.version, verdict.against) == (shelf.version, None)
    (folder / "factors.parquet").unlink()
    assert load_comparable(folder) is None


def test_the_card_is_written_from_the_run(yard: Yard) -> None:
    settings, database, people = yard
    shelf, verdict = training.train(settings)
    card = (settings.var / "models" / shelf.version / "card.md").read_text("utf-8")
    assert card.startswith(f"# Model card: {shelf.version}\n")
    assert f"by {shelf.facts['buyers']:,} customers who agreed" in card
    assert (TODAY - timedelta(days=189)).isoformat()[:7] in card  # the first month of the data
    assert _list_told_columns(card) == {column for ranker in shelf.rankers.values() for column in ranker.columns}
    for sentence in verdict.shortfalls:
        assert sentence in card
    with database.read() as connection:
        values = {value for of in fetch_groups(connection).values() for value in of.values()}
    assert not _list_told_columns(card) & values
    assert not any(str(person_id) in card for person_id in people)


def _list_told_columns(card: str) -> set[str]:
    rows = card.partition("| consent | columns |")[2].partition("##")[0].splitlines()[2:]
    return {name.strip(" `") for row in rows if row for name in row.split("|")[2].split(",")}
