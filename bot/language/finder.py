"""Finds what a text names: products, kinds and brands of the shop, order numbers, days, amounts, categories of personal data.

spaCy's blank English tokenizer and PhraseMatcher do the matching, so nothing is learned and nothing is downloaded. A title of
the catalogue is found in singular and plural, in any case, and with a small typo (repair.py). Where a word names several
things all of them are returned: who answers asks which. The longer name wins over the one inside it. Where nothing has the
whole name, the last word of a kind's name stands for it: "eggs" are large eggs, brown eggs and a few more, the shortest names first.

Some names are ordinary words too. "What date" names no dates, "thanks, honey" no honey, "Apple Pay" no apples; a brand that is a
single word counts only beside goods or where the text speaks of a brand.
"""

import re
from collections import defaultdict
from dataclasses import dataclass

import spacy
from spacy.matcher import PhraseMatcher
from spacy.tokens import Doc

from .amounts import find_amounts, find_count_before
from .catalogue import Catalogue, Named
from .categories import find_categories
from .concepts import load_concepts
from .days import find_days
from .forms import list_forms
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
# A single word that is goods in the plural and something else in the singular: "a match", "the date", "it rose".
_PLURAL_ONLY = frozenset(
    "date match rose spirit cooler light can mix drop spread game binder ticket book card relish".split()
)
# Other things that goods' words are part of, and how people call each other.
_NO_GOODS = re.compile(
    r"\bapple (?:pay|wallet|watch)\b|\bprice match\w*|\bup ?to date\b|\bpiece of cake\b|\b(?:spill|full of) (?:the )?beans\b|\bgone nuts\b"
    r"|\bare you nuts\b|\bhigh spirits\b|\bbest before dates?\b|\bwhat dates?\b|\bhot potato\b|\bbig cheese\b|\bbread and butter issue\b"
    r"|(?:^|[,.!?]\s*)(?:(?:oh|hey|hi|ok|okay|thanks|thank you|cheers|sorry|please|bye)[ ,]+)+"
    r"(?:honey|sugar|pumpkin|peach|cupcake|sweets|duck|petal|cookie|dumpling)\b(?=\s*(?:[,.!?]|$))"
    r"|\b(?:love (?:you|u|ya)|miss you|you too|thanks|thank you|thx|cheers|good night|good morning|bye)(?: too| so much| a lot| very much)?,?\s+"
    r"(?:honey|sugar|pumpkin|peach|cupcake|sweets|duck|petal|cookie|dumpling)\b"
    r"|^(?:honey|sugar|pumpkin|peach|cupcake|petal|cookie),\s+(?=(?:do|can|could|what|where|when|how|is|are|i|you|please|tell|show|why)\b)",
    re.IGNORECASE,
)
_BRAND_SAID = re.compile(r"\b(?:brands?|by|from|made by|anything)\s*$", re.IGNORECASE)
_BRAND_AFTER = re.compile(r"^\s*(?:brand|products?|range|goods|stuff)\b", re.IGNORECASE)


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
        self._repairer = Repairer(words - stop, known=catalogue.known | stop | _PLURAL_ONLY)

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
        named = self._find_named(text)
        found += named
        found += _find_amounts(text, taken=[(one.start, one.end) for one in found], named=named)
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
        found = [
            Found(named.kind, named.value, doc[start].idx, doc[end - 1].idx + len(doc[end - 1]))
            for form, start, end in dict.fromkeys(hits)
            if (start, end) in longest
            for named in self._meant[form]
        ]
        no_goods = [match.span() for match in _NO_GOODS.finditer(text)]
        return [
            one
            for one in found
            if not any(start <= one.start and one.end <= end for start, end in no_goods)
            and (one.kind != "brand" or _is_brand(text, one, found))
        ]


def _is_brand(text: str, brand: Found, found: list[Found]) -> bool:
    """Whether a brand's name is meant as one: several words, or beside goods, or where brands are spoken of."""
    if " " in text[brand.start : brand.end].strip():
        return True
    if _BRAND_SAID.search(text[: brand.start]) or _BRAND_AFTER.match(text[brand.end :]):
        return True
    goods = [one for one in found if one.kind in ("product", "product_type")]
    return any(
        text[brand.end : one.start].strip() in ("", "'s")
        if brand.end <= one.start
        else not text[one.end : brand.start].strip()
        for one in goods
    )


def _find_amounts(text: str, *, taken: list[tuple[int, int]], named: list[Found]) -> list[Found]:
    """Prices, sizes and counts where nothing else stands; a bare number counts the goods that follow it."""
    amounts = find_amounts(text)
    for one in named:
        if one.kind in ("product", "product_type"):
            count = find_count_before(text, one.start)
            if count is not None and not any(a.start < count.end and count.start < a.end for a in amounts):
                amounts.append(count)
    return [
        Found(amount.kind, amount.value, amount.start, amount.end)
        for amount in amounts
        if amount.kind in ("order_by", "only")
        or not any(amount.start < end and start < amount.end for start, end in taken)
    ]


def _collect_forms(catalogue: Catalogue) -> dict[str, list[Named]]:
    """What each form of a name stands for; the last word of a kind's name only where no whole name has that form.

    Only a last word that names goods by itself does (concepts.yml, PRODUCT): "eggs", but not "cards", "cans" or "for one".
    """
    whole: dict[str, list[Named]] = defaultdict(list)
    heads: dict[str, list[Named]] = defaultdict(list)
    goods = {phrase[0] for phrase, concept in load_concepts().items() if concept == "PRODUCT" and len(phrase) == 1}
    for named in catalogue.named:
        forms = {form for word in named.words for form in list_forms(word)} - _PLURAL_ONLY
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
