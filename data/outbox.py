"""Letters on their way, and calls of the webhook: written in the transaction of what causes them, sent afterwards, tried again, and then gone.

Any number of gateways may send: taking a letter moves its `due_at` on in one conditional UPDATE, so that nobody else takes it meanwhile, and
one whose sender died is due again. A letter is sealed with its person's key and goes with them.
"""

import random
import secrets
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from data import codec
from data.tables_reaching import outbox
from data.vault import name_conversation, name_person

LEASE_S = 120.0
FIRST_PAUSE_S = 30.0
LONGEST_PAUSE_S = 3600.0
AT_ONCE = 5  # all of them, each as slow as can be, are through before the lease ends
CALL = "call"

# What staff are told of elsewhere.
ASKED, WROTE, REVIEW, DUE = "handoff.requested", "handoff.message", "review.opened", "request.due"


@dataclass(frozen=True)
class Letter:
    """One letter, plain text; for a call of the webhook (`kind` is `CALL`) the text is its body. `tries` counts this one too."""

    letter_id: str
    kind: str
    to: str
    subject: str
    text: str
    tries: int


def _place(letter_id: str, person_id: int | None, conversation_id: str | None) -> dict[str, str]:
    if conversation_id is not None:
        subject = name_conversation(conversation_id)
    elif person_id is not None:
        subject = name_person(person_id)
    else:
        raise ValueError("A letter is sealed with somebody's key. Say whose: a person's, or a conversation's.")
    return {"subject": subject, "place": f"outbox.body/{letter_id}"}


def write_letter(
    connection: Connection,
    *,
    person_id: int | None = None,
    conversation_id: str | None = None,
    kind: str,
    to: str,
    subject: str,
    text: str,
    at: str,
    now: float,
    wanted_s: float,
) -> None:
    """Put a letter on its way, to a customer or to whoever has a conversation; after `wanted_s` seconds it is given up."""
    letter_id = secrets.token_urlsafe(12)
    body = {"to": to, "subject": subject, "text": text}
    connection.execute(
        insert(outbox).values(
            letter_id=letter_id,
            person_id=person_id,
            conversation_id=conversation_id,
            kind=kind,
            body=codec.encode(connection, body, **_place(letter_id, person_id, conversation_id)),
            written_at=at,
            due_at=now,
            ends_at=now + wanted_s,
            tries=0,
        )
    )


def has_due(connection: Connection, *, now: float) -> bool:
    """Whether there is anything to do: a look that takes no writing transaction."""
    due = select(outbox.c.letter_id).where((outbox.c.due_at <= now) | (outbox.c.ends_at < now)).limit(1)
    return connection.execute(due).first() is not None


def give_up(connection: Connection, *, now: float) -> list[tuple[str, str, int]]:
    """Drop the letters that nobody wants any more, for they never went in their time: kind, letter_id and tries of each."""
    gone = delete(outbox).where(outbox.c.ends_at < now).returning(outbox.c.kind, outbox.c.letter_id, outbox.c.tries)
    return [(row.kind, row.letter_id, row.tries) for row in connection.execute(gone)]


def take_due(connection: Connection, *, now: float) -> list[Letter]:
    """The letters that are due and still wanted, for whoever calls alone: at most 5."""
    is_due = (outbox.c.due_at <= now) & (outbox.c.ends_at >= now)
    due = select(outbox.c.letter_id).where(is_due).order_by(outbox.c.due_at).limit(AT_ONCE)
    taken = connection.execute(
        update(outbox)
        .where(outbox.c.letter_id.in_(due), is_due)
        .values(due_at=now + LEASE_S, tries=outbox.c.tries + 1)
        .returning(outbox)
    ).all()
    letters = []
    for row in taken:
        body: dict[str, Any] = codec.decode(
            connection, row.body, **_place(row.letter_id, row.person_id, row.conversation_id)
        )
        letters.append(Letter(row.letter_id, row.kind, body["to"], body["subject"], body["text"], row.tries))
    return letters


def note_sent(connection: Connection, letter: Letter) -> None:
    """It was taken by the mail server: nothing of it is kept."""
    connection.execute(delete(outbox).where(outbox.c.letter_id == letter.letter_id))


def note_failed(connection: Connection, letter: Letter, *, now: float) -> None:
    """It was not: again later, each time after twice as long, an hour at most."""
    pause_s = min(FIRST_PAUSE_S * 2 ** (letter.tries - 1), LONGEST_PAUSE_S) * random.uniform(0.8, 1.2)
    connection.execute(update(outbox).where(outbox.c.letter_id == letter.letter_id).values(due_at=now + pause_s))


def count_waiting(connection: Connection) -> int:
    """How many letters and calls are tried again: they were taken more than once, and none of the tries is known to have got through."""
    return int(connection.execute(select(func.count()).where(outbox.c.tries > 1)).scalar_one())
