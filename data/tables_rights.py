"""The schema, second part: what customers ask for, how they stand, what they were told and handed. See `data/tables.py` for how columns are written."""

from sqlalchemy import JSON, Boolean, Column, ForeignKey, Integer, LargeBinary, String, Table

from data.tables import Identity
from data.tables_handoffs import metadata

__all__ = ["frequencies", "metadata", "notices", "receipts", "requests", "standings"]

requests = Table(  # what a customer asked for by right: a copy, an erasure, a freeze, ...
    "requests",
    metadata,
    Column("request_id", String, primary_key=True),
    Column("person_id", Identity, index=True),  # absent: a visitor, or somebody who has been erased
    Column(
        "customer_key", String, index=True
    ),  # of somebody who has been erased: so that they are answered when they come back
    Column("conversation_id", String, index=True),  # of a visitor
    Column("kind", String, nullable=False),  # access | rectify | erase | restrict | object | port | review
    Column("state", String, nullable=False),  # open | needs_confirmation | withdrawn | erasing | done | refused
    Column("opened_at", String, nullable=False),
    Column("due_at", String, nullable=False),
    Column("closed_at", String),
    Column("closed_by", String),  # staff username; absent: nobody was needed
    Column("outcome", String),  # address of a text; a person's own words stand in the body
    Column("review_id", String),  # the review that answers it
    Column("body", LargeBinary),  # the customer's words and the answer's, through the codec
)

standings = Table(  # how a customer stands to the use of their data, apart from single consents
    "standings",
    metadata,
    Column("person_id", Identity, ForeignKey("customers.person_id"), primary_key=True, autoincrement=False),
    Column("restricted_at", String),  # frozen: kept, and used for nothing
    Column("objected_at", String),  # when everything was last switched off by an objection
)

# --- notices, receipts, frequency -------------------------------------------------------------------------------------
notices = Table(  # what was published, and since when; a version is never changed
    "notices",
    metadata,
    Column("category", String, primary_key=True),  # all groups of sensitive goods have one: sensitive
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("takes_more", Boolean, nullable=False),  # than the version before
    Column("published_at", String, nullable=False),  # shop's clock
    Column("words", JSON, nullable=False),  # fingerprint of the text, by language
)

receipts = Table(  # what a customer was handed for a yes or a no: kept, since what it tells may change
    "receipts",
    metadata,
    Column("receipt_id", String, primary_key=True),
    Column("person_id", Identity, ForeignKey("customers.person_id"), nullable=False, index=True),
    Column("event_ids", JSON, nullable=False),  # the rows of the ledger that it is for: one a purpose
    Column("issued_at", String, nullable=False),
    Column("body", LargeBinary, nullable=False),  # the signed receipt, through the codec
)

frequencies = Table(  # how often offers may come unasked in the chat
    "frequencies",
    metadata,
    Column("person_id", Identity, ForeignKey("customers.person_id"), primary_key=True, autoincrement=False),
    Column("frequency", String, nullable=False),  # never | visit | day | always
    Column("at", String, nullable=False),
)
