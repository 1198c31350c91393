"""No text presses the customer (promise P8): neither what the assistant says nor what an import brings.

The wordings stand in `pressing.yml`, by kind and language, each kind with a better way to say it. They are regular expressions and
know only what somebody has written down: tests/test_data_honesty.py measures on sentences they were not written for. A claim about stock
may stand if it equals the product's `stock` in the catalogue. A real date may always be told: "until 31 January" informs, "ends soon"
presses. The check over files is data/check_texts.py.
"""

import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

WORDINGS = Path(__file__).resolve().parent / "pressing.yml"
STOCK = "stock"
NUMBERS = {
    "one": 1,
    "two": 2,
    "three": 3,
    "eins": 1,
    "zwei": 2,
    "drei": 3,
    "una": 1,
    "uno": 1,
    "un": 1,
    "dos": 2,
    "tres": 3,
}
QUOTES = str.maketrans({"’": "'", "‘": "'", "´": "'", "`": "'", "“": '"', "”": '"'})  # fmt: skip
# A question's title and a name of goods are not the assistant speaking: "my name is wrong" pretends nothing.
IN_TITLES = frozenset({STOCK, "urgency", "scarcity", "shaming", "pressure", "flattery", "loss"})


@dataclass(frozen=True)
class Pressure:
    """A wording that presses: its words, the kind of pressure, and what to write in its place."""

    words: str
    kind: str
    better: str


@dataclass(frozen=True)
class Kind:
    """One kind of pressure: its patterns of all languages, and all of them in one, which tells four times sooner that none is there."""

    name: str
    better: str
    patterns: tuple[re.Pattern[str], ...]
    together: re.Pattern[str]


@cache
def load_kinds() -> tuple[Kind, ...]:
    """The kinds of pressure, in the order in which they are looked for."""
    told: dict[str, dict[str, Any]] = yaml.safe_load(WORDINGS.read_text(encoding="utf-8"))
    kinds = []
    for name, entry in told.items():
        patterns = [pattern for lang, listed in entry.items() if lang != "better" for pattern in listed]
        together = "|".join(patterns).replace("?P<n>", "?:")
        kinds.append(Kind(name, entry["better"], tuple(_compile(one) for one in patterns), _compile(together)))
    return tuple(kinds)


def _compile(pattern: str) -> re.Pattern[str]:
    """The pattern where it begins and ends with a word."""
    return re.compile(rf"(?<!\w)(?:{pattern})(?!\w)", re.IGNORECASE)


@cache
def list_languages() -> frozenset[str]:
    """The languages that have wordings."""
    told = yaml.safe_load(WORDINGS.read_text(encoding="utf-8"))
    return frozenset(lang for entry in told.values() for lang in entry) - {"better"}


def tidy_text(text: str) -> str:
    """The text as it is looked at: no invisible letters, one form of letters, quotes and spaces."""
    plain = unicodedata.normalize("NFKC", text.translate(QUOTES).replace("…", "..."))
    return " ".join("".join(letter for letter in plain if unicodedata.category(letter) != "Cf").split())


def find_pressure(text: str, stock: int | None = None, *, kinds: Collection[str] | None = None) -> Pressure | None:
    """The first wording of a text that presses, or None.

    Parameters
    ----------
    text : str
        What a customer may read, in any of the languages.
    stock : int, optional
        The catalogue's number for the product that the text is about.
    kinds : collection of str, optional
        The kinds to look for; all if None.
    """
    text = tidy_text(text)
    for kind in load_kinds():
        if (kinds is not None and kind.name not in kinds) or not kind.together.search(text):
            continue
        for pattern in kind.patterns:
            for found in pattern.finditer(text):
                if kind.name != STOCK or stock is None or _read_number(found["n"]) != stock:
                    return Pressure(found.group(), kind.name, kind.better)
    return None


def find_line(text: str, words: str) -> int:
    """The line, from 1, on which some words of a text begin, however the text is wrapped; 1 if it does not hold them as they are."""
    found = re.search(r"\s+".join(re.escape(word) for word in words.split()), text.translate(QUOTES))
    return text.count("\n", 0, found.start()) + 1 if found else 1


def _read_number(word: str) -> int | None:
    return int(word) if word.isdecimal() else NUMBERS.get(word.lower())
