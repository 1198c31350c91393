"""Sealing: a value is read with its person's key, in its own place, and by nobody once the key is gone (P7)."""

import json
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from data import codec
from data.conversations import Draft, append_messages, fetch_messages, open_conversation
from data.customers import ensure_customer, find_by_mail, find_customer, list_customers
from data.database import Database
from data.errors import BadKey, Erased
from data.handoffs import fetch_handoffs, request_handoff
from data.reviews import require_review
from data.vault import find_vault, name_conversation, name_person
from tests.databases import open_file
from tests.making import AT

WORDS = "my neighbour Wilhelmina"


def test_what_is_sealed_is_read_again_and_stands_nowhere_in_plain(database: Database, tmp_path: Path) -> None:
    with database.write() as connection:
        person = ensure_customer(connection, "shop-id-4711", name="Wilhelmina", at=AT)
        talk = open_conversation(
            connection, person_id=person.person_id, locale="en", minor=False, page_offers=[], at=AT
        )
        append_messages(connection, talk.conversation_id, [Draft("customer", "chat", WORDS)], at=AT)
        request_handoff(connection, talk, at=AT, topic={"order_id": "order-0815"}, now=0.0)
    with database.read() as connection:
        assert find_customer(connection, "shop-id-4711") == person
        assert fetch_messages(connection, talk.conversation_id)[0].text == WORDS
        assert fetch_handoffs(connection)[0].topic == {"order_id": "order-0815"}
    database.close()
    held = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    for needle in ("Wilhelmina", "shop-id-4711", "neighbour", "order-0815"):
        assert needle.encode() not in held


def test_a_forgotten_key_leaves_nothing_to_read_in_any_copy(database: Database) -> None:
    with database.write() as connection:
        talk = open_conversation(connection, person_id=None, locale="en", minor=False, page_offers=[], at=AT)
        append_messages(connection, talk.conversation_id, [Draft("customer", "chat", WORDS)], at=AT)
    database.vault.forget([name_conversation(talk.conversation_id)])
    with database.read() as connection, pytest.raises(Erased):
        fetch_messages(connection, talk.conversation_id)


def test_a_value_moved_to_another_row_or_changed_is_refused(database: Database) -> None:
    with database.read() as connection:
        sealed = codec.encode(connection, {"text": WORDS}, subject="person:1", place="messages.body/a/1")
        assert codec.decode(connection, sealed, subject="person:1", place="messages.body/a/1") == {"text": WORDS}
        for stored, subject, place in (
            (sealed, "person:1", "messages.body/a/2"),
            (sealed[:-1] + bytes([sealed[-1] ^ 1]), "person:1", "messages.body/a/1"),
        ):
            with pytest.raises(BadKey, match="changed outside Candor"):
                codec.decode(connection, stored, subject=subject, place=place)


def test_the_same_words_are_sealed_differently_each_time(database: Database) -> None:
    with database.read() as connection:
        made = {codec.encode(connection, {"text": "yes"}, subject="person:1", place="x") for _ in range(50)}
    assert len(made) == 50


def test_many_threads_that_make_one_key_have_the_same(database: Database) -> None:
    vault = database.vault
    with ThreadPoolExecutor(8) as pool:
        sealed = list(pool.map(lambda n: vault.seal("person:7", "x", str(n).encode()), range(40)))
    vault._known.clear()
    assert [vault.unseal("person:7", "x", one) for one in sealed] == [str(n).encode() for n in range(40)]


def test_another_master_key_is_refused_and_a_missing_one_is_not_made_anew(database: Database, tmp_path: Path) -> None:
    file = tmp_path / "secrets" / "candor.key"
    with database.write() as connection:
        ensure_customer(connection, "c", name=None, at=AT)
    kept = file.read_text()
    file.write_text("00" * 32)
    with pytest.raises(BadKey, match="not the one"):
        open_file(tmp_path / "candor.db")
    file.unlink()
    with pytest.raises(BadKey, match="is missing"):
        open_file(tmp_path / "candor.db")
    file.write_text(kept)
    file.chmod(0o600)
    open_file(tmp_path / "candor.db").close()


def _deflate(body: dict[str, Any]) -> bytes:
    return b"\x02" + zlib.compress(json.dumps(body).encode())


def test_a_database_from_before_is_sealed_and_keeps_every_word(tmp_path: Path) -> None:
    database = open_file(tmp_path / "old.db")
    database.migrate()
    with database.write() as connection:
        for statement in (
            "DROP INDEX ix_customers_mail_key",
            "ALTER TABLE customers DROP COLUMN body",
            "ALTER TABLE customers DROP COLUMN mail_key",
            "ALTER TABLE customers RENAME COLUMN customer_key TO customer_id",
            "ALTER TABLE customers ADD COLUMN name TEXT",
            "ALTER TABLE customers ADD COLUMN email TEXT",
            "ALTER TABLE messages ADD COLUMN body_hash TEXT",
            "ALTER TABLE reviews ADD COLUMN decision TEXT",
            "ALTER TABLE handoffs DROP COLUMN body",
            "ALTER TABLE handoffs ADD COLUMN topic JSON",
            "UPDATE alembic_version SET version_num = '0004'",
            f"INSERT INTO customers (person_id, customer_id, invented, since, name, email) VALUES (7, 'c7', 0, '{AT}', 'Ada', 'Ada@shop.example')",
            f"INSERT INTO conversations (conversation_id, person_id, locale, minor, state, epoch, last_seq, last_number, answered_seq, page_offers, opened_at, touched_at) VALUES ('t1', 7, 'en', 0, 'bot', 0, 1, 1, 0, '[]', '{AT}', '{AT}')",
            f"INSERT INTO handoffs (handoff_id, conversation_id, state, since, topic) VALUES ('h1', 't1', 'waiting', '{AT}', '{{\"about\": \"order\"}}')",
        ):
            connection.exec_driver_sql(statement)
        connection.exec_driver_sql(
            "INSERT INTO messages (conversation_id, number, seq, author, kind, lang, at, private, speaks, body) VALUES ('t1', 1, 1, 'customer', 'chat', 'en', ?, 0, 0, ?)",
            (AT, _deflate({"text": WORDS})),
        )
        connection.exec_driver_sql(
            "INSERT INTO reviews (review_id, person_id, body, state, opened_at, due_on, decision) VALUES ('R-1', 7, ?, 'answered', ?, '2024-01-01', 'You are right.')",
            (b"\x01" + json.dumps({"text": "unfair"}).encode(), AT),
        )
    database.migrate()
    with database.read() as connection:
        (ada,) = list_customers(connection)
        assert (ada.person_id, ada.customer_id, ada.name, ada.email) == (7, "c7", "Ada", "Ada@shop.example")
        assert [one.person_id for one in find_by_mail(connection, " ada@SHOP.example")] == [7]
        assert fetch_messages(connection, "t1")[0].text == WORDS
        review = require_review(connection, "R-1")
        assert (review.text, review.decision) == ("unfair", "You are right.")
        assert fetch_handoffs(connection)[0].topic == {"about": "order"}
        assert find_vault(connection) is database.vault
    database.vault.forget([name_person(7)])
    with database.read() as connection, pytest.raises(Erased):
        list(list_customers(connection))
    database.close()
