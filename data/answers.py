"""The shop's written answers for its staff: `answers/*.md`, with fields that are filled for the talk in which one is used.

A field that nobody can fill stays as it is written, so that a person sees what is missing; it is never sent so (`find_fields`).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, select

from data.tables import answers

FIELDS = ("customer_name", "my_name", "order_id", "shop_name")
FIELD = re.compile(r"\{(" + "|".join(FIELDS) + r")\}")


@dataclass(frozen=True)
class WrittenAnswer:
    """One answer. `lang`: of which talks it is meant, a code such as `de`; None: of any."""

    answer_id: str
    title: str
    text: str
    lang: str | None


def fetch_answers(connection: Connection) -> list[WrittenAnswer]:
    """All written answers, by title."""
    rows = connection.execute(select(answers).order_by(answers.c.title, answers.c.answer_id))
    return [WrittenAnswer(**row._mapping) for row in rows]


def fill_fields(text: str, facts: Mapping[str, str | None]) -> str:
    """The text with every field that the facts fill; the others stay as they are written."""
    return FIELD.sub(lambda found: facts.get(found[1]) or found[0], text)


def find_fields(text: str) -> list[str]:
    """The fields that a text still holds, each once, in their order."""
    return list(dict.fromkeys(FIELD.findall(text)))
