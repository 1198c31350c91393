"""When a limit of a talk is reached, and what is to be done then. Pure: the row, the desk, who is there, the machine's clock.

The gateway looks every second (`web/watch.py`) and does the step in a transaction of its own, after asking again.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from data.desk import Desk
from data.handoffs import Handoff
from data.presence import Colleague, choose_next, is_anybody_there

AWAY_AFTER_S = 60.0
type What = Literal["tell_wait", "rephase", "give_to", "give_back", "abandon", "time_out", "mark"]


@dataclass(frozen=True)
class Step:
    """What is to be done. `phase` for rephase and mark, `username` for give_to, `why` for give_back: silent or gone."""

    what: What
    phase: str = ""
    username: str = ""
    why: str = ""


def choose_phase(*, is_open: bool, colleagues: Collection[Colleague], team: str | None) -> str:
    """How a wait stands: with somebody there it is a queue; else it is after hours, or everybody is away."""
    if is_anybody_there(colleagues, team):
        return "queued"
    return "no_agent" if is_open else "closed_hours"


def find_step(
    handoff: Handoff, desk: Desk, *, now: float, is_open: bool, colleagues: Collection[Colleague]
) -> Step | None:
    """What is due for an open handoff at a moment, or None."""
    if handoff.state == "claimed":
        return _find_talk_step(handoff, desk, now=now, colleagues=colleagues)
    if handoff.state == "waiting":
        return _find_wait_step(handoff, desk, now=now, is_open=is_open, colleagues=colleagues)
    return None


def _find_talk_step(handoff: Handoff, desk: Desk, *, now: float, colleagues: Collection[Colleague]) -> Step | None:
    holder = next((one for one in colleagues if one.username == handoff.claimed_by), None)
    # whoever is passed a talk has as long to appear as one who left
    unseen_s = now - max(holder.seen_at, handoff.told_at) if holder is not None else desk.offline_s + 1
    if unseen_s > desk.offline_s:
        return Step("give_back", why="gone")
    if handoff.unanswered_since is not None and now - handoff.unanswered_since > desk.answer_s:
        return Step("give_back", why="silent")
    away_s = now - handoff.customer_seen_at
    if handoff.unanswered_since is None and now - max(handoff.customer_seen_at, handoff.told_at) > desk.customer_away_s:
        return Step("abandon")
    present = "agent_away" if unseen_s > desk.offline_s / 2 else "active"
    phase = "customer_away" if away_s > AWAY_AFTER_S else present
    return Step("mark", phase=phase) if phase != handoff.phase else None


def _find_wait_step(
    handoff: Handoff, desk: Desk, *, now: float, is_open: bool, colleagues: Collection[Colleague]
) -> Step | None:
    away_s = now - handoff.customer_seen_at
    if handoff.has_message and now - handoff.queued_at > desk.message_s:
        return Step("time_out")
    if not handoff.has_message and away_s > desk.customer_away_s:
        return Step("abandon")
    phase = choose_phase(is_open=is_open, colleagues=colleagues, team=handoff.team)
    if phase != handoff.phase:
        return Step("rephase", phase=phase)
    if desk.routing == "round_robin" and phase == "queued":
        free = choose_next(colleagues, handoff.team)
        if free is not None:
            return Step("give_to", username=free.username)
    if phase == "queued" and not handoff.has_message and now - handoff.told_at > desk.wait_s and away_s <= AWAY_AFTER_S:
        return Step("tell_wait")
    return None
