"""What is held about a person, in groups, each with its purpose, retention and rows. Read by the privacy centre and by chat."""

from typing import Any

from sqlalchemy import Connection, Table, select

from data.conversations import fetch_conversations, fetch_messages, require_conversation
from data.corrections import fetch_correction_lines, list_corrections
from data.customers import find_person
from data.impressions import fetch_impressions
from data.orders import fetch_orders
from data.reviews import fetch_reviews
from data.staff import find_name
from data.tables import audit_groups, consent_events, consent_refusals, offer_events, page_events, preferences, types
from data.uses import fetch_uses


def fetch_held(
    connection: Connection, *, person_id: int | None, conversation_id: str | None, retention_days: dict[str, int]
) -> list[dict[str, Any]]:
    """Groups `{name, purpose, retention_days, count, rows}`. For a visitor: the one conversation of their token."""
    if person_id is None:
        return [
            _group(
                "conversations",
                _tell_conversations(connection, None, conversation_id),
                retention_days.get("conversations"),
            )
        ]
    person = find_person(connection, person_id)
    profile = (
        [
            {
                "customer_id": person.customer_id,
                "name": person.name,
                "email": person.email,
                "invented": person.invented,
                "since": person.since,
            }
        ]
        if person
        else []
    )
    orders = [vars(order) for order in fetch_orders(connection, person_id, limit=100_000)]
    shown = [
        {
            "impression_id": i.impression_id,
            "shown_at": i.shown_at,
            "slot": i.slot,
            "position": i.position,
            **i.describe_offer(),
        }
        for i in fetch_impressions(connection, person_id, limit=5_000)
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
    keep = retention_days.get
    return [
        _group("profile", profile, None),
        _group("orders", orders, None),
        _group("offer_events", _rows(connection, offer_events, person_id), keep("impressions")),
        _group("impressions", shown, keep("impressions")),
        _group("conversations", _tell_conversations(connection, person_id, None), keep("conversations")),
        _group("preferences", [dict(row._mapping) for row in told], None),
        _group("browsing", _rows(connection, page_events, person_id), keep("browsing")),
        _group("consents", _rows(connection, consent_events, person_id), keep("receipts")),
        _group("refusals", _rows(connection, consent_refusals, person_id), keep("receipts")),
        _group("reviews", reviews, keep("receipts")),
        _group("fairness", _rows(connection, audit_groups, person_id), None),
        _group("uses", fetch_uses(connection, person_id), keep("receipts")),
    ]


def _group(name: str, rows: list[dict[str, Any]], retention_days: int | None) -> dict[str, Any]:
    return {"name": name, "purpose": name, "retention_days": retention_days, "count": len(rows), "rows": rows}


def _rows(connection: Connection, table: Table, person_id: int) -> list[dict[str, Any]]:
    columns = [column for column in table.c if column.name != "person_id"]
    return [dict(row._mapping) for row in connection.execute(select(*columns).where(table.c.person_id == person_id))]


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
            "messages": [m.describe() for m in fetch_messages(connection, c.conversation_id, limit=100_000)],
        }
        for c in found
    ]
