"""When somebody is there: opening hours of each weekday, and days that are unlike the others."""

import re
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from data.shop_values import Unusable, is_switch, read, show

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
LOOKS_AHEAD_DAYS = 60

type Span = tuple[time, time]


@dataclass(frozen=True)
class Hours:
    """When somebody is there. `days` maps a weekday (0 is Monday) to opening and closing time; absent is closed.

    `holidays` maps a date to the times of that day, or to None where nobody comes at all.
    """

    always_open: bool
    days: dict[int, Span]
    holidays: dict[date, Span | None] = field(default_factory=dict)

    def find_span(self, day: date) -> Span | None:
        """Opening and closing time of a day, or None for a day on which nobody is there."""
        return self.holidays[day] if day in self.holidays else self.days.get(day.weekday())

    def is_open(self, moment: datetime) -> bool:
        """Whether somebody is there at this moment, given in the shop's zone."""
        if self.always_open:
            return True
        span = self.find_span(moment.date())
        return span is not None and span[0] <= moment.time() < span[1]

    def find_next_opening(self, moment: datetime) -> datetime | None:
        """The next time that somebody is there, or None for a shop without hours."""
        for ahead in range(LOOKS_AHEAD_DAYS):
            day = moment.date() + timedelta(days=ahead)
            span = self.find_span(day)
            if span is not None:
                opening = datetime.combine(day, span[0], moment.tzinfo)
                if opening > moment:
                    return opening
        return None


def read_hours(table: dict[str, Any]) -> Hours:
    """The hours of the table `[hours]`."""
    days = {index: span for index, name in enumerate(DAYS) if (span := _read_day(table.get(name, "closed"), name))}
    always_open = read({"always_open": False} | table, "hours.always_open", "true or false", is_switch)
    holidays = read(
        {"holidays": {}} | table,
        "hours.holidays",
        "a table that begins with [hours.holidays]",
        lambda value: isinstance(value, dict),
    )
    return Hours(
        always_open, days, {_read_date(name): _read_day(holidays[name], f"holidays.{name}") for name in holidays}
    )


def _read_day(value: object, name: str) -> Span | None:
    if value == "closed":
        return None
    span = _read_span(value)
    if span is None:
        raise Unusable(
            f'hours.{name} is {show(value)}; expected "closed" or opening and closing time of one day, such as "08:00-20:00"; '
            "hours over midnight cannot be written, 23:59 is the latest"
        )
    return span


def _read_date(name: str) -> date:
    try:
        return date.fromisoformat(name)
    except ValueError as error:
        raise Unusable(f"hours.holidays.{name} is no day; expected a date such as 2026-12-25") from error


def _read_span(value: object) -> Span | None:
    found = re.fullmatch(r"(\d\d:\d\d) ?- ?(\d\d:\d\d)", value, re.ASCII) if isinstance(value, str) else None
    if found is None:
        return None
    try:
        opening, closing = time.fromisoformat(found[1]), time.fromisoformat(found[2])
    except ValueError:
        return None
    return (opening, closing) if opening < closing else None
