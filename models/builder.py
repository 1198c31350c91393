"""Runs the feature expression on the embedded engine (DuckDB), for one person or for everybody."""

from datetime import date
from functools import cache

import duckdb
import polars as pl

from models.features import compile_features

_features_sql = cache(compile_features)


def build_rows(
    *,
    pairs: pl.DataFrame,
    lines: pl.DataFrame,
    events: pl.DataFrame,
    statistics: pl.DataFrame,
    similar: pl.DataFrame,
    cut: date,
    threads: int = 1,
) -> pl.DataFrame:
    """Features of every pair of `pairs` (`person_id, type_id, category`), in the order of `person_id, type_id`.

    `lines` and `events` carry a `category` column: the aisle of the type.
    """
    moment = pl.DataFrame({"cut": [cut]}, schema={"cut": pl.Date})
    with duckdb.connect(config={"threads": threads}) as engine:
        for name, frame in (
            ("pairs", pairs),
            ("lines", lines),
            ("events", events),
            ("statistics", statistics),
            ("similar", similar),
            ("moment", moment),
        ):
            engine.register(name, frame.to_arrow())
        return engine.sql(f"SELECT * FROM ({_features_sql()}) ORDER BY person_id, type_id").pl()
