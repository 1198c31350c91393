"""Reaching staff who are not looking: a signed webhook and mail, told in the transaction of what they are about (docs/integrate.md).

Neither carries a customer's name or address. Mail says only that there is something to look at, at most once a minute a kind. The
webhook has ids and facts, and the customer's words only if the owner wants that (`staff.webhook_words`).
"""

import json
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection

from data.clock import parse_time
from data.database import read_fact, write_fact
from data.handoffs import find_bare_handoff
from data.outbox import ASKED, CALL, DUE, REVIEW, WROTE, write_letter
from data.requests import fetch_requests
from web.house import House

MAILED = {ASKED: "staff_waits", REVIEW: "staff_review", DUE: "staff_due"}
WANTED_S = 24 * 3600.0
MAIL_EVERY_S = 60.0
DAYS_BEFORE = 7


def announce(
    connection: Connection,
    house: House,
    kind: str,
    about: dict[str, Any],
    *,
    conversation_id: str | None = None,
    person_id: int | None = None,
    words: str | None = None,
) -> None:
    """Tell staff elsewhere. Whose it is (a conversation, else a person) seals it, so that it goes with them."""
    whose: dict[str, Any] = (
        {"conversation_id": conversation_id} if conversation_id is not None else {"person_id": person_id}
    )
    if house.settings.webhook_url is not None:
        told = about | ({"text": words} if words is not None and house.shop.webhook_words else {})
        body = {"type": kind, "timestamp": house.clock.stamp(), "data": told}
        text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
        _write(connection, house, whose, kind=CALL, to=house.settings.webhook_url, subject=kind, text=text)
    if kind in MAILED and house.settings.smtp_url is not None and house.shop.staff_mail:
        _mail(connection, house, whose, kind)


def announce_message(connection: Connection, house: House, conversation_id: str, *, seq: int, words: str) -> None:
    """A customer wrote while they wait for a person or talk with one. On the message path: nothing is read if nobody is called."""
    if house.settings.webhook_url is None:
        return
    handoff = find_bare_handoff(connection, conversation_id)
    about = {
        "conversation_id": conversation_id,
        "handoff_id": handoff.handoff_id if handoff else None,
        "claimed_by": handoff.claimed_by if handoff else None,
        "seq": seq,
    }
    announce(connection, house, WROTE, about, conversation_id=conversation_id, words=words)


def announce_due(connection: Connection, house: House) -> int:
    """Requests by right with seven days left, and those that a month has passed over, each once; returns how many."""
    today = house.clock.today()
    looked = read_fact(connection, "requests_looked_on")
    since = date.fromisoformat(looked) if looked else today - timedelta(days=1)
    told = 0
    for asked in fetch_requests(connection, state="open"):
        due_on = house.shop.find_day(parse_time(asked.due_at))
        for day in (due_on - timedelta(days=DAYS_BEFORE), due_on + timedelta(days=1)):
            if since < day <= today:
                about: dict[str, Any] = {"request_id": asked.request_id, "kind": asked.kind, "due_at": asked.due_at}
                about |= {"days_left": (due_on - today).days}
                whose: dict[str, Any] = {"conversation_id": asked.conversation_id, "person_id": asked.person_id}
                announce(connection, house, DUE, about, **whose)
                told += 1
    write_fact(connection, "requests_looked_on", today.isoformat())
    return told


def _mail(connection: Connection, house: House, whose: dict[str, Any], kind: str) -> None:
    """One letter to each address; within a minute of the last one, one more at its end, and no third."""
    now, fact = house.clock.machine_seconds(), f"mailed.{kind}"
    last = float(read_fact(connection, fact) or 0.0)
    if last > now:
        return
    due = max(now, last + MAIL_EVERY_S)
    write_fact(connection, fact, due)
    facts = {"shop": house.shop.name, "link": f"{house.settings.public_url}/staff"}
    subject, text = (house.texts.say(f"mail.{MAILED[kind]}_{part}", **facts) for part in ("subject", "text"))
    for to in house.shop.staff_mail:
        _write(connection, house, whose, kind="staff", to=to, subject=subject, text=text, due=due)


def _write(
    connection: Connection, house: House, whose: dict[str, Any], *, due: float | None = None, **letter: Any
) -> None:
    now = house.clock.machine_seconds() if due is None else due
    write_letter(connection, **whose, **letter, at=house.clock.stamp(), now=now, wanted_s=WANTED_S)
