"""The console's live connection: the queue whenever it changes, and the talk that is open, message by message.

A message of the open talk is pushed by itself as soon as it is in the log. Who waits and who has whom is told at once, what they wrote last
once a second. The queue is worked out once for all consoles, and not again before a quarter of a second or nine times as long has passed
as that took: with hundreds of open talks it may be a second old, the talk never.
"""

import asyncio
import json
import math
import time
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from fastapi import APIRouter, WebSocket
from pydantic import ValidationError

from data.conversations import Message, fetch_transcript, require_conversation
from data.errors import CandorError, NotKnown
from data.handoffs import fetch_handoffs, find_bare_handoff
from data.marks import count_unread, note_staff_mark
from data.presence import touch_presence
from data.staff import Member
from data.staff_sessions import TOUCH_EVERY_S
from web.errors import describe_error
from web.house import House, get_socket_house
from web.live import LOOK_EVERY_S, get_typing, read_frame, refuse, run_together, send_frame
from web.staff import SayIn, describe_handoff, describe_marks, record_look, say
from web.staff_session import find_member, require_same_site
from web.typing import Typing, name_typing
from web.wakeups import QUEUE, ROWS, SESSIONS, name_log, name_marks, wait_for

router = APIRouter()
RESTS_TIMES = 9.0
REST_S = (0.25, 1.0)
CHECK_EVERY_S = 5.0
USE_EVERY_S = 15.0


class Board:
    """The queue as it was last worked out, shared by every console of this process."""

    def __init__(self) -> None:
        self._text = ""
        self._began_at = self._rests_until = 0.0
        self._lock = asyncio.Lock()

    async def read(self, house: House, typing: Typing, *, since: float) -> str:
        """The queue's frame as of `since` (monotonic seconds) or later."""
        async with self._lock:
            if self._began_at >= since:
                return self._text
            await asyncio.sleep(max(0.0, self._rests_until - time.monotonic()))
            self._began_at = time.monotonic()
            listed = await house.do(lambda: _list_open(house, typing))
            told = {"type": "queue", "handoffs": listed, "bot": "down" if house.bot.is_failing else "ok"}
            self._text = json.dumps(told, ensure_ascii=False)
            took_s = time.monotonic() - self._began_at
            self._rests_until = time.monotonic() + min(max(REST_S[0], RESTS_TIMES * took_s), REST_S[1])
            return self._text


@dataclass
class Watched:
    """The talk that a console has open, and how far it has been told. `woken` is set when it is another one."""

    conversation_id: str | None = None
    after: int = 0
    woken: asyncio.Event = field(default_factory=asyncio.Event)


@router.websocket("/staff/api/live")
async def live_staff(socket: WebSocket) -> None:
    """The console's live connection."""
    house = get_socket_house(socket)
    await socket.accept()
    try:
        require_same_site(socket)
        member = await house.do(lambda: find_member(socket, house))
        if member is None:
            raise NotKnown("Nobody is signed in. Sign in at /staff.")
    except CandorError as error:
        await refuse(socket, error)
        return
    watched = Watched()
    await run_together(
        socket,
        lambda: _hear(socket, house, member, watched),
        lambda: _keep_session(socket, house, member.username),
        lambda: _tell_queue(socket, house),
        lambda: _tell_talk(socket, house, watched),
    )


async def _hear(socket: WebSocket, house: House, member: Member, watched: Watched) -> None:
    used_at = -USE_EVERY_S
    while True:
        frame = await read_frame(socket)
        if time.monotonic() - used_at > USE_EVERY_S:  # somebody is at the keys: the session is not idle
            await house.do(lambda: find_member(socket, house))
            used_at = time.monotonic()
        conversation_id = frame.get("conversation_id")
        if frame.get("type") == "watch":
            after = frame.get("after", 0)
            try:
                if isinstance(conversation_id, str):
                    await house.do(partial(_look_at, house, conversation_id, member))
            except NotKnown as error:
                conversation_id = None
                await send_frame(socket, {"type": "error", **describe_error(error.code, error.message, error.details)})
            watched.conversation_id = conversation_id if isinstance(conversation_id, str) else None
            watched.after = after if isinstance(after, int) else 0
            watched.woken.set()
        if not isinstance(conversation_id, str):
            continue
        number = frame.get("number")
        if frame.get("type") == "message":
            await _say(socket, house, member, conversation_id, frame)
        if frame.get("type") == "seen" and isinstance(number, int):
            await house.do(partial(_mark_read, house, conversation_id, member, number))
        if frame.get("type") == "typing":
            get_typing(socket).start(conversation_id, member.name)
            house.wakeups.ring(name_typing(conversation_id))


async def _say(socket: WebSocket, house: House, member: Member, conversation_id: str, frame: dict[str, Any]) -> None:
    """A message or a note, as by `POST`; answered by an `ack` or an `error` with its client_id."""
    told: dict[str, Any] = {"client_id": frame.get("client_id")}
    try:
        body = SayIn.model_validate({name: frame[name] for name in ("client_id", "text", "private") if name in frame})
        seq, _ = await say(house, member, conversation_id, body)
        told |= {"type": "ack", "seq": seq}
    except ValidationError as error:
        problem = error.errors()[0]
        told |= {"type": "error", **describe_error("bad_input", f"{problem['msg']}. Mend the message.")}
    except CandorError as error:
        told |= {"type": "error", **describe_error(error.code, error.message, error.details)}
    await send_frame(socket, told)


