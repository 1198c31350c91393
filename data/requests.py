"""Requests of customers by right (GDPR 12-22): numbered, due within a month, each with an outcome in writing.

What needs nobody is done at once. An outcome is the address of a text, so that it is told in whatever language is read; what a person
answers is kept in the person's words, sealed. The request of somebody who was erased stays, with nothing of them but the keyed hash
by which they are answered should they come back.
"""

from calendar import monthrange
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, insert, or_, select, update

from data import codec
from data.audit import record_act
from data.clock import format_time
from data.database import draw_number
from data.erasure import require_there
from data.errors import Conflict, NotKnown
from data.tables_rights import requests
from data.vault import name_conversation, name_person

FIRST_NUMBER = 1001
KINDS = ("access", "rectify", "erase", "restrict", "object", "port", "review")


@dataclass(frozen=True)
class Whose:
    """Who asks: a customer by number, or a visitor by conversation. `customer_key` also finds what was asked before an erasure."""

    person_id: int | None = None
    conversation_id: str | None = None
    customer_key: str | None = None


@dataclass(frozen=True)
class DataRequest:
    """One request. `outcome` is the address of a text, `answer` a person's own words."""

    request_id: str
    person_id: int | None
    conversation_id: str | None
    kind: str
    state: str
    opened_at: str
    due_at: str
    closed_at: str | None
    closed_by: str | None
    outcome: str | None
    review_id: str | None
    text: str
    answer: str | None


def _place(request_id: str, person_id: int | None, conversation_id: str | None) -> dict[str, str]:
    subject = name_person(person_id) if person_id is not None else name_conversation(conversation_id or "")
    return {"subject": subject, "place": f"requests.body/{request_id}"}


def _read(connection: Connection, row: Row[Any]) -> DataRequest:
    columns = dict(row._mapping)
    columns.pop("customer_key")
    stored = columns.pop("body")
    place = _place(row.request_id, row.person_id, row.conversation_id)
    body = codec.decode(connection, stored, **place) if stored else {}
    return DataRequest(**columns, text=body.get("text", ""), answer=body.get("answer"))


def open_request(
    connection: Connection,
    whose: Whose,
    *,
    kind: str,
    now: datetime,
    state: str = "open",
    outcome: str | None = None,
    review_id: str | None = None,
    text: str = "",
) -> DataRequest:
    """Open a numbered request, or record one that was done at once. Raises `Erased` for somebody who is gone."""
    is_named = whose.person_id is not None or whose.conversation_id is not None
    if is_named:
        require_there(connection, person_id=whose.person_id, conversation_id=whose.conversation_id)
    request_id, at = f"Q-{draw_number(connection, 'last_request', first=FIRST_NUMBER)}", format_time(now)
    place = _place(request_id, whose.person_id, whose.conversation_id)
    connection.execute(
        insert(requests).values(
            request_id=request_id,
            person_id=whose.person_id,
            customer_key=None if is_named else whose.customer_key,
            conversation_id=None if whose.person_id is not None else whose.conversation_id,
            kind=kind,
            state=state,
            opened_at=at,
            due_at=format_time(add_month(now)),
            closed_at=at if state == "done" else None,
            outcome=outcome,
            review_id=review_id,
            body=codec.encode(connection, {"text": text}, **place) if text else None,
        )
    )
    act = "request_done" if state == "done" else "request_opened"
    detail = {"kind": kind, "state": state}
    record_act(
        connection, at=at, actor="customer", act=act, person_id=whose.person_id, object_id=request_id, detail=detail
    )
    return require_request(connection, request_id)


def add_month(moment: datetime) -> datetime:
    """The same day of the next month, or its last (Regulation 1182/71, art. 3)."""
    year, month = (moment.year + 1, 1) if moment.month == 12 else (moment.year, moment.month + 1)
    return moment.replace(year=year, month=month, day=min(moment.day, monthrange(year, month)[1]))


def require_request(connection: Connection, request_id: str) -> DataRequest:
    """The request, or `NotKnown`."""
    row = connection.execute(select(requests).where(requests.c.request_id == request_id)).first()
    if row is None:
        raise NotKnown()
    return _read(connection, row)


def fetch_requests(
    connection: Connection, whose: Whose | None = None, *, state: str | None = None
) -> list[DataRequest]:
    """Requests of somebody, or of everybody, soonest due first."""
    c = requests.c
    statement = select(requests).order_by(c.due_at, c.request_id)
    if whose is not None:
        own: list[ColumnElement[bool]] = []
        if whose.person_id is not None:
            own.append(c.person_id == whose.person_id)
        if whose.customer_key is not None:
            own.append(c.customer_key == whose.customer_key)
        if whose.person_id is None and whose.conversation_id is not None:
            own.append(c.conversation_id == whose.conversation_id)
        statement = statement.where(or_(*own))
    if state is not None:
        statement = statement.where(c.state == state)
    return [_read(connection, row) for row in connection.execute(statement)]


def close_request(
    connection: Connection, request_id: str, *, state: str, username: str, answer: str, at: str
) -> DataRequest:
    """Answer a request in writing, once: done or refused, with the reason."""
    asked = require_request(connection, request_id)
    place = _place(request_id, asked.person_id, asked.conversation_id)
    body = codec.encode(connection, {"text": asked.text, "answer": answer}, **place)
    changed = connection.execute(
        update(requests)
        .where(requests.c.request_id == request_id, requests.c.state == "open")
        .values(state=state, closed_at=at, closed_by=username, body=body)
    )
    if not changed.rowcount:
        raise Conflict(f"Request {request_id} is {asked.state} and cannot be answered again.", state=asked.state)
    record_act(
        connection,
        at=at,
        actor=f"staff:{username}",
        act=f"request_{state}",
        person_id=asked.person_id,
        object_id=request_id,
    )
    return require_request(connection, request_id)


def keep_all(connection: Connection, *, at: str, whose: Whose | None = None) -> list[DataRequest]:
    """Erasures that were asked for and are not confirmed end: those of somebody who keeps everything, or all that nobody confirmed in time."""
    waiting = fetch_requests(connection, whose, state="needs_confirmation")
    ended = [one for one in waiting if whose is not None or one.due_at < at]
    for one in ended:
        of = requests.c.request_id == one.request_id
        connection.execute(update(requests).where(of).values(state="withdrawn", closed_at=at, outcome="rights.kept"))
        record_act(
            connection,
            at=at,
            actor="customer" if whose is not None else "system",
            act="request_withdrawn",
            person_id=one.person_id,
            object_id=one.request_id,
        )
    return [require_request(connection, one.request_id) for one in ended]


def finish_erasing(connection: Connection, *, at: str, request_id: str | None = None) -> None:
    """Requests whose erasure has been done: one, or after a crash all that were in the making."""
    statement = update(requests).where(requests.c.state == "erasing").values(state="done", closed_at=at)
    if request_id is not None:
        statement = statement.where(requests.c.request_id == request_id)
    connection.execute(statement)
