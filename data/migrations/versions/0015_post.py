"""Letters on their way and mailed links. A new database has the tables from 0001."""

from alembic import op
from sqlalchemy import inspect

from data.tables_reaching import mail_links, outbox

revision = "0015"
down_revision = "0012"


def upgrade() -> None:
    connection = op.get_bind()
    there = set(inspect(connection).get_table_names())
    for table in (outbox, mail_links):
        if table.name not in there:
            table.create(connection)
