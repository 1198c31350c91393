"""Writing many rows at once, on SQLite and PostgreSQL alike.

A million lines are too many for a statement built value by value: SQLite takes them through `executemany`, PostgreSQL
through COPY. Values are plain: text, numbers, booleans; a date is its ISO text, JSON its text.
"""

from collections.abc import Callable, Iterable, Sequence
from itertools import batched
from typing import Any

from sqlalchemy import Connection, Table

Report = Callable[[str, int, int], None]
BATCH_ROWS = 20_000


def be_silent(_step: str, _done: int, _total: int) -> None:
    """The report of a caller who asked for none."""


def insert_rows(
    connection: Connection,
    table: Table,
    columns: Sequence[str],
    rows: Iterable[tuple[Any, ...]],
    *,
    report: Report = be_silent,
    step: str = "",
    total: int = 0,
) -> int:
    """Insert rows that are known to be new; gives back how many."""
    done = 0
    sql = _build_insert(connection, table, columns)
    for batch in batched(rows, BATCH_ROWS, strict=False):
        if connection.dialect.name == "postgresql":
            _copy(connection, table, columns, batch)
        else:
            connection.exec_driver_sql(sql, list(batch))
        done += len(batch)
        report(step, done, max(total, done))
    return done


def upsert_rows(
    connection: Connection,
    table: Table,
    columns: Sequence[str],
    rows: Iterable[tuple[Any, ...]],
    *,
    key: Sequence[str],
    update: Iterable[str],
) -> int:
    """Insert rows; where a row with the same key stands, the columns named in `update` are set."""
    changes = ", ".join(f'"{column}" = excluded."{column}"' for column in columns if column in set(update))
    keys = ", ".join(f'"{column}"' for column in key)
    sql = f"{_build_insert(connection, table, columns)} ON CONFLICT ({keys}) DO " + (
        f"UPDATE SET {changes}" if changes else "NOTHING"
    )
    done = 0
    for batch in batched(rows, BATCH_ROWS, strict=False):
        connection.exec_driver_sql(sql, list(batch))
        done += len(batch)
    return done


def update_rows(
    connection: Connection, table: Table, columns: Sequence[str], key: str, rows: Sequence[tuple[Any, ...]]
) -> None:
    """Set columns of rows found by a key; each row is the columns' values and then the key's."""
    if rows:
        mark = _mark(connection)
        changes = ", ".join(f'"{column}" = {mark}' for column in columns)
        connection.exec_driver_sql(f'UPDATE "{table.name}" SET {changes} WHERE "{key}" = {mark}', list(rows))


def delete_rows(connection: Connection, table: Table, key: str, values: Sequence[Any]) -> None:
    """Delete the rows with these values of a key."""
    if values:
        sql = f'DELETE FROM "{table.name}" WHERE "{key}" = {_mark(connection)}'
        connection.exec_driver_sql(sql, [(value,) for value in values])


def _mark(connection: Connection) -> str:
    return "?" if connection.dialect.name == "sqlite" else "%s"


def _build_insert(connection: Connection, table: Table, columns: Sequence[str]) -> str:
    names = ", ".join(f'"{column}"' for column in columns)
    marks = ", ".join([_mark(connection)] * len(columns))
    return f'INSERT INTO "{table.name}" ({names}) VALUES ({marks})'


def _copy(connection: Connection, table: Table, columns: Sequence[str], rows: Iterable[tuple[Any, ...]]) -> None:
    names = ", ".join(f'"{column}"' for column in columns)
    cursor = connection.connection.cursor()
    try:
        with cursor.copy(f'COPY "{table.name}" ({names}) FROM STDIN') as copy:
            for row in rows:
                copy.write_row(row)
    finally:
        cursor.close()