def _look_at(house: House, conversation_id: str, member: Member) -> None:
    """Whoever opens a talk reads of a customer: recorded for them, as when it is asked for over HTTP."""
    with house.database.write() as connection:
        conversation = require_conversation(connection, conversation_id)
        if conversation.person_id is not None:
            detail = {"conversation_id": conversation_id, "read": True}
            record_look(connection, house, conversation.person_id, member, detail, what_for="handoff")


def _mark_read(house: House, conversation_id: str, member: Member, number: int) -> None:
    """A claimed talk is read by who has it, a waiting one by anybody who may claim it."""
    with house.database.write() as connection:
        handoff = find_bare_handoff(connection, conversation_id)
        if handoff is None or handoff.claimed_by not in (None, member.username):
            return
        newest = require_conversation(connection, conversation_id).last_number
        has_moved = number > 0 and note_staff_mark(connection, conversation_id, min(number, newest))
    if has_moved:
        house.wakeups.ring(ROWS)


async def _keep_session(socket: WebSocket, house: House, username: str) -> None:
    """Ends the connection with the session, and keeps its holder present: an open console is a sign of life, and no use."""
    present_at = time.monotonic()
    with house.wakeups.listen(SESSIONS) as woken:
        while True:
            woken.clear()
            if await house.do(lambda: find_member(socket, house, is_use=False)) is None:
                raise NotKnown("Your session has ended. Sign in at /staff.")
            if time.monotonic() - present_at > TOUCH_EVERY_S:
                await house.do(partial(_keep_present, house, username))
                present_at = time.monotonic()
            await wait_for(woken, CHECK_EVERY_S)


async def _tell_queue(socket: WebSocket, house: House) -> None:
    """Sends `{type: queue, handoffs, bot}` whenever the queue or one of its conversations changed."""
    told: str | None = None
    board: Board = socket.app.state.board
    since = time.monotonic()
    with house.wakeups.listen(QUEUE) as changed, house.wakeups.listen(ROWS) as touched:
        while True:
            changed.clear()
            touched.clear()
            text = await board.read(house, get_typing(socket), since=since)
            if text != told:
                await socket.send_text(text)
                told = text
            since = await wait_for_news(changed, touched)


async def wait_for_news(changed: asyncio.Event, touched: asyncio.Event) -> float:
    """As of when (monotonic seconds) the queue is wanted next: now when it is another one, at a full second when only its words are others.

    The same full second for every console, so that it is worked out once.
    """
    for _ in range(round(LOOK_EVERY_S)):
        second = math.floor(time.monotonic()) + 1
        if await wait_for(changed, second + 0.01 - time.monotonic()):  # a timer may be a millisecond early
            break
        if touched.is_set():
            return second
    return time.monotonic()


async def _tell_talk(socket: WebSocket, house: House, watched: Watched) -> None:
    """Sends `{type: message, conversation_id, message}` for the open talk as soon as one is in the log, notes too; and its marks."""
    while True:
        conversation_id = watched.conversation_id
        if conversation_id is None:
            await watched.woken.wait()
            watched.woken.clear()
            continue
        marks: dict[str, int] = {}
        look_at = 0.0
        with (
            house.tails.listen(conversation_id),
            house.wakeups.listen(
                conversation_id, name_log(conversation_id), name_marks(conversation_id), event=watched.woken
            ),
        ):
            while watched.conversation_id == conversation_id:
                watched.woken.clear()
                known = marks
                news = house.tails.read(conversation_id, after=watched.after, by="number")
                if news is None or time.monotonic() >= look_at:
                    look_at = time.monotonic() + LOOK_EVERY_S
                    looked = await house.do(partial(_read_on, house, conversation_id, watched.after))
                    news, known = looked
                for message in news:
                    told = message.describe() | {"number": message.number, "private": message.private}
                    await send_frame(socket, {"type": "message", "conversation_id": conversation_id, "message": told})
                    watched.after = message.number
                now = house.tails.read_marks(conversation_id, known)
                if now != marks:
                    await send_frame(socket, {"type": "marks", "conversation_id": conversation_id, **now})
                    marks = now
                await wait_for(watched.woken, LOOK_EVERY_S)


def _read_on(house: House, conversation_id: str, after: int) -> tuple[list[Message], dict[str, int]]:
    with house.database.read() as connection:
        news = fetch_transcript(connection, conversation_id, after=after)
        return news, describe_marks(connection, conversation_id)


def _keep_present(house: House, username: str) -> None:
    with house.database.write() as connection:
        touch_presence(connection, username, now=house.clock.machine_seconds())


def _list_open(house: House, typing: Typing) -> list[dict[str, Any]]:
    with house.database.read() as connection:
        unread = count_unread(connection)
        return [
            describe_handoff(connection, house, handoff, unread=unread)
            | {"is_typing": typing.is_writing(handoff.conversation_id, "customer")}
            for handoff in fetch_handoffs(connection)
        ]
