"""Talks with a person: phases, patience, presence of staff. A new database has the columns from 0001."""

from typing import Any

from alembic import op
from sqlalchemy import Boolean, Column, Float, Integer, String, inspect, text

from data.tables_handoffs import presences

revision = "0014"
down_revision = "0009"

PLAIN: tuple[tuple[str, Any], ...] = (
    ("team", String),
    ("wrap_up", String),
    ("rating", String),
    ("answered_at", Float),
    ("unanswered_since", Float),
)
COUNTED: tuple[tuple[str, Any, Any], ...] = (
    ("in_front", Boolean, text("false")),
    ("has_message", Boolean, text("false")),
    ("queued_at", Float, text("0")),
    ("told_at", Float, text("0")),
    ("told_times", Integer, text("0")),
    ("customer_seen_at", Float, text("0")),
)


def upgrade() -> None:
    connection = op.get_bind()
    found = inspect(connection)
    there = {column["name"] for column in found.get_columns("handoffs")}
    for name, kind in PLAIN:
        if name not in there:
            op.add_column("handoffs", Column(name, kind))
    for name, kind, default in COUNTED:
        if name not in there:
            op.add_column("handoffs", Column(name, kind, nullable=False, server_default=default))
    if "phase" not in there:
        op.add_column("handoffs", Column("phase", String, nullable=False, server_default=text("'ended'")))
        op.execute("UPDATE handoffs SET phase = 'queued' WHERE state = 'waiting'")
        op.execute("UPDATE handoffs SET phase = 'active' WHERE state = 'claimed'")
    there = {column["name"] for column in found.get_columns("conversations")}
    for name in ("zone", "awaits"):
        if name not in there:
            op.add_column("conversations", Column(name, String))
    if "presences" not in found.get_table_names():
        presences.create(connection)
