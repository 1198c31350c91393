"""Labels and pictures: what a product's label says, and where its picture is. A new database has the columns from 0001."""

from alembic import op
from sqlalchemy import Column, String, Text, inspect

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    there = {column["name"] for column in inspect(op.get_bind()).get_columns("products")}
    for name, kind in (("image", String), ("contents", Text), ("contents_at", String)):
        if name not in there:
            op.add_column("products", Column(name, kind))
