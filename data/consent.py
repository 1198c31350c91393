"""Consent: an append-only ledger, and the one gate that everything personal passes (`require_consent`).

What stands for a person is the last row of each category and purpose (GDPR 7; nothing is on until it was turned on). A
category is not a flag beside the data but a condition for reading it: rankers built for a set of consents have no column
outside it, and statistics read only the rows of those who agreed (`list_agreeing`). A yes to a notice that asks for more by now is
in the ledger as it was given, and counts no more (`data/notices.py`).
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, insert, select

from data.audit import record_act
from data.clock import parse_time
from data.errors import BadInput, ConsentRequired
from data.notices import find_floors, find_version
from data.standings import is_restricted, list_restricted
from data.tables import consent_events, consent_refusals

PURPOSES = ("choose", "train")


@dataclass(frozen=True)
class Grant:
    """The last word on one category and purpose. `is_outgrown`: a yes to a notice that asks for more by now."""

    granted: bool
    at: str
    source: str
    signal: bool
    notice_version: str
    is_outgrown: bool = False

    @property
    def stands(self) -> bool:
        """Whether it is a yes that counts."""
        return self.granted and not self.is_outgrown


@dataclass(frozen=True)
class Consents:
    """Everything that stands for one person. An absent pair is off."""

    grants: dict[tuple[str, str], Grant] = field(default_factory=dict)

    def list_granted(self, purpose: str) -> frozenset[str]:
        """The categories that are on for a purpose."""
        return frozenset(category for (category, of), grant in self.grants.items() if of == purpose and grant.granted)

    @property
    def choose(self) -> frozenset[str]:
        return self.list_granted("choose")

    def find(self, category: str, purpose: str) -> Grant | None:
        return self.grants.get((category, purpose))


NOTHING = Consents()


def fetch_consents(connection: Connection, person_id: int) -> Consents:
    """What may be used of a person now: each yes that still counts, and nothing while the use of their data is restricted."""
    ledger = fetch_ledger(connection, person_id)
    may = not is_restricted(connection, person_id)
    return Consents({pair: replace(grant, granted=may and grant.stands) for pair, grant in ledger.grants.items()})


def fetch_ledger(connection: Connection, person_id: int) -> Consents:
    """What a person last said of each category and purpose, whether or not it counts."""
    c = consent_events.c
    newest = (
        select(func.max(c.event_id)).where(c.person_id == person_id).group_by(c.category, c.purpose).scalar_subquery()
    )
    rows = connection.execute(select(consent_events).where(c.event_id.in_(newest))).all()
    floors = find_floors(connection) if rows else None
    return Consents(
        {
            (row.category, row.purpose): Grant(
                row.granted,
                row.at,
                row.source,
                row.signal,
                row.notice_version,
                row.granted
                and floors is not None
                and floors.is_outgrown(row.category, source=row.source, notice_version=row.notice_version),
            )
            for row in rows
        }
    )


def list_agreeing(connection: Connection, category: str, purpose: str) -> set[int]:
    """The person numbers of all who agree to a category for a purpose now."""
    c = consent_events.c
    newest = (
        select(func.max(c.event_id))
        .where(c.category == category, c.purpose == purpose)
        .group_by(c.person_id)
        .scalar_subquery()
    )
    rows = connection.execute(
        select(c.person_id, c.source, c.notice_version).where(c.event_id.in_(newest), c.granted)
    ).all()
    floors = find_floors(connection)
    return {
        row.person_id
        for row in rows
        if not floors.is_outgrown(category, source=row.source, notice_version=row.notice_version)
    } - list_restricted(connection)


def require_consent(consents: Consents, category: str, *, purpose: str = "choose") -> None:
    """Raise `ConsentRequired` unless the category is on for the purpose."""
    grant = consents.find(category, purpose)
    if grant is None or not grant.granted:
        raise ConsentRequired(
            f"The customer has not agreed to {category!r} for {purpose!r}. Ask first, or go on without it."
        )


def record_consent(
    connection: Connection,
    person_id: int,
    category: str,
    *,
    granted: bool,
    purposes: Iterable[str],
    at: str,
    source: str,
    lang: str,
    known: tuple[str, ...],
    signal: bool = False,
) -> bool:
    """Append a grant or a withdrawal with its audit row; returns whether anything changed.

    A grant given while the browser's signal is sent is recorded even over a grant without it: it is the newer word. So is one to a
    notice that asks for more, over a yes to an older one; a withdrawal ends that one too.
    """
    if category not in known:
        raise BadInput(f"Category {category!r} is unknown; it is one of {', '.join(known)}.", field="category")
    standing = fetch_ledger(connection, person_id)
    version = str(find_version(connection, category))
    rows = []
    for purpose in purposes:
        if purpose not in PURPOSES:
            raise BadInput(f"Purpose {purpose!r} is unknown; it is choose or train.", field="purpose")
        before = standing.find(category, purpose)
        is_new_word = granted and signal and before is not None and not before.signal
        is_said = before is not None and (before.stands if granted else before.granted)
        if is_said == granted and not is_new_word:
            continue
        rows.append(
            {
                "person_id": person_id,
                "category": category,
                "purpose": purpose,
                "granted": granted,
                "at": at,
                "source": source,
                "signal": signal,
                "simulated": False,
                "notice_version": version,
                "lang": lang,
            }
        )
    if rows:
        connection.execute(insert(consent_events), rows)
        record_act(
            connection,
            at=at,
            actor="system" if source == "signal" else "customer",
            act="consent_granted" if granted else "consent_withdrawn",
            person_id=person_id,
            object_id=category,
            detail={"purposes": [row["purpose"] for row in rows], "source": source},
        )
    return bool(rows)


def honour_signal(connection: Connection, person_id: int, *, at: str, lang: str, known: tuple[str, ...]) -> list[str]:
    """`Sec-GPC: 1`: end every grant that was imported or given without the signal; returns the categories that ended."""
    ended = []
    grants = fetch_ledger(connection, person_id).grants
    for category in sorted({category for (category, _), grant in grants.items() if grant.granted and not grant.signal}):
        purposes = [p for p in PURPOSES if (g := grants.get((category, p))) is not None and g.granted and not g.signal]
        record_consent(
            connection,
            person_id,
            category,
            granted=False,
            purposes=purposes,
            at=at,
            source="signal",
            lang=lang,
            known=known,
            signal=True,
        )
        ended.append(category)
    return ended


def record_refusal(connection: Connection, person_id: int, category: str, *, at: str) -> None:
    """A "no" to the question, so that it is not asked again (P8)."""
    connection.execute(insert(consent_refusals).values(person_id=person_id, category=category, at=at))


def find_last_refusal(connection: Connection, person_id: int, category: str) -> str | None:
    """When the customer last said no to a category's question."""
    c = consent_refusals.c
    return connection.execute(select(func.max(c.at)).where(c.person_id == person_id, c.category == category)).scalar()


def may_ask(
    connection: Connection, person_id: int | None, category: str, *, now: datetime, quiet_days: int, minor: bool
) -> bool:
    """Whether the question may be put (P8): signed in, of age, not frozen, off or outgrown, and neither a "no" nor a withdrawal within the last days."""
    if person_id is None or minor or is_restricted(connection, person_id):
        return False
    standing = fetch_ledger(connection, person_id).find(category, "choose")
    if standing is not None and standing.stands:
        return False
    ended = standing.at if standing is not None and not standing.granted else None
    times = [at for at in (find_last_refusal(connection, person_id, category), ended) if at]
    return all(now - parse_time(at) > timedelta(days=quiet_days) for at in times)
