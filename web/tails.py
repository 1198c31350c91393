"""The newest messages and marks of the talks that somebody listens to in this process, so that what was just committed need not be read again.

Only a shortcut: what is not here, or came by another process, is read from the database. Nothing is kept of a talk once nobody listens.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from data.appended import Appended
from data.conversations import Message

KEEPS = 50


class _Tail:
    def __init__(self) -> None:
        self.listeners = 0
        self.messages: list[Message] = []
        self.marks = {"delivered": 0, "seen": 0}


class Tails:
    """The tails by conversation. Threads share it."""

    def __init__(self) -> None:
        self._tails: dict[str, _Tail] = {}
        self._lock = threading.Lock()

    def hear(self, appended: Appended) -> None:
        """Take what was committed, in whatever order its transactions come."""
        with self._lock:
            for conversation_id, messages in appended:
                tail = self._tails.get(conversation_id)
                if tail is not None:
                    tail.messages = sorted([*tail.messages, *messages], key=lambda one: one.number)[-KEEPS:]

    def move_marks(self, conversation_id: str, **to: int) -> None:
        """Take how far a person's messages came (`delivered`, `seen`: a seq), once committed. A mark only moves on."""
        with self._lock:
            tail = self._tails.get(conversation_id)
            if tail is not None:
                tail.marks = {name: max(mark, to.get(name, 0)) for name, mark in tail.marks.items()}

    def read_marks(self, conversation_id: str, known: dict[str, int]) -> dict[str, int]:
        """The marks as far as they are known: to who asks, and here."""
        with self._lock:
            tail = self._tails.get(conversation_id)
            return {name: max(mark, tail.marks[name]) for name, mark in known.items()} if tail is not None else known

    @contextmanager
    def listen(self, conversation_id: str) -> Iterator[None]:
        """Keep a conversation's tail meanwhile."""
        with self._lock:
            tail = self._tails.setdefault(conversation_id, _Tail())
            tail.listeners += 1
        try:
            yield
        finally:
            with self._lock:
                tail.listeners -= 1
                if not tail.listeners:
                    del self._tails[conversation_id]

    def read(self, conversation_id: str, *, after: int, by: Literal["seq", "number"]) -> list[Message] | None:
        """The messages right after a seq or number, in order; None when one is missing here and the log must be read."""
        with self._lock:
            tail = self._tails.get(conversation_id)
            known = tail.messages if tail is not None else []
        news = []
        for message in known:
            place = message.seq if by == "seq" else message.number
            if place is None or place <= after:
                continue
            if place != after + 1:
                return None
            news.append(message)
            after = place
        return news
