"""The audit log as a chain: rows of before are numbered without a gap and chained in their order."""

from alembic import op
from sqlalchemy import Column, String, delete, func, insert, inspect, select

from data.audit import BEGINNING, chain_row, make_head
from data.audit_marks import require_unchained
from data.tables import audit, audit_head
from data.vault import find_vault

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    connection = op.get_bind()
    inspector = inspect(connection)
    if "mac" not in {column["name"] for column in inspector.get_columns("audit")}:
        op.add_column("audit", Column("mac", String, nullable=False, server_default=""))
    if "audit_head" not in inspector.get_table_names():
        audit_head.create(connection)
    if connection.execute(select(func.count()).select_from(audit_head)).scalar_one():
        return
    require_unchained(connection)
    master, mac, number = find_vault(connection).master, BEGINNING, 0
    rows = connection.execute(select(audit).order_by(audit.c.audit_id)).mappings().all()
    connection.execute(delete(audit))
    for number, row in enumerate(rows, start=1):
        told = dict(row) | {"audit_id": number}
        mac = chain_row(master, told, mac)
        connection.execute(insert(audit).values(told | {"mac": mac}))
    connection.execute(insert(audit_head).values(make_head(master, number, mac)))
