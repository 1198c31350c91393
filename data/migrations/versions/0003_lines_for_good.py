"""Numbers of order lines are never given again, and a correction knows its line's order and product."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

FILL = """
UPDATE corrections SET
    order_id = (SELECT order_id FROM order_lines WHERE order_lines.line_id = corrections.line_id),
    product_id = (SELECT product_id FROM order_lines WHERE order_lines.line_id = corrections.line_id)
"""


def upgrade() -> None:
    bind = op.get_bind()
    if "order_id" in {column["name"] for column in sa.inspect(bind).get_columns("corrections")}:
        return  # a new database: 0001 makes all that data/tables.py knows
    op.add_column("corrections", sa.Column("order_id", sa.String))
    op.add_column("corrections", sa.Column("product_id", sa.String))
    op.execute(FILL)
    if bind.dialect.name == "sqlite":  # other engines number from a sequence, which goes only forward
        with op.batch_alter_table("order_lines", recreate="always", table_kwargs={"sqlite_autoincrement": True}):
            pass
