"""Live connections: the same log and the same rules as over HTTP, pushed instead of asked for.

A customer's socket sends its token in the first frame, never in the address. Both sockets only look at the log when they are
woken (or every few seconds, in case a wake-up was lost), so they can miss nothing and order is the log's.
"""

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import anyio
from fastapi import APIRouter, WebSocket, WebSocketDisconnect
from pydantic import ValidationError

from data.access import access_conversation
from data.conversations import fetch_messages
from data.errors import CandorError, NotAllowed, NotKnown
from data.handoffs import fetch_handoffs
from web.conversations import describe_state
from web.errors import describe_error
from web.house import House, get_socket_house
from web.inbox import MessageIn, receive_message
from web.staff import describe_handoff
from web.staff_session import find_member, require_same_site
from web.typing import Typing, name_typing
from web.wakeups import QUEUE, wait_for

router = APIRouter()
AUTH_WITHIN_S = 10.0
LOOK_EVERY_S = 5.0
LARGEST_FRAME = 32_768
GONE = 1008


@router.websocket("/api/conversations/{conversation_id}/live")
async def live_customer(socket: WebSocket, conversation_id: str) -> None:
    """The customer's live connection."""
    house = get_socket_house(socket)
    await socket.accept()
    try:
        async with asyncio.timeout(AUTH_WITHIN_S):
            first = await _read_frame(socket)
        token, after = str(first.get("token", "")), first.get("after", 0)
        if first.get("type") != "auth" or not isinstance(after, int):
            raise NotKnown("The first frame is {type: auth, token, after}.")
        await house.do(lambda: _check(house, token, conversation_id))
    except (CandorError, TimeoutError) as error:
        await _refuse(socket, error if isinstance(error, CandorError) else NotKnown("No auth frame came in time."))
        return
    except WebSocketDisconnect:
        return
    await _run_both(
        lambda: _hear_customer(socket, house, conversation_id, token),
        lambda: _tell_customer(socket, house, conversation_id, token, after),
    )


def _check(house: House, token: str, conversation_id: str) -> None:
    with house.database.read() as connection:
        access_conversation(connection, token, conversation_id)


async def _hear_customer(socket: WebSocket, house: House, conversation_id: str, token: str) -> None:
    signal = socket.headers.get("sec-gpc") == "1"
    while True:
        frame: dict[str, Any] = {}
        try:
            frame = await _read_frame(socket)
            if frame.get("type") == "typing":
                _get_typing(socket).start(conversation_id, "customer")
                house.wakeups.ring(name_typing(conversation_id), QUEUE)
                continue
            if frame.get("type") != "message":
                raise NotAllowed(f"Frame type {frame.get('type')!r} is unknown; send message or typing.")
            body = MessageIn.model_validate(
                {name: frame[name] for name in ("client_id", "text", "payload") if name in frame}
            )
            received = await house.do(partial(receive_message, house, token, conversation_id, body, signal=signal))
            if received.is_new:
                socket.app.state.turns.take(conversation_id, received.turn)
            await _send(socket, {"type": "ack", "client_id": body.client_id, "seq": received.seq})
        except ValidationError as error:
            problem = error.errors()[0]
            await _send(
                socket, {"type": "error", **describe_error("bad_input", f"{problem['msg']}. Mend the message.")}
            )
        except CandorError as error:
            client_id = frame.get("client_id")
            await _send(
                socket,
                {"type": "error", "client_id": client_id, **describe_error(error.code, error.message, error.details)},
            )


async def _tell_customer(socket: WebSocket, house: House, conversation_id: str, token: str, after: int) -> None:
    told_state: dict[str, Any] | None = None
    told_typing: str | None = None
    with house.wakeups.listen(conversation_id, name_typing(conversation_id)) as woken:
        while True:
            woken.clear()
            messages, state = await house.do(partial(_look, house, token, conversation_id, after))
            for message in messages:
                await _send(socket, {"type": "message", "message": message})
                after = message["seq"]
            if state != told_state:
                await _send(socket, {"type": "state", **state})
                told_state = state
            author = _get_typing(socket).find(conversation_id, besides="customer")
            if author is not None and author != told_typing:
                await _send(socket, {"type": "typing", "author": author})
            told_typing = author
            await wait_for(woken, LOOK_EVERY_S)


def _look(house: House, token: str, conversation_id: str, after: int) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    with house.database.read() as connection:
        access = access_conversation(connection, token, conversation_id)
        messages = (
            fetch_messages(connection, conversation_id, after=after) if access.conversation.last_seq > after else []
        )
        return [message.describe() for message in messages], describe_state(connection, access)


@router.websocket("/staff/api/live")
async def live_staff(socket: WebSocket) -> None:
    """The console's live connection: the queue, and a ring for each conversation that is watched."""
    house = get_socket_house(socket)
    await socket.accept()
    try:
        require_same_site(socket)
        member = await house.do(lambda: find_member(socket, house))
        if member is None:
            raise NotKnown("Nobody is signed in. Sign in at /staff.")
    except CandorError as error:
        await _refuse(socket, error)
        return
    await _run_both(lambda: _hear_staff(socket, house, member.name), lambda: _tell_staff(socket, house))


async def _hear_staff(socket: WebSocket, house: House, name: str) -> None:
    while True:
        frame = await _read_frame(socket)
        if frame.get("type") == "typing" and isinstance(frame.get("conversation_id"), str):
            _get_typing(socket).start(frame["conversation_id"], name)
            house.wakeups.ring(name_typing(frame["conversation_id"]))


async def _tell_staff(socket: WebSocket, house: House) -> None:
    """Sends `{type: queue, handoffs, bot}` whenever the queue or one of its conversations changed."""
    told: str | None = None
    typing = _get_typing(socket)
    with house.wakeups.listen(QUEUE) as woken:
        while True:
            woken.clear()
            if await house.do(lambda: find_member(socket, house)) is None:
                await _refuse(socket, NotKnown("Your session has ended. Sign in at /staff."))
                return
            frame = {"type": "queue", "handoffs": await house.do(lambda: _list_open(house, typing))}
            text = json.dumps(frame)
            if text != told:
                await socket.send_text(text)
                told = text
            await wait_for(woken, LOOK_EVERY_S)


def _list_open(house: House, typing: Typing) -> list[dict[str, Any]]:
    with house.database.read() as connection:
        return [
            describe_handoff(connection, handoff)
            | {"is_typing": typing.is_writing(handoff.conversation_id, "customer")}
            for handoff in fetch_handoffs(connection)
        ]


def _get_typing(socket: WebSocket) -> Typing:
    typing: Typing = socket.app.state.typing
    return typing


async def _read_frame(socket: WebSocket) -> dict[str, Any]:
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


async def _send(socket: WebSocket, frame: dict[str, Any]) -> None:
    await socket.send_text(json.dumps(frame, ensure_ascii=False))


async def _refuse(socket: WebSocket, error: CandorError) -> None:
    with contextlib.suppress(RuntimeError, WebSocketDisconnect):
        await _send(socket, {"type": "error", **describe_error(error.code, error.message, error.details)})
        await socket.close(GONE)


async def _run_both(*works: Callable[[], Awaitable[None]]) -> None:
    """Hear and tell at the same time; when one ends, so does the other. A connection that goes away is no error."""
    async with anyio.create_task_group() as group:

        async def run(work: Callable[[], Awaitable[None]]) -> None:
            with contextlib.suppress(WebSocketDisconnect):
                await work()
            group.cancel_scope.cancel()

        for work in works:
            group.start_soon(run, work)
