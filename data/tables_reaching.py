"""Tables of what reaches people elsewhere: letters on their way, links that were mailed. As in `data/tables.py`."""

from sqlalchemy import Column, Float, ForeignKey, Index, Integer, LargeBinary, String, Table

from data.tables import Identity
from data.tables_access import metadata

__all__ = ["mail_links", "metadata", "outbox"]

outbox = Table(  # a row goes once its letter is sent, or has failed for good
    "outbox",
    metadata,
    Column("letter_id", String, primary_key=True),
    Column("person_id", Identity, ForeignKey("customers.person_id"), index=True),  # one of the two says whose it is
    Column("conversation_id", String, ForeignKey("conversations.conversation_id"), index=True),
    Column("kind", String, nullable=False),  # link | answer | staff | call
    Column("body", LargeBinary, nullable=False),  # to, subject, text, through the codec
    Column("written_at", String, nullable=False),
    # Unix seconds on the machine's clock
    Column("due_at", Float, nullable=False),
    Column("ends_at", Float, nullable=False),  # after it nobody wants it any more
    Column("tries", Integer, nullable=False),
    Index("letters_by_time", "due_at"),
)

mail_links = Table(  # a link works once, and for a quarter of an hour
    "mail_links",
    metadata,
    Column("link_hash", String, primary_key=True),
    Column("person_id", Identity, ForeignKey("customers.person_id"), nullable=False, index=True),
    Column("until", Float, nullable=False),  # unix seconds on the machine's clock
)
