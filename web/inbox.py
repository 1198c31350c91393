"""Taking in a customer's message: checked first, then in the log, then its turn. The same for HTTP and the live connection."""

import uuid
from dataclasses import dataclass, replace

from pydantic import BaseModel, ConfigDict, Field, model_validator
from sqlalchemy import Connection

from data.access import access_conversation
from data.buttons import find_button
from data.conversations import (
    Conversation,
    Draft,
    Message,
    append_customers,
    append_messages,
    change_state,
    find_repeated,
)
from data.errors import BadInput
from data.handoffs import note_customer
from data.turns import find_next_turn
from web.house import House
from web.incidents import tell_incidents
from web.privacy_signal import honour
from web.reaching import announce_message
from web.speech import write_disclosure
from web.wakeups import ROWS, name_log

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


async def receive_message(
    house: House,
    token: str,
    conversation_id: str,
    body: MessageIn,
    *,
    signal: bool = False,
    is_known: bool = False,
) -> Received:
    """Put a customer's message into the log, once.

    Parameters
    ----------
    signal
        The browser sent `Sec-GPC: 1` with it.
    is_known
        The token was seen to be right on this connection. Whoever is not known is checked before the writing transaction, so that a
        stranger cannot hold up those who write.
    """
    text = check_text(body.text, int(house.shop.limits["message_characters"])) if body.text is not None else None
    if not is_known or body.payload is not None or signal:
        title = await house.do(lambda: _look_first(house, token, conversation_id, body.payload, signal=signal))
        text = text if text is not None else title
    _limit(house, conversation_id)
    said = Draft(
        author="customer",
        kind="chat",
        text=text or "",
        payload=body.payload,
        client_key=f"customer:{body.client_id.lower()}",
        signal=signal,
    )
    received = await house.write(lambda connection: _put(connection, house, token, conversation_id, said))
    if received.is_new:
        house.wakeups.ring(name_log(conversation_id) if received.turn is None else conversation_id, ROWS)
    return received


def _look_first(house: House, token: str, conversation_id: str, payload: str | None, *, signal: bool) -> str | None:
    """What is checked and heeded before a message is written; returns the title of the button that was pressed."""
    with house.database.read() as connection:
        access = access_conversation(connection, token, conversation_id)
        title = find_button(connection, conversation_id, payload) if payload is not None else None
    if payload is not None and title is None:
        raise BadInput(
            "payload was not offered in this conversation. Send one of the buttons, or a text.", field="payload"
        )
    if signal:
        honour(house.speak(access.conversation.locale), access.person_id)
    return title


def _put(connection: Connection, house: House, token: str, conversation_id: str, said: Draft) -> Received:
    access = access_conversation(connection, token, conversation_id)
    text = said.text if said.payload is None else None
    repeated = find_repeated(connection, conversation_id, said.client_key or "", text, said.payload)
    if repeated is not None:
        return Received(repeated, is_new=False)
    draft = replace(said, lang=access.conversation.locale, speaks=access.person_id is not None)
    conversation, seq = _append(connection, house, conversation_id, draft)
    tell_incidents(connection, house, conversation)
    turn = find_next_turn(connection, conversation_id) if conversation.answered_seq < seq else None
    return Received(seq, is_new=True, turn=turn)


def _limit(house: House, conversation_id: str) -> None:
    a_second = 100.0 if house.settings.demo else house.shop.limits["messages_a_second"]
    house.limiter.take("messages", conversation_id, a_second=a_second, burst=max(10.0, a_second))


def _append(connection: Connection, house: House, conversation_id: str, draft: Draft) -> tuple[Conversation, int]:
    at = house.clock.stamp()
    conversation, message = append_customers(connection, conversation_id, draft, at=at)
    if conversation.state in ("waiting", "human"):
        is_theirs = conversation.state == "human" and draft.payload is None
        note_customer(connection, conversation_id, now=house.clock.machine_seconds(), wrote=is_theirs)
        if draft.payload is None:
            announce_message(connection, house, conversation_id, seq=message.seq or 0, words=draft.text)
    if conversation.state == "closed" and not _is_afterword(conversation, draft):
        # opens again, with its history, and with the disclosure
        change_state(connection, conversation, "bot")
        disclosure = write_disclosure(house.speak(conversation.locale), "disclosure.again_nobody")
        append_messages(connection, conversation_id, [disclosure], at=at)
    return conversation, message.seq or 0


def _is_afterword(conversation: Conversation, draft: Draft) -> bool:
    """How the talk was, said once it is closed: no reason to open it again."""
    if draft.payload is not None:
        return draft.payload.startswith(("/rate_talk", "/no_message", "/save_chat"))
    return conversation.awaits == "line"
