"""How facts are put into words: dates, times, money, lists, places. English; a language of its own is a module of its own."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from data.importers.money import find_decimals
from data.texts import Texts

_SYMBOLS = {"USD": "$", "EUR": "€", "GBP": "£"}
_ORDINALS = {1: "first", 2: "second", 3: "third", 4: "fourth", 5: "fifth"}


def say_date(day: date, today: date) -> str:
    """12 November, with the year where the day lies 300 days away or more."""
    words = f"{day.day} {day:%B}"
    return words if abs((today - day).days) < 300 else f"{words} {day.year}"


def say_time(moment: datetime, zone: ZoneInfo) -> str:
    """10:16, on the shop's wall."""
    return f"{moment.astimezone(zone):%H:%M}"


def say_money(minor: int, currency: str) -> str:
    """$3.49, or 3.49 CHF where the currency has no symbol that everybody knows."""
    digits = find_decimals(currency)
    sign = "−" if minor < 0 else ""
    amount = f"{abs(minor) / 10**digits:,.{digits}f}"
    return f"{sign}{_SYMBOLS[currency]}{amount}" if currency in _SYMBOLS else f"{sign}{amount} {currency}"


def say_times(count: int, texts: Texts) -> str:
    """twice, 6 times."""
    return texts.say("reasons.times_2") if count == 2 else texts.say("reasons.times_n", count=count)


def say_place(number: int) -> str:
    """first, second, 34th."""
    if number in _ORDINALS:
        return _ORDINALS[number]
    suffix = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{suffix}"


def say_list(parts: list[str]) -> str:
    """a, b and c."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}" if parts else ""


def lower_first(words: str) -> str:
    """A name inside a sentence: "yogurt" for "Yogurt", but "BBQ sauce" stays."""
    return words[:1].lower() + words[1:] if len(words) > 1 and words[1].islower() else words
