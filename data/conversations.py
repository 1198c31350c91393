"""The conversation log: the truth of who said what, in which order.

Messages are appended by one function, `append_messages`, that takes a batch. `number` counts everything; `seq` counts what
the customer may see, from 1 without a gap. `epoch` grows with every change of who speaks for the shop: an answer that was
asked for in an older epoch is dropped by `append_messages` instead of being said over a person's head.
"""

import hashlib
import json
import secrets
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from data import codec
from data.errors import ClientIdReused, NotKnown
from data.tables import conversations, disclosures, messages

STATES = ("bot", "waiting", "human", "closed")


@dataclass(frozen=True)
class Draft:
    """A message before it has a number."""

    author: str
    kind: str
    text: str
    lang: str = "en"
    author_name: str | None = None
    payload: str | None = None
    buttons: list[dict[str, str]] = field(default_factory=list)
    offers: list[dict[str, Any]] = field(default_factory=list)
    explanation: dict[str, Any] | None = None
    extra: dict[str, Any] = field(default_factory=dict)  # what a page may draw besides: before and after, a panel
    client_key: str | None = None
    private: bool = False
    speaks: bool = False  # sent with a token that speaks for its customer
    signal: bool = False  # the browser sent `Sec-GPC: 1` with it
    text_version: str | None = None  # of a disclosure
    understood: dict[str, Any] = field(default_factory=dict)  # what it answers: the next message may point back to it
    variants: tuple[str, ...] = ()  # other wordings, not kept: the same is not said twice running


@dataclass(frozen=True)
class Message:
    """A message as it stands in the log. `seq` is None for a private note."""

    number: int
    seq: int | None
    client_id: str | None
    author: str
    author_name: str | None
    at: str
    lang: str
    kind: str
    text: str
    payload: str | None
    buttons: list[dict[str, str]]
    offers: list[dict[str, Any]]
    explanation: dict[str, Any] | None
    extra: dict[str, Any]
    private: bool
    speaks: bool
    signal: bool
    understood: dict[str, Any]

    def describe(self) -> dict[str, Any]:
        """The message as the wire contract has it."""
        told: dict[str, Any] = {
            "seq": self.seq,
            "author": self.author,
            "author_name": self.author_name,
            "at": self.at,
            "lang": self.lang,
            "kind": self.kind,
            "text": self.text,
            "buttons": self.buttons,
            "offers": self.offers,
        }
        if self.client_id is not None:
            told["client_id"] = self.client_id
        if self.explanation is not None:
            told["explanation"] = self.explanation
        if self.extra:
            told["extra"] = self.extra
        return told


@dataclass(frozen=True)
class Conversation:
    """The row of a conversation."""

    conversation_id: str
    person_id: int | None
    locale: str
    minor: bool
    state: str
    epoch: int
    last_seq: int
    last_number: int
    answered_seq: int
    owed_seq: int | None
    owed_until: str | None
    page_offers: list[str]
    focus: str | None
    opened_at: str
    touched_at: str


def read_conversation(row: Row[Any]) -> Conversation:
    return Conversation(**row._mapping)


def open_conversation(
    connection: Connection, *, person_id: int | None, locale: str, minor: bool, page_offers: list[str], at: str
) -> Conversation:
    """Open a conversation, with the bot speaking for the shop. The disclosure is appended by the caller, in the same transaction."""
    conversation_id = secrets.token_urlsafe(15)
    connection.execute(
        insert(conversations).values(
            conversation_id=conversation_id,
            person_id=person_id,
            locale=locale,
            minor=minor,
            state="bot",
            page_offers=page_offers,
            opened_at=at,
            touched_at=at,
        )
    )
    return require_conversation(connection, conversation_id)


def require_conversation(connection: Connection, conversation_id: str, *, lock: bool = False) -> Conversation:
    """The conversation, or `NotKnown`. `lock` holds its row until the transaction ends (SQLite's writer has the whole file)."""
    statement = select(conversations).where(conversations.c.conversation_id == conversation_id)
    row = connection.execute(statement.with_for_update() if lock else statement).first()
    if row is None:
        raise NotKnown()
    return read_conversation(row)


