"""How facts are put into words: dates, times, numbers, money, lists, places.

By language, from CLDR's data as Babel carries it, so that a language is a folder of texts and no code. English is British where
the two differ (day before month, "a, b and c"). Ordinals are our own, since CLDR's data has none that Babel reads.
"""

from datetime import date, datetime
from decimal import Decimal
from functools import cache
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_skeleton
from babel.lists import format_list
from babel.numbers import format_decimal, get_decimal_symbol

from data.importers.money import find_decimals
from data.texts import Texts

_SYMBOLS = {"USD": "$", "EUR": "€", "GBP": "£"}
_ORDINALS = {1: "first", 2: "second", 3: "third", 4: "fourth", 5: "fifth"}
_MARKED = {"de": "{}.", "es": "{}.º"}
"""A place in languages that write it as a number with a mark."""
_QUOTES = {"de": "„“", "es": "«»"}


@cache
def find_locale(lang: str) -> Locale:
    """The locale by whose rules a language is written."""
    return Locale.parse("en_GB" if lang == "en" else lang, sep="-" if "-" in lang else "_")


def name_language(lang: str) -> str:
    """A language by its own name: Deutsch."""
    name = Locale.parse(lang, sep="-" if "-" in lang else "_").get_display_name() or lang
    return name[:1].upper() + name[1:]


def say_date(day: date, today: date, lang: str) -> str:
    """12 November, with the year where the day lies 300 days away or more."""
    locale = find_locale(lang)
    if abs((today - day).days) < 300:
        return format_skeleton("MMMMd", datetime(day.year, day.month, day.day), locale=locale)
    return format_date(day, "long", locale=locale)


def say_weekday(day: date, lang: str) -> str:
    """Monday."""
    return format_date(day, "EEEE", locale=find_locale(lang))


def say_time(moment: datetime, zone: ZoneInfo) -> str:
    """10:16, on the shop's wall; 24 hours in every language."""
    return f"{moment.astimezone(zone):%H:%M}"


def say_count(count: int, lang: str) -> str:
    """1,234: a whole number that may be large."""
    return format_decimal(count, locale=find_locale(lang))


def say_number(number: float, lang: str) -> str:
    """−0.123: three decimals, with a true minus."""
    return f"{number:.3f}".replace("-", "−").replace(".", get_decimal_symbol(find_locale(lang)))


def say_money(minor: int, currency: str, lang: str) -> str:
    """$3.49, or 3.49 CHF where the currency has no symbol that everybody knows."""
    digits, locale = find_decimals(currency), find_locale(lang)
    sign = "−" if minor < 0 else ""
    amount = Decimal(abs(minor)).scaleb(-digits)
    if currency in _SYMBOLS:
        pattern = str(locale.currency_formats["standard"].pattern).replace("¤", _SYMBOLS[currency])
        return sign + format_decimal(amount, pattern, locale=locale)
    pattern = f"#,##0.{'0' * digits}" if digits else "#,##0"
    return f"{sign}{format_decimal(amount, pattern, locale=locale)} {currency}"


def say_times(count: int, texts: Texts) -> str:
    """twice, 6 times."""
    return texts.say("reasons.times_2") if count == 2 else texts.say("reasons.times_n", count=count)


def say_place(number: int, lang: str) -> str:
    """first, second, 34th; the number with its mark, or alone, in other languages."""
    if lang != "en":
        return _MARKED.get(find_locale(lang).language, "{}").format(number)
    if number in _ORDINALS:
        return _ORDINALS[number]
    suffix = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{suffix}"


def say_list(parts: list[str], lang: str) -> str:
    """a, b and c."""
    return format_list(parts, locale=find_locale(lang)) if parts else ""


def quote(name: str, lang: str) -> str:
    """A name in a language's quotation marks."""
    marks = _QUOTES.get(find_locale(lang).language, "“”")
    return f"{marks[0]}{name}{marks[1]}"


def lower_first(words: str, lang: str) -> str:
    """A name inside an English sentence: "yogurt" for "Yogurt", but "BBQ sauce" stays. Elsewhere a name stays as it is written."""
    if lang != "en":
        return words
    return words[:1].lower() + words[1:] if len(words) > 1 and words[1].islower() else words
