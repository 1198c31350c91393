"""Prints how well the trained bot understands the wordings kept apart (docs/understanding.md).

    python measure.py [model] [wordings]        in bot/, with the bot's own Python; `make test-understanding`

A figure that is a share stands with its 95 % interval (Wilson 1927). Labels are the intents, and some that are none: what must not
be taken for something (`NO_INTENTS`). Exits 1 when a promised limit is broken (`find_broken`).
"""

from __future__ import annotations

import asyncio
import logging
import math
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from language.kinds import KIND_OF

LEAST_KINDS, LEAST_PERSONS, MOST_FALSE_PERSONS = 0.97, 0.99, 0.02
PERSON, SWITCHES = "request_human", ("grant_consent", "withdraw_consent")
# Labels that are no intents: what such a message must not be read as.
NO_INTENTS: dict[str, frozenset[str]] = {
    "near_human": frozenset((PERSON,)),
    "consent_question": frozenset((*SWITCHES, "request_erasure")),
    "health_told": frozenset(("tell_taste", "never_show", *SWITCHES)),
    "other_language": frozenset(
        intent for intent, kind in KIND_OF.items() if intent != "speak_other_language" and kind != "fallback"
    ),
}
MOST_CONFUSIONS = 40


@dataclass(frozen=True)
class Wording:
    """A wording kept apart, its label, and what was read in it: one intent, or one a part."""

    label: str
    text: str
    read: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()

    @property
    def is_right(self) -> bool:
        """Whether the intent is the one wanted; of several parts, whether one of them is."""
        if self.label in NO_INTENTS:
            return not NO_INTENTS[self.label] & set(self.read)
        return self.label in self.read

    @property
    def is_kind_right(self) -> bool:
        """Whether the customer sees the kind of message that was wanted."""
        if self.label in NO_INTENTS:
            return self.is_right
        return KIND_OF.get(self.label, self.label) in {KIND_OF.get(intent, intent) for intent in self.read}


@dataclass
class Figures:
    """Counts over all wordings: pairs of how many and out of how many."""

    intent: tuple[int, int]
    kind: tuple[int, int]
    heard: tuple[int, int]
    false_persons: tuple[int, int]
    crossed: int
    thrown: int
    split: int
    asked: tuple[int, int]
    confusions: list[tuple[tuple[str, str], int]] = field(default_factory=list)


def load_wordings(path: Path) -> list[Wording]:
    """The wordings of a file in Rasa's NLU format; a label may stand more than once."""
    blocks = yaml.safe_load(path.read_text(encoding="utf-8"))["nlu"]
    wordings = [
        Wording(block["intent"], line[2:].strip())
        for block in blocks
        for line in block["examples"].splitlines()
        if line.startswith("- ")
    ]
    if not wordings:
        raise ValueError(f"{path} holds no wording. Nothing can be measured on it.")
    return wordings


def leave_learned_out(wordings: Sequence[Wording], learned: Path) -> list[Wording]:
    """The wordings that are no training line: two hands write "good morning", and what is learned measures nothing."""
    known = {
        _fold(wording.text)
        for path in sorted(learned.glob("*.yml"))
        if yaml.safe_load(path.read_text(encoding="utf-8"))["nlu"]
        for wording in load_wordings(path)
    }
    return [wording for wording in wordings if _fold(wording.text) not in known]


def _fold(text: str) -> str:
    return text.lower().strip(" ?!.")


