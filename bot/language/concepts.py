"""What the words of a message mean, for the classifier: the lines of concepts.yml.

A bag of words knows only the words that it was trained on. With forty wordings an intent most new wordings hold one that none
of them had, so each message is also read as the names of what its words mean, in order, with every two of them paired: "cease
basing offers on my shopping" is STOP USE OFFER PURCHASES whichever words were used. Looked up by whole words, longest phrase
first, so a message costs the same for a hundred lines and for a thousand.
"""

from functools import lru_cache
from itertools import combinations, pairwise
from pathlib import Path

import yaml

MOST_PAIRED = 14
_LONGEST_PHRASE = 6


@lru_cache(maxsize=1)
def load_concepts() -> dict[tuple[str, ...], str]:
    """The name of each phrase's concept. A phrase under two names is a mistake in the file."""
    lines: dict[str, str] = yaml.safe_load((Path(__file__).parent / "concepts.yml").read_text(encoding="utf-8"))
    names: dict[tuple[str, ...], str] = {}
    for name, line in lines.items():
        for phrase in str(line).split(","):
            names.setdefault(tuple(split_words(phrase)), str(name))
    names.pop((), None)
    return names


def split_words(text: str) -> list[str]:
    """Lower-case words; an apostrophe or a hyphen inside a word belongs to it, a question mark stands for itself."""
    words: list[str] = []
    for piece in text.lower().replace("?", " ? ").split():
        word = piece if piece == "?" else piece.strip("\"'.,:;!()[]{}<>*_-")
        words += [part for part in word.replace("/", " ").replace(",", " ").split() if part]
    return words


def read_concepts(text: str) -> list[str]:
    """The message as concepts (capitals) and the words that belong to none, in order."""
    names, words = load_concepts(), split_words(text)
    read: list[str] = []
    at = 0
    while at < len(words):
        for length in range(min(_LONGEST_PHRASE, len(words) - at), 0, -1):
            name = names.get(tuple(words[at : at + length]))
            if name:
                read.append(name)
                at += length
                break
        else:
            read.append(words[at])
            at += 1
    return read


def list_features(text: str) -> list[str]:
    """Concepts singly, as neighbours, and each two of them that stand anywhere in the message."""
    read = read_concepts(text)
    edged = ["^", *read, "$"]
    named = list(dict.fromkeys(word for word in read if word.isupper() or word == "?"))[:MOST_PAIRED]
    features = list(read)
    features += [f"{a} {b}" for a, b in pairwise(edged)]
    features += [f"{a} {b} {c}" for a, b, c in zip(edged, edged[1:], edged[2:], strict=False)]
    features += [f"{a}&{b}" for a, b in combinations(sorted(named), 2)]
    return features
