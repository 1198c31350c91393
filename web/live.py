"""Live connections: the same log and the same rules as over HTTP, pushed instead of asked for.

A customer's socket sends its token in the first frame, never in the address. Both sockets look at the log when they are
woken (or every few seconds, in case a wake-up was lost), so they can miss nothing and order is the log's; a message that has just been
committed in this process is taken from `web/tails.py`.
"""

import asyncio
import contextlib
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import anyio
from fastapi import APIRouter, WebSocket, WebSocketDisconnect
from pydantic import ValidationError
from sqlalchemy import Connection
from starlette.websockets import WebSocketDisconnected

from data.access import access_conversation
from data.conversations import Message, fetch_messages
from data.errors import BadInput, CandorError, NotAllowed, NotKnown
from data.marks import note_delivered, note_seen_mark
from web.conversations import describe_state, note_seen
from web.errors import describe_error
from web.house import House, get_socket_house
from web.inbox import MessageIn, receive_message
from web.typing import Typing, name_typing
from web.wakeups import ROWS, name_log, name_marks, wait_for

router = APIRouter()
AUTH_WITHIN_S = 10.0
LOOK_EVERY_S = 5.0
MARK_EVERY_S = 1.0
LARGEST_FRAME = 32_768
LARGEST_SEQ = 2**31 - 1
GONE = 1008


@router.websocket("/api/conversations/{conversation_id}/live")
async def live_customer(socket: WebSocket, conversation_id: str) -> None:
    """The customer's live connection."""
    house = get_socket_house(socket)
    await socket.accept()
    try:
        async with asyncio.timeout(AUTH_WITHIN_S):
            first = await read_frame(socket)
        token, after = str(first.get("token", "")), first.get("after", 0)
        if first.get("type") != "auth" or not isinstance(after, int):
            raise NotKnown("The first frame is {type: auth, token, after}.")
        await house.do(lambda: _check(house, token, conversation_id))
    except (CandorError, TimeoutError) as error:
        await refuse(socket, error if isinstance(error, CandorError) else NotKnown("No auth frame came in time."))
        return
    except WebSocketDisconnect:
        return
    delivered = Delivered()
    await run_together(
        socket,
        lambda: _hear_customer(socket, house, conversation_id, token),
        lambda: _tell_customer(socket, house, conversation_id, token, after, delivered),
        lambda: _mark_delivered(house, conversation_id, delivered),
    )


def _check(house: House, token: str, conversation_id: str) -> None:
    with house.database.read() as connection:
        access_conversation(connection, token, conversation_id)


async def _hear_customer(socket: WebSocket, house: House, conversation_id: str, token: str) -> None:
    signal = socket.headers.get("sec-gpc") == "1"
    while True:
        frame: dict[str, Any] = {}
        try:
            frame = await read_frame(socket)
            if frame.get("type") == "typing":
                get_typing(socket).start(conversation_id, "customer")
                house.wakeups.ring(name_typing(conversation_id), ROWS)
                continue
            if frame.get("type") == "seen":
                seq = frame.get("seq")
                if not isinstance(seq, int) or isinstance(seq, bool) or not 0 < seq <= LARGEST_SEQ:
                    raise BadInput("seq is the number of the last message that was shown.", field="seq")
                await _mark_seen(house, conversation_id, seq, token=token)
                continue
            if frame.get("type") != "message":
                raise NotAllowed(f"Frame type {frame.get('type')!r} is unknown; send message, typing or seen.")
            body = MessageIn.model_validate(
                {name: frame[name] for name in ("client_id", "text", "payload") if name in frame}
            )
            received = await receive_message(house, token, conversation_id, body, signal=signal, is_known=True)
            if received.turn is not None:
                socket.app.state.turns.take(conversation_id, received.turn)
            get_typing(socket).stop(conversation_id, "customer")
            await send_frame(socket, {"type": "ack", "client_id": body.client_id, "seq": received.seq})
        except ValidationError as error:
            problem = error.errors()[0]
            await send_frame(
                socket, {"type": "error", **describe_error("bad_input", f"{problem['msg']}. Mend the message.")}
            )
        except CandorError as error:
            client_id = frame.get("client_id")
            await send_frame(
                socket,
                {"type": "error", "client_id": client_id, **describe_error(error.code, error.message, error.details)},
            )


@dataclass
class Delivered:
    """Up to which message of a person this connection took them."""

    seq: int = 0
    woken: asyncio.Event = field(default_factory=asyncio.Event)

    def note(self, sent: list[Message]) -> None:
        """Messages went over the line."""
        newest = max((message.seq or 0 for message in sent if message.author == "human"), default=0)
        if newest > self.seq:
            self.seq = newest
            self.woken.set()


