"""Two clocks (design.md §2). `ShopClock` is the shop's: dates in data, ages of features, sentences, opening hours.

The machine's clock (`time.time()`) serves everything that must expire for real: tokens, sessions, leases, limits.
The shop's clock is the machine's plus an offset that is fixed at the first import (`CANDOR_NOW`) and kept in the database,
so it ticks on over restarts.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from data.database import read_fact


def read_machine_time() -> datetime:
    """The machine's time now, in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class ShopClock:
    """The shop's time: the machine's plus `offset`, in `zone` where a calendar day matters."""

    zone: ZoneInfo
    offset: timedelta = timedelta(0)
    machine: Callable[[], datetime] = read_machine_time

    def now(self) -> datetime:
        """The shop's time now, in UTC."""
        return self.machine() + self.offset

    def machine_seconds(self) -> float:
        """Unix seconds on the machine's clock, for what must expire for real."""
        return self.machine().timestamp()

    def stamp(self) -> str:
        """The shop's time now, as it is stored and sent."""
        return format_time(self.now())

    def today(self) -> date:
        """The shop's calendar day."""
        return self.now().astimezone(self.zone).date()


def format_time(moment: datetime) -> str:
    """RFC 3339 in UTC with microseconds: sorts as text, the same on every database."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def format_moment(clock: ShopClock, seconds: float | None) -> str | None:
    """A moment of the machine's clock, in unix seconds, as the shop's time is sent."""
    return None if seconds is None else format_time(datetime.fromtimestamp(seconds, UTC) + clock.offset)


def parse_time(text: str) -> datetime:
    """The reverse of `format_time`; accepts any RFC 3339 time."""
    return datetime.fromisoformat(text)


def read_shop_clock(connection: Connection, zone: ZoneInfo) -> ShopClock:
    """The clock that the first import set; before it, the machine's."""
    return ShopClock(zone, timedelta(seconds=float(read_fact(connection, "clock_offset_s") or 0.0)))
