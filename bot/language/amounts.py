"""Amounts in a text: a price that something may cost, how much of it, which end of the shelf, only what is there.

No catalogue is needed for these. What is found is an entity like any other; who has the shop's currency and prices acts on it.

==============  ========================================================================================
`price_to`      "up to $5", "at most 3": `5.00 $`, `3.00`; "under 5": `<5.00`; the currency's sign where one was said
`price_from`    "at least 10", "over 5 euros": `10.00`, `>5.00 €`
`quantity`      how many pieces: "three yogurts", "a dozen", "2 bottles of": `3`, `12`, `2`
`size`          how much in one: "two litres", "500 g", "12 oz": `2000 ml`, `500 g`, `340.19 g`
`order_by`      "cheapest": `price`; "the most expensive": `price_desc`
`only`          "in stock", "on the shelf": `in_stock`
==============  ========================================================================================

A bare number is a price only where nothing follows that it could count: "less than 3" is, "less than 3 days" is not.
"""

import re
from dataclasses import dataclass

NUMBERS = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10, "eleven": 11,
    "twelve": 12, "fifteen": 15, "twenty": 20, "thirty": 30, "fifty": 50, "a hundred": 100, "hundred": 100,
}  # fmt: skip
CURRENCIES = {
    "$": "$", "dollar": "$", "dollars": "$", "buck": "$", "bucks": "$", "usd": "usd", "€": "€", "euro": "€", "euros": "€", "eur": "€",
    "£": "£", "quid": "£", "gbp": "£", "chf": "chf", "francs": "chf", "cent": "cent", "cents": "cent", "¢": "cent", "pence": "cent",
}  # fmt: skip
# A unit of weight in grams, of volume in millilitres; the ounce of a can is taken as weight, like on a shelf's label.
UNITS = {
    "g": (1.0, "g"), "gram": (1.0, "g"), "grams": (1.0, "g"), "gr": (1.0, "g"), "kg": (1000.0, "g"), "kilo": (1000.0, "g"),
    "kilos": (1000.0, "g"), "kilogram": (1000.0, "g"), "kilograms": (1000.0, "g"), "oz": (28.3495, "g"), "ounce": (28.3495, "g"),
    "ounces": (28.3495, "g"), "lb": (453.592, "g"), "lbs": (453.592, "g"), "pound": (453.592, "g"), "pounds": (453.592, "g"),
    "ml": (1.0, "ml"), "millilitre": (1.0, "ml"), "millilitres": (1.0, "ml"), "milliliters": (1.0, "ml"), "cl": (10.0, "ml"),
    "l": (1000.0, "ml"), "litre": (1000.0, "ml"), "litres": (1000.0, "ml"), "liter": (1000.0, "ml"), "liters": (1000.0, "ml"),
    "pint": (473.176, "ml"), "pints": (473.176, "ml"), "quart": (946.353, "ml"), "quarts": (946.353, "ml"),
    "gallon": (3785.41, "ml"), "gallons": (3785.41, "ml"), "gal": (3785.41, "ml"), "fl oz": (29.5735, "ml"),
}  # fmt: skip

