"""answers/*.md: what the staff may say in one go, one a file.

    ---
    title: The parcel is on its way
    lang: en
    ---
    Hello {customer_name}, your order {order_id} left us yesterday.

The file's name is the answer's id. The folder is the whole list: an answer whose file is gone is gone; without the folder the
list stays as it is. Fields: data/answers.py.
"""

import re
from pathlib import Path

from sqlalchemy import Connection, delete, insert

from data.answers import FIELDS, WrittenAnswer
from data.importers.checks import LONGEST_TITLE, Check
from data.importers.page import check_honesty, read_page, read_pages, unwrap
from data.importers.problems import Problem, show_value
from data.tables import answers

KEYS = ("title", "lang", "note")
LONGEST_TEXT = 1_500
BRACES = re.compile(r"\{([^{}\n]*)\}")
LANG = re.compile(r"[a-z]{2,3}")


def read_answers(check: Check, directory: Path) -> tuple[list[WrittenAnswer] | None, list[str]]:
    """Read and check every *.md of a directory, by name; None if there is no such directory."""
    return read_pages(check, directory, _read_answer) if directory.is_dir() else (None, [])


def _read_answer(path: Path, problems: list[Problem], notices: list[str]) -> WrittenAnswer | None:
    name = f"answers/{path.name}"
    page = read_page(path, name, KEYS, problems, notices)
    if page is None:
        return None
    title, lang = " ".join(str(page.facts.get("title") or "").split()), page.facts.get("lang")
    text = unwrap(page.body.splitlines())
    if not title or len(title) > LONGEST_TITLE:
        problems.append(
            Problem(name, 1, "title", show_value(title) if title else "nothing", f"a title of at most {LONGEST_TITLE}")
        )
    if lang is not None and not (isinstance(lang, str) and LANG.fullmatch(lang)):
        problems.append(Problem(name, 1, "lang", show_value(str(lang)), "the code of a language, such as en"))
    if not text or len(text) > LONGEST_TEXT:
        got = f"a text of {len(text):,} characters" if text else "nothing"
        problems.append(
            Problem(name, page.offset + 1, None, got, f"the answer, below the front matter: 1 to {LONGEST_TEXT:,}")
        )
    for field in BRACES.findall(text):
        if field not in FIELDS:
            line = page.offset + page.body[: page.body.index(f"{{{field}}}")].count("\n") + 1
            known = ", ".join(f"{{{one}}}" for one in FIELDS)
            problems.append(Problem(name, line, None, show_value(f"{{{field}}}"), f"one of the fields {known}"))
    check_honesty(page, name, title, text, problems)
    return WrittenAnswer(path.stem, title, text, lang)


def write_answers(connection: Connection, written: list[WrittenAnswer]) -> None:
    """Make these the answers that there are."""
    connection.execute(delete(answers))
    if written:
        connection.execute(insert(answers), [vars(one) for one in written])
