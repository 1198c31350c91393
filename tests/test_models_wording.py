"""Dates, numbers, money, lists and places in words, in three languages (models/wording.py)."""

from datetime import date

import pytest

from models.wording import (
    lower_first,
    name_language,
    quote,
    say_count,
    say_date,
    say_list,
    say_money,
    say_number,
    say_place,
    say_weekday,
)

DAY = date(2025, 11, 12)


@pytest.mark.parametrize(
    ("lang", "near", "far", "weekday"),
    [
        ("en", "12 November", "12 November 2025", "Wednesday"),
        ("de", "12. November", "12. November 2025", "Mittwoch"),
        ("es", "12 de noviembre", "12 de noviembre de 2025", "miércoles"),
    ],
)
def test_a_date_has_its_year_where_it_is_far(lang: str, near: str, far: str, weekday: str) -> None:
    assert say_date(DAY, date(2025, 12, 1), lang) == near
    assert say_date(DAY, date(2026, 9, 7), lang) == near  # 299 days
    assert say_date(DAY, date(2026, 9, 8), lang) == far
    assert say_date(DAY, date(2025, 1, 1), lang) == far
    assert say_weekday(DAY, lang) == weekday


@pytest.mark.parametrize(
    ("minor", "currency", "said"),
    [
        (349, "USD", ("$3.49", "3,49 $", "3,49 $")),
        (-5, "EUR", ("−€0.05", "−0,05 €", "−0,05 €")),
        (123456789, "GBP", ("£1,234,567.89", "1.234.567,89 £", "1.234.567,89 £")),
        (349, "CHF", ("3.49 CHF", "3,49 CHF", "3,49 CHF")),
        (-1234, "JPY", ("−1,234 JPY", "−1.234 JPY", "−1.234 JPY")),
        (0, "USD", ("$0.00", "0,00 $", "0,00 $")),
    ],
)
def test_money(minor: int, currency: str, said: tuple[str, str, str]) -> None:
    """The space before a symbol does not break a line (U+00A0)."""
    assert tuple(say_money(minor, currency, lang).replace("\u00a0", " ") for lang in ("en", "de", "es")) == said


def test_numbers() -> None:
    assert [say_count(12345, lang) for lang in ("en", "de", "es")] == ["12,345", "12.345", "12.345"]
    assert [say_number(-0.1236, lang) for lang in ("en", "de", "es")] == ["−0.124", "−0,124", "−0,124"]
    assert say_number(0.0, "en") == "0.000"


@pytest.mark.parametrize(("lang", "word"), [("en", "and"), ("de", "und"), ("es", "y")])
def test_lists(lang: str, word: str) -> None:
    assert say_list(["a", "b", "c"], lang) == f"a, b {word} c"
    assert say_list(["a", "b"], lang) == f"a {word} b"
    assert say_list(["a"], lang) == "a"
    assert say_list([], lang) == ""


def test_places() -> None:
    said = [say_place(n, "en") for n in (1, 2, 5, 6, 11, 12, 13, 21, 22, 23, 34, 111)]
    assert said == "first second fifth 6th 11th 12th 13th 21st 22nd 23rd 34th 111th".split()
    assert [say_place(n, lang) for n in (1, 22) for lang in ("de", "es", "fr")] == "1. 1.º 1 22. 22.º 22".split()


def test_a_name_is_lowered_in_english_alone() -> None:
    assert [lower_first(name, "en") for name in ("Yogurt", "BBQ sauce", "Y", "")] == ["yogurt", "BBQ sauce", "Y", ""]
    assert [lower_first("Yogurt", lang) for lang in ("de", "es")] == ["Yogurt", "Yogurt"]


def test_a_language_has_its_marks_and_its_name() -> None:
    assert [quote("Tea", lang) for lang in ("en", "de", "es", "de-AT")] == ["“Tea”", "„Tea“", "«Tea»", "„Tea“"]
    assert [name_language(lang) for lang in ("en", "de", "es")] == ["English", "Deutsch", "Español"]