def fingerprint_body(text: str | None, payload: str | None) -> str:
    """What tells a repeated message from another one under the same client_id."""
    return hashlib.sha256(json.dumps([text, payload]).encode()).hexdigest()


def find_repeated(connection: Connection, conversation_id: str, client_key: str, body_hash: str) -> int | None:
    """The number of the message that this client_id already made, or None; another body under it is `ClientIdReused`."""
    row = connection.execute(
        select(messages.c.seq, messages.c.number, messages.c.body_hash).where(
            messages.c.conversation_id == conversation_id, messages.c.client_key == client_key
        )
    ).first()
    if row is None:
        return None
    if row.body_hash != body_hash:
        raise ClientIdReused("This client_id was used for another message. Make a new one for each message.")
    return int(row.seq if row.seq is not None else row.number)


def append_messages(
    connection: Connection,
    conversation_id: str,
    drafts: list[Draft],
    *,
    at: str,
    epoch: int | None = None,
    answers: int | None = None,
) -> list[Message]:
    """Append a batch, in order; the only function that writes messages.

    Parameters
    ----------
    epoch
        If given, the batch is dropped (an empty list comes back) unless the conversation is still in this epoch.
    answers
        The seq of the customer's message that this batch answers: the turn counts as done in the same transaction.
    """
    visible = sum(not draft.private for draft in drafts)
    c = conversations.c
    changes: dict[str, Any] = {
        "last_seq": c.last_seq + visible,
        "last_number": c.last_number + len(drafts),
        "touched_at": at,
    }
    if answers is not None:
        changes["answered_seq"] = answers
    statement = update(conversations).where(c.conversation_id == conversation_id).values(changes)
    if epoch is not None:
        statement = statement.where(c.epoch == epoch)
    row = connection.execute(statement.returning(c.last_seq, c.last_number)).first()
    if row is None:
        if epoch is None:
            raise NotKnown()
        return []
    seq, number = row.last_seq - visible, row.last_number - len(drafts)
    made = []
    rows = []
    for draft in drafts:
        number += 1
        if not draft.private:
            seq += 1
        message = _number(draft, number=number, seq=None if draft.private else seq, at=at)
        made.append(message)
        rows.append(
            {
                "conversation_id": conversation_id,
                "number": number,
                "seq": message.seq,
                "client_key": draft.client_key,
                "body_hash": fingerprint_body(None if draft.payload else draft.text, draft.payload)
                if draft.client_key
                else None,
                "author": draft.author,
                "author_name": draft.author_name,
                "kind": draft.kind,
                "lang": draft.lang,
                "at": at,
                "private": draft.private,
                "speaks": draft.speaks,
                "body": codec.encode(
                    {
                        "text": draft.text,
                        "payload": draft.payload,
                        "buttons": draft.buttons,
                        "offers": draft.offers,
                        "explanation": draft.explanation,
                        "extra": draft.extra or None,
                        "signal": draft.signal or None,
                        "understood": draft.understood or None,
                    }
                ),
            }
        )
        if draft.text_version is not None:
            connection.execute(
                insert(disclosures).values(
                    conversation_id=conversation_id,
                    seq=message.seq,
                    text_version=draft.text_version,
                    lang=draft.lang,
                    at=at,
                )
            )
    if rows:
        connection.execute(insert(messages), rows)
    return made


def _number(draft: Draft, *, number: int, seq: int | None, at: str) -> Message:
    return Message(
        number=number,
        seq=seq,
        client_id=_read_client_id(draft.client_key),
        author=draft.author,
        author_name=draft.author_name,
        at=at,
        lang=draft.lang,
        kind=draft.kind,
        text=draft.text,
        payload=draft.payload,
        buttons=draft.buttons,
        offers=draft.offers,
        explanation=draft.explanation,
        extra=draft.extra,
        private=draft.private,
        speaks=draft.speaks,
        signal=draft.signal,
        understood=draft.understood,
    )