async def _mark_delivered(house: House, conversation_id: str, delivered: Delivered) -> None:
    """Writes the mark at once, and then at most once a second: it is no part of the message's way."""
    seq = 0

    def work(connection: Connection) -> bool:
        return note_delivered(connection, conversation_id, seq)

    while True:
        await delivered.woken.wait()
        delivered.woken.clear()
        seq = delivered.seq
        if await house.write(work):
            house.tails.move_marks(conversation_id, delivered=seq)
            house.wakeups.ring(name_marks(conversation_id))
        await asyncio.sleep(MARK_EVERY_S)


async def _tell_customer(
    socket: WebSocket, house: House, conversation_id: str, token: str, after: int, delivered: Delivered
) -> None:
    state: dict[str, Any] = {}
    told_state: dict[str, Any] = {}
    told_typing: str | None = None
    look_at = 0.0
    with (
        house.tails.listen(conversation_id),
        house.wakeups.listen(conversation_id, name_log(conversation_id), name_typing(conversation_id)) as woken,
        house.wakeups.listen(conversation_id) as changed,
    ):
        while True:
            woken.clear()
            news = house.tails.read(conversation_id, after=after, by="seq")
            if news is None or changed.is_set() or time.monotonic() >= look_at:
                changed.clear()
                look_at = time.monotonic() + LOOK_EVERY_S
                found, state = await house.do(partial(_look, house, token, conversation_id, after))
                news = found
            for message in news:
                await send_frame(socket, {"type": "message", "message": message.describe()})
                after = message.seq or after
            delivered.note(news)
            if state != told_state:
                await send_frame(socket, {"type": "state", **state})
                told_state = state
            author = get_typing(socket).find(conversation_id, besides="customer")
            if author is not None and author != told_typing:
                await send_frame(socket, {"type": "typing", "author": author})
            told_typing = author
            await wait_for(woken, LOOK_EVERY_S)


def _look(house: House, token: str, conversation_id: str, after: int) -> tuple[list[Message], dict[str, Any]]:
    with house.database.read() as connection:
        access = access_conversation(connection, token, conversation_id)
        messages = (
            fetch_messages(connection, conversation_id, after=after) if access.conversation.last_seq > after else []
        )
        state = describe_state(connection, access)
    note_seen(house, access.conversation)
    return messages, state


async def _mark_seen(house: House, conversation_id: str, seq: int, *, token: str) -> None:
    """How far a person's messages were shown. `token`: that of who says so, looked at again."""

    def work(connection: Connection) -> int | None:
        access_conversation(connection, token, conversation_id)
        return note_seen_mark(connection, conversation_id, seq)

    newest = await house.write(work)
    if newest is not None:
        house.tails.move_marks(conversation_id, delivered=newest, seen=newest)
        house.wakeups.ring(name_marks(conversation_id))


def get_typing(socket: WebSocket) -> Typing:
    typing: Typing = socket.app.state.typing
    return typing


async def read_frame(socket: WebSocket) -> dict[str, Any]:
    received = await socket.receive()
    if received["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(received.get("code", 1000))
    text = received.get("text")
    if text is None:
        raise NotAllowed("A binary frame; send JSON as text.")
    if len(text) > LARGEST_FRAME:
        raise NotAllowed(f"A frame of {len(text)} characters; at most {LARGEST_FRAME} are taken.")
    try:
        frame = json.loads(text)
    except ValueError as error:
        raise NotAllowed("A frame that is not JSON.") from error
    if not isinstance(frame, dict):
        raise NotAllowed("A frame is a JSON object with a type.")
    return frame


async def send_frame(socket: WebSocket, frame: dict[str, Any]) -> None:
    await socket.send_text(json.dumps(frame, ensure_ascii=False))


async def refuse(socket: WebSocket, error: CandorError) -> None:
    with contextlib.suppress(RuntimeError, WebSocketDisconnect):
        await send_frame(socket, {"type": "error", **describe_error(error.code, error.message, error.details)})
        await socket.close(GONE)


async def run_together(socket: WebSocket, *works: Callable[[], Awaitable[None]]) -> None:
    """Hear and tell at the same time; when one ends, so does the other. A connection that goes away is no error.

    A conversation that is no longer there (erased, or its token ended) closes the connection, as it would refuse it.
    """
    async with anyio.create_task_group() as group:

        async def run(work: Callable[[], Awaitable[None]]) -> None:
            with contextlib.suppress(WebSocketDisconnect, WebSocketDisconnected):
                try:
                    await work()
                except CandorError as error:
                    await refuse(socket, error)
            group.cancel_scope.cancel()

        for work in works:
            group.start_soon(run, work)
