"""Which category of personal data a text speaks of: "what I bought" is purchases, "my clicks" is browsing.

Only wordings that name the data. The word "offers" alone names what the data are used for ("stop using my data for offers"),
so it takes "offers I saw" or "coupons I used". `all` stands for "everything". Groups of sensitive goods come with the shop's
words and are found only where a text names them as such.
"""

import re

_I = r"(?:that |which )?(?:i|i've|ive|i have|i had|we|we've)"
_PATTERNS = {
    "purchases": [
        rf"(?:what|things|stuff|items|products|goods|groceries|everything) {_I} (?:ever |have |already |usually |often |normally )?"
        r"(?:bought|buy|purchased|purchase|ordered|order|paid for|shopped|shop for)",
        r"(?:past|previous|old|earlier|order|purchase|buying|shopping|basket|till) ?(?:history|histories|record|records|habits?|data|behaviou?r|lists?)",
        r"(?:my|past|previous|old|earlier|these|those) (?:purchases|orders|shopping|shop|baskets?|receipts?|groceries|buys|buying|trolley)",
        r"purchases?(?: data)?",
        r"where and when i shop",
    ],
    "offers": [
        rf"(?:offers?|coupons?|deals?|vouchers?|discounts?|promotions?) {_I} (?:ever |have |already )?"
        r"(?:saw|seen|see|used|use|clicked|click|click on|redeemed|redeem|got|opened|looked at|took|take|was shown|were shown|am shown)",
        r"(?:offer|coupon|deal|voucher|discount|redemption) (?:history|use|usage|data|clicks|redemptions?|record|records|behaviou?r)",
        r"(?:my|use of|using|past|previous|redeemed|clipped|used) (?:coupons?|vouchers?)",
        r"(?:past|previous|redeemed|clicked|used) offers",
        r"coupons? and offers|offers? and coupons?",
    ],
    "preferences": [
        r"(?:what|things|stuff|whatever|everything) (?:i|i've|i have) (?:ever )?(?:told|tell|said|say)(?: to)?(?: you| us| the shop)?",
        r"(?:what|things|stuff) i (?:like|dislike|don't like|love|hate|prefer)",
        r"(?:my )?(?:likes and dislikes|likes|dislikes|preferences?|tastes?|favou?rites?|thumbs)",
        r"my (?:answers|choices|settings i gave|wishes)",
    ],
    "browsing": [
        rf"(?:what|things|stuff|pages?|products|items|goods|sites?) {_I} (?:ever |have |just |already )?"
        r"(?:looked at|look at|viewed|view|browsed|browse|clicked|click|clicked on|click on|visited|visit|searched|search|search for|opened)",
        r"(?:browsing|browser|browse|search|click|viewing|visit|web|page|site|surfing)[ -]?(?:history|data|habits?|behaviou?r|record|activity|views?)",
        r"(?:my|the) (?:browsing|clicks|searches|visits|surfing)",
        r"(?:browsing|page views|pageviews|cookies|tracking|clickstream)",
    ],
    "fairness": [
        r"fairness(?: check| audit| data| groups?)?",
        r"(?:my )?(?:demographics?|age group|income|household size|demographic (?:data|groups?))",
    ],
    "all": [
        r"(?:everything|anything)(?: (?:about me|you (?:have|know|hold|store|keep|use|collect)\b.*))?$",
        r"(?:all|any|every bit|every piece)(?: of)? (?:my|the|this|that|your)? ?(?:personal |private |customer )?(?:data|info|information|details|stuff|consents?|permissions?|switches|categories|tracking|personali[sz]ation|it)",
        r"(?:all of it|all of them|the lot|every one of them|every category|each of them|all switches)",
        r"^(?:all|everything|the lot)$",
    ],
}  # fmt: skip
_COMPILED = [
    (category, re.compile(rf"(?<![\w'])(?:{pattern})(?![\w'])", re.IGNORECASE))
    for category, patterns in _PATTERNS.items()
    for pattern in patterns
]


def find_categories(text: str) -> list[tuple[str, int, int]]:
    """Each category named in the text with where it stands, in order, the longer of two that overlap."""
    hits = [
        (category, match.start(), match.end()) for category, pattern in _COMPILED for match in pattern.finditer(text)
    ]
    hits.sort(key=lambda hit: (hit[1] - hit[2], hit[1]))
    kept: list[tuple[str, int, int]] = []
    for hit in hits:
        if all(hit[2] <= other[1] or other[2] <= hit[1] for other in kept):
            kept.append(hit)
    return sorted(kept, key=lambda hit: hit[1])
