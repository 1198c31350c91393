"""Which group of sensitive goods a category belongs to (promise P9), from the words of shop.toml.

Words are compared whole and without regard to case, hyphens and plurals: "beer" finds "Beers" and not "Beeren". A word
that ends in "*" finds every word that begins with it. What stands in `except` is taken out first, so that ginger ale is
no ale. A group too many costs a less personal offer; one too few breaks a promise: in doubt the lists are wide.
"""

import re
from collections.abc import Callable, Iterable

from data.shop import SensitiveGroup


def fold_words(text: str) -> str:
    """Lower-case words with single spaces between them and around them; ">" stays as a border."""
    return " " + " ".join(re.findall(r"[^\W_]+|>", text.casefold().replace("'", ""))) + " "


def build_pattern(words: Iterable[str]) -> str | None:
    """A pattern that finds any of the words in a text of `fold_words`; None for no words."""
    parts = [_build_word(word) for word in words if fold_words(word).strip()]
    return f" (?:{'|'.join(parts)})(?= )" if parts else None


def _build_word(word: str) -> str:
    stem = re.escape(fold_words(word).strip()).replace("\\ ", " ")
    if word.rstrip().endswith("*"):
        return rf"{stem}[^ ]*"
    if stem.endswith("y"):
        return rf"{stem[:-1]}(?:y|ys|ies)"
    return rf"{stem}(?:s|es)?"


def build_finder(groups: Iterable[SensitiveGroup]) -> Callable[[str], str | None]:
    """A function from a category path to its sensitive group, or None; the first group of shop.toml wins."""
    compiled = []
    for group in groups:
        found, spared = build_pattern(group.words), build_pattern(group.excepted)
        if found:
            compiled.append((group.name, re.compile(found), re.compile(spared) if spared else None))

    def find_group(path: str) -> str | None:
        words = fold_words(path)
        for name, found, spared in compiled:
            if found.search(spared.sub(" | ", words) if spared else words):
                return name
        return None

    return find_group
