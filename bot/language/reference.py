"""What "the second", "the cheaper one" and "no, the coffee one" choose among things that were just listed."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

_ORDINALS = {
    "first": 0, "1st": 0, "1": 0, "one": 0, "former": 0, "top": 0, "upper": 0,
    "second": 1, "2nd": 1, "2": 1, "two": 1,
    "third": 2, "3rd": 2, "3": 2, "three": 2,
    "fourth": 3, "4th": 3, "4": 3, "four": 3,
    "fifth": 4, "5th": 4, "5": 4, "five": 4,
    "last": -1, "latter": -1, "bottom": -1, "lowest": -1,
}  # fmt: skip
_CHEAP = re.compile(r"\b(?:cheap\w*|lowest price|less expensive|least expensive|lower price)\b")
_DEAR = re.compile(r"\b(?:more expensive|most expensive|dear(?:er|est)|pricier|priciest|highest price)\b")
_OTHER = re.compile(r"\bother\b")
# What is ruled out: "not this, the other", "not the milk, the cheese".
_RULED_OUT = re.compile(
    r"\b(?:not|isn't|wasn't|instead of|rather than)\s+(?:for\s+)?(?P<what>[^,.;!?]+?)(?=[,.;!?]|\bbut\b|$)"
)
_FILLER = frozenset(
    """
    the a an one ones please pls plz no nope not this that these those it its i me my you do does did meant mean said
    want take have let make show give with for of and or what how about also too same question actually sorry oops
    oh yes wrong is was at in on to from choose go i'd i'll let's correction rather instead ok okay other option
    number no. said before asked
    """.split()
)  # fmt: skip


@dataclass(frozen=True)
class Listed:
    """One thing that can be chosen: how it was named, and its price in the smallest unit if one was told."""

    title: str
    price_minor: int | None = None


def pick(text: str, listed: Sequence[Listed], *, current: int | None = None) -> int | None:
    """Which of the things a text chooses; None when it does not say, or says it of several.

    Parameters
    ----------
    current
        The one spoken of last: "the other" of two is not that one.
    """
    low = text.lower().replace("’", "'")
    ruled_out = {index for match in _RULED_OUT.finditer(low) if (index := _find(match["what"], listed)) is not None}
    low = _RULED_OUT.sub(" ", low)
    left = [index for index in range(len(listed)) if index not in ruled_out]
    priced = [(thing.price_minor, index) for index, thing in enumerate(listed) if thing.price_minor is not None]
    if priced and _CHEAP.search(low):
        return min(priced)[1]
    if priced and _DEAR.search(low):
        return max(priced)[1]
    named = _find(low, listed)
    if named is not None and named not in ruled_out:
        return named
    if _OTHER.search(low) or ruled_out:
        others = [index for index in left if ruled_out or index != current]
        return others[0] if len(others) == 1 else (left[-1] if len(listed) == 2 and current is None else None)
    return left[0] if len(left) == 1 else None


def _find(low: str, listed: Sequence[Listed]) -> int | None:
    """By its place, else by the words of its name."""
    words = re.findall(r"[a-z0-9']+", low)
    told = {_stem(word) for word in words if word not in _FILLER and word not in _ORDINALS and len(word) > 1}
    shared = [len(told & {_stem(word) for word in re.findall(r"[a-z0-9']+", thing.title.lower())}) for thing in listed]
    best = max(shared, default=0)
    if best:
        return shared.index(best) if shared.count(best) == 1 else None
    ordinals = [word for word in words if word in _ORDINALS]
    if "one" in ordinals and (len(ordinals) > 1 or not re.search(r"\b(?:number|option|no) one\b", low)):
        ordinals = [word for word in ordinals if word != "one"]  # "the second one"
    if ordinals and -1 <= (place := _ORDINALS[ordinals[-1]]) < len(listed):
        return place % len(listed)
    return None


def names_something(text: str) -> bool:
    """Whether a text names a thing, and does not only point or count."""
    words = re.findall(r"[a-z']+", text.lower())
    return any(
        word not in _FILLER and word not in _ORDINALS and not _CHEAP.match(word) and word != "expensive"
        for word in words
    )


def _stem(word: str) -> str:
    for ending in ("ies", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)] + ("y" if ending == "ies" else "")
    return word[:-1] if word.endswith("e") and len(word) > 4 else word
