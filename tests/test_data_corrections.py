"""The table of corrections in a database that was made before there was one."""

from sqlalchemy import inspect, select, text

from data.database import Database
from data.reviews import open_review
from data.tables import corrections, order_lines
from tests.making import AT, TODAY, make_catalogue, make_order, make_person


def test_a_database_of_the_first_schema_gets_its_corrections(database: Database) -> None:
    with database.write() as connection:
        connection.execute(text("DROP TABLE corrections"))
        connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    database.migrate()
    with database.read() as connection:
        assert {column["name"] for column in inspect(connection).get_columns("corrections")} == {
            "review_id",
            "line_id",
            "order_id",
            "product_id",
            "state",
        }
    database.migrate()


def test_a_database_of_the_second_schema_knows_its_lines_and_gives_no_number_twice(database: Database) -> None:
    is_sqlite = database.engine.dialect.name == "sqlite"
    with database.write() as connection:
        if is_sqlite:  # as it was made then
            made = "SELECT sql FROM sqlite_master WHERE name LIKE 'order_lines%' ORDER BY type = 'index'"
            statements = [row[0] for row in connection.execute(text(made))]
            connection.execute(text("DROP TABLE order_lines"))
            for statement in statements:
                connection.execute(text(statement.replace("AUTOINCREMENT", "")))
        person_id = make_person(connection, "c0")
        make_catalogue(connection)
        order_id = make_order(connection, person_id, TODAY, ["type-0"])
        (line_id,) = connection.execute(select(order_lines.c.line_id)).scalars()
        open_review(
            connection,
            person_id=person_id,
            conversation_id=None,
            impression_id=None,
            reason_id=None,
            text="Not mine.",
            at=AT,
            due_on=TODAY,
            lines=[line_id],
        )
        connection.execute(text("ALTER TABLE corrections DROP COLUMN order_id"))
        connection.execute(text("ALTER TABLE corrections DROP COLUMN product_id"))
        connection.execute(text("UPDATE alembic_version SET version_num = '0002'"))
    database.migrate()
    with database.write() as connection:
        row = connection.execute(select(corrections.c.order_id, corrections.c.product_id)).one()
        assert tuple(row) == (order_id, "p-type-0")
        assert {index["name"] for index in inspect(connection).get_indexes("order_lines")} == {
            "order_lines_by_person",
            "order_lines_by_order",
        }
        connection.execute(order_lines.delete())
        make_order(connection, person_id, TODAY, ["type-0"], quantity=2)
        assert connection.execute(select(order_lines.c.line_id)).scalar() == line_id + 1
