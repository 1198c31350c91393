"""Tables of getting in as staff: second factors, recovery codes, and how often signing in failed. Times are the machine's, unix seconds."""

from sqlalchemy import Column, Float, ForeignKey, Integer, LargeBinary, String, Table

from data.tables_conduct import metadata

__all__ = ["ACCESS", "metadata", "recovery_codes", "second_factors", "sign_in_tries", "staff_keys"]

second_factors = Table(
    "second_factors",
    metadata,
    Column("username", String, ForeignKey("staff.username"), primary_key=True),
    Column("secret", LargeBinary, nullable=False),  # sealed with a key that is not in the database
    Column("confirmed_at", Float),  # absent: shown, and not confirmed by a code yet
    Column("last_step", Integer, nullable=False, default=0),  # codes up to this half-minute are used up
)

recovery_codes = Table(
    "recovery_codes",
    metadata,
    Column("code_hash", String, primary_key=True),  # keyed
    Column("username", String, ForeignKey("staff.username"), nullable=False, index=True),
    Column("used_at", Float),
)

sign_in_tries = Table(
    "sign_in_tries",
    metadata,
    Column("try_key", String, primary_key=True),  # keyed hash: what was typed may be a password in the wrong field
    Column("failed", Integer, nullable=False),
    Column("tried_at", Float, nullable=False, index=True),
    Column("wait_until", Float, nullable=False),
)

staff_keys = Table(
    "staff_keys",
    metadata,
    Column("key_hash", String, primary_key=True),
    Column("username", String, ForeignKey("staff.username"), nullable=False, index=True),
    Column("label", String, nullable=False),  # what it is for, in the owner's words
    Column("made_at", Float, nullable=False),
    Column("used_at", Float),
)

ACCESS = (second_factors, recovery_codes, sign_in_tries)
