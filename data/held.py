"""What is held about a person, in groups, each with its purpose, retention and rows. Read by the privacy centre and by chat."""

from collections import defaultdict
from typing import Any

from sqlalchemy import Connection, Table, select, union_all

from data.conversations import fetch_conversations, fetch_messages, require_conversation
from data.corrections import fetch_correction_lines, list_corrections
from data.customers import find_person
from data.handoffs import fetch_handoffs_of
from data.impressions import fetch_impressions
from data.incidents import fetch_incidents
from data.marks import fetch_marks
from data.orders import fetch_order_lines, fetch_orders
from data.overrides import fetch_overrides, fetch_standing, name_decider
from data.receipts import fetch_receipts
from data.requests import Whose, fetch_requests
from data.reviews import fetch_reviews
from data.staff import find_name
from data.tables import (
    audit_groups,
    consent_events,
    consent_refusals,
    offer_events,
    offers,
    page_events,
    preferences,
    types,
)
from data.tables_rights import frequencies, standings
from data.uses import fetch_uses

LINE = ("line_id", "product_id", "title", "ordered_on", "quantity", "unit_price_minor", "discount_minor", "disputed_at")


def fetch_held(
    connection: Connection, *, person_id: int | None, conversation_id: str | None, retention_days: dict[str, int]
) -> list[dict[str, Any]]:
    """Groups `{name, purpose, retention_days, count, rows}`. For a visitor: the one conversation of their token."""
    keep = retention_days.get
    asked = [
        {name: value for name, value in vars(one).items() if name not in ("person_id", "conversation_id")}
        | {"closed_by": find_name(connection, one.closed_by) if one.closed_by else None}
        for one in fetch_requests(connection, Whose(person_id, conversation_id))
    ]
    if person_id is None:
        talks = _tell_conversations(connection, None, conversation_id)
        return [_group("conversations", talks, keep("conversations")), _group("requests", asked, keep("receipts"))]
    person = find_person(connection, person_id)
    profile = (
        [
            {
                "customer_id": person.customer_id,
                "name": person.name,
                "email": person.email,
                "invented": person.invented,
                "minor": person.minor,
                "since": person.since,
            }
        ]
        if person
        else []
    )
    lines: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for line in fetch_order_lines(connection, person_id):
        told_line = {name: getattr(line, name) for name in LINE}
        lines[line.order_id].append(told_line)
    orders = [
        vars(order) | {"lines": lines[order.order_id]} for order in fetch_orders(connection, person_id, limit=None)
    ]
    shown = [
        {
            "impression_id": i.impression_id,
            "shown_at": i.shown_at,
            "slot": i.slot,
            "position": i.position,
            **i.describe_offer(),
        }
        for i in fetch_impressions(connection, person_id)
    ]
    corrections = list_corrections(connection)
    reviews = [
        {
            "review_id": r.review_id,
            "kind": "correction" if r.review_id in corrections else "review",
            "opened_at": r.opened_at,
            "due_on": r.due_on.isoformat(),
            "state": r.state,
            "text": r.text,
            "decision": r.decision,
            "decided_by": find_name(connection, r.decided_by) if r.decided_by else None,
            "lines": [
                {"order_id": line.order_id, "title": line.title, "quantity": line.quantity, "state": line.state}
                for line in fetch_correction_lines(connection, r.review_id)
            ],
        }
        for r in fetch_reviews(connection, person_id=person_id)
    ]
    told = connection.execute(
        select(preferences.c.kind, preferences.c.type_id, types.c.title, preferences.c.at)
        .join(types, types.c.type_id == preferences.c.type_id)
        .where(preferences.c.person_id == person_id)
    )
    return [
        _group("profile", profile, None),
        _group("orders", orders, None),
        _group("offer_events", _rows(connection, offer_events, person_id), keep("impressions")),
        _group("impressions", shown, keep("impressions")),
        _group("conversations", _tell_conversations(connection, person_id, None), keep("conversations")),
        _group("preferences", [dict(row._mapping) for row in told], None),
        _group("browsing", _rows(connection, page_events, person_id), keep("browsing")),
        _group("consents", _rows(connection, consent_events, person_id), keep("receipts")),
        _group("receipts", fetch_receipts(connection, person_id), keep("receipts")),
        _group("refusals", _rows(connection, consent_refusals, person_id), keep("receipts")),
        _group("reviews", reviews, keep("receipts")),
        _group("decisions", _tell_decisions(connection, person_id), None),
        _group("incidents", _tell_incidents(connection, person_id), None),
        _group("requests", asked, keep("receipts")),
        _group("standing", _rows(connection, standings, person_id), None),
        _group("frequency", _rows(connection, frequencies, person_id), None),
        _group("fairness", _rows(connection, audit_groups, person_id), None),
        _group("uses", fetch_uses(connection, person_id), keep("receipts")),
    ]


