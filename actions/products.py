"""Goods of the shop: finding, price, stock. What is in them is never guessed."""

import re

from actions.talk import Answer, CandorAction, Talk, write_payload
from data.catalogue import Product, fetch_products, find_product, find_type, search_products
from models.wording import lower_first, say_money

MOST_LISTED = 5
MOST_TYPES = 6
_FILLER = frozenset(
    """
    a an the some any do does did you your have has got sell selling stock looking look for find me i im
    i'm want need is are there of in on at to show what which where can could get buy please hi hello
    hey this that how much cost costs price priced many shop store with and or my it
    """.split()
)


class ActionSearchProducts(CandorAction):
    """What the shop has of something."""

    def name(self) -> str:
        return "action_search_products"

    def answer(self, talk: Talk) -> list[Answer]:
        found = _find_products(talk)
        if isinstance(found, Answer):
            return [found]
        told = [_say_product(talk, product) for product in found[:MOST_LISTED]]
        if len(told) == 1:
            return [talk.say("products.found_one", products=told[0])]
        answer = talk.say("products.found", count=len(found), products="; ".join(told))
        more = len(found) - len(told)
        text = f"{answer.text}. {talk.words('products.found_more', count=more)}" if more > 0 else f"{answer.text}."
        return [Answer(answer.kind, text, answer.buttons)]


class ActionShowPrice(CandorAction):
    """What something costs."""

    def name(self) -> str:
        return "action_show_price"

    def answer(self, talk: Talk) -> list[Answer]:
        found = _find_products(talk)
        if isinstance(found, Answer):
            return [found]
        priced = [product for product in found if product.price_minor is not None]
        if not priced:
            return [talk.say("products.price_unknown", title=found[0].title)]
        if len(priced) == 1:
            told = talk.say("products.price", title=priced[0].title, price=_say_price(talk, priced[0]))
        else:
            prices = sorted(product.price_minor or 0 for product in priced)
            currency = talk.desk.shop.currency
            told = talk.say(
                "products.price_range",
                title=_say_kind(talk, priced),
                low=say_money(prices[0], currency),
                high=say_money(prices[-1], currency),
                products="; ".join(_say_product(talk, product) for product in priced[:MOST_LISTED]) + ".",
            )
        return [Answer(told.kind, f"{told.text} {talk.words('products.price_same')}", told.buttons)]


class ActionShowStock(CandorAction):
    """Whether something is in stock."""

    def name(self) -> str:
        return "action_show_stock"

    def answer(self, talk: Talk) -> list[Answer]:
        found = _find_products(talk)
        if isinstance(found, Answer):
            return [found]
        counted = [product for product in found if product.stock is not None]
        if not counted:
            return [talk.say("products.stock_unknown", title=_say_kind(talk, found))]
        there = [product for product in counted if (product.stock or 0) > 0]
        if not there:
            return [talk.say("products.out_of_stock", title=_say_kind(talk, counted))]
        if len(there) == 1:
            return [talk.say("products.in_stock_count", title=there[0].title, stock=there[0].stock)]
        told = talk.say("products.in_stock", title=_say_kind(talk, there))
        return [
            Answer(
                told.kind,
                f"{told.text} {'; '.join(_say_product(talk, product) for product in there[:MOST_LISTED])}.",
                told.buttons,
            )
        ]


class ActionShowContents(CandorAction):
    """What is in something: the catalogue holds no labels, so a person or the pack (never a guess)."""

    def name(self) -> str:
        return "action_show_contents"

    def answer(self, talk: Talk) -> list[Answer]:
        found = _find_products(talk)
        if isinstance(found, Answer):
            return [talk.say("products.contents_which")]
        return [talk.say("products.contents_unknown", title=lower_first(_say_kind(talk, found)))]


def _find_products(talk: Talk) -> list[Product] | Answer:
    """The products meant, or a question back, or that there are none."""
    with talk.read() as connection:
        named = [find_product(connection, product_id) for product_id in talk.find_entities("product")]
        products = [product for product in named if product is not None]
        if products:
            return products
        types = [
            found
            for type_id in talk.find_entities("product_type")
            if (found := find_type(connection, type_id)) is not None
        ]
        if len(types) > 1:
            buttons = [
                {"title": t.title, "payload": write_payload(talk.intent, product_type=t.type_id)}
                for t in types[:MOST_TYPES]
            ]
            return talk.say("products.did_you_mean", buttons=buttons)
        if types:
            products = fetch_products(connection, types[0].type_id)
            return products or talk.say("products.none", words=types[0].title)
        words = " ".join(word for word in re.findall(r"[\w'&%-]+", talk.text.lower()) if word not in _FILLER)
        if not words:
            return talk.say("products.which")
        products = search_products(connection, words)
        return products or talk.say("products.none", words=words)


def _say_product(talk: Talk, product: Product) -> str:
    if product.price_minor is None:
        return talk.words("products.product_line_no_price", title=product.title)
    return talk.words("products.product_line", title=product.title, price=_say_price(talk, product))


def _say_price(talk: Talk, product: Product) -> str:
    return say_money(product.price_minor or 0, talk.desk.shop.currency)


def _say_kind(talk: Talk, products: list[Product]) -> str:
    """The name of what several products have in common."""
    kinds = {product.type_id for product in products}
    if len(products) == 1 or len(kinds) > 1:
        return products[0].title
    with talk.read() as connection:
        found = find_type(connection, products[0].type_id)
    return found.title if found else products[0].title
