"""Getting hold of a conversation: opaque random tokens, of which only the hash is stored."""

import hashlib
import secrets
import time
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, insert, select, update

from data.conversations import Conversation
from data.errors import NotKnown
from data.tables import conversation_tokens, conversations

_BY_TOKEN = (  # built once: every message asks it
    select(conversation_tokens.c.speaks_until, conversations)
    .join(conversations, conversations.c.conversation_id == conversation_tokens.c.conversation_id)
    .where(conversation_tokens.c.token_hash == bindparam("hashed"))
)
_BY_TOKEN_LOCKED = _BY_TOKEN.with_for_update(of=conversations)


def hash_token(token: str) -> str:
    """What is stored of a token: it is random and long, so a plain hash is enough."""
    return hashlib.sha256(token.encode()).hexdigest()


def issue_token(connection: Connection, conversation_id: str, *, speaks_until: float | None) -> str:
    """A new token for a conversation. `speaks_until` (machine clock) is the end of its customer's own token."""
    token = secrets.token_urlsafe(32)
    connection.execute(
        insert(conversation_tokens).values(
            token_hash=hash_token(token),
            conversation_id=conversation_id,
            speaks_until=speaks_until,
            issued_at=time.time(),
        )
    )
    return token


def extend_token(connection: Connection, token: str, *, speaks_until: float) -> None:
    """Let a token speak for its customer until a later time."""
    connection.execute(
        update(conversation_tokens)
        .where(conversation_tokens.c.token_hash == hash_token(token))
        .values(speaks_until=speaks_until)
    )


@dataclass(frozen=True)
class Access:
    """A conversation got hold of by its token. `person_id` is None for a visitor and once the token no longer speaks for its customer."""

    conversation: Conversation
    person_id: int | None


def access_conversation(
    connection: Connection, token: str, conversation_id: str | None = None, *, lock: bool = False
) -> Access:
    """The only way for a customer to get hold of a conversation. Wrong token and unknown conversation are the same `NotKnown`."""
    row = connection.execute(_BY_TOKEN_LOCKED if lock else _BY_TOKEN, {"hashed": hash_token(token)}).first()
    if row is None or (conversation_id is not None and row.conversation_id != conversation_id):
        raise NotKnown()
    columns = dict(row._mapping)
    speaks_until = columns.pop("speaks_until")
    conversation = Conversation(**columns)
    speaks = speaks_until is not None and time.time() < speaks_until
    return Access(conversation, conversation.person_id if speaks else None)
