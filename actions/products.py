"""Goods of the shop: finding, price, stock, what is like them. What is in them is quoted from the label or not said at all."""

from dataclasses import replace

from actions.goods import Goods, find_goods, list_extra, list_named
from actions.talk import Answer, CandorAction, Talk, write_payload
from data.catalogue import Product, ProductType, find_type
from data.clock import parse_time
from data.goods import find_similar, find_similar_types
from models.wording import lower_first, say_date, say_money

MOST_LISTED = 5
MOST_TYPES = 6


class ActionSearchProducts(CandorAction):
    """What the shop has of something."""

    def name(self) -> str:
        return "action_search_products"

    def answer(self, talk: Talk) -> list[Answer]:
        return [one if isinstance(one, Answer) else _tell_found(talk, one) for one in find_goods(talk)]


class ActionShowPrice(CandorAction):
    """What something costs."""

    def name(self) -> str:
        return "action_show_price"

    def answer(self, talk: Talk) -> list[Answer]:
        return [one if isinstance(one, Answer) else _tell_price(talk, one) for one in find_goods(talk)]


class ActionShowStock(CandorAction):
    """Whether something is in stock."""

    def name(self) -> str:
        return "action_show_stock"

    def answer(self, talk: Talk) -> list[Answer]:
        return [one if isinstance(one, Answer) else _tell_stock(talk, one) for one in find_goods(talk)]


class ActionShowContents(CandorAction):
    """What is in something: the label's own words as the catalogue has them, or a person. Never a guess, never from another pack."""

    def name(self) -> str:
        return "action_show_contents"

    def answer(self, talk: Talk) -> list[Answer]:
        is_named = bool(list_named(talk))
        told = []
        for one in find_goods(talk):
            if isinstance(one, Goods):
                told.append(_tell_contents(talk, one))
            else:  # a search by the question's own words that found nothing is no answer to it
                told.append(one if is_named else talk.say("products.contents_which"))
        return told


class ActionShowSimilar(CandorAction):
    """What is like a product, from the catalogue alone; that there is nothing is said."""

    def name(self) -> str:
        return "action_show_similar"

    def answer(self, talk: Talk) -> list[Answer]:
        return [one if isinstance(one, Answer) else _tell_similar(talk, one) for one in find_goods(talk)[:1]]


def _tell_found(talk: Talk, goods: Goods) -> Answer:
    told = goods.products[:MOST_LISTED]
    lines = [_say_product(talk, product) for product in told]
    if goods.missed:
        text = talk.say("products.none_fits", limits=_join(goods.missed), products="; ".join(lines))
    elif len(goods.products) == 1:
        text = talk.say("products.found_one", products=lines[0])
    else:
        text = talk.say("products.found", count=len(goods.products), products="; ".join(lines))
    more = len(goods.products) - len(told)
    return _close(talk, text, goods, told, talk.words("products.found_more", count=more) if more else "")


def _tell_price(talk: Talk, goods: Goods) -> Answer:
    priced = [product for product in goods.products if product.price_minor is not None]
    if not priced:
        return talk.say("products.price_unknown", title=_say_kind(talk, goods))
    if goods.missed or (goods.wish.has_limits and len(priced) > 1):
        return _tell_found(talk, goods)
    same = talk.words("products.price_same")
    if goods.wish.order_by:
        end = "products.price_highest" if goods.wish.order_by == "price_desc" else "products.price_lowest"
        best = [product for product in priced if product.price_minor == priced[0].price_minor][:MOST_LISTED]
        lines = "; ".join(product.title for product in best)
        return _close(talk, talk.say(end, price=_say_price(talk, best[0]), products=lines), goods, best, same)
    if len(priced) == 1:
        answer = talk.say("products.price", title=priced[0].title, price=_say_price(talk, priced[0]))
        count = _count(talk)
        total = (priced[0].price_minor or 0) * count
        many = talk.words(
            "products.price_of_many", count=count, total=say_money(total, talk.desk.shop.currency, talk.lang)
        )
        return _close(talk, answer, goods, priced, f"{many} {same}" if count > 1 else same)
    prices = [product.price_minor or 0 for product in priced]
    told = priced[:MOST_LISTED]
    lines = "; ".join(_say_product(talk, product) for product in told) + "."
    if min(prices) == max(prices):
        answer = talk.say(
            "products.price_each", title=_say_kind(talk, goods), price=_say_price(talk, priced[0]), products=lines
        )
    else:
        answer = talk.say(
            "products.price_range",
            title=_say_kind(talk, goods),
            low=say_money(min(prices), talk.desk.shop.currency, talk.lang),
            high=say_money(max(prices), talk.desk.shop.currency, talk.lang),
            products=lines,
        )
    return _close(talk, answer, goods, told, same)


def _tell_stock(talk: Talk, goods: Goods) -> Answer:
    counted = [product for product in goods.products if product.stock is not None]
    title = _say_kind(talk, goods)
    if not counted:
        return talk.say("products.stock_unknown", title=_say_inside(talk, goods))
    there = [product for product in counted if (product.stock or 0) > 0]
    if not there:
        more = _list_similar_button(talk, counted[0])
        return talk.say("products.out_of_stock", title=title, buttons=more)
    told = there[:MOST_LISTED]
    if len(goods.products) == 1:
        stock, count = there[0].stock or 0, _count(talk)
        few = talk.words("products.stock_too_few", count=count) if stock < count else ""
        return _close(talk, talk.say("products.in_stock_count", title=there[0].title, stock=stock), goods, told, few)
    lines = "; ".join(_say_product(talk, product) for product in told) + "."
    return _close(talk, talk.say("products.in_stock", title=title), goods, told, lines)


