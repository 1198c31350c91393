"""The conversation log: the truth of who said what, in which order.

Messages are appended by one function, in batches. `number` counts everything; `seq` counts what
the customer may see, from 1 without a gap. `epoch` grows with every change of who speaks for the shop: an answer that was
asked for in an older epoch is dropped by `append_messages` instead of being said over a person's head.
"""

import secrets
from dataclasses import dataclass, field, fields, replace
from typing import Any

from sqlalchemy import Connection, Row, bindparam, case, exists, insert, select, update

from data import codec
from data.appended import note_appended
from data.errors import ClientIdReused, NotKnown
from data.tables import conversations, disclosures, messages
from data.vault import name_conversation

STATES = ("bot", "waiting", "human", "closed")

# The statements of the message path are built once: to build one costs as much as to run it.
_c, _m = conversations.c, messages.c
_ONE = select(conversations).where(_c.conversation_id == bindparam("of"))
_ONE_LOCKED = _ONE.with_for_update()
_REPEATED = select(messages).where(_m.conversation_id == bindparam("of"), _m.client_key == bindparam("key"))
_VISIBLE = (
    select(messages)
    .where(_m.conversation_id == bindparam("of"), _m.seq > bindparam("after"))
    .order_by(_m.seq)
    .limit(bindparam("limit"))
)
_ALL = select(messages).where(_m.conversation_id == bindparam("of"), _m.number > bindparam("after")).order_by(_m.number)
_SEEN = select(messages).where(_m.conversation_id == bindparam("of"), _m.seq.is_not(None))
_NEWEST = _SEEN.order_by(_m.seq.desc()).limit(bindparam("limit"))
_NEWEST_BY = _NEWEST.where(_m.author == bindparam("author"))
_ADVANCE = (
    update(conversations)
    .where(_c.conversation_id == bindparam("of"))
    .values(
        last_seq=_c.last_seq + bindparam("visible"),
        last_number=_c.last_number + bindparam("more"),
        touched_at=bindparam("now"),
    )
    .returning(conversations)
)
_UNANSWERED = exists().where(
    _m.conversation_id == _c.conversation_id, _m.author == "customer", _m.seq > _c.answered_seq
)
_ADVANCE_TO_PERSON = _ADVANCE.values(
    answered_seq=case(((_c.state == "human") & ~_UNANSWERED, _c.last_seq + bindparam("visible")), else_=_c.answered_seq)
)
_INSERT = insert(messages)


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


_KEPT = [one.name for one in fields(Message) if one.name in {other.name for other in fields(Draft)}]


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
    zone: str | None
    awaits: str | None
    opened_at: str
    touched_at: str


def read_conversation(row: Row[Any]) -> Conversation:
    return Conversation(**row._mapping)


def open_conversation(
    connection: Connection,
    *,
    person_id: int | None,
    locale: str,
    minor: bool,
    page_offers: list[str],
    at: str,
    zone: str | None = None,
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
            zone=zone,
            opened_at=at,
            touched_at=at,
        )
    )
    return require_conversation(connection, conversation_id)


def require_conversation(connection: Connection, conversation_id: str, *, lock: bool = False) -> Conversation:
    """The conversation, or `NotKnown`. `lock` holds its row until the transaction ends (SQLite's writer has the whole file)."""
    row = connection.execute(_ONE_LOCKED if lock else _ONE, {"of": conversation_id}).first()
    if row is None:
        raise NotKnown()
    return read_conversation(row)


def find_repeated(
    connection: Connection, conversation_id: str, client_key: str, text: str | None, payload: str | None
) -> int | None:
    """The number of the message that this client_id already made, or None; another body under it is `ClientIdReused`."""
    row = connection.execute(_REPEATED, {"of": conversation_id, "key": client_key}).first()
    if row is None:
        return None
    made = read_message(connection, row)
    if made.payload != payload or (payload is None and made.text != text):
        raise ClientIdReused("This client_id was used for another message. Make a new one for each message.")
    return made.seq if made.seq is not None else made.number


def _place(conversation_id: str, number: int) -> dict[str, str]:
    return {"subject": name_conversation(conversation_id), "place": f"messages.body/{conversation_id}/{number}"}


