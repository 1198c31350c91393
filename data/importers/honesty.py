"""No false urgency, no false scarcity (promise P8): texts that customers read are checked before they come in.

The patterns catch wording that presses rather than informs. A claim about stock may stand if it equals the product's
`stock` in the catalogue. A real date may always be told: "until 31 January" informs, "ends soon" presses.
"""

import re
from dataclasses import dataclass

END_DATE = 'say when it ends, for example "until 31 January", in the column ends_at'
PLAIN_TITLE = "name the goods and the discount, nothing else"
STOCK = "leave the number out, or write the number that stands in the column stock"
FEWER = "say what is offered; whoever wants it decides in their own time"


@dataclass(frozen=True)
class Pressure:
    """A wording that presses, where it stands, and what to write in its place."""

    words: str
    better: str


STOCK_CLAIM = re.compile(
    r"\b(?:only|just|last)\s+(\d+|one|two|three|a few|few)\s+(?:\w+\s+)?(?:left|remaining|remain|available|in stock)\b"
    r"|\b(\d+|one|two|three|few)\s+(?:left in stock|left|remaining)\b(?!\s*[-\w]*\s*(?:side|hand|over))",
    re.IGNORECASE,
)
WORDINGS = {
    FEWER: (
        r"(?<!no )hurry(?!-)",
        r"(?<!my )(?<!your )(?<!the )(?<!an )(?:act|buy|order|shop|call|book) (?:right )?now",
        r"get (?:it|yours) (?:right )?now",
        r"don['’]?t (?:miss|wait|delay|hesitate)",
        r"miss(?:ing)? out",
        r"before it['’]?s (?:too late|gone)",
    ),
    END_DATE: (
        r"(?:last|final) chance",
        r"final (?:hours?|call)",
        r"limited[- ]time",
        r"(?:time is|stocks? (?:is|are)) running (?:out|low)",
        r"running out (?:fast|soon)",
        r"(?:ends?|ending|expires?|expiring) (?:very )?(?:soon|shortly)",
        r"(?:today|tonight) only",
        r"only (?:today|tonight)",
        r"\d+ hours? (?:only|left)",
    ),
    STOCK: (
        r"limited[- ](?:stock|quantit\w+|availability|supply|supplies)",
        r"(?:while|until) (?:stocks?|supplies) lasts?",
        r"(?:almost|nearly) (?:gone|sold out)",
        r"(?:going|selling) (?:out )?fast",
        r"sells? (?:out )?fast",
    ),
    PLAIN_TITLE: (
        r"\d+ (?:other )?(?:people|customers|shoppers|others) (?:are |have )?(?:looking|viewing|watching|bought)",
        r"once[- ]in[- ]a[- ]lifetime",
        r"(?:never again|now or never|unmissable|flash sale)",
    ),
}
PATTERNS = tuple(
    (re.compile(rf"\b{pattern}\b", re.IGNORECASE), better)
    for better, patterns in WORDINGS.items()
    for pattern in patterns
)
NUMBERS = {"one": 1, "two": 2, "three": 3}


def find_pressure(text: str, stock: int | None = None) -> Pressure | None:
    """The first wording of a text that presses, or None. `stock` is the catalogue's number for the product."""
    text = " ".join(text.split())
    for pattern, better in PATTERNS:
        found = pattern.search(text)
        if found:
            return Pressure(found.group(), better)
    for found in STOCK_CLAIM.finditer(text):
        number = (found.group(1) or found.group(2)).lower()
        claimed = int(number) if number.isdigit() else NUMBERS.get(number)
        if stock is None or claimed != stock:
            return Pressure(found.group(), STOCK)
    return None
