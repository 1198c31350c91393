"""Tables of what the shop answers for: decisions of its staff about offers, incidents, and what controls did. As in `data/tables.py`."""

from sqlalchemy import JSON, Boolean, Column, Date, ForeignKey, Index, Integer, LargeBinary, String, Table, Text

from data.tables import Identity
from data.tables_rights import metadata

__all__ = ["CONDUCT", "control_effects", "incident_notices", "incident_people", "incidents", "metadata", "overrides"]

overrides = Table(  # append-only; what stands is the last row of a (person, offer)
    "overrides",
    metadata,
    Column("override_id", Identity, primary_key=True),
    Column("person_id", Identity, ForeignKey("customers.person_id"), index=True),  # absent: for everybody
    Column("offer_id", String, nullable=False),  # a product type, or a row of offers.csv
    Column("kind", String, nullable=False),  # never | again
    Column("review_id", String),  # in which it was decided; no foreign key: an erasure takes the review away
    Column("decided_by", String),  # username; absent: the customer took it back
    Column("decided_at", String, nullable=False),
    Column("body", LargeBinary),  # why, through the codec: of a decision for one customer
    Column("reason", Text),  # why: of a decision for everybody, which is about an offer and nobody
    sqlite_autoincrement=True,  # an id is never given again: explanations name decisions by it
)

incidents = Table(  # append-only once published: a change is a version of its own
    "incidents",
    metadata,
    Column("incident_id", String, primary_key=True),
    Column("version", Integer, primary_key=True),  # from 1
    Column("kind", String, nullable=False),  # breach | lapse | error
    Column("state", String, nullable=False),  # draft | published | retracted
    Column("concerns", JSON, nullable=False),  # {who: everybody | category | customers, category?}
    Column("since", Date, nullable=False),
    Column("happened", Text, nullable=False),
    Column("done", Text, nullable=False),
    Column("advice", Text, nullable=False),
    Column("lang", String, nullable=False),
    Column("written_by", String, nullable=False),
    Column("written_at", String, nullable=False),
    Column("published_at", String),
)

incident_people = Table(  # whom an incident concerns: fixed when it is published
    "incident_people",
    metadata,
    Column("incident_id", String, primary_key=True),
    Column("person_id", Identity, ForeignKey("customers.person_id"), primary_key=True),
    Index("incidents_by_person", "person_id"),
)

incident_notices = Table(  # who was told, where and when: once for each version
    "incident_notices",
    metadata,
    Column("incident_id", String, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("person_id", Identity, ForeignKey("customers.person_id"), primary_key=True),
    Column("conversation_id", String, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("at", String, nullable=False),
)

control_effects = Table(  # what each use of a control did; about nobody, and by day only, so that it leads to nobody
    "control_effects",
    metadata,
    Column("effect_id", Identity, primary_key=True),
    Column("kind", String, nullable=False),
    Column("category", String),
    Column("acted", Boolean, nullable=False),  # false: it was so before
    Column("left", Integer, nullable=False),
    Column("came", Integer, nullable=False),
    Column("moved", Integer, nullable=False),
    Column("day", Date, nullable=False, index=True),
)

CONDUCT = (overrides, incidents, incident_people, incident_notices, control_effects)
