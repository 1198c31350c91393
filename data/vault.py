"""Sealing per person: what names somebody or holds words is encrypted with a key of their own, and forgetting the key erases it.

Each subject (`person:<number>`, `conversation:<id>`) has a random AES-256-GCM key. It lies, wrapped by the master key, in a store of
its own: another file or database than the rows, never in a backup of them. Table, column and row are associated data, so a
sealed value cannot be moved to another place. The store also remembers who was erased (`buried`), for the rows that come back with
a backup or an import.

SQLite keeps this store in rollback mode with `secure_delete`: a deleted key is overwritten in its page, and no write-ahead log holds it.
"""

import hashlib
import hmac
import os
import threading
import time
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import batched
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import (
    Column,
    Connection,
    Engine,
    LargeBinary,
    MetaData,
    String,
    Table,
    create_engine,
    delete,
    event,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite

from data.errors import BadKey, Erased
from data.masterkey import KEY_BYTES, MasterKey, open_master_key

NONCE_BYTES = 12
REMEMBERED, REMEMBERED_S = 20_000, 60.0
CHECK = "check"
OPTION = "candor_vault"

_store = MetaData()
_keys = Table(
    "keys",
    _store,
    Column("subject", String, primary_key=True),
    Column("wrapped", LargeBinary, nullable=False),
)
_buried = Table(  # who was erased; neither a name nor a customer id
    "buried",
    _store,
    Column("subject", String, primary_key=True),
    Column(
        "customer_key", String, index=True
    ),  # the keyed hash of the shop's customer id; absent: a visitor's conversation
    Column("at", String, nullable=False),  # the shop's clock
)
_marks = Table(  # what must not be told by the database alone
    "marks",
    _store,
    Column("name", String, primary_key=True),
    Column("told", String, nullable=False),
)


def name_person(person_id: int) -> str:
    """The subject of a customer."""
    return f"person:{person_id}"


def name_conversation(conversation_id: str) -> str:
    """The subject of a conversation; it keeps its own key when its visitor signs in."""
    return f"conversation:{conversation_id}"


@dataclass(frozen=True)
class Buried:
    """Somebody who was erased."""

    subject: str
    customer_key: str | None
    at: str


class Vault:
    """The keys of single people. Threads share it."""

    def __init__(self, store: Engine, master: MasterKey) -> None:
        self.master = master
        self._store = store
        self._wrapping = AESGCM(master.derive("wrap"))
        self._known: OrderedDict[str, tuple[float, AESGCM]] = OrderedDict()
        self._lock = threading.Lock()

    def fingerprint(self, kind: str, value: str) -> str:
        """A keyed hash by which a value is found without being readable; `kind` keeps ids and addresses apart."""
        return hmac.new(self.master.derive(f"find {kind}"), value.encode(), hashlib.sha256).hexdigest()

    def seal(self, subject: str, place: str, raw: bytes) -> bytes:
        """Encrypt for a subject; its key is made at first need. `place` is table, column and row."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._require(subject, make=True).encrypt(nonce, raw, place.encode())

    def unseal(self, subject: str, place: str, sealed: bytes) -> bytes:
        """The reverse. Raises `Erased` when the subject's key is gone, `BadKey` when the value was changed or moved."""
        try:
            return self._require(subject, make=False).decrypt(
                sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], place.encode()
            )
        except InvalidTag as error:
            raise BadKey(
                f"What is stored at {place.partition('/')[0]} was changed outside Candor, or its row was moved. Restore that row from a backup."
            ) from error

    def load(self, subjects: Iterable[str], *, make: bool = False) -> None:
        """Fetch many keys at once, before many rows are read or written; `make` those that are missing."""
        wanted = list(dict.fromkeys(subjects))
        for some in batched(wanted, 500, strict=False):
            with self._store.connect() as connection:
                rows = connection.execute(select(_keys).where(_keys.c.subject.in_(some))).all()
            found = {row.subject: self._unwrap(row.subject, row.wrapped) for row in rows}
            self._remember(found)
            missing = [subject for subject in some if subject not in found]
            if make and missing:
                self._make(missing)

    def forget(self, subjects: Iterable[str]) -> None:
        """Overwrite keys: whatever was sealed with them, in whatever copy, is unreadable from now on."""
        gone = list(subjects)
        for some in batched(gone, 500, strict=False):
            with self._store.begin() as connection:
                connection.execute(delete(_keys).where(_keys.c.subject.in_(some)))
        with self._lock:  # afterwards: nobody who reads the store from now on finds one to remember
            for subject in gone:
                self._known.pop(subject, None)
        if self._store.dialect.name == "postgresql":
            with self._store.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.exec_driver_sql("VACUUM keys")

    def bury(self, subject: str, *, customer_key: str | None, at: str) -> None:
        """Remember that somebody is to be erased: from now on their rows go, wherever they come from."""
        make_insert = sqlite.insert if self._store.dialect.name == "sqlite" else postgresql.insert
        row = {"subject": subject, "customer_key": customer_key, "at": at}
        with self._store.begin() as connection:
            connection.execute(make_insert(_buried).on_conflict_do_nothing(), row)

    def list_buried(self) -> list[Buried]:
        """Everybody who was erased."""
        with self._store.connect() as connection:
            return [Buried(*row) for row in connection.execute(select(_buried))]

    def read_mark(self, name: str) -> str | None:
        """What was noted under a name, here and not in the database."""
        with self._store.connect() as connection:
            return connection.execute(select(_marks.c.told).where(_marks.c.name == name)).scalar()

    def write_mark(self, name: str, told: str | None) -> None:
        """Note something in place of what was noted; None: nothing any more."""
        make_insert = sqlite.insert if self._store.dialect.name == "sqlite" else postgresql.insert
        with self._store.begin() as connection:
            if told is None:
                connection.execute(delete(_marks).where(_marks.c.name == name))
            else:
                written = make_insert(_marks).values(name=name, told=told)
                connection.execute(written.on_conflict_do_update(index_elements=["name"], set_={"told": told}))

    def close(self) -> None:
        self._store.dispose()

    def _require(self, subject: str, *, make: bool) -> AESGCM:
        with self._lock:
            known = self._known.get(subject)
            if known is not None and time.monotonic() - known[0] < REMEMBERED_S:
                return known[1]
        self.load([subject], make=make)
        with self._lock:
            known = self._known.get(subject)
        if known is None:
            raise Erased("What is asked for was erased. Nobody can read it again.")
        return known[1]

    def _make(self, subjects: list[str]) -> None:
        keys = {subject: os.urandom(KEY_BYTES) for subject in subjects}
        rows = [{"subject": subject, "wrapped": self._wrap(subject, key)} for subject, key in keys.items()]
        make_insert = sqlite.insert if self._store.dialect.name == "sqlite" else postgresql.insert
        with self._store.begin() as connection:  # another process may be first with one of them: its key is the key
            connection.execute(make_insert(_keys).on_conflict_do_nothing(), rows)
        self.load(subjects)

    def _remember(self, found: dict[str, AESGCM]) -> None:
        now = time.monotonic()
        with self._lock:
            for subject, key in found.items():
                self._known[subject] = (now, key)
                self._known.move_to_end(subject)
            while len(self._known) > REMEMBERED:
                self._known.popitem(last=False)

    def _wrap(self, subject: str, key: bytes) -> bytes:
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._wrapping.encrypt(nonce, key, subject.encode())

    def _unwrap(self, subject: str, wrapped: bytes) -> AESGCM:
        return AESGCM(self._wrapping.decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], subject.encode()))

    def check(self) -> None:
        """See that this master key is the one that wrapped the store's keys."""
        try:
            self.load([CHECK], make=True)
        except InvalidTag as error:
            raise BadKey(
                "The key file is not the one that this installation's keys were wrapped with. Put the right file back, or set CANDOR_KEY_FILE."
            ) from error


