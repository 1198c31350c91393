"""What can be said: every sentence, from `texts/<language>/<topic>.yml`.

An entry is a fragment (a string) or a mapping with `say` (one or more variants), and for a message its `kind` and
`buttons`. `Texts.say` fills the placeholders; a missing one is an error, not a hole in a sentence. The variant is drawn from
a key of the caller's (the conversation and how much was said), so that the same sentence is not said twice running and a
test still knows what it gets.
"""

import hashlib
import string
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

MOST_WANTED = 10  # Locales looked at: a header is a stranger's, and may name thousands
LONGEST_TAG = 35  # Characters of a locale: BCP 47 asks for no more
MOST_PARTS = 8


class UnknownText(KeyError):
    """A text that no language file holds."""


@dataclass(frozen=True)
class Entry:
    """One text: its variants, and what makes it a message."""

    address: str
    say: tuple[str, ...]
    kind: str | None = None
    buttons: tuple[dict[str, str], ...] = ()

    @property
    def fields(self) -> frozenset[str]:
        """Names of the placeholders over all variants."""
        formatter = string.Formatter()
        return frozenset(name for text in self.say for _, name, _, _ in formatter.parse(text) if name)

    @property
    def version(self) -> str:
        """A short fingerprint of the wording, recorded where the law asks what was said."""
        return hashlib.sha256("\n".join(self.say).encode()).hexdigest()[:12]


@dataclass(frozen=True)
class Texts:
    """All texts of one language."""

    lang: str
    entries: dict[str, Entry] = field(default_factory=dict)

    def entry(self, address: str) -> Entry:
        """The entry at `topic.key`."""
        try:
            return self.entries[address]
        except KeyError:
            raise UnknownText(
                f"No text {address!r} in texts/{self.lang}. Add it to texts/{self.lang}/{address.split('.')[0]}.yml."
            ) from None

    def say(self, address: str, /, *, vary: str = "", **facts: Any) -> str:
        """One variant with its placeholders filled. `vary` chooses which: the same key, the same variant."""
        entry = self.entry(address)
        index = int.from_bytes(hashlib.sha256(f"{address}\0{vary}".encode()).digest()[:4]) if vary else 0
        return entry.say[index % len(entry.say)].format(**facts)

    def list_variants(self, address: str, /, **facts: Any) -> tuple[str, ...]:
        """Every variant with its placeholders filled; nothing when there is but one."""
        said = self.entry(address).say
        return tuple(text.format(**facts) for text in said) if len(said) > 1 else ()

    def buttons(self, address: str, /, **facts: Any) -> list[dict[str, str]]:
        """The buttons of a message, their placeholders (written <name>, since payloads hold braces) filled."""
        return [{part: _fill(value, facts) for part, value in button.items()} for button in self.entry(address).buttons]

    def list_topic(self, topic: str) -> dict[str, str]:
        """Every fragment of a topic by its key: what a page needs."""
        prefix = f"{topic}."
        return {
            address[len(prefix) :]: entry.say[0]
            for address, entry in self.entries.items()
            if address.startswith(prefix)
        }


def _fill(text: str, facts: dict[str, Any]) -> str:
    for name, value in facts.items():
        text = text.replace(f"<{name}>", str(value))
    return text


def load_other(directory: Path) -> dict[str, Entry]:
    """What is said to a message in another language than English, by language: `other.yml`, beside the languages' folders."""
    return {
        lang: Entry(
            f"other.{lang}",
            (words["say"],),
            "fallback",
            (
                {"title": words["person"], "payload": "/request_human"},
                {"title": words["go_on"], "payload": "/continue_with_bot"},
            ),
        )
        for lang, words in yaml.safe_load((directory / "other.yml").read_text(encoding="utf-8")).items()
    }


def load_languages(directory: Path, languages: tuple[str, ...]) -> dict[str, Texts]:
    """The texts of each language that the shop speaks, its first language first."""
    return {lang: load_texts(directory, lang) for lang in languages}


def choose_texts(languages: Mapping[str, Texts], *wanted: str | None) -> Texts:
    """The texts for the first locale (BCP 47: `de-AT`) that the shop speaks; else those of its first language.

    A locale is spoken when its language is, whatever the region or script: `de-AT` by `de`, and `pt` by `pt-BR` where only that is there.
    Overlong locales are passed over, and only the first few are looked at.
    """
    named = {lang.lower().replace("_", "-"): texts for lang, texts in languages.items()}
    for locale in [locale for locale in wanted if locale and len(locale) <= LONGEST_TAG][:MOST_WANTED]:
        tag = locale.strip().lower().replace("_", "-")
        parts = tag.split("-", MOST_PARTS)[:MOST_PARTS] if tag else []
        for most in range(len(parts), 0, -1):
            if found := named.get("-".join(parts[:most])):
                return found
        if parts and (found := next((texts for lang, texts in named.items() if lang.split("-")[0] == parts[0]), None)):
            return found
    return next(iter(languages.values()))


def load_texts(directory: Path, lang: str) -> Texts:
    """Read every topic of a language."""
    entries: dict[str, Entry] = {}
    for path in sorted((directory / lang).glob("*.yml")):
        for key, value in (yaml.safe_load(path.read_text(encoding="utf-8")) or {}).items():
            address = f"{path.stem}.{key}"
            if isinstance(value, str):
                entries[address] = Entry(address, (value,))
            else:
                say = value["say"]
                entries[address] = Entry(
                    address,
                    (say,) if isinstance(say, str) else tuple(say),
                    value.get("kind"),
                    tuple(value.get("buttons", ())),
                )
    if not entries:
        raise UnknownText(f"No texts for language {lang!r}: texts/{lang} holds no .yml file.")
    return Texts(lang, entries)
