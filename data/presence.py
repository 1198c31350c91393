"""Which of the staff are there, for how many talks, in which teams. On the machine's clock.

Presence decides where a talk goes by itself and what a customer may expect; it never decides whether a claim is accepted.
"""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Connection, func, insert, select, update

from data.desk import Desk
from data.errors import BadInput
from data.tables import staff
from data.tables_handoffs import handoffs, presences

PRESENCES = ("available", "away", "off")
MOST_TALKS = 50


@dataclass(frozen=True)
class Colleague:
    """One of the staff, as colleagues see them. `presence` is what they said, or off once their console is gone."""

    username: str
    name: str
    role: str
    presence: str
    talks_at_once: int
    load: int
    seen_at: float
    given_at: float
    teams: tuple[str, ...]

    @property
    def is_free(self) -> bool:
        """Whether a talk may come to them by itself."""
        return self.presence == "available" and self.load < self.talks_at_once


def touch_presence(connection: Connection, username: str, *, now: float) -> None:
    """A sign of life. Who was never here before is available from now on."""
    if not connection.execute(update(presences).where(presences.c.username == username).values(seen_at=now)).rowcount:
        connection.execute(insert(presences).values(username=username, presence="available", seen_at=now, given_at=0.0))


def set_presence(
    connection: Connection, username: str, presence: str, *, talks_at_once: int | None = None, now: float
) -> None:
    """What somebody says of themselves; `talks_at_once` stays as it is where it is None."""
    if presence not in PRESENCES:
        raise BadInput(f"presence is {presence!r}; it is one of {', '.join(PRESENCES)}.", field="presence")
    if talks_at_once is not None and not 1 <= talks_at_once <= MOST_TALKS:
        raise BadInput(f"talks_at_once is {talks_at_once}; it is 1 to {MOST_TALKS}.", field="talks_at_once")
    touch_presence(connection, username, now=now)
    values = {"presence": presence} | ({} if talks_at_once is None else {"talks_at_once": talks_at_once})
    connection.execute(update(presences).where(presences.c.username == username).values(**values))


def fetch_colleagues(connection: Connection, desk: Desk, *, now: float) -> list[Colleague]:
    """Everybody who may sign in, by name."""
    talks = select(handoffs.c.claimed_by, func.count().label("talks")).where(handoffs.c.state == "claimed")
    loads = {row.claimed_by: row.talks for row in connection.execute(talks.group_by(handoffs.c.claimed_by))}
    rows = connection.execute(
        select(staff.c.username, staff.c.name, staff.c.role, presences)
        .outerjoin(presences, presences.c.username == staff.c.username)
        .where(~staff.c.disabled)
        .order_by(staff.c.name)
    )
    return [
        Colleague(
            row.username,
            row.name,
            row.role,
            row.presence if row.seen_at is not None and now - row.seen_at <= desk.offline_s else "off",
            row.talks_at_once or desk.talks_at_once,
            loads.get(row.username, 0),
            row.seen_at or 0.0,
            row.given_at or 0.0,
            tuple(team.team for team in desk.teams.values() if row.username in team.members),
        )
        for row in rows
    ]


def list_for(colleagues: Collection[Colleague], team: str | None) -> list[Colleague]:
    """Who takes talks of a team; of none: everybody."""
    return [one for one in colleagues if team is None or team in one.teams]


def is_anybody_there(colleagues: Collection[Colleague], team: str | None) -> bool:
    """Whether anybody is at a console for the talks of a team."""
    return any(one.presence == "available" for one in list_for(colleagues, team))


def choose_next(colleagues: Collection[Colleague], team: str | None) -> Colleague | None:
    """Round robin: the free one who was given a talk longest ago."""
    free = [one for one in list_for(colleagues, team) if one.is_free]
    return min(free, key=lambda one: (one.given_at, one.load, one.username), default=None)


def note_given(connection: Connection, username: str, *, now: float) -> None:
    """A talk came to somebody by itself."""
    connection.execute(update(presences).where(presences.c.username == username).values(given_at=now))