def open_vault(keys_url: str, key_file: Path) -> Vault:
    """Open the store of keys. The master key is made only for a store that is empty."""
    store = _open_store(keys_url)
    try:
        with store.connect() as connection:
            is_new = connection.execute(select(_keys.c.subject).limit(1)).first() is None
        vault = Vault(store, open_master_key(key_file, make=is_new))
        vault.check()
    except BaseException:
        store.dispose()
        raise
    return vault


def _open_store(url: str) -> Engine:
    if url.startswith("postgresql://"):
        store = create_engine(
            url.replace("postgresql://", "postgresql+psycopg://", 1),
            pool_size=5,
            pool_pre_ping=True,
            hide_parameters=True,
        )
    else:
        store = create_engine(url, connect_args={"check_same_thread": False, "timeout": 10}, hide_parameters=True)
        if store.url.database:
            Path(store.url.database).parent.mkdir(parents=True, exist_ok=True)

        @event.listens_for(store, "connect")
        def _prepare(connection: Any, _record: Any) -> None:
            for pragma in ("journal_mode=TRUNCATE", "synchronous=FULL", "secure_delete=ON"):
                connection.execute(f"PRAGMA {pragma}")

    _store.create_all(store)
    return store


def find_vault(connection: Connection) -> Vault:
    """The vault of the database that a connection belongs to."""
    vault: Vault = connection.get_execution_options()[OPTION]
    return vault
