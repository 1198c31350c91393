"""What stands, worked out anew: an independent model of consents for `tests/test_consent_stateful.py`, without a database or our code."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

CATEGORIES = ("purchases", "offers", "preferences", "browsing", "fairness", "sensitive_alcohol")
PURPOSES = ("choose", "train")
LEVELS = {
    "off": (),
    "told": ("preferences",),
    "bought": ("preferences", "purchases"),
    "everything": ("preferences", "purchases", "offers", "browsing"),
}
QUIET = timedelta(days=30)


def find_notice(category: str) -> str:
    return "sensitive" if category.startswith("sensitive") else category


@dataclass
class Word:
    """The last that somebody said of a category for a purpose. `version`: ours, or the name of the shop's own notice."""

    yes: bool
    at: datetime
    version: int | str
    signal: bool


@dataclass
class Person:
    words: dict[tuple[str, str], Word] = field(default_factory=dict)
    refused: dict[str, datetime] = field(default_factory=dict)
    frozen: bool = False


@dataclass
class Model:
    """Everybody's words, and what the notices take by now."""

    people: dict[int, Person] = field(default_factory=dict)
    newest: dict[str, int] = field(default_factory=dict)
    floor: dict[str, int] = field(default_factory=dict)
    outgrown: set[str] = field(default_factory=set)

    def counts(self, category: str, word: Word | None) -> bool:
        """Whether a word is a yes that still counts."""
        if word is None or not word.yes:
            return False
        if isinstance(word.version, str):
            return word.version not in self.outgrown
        return word.version >= self.floor.get(find_notice(category), 0)

    def list_on(self, person_id: int, purpose: str) -> set[str]:
        person = self.people[person_id]
        if person.frozen:
            return set()
        return {c for c in CATEGORIES if self.counts(c, person.words.get((c, purpose)))}

    def say(
        self, person_id: int, category: str, purpose: str, yes: bool, *, at: datetime, signal: bool = False
    ) -> None:
        words = self.people[person_id].words
        before = words.get((category, purpose))
        if yes and self.counts(category, before) and (not signal or (before and before.signal)):
            return
        if not yes and (before is None or not before.yes):
            return
        words[category, purpose] = Word(yes, at, self.newest.get(find_notice(category), 1), signal)

    def hear_signal(self, person_id: int, *, at: datetime) -> None:
        for (category, purpose), word in list(self.people[person_id].words.items()):
            if word.yes and not word.signal:
                self.say(person_id, category, purpose, False, at=at, signal=True)

    def bring(self, person_id: int, category: str, version: str, *, at: datetime) -> None:
        """An import: only what is newer than anything said of the category counts."""
        words = self.people[person_id].words
        if all(words[category, p].at < at for p in PURPOSES if (category, p) in words):
            for purpose in PURPOSES:
                words[category, purpose] = Word(True, at, version, False)

    def set_level(self, person_id: int, level: str, *, at: datetime) -> None:
        used = LEVELS[level]
        for category in CATEGORIES:
            named = category == "fairness" or category.startswith("sensitive")
            for purpose in PURPOSES:
                if category in used:
                    self.say(person_id, category, purpose, True, at=at)
                elif not named or level in ("off", "told"):
                    word = self.people[person_id].words.get((category, purpose))
                    if any(
                        self.counts(category, self.people[person_id].words.get((category, p))) for p in PURPOSES
                    ) or (word is None):
                        self.say(person_id, category, purpose, False, at=at)

    def may_ask(self, person_id: int, category: str, *, now: datetime) -> bool:
        person, word = self.people[person_id], self.people[person_id].words.get((category, "choose"))
        if person.frozen or self.counts(category, word):
            return False
        noes = [person.refused[category]] if category in person.refused else []
        noes += [word.at] if word is not None and not word.yes else []
        return all(now - no > QUIET for no in noes)
