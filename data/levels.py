"""Levels: one switch for how much may be used, in four steps. A level is a name for a set of categories, and nothing is stored for it:
it is computed from what stands, so it can never say otherwise than the switches.

No level turns on a group of sensitive goods or the fairness check; each of those is turned on by its own name. `off` and `told` turn
them off, for they say that nothing else is used.
"""

from dataclasses import dataclass
from typing import Literal, get_args

from data.consent import PURPOSES, Consents

Level = Literal["off", "told", "bought", "everything"]
LEVELS: tuple[Level, ...] = get_args(Level)
USED: dict[Level, frozenset[str]] = {
    "off": frozenset(),
    "told": frozenset({"preferences"}),
    "bought": frozenset({"preferences", "purchases"}),
    "everything": frozenset({"preferences", "purchases", "offers", "browsing"}),
}
PLAIN = USED["everything"]
LEAVES_OTHERS = ("bought", "everything")


@dataclass(frozen=True)
class Plan:
    """What a level changes, category by category, in the order in which they are shown."""

    on: tuple[str, ...]
    off: tuple[str, ...]


def plan_level(ledger: Consents, level: Level, known: tuple[str, ...]) -> Plan:
    """What has to change so that `level` stands."""
    used = USED[level]
    ends = known if level not in LEAVES_OTHERS else tuple(PLAIN)
    return Plan(
        on=tuple(c for c in known if c in used and _list_on(ledger, c) != set(PURPOSES)),
        off=tuple(c for c in known if c in ends and c not in used and _list_on(ledger, c)),
    )


def find_level(ledger: Consents, known: tuple[str, ...]) -> Level | None:
    """The level that stands, or None where the switches are set otherwise."""
    return next((level for level in LEVELS if plan_level(ledger, level, known) == Plan((), ())), None)


def _list_on(ledger: Consents, category: str) -> set[str]:
    return {p for p in PURPOSES if (grant := ledger.find(category, p)) is not None and grant.stands}
