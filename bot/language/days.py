"""Days and spans in a text: "last week", "on 12 November", "3 days ago", "since May".

The bot has no shop's clock (design.md, Two clocks), so a day is found here as an expression and turned into a date by whoever
has the clock: `resolve_day("week-1.first", today)`. Expressions:

=================  ====================================================================================
`2017-11-12`       that day
`--11-12`          the latest 12 November that is not after today
`day-3`            three days ago; `day-0` is today
`weekday-0`        the latest Monday before today (0 Monday … 6 Sunday)
`week-1.first`     Monday of the week before this one; `.last` its Sunday
`weekend-1.first`  the Saturday of the latest weekend that has begun before today; `.last` its Sunday
`month-1.first`    first day of the month before this one; `.last` its last
`year-1.first`     first day of the year before this one; `.last` its last
`--11.first`       first day of the latest November that has begun; `.last` its last
`2017-11.first`    first day of that November; `.last` its last
=================  ====================================================================================

A day written in figures is read only when it is certain: 2017-11-12, 25/12/2017 and 12/25/2017 are, 3/4/2017 is not.
"""

import calendar
import re
from dataclasses import dataclass
from datetime import date, timedelta

MONTHS = {name.lower(): number for number, name in enumerate(calendar.month_name) if name}
MONTHS |= {name.lower(): number for number, name in enumerate(calendar.month_abbr) if name} | {"sept": 9}
WEEKDAYS = {name.lower(): number for number, name in enumerate(calendar.day_name)}
WEEKDAYS |= {"mon": 0, "tue": 1, "tues": 1, "wed": 2, "thu": 3, "thur": 3, "thurs": 3, "fri": 4, "sat": 5, "sun": 6}
NUMBERS = {
    "a": 1, "an": 1, "one": 1, "two": 2, "couple of": 2, "a couple of": 2, "few": 3, "a few": 3, "three": 3, "four": 4,
    "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10, "eleven": 11, "twelve": 12,
}  # fmt: skip
# Feasts on the same day every year. Easter is none: which one is meant, the text does not say.
FEASTS = {
    "christmas eve": "--12-24", "christmas": "--12-25", "xmas": "--12-25", "new year's eve": "--12-31", "new year": "--01-01",
    "new year's": "--01-01", "halloween": "--10-31", "valentine's": "--02-14",
}  # fmt: skip
DAYS_IN = {"day": 1, "week": 7, "fortnight": 14, "month": 30, "year": 365}

_MONTH = "|".join(sorted((name for name in MONTHS if name != "may"), key=len, reverse=True)) + "|may"
_WEEKDAY = "|".join(sorted(WEEKDAYS, key=len, reverse=True))
_NUMBER = r"\d{1,3}|" + "|".join(sorted(NUMBERS, key=len, reverse=True))
_UNIT = "days?|weeks?|fortnights?|months?|years?"
_PATTERNS = [
    ("iso", r"\b(?P<y>\d{4})-(?P<m>\d{1,2})-(?P<d>\d{1,2})\b"),
    ("figures", r"\b(?P<a>\d{1,2})[/.](?P<b>\d{1,2})[/.](?P<y>\d{4})\b"),
    ("day_month", rf"\b(?P<d>\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?(?P<mon>{_MONTH})\b\.?(?:,?\s+(?P<y>\d{{4}})\b)?"),
    (
        "day_month",
        rf"\b(?P<mon>{_MONTH})\b\.?\s+(?:the\s+)?(?P<d>\d{{1,2}})(?:st|nd|rd|th)?\b(?:,?\s+(?P<y>\d{{4}})\b)?",
    ),
    ("month", rf"\b(?P<mon>{_MONTH})\s+(?P<y>\d{{4}})\b"),
    ("month", rf"\b(?:in|since|during|last|of|from|this)\s+(?P<mon>{_MONTH})\b(?!\s*(?:i|you|we)\b)"),
    (
        "fixed",
        r"\b(?P<feast>christmas eve|christmas(?: day)?|xmas|new year's eve|new year's(?: day)?|new year|halloween|valentine's(?: day)?)\b",
    ),
    ("named_day", r"\b(?P<name>today|tonight|this morning|yesterday|last night|the day before yesterday)\b"),
    ("ago", rf"\b(?P<n>{_NUMBER})\s+(?P<unit>{_UNIT})\s+(?:ago|back)\b"),
    ("past", rf"\b(?:last|past|previous)\s+(?P<n>{_NUMBER})\s+(?P<unit>{_UNIT})\b"),
    ("weekend", r"\b(?:last|this|the|at the|over the|on the)\s+weekend\b"),
    ("unit", r"\b(?P<which>last|past|previous|this)\s+(?P<unit>week|month|year)\b"),
    ("weekday", rf"\b(?:on|last|this|since|from)\s+(?P<wd>{_WEEKDAY})\b"),
]
_COMPILED = [(kind, re.compile(pattern, re.IGNORECASE)) for kind, pattern in _PATTERNS]
_OPEN_END = re.compile(r"\b(?:since|after)\s*(?:the\s*)?$", re.IGNORECASE)
_ONWARDS = re.compile(
    r"^\s*(?:on|onwards?|until now|till now|to now|until today|till today)\b(?!\s+\w+day)", re.IGNORECASE
)


@dataclass(frozen=True)
class Days:
    """A span of days in a text, both ends included, as expressions."""

    first: str
    last: str
    start: int
    end: int


