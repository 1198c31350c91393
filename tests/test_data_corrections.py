"""The table of corrections in a database that was made before there was one."""

from sqlalchemy import inspect, text

from data.database import Database


def test_a_database_of_the_first_schema_gets_its_corrections(database: Database) -> None:
    with database.write() as connection:
        connection.execute(text("DROP TABLE corrections"))
        connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    database.migrate()
    with database.read() as connection:
        assert {column["name"] for column in inspect(connection).get_columns("corrections")} == {
            "review_id",
            "line_id",
            "state",
        }
    database.migrate()