def _tell_contents(talk: Talk, goods: Goods) -> Answer:
    labelled = [product for product in goods.products if product.contents]
    if not labelled:
        return talk.say("products.contents_unknown", title=_say_inside(talk, goods))
    if len(goods.products) > 1:
        buttons = [
            {"title": product.title, "payload": write_payload("ask_contents", product=product.product_id)}
            for product in labelled[:MOST_TYPES]
        ]
        return talk.say("products.contents_which_pack", title=_say_inside(talk, goods), buttons=buttons)
    product = labelled[0]
    zone, today = talk.desk.shop.zone, talk.desk.clock.today()
    read = parse_time(product.contents_at).astimezone(zone).date() if product.contents_at else today
    answer = talk.say(
        "products.contents_label", title=product.title, contents=product.contents, date=say_date(read, today, talk.lang)
    )
    source = {"source": {"title": product.title, "link": None, "table": "products", "id": product.product_id}}
    return Answer(answer.kind, answer.text, answer.buttons, {"extra": list_extra(talk, [product]) | source})


def _tell_similar(talk: Talk, goods: Goods) -> Answer:
    """Of one product: others of its kind. Of a kind: what is there of it, if some of it is gone, and kinds of a like name."""
    product, is_cheaper = goods.products[0], "cheap" in talk.text.lower()
    with talk.read() as connection:
        kind = find_type(connection, product.type_id)
        if product.sensitive is not None or kind is None or kind.sensitive is not None:
            return talk.say("products.similar_not_told", title=_say_inside(talk, goods))
        if len(goods.products) == 1:
            found = find_similar(connection, product, is_cheaper=is_cheaper, limit=MOST_LISTED)
            if found:
                return _tell_like(talk, goods, product, found, is_cheaper=is_cheaper)
        kinds = [] if is_cheaper else find_similar_types(connection, kind, limit=MOST_TYPES)
    left = [one for one in goods.products if one.stock is not None and one.stock > 0]
    if len(goods.products) > 1 and is_cheaper:
        return _tell_price(
            talk, Goods(_sort_by_price(goods.products), replace(goods.wish, order_by="price"), goods.words, goods.kind)
        )
    if len(goods.products) > 1 and 0 < len(left) < len(goods.products):
        lines = "; ".join(_say_product(talk, one) for one in left[:MOST_LISTED])
        told = talk.say("products.similar_left", title=kind.title, products=lines)
        return _close(talk, told, goods, left[:MOST_LISTED])
    if kinds:
        return talk.say("products.similar_kinds", title=_say_inside(talk, goods), buttons=_list_kinds(kinds))
    cheaper = "products.similar_none_cheaper" if is_cheaper else "products.similar_none"
    return talk.say(cheaper, title=_say_inside(talk, goods))


def _tell_like(talk: Talk, goods: Goods, product: Product, found: list[Product], *, is_cheaper: bool) -> Answer:
    lines = "; ".join(_say_product(talk, one) for one in found)
    if is_cheaper:
        told = talk.say(
            "products.similar_cheaper", title=product.title, price=_say_price(talk, product), products=lines
        )
    else:
        told = talk.say("products.similar", title=product.title, products=lines)
    return _close(talk, told, goods, found)


def _sort_by_price(products: list[Product]) -> list[Product]:
    return sorted(products, key=lambda one: (one.price_minor is None, one.price_minor or 0, one.product_id))


def _list_kinds(kinds: list[ProductType]) -> list[dict[str, str]]:
    return [
        {"title": kind.title, "payload": write_payload("search_product", product_type=kind.type_id)} for kind in kinds
    ]


def _list_similar_button(talk: Talk, product: Product) -> list[dict[str, str]]:
    return [
        {
            "title": talk.words("products.button_similar"),
            "payload": write_payload("ask_similar", product=product.product_id),
        },
        {"title": talk.words("handoff.button_person"), "payload": "/request_human"},
    ]


def _close(talk: Talk, answer: Answer, goods: Goods, told: list[Product], more: str = "") -> Answer:
    """An answer about goods: one full stop, what else must be said, and the products for a page to draw."""
    text = answer.text if answer.text.endswith((".", "!", "?")) else f"{answer.text}."
    return Answer(
        answer.kind,
        " ".join(part for part in (text, more, *goods.notes) if part),
        answer.buttons,
        {"extra": list_extra(talk, told)},
    )


def _count(talk: Talk) -> int:
    """How many pieces are spoken of; 1 where nobody says."""
    value = talk.find_entity("quantity")
    return int(value) if value is not None and value.isdigit() and int(value) > 0 else 1


def _say_product(talk: Talk, product: Product) -> str:
    line = (
        talk.words("products.product_line_no_price", title=product.title)
        if product.price_minor is None
        else talk.words("products.product_line", title=product.title, price=_say_price(talk, product))
    )
    return f"{line} {talk.words('products.sold_out')}" if product.stock == 0 else line


def _say_price(talk: Talk, product: Product) -> str:
    return say_money(product.price_minor or 0, talk.desk.shop.currency, talk.lang)


def _join(parts: list[str]) -> str:
    return ", ".join(parts)


def _say_inside(talk: Talk, goods: Goods) -> str:
    """The same inside a sentence: a kind in small letters, a product as the catalogue writes it."""
    return goods.products[0].title if len(goods.products) == 1 else lower_first(_say_kind(talk, goods), talk.lang)


def _say_kind(talk: Talk, goods: Goods) -> str:
    """The name of what several products have in common, or how the customer named them."""
    products = goods.products
    if len(products) == 1:
        return products[0].title
    if len({product.type_id for product in products}) > 1:
        return goods.words or products[0].title
    with talk.read() as connection:
        found = find_type(connection, products[0].type_id)
    return found.title if found else products[0].title