def find_days(text: str) -> list[Days]:
    """Every day or span in the text, in order. "since …" and "from … on" end today, "from last week" is of last week; "from … to …" is two joined."""
    found: list[Days] = []
    for kind, pattern in _COMPILED:
        for match in pattern.finditer(text):
            if any(match.start() < other.end and other.start < match.end() for other in found):
                continue
            ends = _read(kind, match)
            if ends:
                found.append(Days(*ends, match.start(), match.end()))
    found.sort(key=lambda days: days.start)
    return _join(text, found)


def resolve_day(expression: str, today: date) -> date:
    """The date of an expression, seen from `today` on the shop's clock."""
    name, _, edge = expression.partition(".")
    if match := re.fullmatch(r"(\d{4})-(\d{2})-(\d{2})", name):
        return date(*map(int, match.groups()))
    if match := re.fullmatch(r"--(\d{2})-(\d{2})", name):
        return _latest(today, int(match[1]), int(match[2]))
    if match := re.fullmatch(r"--(\d{2})", name):
        return _edge(_latest(today, int(match[1]), 1), edge)
    if match := re.fullmatch(r"(\d{4})-(\d{2})", name):
        return _edge(date(int(match[1]), int(match[2]), 1), edge)
    unit, _, back = name.partition("-")
    steps = int(back)
    if unit == "day":
        return today - timedelta(days=steps)
    if unit == "weekday":
        return today - timedelta(days=(today.weekday() - steps - 1) % 7 + 1)
    if unit == "week":
        monday = today - timedelta(days=today.weekday() + 7 * steps)
        return monday if edge == "first" else monday + timedelta(days=6)
    if unit == "weekend":
        saturday = today - timedelta(days=(today.weekday() - 6) % 7 + 1 + 7 * (steps - 1))
        return saturday if edge == "first" else saturday + timedelta(days=1)
    if unit == "month":
        months = today.year * 12 + today.month - 1 - steps
        return _edge(date(months // 12, months % 12 + 1, 1), edge)
    if unit == "year":
        return date(today.year - steps, 1, 1) if edge == "first" else date(today.year - steps, 12, 31)
    raise ValueError(
        f"{expression!r} is no day expression. language/days.py lists them; one of them comes from find_days()."
    )


def _read(kind: str, match: re.Match[str]) -> tuple[str, str] | None:
    """Both ends of one match, or None when it is no certain day."""
    part = match.groupdict()
    if kind in ("iso", "figures"):
        year = int(part["y"])
        month, day = (
            (int(part["m"]), int(part["d"])) if kind == "iso" else _order_figures(int(part["a"]), int(part["b"]))
        )
        return _one(f"{year:04d}-{month:02d}-{day:02d}") if _is_day(year, month, day) else None
    if kind == "day_month":
        month, day, stated = MONTHS[part["mon"].lower()], int(part["d"]), part["y"]
        if not _is_day(int(stated) if stated else 2024, month, day):
            return None
        return _one(f"{int(stated):04d}-{month:02d}-{day:02d}" if stated else f"--{month:02d}-{day:02d}")
    if kind == "month":
        head = f"{part['y']}-" if part.get("y") else "--"
        return _span(f"{head}{MONTHS[part['mon'].lower()]:02d}")
    if kind == "fixed":
        return _one(FEASTS[part["feast"].lower().removesuffix(" day")])
    if kind == "named_day":
        back = {"yesterday": 1, "last night": 1, "the day before yesterday": 2}.get(part["name"].lower(), 0)
        return _one(f"day-{back}")
    if kind == "weekend":
        return _span("weekend-1")
    if kind == "unit":
        return _span(f"{part['unit'].lower()}-{0 if part['which'].lower() == 'this' else 1}")
    if kind == "weekday":
        return _one(f"weekday-{WEEKDAYS[part['wd'].lower()]}")
    steps = _count(part["n"]) * DAYS_IN[part["unit"].lower().rstrip("s")]
    return _one(f"day-{steps}") if kind == "ago" else (f"day-{steps}", "day-0")


def _join(text: str, found: list[Days]) -> list[Days]:
    joined: list[Days] = []
    for days in found:
        between = text[joined[-1].end : days.start].strip().lower() if joined else ""
        if joined and between in ("to", "and", "until", "till", "-", "–"):
            joined[-1] = Days(joined[-1].first, days.last, joined[-1].start, days.end)
        else:
            joined.append(days)
    for index, days in enumerate(joined):
        is_open = text[days.start : days.end].lower().startswith("since") or _OPEN_END.search(text[: days.start])
        if (is_open or _ONWARDS.match(text[days.end :])) and days.first.split(".")[0] == days.last.split(".")[0]:
            joined[index] = Days(days.first, "day-0", days.start, days.end)
    return joined


def _order_figures(a: int, b: int) -> tuple[int, int]:
    """Month and day of two figures; (0, 0), which is no day, when either order would do."""
    if a == b or (a <= 12 < b):
        return a, b
    return (b, a) if b <= 12 < a else (0, 0)


def _is_day(year: int, month: int, day: int) -> bool:
    return 1900 <= year <= 2200 and 1 <= month <= 12 and 1 <= day <= calendar.monthrange(year, month)[1]


def _latest(today: date, month: int, day: int) -> date:
    year = today.year
    while not _is_day(year, month, day) or date(year, month, day) > today:
        year -= 1
    return date(year, month, day)


def _edge(first: date, edge: str) -> date:
    return first if edge == "first" else first.replace(day=calendar.monthrange(first.year, first.month)[1])


def _count(words: str) -> int:
    return int(words) if words.isdigit() else NUMBERS[words.lower()]


def _one(expression: str) -> tuple[str, str]:
    return expression, expression


def _span(name: str) -> tuple[str, str]:
    return f"{name}.first", f"{name}.last"
