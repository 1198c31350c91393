"""questions/*.md: a common question and its answer, one a file.

    ---
    title: How do I descale my kettle?
    wordings:
      - kettle is full of lime
      - remove limescale
    link: https://kettles.example/descale
    ---
    Fill it with water and two spoons of citric acid, wait half an hour and rinse twice.

The file's name is the question's id: a file imported again updates its answer. Without front matter the first heading
("# How do I ...") is the title.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from data import tables
from data.database import insert_or_replace
from data.importers.checks import LONGEST_TITLE, Check
from data.importers.page import check_honesty, read_page, read_pages, unwrap
from data.importers.problems import Problem, show_value

TITLES = ("title", "question")
WORDINGS = ("wordings", "other_wordings", "also")
KEYS = (*TITLES, *WORDINGS, "link", "note")
LONGEST_ANSWER = 4_000
LINK = re.compile(r"(?:https?://[^\s/]+\S*|/(?!/)\S*|mailto:[^\s@]+@[^\s@]+)")


@dataclass(frozen=True)
class Question:
    """One question with its other wordings and its answer."""

    question_id: str
    title: str
    wordings: tuple[str, ...]
    answer: str
    source: str
    link: str | None


def read_questions(check: Check, directory: Path) -> tuple[list[Question], list[str]]:
    """Read and check every *.md of a directory, by name; none if there is no such directory."""
    return read_pages(check, directory, _read_question)


def _read_question(path: Path, problems: list[Problem], notices: list[str]) -> Question | None:
    name = f"questions/{path.name}"
    page = read_page(path, name, KEYS, problems, notices)
    if page is None:
        return None
    facts, body, offset = page.facts, page.body, page.offset
    title, answer = _split_heading(_pick_text(facts, TITLES), body)
    wordings = _read_wordings(name, facts, problems)
    link = facts.get("link")
    if not title:
        problems.append(
            Problem(name, 1, "title", "nothing", "the question as its title, in the front matter or as a heading")
        )
    elif len(title) > LONGEST_TITLE:
        problems.append(Problem(name, 1, "title", show_value(title), f"at most {LONGEST_TITLE} characters"))
    if not answer:
        problems.append(Problem(name, offset + 1, None, "nothing", "the answer, below the front matter"))
    elif len(answer) > LONGEST_ANSWER:
        problems.append(
            Problem(name, offset + 1, None, f"an answer of {len(answer):,} characters", f"at most {LONGEST_ANSWER:,}")
        )
    if link is not None and not (isinstance(link, str) and LINK.fullmatch(link)):
        problems.append(Problem(name, 1, "link", show_value(str(link)), "an address that begins with https:// or /"))
    # a wording is the customer's: it may ask anything
    check_honesty(page, name, title, answer, problems)
    return Question(path.stem, title, wordings, answer, path.name, link if isinstance(link, str) else None)


def _pick_text(facts: dict[str, Any], keys: tuple[str, ...]) -> str:
    for key in keys:
        if isinstance(facts.get(key), (str, int, float)):
            return " ".join(str(facts[key]).split())
    return ""


def _split_heading(title: str, body: str) -> tuple[str, str]:
    lines = body.strip().splitlines()
    if lines and lines[0].startswith("# "):
        title = title or " ".join(lines[0][2:].split())
        lines = lines[1:]
    return title, unwrap(lines)


def _read_wordings(name: str, facts: dict[str, Any], problems: list[Problem]) -> tuple[str, ...]:
    for key in WORDINGS:
        if key not in facts:
            continue
        value = facts[key] if isinstance(facts[key], list) else [facts[key]]
        if all(isinstance(wording, (str, int, float)) and len(str(wording)) <= LONGEST_TITLE for wording in value):
            return tuple(dict.fromkeys(" ".join(str(wording).split()) for wording in value if str(wording).strip()))
        problems.append(
            Problem(
                name,
                1,
                key,
                show_value(str(facts[key])),
                f"a list of texts, each of at most {LONGEST_TITLE} characters",
            )
        )
    return ()


def write_questions(connection: Connection, questions: list[Question]) -> None:
    """Write the questions; known ones are updated."""
    rows = [
        {
            "question_id": q.question_id,
            "title": q.title,
            "wordings": list(q.wordings),
            "answer": q.answer,
            "source": q.source,
            "link": q.link,
        }
        for q in questions
    ]
    insert_or_replace(connection, tables.questions, rows, ["question_id"])
