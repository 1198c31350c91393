"""The shop's written answers for its staff. A new database has the table from 0001."""

from alembic import op
from sqlalchemy import inspect

from data.tables import answers

revision = "0016"
down_revision = "0015b"


def upgrade() -> None:
    connection = op.get_bind()
    if answers.name not in inspect(connection).get_table_names():
        answers.create(connection)
