"""Letters to whoever has a conversation, besides customers. 0015 brought the table without that column to databases of its day.

Between 0015 and 0016: what came after had been numbered already. Letters that wait are taken along.
"""

from alembic import op
from sqlalchemy import inspect, text

from data.tables_reaching import outbox

revision = "0015b"
down_revision = "0015"


def upgrade() -> None:
    connection = op.get_bind()
    if "conversation_id" in {column["name"] for column in inspect(connection).get_columns("outbox")}:
        return
    waiting = [dict(row._mapping) for row in connection.execute(text("SELECT * FROM outbox"))]
    op.drop_table("outbox")
    outbox.create(connection)
    if waiting:
        connection.execute(outbox.insert(), waiting)
