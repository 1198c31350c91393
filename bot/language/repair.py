"""Mends small typos towards the shop's words: "yoghrut" to "yogurt".

A word is mended only if it is unknown, long enough, and exactly one known word of the shop is within reach: one edit from 5
letters on, two from 8 on, the first letter kept for short ones. Found by deletions (W. Garbe's symmetric delete idea): every
word is stored under itself with up to two letters left out, so a look-up costs the same for ten words and for ten thousand.
"""

from collections import defaultdict
from collections.abc import Iterable
from itertools import combinations

SHORTEST = 5
TWO_EDITS_FROM = 8


class Repairer:
    """The shop's words by what is left of them when letters are taken out."""

    def __init__(self, words: Iterable[str], *, known: Iterable[str] = ()) -> None:
        self._words = {word.lower() for word in words if len(word) >= SHORTEST and word.isalpha()}
        self._known = {word.lower() for word in known}
        self._by_rest: dict[str, set[str]] = defaultdict(set)
        for word in self._words:
            for rest in _leave_out(word):
                self._by_rest[rest].add(word)

    def mend(self, word: str) -> str:
        """The shop's word that was meant, or the word itself."""
        low = word.lower()
        if len(low) < SHORTEST or len(low) > 30 or not low.isalpha() or self._is_known(low):
            return word
        near: dict[int, set[str]] = defaultdict(set)
        for rest in _leave_out(low):
            for candidate in self._by_rest.get(rest, ()):
                edits = count_edits(low, candidate)
                if edits <= _reach(min(len(low), len(candidate))) and (
                    low[0] == candidate[0] or min(len(low), len(candidate)) > 5
                ):
                    near[edits].add(candidate)
        best = near[min(near)] if near else set()
        return best.pop() if len(best) == 1 else word

    def _is_known(self, low: str) -> bool:
        return (
            low in self._words
            or low in self._known
            or (low.endswith("s") and low[:-1] in self._known)
            or f"{low}s" in self._known
        )


def count_edits(a: str, b: str) -> int:
    """Optimal string alignment distance: insertions, deletions, substitutions, neighbours swapped; each counts one."""
    before: list[int] = []
    last = list(range(len(b) + 1))
    for i, letter in enumerate(a, 1):
        row = [i]
        for j, other in enumerate(b, 1):
            cost = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (letter != other))
            if i > 1 and j > 1 and letter == b[j - 2] and a[i - 2] == other:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        before, last = last, row
    return last[-1]


def _reach(length: int) -> int:
    return 2 if length >= TWO_EDITS_FROM else 1


def _leave_out(word: str) -> set[str]:
    rests = {word}
    for count in range(1, _reach(len(word)) + 1):
        rests |= {"".join(letters) for letters in combinations(word, len(word) - count)}
    return rests
