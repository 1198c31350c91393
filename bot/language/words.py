"""Brings the words of a question to one form, so that "how much is shipping" meets "what does delivery cost".

A table of the shop's everyday synonyms and a cut of regular endings. Both sides of a comparison go through it; it is never shown.
"""

import re
from collections.abc import Iterable

# One line a meaning: the first word stands for all. Phrases first find their whole, then single words.
_SAME = [
    "price: how much, cost, costs, fee, fees, charge, charges, charged, pricing, expensive, prices, pay for",
    "deliver: delivery, deliveries, delivered, delivering, shipping, ship, shipped, shipment, bring to my house, bring it to me, postage, drop off, home delivery, sent to my home, courier",
    "collect: pick up, pickup, picking up, click and collect, click & collect, collection, collecting, curbside, kerbside, fetch",
    "return: send back, bring back, give back, take back, returns, returned, returning, exchange, exchanges, swap",
    "refund: money back, refunds, refunded, reimburse, reimbursement, get my money, pay me back, paid back, cash back to me",
    "hours: opening hours, opening times, open, opens, opening, close, closes, closing, shut, what time, business hours",
    "store: shop, shops, stores, branch, branches, supermarket, location, locations, nearest, closest, address, where are you",
    "payment: pay, paying, card, cards, credit card, debit card, visa, mastercard, amex, apple pay, google pay, paypal, cash, contactless, pay with, ways to pay, invoice",
    "voucher: vouchers, promo code, discount code, promo, code, codes",
    "coupon: coupons, clip, clipped",
    "giftcard: gift card, gift cards, gift certificate, gift voucher",
    "loyalty: loyalty card, points, rewards, reward, bonus card, club card, membership, member card",
    "stock: in stock, out of stock, sold out, available, availability, back in, restock, restocked",
    "recall: recalls, recalled, unsafe product, product warning",
    "allergen: allergens, allergy, allergies, allergic, ingredients, nuts, gluten, lactose, ingredient",
    "account: profile, my account, register, sign up, accounts, registration",
    "password: passwords, log in, login, sign in, reset my, locked out",
    "contact: phone, telephone, call, email, e-mail, mail, reach, get hold of, phone number, contacting",
    "complain: complaint, complaints, complaining, unhappy, dissatisfied",
    "recycle: recycling, recycled, deposit, empties, bottles back, bottle return, packaging, batteries, pfand",
    "job: jobs, career, careers, work for you, work here, hiring, vacancy, vacancies, apply, employment, apprenticeship",
    "privacy: data protection, personal data, gdpr, dpo, privacy officer, my data, ccpa",
    "cancel: cancelling, cancelled, canceled, call off, cancellation",
    "change: amend, modify, alter, edit, changing",
    "late: delayed, delay, overdue, not arrived, still waiting",
    "missing: forgot, left out, was not in",
    "damaged: broken, spoiled, spoilt, rotten, mouldy, moldy, off, bad, cracked, leaking, faulty, defective",
    "replace: substitute, substitution, substitutions, replacement, alternative, swapped, substituted, is out, runs out, ran out, not there",
    "receipt: receipts, bill, proof of purchase, till slip",
    "discount: discounts, reduction, reduced, money off, cheaper, student, senior",
    "minimum: min, least, smallest",
    "free: for nothing, without charge, no charge, gratis",
    "today: same day, same-day, right now, tonight",
    "id: identification, proof of age, age check, passport",
    "parking: park, car park",
    "wheelchair: accessible, accessibility, disabled, disability, blind",
    "dog: dogs, pet, pets",
    "match: price match, matching, cheaper elsewhere, beat the price",
    "order: orders, ordering, ordered, purchase, purchases",
]  # fmt: skip
_PHRASES = sorted(
    (
        (re.compile(rf"(?<!\w){re.escape(word.strip())}(?!\w)"), line.split(":")[0])
        for line in _SAME
        for word in line.split(":")[1].split(",")
    ),
    key=lambda pair: -len(pair[0].pattern),
)
_STOP = frozenset(
    [
        "a",
        "an",
        "the",
        "i",
        "me",
        "my",
        "mine",
        "you",
        "your",
        "yours",
        "it",
        "its",
        "is",
        "are",
        "was",
        "were",
        "be",
        "been",
        "am",
        "do",
        "does",
        "did",
        "can",
        "could",
        "would",
        "will",
        "shall",
        "should",
        "may",
        "might",
        "to",
        "of",
        "for",
        "in",
        "on",
        "at",
        "by",
        "with",
        "from",
        "as",
        "and",
        "or",
        "if",
        "so",
        "that",
        "this",
        "these",
        "those",
        "there",
        "here",
        "what",
        "which",
        "who",
        "whom",
        "how",
        "when",
        "where",
        "why",
        "please",
        "hi",
        "hello",
        "hey",
        "just",
        "want",
        "like",
        "need",
        "know",
        "tell",
        "get",
        "got",
        "have",
        "has",
        "had",
        "any",
        "some",
        "one",
        "ones",
        "us",
        "we",
        "our",
        "they",
        "them",
        "then",
        "than",
        "too",
        "also",
        "really",
        "about",
        "into",
        "out",
        "up",
        "not",
        "no",
        "yes",
        "thanks",
        "thank",
        "cheers",
        "ok",
        "okay",
        "much",
        "many",
        "long",
    ]
)
SPELLED = frozenset(word for line in _SAME for word in re.findall(r"[a-z]+", line)) | _STOP
_QUESTION = {"when": "whenq", "where": "whereq", "who": "whoq", "long": "longq"}


def split_plain(text: str) -> list[str]:
    """Lower-case words without punctuation."""
    return re.sub(r"[^\w\s&'-]", " ", text.lower().replace("’", "'")).split()


def normalize(words: Iterable[str]) -> str:
    """The meaningful words in their one form, in order, joined by spaces."""
    low = " ".join(words)
    for pattern, word in _PHRASES:
        low = pattern.sub(word, low)
    words = [_QUESTION.get(word) or ("" if word in _STOP else _cut(word)) for word in low.split()]
    return " ".join(word for word in words if word)


def _cut(word: str) -> str:
    """Cut a regular ending, so that "packing" and "packed" meet."""
    for ending in ("'s", "ing", "edly", "ed", "ly", "ies", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)] + ("y" if ending == "ies" else "")
    return word
