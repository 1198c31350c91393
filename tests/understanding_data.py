"""The public sets of `make bench-understanding`, read from beside the checkout, and typos as people make them.

    ../shared/nlu-benchmarks/banking77         Casanueva et al. 2020, CC BY 4.0
    ../shared/nlu-benchmarks/clinc150          Larson et al. 2019, CC BY 3.0
    ../shared/nlu-benchmarks/hint3-curekart    Arora et al. 2020, ODbL 1.0

They are for evaluation only and never become part of the repository. Nothing here is used by the assistant.
"""

import csv
import json
import random
import re
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from tests.house import ROOT

FOLDER = ROOT.parent / "shared" / "nlu-benchmarks"
NOTHING = "NO_NODES_DETECTED"
Pairs = list[tuple[str, str]]
_BESIDE = {
    key: value
    for row in ("qwertyuiop", "asdfghjkl", "zxcvbnm")
    for key, value in ((key, row[max(0, at - 1) : at] + row[at + 1 : at + 2]) for at, key in enumerate(row))
}


def require_data(folder: Path = FOLDER) -> None:
    """Stop with a sentence unless the three sets are there."""
    wanted: tuple[str, ...] = (
        "banking77/train_10.tsv",
        "banking77/train.tsv",
        "banking77/valid.tsv",
        "banking77/test.tsv",
    )
    wanted += ("clinc150/data_full.json", "hint3-curekart/train.csv", "hint3-curekart/test.csv")
    missing = [name for name in wanted if not (folder / name).is_file()]
    if missing:
        raise SystemExit(
            f"The public sets are missing: {', '.join(missing)} in {folder}. They may not be part of this repository. Put BANKING77, "
            "CLINC150 and HINT3 (curekart) there; docs/understanding.md says which editions."
        )


def read_banking(part: str, folder: Path = FOLDER) -> Pairs:
    """Pairs of text and intent of train_10, train, valid or test."""
    lines = (folder / "banking77" / f"{part}.tsv").read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t", 1) for line in lines if line]
    return [(text, intent) for intent, text in rows]


def read_clinc(part: str, folder: Path = FOLDER) -> Pairs:
    """Pairs of train, val, test, oos_train, oos_val or oos_test of the full edition."""
    rows = json.loads((folder / "clinc150" / "data_full.json").read_text(encoding="utf-8"))[part]
    return [(text, intent) for text, intent in rows]


def read_curekart(part: str, folder: Path = FOLDER) -> Pairs:
    """Pairs of train or test; `NOTHING` is the intent of what is out of scope."""
    with (folder / "hint3-curekart" / f"{part}.csv").open(encoding="utf-8", newline="") as file:
        return [(row["sentence"], row["label"]) for row in csv.DictReader(file)]


def draw_shots(pairs: Sequence[tuple[str, str]], *, shots: int, seed: int) -> Pairs:
    """So many examples of each intent, drawn at random."""
    by_intent = defaultdict(list)
    for text, intent in pairs:
        by_intent[intent].append(text)
    drawing = random.Random(seed)
    return [(text, intent) for intent in sorted(by_intent) for text in drawing.sample(by_intent[intent], shots)]


def add_typos(text: str, count: int, drawing: random.Random) -> str:
    """The text with so many slips of the finger: a letter's neighbour, a letter left out, doubled, or two swapped.

    Each falls on a random letter of a random word of three letters or more, the same word not twice while there is another.
    """
    spared: set[int] = set()
    for _ in range(count):
        words = list(re.finditer(r"[A-Za-z]{3,}", text))
        numbers = [number for number in range(len(words)) if number not in spared] or list(range(len(words)))
        if not numbers:
            return text
        number = drawing.choice(numbers)
        spared.add(number)
        word = words[number]
        at = drawing.randrange(word.start(), word.end())
        kind = drawing.randrange(4)
        if kind == 0:
            text = text[:at] + drawing.choice(_BESIDE[text[at].lower()]) + text[at + 1 :]
        elif kind == 1:
            text = text[:at] + text[at + 1 :]
        elif kind == 2:
            text = text[: at + 1] + text[at:]
        else:
            at = min(at, word.end() - 2)
            text = text[:at] + text[at + 1] + text[at] + text[at + 2 :]
    return text
