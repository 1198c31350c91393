"""Mends misspelt words before a message is read for its intent. Nobody sees the mended text, and nothing is looked up with it.

A word that English, the training lines or the shop know is left alone, and so is whatever is no plain word: an order number, a
code, an e-mail or web address, a name or street (a capital inside a sentence). Of the rest a word becomes the nearest of the
words that customers use (SymSpell, Garbe 2012; distance after Damerau and Levenshtein), a training line's before English's.
"""

import re
from collections import Counter
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from itertools import islice

from symspellpy import SymSpell, Verbosity

COMMON = 6000
OURS = 10**7
SHORTEST, SHORT = 4, 5
_WORD = re.compile(r"(?<![\w@./:#-])[A-Za-z]+(?:'[A-Za-z]+)?(?![\w@/:]|[.-]\w)")


@cache
def read_english() -> frozenset[str]:
    """English words, 83,000 of them, as symspellpy brings them."""
    return frozenset(word for word, _ in _read_frequencies())


def count_words(texts: Iterable[str]) -> Counter[str]:
    """The plain words of texts, lower case, and how often each is there."""
    return Counter(found.lower() for text in texts for found in _WORD.findall(text))


class Speller:
    """Knows the words of the training lines and the shop. `mend` keeps nothing."""

    def __init__(self, words: Counter[str], protected: Iterable[str] = ()) -> None:
        self._known = read_english() | frozenset(words) | {word.lower() for word in protected}
        self._near = SymSpell(max_dictionary_edit_distance=2, prefix_length=7)
        for word, count in islice(_read_frequencies(), COMMON):
            if len(word) >= SHORTEST:
                self._near.create_dictionary_entry(word, max(1, count // OURS))
        for word, count in words.items():
            if len(word) >= SHORTEST:
                self._near.create_dictionary_entry(word, OURS * count)

    def mend(self, text: str) -> str:
        """The text with each unknown word brought to the nearest known one, if one is near."""
        return _WORD.sub(lambda found: self._mend_word(found.group(), found.start() == 0), text)

    def _mend_word(self, word: str, is_first: bool) -> str:
        low = word.lower()
        is_name = word[0].isupper() and not is_first and not word.isupper()
        if len(word) < SHORTEST or is_name or low in self._known:
            return word
        farthest = 1 if len(word) <= SHORT else 2
        near = self._near.lookup(low, Verbosity.CLOSEST, max_edit_distance=farthest)
        return near[0].term if near else word


def _read_frequencies() -> Iterable[tuple[str, int]]:
    path = files("symspellpy") / "frequency_dictionary_en_82_765.txt"
    for line in path.read_text(encoding="utf-8-sig").splitlines():
        word, count = line.split()
        yield word, int(count)
