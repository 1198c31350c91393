"""Prints how well the trained bot understands the wordings kept apart, by intent and by kind of message.

    python measure.py [model] [wordings]        in bot/, with the bot's own Python

Exits 1 when a promised limit is broken: 90 of 100 wordings right, 97 of 100 wishes for a person heard, no consent given for
one withdrawn nor withdrawn for one given.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import yaml

LEAST_RIGHT = 0.90
LEAST_PERSONS = 0.97
# What the customer sees is a kind of message; these intents differ from the kind of their topic.
KINDS = {
    "orders": ["ask_order_status", "ask_order_contents", "list_orders", "ask_return", "report_missing_item"],
    "products": ["search_product", "ask_price", "ask_stock", "ask_contents", "ask_similar"],
    "explanation": [
        "ask_why_offer",
        "ask_how_it_works",
        "ask_how_sure",
        "ask_what_is_used",
        "ask_more",
        "ask_meaning",
    ],
    "consent": ["grant_consent", "withdraw_consent", "ask_consents"],
    "privacy": ["ask_what_is_held", "request_copy", "request_erasure", "request_correction"],
    "handoff": ["request_human", "cancel_handoff"],
    "feedback": ["give_praise", "give_blame"],
    "chat": [
        "greet",
        "say_goodbye",
        "thank",
        "ask_how_are_you",
        "ask_what_can_you_do",
        "affirm",
        "deny",
        "continue_with_bot",
    ],
    "fallback": ["nlu_fallback", "ask_out_of_scope", "report_emergency"],
}
KIND_OF = {intent: kind for kind, intents in KINDS.items() for intent in intents}


def load_wordings(path: Path) -> list[tuple[str, str]]:
    """Pairs of (intent, wording) of a file in Rasa's NLU format."""
    blocks = yaml.safe_load(path.read_text(encoding="utf-8"))["nlu"]
    return [
        (block["intent"], line[2:].strip())
        for block in blocks
        for line in block["examples"].splitlines()
        if line.startswith("- ")
    ]


async def read_intents(model: Path, texts: Sequence[str]) -> tuple[list[str], list[float]]:
    """What the trained model reads in each text, and how long each took in milliseconds."""
    from rasa.core.agent import load_agent
    from rasa.utils.log_utils import configure_structlog

    configure_structlog(logging.WARNING)

    agent = await load_agent(str(model))
    intents, took_ms = [], []
    for text in texts:
        start = time.perf_counter()
        intents.append(str((await agent.parse_message(text))["intent"]["name"]))
        took_ms.append((time.perf_counter() - start) * 1000)
    return intents, took_ms


def count_share(pairs: Sequence[tuple[str, str]]) -> float:
    """Share of pairs whose two sides are the same; 1 for none."""
    return sum(wanted == read for wanted, read in pairs) / len(pairs) if pairs else 1.0


def main() -> int:
    """Measure, print, and say by the exit code whether the limits hold."""
    model = Path(sys.argv[1] if len(sys.argv) > 1 else "../var/bot/candor.tar.gz")
    wordings = load_wordings(Path(sys.argv[2] if len(sys.argv) > 2 else "tests/held_out.yml"))
    logging.disable(logging.WARNING)
    read, took_ms = asyncio.run(read_intents(model, [text for _, text in wordings]))
    pairs = [(wanted, intent) for (wanted, _), intent in zip(wordings, read, strict=True)]
    kinds = [(KIND_OF.get(wanted, wanted), KIND_OF.get(intent, intent)) for wanted, intent in pairs]
    for (wanted, text), intent in zip(wordings, read, strict=True):
        if wanted != intent:
            print(f"{wanted:22} read as {intent:22} {text}")
    persons = count_share([pair for pair in pairs if pair[0] == "request_human"])
    not_asked = [intent for wanted, intent in pairs if wanted != "request_human"]
    crossed = sum(
        pair in (("grant_consent", "withdraw_consent"), ("withdraw_consent", "grant_consent")) for pair in pairs
    )
    thrown = sum(intent in ("grant_consent", "withdraw_consent") and wanted != intent for wanted, intent in pairs)
    took_ms.sort()
    print(f"wordings {len(pairs)}, intent right {count_share(pairs):.3f}, kind right {count_share(kinds):.3f}")
    print(
        f"a person asked for: heard {persons:.3f}, heard where none was asked for {not_asked.count('request_human') / len(not_asked):.4f}"
    )
    print(f"consent crossed {crossed}, a switch thrown that nobody asked for {thrown}")
    print(f"parse p50 {took_ms[len(took_ms) // 2]:.1f} ms, p95 {took_ms[int(len(took_ms) * 0.95)]:.1f} ms")
    return 0 if count_share(pairs) >= LEAST_RIGHT and persons >= LEAST_PERSONS and crossed == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
