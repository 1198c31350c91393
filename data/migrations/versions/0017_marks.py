"""How far talks have been read. A new database has the table from 0001."""

from alembic import op
from sqlalchemy import inspect

from data.tables_handoffs import marks

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    connection = op.get_bind()
    if marks.name not in inspect(connection).get_table_names():
        marks.create(connection)
