"""Erasing for good (P7): nothing of the person is left in any file, everybody else's rows read as before, and no crash or backup brings it back."""

import shutil
import sqlite3
import threading
from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Table, insert, select

from data import erasure
from data.classes import TABLES, metadata
from data.clock import parse_time
from data.conversations import Draft, append_messages, open_conversation
from data.customers import ensure_customer, find_customer, find_customer_key, find_person
from data.database import Database
from data.erasure import clean, erase_conversation, erase_person, finish_erasures
from data.errors import Erased
from data.handoffs import request_handoff
from data.requests import Whose, open_request
from data.reviews import open_review
from data.tables import audit, orders, preferences
from tests.databases import open_file
from tests.making import AT, TODAY, make_catalogue, make_order, make_person


def test_every_column_has_its_class() -> None:
    for table in metadata.sorted_tables:
        assert table.name in TABLES, f"table {table.name} is not in data/classes.py"
        assert sorted(TABLES[table.name].list_columns()) == sorted(column.name for column in table.c), table.name
    assert set(TABLES) == set(metadata.tables)


def test_a_table_about_people_is_tied_to_them_or_says_why_it_stays() -> None:
    for name, held in TABLES.items():
        columns = {column.name for column in metadata.tables[name].c}
        about = columns & {"person_id", "conversation_id", "customer_key"}
        if about and not held.tied:
            assert held.kept, name
            assert held.why, name
        if held.tied:
            assert set(held.tied.split()) <= columns, name
            assert held.group or held.why, name


def test_what_is_personal_is_bytes_from_the_codec() -> None:
    for name, held in TABLES.items():
        for column in held.personal.split():
            assert str(metadata.tables[name].c[column].type) in ("BLOB", "BYTEA"), f"{name}.{column}"


def live(database: Database, customer_id: str) -> tuple[int, str]:
    """A customer with a row in every corner; returns the person number and the conversation."""
    with database.write() as connection:
        person_id = make_person(connection, customer_id)
        make_order(connection, person_id, TODAY - timedelta(days=3), ["type-1"])
        talk = open_conversation(connection, person_id=person_id, locale="en", minor=False, page_offers=[], at=AT)
        words = f"I am {customer_id} of Nettle Lane"
        append_messages(
            connection,
            talk.conversation_id,
            [Draft("customer", "chat", words), Draft("human", "chat", words, private=True)],
            at=AT,
        )
        request_handoff(connection, talk, at=AT, topic={"order_id": f"order of {customer_id}"}, now=0.0)
        open_review(
            connection,
            person_id=person_id,
            conversation_id=talk.conversation_id,
            impression_id=None,
            reason_id=None,
            text=words,
            at=AT,
            due_on=TODAY,
        )
        connection.execute(insert(preferences).values(person_id=person_id, kind="like", type_id="type-1", at=AT))
        return person_id, talk.conversation_id


def read_all(database: Database, *, without: int) -> dict[str, list[Any]]:
    """Every row of every table about somebody, but those of one person."""
    with database.read() as connection:
        return {
            table.name: [row for row in map(tuple, connection.execute(select(table))) if without not in row]
            for table in metadata.sorted_tables
            if TABLES[table.name].tied
        }


def count_rows(database: Database, person_id: int, conversation_id: str) -> dict[str, int]:
    """Rows that mention a person or their conversation, by table."""

    def mentions(table: Table) -> int:
        with database.read() as connection:
            rows = connection.execute(select(table)).all()
        return sum(person_id in tuple(row) or conversation_id in tuple(row) for row in rows)

    return {table.name: count for table in metadata.sorted_tables if (count := mentions(table))}


@pytest.fixture
def two(database: Database) -> tuple[Database, tuple[int, str], tuple[int, str]]:
    with database.write() as connection:
        make_catalogue(connection)
    return database, live(database, "wilhelmina"), live(database, "bartholomew")


Two = tuple[Database, tuple[int, str], tuple[int, str]]


def test_nothing_is_left_and_others_read_the_same(two: Two) -> None:
    database, (person_id, talk), _other = two
    with database.read() as connection:
        order_ids = connection.execute(select(orders.c.order_id).where(orders.c.person_id == person_id)).scalars().all()
    before = read_all(database, without=person_id)
    gone = erase_person(database, person_id, at=AT)
    assert gone.rows["messages"] == 2
    assert set(count_rows(database, person_id, talk)) == {"audit"}
    after = read_all(database, without=person_id)
    kept = {
        name: [row for row in rows if talk not in row and not any(one in row for one in order_ids)]
        for name, rows in before.items()
    }
    kept["corrections"] = after["corrections"]
    assert after == kept
    with database.read() as connection:
        assert find_customer(connection, "wilhelmina") is None
        other = find_customer(connection, "bartholomew")
        assert other is not None
        assert other.name == "Name bartholomew"


def find_files_with(folder: Path, *needles: str) -> list[tuple[str, str]]:
    held = [path for path in folder.rglob("*") if path.is_file()]
    return [(path.name, needle) for path in held for needle in needles if needle.encode() in path.read_bytes()]


