"""Two requests in one message, and a message that could mean either of two things.

`propose_parts` cuts a text where a second request could begin; the pipeline reads each part as it reads any message, and
`settle_parts` keeps the cut only when the parts, each on its own, are clearly different requests. "Bread and butter" is never
cut, since "butter" begins no request. A switch is thrown only by a whole sentence that asks nothing: half a sentence may be a
question's.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from .kinds import DEEDS, KIND_OF, REQUESTS

MOST_PARTS = 3
MOST_PROPOSED = 6
LEAST_TRUST, LEAST_SHARE = 0.35, 0.45
DOUBT_FROM, DOUBT_TOGETHER = 0.75, 0.6
PERSON = "request_human"
# Said beside a request without being one; the request alone is answered.
_BESIDE = frozenset(
    ("greet", "say_goodbye", "thank", "affirm", "deny", "give_praise", "give_blame", "ask_how_are_you", "say_abuse")
)
# Whoever writes this is answered on this alone.
_ALONE = frozenset(("report_emergency", "report_distress", "try_injection", "speak_other_language"))

_SENTENCE_END = re.compile(r"(?<=[.!?;])\s+|(?<=[?!;])(?=[A-Za-z])")
_BEGINS = (
    r"(?:what|what's|whats|where|where's|wheres|when|how|how's|who|why|which|is|are|do|does|did|can|could|may|will|would|tell|show|give|"
    r"i|i'd|i'm|let|please|stop|delete|erase|find|get|put|connect|bring|send|switch|turn|never|don't|dont|also|have you|has)\b"
)
_JOINED = re.compile(
    rf"(?:\s*,)?\s+(?:(?:and|plus|oh and|and also|also|but|btw|by the way|then|and then)\s+)+(?={_BEGINS})|\s*,\s+(?={_BEGINS})",
    re.IGNORECASE,
)
_CONDITION = re.compile(r"^\W*(?:if|when|before|after|because|since|as|unless|while|in case|whether)\b", re.IGNORECASE)
_QUESTION = re.compile(
    r"^\W*(?:and |also )*(?:what|when|where|how|who|which|is|are|do|does|can|may|could)\b.*\b\w+\b.*\b\w+\b",
    re.IGNORECASE,
)
# The form of a request; a sentence without it tells what the request is about ("I bought milk yesterday. It was sour.").
_ASKS = re.compile(
    r"\?\s*$|^\W*(?:(?:and|also|please|ok|okay|then|so)\W+)*(?:what|what's|whats|where|where's|wheres|when|how|how's|who|why|which|is|are|do|does|did|can|could|may|"
    r"will|would|tell|show|give|list|let|stop|delete|erase|find|get|put|connect|bring|send|switch|turn|use|you may|you can|never|don't|dont|i want|i'd like|i would like|i need|"
    r"i wish|i wanna|i'm looking|i am looking|looking for|talk|speak|opt|track|cancel|return|remove|hide|please)\b",
    re.IGNORECASE,
)
_TOLD = frozenset(("report_missing_item", "dispute_reason", "tell_taste", "ask_return", PERSON))
_IT = re.compile(r"^\W*(?:it|this|that|they|these|those|he|she)\b", re.IGNORECASE)
_OF_GOODS = frozenset(("ask_price", "ask_stock", "ask_contents", "ask_similar"))
_POINTS_BACK = re.compile(r"\b(?:it|its|that|this|them|they|those|these|one|ones)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Piece:
    """A part of a message: its text, and whether it is a whole sentence."""

    text: str
    is_sentence: bool


@dataclass(frozen=True)
class Read:
    """A part as it was read: its intent, the intent's share and the reader's trust in it, 0 to 1, and what it names."""

    piece: Piece
    intent: str
    share: float
    trust: float
    entities: list[dict[str, Any]] = field(default_factory=list)

    @property
    def names_goods(self) -> bool:
        """Whether it names something of the shop's goods."""
        return any(entity["entity"] in ("product", "product_type") for entity in self.entities)

    @property
    def is_clear(self) -> bool:
        """Whether it is a request that may be answered on its own."""
        if self.intent not in REQUESTS or (self.intent != PERSON and len(self.piece.text.split()) < 2):
            return False
        if not (_ASKS.search(self.piece.text) or (self.intent in _TOLD and not _IT.match(self.piece.text))):
            return False
        if self.intent in DEEDS:
            return self.piece.is_sentence and not self.piece.text.rstrip().endswith("?") and self.trust >= LEAST_TRUST
        return self.intent == PERSON or (self.trust >= LEAST_TRUST and self.share >= LEAST_SHARE)


