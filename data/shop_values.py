"""Values of shop.toml, read one by one: what is missing or cannot be used is named, with what it is and what was expected."""

import math
import re
from collections.abc import Callable, Collection
from typing import Any


class Unusable(ValueError):
    """A setting that is missing or cannot be used."""


def read(table: dict[str, Any], key: str, expected: str, fits: Callable[[Any], bool]) -> Any:
    """The value of `key` (written `table.name`) if it fits."""
    name = key.rpartition(".")[2]
    if name not in table:
        raise Unusable(f"{key} is missing; expected {expected}")
    if not fits(table[name]):
        raise Unusable(f"{key} is {show(table[name])}; expected {expected}")
    return table[name]


def show(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else repr(value)


def read_table(top: dict[str, Any], name: str, known: Collection[str]) -> dict[str, Any]:
    table: dict[str, Any] = read(top, name, f"a table that begins with [{name}]", lambda value: isinstance(value, dict))
    require_known(f"{name}.", table, known)
    return table


def require_known(prefix: str, table: dict[str, Any], known: Collection[str]) -> None:
    for name, value in table.items():
        if name not in known:
            shown = "a table" if isinstance(value, dict) else show(value)
            raise Unusable(f"{prefix}{name} is {shown}, but no such setting exists; expected one of {', '.join(known)}")


def is_words(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def is_currency(value: object) -> bool:
    return isinstance(value, str) and re.fullmatch("[A-Z]{3}", value) is not None


def is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def is_share(value: Any) -> bool:
    return is_number(value) and 0 <= value <= 1


def is_above_zero(value: Any) -> bool:
    return is_number(value) and value > 0


def read_words(table: dict[str, Any], key: str) -> str:
    return str(read(table, key, "some words in quotes", is_words))


def read_whole(table: dict[str, Any], key: str, fewest: int = 1) -> int:
    def fits(value: object) -> bool:
        return isinstance(value, int) and not isinstance(value, bool) and value >= fewest

    return int(read(table, key, f"a whole number, {fewest} or more", fits))


def is_switch(value: object) -> bool:
    return isinstance(value, bool)


def read_list(table: dict[str, Any], key: str, *, fewest: int) -> tuple[str, ...]:
    def fits(value: object) -> bool:
        return isinstance(value, list) and len(value) >= fewest and all(is_words(word) for word in value)

    expected = "a list of words" + (", at least one" if fewest else "")
    return tuple(read(table, key, expected, fits))
