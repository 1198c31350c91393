"""How often offers may come unasked, as the customer set it.

Unasked are offers that the assistant puts into the chat although nobody asked for offers in that message or by that button: today
those after a "no" to the question for consent. They are recorded in a slot of their own, by which they are counted. Offers that were
asked for are not meant, nor before and after of a switch, nor the places that a shop's page gives to offers.
"""

from datetime import date
from typing import Literal, get_args

from sqlalchemy import Connection, func, select

from data.audit import record_act
from data.database import insert_or_replace
from data.errors import BadInput
from data.tables import impressions
from data.tables_rights import frequencies

Frequency = Literal["never", "visit", "day", "always"]
FREQUENCIES: tuple[Frequency, ...] = get_args(Frequency)
USUAL: Frequency = "visit"
SLOT = "unasked"


def fetch_frequency(connection: Connection, person_id: int) -> Frequency:
    """What stands; once a visit until the customer says otherwise."""
    c = frequencies.c
    found: Frequency | None = connection.execute(select(c.frequency).where(c.person_id == person_id)).scalar()
    return found or USUAL


def set_frequency(connection: Connection, person_id: int, frequency: str, *, at: str) -> bool:
    """Keep a customer's wish with its audit row; returns whether it changed anything."""
    if frequency not in FREQUENCIES:
        raise BadInput(f"frequency is {frequency!r}; it is one of {', '.join(FREQUENCIES)}.", field="frequency")
    if fetch_frequency(connection, person_id) == frequency:
        return False
    row = {"person_id": person_id, "frequency": frequency, "at": at}
    insert_or_replace(connection, frequencies, [row], ["person_id"])
    record_act(
        connection, at=at, actor="customer", act="frequency_set", person_id=person_id, detail={"frequency": frequency}
    )
    return True


def may_show_unasked(connection: Connection, person_id: int, *, today: date, visit_since: str) -> bool:
    """Whether offers may come unasked now. A visit is a conversation, from when it was opened."""
    frequency = fetch_frequency(connection, person_id)
    if frequency in ("never", "always"):
        return frequency == "always"
    c = impressions.c
    since = c.shop_day == today if frequency == "day" else c.shown_at >= visit_since
    shown = select(func.count()).where(c.person_id == person_id, c.slot == SLOT, since)
    return connection.execute(shown).scalar_one() == 0
