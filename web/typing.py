"""Who is writing just now: in memory, gone after a moment, never in the log."""

import time

LASTS_S = 6.0


def name_typing(conversation_id: str) -> str:
    """The wake-up topic of signs of writing: apart from the log's, so that they wake only who shows them."""
    return f"typing {conversation_id}"


class Typing:
    """The last sign of writing, by conversation and author."""

    def __init__(self) -> None:
        self._until: dict[str, dict[str, float]] = {}

    def start(self, conversation_id: str, author: str) -> None:
        """Somebody writes."""
        self._until.setdefault(conversation_id, {})[author] = time.monotonic() + LASTS_S

    def stop(self, conversation_id: str, author: str) -> None:
        """Somebody has stopped."""
        writers = self._until.get(conversation_id, {})
        writers.pop(author, None)
        if not writers:
            self._until.pop(conversation_id, None)

    def find(self, conversation_id: str, *, besides: str) -> str | None:
        """An author who writes in a conversation, other than `besides`."""
        now = time.monotonic()
        writers = {author: until for author, until in self._until.get(conversation_id, {}).items() if until > now}
        if writers:
            self._until[conversation_id] = writers
        else:
            self._until.pop(conversation_id, None)
        return next((author for author in sorted(writers) if author != besides), None)

    def is_writing(self, conversation_id: str, author: str) -> bool:
        """Whether an author writes in a conversation just now."""
        return self._until.get(conversation_id, {}).get(author, 0.0) > time.monotonic()
