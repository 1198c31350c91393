"""Controls and their measured effect: the offers before, the act, the offers after.

Every control answers with what it did, and says when nothing changed. The slates here are examples (five offers of slot
`home`); they are recorded as nothing, so their offers carry no impression.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection

from data.database import Database
from models.recommender import Recommender, Slate

EXAMPLE_LIMIT = 5


@dataclass(frozen=True)
class Effect:
    """What a control did.

    Attributes
    ----------
    acted
        Whether the act changed what stands (a second "off" does not).
    before, after
        Five offers of slot `home`, as on the wire.
    left, came, moved
        How many of the five went, how many are new, how many stayed in another place.
    used_before, used_after
        The categories that the five rest on.
    on
        The categories that may be used for choosing, after the act.
    """

    kind: str
    category: str | None
    acted: bool
    before: list[dict[str, Any]]
    after: list[dict[str, Any]]
    left: int
    came: int
    moved: int
    used_before: frozenset[str]
    used_after: frozenset[str]
    on: frozenset[str]

    @property
    def changed(self) -> bool:
        """Whether the customer sees anything else than before."""
        return bool(self.left or self.came or self.moved)


def measure_effect(
    database: Database,
    recommender: Recommender,
    act: Callable[[Connection], bool],
    *,
    kind: str,
    person_id: int | None,
    today: date,
    minor: bool = False,
    category: str | None = None,
) -> Effect:
    """Choose, act, choose again. The act is a transaction of its own; the slates are read outside it.

    `category` is what the act switches.
    """
    before = _choose(database, recommender, person_id, today, minor)
    with database.write() as connection:
        acted = act(connection)
    after = _choose(database, recommender, person_id, today, minor)
    old, new = _list_ids(before), _list_ids(after)
    return Effect(
        kind=kind,
        category=category,
        acted=acted,
        before=_tell(before),
        after=_tell(after),
        left=len(set(old) - set(new)),
        came=len(set(new) - set(old)),
        moved=sum(old.index(offer_id) != new.index(offer_id) for offer_id in set(old) & set(new)),
        used_before=_list_used(before),
        used_after=_list_used(after),
        on=frozenset(after.consents),
    )


def _list_used(slate: Slate) -> frozenset[str]:
    return frozenset(category for shown in slate.shown for category in shown.explanation["categories_used"])


def _choose(database: Database, recommender: Recommender, person_id: int | None, today: date, minor: bool) -> Slate:
    with database.read() as connection:
        return recommender.choose(connection, person_id=person_id, today=today, limit=EXAMPLE_LIMIT, minor=minor)


def _list_ids(slate: Slate) -> list[str]:
    return [shown.offer_id for shown in slate.shown]


def _tell(slate: Slate) -> list[dict[str, Any]]:
    return [shown.offer | {"impression_id": None} for shown in slate.shown]