def read_parsed(parsed: dict[str, Any]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What was read in a message, one intent a part, and between which two the reader was unsure; the first counts as read."""
    choices = tuple(parsed.get("choices") or ())
    if parsed.get("parts"):
        return tuple(part["intent"] for part in parsed["parts"]), ()
    return (choices[0] if choices else str(parsed["intent"]["name"]),), choices


async def read_wordings(model: Path, wordings: Sequence[Wording]) -> tuple[list[Wording], list[float]]:
    """The wordings with what the trained model reads in each, and how long each took in milliseconds."""
    from rasa.core.agent import load_agent
    from rasa.utils.log_utils import configure_structlog

    configure_structlog(logging.WARNING)

    agent = await load_agent(str(model))
    done, took_ms = [], []
    for wording in wordings:
        start = time.perf_counter()
        parsed = await agent.parse_message(wording.text.lstrip("/ ") or "…")  # as the gateway passes it on
        took_ms.append((time.perf_counter() - start) * 1000)
        done.append(Wording(wording.label, wording.text, *read_parsed(parsed)))
    return done, took_ms


def count_figures(wordings: Sequence[Wording]) -> Figures:
    """All figures. Those of kinds leave out what was told of health, where any answer is right that keeps nothing."""
    plain = [w for w in wordings if w.label not in NO_INTENTS]
    kinds = [w for w in wordings if w.label != "health_told"]
    wanted = [w for w in wordings if w.label == PERSON]
    others = [w for w in wordings if w.label != PERSON]
    unsure = [w for w in wordings if w.choices]
    confused = Counter((w.label, "+".join(w.read)) for w in wordings if not w.is_right)
    return Figures(
        intent=(sum(w.is_right for w in plain), len(plain)),
        kind=(sum(w.is_kind_right for w in kinds), len(kinds)),
        heard=(sum(PERSON in w.read for w in wanted), len(wanted)),
        false_persons=(sum(PERSON in w.read for w in others), len(others)),
        crossed=sum(w.label in SWITCHES and bool(set(SWITCHES) - {w.label} & set(w.read)) for w in wordings),
        thrown=sum(w.label not in SWITCHES and bool(set(SWITCHES) & set(w.read)) for w in wordings),
        split=sum(len(w.read) > 1 for w in wordings),
        asked=(sum(w.label in w.choices for w in unsure), len(unsure)),
        confusions=confused.most_common(MOST_CONFUSIONS),
    )


def find_interval(hits: int, of: int, *, z: float = 1.96) -> tuple[float, float]:
    """Wilson's 95 % interval of a share, 0 to 1; everything is possible when nothing was counted."""
    if of == 0:
        return 0.0, 1.0
    share = hits / of
    middle = (share + z * z / (2 * of)) / (1 + z * z / of)
    half = z / (1 + z * z / of) * math.sqrt(share * (1 - share) / of + z * z / (4 * of * of))
    return max(0.0, middle - half), min(1.0, middle + half)


def find_broken(figures: Figures) -> list[str]:
    """The promised limits that do not hold, in words. What was not measured is not kept."""
    broken = []
    if not _is_at_least(figures.kind, LEAST_KINDS):
        broken.append(f"kind right: below {LEAST_KINDS:.0%}")
    if not _is_at_least(figures.heard, LEAST_PERSONS):
        broken.append(f"a person asked for, heard: below {LEAST_PERSONS:.0%}")
    hits, of = figures.false_persons
    if not of or hits / of > MOST_FALSE_PERSONS:
        broken.append(f"a person heard where none was asked for: above {MOST_FALSE_PERSONS:.0%}")
    if figures.crossed:
        broken.append("consent taken for its opposite")
    if figures.thrown:
        broken.append("a switch thrown that nobody asked for")
    return broken


def _is_at_least(counted: tuple[int, int], least: float) -> bool:
    hits, of = counted
    return of > 0 and hits / of >= least


def _tell(name: str, counted: tuple[int, int]) -> str:
    hits, of = counted
    low, high = find_interval(hits, of)
    return f"{name:44} {hits}/{of}  {hits / of if of else 0:.1%}  (95 %: {low:.1%} to {high:.1%})"


def main() -> int:
    """Measure, print, and say by the exit code whether the limits hold."""
    model = Path(sys.argv[1] if len(sys.argv) > 1 else "../var/bot/candor.tar.gz")
    written = load_wordings(Path(sys.argv[2] if len(sys.argv) > 2 else "tests/held_out.yml"))
    wordings = leave_learned_out(written, Path("nlu"))
    print(f"{len(wordings)} wordings; {len(written) - len(wordings)} left out, which are training lines too")
    logging.disable(logging.WARNING)
    read, took_ms = asyncio.run(read_wordings(model, wordings))
    figures = count_figures(read)
    took_ms.sort()
    print(_tell("intent right", figures.intent))
    print(_tell("kind right", figures.kind))
    print(_tell("a person asked for: heard", figures.heard))
    print(_tell("a person heard where none was asked for", figures.false_persons))
    print(f"consent crossed {figures.crossed}, a switch thrown that nobody asked for {figures.thrown}")
    print(
        f"answered as several requests {figures.split}; asked which of two {figures.asked[1]}, right among them {figures.asked[0]}"
    )
    print(f"parse p50 {took_ms[len(took_ms) // 2]:.1f} ms, p95 {took_ms[int(len(took_ms) * 0.95)]:.1f} ms")
    for (label, intents), count in figures.confusions:
        print(f"{count:4}  {label} read as {intents}")
    broken = find_broken(figures)
    for limit in broken:
        print(f"broken: {limit}")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
