"""Incidents: a breach, an ethical lapse, an error, written by the owner and told to everybody whom it concerns, once for each version.

A draft may be changed; what was published may not: a change is a new version, and so is taking it back. Whom it concerns is fixed when
it is first published. The words are the owner's and hold nobody's data: who is meant stands in `incident_people` alone.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, exists, func, insert, select, update

from data.audit import record_act
from data.clock import parse_time
from data.database import draw_number
from data.errors import BadInput, Conflict, NotKnown
from data.tables import consent_events, customers
from data.tables_conduct import incident_notices, incident_people, incidents

KINDS = ("breach", "lapse", "error")
DRAFT, PUBLISHED, RETRACTED = "draft", "published", "retracted"
EVERYBODY, CATEGORY, CUSTOMERS = "everybody", "category", "customers"


@dataclass(frozen=True)
class Account:
    """What the owner says of an incident."""

    kind: str
    since: date
    happened: str
    done: str
    advice: str


@dataclass(frozen=True)
class Incident:
    """One version of an incident. `is_update` says that it was published before in other words."""

    incident_id: str
    version: int
    kind: str
    state: str
    concerns: dict[str, Any]
    since: date
    happened: str
    done: str
    advice: str
    lang: str
    written_by: str
    written_at: str
    published_at: str | None

    @property
    def is_update(self) -> bool:
        return self.version > 1


def draft_incident(
    connection: Connection,
    account: Account,
    *,
    concerns: dict[str, Any],
    people: Iterable[int] = (),
    lang: str,
    username: str,
    at: str,
) -> Incident:
    """Write a first draft. `people` are those meant where `concerns` is a list of customers."""
    incident_id = f"I-{draw_number(connection, 'last_incident', first=1)}"
    _write(connection, incident_id, 1, account, concerns=concerns, lang=lang, username=username, at=at)
    rows = [{"incident_id": incident_id, "person_id": person_id} for person_id in sorted(set(people))]
    if rows:
        connection.execute(insert(incident_people), rows)
    return require_incident(connection, incident_id)


def change_incident(connection: Connection, incident_id: str, account: Account, *, username: str, at: str) -> Incident:
    """Change the draft; of what is published, write the draft of the next version."""
    newest = require_incident(connection, incident_id)
    if newest.state == RETRACTED:
        raise Conflict(f"Incident {incident_id} was taken back. Write a new one.")
    c = incidents.c
    if newest.state == DRAFT:
        connection.execute(
            update(incidents)
            .where(c.incident_id == incident_id, c.version == newest.version)
            .values(**vars(account), written_by=username, written_at=at)
        )
    else:
        _write(
            connection,
            incident_id,
            newest.version + 1,
            account,
            concerns=newest.concerns,
            lang=newest.lang,
            username=username,
            at=at,
        )
    return require_incident(connection, incident_id)


def publish_incident(connection: Connection, incident_id: str, *, version: int, username: str, at: str) -> Incident:
    """Publish the draft that was looked at; whom a first version concerns is fixed now."""
    newest = require_incident(connection, incident_id)
    if (newest.state, newest.version) != (DRAFT, version):
        raise Conflict(
            f"Version {newest.version} of {incident_id} is {newest.state}. Look at it again.", version=newest.version
        )
    if version == 1 and newest.concerns["who"] != CUSTOMERS:
        rows = [
            {"incident_id": incident_id, "person_id": person_id} for person_id in find_concerned(connection, newest)
        ]
        if rows:
            connection.execute(insert(incident_people), rows)
    c = incidents.c
    connection.execute(
        update(incidents)
        .where(c.incident_id == incident_id, c.version == version)
        .values(state=PUBLISHED, published_at=at)
    )
    _record(connection, "incident_published", incident_id, version, username=username, at=at)
    return require_incident(connection, incident_id)


def retract_incident(
    connection: Connection, incident_id: str, *, version: int, why: str, username: str, at: str
) -> Incident:
    """Take a published incident back, with the reason. Whoever was told of it is told that too."""
    newest = require_incident(connection, incident_id)
    if (newest.state, newest.version) != (PUBLISHED, version):
        raise Conflict(
            f"Version {newest.version} of {incident_id} is {newest.state}. Look at it again.", version=newest.version
        )
    account = Account(newest.kind, newest.since, why, newest.done, newest.advice)
    _write(
        connection,
        incident_id,
        version + 1,
        account,
        concerns=newest.concerns,
        lang=newest.lang,
        username=username,
        at=at,
        state=RETRACTED,
        published_at=at,
    )
    _record(connection, "incident_retracted", incident_id, version + 1, username=username, at=at)
    return require_incident(connection, incident_id)


def _write(
    connection: Connection,
    incident_id: str,
    version: int,
    account: Account,
    *,
    concerns: dict[str, Any],
    lang: str,
    username: str,
    at: str,
    state: str = DRAFT,
    published_at: str | None = None,
) -> None:
    if account.kind not in KINDS:
        raise BadInput(f"kind is {account.kind!r}; it is one of {', '.join(KINDS)}.", field="kind")
    connection.execute(
        insert(incidents).values(
            **vars(account),
            incident_id=incident_id,
            version=version,
            state=state,
            concerns=concerns,
            lang=lang,
            written_by=username,
            written_at=at,
            published_at=published_at,
        )
    )


def _record(connection: Connection, act: str, incident_id: str, version: int, *, username: str, at: str) -> None:
    detail = {"version": version, "people": count_people(connection, incident_id)}
    record_act(connection, at=at, actor=f"staff:{username}", act=act, object_id=incident_id, detail=detail)


def find_concerned(connection: Connection, incident: Incident) -> list[int]:
    """Whom an incident concerns: everybody, those with a category on at any time since it began, or the listed ones."""
    if incident.concerns["who"] == EVERYBODY:
        return sorted(connection.execute(select(customers.c.person_id)).scalars())
    if incident.concerns["who"] == CUSTOMERS:
        c = incident_people.c
        return sorted(connection.execute(select(c.person_id).where(c.incident_id == incident.incident_id)).scalars())
    event = consent_events.c
    rows = connection.execute(
        select(event.person_id, event.purpose, event.granted, event.at)
        .where(event.category == incident.concerns["category"])
        .order_by(event.event_id)
    )
    concerned: set[int] = set()
    was_on: dict[tuple[int, str], bool] = {}
    for row in rows:
        is_before = parse_time(row.at).date() < incident.since
        if not is_before and (row.granted or was_on.get((row.person_id, row.purpose), False)):
            concerned.add(row.person_id)
        was_on[row.person_id, row.purpose] = row.granted
    return sorted(concerned | {person_id for (person_id, _), on in was_on.items() if on})


def count_people(connection: Connection, incident_id: str) -> int:
    """How many customers an incident concerns; 0 until it is published, unless they were listed."""
    c = incident_people.c
    return int(connection.execute(select(func.count()).where(c.incident_id == incident_id)).scalar_one())


def count_told(connection: Connection, incident: Incident) -> int:
    """How many were told this version in a chat."""
    c = incident_notices.c
    mine = (c.incident_id == incident.incident_id, c.version == incident.version)
    return int(connection.execute(select(func.count()).where(*mine)).scalar_one())


def require_incident(connection: Connection, incident_id: str) -> Incident:
    """The newest version, or `NotKnown`."""
    c = incidents.c
    statement = select(incidents).where(c.incident_id == incident_id).order_by(c.version.desc()).limit(1)
    row = connection.execute(statement).first()
    if row is None:
        raise NotKnown()
    return Incident(**row._mapping)


def fetch_incidents(connection: Connection, *, drafts: bool = False, person_id: int | None = None) -> list[Incident]:
    """The newest version of each incident that is public, newest first; with `drafts` the newest version of any kind."""
    c = incidents.c
    statement = select(incidents).order_by(c.version)
    if not drafts:
        statement = statement.where(c.state != DRAFT)
    if person_id is not None:
        p = incident_people.c
        statement = statement.where(c.incident_id.in_(select(p.incident_id).where(p.person_id == person_id)))
    newest = {row.incident_id: Incident(**row._mapping) for row in connection.execute(statement)}
    return sorted(newest.values(), key=lambda one: (one.published_at or one.written_at, one.incident_id), reverse=True)


def fetch_untold(connection: Connection, person_id: int) -> list[Incident]:
    """What a customer has yet to be told, oldest first: the newest public version of each incident that concerns them.

    That something was taken back is news only to who was told of it.
    """
    n = incident_notices.c
    told = {
        (row.incident_id, row.version)
        for row in connection.execute(select(n.incident_id, n.version).where(n.person_id == person_id))
    }
    heard_of = {incident_id for incident_id, _ in told}
    return [
        one
        for one in reversed(fetch_incidents(connection, person_id=person_id))
        if (one.incident_id, one.version) not in told and (one.state == PUBLISHED or one.incident_id in heard_of)
    ]


def is_concerned(connection: Connection, person_id: int) -> bool:
    """Whether any incident concerns a customer: asked with every message, so it is one lookup."""
    p = incident_people.c
    return bool(connection.execute(select(exists().where(p.person_id == person_id))).scalar())


def record_notice(
    connection: Connection, incident: Incident, person_id: int, *, conversation_id: str, seq: int, at: str
) -> None:
    """A customer was told this version."""
    connection.execute(
        insert(incident_notices).values(
            incident_id=incident.incident_id,
            version=incident.version,
            person_id=person_id,
            conversation_id=conversation_id,
            seq=seq,
            at=at,
        )
    )
