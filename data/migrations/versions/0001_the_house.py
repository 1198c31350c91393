"""The house: every table of the first release."""

from alembic import op

from data.tables_conduct import metadata

revision = "0001"
down_revision = None


def upgrade() -> None:
    metadata.create_all(op.get_bind())
