"""Sealed: what names somebody or holds words is encrypted for its person. A new database has the columns from 0001.

Bodies of before are JSON behind a byte 1, deflated behind a byte 2.
"""

import json
import zlib
from typing import Any

from alembic import op
from sqlalchemy import Column, Connection, LargeBinary, String, inspect, text

from data.codec import encode
from data.customers import Customer, seal_customer
from data.vault import name_conversation, name_person

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    connection = op.get_bind()
    if "body" in _list_columns(connection, "customers"):
        return
    _seal_customers(connection)
    _seal_messages(connection)
    _seal_reviews(connection)
    _seal_handoffs(connection)


def _list_columns(connection: Connection, table: str) -> set[str]:
    return {column["name"] for column in inspect(connection).get_columns(table)}


def _read_body(stored: bytes) -> dict[str, Any]:
    raw = bytes(stored)
    body: dict[str, Any] = json.loads(zlib.decompress(raw[1:]) if raw[:1] == b"\x02" else raw[1:])
    return body


def _seal_customers(connection: Connection) -> None:
    op.add_column("customers", Column("body", LargeBinary))
    op.add_column("customers", Column("mail_key", String))
    op.create_index("ix_customers_mail_key", "customers", ["mail_key"])
    op.alter_column("customers", "customer_id", new_column_name="customer_key")
    found = "SELECT person_id, customer_key AS customer_id, name, email, invented, since FROM customers"
    for row in connection.execute(text(found)).all():
        sealed = seal_customer(connection, Customer(**row._mapping))
        connection.execute(
            text(
                "UPDATE customers SET customer_key = :customer_key, mail_key = :mail_key, body = :body WHERE person_id = :person_id"
            ),
            {key: sealed[key] for key in ("customer_key", "mail_key", "body", "person_id")},
        )
    op.drop_column("customers", "name")
    op.drop_column("customers", "email")


def _seal_messages(connection: Connection) -> None:
    for row in connection.execute(text("SELECT conversation_id, number, body FROM messages")).all():
        place = f"messages.body/{row.conversation_id}/{row.number}"
        body = encode(connection, _read_body(row.body), subject=name_conversation(row.conversation_id), place=place)
        connection.execute(
            text("UPDATE messages SET body = :body WHERE conversation_id = :conversation_id AND number = :number"),
            {"body": body, "conversation_id": row.conversation_id, "number": row.number},
        )
    op.drop_column("messages", "body_hash")


def _seal_reviews(connection: Connection) -> None:
    found = "SELECT review_id, person_id, conversation_id, body, decision FROM reviews"
    for row in connection.execute(text(found)).all():
        subject = name_conversation(row.conversation_id) if row.conversation_id else name_person(row.person_id)
        told = _read_body(row.body) | {"decision": row.decision}
        body = encode(connection, told, subject=subject, place=f"reviews.body/{row.review_id}")
        connection.execute(
            text("UPDATE reviews SET body = :body WHERE review_id = :review_id"),
            {"body": body, "review_id": row.review_id},
        )
    op.drop_column("reviews", "decision")


def _seal_handoffs(connection: Connection) -> None:
    op.add_column("handoffs", Column("body", LargeBinary))
    for row in connection.execute(text("SELECT handoff_id, conversation_id, topic FROM handoffs")).all():
        topic = json.loads(row.topic) if isinstance(row.topic, str) else row.topic
        subject = name_conversation(row.conversation_id)
        body = encode(connection, topic, subject=subject, place=f"handoffs.body/{row.handoff_id}")
        connection.execute(
            text("UPDATE handoffs SET body = :body WHERE handoff_id = :handoff_id"),
            {"body": body, "handoff_id": row.handoff_id},
        )
    op.drop_column("handoffs", "topic")
