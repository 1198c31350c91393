"""A database of an earlier day, brought up to date, has the schema of a new one, and what was in it."""

from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, select

from data.classes import metadata
from data.customers import ensure_customer
from data.database import Database
from data.erasure import erase_person
from data.outbox import take_due, write_letter
from data.tables_reaching import outbox
from tests.making import AT

OUTBOX_OF_0015 = """CREATE TABLE outbox (letter_id VARCHAR NOT NULL PRIMARY KEY,
  person_id INTEGER NOT NULL REFERENCES customers (person_id), kind VARCHAR NOT NULL, body BLOB NOT NULL,
  written_at VARCHAR NOT NULL, due_at FLOAT NOT NULL, ends_at FLOAT NOT NULL, tries INTEGER NOT NULL)"""


def list_differences(database: Database) -> list[Any]:
    """What the tables of the code have that the database has not, and the other way."""
    with database.read() as connection:
        found = compare_metadata(MigrationContext.configure(connection), metadata)
    return [
        one for one in found if not isinstance(one, list)
    ]  # a list: a column may be empty, which SQLite cannot change


def test_a_new_database_has_what_the_code_has(database: Database) -> None:
    assert list_differences(database) == []


def make_outbox_of_0015(connection: Connection) -> None:
    """The table as 0015 made it in its day, with the letters that wait."""
    rows = [row._mapping for row in connection.execute(select(outbox))]
    connection.exec_driver_sql("DROP TABLE outbox")
    connection.exec_driver_sql(OUTBOX_OF_0015)
    for row in rows:
        names = [name for name in row if name != "conversation_id"]
        marks = ", ".join("?" for _ in names)
        told = tuple(row[name] for name in names)
        connection.exec_driver_sql(f"INSERT INTO outbox ({', '.join(names)}) VALUES ({marks})", told)
    connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0015'")


def test_letters_of_an_earlier_day_are_sent_and_their_customer_can_be_erased(database: Database) -> None:
    with database.write() as connection:
        person_id = ensure_customer(connection, "c1", name=None, at=AT).person_id
        told: dict[str, Any] = {"to": "ann@home.example", "subject": "A link", "text": "Here it is.", "at": AT}
        write_letter(connection, person_id=person_id, kind="link", now=0.0, wanted_s=900.0, **told)
        make_outbox_of_0015(connection)
    assert list_differences(database)
    database.migrate()
    assert list_differences(database) == []
    with database.write() as connection:
        assert [letter.text for letter in take_due(connection, now=1.0)] == ["Here it is."]
    assert erase_person(database, person_id, at=AT).rows["outbox"] == 1
