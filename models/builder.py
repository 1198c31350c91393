"""Runs the feature expression on the embedded engine (DuckDB), for one person or for everybody.

Rows are copied into the engine's own tables first: the query reads some of them several times, and a scan of a foreign frame
costs more than the copy. What is the same for everybody is copied once, so that one person's features take a fraction of it.
"""

from datetime import date
from functools import cache

import duckdb
import polars as pl

from models.features import compile_features

PEOPLE_AT_ONCE = 500

_features_sql = cache(compile_features)


class Builder:
    """Builds features beside one set of statistics. Safe for threads: each call has tables of its own."""

    def __init__(
        self, *, statistics: pl.DataFrame, similar: pl.DataFrame, factors: pl.DataFrame, threads: int = 1
    ) -> None:
        self._engine = duckdb.connect(config={"threads": threads})
        for name, frame in (("statistics", statistics), ("similar", similar), ("factors", factors)):
            _copy(self._engine, name, frame)

    def build(self, *, pairs: pl.DataFrame, lines: pl.DataFrame, events: pl.DataFrame, cut: date) -> pl.DataFrame:
        """Features of every pair of `pairs` (`person_id, type_id, category`), in the order of `person_id, type_id`.

        `lines` and `events` carry a `category` column: the aisle of the type.
        """
        moment = pl.DataFrame({"cut": [cut]}, schema={"cut": pl.Date})
        with self._engine.cursor() as cursor:
            for name, frame in (("pairs", pairs), ("lines", lines), ("events", events), ("moment", moment)):
                _copy(cursor, name, frame, kind="TEMP TABLE")
            rows: pl.DataFrame = cursor.execute(f"SELECT * FROM ({_features_sql()}) ORDER BY person_id, type_id").pl()
        return rows

    def close(self) -> None:
        """Give the memory back."""
        self._engine.close()


def build_rows(
    *,
    pairs: pl.DataFrame,
    lines: pl.DataFrame,
    events: pl.DataFrame,
    statistics: pl.DataFrame,
    similar: pl.DataFrame,
    factors: pl.DataFrame,
    cut: date,
    threads: int = 1,
) -> pl.DataFrame:
    """Features beside statistics that are used once (`Builder.build`), as 32-bit numbers, which is what a forest reads.

    They are built for some people at a time, so that memory does not grow with the work in between.
    """
    builder = Builder(statistics=statistics, similar=similar, factors=factors, threads=threads)
    people = pairs.select("person_id").unique().sort("person_id")
    frames = []
    try:
        for some in people.iter_slices(PEOPLE_AT_ONCE):
            theirs = [
                frame.join(some, on="person_id", how="semi", maintain_order="left") for frame in (pairs, lines, events)
            ]
            rows = builder.build(pairs=theirs[0], lines=theirs[1], events=theirs[2], cut=cut)
            frames.append(rows.with_columns(pl.exclude("person_id", "type_id").cast(pl.Float32)))
    finally:
        builder.close()
    return pl.concat(frames)


def _copy(engine: duckdb.DuckDBPyConnection, name: str, frame: pl.DataFrame, *, kind: str = "TABLE") -> None:
    engine.register("incoming", frame.to_arrow())
    engine.execute(f'CREATE {kind} "{name}" AS SELECT * FROM incoming')
    engine.unregister("incoming")
