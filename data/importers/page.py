"""A text with front matter, as `questions/*.md` and `answers/*.md` are written: read, unwrapped, and kept from pressing (P8)."""

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from data.honesty import IN_TITLES, find_line, find_pressure
from data.importers.checks import Check
from data.importers.problems import Problem, show_value

FRONT = re.compile(r"---[ \t]*\n(.*?\n)?---[ \t]*(?:\n|$)", re.DOTALL)
LIST_ITEM = re.compile(r"(?:[-*]|\d+[.)])\s")


@dataclass(frozen=True)
class Page:
    """What a file says. `text`: all of it; `body`: what follows the front matter, after `offset` lines."""

    facts: dict[str, Any]
    body: str
    text: str
    offset: int


def read_pages[Written](
    check: Check, directory: Path, read: Callable[[Path, list[Problem], list[str]], Written | None]
) -> tuple[list[Written], list[str]]:
    """What `read` makes of every *.md of a directory, by name, and the notices. A file with problems is left out; `check` has them."""
    written: list[Written] = []
    notices: list[str] = []
    for path in sorted(directory.glob("*.md")):
        problems: list[Problem] = []
        one = read(path, problems, notices)
        check.problems += problems
        check.count += len(problems)
        if one and not problems:
            written.append(one)
    return written, notices


def read_page(path: Path, name: str, keys: Collection[str], problems: list[Problem], notices: list[str]) -> Page | None:
    """Read a file; None, and a problem, if it cannot be read. A fact that nobody knows is a notice."""
    raw = path.read_bytes()
    try:
        text = raw.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        problems.append(
            Problem(name, line, None, f"the byte 0x{raw[error.start]:02X}", "text in UTF-8; save the file as UTF-8")
        )
        return None
    if "\0" in text:
        problems.append(Problem(name, text.count("\n", 0, text.index("\0")) + 1, None, "a NUL byte", "text in UTF-8"))
        return None
    front = FRONT.match(text)
    if text.startswith("---") and not front:
        problems.append(Problem(name, 1, None, "front matter that does not end", "a second line with --- after it"))
        return None
    found = len(problems)
    facts = _read_front(name, front.group(1) or "", keys, problems, notices) if front else {}
    if len(problems) > found:
        return None
    end = front.end() if front else 0
    return Page(facts, text[end:], text, text.count("\n", 0, end))


def _read_front(
    name: str, text: str, keys: Collection[str], problems: list[Problem], notices: list[str]
) -> dict[str, Any]:
    try:
        facts = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 2 if mark else 1
        problems.append(
            Problem(name, line, None, "front matter that cannot be read", "YAML such as title: How do I pay?")
        )
        return {}
    if facts is None:
        return {}
    if not isinstance(facts, dict):
        problems.append(Problem(name, 2, None, "front matter without names", "YAML such as title: How do I pay?"))
        return {}
    notices += [f"{name}: {key} is not used and was ignored." for key in facts if key not in keys]
    return facts


def unwrap(lines: list[str]) -> str:
    """A text with its lines joined to paragraphs; blank lines and items of a list keep their place."""
    paragraphs: list[str] = []
    is_open = False
    for line in (line.strip() for line in lines):
        if line and is_open and not LIST_ITEM.match(line):
            paragraphs[-1] += f" {line}"
        elif line or (paragraphs and paragraphs[-1]):
            paragraphs.append(line)
        is_open = bool(line)
    return "\n".join(paragraphs).strip()


def check_honesty(page: Page, name: str, title: str, told: str, problems: list[Problem]) -> None:
    """A problem for a title or a text that presses the customer, with its line and a better wording."""
    for part, where, kinds in ((title, "title", IN_TITLES), (told, None, None)):
        pressure = find_pressure(part, kinds=kinds)
        if pressure:
            within, offset = (page.text, 0) if where else (page.body, page.offset)
            line = offset + find_line(within, pressure.words)
            got = f"{show_value(pressure.words)} presses the customer ({pressure.kind})"
            problems.append(Problem(name, line, where, got, f"plain words: {pressure.better}"))
