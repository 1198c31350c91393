"""Conduct: decisions of staff about offers, incidents, what controls did. A new database has the tables from 0001."""

from alembic import op

from data.tables_conduct import CONDUCT

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    for table in CONDUCT:
        table.create(op.get_bind(), checkfirst=True)
