"""Which uses for the shop's rankers and statistics were ended, and when: by a withdrawal, a freeze or an erasure.

What was made before such a moment may still rest on what was taken back, and is made anew within a day (design.md §3).
"""

from sqlalchemy import Connection, func, select

from data.tables import audit, consent_events
from data.tables_rights import standings


def find_first_end(connection: Connection, *, since: str, person_id: int | None = None) -> str | None:
    """When a use for training was first ended after a moment; of one customer if they are named.

    Parameters
    ----------
    since
        RFC 3339 on the shop's clock, as stored.
    """
    c = consent_events.c
    told = select(func.min(c.at)).where(c.purpose == "train", c.granted.is_(False), c.at > since)
    frozen = select(func.min(standings.c.restricted_at)).where(standings.c.restricted_at > since)
    asked = [told, frozen]
    if person_id is not None:
        asked = [told.where(c.person_id == person_id), frozen.where(standings.c.person_id == person_id)]
    else:
        asked.append(select(func.min(audit.c.at)).where(audit.c.act == "erased", audit.c.at > since))
    moments = [moment for one in asked if (moment := connection.execute(one).scalar()) is not None]
    return min(moments, default=None)
