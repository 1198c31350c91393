"""A tracker store that is small and forgets.

Rasa's own in-memory store keeps every sender for ever and every turn of each, so a turn grows from 34 ms to 261 ms over 500
turns. Nothing here needs that past: the conversation is kept in the shop's database, and each rule looks at one message. So a
tracker keeps its last few turns, a sender that was quiet is forgotten after `forget_after_s` of the machine's clock, and over
`most_trackers` the one that was quiet longest goes first. Losing a tracker loses nothing that a customer would miss.
"""

from __future__ import annotations

import json
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import Any

from rasa.core.brokers.broker import EventBroker
from rasa.core.tracker_store import SerializedTrackerAsText, TrackerStore
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import UserUttered
from rasa.shared.core.trackers import DialogueStateTracker


class BoundedTrackerStore(TrackerStore, SerializedTrackerAsText):
    """Keeps at most `most_trackers` senders, each for `forget_after_s` after its last turn, each with `keep_turns` turns."""

    def __init__(
        self,
        domain: Domain | None,
        event_broker: EventBroker | None = None,
        most_trackers: int = 2000,
        forget_after_s: float = 1800.0,
        keep_turns: int = 5,
        clock: Callable[[], float] = time.monotonic,
        **kwargs: Any,
    ) -> None:
        """Rasa builds it from endpoints.yml; a test passes its own clock."""
        if most_trackers < 1 or keep_turns < 1 or forget_after_s <= 0:
            raise ValueError(
                f"tracker_store needs most_trackers >= 1, keep_turns >= 1 and forget_after_s > 0, got {most_trackers}, {keep_turns} and "
                f"{forget_after_s}. Mend it in bot/endpoints.yml."
            )
        self._most_trackers, self._forget_after_s, self._keep_turns = most_trackers, forget_after_s, keep_turns
        self._clock = clock
        self._kept: OrderedDict[str, tuple[float, str]] = OrderedDict()
        super().__init__(domain, event_broker, **kwargs)

    async def save(self, tracker: DialogueStateTracker) -> None:
        """Keep the tracker's last turns, and forget what is due."""
        await self.stream_events(tracker)
        state = tracker.as_dialogue().as_dict()
        state["events"] = _keep_last_turns(list(tracker.events), state["events"], self._keep_turns)
        self._kept[tracker.sender_id] = (self._clock(), json.dumps(state))
        self._kept.move_to_end(tracker.sender_id)
        self._forget()

    async def retrieve(self, sender_id: str) -> DialogueStateTracker | None:
        """The sender's tracker, or None when it is new or forgotten."""
        self._forget()
        kept = self._kept.get(sender_id)
        return None if kept is None else self.deserialise_tracker(sender_id, kept[1])

    async def delete(self, sender_id: str) -> bool:
        """Forget a sender now. True when there was something to forget."""
        return self._kept.pop(sender_id, None) is not None

    async def keys(self) -> Iterable[str]:
        """The senders kept now."""
        self._forget()
        return list(self._kept)

    def _forget(self) -> None:
        due = self._clock() - self._forget_after_s
        while self._kept and (len(self._kept) > self._most_trackers or next(iter(self._kept.values()))[0] < due):
            self._kept.popitem(last=False)


def _keep_last_turns(events: list[Any], kept: list[Any], turns: int) -> list[Any]:
    """Events from the message `turns` back on, with the listening before it, so that a rule sees a whole turn."""
    starts = [index for index, event in enumerate(events) if isinstance(event, UserUttered)]
    if len(starts) <= turns:
        return kept
    return kept[max(0, starts[-turns] - 1) :]
