"""Tables of talks with a person: who asked, who has it, how it ended, and which of the staff are there. As in `data/tables.py`."""

from sqlalchemy import Boolean, Column, Float, ForeignKey, Index, Integer, LargeBinary, String, Table, text

from data.tables import metadata

__all__ = ["handoffs", "marks", "metadata", "presences"]

handoffs = Table(
    "handoffs",
    metadata,
    Column("handoff_id", String, primary_key=True),
    Column("conversation_id", String, ForeignKey("conversations.conversation_id"), nullable=False, index=True),
    Column("state", String, nullable=False),  # waiting | claimed | ended
    # queued | closed_hours | no_agent; active | customer_away | agent_away; ended
    Column("phase", String, nullable=False, server_default="ended"),
    Column("team", String),  # of shop.toml; absent: anybody
    Column("since", String, nullable=False),
    Column("claimed_by", String),
    Column("claimed_at", String),
    Column("ended_at", String),
    Column("ended_as", String),  # released | closed | cancelled | abandoned | timed_out | error
    Column("wrap_up", String),  # what it was about, as its person says afterwards
    Column("rating", String),  # good | bad, as its customer says afterwards
    Column("in_front", Boolean, nullable=False, server_default=text("false")),  # it had a person already
    # a message was left: answered later, never abandoned
    Column("has_message", Boolean, nullable=False, server_default=text("false")),
    # Unix seconds on the machine's clock
    Column("queued_at", Float, nullable=False, server_default=text("0")),
    Column("told_at", Float, nullable=False, server_default=text("0")),  # when who waits last heard something
    Column("told_times", Integer, nullable=False, server_default=text("0")),
    Column("answered_at", Float),  # the person's first word
    Column("unanswered_since", Float),  # since when the customer waits for the person's next word
    Column("customer_seen_at", Float, nullable=False, server_default=text("0")),
    Column("body", LargeBinary, nullable=False),  # what the bot knows of the matter, through the codec
    Index(
        "one_open_handoff",
        "conversation_id",
        unique=True,
        sqlite_where=text("state != 'ended'"),
        postgresql_where=text("state != 'ended'"),
    ),
    Index("handoffs_by_state", "state", "since"),
)

marks = Table(  # how far a talk has been read; a mark only moves on
    "marks",
    metadata,
    Column("conversation_id", String, ForeignKey("conversations.conversation_id"), primary_key=True),
    Column("delivered", Integer, nullable=False),  # seq of a person's message that the customer's screen took
    Column("seen", Integer, nullable=False),  # seq of one that it showed, open and in view
    Column("staff", Integer, nullable=False),  # number of the message that staff had before them
)

presences = Table(  # of the staff
    "presences",
    metadata,
    Column("username", String, ForeignKey("staff.username"), primary_key=True),
    Column("presence", String, nullable=False),  # available | away | off
    Column("talks_at_once", Integer),  # absent: as shop.toml says
    Column("seen_at", Float, nullable=False),  # unix seconds on the machine's clock
    Column("given_at", Float, nullable=False, server_default=text("0")),  # when a talk last came to them by itself
)
