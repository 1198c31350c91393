"""Pictures of what weighs: drawn from the exact values, in a process that the gateway never becomes, each with its figures beside it."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from starlette.testclient import TestClient

from data.catalogue import ProductType, fetch_types
from data.customers import find_customer
from data.database import Database
from data.ranking_rows import RankingRows, fetch_training_rows
from data.shop import Shop
from data.texts import Texts
from models.features import FEATURES
from models.parameters import draw_features
from models.pictures import draw_waterfall, list_parts
from models.ranker import Shelf, find_current, load_shelf
from models.recommender import Recommender
from models.weights import (
    LEADING,
    NothingToDraw,
    Weights,
    build_page,
    draw_weights,
    find_widest,
    list_dependence,
    list_weights,
    measure_weights,
)
from tests.games import shapley_by_brute_force, value_coalitions
from tests.making import TODAY
from tests.serving import Agent, StandIn, make_settings, serve
from tests.small_shop import bearer, fetch_offers, is_refused, make_small_shop

PNG, SVG = b"\x89PNG", b"<?xml"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("pictures")


@pytest.fixture(scope="module")
def database(folder: Path, shop: Shop) -> Iterator[Database]:
    database, _ = make_small_shop(folder, shop)
    yield database
    database.close()


@pytest.fixture(scope="module")
def shelf(folder: Path, database: Database) -> Shelf:
    version = find_current(folder / "models")
    assert version is not None
    return load_shelf(folder / "models" / version)


@pytest.fixture(scope="module")
def known(database: Database, shop: Shop) -> tuple[RankingRows, list[ProductType]]:
    with database.read() as connection:
        return fetch_training_rows(connection, before=TODAY, groups=shop.sensitive), fetch_types(connection)


@pytest.fixture(scope="module")
def weights(shelf: Shelf, known: tuple[RankingRows, list[ProductType]]) -> Weights:
    return measure_weights(shelf, *known, fewest_customers=20)


def test_a_waterfall_draws_the_parts_that_add_up(
    database: Database, folder: Path, shop: Shop, texts: Texts, tmp_path: Path
) -> None:
    with database.read() as connection:
        recommender = Recommender(folder / "models", shop, texts)
        person = find_customer(connection, "c0")
        assert person is not None
        shown = recommender.choose(connection, person_id=person.person_id, today=TODAY, limit=1)
    told = shown.shown[0].explanation
    parts = list_parts(shown.shown[0], texts)
    assert told["base"] + sum(value for _, value in parts) == pytest.approx(told["score"], abs=1e-9)
    assert parts[-1] == ("everything else together", told["remainder"])
    picture = draw_waterfall(shown.shown[0], texts, cache=tmp_path)
    assert picture.startswith(SVG)


def test_weights_are_the_exact_values_of_groups(
    weights: Weights, shelf: Shelf, known: tuple[RankingRows, list[ProductType]]
) -> None:
    features, ranker = draw_features(shelf, *known), find_widest(shelf)
    assert ranker is not None
    assert weights.base + weights.values.sum(axis=1) == pytest.approx(ranker.score(features), abs=1e-9)
    of = {feature.name: feature.group for feature in FEATURES}
    groups = [weights.names.index(of[column]) for column in ranker.columns]
    worth = value_coalitions(ranker.booster.dump_model(), ranker.make_matrix(features)[0], groups)
    brute = shapley_by_brute_force(worth)
    for number, name in enumerate(weights.names):
        assert weights.values[0, number] == pytest.approx(brute[number], abs=1e-9)
        wanted = features[LEADING[name]].cast(pl.Float64).fill_null(0.0).to_numpy()
        assert weights.leading[:, number] == pytest.approx(wanted)
    assert weights.values.shape == weights.leading.shape == (len(weights.values), len(weights.names))
    assert weights.people <= 60
    sizes = np.abs(weights.values).mean(axis=0)
    listed = list_weights(weights)
    assert [row["group"] for row in listed] == [weights.names[n] for n in np.argsort(-sizes, kind="stable")]
    for row in listed:
        assert row["quantiles"] == sorted(row["quantiles"])
    for name in weights.names:
        assert sum(row["count"] for row in list_dependence(weights, name)) == len(weights.values)


def test_the_page_shows_each_picture_beside_its_figures(weights: Weights, tmp_path: Path) -> None:
    pictures = draw_weights(weights, cache=tmp_path)
    assert set(pictures) == {"beeswarm", "dependence"}
    assert all(picture.startswith(PNG) for picture in pictures.values())
    page = build_page(weights, pictures, shop_name="A <b>shop</b>")
    assert page.count("data:image/png;base64,") == page.count('alt="') == 2
    assert page.count("<table>") == 2
    assert "A &lt;b&gt;shop&lt;/b&gt;" in page
    assert "<script" not in page
    for name in weights.names:
        assert f'<th scope="row">{name}</th>' in page


def test_too_few_customers_are_not_drawn(shelf: Shelf) -> None:
    with pytest.raises(NothingToDraw, match="20 are needed"):
        measure_weights(shelf, RankingRows(frozenset(), [], []), [], fewest_customers=20)


def test_staff_get_the_picture_of_an_offer_and_customers_do_not(database: Database, folder: Path) -> None:
    bot = StandIn()
    with serve(make_settings(folder, bot_port=bot.port)) as client:
        mine, nobodys = fetch_offers(client, "c1")[0], fetch_offers(client)[0]
        path = f"/staff/api/impressions/{mine['impression_id']}/waterfall"
        answer = Agent(client).call("GET", path)
        assert answer.headers["content-type"] == "image/svg+xml"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.content.startswith(SVG)
        assert _count_looks(client) == 1
        assert is_refused(client.get(path, headers=bearer("c1")), 401, "not_known")
        assert is_refused(Agent(client).call("GET", path.replace(mine["impression_id"], "x")), 401, "not_known")
        plain = path.replace(mine["impression_id"], nobodys["impression_id"])
        assert is_refused(Agent(client).call("GET", plain), 422, "bad_input")
    bot.close()


def _count_looks(client: TestClient) -> int:
    groups = client.get("/api/me/data", headers=bearer("c1")).json()["groups"]
    uses = next(group for group in groups if group["name"] == "uses")["rows"]
    return sum("impression_id" in use["detail"] for use in uses)


def test_a_gateway_never_loads_what_draws() -> None:
    code = "import sys, web.app; print([name for name in ('shap', 'matplotlib') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=Path.cwd())
    assert done.stdout.strip() == "[]"
