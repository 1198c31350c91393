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
    left, came
        How many of the five went and how many are new.
    """

    acted: bool
    before: list[dict[str, Any]]
    after: list[dict[str, Any]]
    left: int
    came: int
    moved: int

    @property
    def changed(self) -> bool:
        """Whether the customer sees anything else than before."""
        return bool(self.left or self.came or self.moved)


def measure_effect(
    database: Database,
    recommender: Recommender,
    act: Callable[[Connection], bool],
    *,
    person_id: int,
    today: date,
    minor: bool = False,
) -> Effect:
    """Choose, act, choose again. The act is a transaction of its own; the slates are read outside it."""
    before = _choose(database, recommender, person_id, today, minor)
    with database.write() as connection:
        acted = act(connection)
    after = _choose(database, recommender, person_id, today, minor)
    old, new = _list_ids(before), _list_ids(after)
    return Effect(
        acted=acted,
        before=_tell(before),
        after=_tell(after),
        left=len(set(old) - set(new)),
        came=len(set(new) - set(old)),
        moved=sum(old.index(offer_id) != new.index(offer_id) for offer_id in set(old) & set(new)),
    )


def _choose(database: Database, recommender: Recommender, person_id: int, today: date, minor: bool) -> Slate:
    with database.read() as connection:
        return recommender.choose(connection, person_id=person_id, today=today, limit=EXAMPLE_LIMIT, minor=minor)


def _list_ids(slate: Slate) -> list[str]:
    return [shown.offer_id for shown in slate.shown]


def _tell(slate: Slate) -> list[dict[str, Any]]:
    return [shown.offer | {"impression_id": None} for shown in slate.shown]
