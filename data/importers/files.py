"""Reading a comma-separated file as a shop's own programs write it, with the line that an editor would show.

Structure (encoding, quotes, number of fields) is judged by Python's `csv` in strict mode, for it knows the line of
every row also after line breaks inside quotes; values are judged by polars, column by column, in `checks.py`. One
parser and not two, so that a row can never be counted differently in the message and in the data.
"""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from data.errors import BadImport
from data.importers.problems import Problem, build_error, show_value

if TYPE_CHECKING:
    from _csv import Reader

CHUNK_ROWS = 100_000
MOST_PROBLEMS = 20
BYTE_ORDER_MARKS = {b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}


@dataclass(frozen=True)
class Table:
    """A file's rows as text, blanks as null, with the column `line`; `notices` for what was ignored."""

    name: str
    frame: pl.DataFrame
    notices: list[str] = field(default_factory=list)

    def has(self, column: str) -> bool:
        return column in self.frame.columns


def read_table(
    path: Path, required: Sequence[str], optional: Sequence[str] = (), prefixes: Sequence[str] = ()
) -> Table:
    """Read a file; raises `BadImport` for what makes it unreadable as a table.

    Columns that are neither `required` nor `optional` nor begin with one of `prefixes` are left out, with a notice.
    """
    name = path.name
    text = _decode(path)
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    header = _read_header(reader, name, required, optional, prefixes)
    lines, columns = _read_rows(reader, header, name)
    known = [h for h in header if h in required or h in optional or h.startswith(tuple(prefixes) or ("\0",))]
    unknown = [h for h in header if h not in known]
    notices = [f"{name}: the column {h} is not used and was ignored." for h in unknown if h]
    if not lines:
        notices.append(f"{name}: a header and no rows.")
    frame = pl.DataFrame({"line": pl.Series(lines, dtype=pl.Int64), **{h: columns[h] for h in known}})
    blank_as_null = [pl.col(h).str.strip_chars().replace("", None) for h in known]
    return Table(name, frame.with_columns(blank_as_null), notices)


def _decode(path: Path) -> str:
    name = path.name
    try:
        raw = path.read_bytes()
    except FileNotFoundError as error:
        raise BadImport(
            f"{name} is missing. It must lie in the directory that is imported. Nothing was imported."
        ) from error
    except OSError as error:
        raise BadImport(f"{name} cannot be read ({error.strerror}). Nothing was imported.") from error
    for mark, encoding in BYTE_ORDER_MARKS.items():
        if raw.startswith(mark):
            raise BadImport(
                f"{name} is written in {encoding}, expected UTF-8. Save it again as UTF-8. Nothing was imported."
            )
    nul = raw.find(b"\0")
    if nul >= 0:
        line = raw.count(b"\n", 0, nul) + 1
        problem = Problem(name, line, None, "a NUL byte", "text in UTF-8; the file may be damaged or no text file")
        raise build_error([problem], 1)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        start = error.start + (3 if raw.startswith(b"\xef\xbb\xbf") else 0)
        line = raw.count(b"\n", 0, start) + 1
        problem = Problem(name, line, None, f"the byte 0x{raw[start]:02X}", "text in UTF-8; save the file as UTF-8")
        raise build_error([problem], 1) from error
    if not text.strip():
        raise BadImport(f"{name} is empty, expected a first line with the names of the columns. Nothing was imported.")
    return text


def _read_header(
    reader: "Reader", name: str, required: Sequence[str], optional: Sequence[str], prefixes: Sequence[str]
) -> list[str]:
    try:
        header = [cell.strip() for cell in next(row for row in reader if row)]
    except csv.Error as error:
        raise build_error([_explain_csv(name, reader.line_num, error)], 1) from error
    twice = sorted({h for h in header if h and header.count(h) > 1})
    if twice:
        raise BadImport(
            f"{name}, line {reader.line_num}: the column {twice[0]} stands there twice, expected once. Nothing was imported."
        )
    missing = [column for column in required if column not in header]
    if not missing:
        return header
    if len(header) == 1 and any(mark in header[0] for mark in ";\t|"):
        raise BadImport(
            f"{name}: the columns are not separated by commas. Save it with a comma between the columns. Nothing was imported."
        )
    allowed = ", ".join([*optional, *(f"{prefix}..." for prefix in prefixes)]) or "none"
    raise BadImport(
        f"{name} lacks the column {', '.join(missing)}. Its first line has: {show_value(', '.join(header), 200)}; "
        f"expected {', '.join(required)} (and, if wanted, {allowed}). Nothing was imported.",
        problems=[
            {"file": name, "line": reader.line_num, "column": column, "value": None, "expected": "this column"}
            for column in missing
        ],
    )


def _read_rows(reader: "Reader", header: list[str], name: str) -> tuple[list[int], dict[str, pl.Series]]:
    lines: list[int] = []
    chunks: list[pl.DataFrame] = []
    problems: list[Problem] = []
    count = 0
    rows: list[list[str]] = []
    width = len(header)
    first = reader.line_num + 1
    labels = [str(index) for index in range(width)]
    try:
        for row in reader:
            if len(row) == width:
                rows.append(row)
                lines.append(first)
            elif row:
                count += 1
                if count <= MOST_PROBLEMS:
                    problems.append(Problem(name, first, None, f"{len(row)} fields", f"{width}, as in the first line"))
            first = reader.line_num + 1
            if len(rows) == CHUNK_ROWS:
                chunks.append(_build_chunk(labels, rows))
                rows = []
    except csv.Error as error:
        count += 1
        problems.append(_explain_csv(name, first, error))
    if count:
        raise build_error(problems, count)
    chunks.append(_build_chunk(labels, rows))
    frame = pl.concat(chunks, rechunk=True)
    return lines, {h: frame[label] for h, label in zip(header, labels, strict=True)}


def _build_chunk(labels: list[str], rows: list[list[str]]) -> pl.DataFrame:
    columns = zip(*rows, strict=True) if rows else ((),) * len(labels)
    return pl.DataFrame(
        {label: pl.Series(column, dtype=pl.String) for label, column in zip(labels, columns, strict=True)}
    )


def _explain_csv(name: str, line: int, error: csv.Error) -> Problem:
    message = str(error)
    if "unexpected end of data" in message:
        return Problem(
            name, line, None, "a quote that is opened and never closed", 'a closing " before the end of the file'
        )
    if "expected after" in message:
        return Problem(name, line, None, "text after a closing quote", 'a comma there, or "" for a quote inside quotes')
    if "field larger" in message:
        return Problem(
            name, line, None, "a field of more than 131,072 characters", "shorter fields; a quote may be missing"
        )
    return Problem(name, line, None, f"a row that cannot be read ({message})", "rows separated by line breaks")