def append_messages(
    connection: Connection,
    conversation_id: str,
    drafts: list[Draft],
    *,
    at: str,
    epoch: int | None = None,
    answers: int | None = None,
) -> list[Message]:
    """Append a batch, in order.

    Parameters
    ----------
    epoch
        If given, the batch is dropped (an empty list comes back) unless the conversation is still in this epoch.
    answers
        The seq of the customer's message that this batch answers: the turn counts as done in the same transaction.
    """
    statement = _ADVANCE
    if answers is not None:
        statement = statement.values(answered_seq=answers)
    if epoch is not None:
        statement = statement.where(_c.epoch == epoch)
    appended = _append(connection, statement, conversation_id, drafts, at=at)
    if appended is None:
        if epoch is None:
            raise NotKnown()
        return []
    return appended[1]


def append_customers(
    connection: Connection, conversation_id: str, draft: Draft, *, at: str
) -> tuple[Conversation, Message]:
    """Append a customer's message; returns the conversation as it now stands, too.

    A text to a person who has the word needs no turn of the bot's, unless an earlier message still waits for its own.
    """
    statement = _ADVANCE_TO_PERSON if draft.payload is None else _ADVANCE
    appended = _append(connection, statement, conversation_id, [draft], at=at)
    if appended is None:
        raise NotKnown()
    return appended[0], appended[1][0]


def _append(
    connection: Connection, advance: Any, conversation_id: str, drafts: list[Draft], *, at: str
) -> tuple[Conversation, list[Message]] | None:
    """The only function that writes messages. `advance` takes their numbers; where it finds no row, nothing is written."""
    visible = sum(not draft.private for draft in drafts)
    moved = {"of": conversation_id, "visible": visible, "more": len(drafts), "now": at}
    row = connection.execute(advance, moved).first()
    if row is None:
        return None
    conversation = read_conversation(row)
    seq, number = conversation.last_seq - visible, conversation.last_number - len(drafts)
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
                "author": draft.author,
                "author_name": draft.author_name,
                "kind": draft.kind,
                "lang": draft.lang,
                "at": at,
                "private": draft.private,
                "speaks": draft.speaks,
                "body": codec.encode(
                    connection,
                    {
                        "text": draft.text,
                        "payload": draft.payload,
                        "buttons": draft.buttons,
                        "offers": draft.offers,
                        "explanation": draft.explanation,
                        "extra": draft.extra or None,
                        "signal": draft.signal or None,
                        "understood": draft.understood or None,
                    },
                    **_place(conversation_id, number),
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
        connection.execute(_INSERT, rows)
        note_appended(connection, conversation_id, made)
    return conversation, made


def _number(draft: Draft, *, number: int, seq: int | None, at: str) -> Message:
    kept = {name: getattr(draft, name) for name in _KEPT}
    return Message(number=number, seq=seq, at=at, client_id=_read_client_id(draft.client_key), **kept)


def _read_client_id(client_key: str | None) -> str | None:
    return client_key.partition(":")[2] if client_key else None


def read_message(connection: Connection, row: Row[Any]) -> Message:
    body = codec.decode(connection, row.body, **_place(row.conversation_id, row.number))
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
    wanted = {"of": conversation_id, "after": after, "limit": limit}
    return [read_message(connection, row) for row in connection.execute(_VISIBLE, wanted)]


def fetch_transcript(connection: Connection, conversation_id: str, *, after: int = 0) -> list[Message]:
    """Everything, private notes too, after a number: for staff."""
    wanted = {"of": conversation_id, "after": after}
    return [read_message(connection, row) for row in connection.execute(_ALL, wanted)]


def fetch_newest(
    connection: Connection, conversation_id: str, *, limit: int, author: str | None = None
) -> list[Message]:
    """The newest messages that the customer may see, newest first."""
    wanted: dict[str, Any] = {"of": conversation_id, "limit": limit} | (
        {"author": author} if author is not None else {}
    )
    rows = connection.execute(_NEWEST if author is None else _NEWEST_BY, wanted)
    return [read_message(connection, row) for row in rows]


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