_COUNT = r"\d{1,4}(?:[.,]\d{1,2})?|" + "|".join(sorted(NUMBERS, key=len, reverse=True))
_MONEY = "|".join(sorted((re.escape(word) for word in CURRENCIES if word.isalpha()), key=len, reverse=True))
_PRICE = (
    rf"(?:(?P<sign>[$€£])\s?(?P<signed>\d{{1,5}}(?:[.,]\d{{1,2}})?)|"
    rf"(?P<plain>{_COUNT}|an?(?=\s+(?:dollar|euro|buck|quid)\b))(?:\s?(?P<named>{_MONEY})\b|\s?(?P<mark>[€¢£]))?)(?![\w])"
)
_PRICE_AGAIN = _PRICE.replace("?P<sign>", "?P<sign2>").replace("?P<signed>", "?P<signed2>")
_PRICE_AGAIN = _PRICE_AGAIN.replace("?P<plain>", "?P<plain2>").replace("?P<named>", "?P<named2>")
_PRICE_AGAIN = _PRICE_AGAIN.replace("?P<mark>", "?P<mark2>")
_BELOW = r"under|below|less than|cheaper than|up to|at most|no more than|not more than|not over|max(?:imum)?(?: of)?|within|for less than"
_ABOVE = r"over|above|more than|at least|dearer than|from|min(?:imum)?(?: of)?"
_BETWEEN = re.compile(
    rf"\b(?:between\s+)(?P<one>{_PRICE})\s+(?:and|to)\s+(?P<two>{_PRICE_AGAIN})"
    rf"|(?P<dash>[$€£]\s?\d{{1,5}}(?:\.\d{{1,2}})?)\s?(?:-|to)\s?[$€£]?(?P<end>\d{{1,5}}(?:\.\d{{1,2}})?)(?!\w)",
    re.IGNORECASE,
)
_LOW = re.compile(rf"(?:\b(?:{_BELOW})|<)\s*(?:about\s+)?{_PRICE}", re.IGNORECASE)
_HIGH = re.compile(rf"(?:\b(?:{_ABOVE})|>)\s*{_PRICE}", re.IGNORECASE)
_STRICT = re.compile(r"(?:under|below|(?:for )?less|cheaper|over|above|more|dearer|<|>)", re.IGNORECASE)
_OR_LESS = re.compile(rf"(?<![\w.]){_PRICE}\s+or\s+(?P<way>less|cheaper|below|under|more|above|over)\b", re.IGNORECASE)
# What may follow a bare number that is a price.
_ENDS = re.compile(
    r"\s*(?:$|[?!.,;)]|(?:please|pls|thanks|and|or|but|if|that|which|in stock|each|a piece|apiece)\b)", re.IGNORECASE
)
_AGES = re.compile(
    r"\b(?:kids?|child(?:ren)?|aged?|ages|people|person|babies|baby|toddlers?|anyone|somebody|someone|minors?|customers?)\s*$",
    re.IGNORECASE,
)
_SIZE = re.compile(
    rf"(?<![\w.$€£-])(?P<n>half an?|an?|{_COUNT})[\s-]?(?P<unit>{'|'.join(sorted(UNITS, key=len, reverse=True))})\b",
    re.IGNORECASE,
)
_PIECES = (
    "bottles?|packs?|packets?|bags?|boxes|cans?|tins?|cartons?|jars?|loaves|pieces|bars|tubs?|cups|rolls|bunches|punnets?|"
    "trays?|cases?|crates?|pairs?|of (?:them|those|these|it)"
)
_DOZEN = re.compile(rf"\b(?P<half>half a |half-)?(?P<n>an?|{_COUNT})?\s*dozens?\b", re.IGNORECASE)
_OF = re.compile(rf"(?<![\w.$€£#-])(?P<n>{_COUNT})\s+(?:more\s+)?(?:{_PIECES})\b", re.IGNORECASE)
_TIMES = re.compile(r"(?<![\w.$€£#-])(?P<n>\d{1,3})\s?[x×](?=\s)", re.IGNORECASE)
_BEFORE = re.compile(rf"(?<![\w.$€£#-])(?P<n>{_COUNT})\s+$", re.IGNORECASE)
_CHEAP = re.compile(
    r"\b(?:cheap(?:est)?|least expensive|lowest[- ]priced?|lowest price|best price|inexpensive)\b", re.IGNORECASE
)
_DEAR = re.compile(r"\b(?:most expensive|dearest|priciest|highest[- ]priced?|highest price)\b", re.IGNORECASE)
_THERE = re.compile(r"\b(?:in stock|on the shel(?:f|ves)|available|in store (?:right )?now)\b", re.IGNORECASE)
_NOT_THERE = re.compile(r"\b(?:not|isn't|aren't|out of stock|sold out|n't)\b", re.IGNORECASE)


MOST_COUNTED = 1000  # from here on a number is a year or an order's


@dataclass(frozen=True)
class Amount:
    """One amount in a text: which kind, its value as the table above has it, and where it stands."""

    kind: str
    value: str
    start: int
    end: int


