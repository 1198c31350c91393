"""The shop's words: kinds of products, single products, brands and groups of sensitive goods, from the file that `make train` writes.

    {"types": [{"type_id", "title", "words": [...]}],
     "products": [{"product_id", "title", "words": [...]}],        optional
     "brands": [{"title", "words": [...]}],                         optional
     "sensitive": [{"group", "words": [...]}],                      optional
     "known": [...]}                                                optional: words that are no misspelt product

A missing file is a shop without words: everything else is still found.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Named:
    """One thing that may be named in a text. `kind` is product_type, product, brand or category; `value` is its id."""

    kind: str
    value: str
    words: tuple[str, ...]


@dataclass(frozen=True)
class Catalogue:
    """All that may be named, and the words that must not be mended into one of them."""

    named: tuple[Named, ...] = ()
    known: frozenset[str] = frozenset()


def read_catalogue(data: dict[str, Any]) -> Catalogue:
    """Build the catalogue from the file's content."""
    named = [_named("product_type", row["type_id"], row) for row in data.get("types", ())]
    named += [_named("product", row["product_id"], row) for row in data.get("products", ())]
    named += [_named("brand", row["title"], row) for row in data.get("brands", ())]
    named += [_named("category", f"sensitive_{row['group']}", row) for row in data.get("sensitive", ())]
    return Catalogue(tuple(named), frozenset(word.lower() for word in data.get("known", ())))


def load_catalogue(path: Path) -> Catalogue:
    """Read the file; a missing one gives an empty catalogue."""
    if not path.exists():
        return Catalogue()
    try:
        return read_catalogue(json.loads(path.read_text(encoding="utf-8")))
    except (json.JSONDecodeError, KeyError, AttributeError) as error:
        raise ValueError(f"{path} is no catalogue of words ({error!r}). Write it again with `make train`.") from error


def _named(kind: str, value: Any, row: dict[str, Any]) -> Named:
    words = [row["title"]] if row.get("title") else []
    return Named(kind, str(value), tuple(dict.fromkeys([*words, *row.get("words", ())])))