def _read_client_id(client_key: str | None) -> str | None:
    return client_key.partition(":")[2] if client_key else None


def read_message(row: Row[Any]) -> Message:
    body = codec.decode(row.body)
    return Message(
        number=row.number,
        seq=row.seq,
        client_id=_read_client_id(row.client_key),
        author=row.author,
        author_name=row.author_name,
        at=row.at,
        lang=row.lang,
        kind=row.kind,
        text=body.get("text", ""),
        payload=body.get("payload"),
        buttons=body.get("buttons", []),
        offers=body.get("offers", []),
        explanation=body.get("explanation"),
        extra=body.get("extra", {}),
        private=row.private,
        speaks=row.speaks,
        signal=bool(body.get("signal")),
        understood=body.get("understood") or {},
    )


def fetch_messages(connection: Connection, conversation_id: str, *, after: int = 0, limit: int = 500) -> list[Message]:
    """What the customer may see after a seq, in order."""
    statement = (
        select(messages)
        .where(messages.c.conversation_id == conversation_id, messages.c.seq > after)
        .order_by(messages.c.seq)
        .limit(limit)
    )
    return [read_message(row) for row in connection.execute(statement)]


def fetch_transcript(connection: Connection, conversation_id: str, *, after: int = 0) -> list[Message]:
    """Everything, private notes too, after a number: for staff."""
    statement = (
        select(messages)
        .where(messages.c.conversation_id == conversation_id, messages.c.number > after)
        .order_by(messages.c.number)
    )
    return [read_message(row) for row in connection.execute(statement)]


def fetch_newest(
    connection: Connection, conversation_id: str, *, limit: int, author: str | None = None
) -> list[Message]:
    """The newest messages that the customer may see, newest first."""
    statement = select(messages).where(messages.c.conversation_id == conversation_id, messages.c.seq.is_not(None))
    if author is not None:
        statement = statement.where(messages.c.author == author)
    return [read_message(row) for row in connection.execute(statement.order_by(messages.c.seq.desc()).limit(limit))]


def find_button(connection: Connection, conversation_id: str, payload: str) -> str | None:
    """The title under which a message of this conversation offered the payload, as a button or as a reason's control; else None."""
    after: int | None = None
    while True:
        statement = select(messages).where(
            messages.c.conversation_id == conversation_id, messages.c.author != "customer"
        )
        if after is not None:
            statement = statement.where(messages.c.number < after)
        page = [read_message(row) for row in connection.execute(statement.order_by(messages.c.number.desc()).limit(50))]
        for message in page:
            for button in list_buttons(message):
                if button["payload"] == payload:
                    return button["title"]
        if len(page) < 50:
            return None
        after = page[-1].number


def list_buttons(message: Message) -> list[dict[str, str]]:
    """Everything that can be pressed in a message."""
    reasons = (message.explanation or {}).get("reasons", [])
    return [*message.buttons, *(control for reason in reasons for control in reason.get("controls", []))]


def change_conversation(connection: Connection, conversation_id: str, **values: Any) -> None:
    """Set columns of a conversation that are not about who speaks for the shop."""
    connection.execute(update(conversations).where(conversations.c.conversation_id == conversation_id).values(**values))


def change_state(connection: Connection, conversation: Conversation, state: str) -> Conversation:
    """Give the word to somebody else: a new state and a new epoch."""
    if state not in STATES:
        raise ValueError(f"A conversation's state is one of {', '.join(STATES)}, not {state!r}.")
    change_conversation(connection, conversation.conversation_id, state=state, epoch=conversations.c.epoch + 1)
    return replace(conversation, state=state, epoch=conversation.epoch + 1)


def fetch_conversations(connection: Connection, person_id: int) -> list[Conversation]:
    """A customer's own conversations, newest first."""
    statement = (
        select(conversations).where(conversations.c.person_id == person_id).order_by(conversations.c.opened_at.desc())
    )
    return [read_conversation(row) for row in connection.execute(statement)]
