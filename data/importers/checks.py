"""Judging the values of a file, a whole column at a time. Each check gives back the values and notes what is wrong.

A check that turns text into something (`read_times`) works on the distinct texts, for a year of orders has far fewer
moments than lines.
"""

import re
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import polars as pl

from data.clock import format_time
from data.importers.files import Table
from data.importers.money import build_minor_units, describe_price
from data.importers.problems import MOST_TOLD, Problem, build_error, show_value

LONGEST_ID = 200
LONGEST_TITLE = 300
CONTROL_CHARACTERS = r"[\x00-\x1f\x7f-\x9f\u2028\u2029]"
DATE = re.compile(r"(?:19|20|21)\d\d-\d\d-\d\d")
MOMENT = re.compile(r"(?:19|20|21)\d\d-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:[Zz]|[+-]\d\d:\d\d)")
TIME_EXPECTED = "a time such as 2018-01-01T09:00:00-05:00 or a date such as 2018-01-01"
YES, NO = frozenset({"yes", "true", "1"}), frozenset({"no", "false", "0"})


class Check:
    """Collects what is wrong over all files, and raises once at the end of a stage."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.count = 0

    def note(self, table: Table, column: str | None, wrong: pl.Expr, expected: str, *, got: str | None = None) -> None:
        """Note each row where `wrong` is true; `got` stands in place of the column's value."""
        shown = (
            pl.col(column).alias("_value") if column and table.has(column) else pl.lit(None, pl.String).alias("_value")
        )
        rows = table.frame.filter(wrong.fill_null(False)).select("line", shown).sort("line")
        self.count += rows.height
        for line, value in rows.head(MOST_TOLD).iter_rows():
            self.problems.append(Problem(table.name, line, column, got or show_value(value), expected))

    def note_lines(self, table: Table, column: str | None, wrong: Iterable[tuple[int, str | None, str]]) -> None:
        """Note rows given as line, value and what was expected."""
        for line, value, expected in wrong:
            self.count += 1
            if len(self.problems) < MOST_TOLD * 10:
                self.problems.append(Problem(table.name, line, column, show_value(value), expected))

    def finish(self) -> None:
        """Raise `BadImport` with everything noted so far, if anything was; in order of file and line."""
        if self.count:
            order = list(dict.fromkeys(problem.file for problem in self.problems))
            raise build_error(sorted(self.problems, key=lambda p: (order.index(p.file), p.line or 0)), self.count)


def check_ids(check: Check, table: Table, column: str, what: str, *, unique: bool = False) -> None:
    """An id: there, of at most 200 characters, without control characters; once in the file if `unique`."""
    value = pl.col(column)
    check.note(table, column, value.is_null(), f"the {what} of this row")
    check_short(check, table, column, LONGEST_ID)
    if unique:
        first = pl.col("line").min().over(column)
        for line, text, before in (
            table.frame.select("line", column, first.alias("_first"))
            .filter(pl.col(column).is_not_null() & (pl.col("line") != pl.col("_first")))
            .head(MOST_TOLD)
            .iter_rows()
        ):
            check.note_lines(
                table,
                column,
                [(line, text, f"a {what} that stands once in the file; it stands already in line {before}")],
            )


def check_short(check: Check, table: Table, column: str, longest: int) -> None:
    """A text of one line, not too long."""
    value = pl.col(column)
    check.note(table, column, value.str.contains(CONTROL_CHARACTERS), "text without control characters or line breaks")
    check.note(table, column, value.str.len_chars() > longest, f"at most {longest} characters")


def tidy_text(column: str) -> pl.Expr:
    """A shown text with each run of white space, line breaks included, as one space."""
    return pl.col(column).str.replace_all(r"\s+", " ").str.strip_chars()


def check_titles(check: Check, table: Table, column: str, what: str) -> Table:
    """A shown text: there, of at most 300 characters; line breaks inside become spaces."""
    tidied = Table(table.name, table.frame.with_columns(tidy_text(column)), table.notices)
    check.note(tidied, column, pl.col(column).is_null(), f"the {what}")
    check_short(check, tidied, column, LONGEST_TITLE)
    return tidied


def read_prices(check: Check, table: Table, column: str, currency: str, *, required: bool) -> pl.Series:
    """Minor units of each row; null where nothing is written and nothing is `required`."""
    value = pl.col(column)
    minor = table.frame.select(build_minor_units(value, currency).alias("minor"))["minor"]
    wrong = pl.lit(minor).is_null() & (pl.lit(True) if required else value.is_not_null())
    check.note(table, column, wrong, describe_price(currency))
    return minor


def read_integers(check: Check, table: Table, column: str, expected: str, *, required: bool) -> pl.Series:
    """Whole numbers of each row; null where nothing is written and nothing is `required`."""
    value = pl.col(column)
    number = pl.when(value.str.contains(r"^[+-]?[0-9]{1,9}$")).then(
        value.str.strip_prefix("+").cast(pl.Int64, strict=False)
    )
    series = table.frame.select(number.alias("number"))["number"]
    check.note(table, column, pl.lit(series).is_null() & (pl.lit(True) if required else value.is_not_null()), expected)
    return series


def read_truths(check: Check, table: Table, column: str) -> pl.Series:
    """Yes or no of each row; a blank is no."""
    lower = pl.col(column).str.to_lowercase()
    check.note(table, column, lower.is_not_null() & ~lower.is_in([*YES, *NO]), "yes or no")
    return table.frame.select(lower.is_in(list(YES)).fill_null(False).alias("truth"))["truth"]


def parse_moment(text: str, zone: ZoneInfo) -> datetime | None:
    """A time (RFC 3339) or the start of a date in the shop's zone; None if it is neither."""
    try:
        if DATE.fullmatch(text):
            return datetime.combine(date.fromisoformat(text), time(), zone).astimezone(UTC)
        if MOMENT.fullmatch(text):
            return datetime.fromisoformat(text.upper()).astimezone(UTC)
    except ValueError:
        return None
    return None


def read_times(check: Check, table: Table, column: str, zone: ZoneInfo, *, required: bool) -> pl.DataFrame:
    """Two columns, `at` (as stored, UTC) and `day` (the shop's calendar day); null where nothing is written."""

    def parse(text: str) -> tuple[str, str] | None:
        moment = parse_moment(text, zone)
        return (format_time(moment), moment.astimezone(zone).date().isoformat()) if moment else None

    found = _translate(table.frame[column], parse)
    value = pl.col(column)
    check.note(
        table,
        column,
        pl.lit(found["at"]).is_null() & (pl.lit(True) if required else value.is_not_null()),
        TIME_EXPECTED,
    )
    return found


def _translate(values: pl.Series, parse: Callable[[str], tuple[str, str] | None]) -> pl.DataFrame:
    distinct = values.drop_nulls().unique().to_list()
    parsed = [parse(text) or (None, None) for text in distinct]
    key = pl.DataFrame(
        {"text": distinct, "at": [p[0] for p in parsed], "day": [p[1] for p in parsed]},
        schema={"text": pl.String, "at": pl.String, "day": pl.String},
    )
    return values.to_frame("text").join(key, on="text", how="left", maintain_order="left").select("at", "day")
