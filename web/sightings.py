"""That a customer is there: each read of their conversation is a sign, written at most every quarter of a minute while a handoff is open."""

import time

from data.conversations import Conversation

EVERY_S = 15.0
MOST = 10_000
_OPEN = ("waiting", "human")


class Sightings:
    """When each conversation's customer was last noted, by this process."""

    def __init__(self) -> None:
        self._noted: dict[str, float] = {}

    def is_due(self, conversation: Conversation) -> bool:
        """Whether a sign of life is to be written now; counts it as written."""
        if conversation.state not in _OPEN:
            return False
        now = time.monotonic()
        if now - self._noted.get(conversation.conversation_id, -EVERY_S) < EVERY_S:
            return False
        if len(self._noted) >= MOST:
            self._noted = {one: at for one, at in self._noted.items() if now - at < EVERY_S}
        self._noted[conversation.conversation_id] = now
        return True
