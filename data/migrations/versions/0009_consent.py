"""Notices as published, receipts, how often offers come unasked. A new database has the tables from 0001."""

from alembic import op
from sqlalchemy import inspect

from data.tables_rights import frequencies, notices, receipts

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    connection = op.get_bind()
    there = set(inspect(connection).get_table_names())
    for table in (notices, receipts, frequencies):
        if table.name not in there:
            table.create(connection)
