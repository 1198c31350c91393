"""Global Privacy Control: a browser that sends `Sec-GPC: 1` says no on its customer's behalf, and is heard before anything is used.

It ends every grant that the shop imported or that was given without the signal; one given here while it is sent stands.
"""

from typing import Annotated

from fastapi import Header

from data.consent import fetch_ledger, honour_signal
from web.house import House

GPC = Annotated[str | None, Header(alias="Sec-GPC")]


def honour(house: House, person_id: int | None) -> None:
    """End what the signal ends. Looks first, so that the usual case takes no writing transaction."""
    if person_id is None:
        return
    with house.database.read() as connection:
        grants = fetch_ledger(connection, person_id).grants.values()
    if any(grant.granted and not grant.signal for grant in grants):
        with house.database.write() as connection:
            honour_signal(
                connection, person_id, at=house.clock.stamp(), lang=house.texts.lang, known=house.shop.categories
            )
