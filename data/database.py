"""The way to the database: one `Database`, two kinds of transaction.

SQLite runs in WAL mode with `synchronous=FULL`, so what was committed survives a power cut. A writing transaction starts
with BEGIN IMMEDIATE: two writers wait for each other at the door instead of failing half-way. PostgreSQL needs no such
care. Parameters are kept out of error messages: they are people's words and names. Alembic brings the schema up to date at start (`migrate`).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, create_engine, event, select
from sqlalchemy.dialects import postgresql, sqlite

from data.tables import shop

BUSY_TIMEOUT_MS = 10_000


class Database:
    """An engine with reading and writing transactions. Threads share it; each transaction takes its own connection."""

    def __init__(self, url: str) -> None:
        if url.startswith("postgresql://"):
            url = url.replace("postgresql://", "postgresql+psycopg://", 1)
        self.url = url
        self.engine = _make_engine(url)

    @property
    def is_sqlite(self) -> bool:
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that only reads."""
        with self.engine.connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that writes: committed at the end, rolled back when an error leaves it."""
        with self.engine.connect().execution_options(candor_writes=True) as connection, connection.begin():
            yield connection

    def migrate(self) -> None:
        """Bring the schema to the newest version; safe to call at every start."""
        if self.is_sqlite and self.engine.url.database:
            Path(self.engine.url.database).parent.mkdir(parents=True, exist_ok=True)
        config = Config()
        config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
        with self.engine.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")

    def close(self) -> None:
        self.engine.dispose()


def _make_engine(url: str) -> Engine:
    if not url.startswith("sqlite"):
        return create_engine(url, pool_size=10, pool_pre_ping=True, hide_parameters=True)
    engine = create_engine(
        url, connect_args={"check_same_thread": False, "timeout": BUSY_TIMEOUT_MS / 1000}, hide_parameters=True
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # SQLAlchemy's own BEGIN below, not the driver's
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", f"busy_timeout={BUSY_TIMEOUT_MS}"):
            connection.execute(f"PRAGMA {pragma}")
        connection.execute("PRAGMA cache_size=-65536")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("candor_writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def insert_or_replace(connection: Connection, table: Any, rows: list[dict[str, Any]], key: list[str]) -> None:
    """Insert rows; where a row with the same key stands, its other columns are updated."""
    if not rows:
        return
    make = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    statement = make(table)
    update = {column: statement.excluded[column] for column in rows[0] if column not in key}
    statement = (
        statement.on_conflict_do_update(index_elements=key, set_=update)
        if update
        else statement.on_conflict_do_nothing()
    )
    connection.execute(statement, rows)


def read_fact(connection: Connection, key: str) -> Any:
    """A fact about this database (`shop` table), or None."""
    return connection.execute(select(shop.c.value).where(shop.c.key == key)).scalar()


def write_fact(connection: Connection, key: str, value: Any) -> None:
    """Set a fact about this database."""
    insert_or_replace(connection, shop, [{"key": key, "value": value}], ["key"])
