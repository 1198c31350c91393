"""Keys of other systems that work as a member of staff. A new database has the table from 0001."""

from alembic import op
from sqlalchemy import inspect

from data.tables_access import staff_keys

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    connection = op.get_bind()
    if staff_keys.name not in inspect(connection).get_table_names():
        staff_keys.create(connection)