def find_amounts(text: str) -> list[Amount]:
    """Every amount in the text, in order; where two readings overlap the price is taken before the size, the size before the count."""
    found: list[Amount] = []

    def add(kind: str, value: str | None, start: int, end: int) -> None:
        if value is not None and not any(start < other.end and other.start < end for other in found):
            found.append(Amount(kind, value, start, end))

    for match in _BETWEEN.finditer(text):
        for kind, value in zip(("price_from", "price_to"), _read_ends(match, text), strict=True):
            if value is not None:
                found.append(Amount(kind, value, *match.span()))
    for match in _OR_LESS.finditer(text):
        kind = "price_to" if match["way"].lower() in ("less", "cheaper", "below", "under") else "price_from"
        add(kind, _read_price(match), *match.span())
    for kind, pattern in (("price_to", _LOW), ("price_from", _HIGH)):
        for match in pattern.finditer(text):
            if _is_price(match, text):
                strict = _STRICT.match(match[0])
                sign = ("<" if kind == "price_to" else ">") if strict else ""
                add(kind, f"{sign}{_read_price(match)}", *match.span())
    for match in _SIZE.finditer(text):
        add("size", _read_size(match), *match.span())
    for match in _DOZEN.finditer(text):
        count = (_count(match["n"]) or 1) * 12
        add("quantity", f"{count / 2 if match['half'] else count:g}", *match.span())
    for pattern in (_OF, _TIMES):
        for match in pattern.finditer(text):
            add("quantity", _whole(match["n"]), *match.span())
    for kind, value, pattern in (
        ("order_by", "price_desc", _DEAR),
        ("order_by", "price", _CHEAP),
        ("only", "in_stock", _THERE),
    ):
        for match in pattern.finditer(text):
            if kind != "only" or not _NOT_THERE.search(text[: match.start()]):
                add(kind, value, *match.span())
    return sorted(found, key=lambda amount: (amount.start, amount.end, amount.kind))


def find_count_before(text: str, start: int) -> Amount | None:
    """How many of what begins at `start`: "three" in "three yogurts"."""
    match = _BEFORE.search(text[:start])
    value = _whole(match["n"]) if match else None
    return Amount("quantity", value, match.start("n"), match.end("n")) if match and value else None


def find_sizes(title: str) -> list[tuple[float, str]]:
    """The sizes that a product's title states, in g or ml."""
    return [size for match in _SIZE.finditer(title) if (size := parse_size(_read_size(match))) is not None]


def parse_size(value: str | None) -> tuple[float, str] | None:
    """A `size` as number and unit."""
    number, _, unit = (value or "").partition(" ")
    return (float(number), unit) if unit else None


def _read_ends(match: re.Match[str], text: str) -> tuple[str | None, str | None]:
    if match["dash"]:
        sign = match["dash"][0]
        return _tell(match["dash"][1:].strip(), sign), _tell(match["end"], sign)
    has_money = any(match[name] for name in ("sign", "named", "mark", "sign2", "named2", "mark2"))
    if not has_money and not _ENDS.match(text, match.end()):
        return None, None
    named = match["sign2"] or match["named2"] or match["mark2"]
    high = _tell(match["signed2"] or match["plain2"], named)
    return _tell(match["signed"] or match["plain"], match["sign"] or match["named"] or match["mark"] or named), high


def _is_price(match: re.Match[str], text: str) -> bool:
    """Whether a number after "under" is money: it says so, or nothing follows that it could count."""
    if match["sign"] or match["named"] or match["mark"]:
        return True
    return _ENDS.match(text, match.end()) is not None and not _AGES.search(text[: match.start()])


def _read_price(match: re.Match[str]) -> str:
    return _tell(match["signed"] or match["plain"], match["sign"] or match["named"] or match["mark"])


def _tell(number: str, money: str | None) -> str:
    currency = CURRENCIES[money.lower()] if money else ""
    count = _count(number)
    value = 1.0 if count is None else count  # "under a dollar"
    if currency == "cent":
        return f"{value / 100:.2f}"
    return f"{value:.2f} {currency}".strip()


def _read_size(match: re.Match[str]) -> str | None:
    factor, unit = UNITS[match["unit"].lower()]
    words = match["n"].lower()
    count = 0.5 if words.startswith("half") else 1.0 if words in ("a", "an") else _count(words)
    # "a pound of beef" is how beef is sold, not the size of a pack; half a litre is one.
    return None if count is None or words in ("a", "an") else f"{count * factor:g} {unit}"


def _whole(words: str) -> str | None:
    count = _count(words)
    return f"{count:g}" if count is not None and count == int(count) and 1 <= count < MOST_COUNTED else None


def _count(words: str | None) -> float | None:
    if words is None or words.lower() in ("a", "an"):
        return None
    low = " ".join(words.lower().split())
    return float(NUMBERS[low]) if low in NUMBERS else float(_decimal(low))


def _decimal(number: str) -> str:
    return number.replace(",", ".")