def list_group_names(connection: Connection) -> list[str]:
    """Which groups of the fairness audit the shop imported: their names, such as age, and nobody's."""
    return sorted(connection.execute(select(audit_groups.c.name).distinct()).scalars())


def _tell_decisions(connection: Connection, person_id: int) -> list[dict[str, Any]]:
    """What was decided about this customer's own offers, newest first; `stands` while it can be taken back."""
    standing = {one.override_id for one in fetch_standing(connection, person_id)}
    found = fetch_overrides(connection, person_id)
    named = union_all(select(types.c.type_id, types.c.title), select(offers.c.offer_id, offers.c.title))
    titles = {row[0]: row[1] for row in connection.execute(named)} if found else {}
    return [
        {
            "decision_id": one.override_id,
            "title": titles.get(one.offer_id, one.offer_id),
            "kind": one.kind,
            "decided_at": one.decided_at,
            "decided_by": name_decider(connection, one),
            "why": one.why,
            "review_id": one.review_id,
            "stands": one.override_id in standing,
        }
        for one in reversed(found)
    ]


def _tell_incidents(connection: Connection, person_id: int) -> list[dict[str, Any]]:
    """What went wrong and concerns this customer, in the owner's words."""
    return [
        {
            "incident_id": one.incident_id,
            "kind": one.kind,
            "state": one.state,
            "since": one.since.isoformat(),
            "published_at": one.published_at,
            "happened": one.happened,
            "done": one.done,
            "advice": one.advice,
        }
        for one in fetch_incidents(connection, person_id=person_id)
    ]


def _group(name: str, rows: list[dict[str, Any]], retention_days: int | None) -> dict[str, Any]:
    return {"name": name, "purpose": name, "retention_days": retention_days, "count": len(rows), "rows": rows}


def _rows(connection: Connection, table: Table, person_id: int) -> list[dict[str, Any]]:
    columns = [column for column in table.c if column.name != "person_id"]
    return [dict(row._mapping) for row in connection.execute(select(*columns).where(table.c.person_id == person_id))]


def _tell_marks(connection: Connection, conversation_id: str) -> dict[str, int]:
    """How far the customer has what people wrote. How far the staff have read says nothing of the customer."""
    marks = fetch_marks(connection, conversation_id)
    return {"delivered": marks.delivered, "seen": marks.seen}


def _tell_conversations(
    connection: Connection, person_id: int | None, conversation_id: str | None
) -> list[dict[str, Any]]:
    found = (
        fetch_conversations(connection, person_id)
        if person_id is not None
        else [require_conversation(connection, conversation_id)]
        if conversation_id is not None
        else []
    )
    return [
        {
            "conversation_id": c.conversation_id,
            "opened_at": c.opened_at,
            "state": c.state,
            "handoffs": [
                {
                    "since": h.since,
                    "state": h.state,
                    "claimed_by": find_name(connection, h.claimed_by) if h.claimed_by else None,
                    "ended_at": h.ended_at,
                    "topic": h.topic,
                }
                for h in fetch_handoffs_of(connection, c.conversation_id)
            ],
            "read_marks": _tell_marks(connection, c.conversation_id),
            "messages": [m.describe() for m in fetch_messages(connection, c.conversation_id, limit=c.last_seq)],
        }
        for c in found
    ]
