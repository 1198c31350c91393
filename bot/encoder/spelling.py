"""Mends misspelt words before a message is read for its intent. Nobody sees the mended text, and nothing is looked up with it.

A word that the training lines, the shop or common English know is left alone, and so is whatever is no plain word: an order
number, a code, an e-mail or web address, a name or street (a capital inside a sentence). Of the rest a word becomes the nearest
word of the training lines, or of common English if none of those is near (SymSpell, Garbe 2012; distance after Damerau and
Levenshtein). All of English is too much to know: a slip of the finger is often a rare word.
"""

import random
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from importlib.resources import files
from itertools import islice

from symspellpy import SymSpell, Verbosity

KNOWN, COMMON = 10_000, 6_000
SHORTEST, SHORT = 3, 5
ENOUGH = 4000  # training lines; so many need no copies, and tuning has no time for them
_BESIDE = {
    key: row[max(0, at - 1) : at] + row[at + 1 : at + 2]
    for row in ("qwertyuiop", "asdfghjkl", "zxcvbnm")
    for at, key in enumerate(row)
}
_WORD = re.compile(r"(?<![\w@./:#-])[A-Za-z]+(?:'[A-Za-z]+)?(?![\w@/:]|[.-]\w)")


def count_words(texts: Iterable[str]) -> Counter[str]:
    """The plain words of texts, lower case, and how often each is there."""
    return Counter(found.lower() for text in texts for found in _WORD.findall(text))


class Speller:
    """Knows the words of the training lines and the shop. `mend` keeps nothing."""

    def __init__(self, words: Counter[str], protected: Iterable[str] = ()) -> None:
        english = list(islice(_read_frequencies(), KNOWN))
        self._known = {word for word, _ in english} | set(words) | {word.lower() for word in protected}
        self._near = [_index(words.items()), _index(english[:COMMON])]

    def mend(self, text: str) -> str:
        """The text with each unknown word brought to the nearest known one, if one is near."""
        return _WORD.sub(lambda found: self._mend_word(found.group(), found.start() == 0), text)

    def _mend_word(self, word: str, is_first: bool) -> str:
        low = word.lower()
        is_name = word[0].isupper() and not is_first and not word.isupper()
        if len(word) < SHORTEST or is_name or low in self._known:
            return word
        farthest = 1 if len(word) <= SHORT else 2
        for words in self._near:
            near = words.lookup(low, Verbosity.CLOSEST, max_edit_distance=farthest)
            if near:
                return str(near[0].term)
        return word


def _index(words: Iterable[tuple[str, int]]) -> SymSpell:
    index = SymSpell(max_dictionary_edit_distance=2, prefix_length=5)
    for word, count in words:
        if len(word) >= SHORTEST:
            index.create_dictionary_entry(word, count)
    return index


def _read_frequencies() -> Iterable[tuple[str, int]]:
    path = files("symspellpy") / "frequency_dictionary_en_82_765.txt"
    for line in path.read_text(encoding="utf-8-sig").splitlines():
        word, count = line.split()
        yield word, int(count)


def choose_slipped(texts: Sequence[str], *, seed: int = 1) -> list[tuple[int, str]]:
    """The numbers of some texts, each with one or two slips of the finger: to learn from, after mending. Few texts need more."""
    drawing = random.Random(seed)
    chosen = sorted(drawing.sample(range(len(texts)), min(len(texts), max(0, ENOUGH - len(texts)))))
    return [(number, _slip(_slip(texts[number], drawing, 1.0), drawing, 0.5)) for number in chosen]


def _slip(text: str, drawing: random.Random, chance: float) -> str:
    """A neighbour's letter, one left out, one doubled or two swapped, in one word."""
    words = [found for found in re.finditer(r"[A-Za-z]+", text) if len(found.group()) >= SHORTEST]
    if not words or drawing.random() >= chance:
        return text
    word = drawing.choice(words)
    at = drawing.randrange(word.start(), word.end() - 1)
    letter, following = text[at], text[at + 1]
    instead = drawing.choice(["", letter + letter, following + letter, drawing.choice(_BESIDE[letter.lower()])])
    swapped = instead == following + letter
    return text[:at] + instead + text[at + (2 if swapped else 1) :]
