"""Requests and standings. A new database has the tables from 0001."""

from alembic import op
from sqlalchemy import inspect

from data.tables_rights import requests, standings

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    connection = op.get_bind()
    there = set(inspect(connection).get_table_names())
    for table in (requests, standings):
        if table.name not in there:
            table.create(connection)
