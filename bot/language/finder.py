"""Finds what a text names: products and kinds of products of the shop, order numbers, days, categories of personal data.

spaCy's blank English tokenizer and PhraseMatcher do the matching, so nothing is learned and nothing is downloaded. A title of
the catalogue is found in singular and plural, in any case, and with a small typo (repair.py). Where a word names several
things all of them are returned: who answers asks which. The longer name wins over the one inside it. Where nothing has the
whole name, the last word of a kind's name stands for it: "eggs" are large eggs, brown eggs and a few more, the shortest names first.
"""

import re
from collections import defaultdict
from dataclasses import dataclass

import spacy
from spacy.matcher import PhraseMatcher
from spacy.tokens import Doc

from .catalogue import Catalogue, Named
from .categories import find_categories
from .concepts import load_concepts
from .days import find_days
from .repair import Repairer

# A number after a word that announces it, or a long one standing alone. Four figures may be a year, so five are needed.
_ORDER_PATTERNS = [
    re.compile(
        r"(?:\border\b|\bordr\b|\bpurchase\b|\bbasket\b|\bparcel\b|\bdelivery\b|\breceipt\b)\s*(?:number|num|no\.?|nr\.?|id|code)?\s*(?:is|was|:|=)?\s*#?\s*"
        r"(?P<id>[a-z]{0,4}-?\d[\da-z-]{2,})\b",
        re.IGNORECASE,
    ),
    re.compile(r"(?:#|\b(?:number|no\.|nr\.?|id)\s*:?\s*#?)\s*(?P<id>[a-z]{0,4}-?\d[\da-z-]{2,})\b", re.IGNORECASE),
    re.compile(r"(?<![\w.,$€£/-])(?P<id>[a-z]{0,4}-?\d{5,}(?:-\d+)*)(?![\w/%€$£])(?![.,]\d)", re.IGNORECASE),
    re.compile(r"^\s*(?P<id>[a-z]{0,4}-?\d{3,})\s*[.?!]?\s*$", re.IGNORECASE),
]
_LONGEST = 1000
MOST_OF_A_HEAD = 12
# The same thing in the words of another country; read both ways.
_ELSEWHERE = [
    ("yogurt", "yoghurt"), ("potato chips", "crisps"), ("diapers", "nappies"), ("cookies", "biscuits"), ("candy", "sweets"),
    ("soft drinks", "soda"), ("soft drinks", "fizzy drinks"), ("toilet paper", "loo roll"), ("toilet paper", "toilet rolls"),
    ("ground beef", "minced beef"), ("shrimp", "prawns"), ("eggplant", "aubergine"), ("zucchini", "courgette"), ("soda", "pop"),
    ("laundry detergent", "washing powder"), ("oat milk", "oat drink"), ("cilantro", "coriander"), ("arugula", "rocket"),
    ("french fries", "frozen chips"), ("paper towels", "kitchen roll"), ("trash bags", "bin bags"), ("flavored", "flavoured"),
    ("donuts", "doughnuts"), ("cereal", "cereals"),
]  # fmt: skip


@dataclass(frozen=True)
class Found:
    """One thing found in a text: what kind, which value, and where it stands."""

    kind: str
    value: str
    start: int
    end: int


class Finder:
    """Finds the shop's words and everything else that a text names. Build it once; `find` keeps nothing."""

    def __init__(self, catalogue: Catalogue | None = None) -> None:
        catalogue = catalogue or Catalogue()
        self._nlp = spacy.blank("en")
        self._matcher = PhraseMatcher(self._nlp.vocab, attr="LOWER")
        self._meant: dict[str, list[Named]] = {}
        words: set[str] = set()
        for form, meant in sorted(_collect_forms(catalogue).items()):
            self._meant[form] = meant
            self._matcher.add(form, [self._nlp.make_doc(form)])
            words.update(form.split())
        stop = {word.lower() for word in self._nlp.Defaults.stop_words}
        self._repairer = Repairer(words - stop, known=catalogue.known | stop)

    def find(self, text: str) -> list[Found]:
        """Everything named in the first 1,000 characters, in order."""
        text = text[:_LONGEST]
        found = [Found("category", value, start, end) for value, start, end in find_categories(text)]
        days = find_days(text)
        found += [
            Found(kind, value, span.start, span.end)
            for span in days
            for kind, value in (("date_from", span.first), ("date_to", span.last))
        ]
        found += [
            order
            for order in find_orders(text)
            if not any(order.start < span.end and span.start < order.end for span in days)
        ]
        found += self._find_named(text)
        return sorted(found, key=lambda item: (item.start, item.end, item.kind, item.value))

    def _find_named(self, text: str) -> list[Found]:
        doc = self._nlp.make_doc(text)
        mended = [self._repairer.mend(token.text) for token in doc]
        read = (
            Doc(self._nlp.vocab, words=mended, spaces=[bool(token.whitespace_) for token in doc]) if len(doc) else doc
        )
        hits = [(self._nlp.vocab.strings[key], start, end) for key, start, end in self._matcher(read)]
        longest: list[tuple[int, int]] = []
        for _, start, end in sorted(hits, key=lambda hit: (hit[1] - hit[2], hit[1])):
            if all((start, end) == other or end <= other[0] or other[1] <= start for other in longest):
                longest.append((start, end))
        return [
            Found(named.kind, named.value, doc[start].idx, doc[end - 1].idx + len(doc[end - 1]))
            for form, start, end in dict.fromkeys(hits)
            if (start, end) in longest
            for named in self._meant[form]
        ]


