"""Second factors, recovery codes, slowed sign-in, temporary passwords. A new database has them from 0001."""

from alembic import op
from sqlalchemy import Column, Float, String, inspect

from data.tables_access import ACCESS

revision = "0012"
down_revision = "0014"


def upgrade() -> None:
    connection = op.get_bind()
    device = Column("device", String, nullable=False, server_default="")
    for table, column in (("staff", Column("temporary_until", Float)), ("staff_sessions", device)):
        if column.name not in {one["name"] for one in inspect(connection).get_columns(table)}:
            op.add_column(table, column)
    for one in ACCESS:
        one.create(connection, checkfirst=True)
