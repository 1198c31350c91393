"""Wake-ups: "look again", never the news itself. A lost one loses nothing, since the log is the truth.

On one machine they stay inside the process. Waiters ask for a conversation, for the queue (`QUEUE`: who waits, who has whom), for what its
rows say besides (`ROWS`: the last message, what is unread, who is writing) or for the sessions of staff (`SESSIONS`: one was ended, or its
member is another); a waiter is told once and then reads the database.
"""

import asyncio
import threading
from collections import defaultdict
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

QUEUE = "queue"
ROWS = "rows"
SESSIONS = "sessions"


def name_log(conversation_id: str) -> str:
    """The topic of a message that changes nothing but the log. A conversation's own id means: look at everything."""
    return f"log {conversation_id}"


def name_marks(conversation_id: str) -> str:
    """The topic of how far a conversation has been read: only the console that has it open listens."""
    return f"marks {conversation_id}"


class Wakeups:
    """Topics and who waits for them. `ring` may be called from any thread."""

    def __init__(self) -> None:
        self._waiting: defaultdict[str, set[asyncio.Event]] = defaultdict(set)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: int | None = None

    def attach(self) -> None:
        """Remember the running loop; called once at start."""
        self._loop = asyncio.get_running_loop()
        self._thread = threading.get_ident()

    def ring(self, *topics: str) -> None:
        """Tell everybody who waits for a topic to look again."""
        if self._loop is None:
            return
        if self._thread == threading.get_ident():
            self._ring(topics)
        else:
            self._loop.call_soon_threadsafe(self._ring, topics)

    def _ring(self, topics: tuple[str, ...]) -> None:
        for topic in topics:
            for event in self._waiting.get(topic, ()):
                event.set()

    def wait_for(self, work: Coroutine[Any, Any, bool], *, within_s: float) -> bool:
        """Do something on the loop from a thread, and wait for it; False when it was not done in time."""
        if self._loop is None:
            work.close()
            return False
        try:
            return asyncio.run_coroutine_threadsafe(work, self._loop).result(within_s)
        except TimeoutError:
            return False

    @contextmanager
    def listen(self, *topics: str, event: asyncio.Event | None = None) -> Iterator[asyncio.Event]:
        """An event (one's own, or a new one) that is set when a topic rings. Clear it before looking, so that nothing falls between."""
        event = event or asyncio.Event()
        for topic in topics:
            self._waiting[topic].add(event)
        try:
            yield event
        finally:
            for topic in topics:
                self._waiting[topic].discard(event)
                if not self._waiting[topic]:
                    del self._waiting[topic]


async def wait_for(event: asyncio.Event, timeout_s: float) -> bool:
    """Whether the event was set within the time."""
    try:
        await asyncio.wait_for(event.wait(), timeout_s)
    except TimeoutError:
        return False
    return True
