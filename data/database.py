"""The way to the database: one `Database`, two kinds of transaction.

SQLite runs in WAL mode with `synchronous=FULL`, so what was committed survives a power cut. A writing transaction starts
with BEGIN IMMEDIATE: two writers wait for each other at the door instead of failing half-way. PostgreSQL needs no such
care. Parameters are kept out of error messages: they are people's words and names. Alembic brings the schema up to date at start (`migrate`).
"""

import logging
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, create_engine, event, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import IntegrityError

from data import vault as vaults
from data.appended import OPTION, Appended, Listener
from data.audit_marks import begin_mark
from data.errors import Erased
from data.tables import shop
from data.vault import Vault, open_vault
from data.writer import Writer

BUSY_TIMEOUT_MS = 10_000
SQLITE_CONNECTIONS = 40  # one for each thread that the gateway works with
_log = logging.getLogger("candor.data")


class Database:
    """An engine with reading and writing transactions. Threads share it; each transaction takes its own connection."""

    def __init__(self, url: str, vault: Vault) -> None:
        if url.startswith("postgresql://"):
            url = url.replace("postgresql://", "postgresql+psycopg://", 1)
        self.url = url
        self.vault = vault
        self.engine = _make_engine(url, vault)
        self.tell_appended: Listener | None = None
        self._writing = threading.Lock()
        self._writer = Writer(self.write)

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
        """A transaction that writes: committed at the end, rolled back when an error leaves it.

        What it appended to the log is told to `tell_appended`, once committed.
        """
        appended: Appended = []
        options: dict[str, Any] = {"candor_writes": True, OPTION: appended}
        with (
            self._take_turn(),
            self.engine.connect().execution_options(**options) as connection,
            connection.begin(),
        ):
            yield connection
        if appended and self.tell_appended is not None:
            self.tell_appended(appended)

    def write_together(self, work: Callable[[Connection], Any]) -> Future[Any]:
        """Short work in a writing transaction, together with what others write just now. SQLite only; see `data/writer.py`."""
        return self._writer.submit(work)

    @contextmanager
    def _take_turn(self) -> Iterator[None]:
        """This process's writers wait for each other here: SQLite would let them sleep longer and longer, and the unlucky starve."""
        has_turn = self.is_sqlite and self._writing.acquire(timeout=BUSY_TIMEOUT_MS / 1000)
        try:
            yield
        finally:
            if has_turn:
                self._writing.release()

    def migrate(self) -> None:
        """Bring the schema to the newest version; safe to call at every start. Raises `BadLog` when the audit log cannot be gone on with."""
        if self.is_sqlite and self.engine.url.database:
            Path(self.engine.url.database).parent.mkdir(parents=True, exist_ok=True)
        config = Config()
        config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
        with self.engine.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
        with self.read() as connection:
            begin_mark(connection)

    def close(self) -> None:
        self._writer.close()
        self.engine.dispose()
        self.vault.close()


def open_database(url: str, *, keys_url: str, key_file: Path) -> Database:
    """The database with its vault, as an entry point opens it. Raises `BadKey` when the master key cannot be used."""
    vault = open_vault(keys_url, key_file)
    try:
        return Database(url, vault)
    except BaseException:
        vault.close()
        raise


def _make_engine(url: str, vault: Vault) -> Engine:
    options = {vaults.OPTION: vault}
    if not url.startswith("sqlite"):
        engine = create_engine(url, pool_size=10, pool_pre_ping=True, hide_parameters=True, execution_options=options)
        event.listen(engine, "handle_error", _tell_gone)
        return engine
    engine = create_engine(
        url,
        pool_size=SQLITE_CONNECTIONS,
        connect_args={"check_same_thread": False, "timeout": BUSY_TIMEOUT_MS / 1000},
        hide_parameters=True,
        execution_options=options,
    )
    event.listen(engine, "handle_error", _tell_gone)

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # SQLAlchemy's own BEGIN below, not the driver's
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "secure_delete=ON",  # what is deleted is overwritten
            f"busy_timeout={BUSY_TIMEOUT_MS}",
        ):
            connection.execute(f"PRAGMA {pragma}")
        connection.execute("PRAGMA cache_size=-65536")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("candor_writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _tell_gone(failed: ExceptionContext) -> None:
    """A row for somebody or something that is no longer there, since another call erased it meanwhile, is `Erased` and no failure of ours."""
    if not isinstance(failed.sqlalchemy_exception, IntegrityError) or (failed.statement or "").startswith("DELETE"):
        return
    told = failed.original_exception
    names = (getattr(told, "sqlite_errorname", None), getattr(told, "sqlstate", None))
    if "SQLITE_CONSTRAINT_FOREIGNKEY" in names or "23503" in names:
        _log.warning("What a row belongs to is gone: %s", failed.statement)
        raise Erased("What this belongs to was erased meanwhile. Nothing was kept.")


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


def insert_or_ignore(connection: Connection, table: Any, rows: list[dict[str, Any]]) -> int:
    """Insert rows; those whose key is there already are left as they are. Returns how many were inserted."""
    if not rows:
        return 0
    make = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    return count_changed(connection, make(table).on_conflict_do_nothing(), rows)


def count_changed(connection: Connection, statement: Any, rows: Any) -> int:
    """Execute an INSERT; how many rows it inserted or updated. SQLAlchemy counts that only when asked to: else PostgreSQL says -1."""
    return connection.execute(statement, rows, execution_options={"preserve_rowcount": True}).rowcount


def read_fact(connection: Connection, key: str) -> Any:
    """A fact about this database (`shop` table), or None."""
    return connection.execute(select(shop.c.value).where(shop.c.key == key)).scalar()


def write_fact(connection: Connection, key: str, value: Any) -> None:
    """Set a fact about this database."""
    insert_or_replace(connection, shop, [{"key": key, "value": value}], ["key"])


def draw_number(connection: Connection, key: str, *, first: int) -> int:
    """The next number of a series (`key` of the `shop` table holds the last). Two transactions at once never get the same."""
    insert_or_ignore(connection, shop, [{"key": key, "value": first - 1}])
    last = connection.execute(select(shop.c.value).where(shop.c.key == key).with_for_update()).scalar_one()
    connection.execute(update(shop).where(shop.c.key == key).values(value=int(last) + 1))
    return int(last) + 1
