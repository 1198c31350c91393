"""Which goods a message means: its words and entities, resolved to rows of the catalogue, or asked about.

One message may name several goods ("price of milk and eggs"); each becomes one `Goods`. What is named in several ways ("eggs" are
large, medium and jumbo) is asked about, with a button for each that keeps everything else that was said. What is not named but
pointed at ("is it in stock?", "the second one") is taken from the products that the assistant told last.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection

from actions.talk import Answer, Talk, write_payload
from bot.language.amounts import find_sizes, parse_size
from bot.language.forms import list_word_forms
from data.catalogue import Product, ProductType, fetch_aisles, find_product, find_type
from data.goods import Wish, search_goods
from data.importers.money import find_decimals
from models.wording import say_money

MOST_CHOICES = 6
MOST_GOODS = 4
MOST_BACK = 8  # messages in which "it" is looked for
LIMITS = ("price_to", "price_from", "quantity", "size", "order_by", "only", "brand", "words")
DOLLARS = frozenset({"USD", "CAD", "AUD", "NZD", "SGD", "HKD", "MXN"})
SAME_SIZE = 0.03  # two litres and half a gallon are not the same, 16 oz and 454 g are
# Words of a question that are in no product's name, or in too many.
_FILLER = frozenset(
    """
    a about above actually add after again aisle all along also alternative alternatives always am among an and another any anybody anyone
    anything are as assortment at availability available avaliable back bag bags be because been below best between both bottle bottles
    bought box boxes brand brands browse bucks but buy by can cans carry carton cartons catalogue cents cheap cheaper cheapest check close
    closest come comes coming comparable compare cost costs could dear dearest department did difference do does dollar dollars dozen eight
    else enough euro euros ever every everything expensive fancy fifth find first five for four fourth fresh from get give go goes good got
    great had half has have hello hey hi highest hiya how i i'd i'll i'm if im in inside instead into is it items its jar jars just kind
    kinds know last least left less let like line lines list look looking love lowest many may maybe me might more most much must my need
    never new nice nine no not nothing now of offer ok okay on one ones only option options or order ordered other our out over pack packs
    perhaps piece pieces please price priced prices product products put really recommend replace replacement same say search second section
    see sell selling seven shall shelf shop should show similar sir six so sold some somebody someone something sort sorts still stock store
    substitute suggest teh tell ten than that the them then there there's these they thing things third this those three to today too twelve
    two type types under up us use usual version very want was we were what what's whats when where whether which who whose why will with
    would yes you you're your yours
    """.split()
)
_ORDINAL = re.compile(
    r"\b(?:the (?![1-5]\b)|number |option |no\. ?)(first|second|third|fourth|fifth|last|1st|2nd|3rd|4th|5th|[1-5])\b",
    re.I,
)
_POINTS = re.compile(r"\b(?:it|its|that|this|these|those|them|they|both)\b", re.IGNORECASE)
_INSIDE = re.compile(
    r"\b(?:in|of|inside|from)\s+(?:(?:the|your|this|that|these|a|an|my)\s+)?(?:[a-z]+\s+)?$", re.IGNORECASE
)
_CONTAINED = re.compile(
    r"\b(?:contains?|contian|have|has|with|without|made of|made from|made with|traces of|allergic to|any|there)\b[^.?!]*$",
    re.IGNORECASE,
)
_PLACES = {
    "first": 0, "1st": 0, "1": 0, "second": 1, "2nd": 1, "2": 1, "third": 2, "3rd": 2, "3": 2, "fourth": 3, "4th": 3, "4": 3,
    "fifth": 4, "5th": 4, "5": 4, "last": -1,
}  # fmt: skip


@dataclass(frozen=True)
class Goods:
    """What one part of a message means. `words` is how it was named; `missed` the limits that nothing fitted."""

    products: list[Product]
    wish: Wish
    words: str = ""
    kind: ProductType | None = None
    missed: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Named:
    """What one stretch of the text names: products, or kinds of products."""

    words: str
    product_ids: tuple[str, ...] = ()
    type_ids: tuple[str, ...] = ()
    start: int = 0


def find_goods(talk: Talk) -> list[Goods | Answer]:
    """The goods meant, each with its products; for what is not certain, the question back."""
    limits, notes = read_limits(talk)
    with talk.read() as connection:
        aisle, place = find_aisle(connection, talk)
        limits = replace(limits, aisle=aisle)
        named = [one for one in list_named(talk) if not (place[0] <= one.start < place[1])]
        if talk.intent == "ask_contents":
            named = choose_asked(talk, named)
        if _ORDINAL.search(talk.text) and not talk.text.startswith("/") and (told := list_told(connection, talk)):
            chosen = replace(limits, product_ids=tuple(product.product_id for product in told))
            return [_search(connection, talk, Goods([], chosen, told[0].title if len(told) == 1 else "", notes=notes))]
        if named:
            if len(named) > 1 and (within := _find_within(talk, named)) is not None:
                return [_resolve_within(connection, talk, within, limits, notes)]
            return [_resolve(connection, talk, one, limits, notes, alone=len(named) == 1) for one in named[:MOST_GOODS]]
        words = list_words(talk, aisle) if talk.intent != "ask_contents" else []
        if words:
            wish = replace(limits, words=tuple(_list_forms(word) for word in words))
            return [_search(connection, talk, Goods([], wish, " ".join(words), notes=notes))]
        may_point = talk.intent != "ask_contents" or _POINTS.search(talk.text) or _ORDINAL.search(talk.text)
        told = list_told(connection, talk) if aisle is None and may_point else []
        if told:
            wish = _point(talk, limits, told)
            return [_search(connection, talk, Goods([], wish, told[0].title if len(told) == 1 else "", notes=notes))]
        if aisle is not None or limits.brand is not None:
            return [_search(connection, talk, Goods([], limits, aisle or limits.brand or "", notes=notes))]
    return [talk.say("products.contents_which" if talk.intent == "ask_contents" else "products.which")]


def read_limits(talk: Talk) -> tuple[Wish, list[str]]:
    """What the goods may cost, whose they are and whether they must be there; and what of it cannot be kept."""
    notes: list[str] = []
    ends: dict[str, int | None] = {}
    for name in ("price_from", "price_to"):
        value = talk.find_entity(name)
        ends[name] = None
        if value is not None:
            ends[name] = read_minor(value, talk.desk.shop.currency)
            if ends[name] is None:
                notes.append(talk.words("products.other_currency", currency=talk.desk.shop.currency))
    return (
        Wish(
            brand=talk.find_entity("brand"),
            low_minor=ends["price_from"],
            high_minor=ends["price_to"],
            in_stock=talk.find_entity("only") == "in_stock" and talk.intent != "ask_stock",
            order_by=talk.find_entity("order_by"),
        ),
        list(dict.fromkeys(notes)),
    )


def read_minor(value: str, currency: str) -> int | None:
    """An amount such as `<5.00 $` in the shop's minor units, both ends included; None for other money than the shop's."""
    strict = {"<": -1, ">": 1}.get(value[:1], 0)
    number, _, sign = value.lstrip("<>").partition(" ")
    fits = {"": True, "$": currency in DOLLARS, "€": currency == "EUR", "£": currency == "GBP"}
    if not fits.get(sign, sign.upper() == currency):
        return None
    return int(Decimal(number) * 10 ** find_decimals(currency)) + strict


def list_named(talk: Talk) -> list[Named]:
    """What the text names, stretch by stretch, in order."""
    found: dict[tuple[int, int], dict[str, list[str]]] = {}
    for entity in talk.entities:
        if entity.get("entity") in ("product", "product_type"):
            place = (int(entity.get("start") or 0), int(entity.get("end") or 0))
            found.setdefault(place, {}).setdefault(str(entity["entity"]), []).append(str(entity["value"]))
    is_pressed = talk.text.startswith("/")
    return [
        Named(
            "" if is_pressed else talk.text[start:end],
            tuple(dict.fromkeys(values.get("product", ()))),
            tuple(dict.fromkeys(values.get("product_type", ()))),
            start,
        )
        for (start, end), values in sorted(found.items())
    ]


def list_words(talk: Talk, aisle: str | None = None) -> list[str]:
    """The words of the text that may stand in a title: no filler, no amounts, nothing that was found as something else."""
    if talk.text.startswith("/"):
        return []
    text = talk.text
    for entity in talk.entities:
        if entity.get("entity") == "category":  # the name of sensitive goods is a name of goods
            continue
        start, end = int(entity.get("start") or 0), int(entity.get("end") or 0)
        text = text[:start] + " " * (end - start) + text[end:]
    low = text.lower()
    if aisle is not None:
        low = low.replace(aisle.lower(), " ")
    return [word for word in re.findall(r"[^\W\d_][\w'&%-]*", low) if word not in _FILLER and len(word) > 1]


def _list_words_before(talk: Talk, named: Named) -> list[str]:
    """The words that stand right before a name and belong to it: "gluten free" of "gluten free bread", nothing of "a loaf of bread"."""
    words: list[str] = []
    for word in reversed(re.findall(r"[\w'&%-]+", talk.text[: named.start].lower() if named.words else "")):
        if word in _FILLER or not word[0].isalpha():
            break
        words.insert(0, word)
    return words


def list_told(connection: Connection, talk: Talk) -> list[Product]:
    """The products that the assistant told last; one of them where the text says which."""
    for message in talk.fetch_said(limit=MOST_BACK):
        ids = [str(one["product_id"]) for one in message.extra.get("products", ())]
        if ids:
            match = _ORDINAL.search(talk.text)
            if match:
                place = _PLACES[match[1].lower()]
                ids = ids[place:][:1] if place >= 0 else ids[-1:]
            return [product for one in ids if (product := find_product(connection, one)) is not None]
    return []


def _point(talk: Talk, limits: Wish, told: list[Product]) -> Wish:
    """The products told, or all of their kind where the text only narrows: "the store brand" after a list of coffee."""
    kinds = {product.type_id for product in told}
    narrows = limits.has_limits or limits.order_by is not None or talk.find_entity("size") is not None
    if narrows and len(kinds) == 1 and len(told) > 1 and not _POINTS.search(talk.text):
        return replace(limits, type_ids=tuple(kinds))
    return replace(limits, product_ids=tuple(product.product_id for product in told))


def find_aisle(connection: Connection, talk: Talk) -> tuple[str | None, tuple[int, int]]:
    """The aisle that the text names after "in" or "from", and where."""
    if not talk.text.startswith("/"):
        for aisle in fetch_aisles(connection):
            match = re.search(
                rf"\b(?:in|from|under|among)\s+(?:the\s+|your\s+)?({re.escape(aisle)})\b", talk.text, re.IGNORECASE
            )
            if match:
                return aisle, match.span(1)
    return None, (0, 0)


def choose_asked(talk: Talk, named: list[Named]) -> list[Named]:
    """Of "nuts in the granola" the granola; of "does it contain nuts" nothing, since "it" is what was told before."""
    inside = [one for one in named if _INSIDE.search(talk.text[: one.start])]
    if inside:
        return inside[-1:]
    return [one for one in named if not _CONTAINED.search(talk.text[: one.start])][:1]


def _find_within(talk: Talk, named: list[Named]) -> tuple[Named, Named] | None:
    """ "Dark chocolate in candy": what is looked for, and the kind that it is to be found in."""
    what, where = named[0], named[-1]
    between = talk.text[what.start + len(what.words) : where.start].strip().lower()
    return (
        (what, where) if len(named) == 2 and re.fullmatch(r"(?:in|from|under|among)(?: the| your)?", between) else None
    )


def _resolve_within(
    connection: Connection, talk: Talk, within: tuple[Named, Named], limits: Wish, notes: list[str]
) -> Goods | Answer:
    what, where = within
    words = [*list_words(talk), *re.findall(r"[\w'&%-]+", what.words.lower())]
    wish = replace(limits, type_ids=where.type_ids, words=tuple(_list_forms(word) for word in words))
    return _search(connection, talk, Goods([], wish, where.words, notes=notes))


def _resolve(
    connection: Connection, talk: Talk, named: Named, limits: Wish, notes: list[str], *, alone: bool
) -> Goods | Answer:
    """One stretch of the text: its products, or which of its kinds is meant."""
    if named.product_ids:
        wish = replace(limits, product_ids=named.product_ids)
        return _search(connection, talk, Goods([], wish, named.words, notes=notes))
    kinds = [kind for type_id in named.type_ids if (kind := find_type(connection, type_id)) is not None]
    kinds = [kind for kind in kinds if kind.category == limits.aisle] or kinds
    if not kinds:
        return talk.say("products.none", words=named.words or talk.words("products.that"))
    said = (talk.find_entity("words") or "").split() or (_list_words_before(talk, named) if alone else [])
    words = tuple(_list_forms(word) for word in said)
    if len(kinds) > 1:
        wish = replace(limits, words=words, type_ids=named.type_ids)
        found = _search_whole(connection, talk, named, wish, notes)
        return found or _ask_kind(connection, talk, named, kinds, wish, notes)
    wish = replace(limits, type_ids=(kinds[0].type_id,), words=words)
    return _search_whole(connection, talk, named, wish, notes) or _search(
        connection, talk, Goods([], wish, named.words, kind=kinds[0], notes=notes)
    )


def _search_whole(
    connection: Connection, talk: Talk, named: Named, wish: Wish, notes: list[str]
) -> Goods | Answer | None:
    """Goods that hold the whole of what was said where no kind that a part of it names does: "drinking yogurt" is no yogurt."""
    if not wish.words or search_goods(connection, wish):
        return None
    whole = (*wish.words, *(_list_forms(word) for word in named.words.lower().split()))
    if not search_goods(connection, Wish(words=whole)):
        return None
    return _search(connection, talk, Goods([], replace(wish, type_ids=(), words=whole), named.words, notes=notes))


def _ask_kind(
    connection: Connection, talk: Talk, named: Named, kinds: list[ProductType], wish: Wish, notes: list[str]
) -> Goods | Answer:
    """Which of several kinds: settled by the other words and limits if they fit one alone, else asked with a button for each.

    A word that no name of these goods holds is said to be missing: plain bread must not be offered for gluten free bread.
    """
    fitting = {one.type_id for one in search_goods(connection, wish)}
    unknown = "" if fitting or not wish.words else " ".join(forms[0] for forms in wish.words)
    kinds = [kind for kind in kinds if kind.type_id in fitting] or kinds
    if len(kinds) == 1:
        settled = replace(wish, type_ids=(kinds[0].type_id,))
        return _search(connection, talk, Goods([], settled, named.words, kind=kinds[0], notes=notes))
    kept = {name: value for name in LIMITS if (value := talk.find_entity(name)) is not None}
    if wish.words and not unknown:
        kept["words"] = " ".join(forms[0] for forms in wish.words)
    buttons = [
        {"title": kind.title, "payload": write_payload(talk.intent, product_type=kind.type_id, **kept)}
        for kind in kinds[:MOST_CHOICES]
    ]
    if unknown:
        return talk.say("products.which_without", buttons=buttons, words=named.words, unknown=unknown)
    if named.words:
        return talk.say("products.which_of", buttons=buttons, words=named.words)
    return talk.say("products.did_you_mean", buttons=buttons)


def _search(connection: Connection, talk: Talk, goods: Goods) -> Goods | Answer:
    """Search, first with every limit, then without them; what could not be kept is named."""
    wish, notes = goods.wish, goods.notes
    found = search_goods(connection, wish)
    if not found and wish.in_stock:
        uncounted = search_goods(connection, replace(wish, in_stock=False))
        if uncounted and all(product.stock is None for product in uncounted):
            found, notes = uncounted, [*notes, talk.words("products.stock_not_counted")]
    missed: list[str] = []
    if not found and wish.has_limits:
        found, missed = search_goods(connection, wish.without_limits()), tell_limits(talk, wish)
    if not found:
        return talk.say("products.none", words=goods.words or talk.words("products.that"))
    if wish.product_ids and not wish.order_by:
        found.sort(key=lambda product: wish.product_ids.index(product.product_id))
    sized = _keep_size(found, talk.find_entity("size"))
    if sized is None:
        missed.append(talk.words("products.limit_size", size=_say_size(talk)))
    return replace(goods, products=sized or found, missed=missed, notes=notes)


def tell_limits(talk: Talk, wish: Wish) -> list[str]:
    """The limits of a wish in words, each a fragment."""
    currency = talk.desk.shop.currency
    told = []
    if wish.words and (wish.type_ids or wish.product_ids):
        told.append(talk.words("products.limit_words", words=" ".join(forms[0] for forms in wish.words)))
    if wish.aisle is not None:
        told.append(talk.words("products.limit_aisle", aisle=wish.aisle))
    if wish.brand is not None:
        told.append(talk.words("products.limit_brand", brand=wish.brand))
    if wish.low_minor is not None:
        told.append(talk.words("products.limit_from", price=say_money(wish.low_minor, currency, talk.lang)))
    if wish.high_minor is not None:
        told.append(talk.words("products.limit_to", price=say_money(wish.high_minor, currency, talk.lang)))
    if wish.in_stock:
        told.append(talk.words("products.limit_stock"))
    return told


def _keep_size(found: Iterable[Product], size: str | None) -> list[Product] | None:
    """Those whose title states the size; None when none does, all when no size was said."""
    wanted = parse_size(size)
    if wanted is None:
        return list(found)
    fitting = [
        product
        for product in found
        if any(
            unit == wanted[1] and abs(number - wanted[0]) <= SAME_SIZE * wanted[0]
            for number, unit in find_sizes(product.title)
        )
    ]
    return fitting or None


def _say_size(talk: Talk) -> str:
    for entity in talk.entities:
        if entity.get("entity") == "size" and not talk.text.startswith("/"):
            return talk.text[int(entity["start"]) : int(entity["end"])]
    return talk.find_entity("size") or ""


def _list_forms(word: str) -> tuple[str, ...]:
    """A word, and its singular where it is a plural: "chocolates" is in the title of "Chocolate, 5 oz" too."""
    return (word, *sorted(form for form in list_word_forms(word) if len(form) < len(word) and len(form) > 2))


def list_extra(talk: Talk, products: Iterable[Product]) -> dict[str, Any]:
    """What a page may draw beside the text: the products told, with their pictures where the catalogue has them."""
    currency = talk.desk.shop.currency
    return {
        "products": [
            {"product_id": product.product_id, "title": product.title}
            | (
                {"price": {"amount": product.price_minor, "currency": currency}}
                if product.price_minor is not None
                else {}
            )
            | ({"image": product.image} if product.image else {})
            for product in products
        ]
    }
