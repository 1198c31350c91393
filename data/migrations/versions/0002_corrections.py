"""Corrections: the order lines that a review is about. A new database has the table from 0001, which makes all that `data/tables.py` knows."""

from alembic import op

from data.tables import corrections

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    corrections.create(op.get_bind(), checkfirst=True)
