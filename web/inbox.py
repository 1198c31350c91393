"""Taking in a customer's message: checked first, then in the log, then its turn. The same for HTTP and the live connection."""

import uuid
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field, model_validator
from sqlalchemy import Connection

from data.access import access_conversation
from data.conversations import (
    Conversation,
    Draft,
    Message,
    append_messages,
    change_state,
    find_button,
    find_repeated,
    fingerprint_body,
    require_conversation,
)
from data.errors import BadInput
from data.turns import find_next_turn
from web.house import House
from web.privacy_signal import honour
from web.speech import write_disclosure
from web.wakeups import QUEUE

LONGEST_PAYLOAD = 1000


class MessageIn(BaseModel):
    """A message as a client sends it: a text or a payload, and the client's own id for it."""

    model_config = ConfigDict(strict=True, extra="ignore")

    client_id: str
    text: str | None = None
    payload: str | None = Field(default=None, max_length=LONGEST_PAYLOAD)

    @model_validator(mode="after")
    def _check(self) -> "MessageIn":
        try:
            uuid.UUID(self.client_id)
        except ValueError:
            raise ValueError("client_id is no UUID; make a new one for each message") from None
        if (self.text is None) == (self.payload is None):
            raise ValueError("send either text or payload")
        return self


def check_text(text: str, most: int) -> str:
    """A text that can be kept: between 1 and `most` characters, not only white space, whole characters."""
    text = text.replace("\x00", "")
    if not text.strip():
        raise BadInput("text is empty; write at least one character.", field="text")
    if len(text) > most:
        raise BadInput(
            f"text has {len(text)} characters; at most {most} are taken. Shorten it or send it in parts.", field="text"
        )
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise BadInput(
            "text holds half a character (a lone surrogate); send whole characters.", field="text"
        ) from error
    return text


@dataclass(frozen=True)
class Received:
    """A message that was taken in. `is_new` is false for one that was sent before; `turn` is what to answer next."""

    seq: int
    is_new: bool
    turn: tuple[Conversation, Message] | None = None


def receive_message(
    house: House, token: str, conversation_id: str, body: MessageIn, *, signal: bool = False
) -> Received:
    """Put a customer's message into the log, once. `signal`: the browser sent `Sec-GPC: 1` with it.

    Everything is checked before the writing transaction, so that a stranger cannot hold up those who write.
    """
    text = check_text(body.text, int(house.shop.limits["message_characters"])) if body.text is not None else None
    client_key = f"customer:{body.client_id.lower()}"
    body_hash = fingerprint_body(text, body.payload)
    with house.database.read() as connection:
        access = access_conversation(connection, token, conversation_id)
        repeated = find_repeated(connection, conversation_id, client_key, body_hash)
        if repeated is not None:
            return Received(repeated, is_new=False)
        title = find_button(connection, conversation_id, body.payload) if body.payload is not None else None
    if body.payload is not None and title is None:
        raise BadInput(
            "payload was not offered in this conversation. Send one of the buttons, or a text.", field="payload"
        )
    _limit(house, conversation_id)
    if signal:
        honour(house.speak(access.conversation.locale), access.person_id)
    draft = Draft(
        author="customer",
        kind="chat",
        lang=access.conversation.locale,
        text=text if text is not None else title or "",
        payload=body.payload,
        client_key=client_key,
        speaks=access.person_id is not None,
        signal=signal,
    )
    with house.database.write() as connection:
        repeated = find_repeated(connection, conversation_id, client_key, body_hash)
        if repeated is not None:
            return Received(repeated, is_new=False)
        seq = _append(connection, house, conversation_id, draft)
        turn = find_next_turn(connection, conversation_id)
    house.wakeups.ring(conversation_id, QUEUE)
    return Received(seq, is_new=True, turn=turn)


def _limit(house: House, conversation_id: str) -> None:
    a_second = 100.0 if house.settings.demo else house.shop.limits["messages_a_second"]
    house.limiter.take("messages", conversation_id, a_second=a_second, burst=max(10.0, a_second))


def _append(connection: Connection, house: House, conversation_id: str, draft: Draft) -> int:
    at = house.clock.stamp()
    message = append_messages(connection, conversation_id, [draft], at=at)[0]
    conversation = require_conversation(connection, conversation_id)
    if conversation.state == "closed":  # opens again, with its history, and with the disclosure
        change_state(connection, conversation, "bot")
        disclosure = write_disclosure(house.speak(conversation.locale), "disclosure.again_nobody")
        append_messages(connection, conversation_id, [disclosure], at=at)
    return message.seq or 0