def propose_parts(text: str) -> list[Piece]:
    """Where the message may be cut: nothing for one request, or for a text of more pieces than anybody asks at once."""
    pieces: list[Piece] = []
    for sentence in (part.strip() for part in _SENTENCE_END.split(text)):
        if not re.search(r"\w", sentence):
            continue
        halves = [sentence] if _CONDITION.match(sentence) else [half.strip(" ,") for half in _JOINED.split(sentence)]
        halves = [half.lstrip("/ ") for half in halves if half.lstrip("/ ")]
        pieces += [Piece(half, is_sentence=len(halves) == 1) for half in halves]
    return pieces if 2 <= len(pieces) <= MOST_PROPOSED else []


def settle_parts(reads: Sequence[Read]) -> list[Read]:
    """The requests to answer in turn, a person's last; nothing where the message is to be read as one.

    Every piece must be a clear request or a courtesy, or the rest of the message may be what the piece is about. Only beside a
    wish for a person one clear request is enough: the wish is heard in any case.
    """
    if any(read.intent in _ALONE for read in reads):
        return []
    requests: list[Read] = []
    is_person = any(read.intent == PERSON for read in reads)
    for read in reads:
        if not read.is_clear:
            if read.intent in _BESIDE or is_person:
                continue
            return []
        if read.intent in _OF_GOODS and not read.names_goods and not any(other.names_goods for other in requests):
            return []  # "how much does it cost?" after a question about delivery
        if _asks_another(read, requests):
            requests.append(read)
        elif read.entities:  # the same once more, of another thing: one message names both
            return []
    switches = {read.intent for read in requests} & DEEDS
    if not 2 <= len(requests) <= MOST_PARTS or len(switches) > 1:
        return []
    return sorted(requests, key=lambda read: read.intent == PERSON)


def _asks_another(read: Read, requests: Sequence[Read]) -> bool:
    """Whether it is another request than those before: another intent, or another common question."""
    same = [other for other in requests if other.intent == read.intent]
    return not same or (read.intent == "ask_question" and _asks_itself(read) and all(map(_asks_itself, same)))


def _asks_itself(read: Read) -> bool:
    return _QUESTION.match(read.piece.text) is not None and not points_back(read.piece.text)


def fits_whole(parts: Sequence[Read], intent: str) -> bool:
    """Whether the parts go with what was read in the whole message: one of them is that, or it was no request at all."""
    return intent not in _ALONE and (intent not in REQUESTS or any(part.intent == intent for part in parts))


def points_back(text: str) -> bool:
    """Whether a text speaks of something named before: "is it in stock?"."""
    return _POINTS_BACK.search(text) is not None


def find_doubt(ranking: Sequence[tuple[str, float]]) -> list[str]:
    """The two intents between which the reader cannot choose; nothing when one is ahead or both lead to the same kind.

    Parameters
    ----------
    ranking
        Pairs of intent and share, 0 to 1, best first.
    """
    if len(ranking) < 2:
        return []
    (first, share), (second, next_share) = ranking[:2]
    kinds = {KIND_OF.get(first), KIND_OF.get(second)}
    if not {first, second} <= REQUESTS - {PERSON, "ask_if_bot"} or len(kinds) < 2:
        return []
    return [first, second] if next_share >= DOUBT_FROM * share and share + next_share >= DOUBT_TOGETHER else []
