"""What the bot's pipeline found of the shop's common questions, as the action server and the figures read it.

From `SURE` on the answer is given, from `MAYBE` on the likeliest are offered to choose from, below that nothing was found. The
confidence is calibrated (encoder/questions.py); how the two were chosen stands in docs/understanding.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

SURE, MAYBE = 0.7, 0.15


@dataclass(frozen=True)
class Asked:
    """A question that a message may ask: its id and title when the bot was trained, and the confidence, 0 to 1."""

    question_id: str
    title: str
    confidence: float


def read_asked(latest: Mapping[str, Any]) -> list[Asked]:
    """The questions of a message that the bot has read, the likeliest first."""
    return [
        Asked(str(one["id"]), str(one["title"]), float(one["confidence"]))
        for one in latest.get("questions") or ()
        if isinstance(one, Mapping)
    ]