def _collect_forms(catalogue: Catalogue) -> dict[str, list[Named]]:
    """What each form of a name stands for; the last word of a kind's name only where no whole name has that form.

    Only a last word that names goods by itself does (concepts.yml, PRODUCT): "eggs", but not "cards", "cans" or "for one".
    """
    whole: dict[str, list[Named]] = defaultdict(list)
    heads: dict[str, list[Named]] = defaultdict(list)
    goods = {phrase[0] for phrase, concept in load_concepts().items() if concept == "PRODUCT" and len(phrase) == 1}
    for named in catalogue.named:
        forms = {form for word in named.words for form in list_forms(word)}
        for form in forms:
            whole[form].append(named)
        if named.kind == "product_type":
            for head in {form.rpartition(" ")[2] for form in forms if " " in form} & goods:
                heads[head].append(named)
    shortest = {
        head: sorted(meant, key=lambda named: (len(named.words[0]), named.value))[:MOST_OF_A_HEAD]
        for head, meant in heads.items()
        if head not in whole
    }
    return {**shortest, **whole}


def find_orders(text: str) -> list[Found]:
    """Order numbers, each once, in capital letters and without the #."""
    found: list[Found] = []
    for pattern in _ORDER_PATTERNS:
        for match in pattern.finditer(text):
            start, end = match.span("id")
            if not any(start < other.end and other.start < end for other in found):
                found.append(Found("order_id", match["id"].upper().rstrip("-"), start, end))
    return found


def list_forms(title: str) -> set[str]:
    """A title in singular and plural, lower case, "&" also as "and", and in the words of another country."""
    plain = " ".join(re.sub(r"[^\w\s&'-]", " ", title.lower()).split())
    if not plain:
        return set()
    bases = {plain, " ".join(plain.replace("&", " and ").split())}
    for here, there in _ELSEWHERE:
        for a, b in ((here, there), (there, here)):
            bases |= {re.sub(rf"\b{a}\b", b, base) for base in bases if re.search(rf"\b{a}\b", base)}
    forms = set(bases)
    for base in bases:
        head, _, last = base.rpartition(" ")
        forms |= {f"{head} {word}".strip() for word in list_word_forms(last)}
    return {form for form in forms if len(form) >= 2}


def list_word_forms(word: str) -> set[str]:
    """A word with its singular and its plural, by the regular endings; a wrong guess is a word that nobody writes."""
    forms = {word}
    if not word.isalpha() or len(word) < 3:
        return forms
    if word.endswith("ies") and len(word) > 4:
        forms |= {word[:-3] + "y", word[:-1]}
    elif word.endswith(("ches", "shes", "sses", "xes", "zes", "oes")):
        forms |= {word[:-2], word[:-1]}
    elif word.endswith("ves"):
        forms |= {word[:-3] + "f", word[:-3] + "fe", word[:-1]}
    elif word.endswith("s") and not word.endswith(("ss", "us", "is")):
        forms.add(word[:-1])
    elif word.endswith("y") and word[-2] not in "aeiou":
        forms.add(word[:-1] + "ies")
    elif word.endswith(("s", "sh", "ch", "x", "z", "o")):
        forms |= {word + "es", word + "s"} if word.endswith("o") else {word + "es"}
    elif word.endswith("f"):
        forms |= {word[:-1] + "ves", word + "s"}
    else:
        forms.add(word + "s")
    return forms