def test_no_file_holds_a_word_or_an_order_of_theirs_not_even_the_log_before(two: Two, tmp_path: Path) -> None:
    database, (person_id, talk), _other = two
    with database.read() as connection:
        mine = list(connection.execute(select(orders.c.order_id).where(orders.c.person_id == person_id)).scalars())
    assert find_files_with(tmp_path, *mine)
    erase_person(database, person_id, at=AT)
    assert find_files_with(tmp_path, "wilhelmina", "Nettle Lane", talk, *mine) == []
    clean(database)
    assert find_files_with(tmp_path, "wilhelmina", "Nettle Lane", talk, *mine) == []


def test_a_backup_from_before_cannot_be_read_and_erases_again_before_it_serves(two: Two, tmp_path: Path) -> None:
    database, (person_id, talk), (other, _) = two
    with closing(sqlite3.connect(tmp_path / "candor.db")) as source:
        source.execute("VACUUM INTO ?", (str(tmp_path / "backup.db"),))
    erase_person(database, person_id, at=AT)
    database.close()
    for name in ("candor.db", "candor.db-wal", "candor.db-shm"):
        (tmp_path / name).unlink(missing_ok=True)
    shutil.copy(tmp_path / "backup.db", tmp_path / "candor.db")
    restored = open_file(tmp_path / "candor.db")
    with restored.read() as connection, pytest.raises(Erased):
        find_person(connection, person_id)
    assert finish_erasures(restored, at=AT) > 5
    assert set(count_rows(restored, person_id, talk)) <= {"audit"}
    with restored.read() as connection:
        assert find_person(connection, other) is not None
    assert finish_erasures(restored, at=AT) == 0
    restored.close()


@pytest.mark.parametrize("step", ["_remove", "_cut", "_record", "truncate_log"])
def test_a_crash_at_any_step_is_mended_at_the_next_start(two: Two, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    database, (person_id, talk), _other = two

    def crash(*_args: Any, **_named: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(erasure, step, crash)
    with pytest.raises(KeyboardInterrupt):
        erase_person(database, person_id, at=AT)
    monkeypatch.undo()
    finish_erasures(database, at=AT)
    assert set(count_rows(database, person_id, talk)) <= {"audit"}
    with database.read() as connection:
        assert list(connection.execute(select(audit.c.act)).scalars()).count("erased") == 1
        assert find_customer(connection, "wilhelmina") is None


def test_a_conversation_that_opens_while_the_keys_go_is_not_left_behind(
    two: Two, monkeypatch: pytest.MonkeyPatch
) -> None:
    database, (person_id, talk), _other = two
    forget = database.vault.forget
    opened: list[str] = []

    def open_another() -> None:
        with suppress(Erased), database.write() as connection:
            new = open_conversation(connection, person_id=person_id, locale="en", minor=False, page_offers=[], at=AT)
            append_messages(connection, new.conversation_id, [Draft("customer", "chat", "another tab")], at=AT)
            opened.append(new.conversation_id)

    def forget_slowly(subjects: Iterable[str]) -> None:
        tab.start()
        tab.join(timeout=0.5)
        forget(subjects)

    tab = threading.Thread(target=open_another)
    monkeypatch.setattr(database.vault, "forget", forget_slowly)
    erase_person(database, person_id, at=AT)
    tab.join()
    assert set(count_rows(database, person_id, talk)) <= {"audit"}
    assert all(set(count_rows(database, person_id, one)) <= {"audit"} for one in opened)


def test_nothing_is_kept_of_who_has_just_gone(two: Two) -> None:
    database, (person_id, talk), _other = two
    erase_person(database, person_id, at=AT)
    told: dict[str, Any] = {"impression_id": None, "reason_id": None, "text": "late", "at": AT, "due_on": TODAY}
    for whose in (Whose(person_id=person_id), Whose(conversation_id=talk)):
        with pytest.raises(Erased), database.write() as connection:
            open_request(connection, whose, kind="access", now=parse_time(AT), text="late")
        with pytest.raises(Erased), database.write() as connection:
            open_review(connection, person_id=whose.person_id, conversation_id=talk, **told)
    assert set(count_rows(database, person_id, talk)) <= {"audit"}


def test_a_visitor_is_erased_with_the_conversation(database: Database) -> None:
    with database.write() as connection:
        talk = open_conversation(connection, person_id=None, locale="en", minor=False, page_offers=[], at=AT)
        append_messages(connection, talk.conversation_id, [Draft("customer", "chat", "hello")], at=AT)
    erase_conversation(database, talk.conversation_id, at=AT)
    assert count_rows(database, -1, talk.conversation_id) == {}


def test_who_signs_in_again_is_new_and_empty(two: Two) -> None:
    database, (person_id, _), _other = two
    erase_person(database, person_id, at=AT)
    with database.write() as connection:
        again = ensure_customer(connection, "wilhelmina", name=None, at=AT)
        assert again.person_id != person_id
        assert again.name is None
        key = find_customer_key(connection, "wilhelmina")
    assert [one.customer_key for one in database.vault.list_buried() if one.customer_key] == [key]
    assert finish_erasures(database, at=AT) == 0
    with database.read() as connection:
        assert find_customer(connection, "wilhelmina") is not None


@pytest.fixture(autouse=True)
def _closed(database: Database) -> Iterator[None]:
    yield
    database.close()
