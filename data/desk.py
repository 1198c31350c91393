"""How the shop's people answer: limits of patience, teams, how many talks at once. The table `[handoff]` of shop.toml."""

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from data.shop_values import (
    Unusable,
    is_above_zero,
    read,
    read_list,
    read_table,
    read_whole,
    read_words,
    require_known,
    show,
)

MINUTES = (
    "wait_minutes",
    "answer_minutes",
    "offline_minutes",
    "customer_away_minutes",
    "first_answer_minutes",
    "next_answer_minutes",
)
ROUTINGS = ("pick", "round_robin")


@dataclass(frozen=True)
class Team:
    """Some of the staff. `topics` are the kinds of message (design.md §3) whose handoffs come here."""

    team: str
    title: str
    members: tuple[str, ...]
    topics: tuple[str, ...] = ()


@dataclass(frozen=True)
class Desk:
    """Limits in seconds of the machine's clock.

    Attributes
    ----------
    wait_s
        A customer in the queue hears something at least so often.
    answer_s, offline_s
        A talk whose person says nothing, or is gone, for so long goes back to the front of the queue.
    customer_away_s
        A talk or a wait whose customer has left is ended after so long.
    message_s
        A message that was left is answered within so long, or the customer is told that nobody did.
    first_answer_s, next_answer_s
        What the shop promises itself: over it, the console raises an alarm.
    """

    wait_s: float
    answer_s: float
    offline_s: float
    customer_away_s: float
    message_s: float
    first_answer_s: float
    next_answer_s: float
    talks_at_once: int
    routing: str
    teams: dict[str, Team]

    @property
    def message_time(self) -> timedelta:
        """Within which a message that was left is answered."""
        return timedelta(seconds=self.message_s)

    def find_team(self, topic: str | None) -> str | None:
        """The team for a topic, or None: anybody."""
        return next((team.team for team in self.teams.values() if topic in team.topics), None)


def read_desk(top: dict[str, Any]) -> Desk:
    """The desk of a shop.toml."""
    table = read_table(top, "handoff", (*MINUTES, "message_days", "talks_at_once", "routing", "teams"))
    seconds = {
        name: 60.0 * float(read(table, f"handoff.{name}", "a number of minutes above 0", is_above_zero))
        for name in MINUTES
    }
    expected = f"one of {', '.join(ROUTINGS)}"
    return Desk(
        **{name.replace("_minutes", "_s"): value for name, value in seconds.items()},
        message_s=86_400.0 * read_whole(table, "handoff.message_days"),
        talks_at_once=read_whole(table, "handoff.talks_at_once"),
        routing=read(table, "handoff.routing", expected, lambda value: value in ROUTINGS),
        teams=_read_teams(table.get("teams", {})),
    )


def _read_teams(table: Any) -> dict[str, Team]:
    if not isinstance(table, dict):
        raise Unusable(f"handoff.teams is {show(table)}; expected tables that begin with [handoff.teams.<team>]")
    teams: dict[str, Team] = {}
    for name in table:
        key = f"handoff.teams.{name}"
        if re.fullmatch("[a-z][a-z0-9_]*", name) is None:
            raise Unusable(f"{key} is no name of a team; expected small letters, digits and _")
        team = read(table, key, "a table with title and members", lambda value: isinstance(value, dict))
        require_known(f"{key}.", team, ("title", "members", "topics"))
        teams[name] = Team(
            name,
            read_words(team, f"{key}.title"),
            read_list(team, f"{key}.members", fewest=1),
            read_list({"topics": []} | team, f"{key}.topics", fewest=0),
        )
    return teams
