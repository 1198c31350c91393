"""Erasing for good. Who is erased is remembered first (`Vault.bury`), then the keys go, then the rows; each step may be done again.

So a crash in the middle is mended by `finish_erasures`, and so is a backup from before: it runs at every start, before anything is
served. Which rows belong to somebody is read off `data/classes.py`. What stays: the audit log, under a number that leads to nobody;
a keyed hash of the shop's customer id, so that old rows do not come back with the next import; the number and outcome of the request.
"""

import time
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, delete, select

from data.audit import record_act
from data.classes import TABLES, metadata
from data.clock import read_shop_clock
from data.database import Database
from data.errors import Erased
from data.tables import conversations, customers, reviews
from data.vault import find_vault, name_conversation, name_person

MANY = 500
TRIES, PAUSE_S = 20, 0.1


@dataclass(frozen=True)
class Erasure:
    """What went: rows by table, and which conversations."""

    rows: dict[str, int]
    talks: list[str]

    @property
    def total(self) -> int:
        return sum(self.rows.values())


def erase_person(database: Database, person_id: int, *, at: str, actor: str = "customer") -> Erasure:
    """Erase a customer with every conversation, for good."""
    return _erase(database, name_person(person_id), at=at, actor=actor)


def erase_conversation(database: Database, conversation_id: str, *, at: str, actor: str = "customer") -> Erasure:
    """Erase one conversation: all that is held of a visitor."""
    return _erase(database, name_conversation(conversation_id), at=at, actor=actor)


def bury(connection: Connection, subject: str, *, at: str) -> None:
    """Remember that a subject is to be erased. From now on that is done at the next start at the latest, whatever happens."""
    people, _ = _split([subject])
    key = select(customers.c.customer_key).where(customers.c.person_id.in_(people))
    find_vault(connection).bury(subject, customer_key=connection.execute(key).scalar(), at=at)


def require_there(connection: Connection, *, person_id: int | None, conversation_id: str | None) -> None:
    """Before something is kept of somebody in a table that does not name its owner by a foreign key: raise `Erased` if they are gone.

    They stay until the transaction ends (on SQLite the writer has the whole file).
    """
    owner = (
        select(customers.c.person_id).where(customers.c.person_id == person_id)
        if person_id is not None
        else select(conversations.c.conversation_id).where(conversations.c.conversation_id == conversation_id)
    )
    if connection.execute(owner.with_for_update(read=True, key_share=True)).first() is None:
        raise Erased("What is asked for was erased. Nobody can read it again.")


def _erase(database: Database, subject: str, *, at: str, actor: str) -> Erasure:
    with database.read() as connection:
        bury(connection, subject, at=at)
    erasure = _remove(database, [subject], at=at, actor=actor)
    truncate_log(database)
    return erasure


def prepare_database(database: Database, zone: ZoneInfo) -> None:
    """Before anything is read of a database: its schema brought up to date, and whoever was erased gone again."""
    database.migrate()
    with database.read() as connection:
        clock = read_shop_clock(connection, zone)
    finish_erasures(database, at=clock.stamp())


def finish_erasures(database: Database, *, at: str) -> int:
    """Erase again whoever was erased and is here all the same: after a crash, or in a restored backup. Returns how many rows went."""
    buried = [one.subject for one in database.vault.list_buried()]
    gone = sum(
        _remove(database, buried[start : start + MANY], at=at, actor="system").total
        for start in range(0, len(buried), MANY)
    )
    truncate_log(database)
    return gone


def _remove(database: Database, subjects: list[str], *, at: str, actor: str) -> Erasure:
    """First what makes their words readable, then every row of theirs, children before parents.

    What is theirs is looked up in the transaction that removes it, with their own rows locked: nothing of theirs can come between.
    """
    people, named = _split(subjects)
    with database.write() as connection:
        own = _find_own(connection, people, named)
        database.vault.forget([*subjects, *map(name_conversation, own["conversation_id"])])
        erasure = Erasure(
            {
                table.name: sum(
                    connection.execute(delete(table).where(table.c[column].in_(some))).rowcount
                    for column in held.tied.split()
                    for some in _cut(own[column])
                )
                for table in reversed(metadata.sorted_tables)
                if (held := TABLES[table.name]).tied
            },
            own["conversation_id"],
        )
        if erasure.total:
            _record(connection, people, erasure, at=at, actor=actor)
    return erasure


def _find_own(connection: Connection, people: list[int], named: list[str]) -> dict[str, list[Any]]:
    """The values by which rows are theirs, by column (`tied` in `data/classes.py`).

    Conversations are locked first, as everybody does who writes in one; and again once nobody can open another.
    """
    c, r = conversations.c, reviews.c
    mine = select(c.conversation_id).where(c.person_id.in_(people) | c.conversation_id.in_(named)).with_for_update()
    connection.execute(mine)
    connection.execute(select(customers.c.person_id).where(customers.c.person_id.in_(people)).with_for_update())
    talks = list(connection.execute(mine).scalars())
    disputed = r.person_id.in_(people) | r.conversation_id.in_(talks)
    opened = list(connection.execute(select(r.review_id).where(disputed)).scalars())
    return {"person_id": people, "conversation_id": talks, "review_id": opened}


def _split(subjects: Iterable[str]) -> tuple[list[int], list[str]]:
    people, talks = [], []
    for subject in subjects:
        kind, _, name = subject.partition(":")
        if kind == "person":
            people.append(int(name))
        else:
            talks.append(name)
    return people, talks


def _cut(values: list[Any]) -> Iterable[list[Any]]:
    return (values[start : start + MANY] for start in range(0, len(values), MANY))


def _record(connection: Connection, people: list[int], erasure: Erasure, *, at: str, actor: str) -> None:
    """The proof in the audit log: how many rows of which tables went."""
    whose = people[0] if len(people) == 1 else None
    detail = {name: count for name, count in erasure.rows.items() if count}
    record_act(connection, at=at, actor=actor, act="erased", person_id=whose, detail=detail)


def truncate_log(database: Database) -> bool:
    """SQLite: bring the write-ahead log into the file and empty it, for it holds pages from before. Tried until no reader is in the way."""
    return not database.is_sqlite or any(_try_truncate(database) for _ in range(TRIES))


def _try_truncate(database: Database) -> bool:
    with closing(database.engine.raw_connection()) as connection:  # outside any transaction
        busy = connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
    if busy:
        time.sleep(PAUSE_S)
    return not busy


def clean(database: Database) -> None:
    """Once a night: rewrite the file without what was deleted (SQLite), or sweep deleted rows away (PostgreSQL)."""
    if database.is_sqlite:
        with closing(database.engine.raw_connection()) as connection:
            connection.cursor().execute("VACUUM")
    else:
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM")
    truncate_log(database)
