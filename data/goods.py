"""Searching the catalogue, and what is like a product. From the catalogue's own columns: nothing here knows a customer.

"Like" is meant narrowly, because it is told as a fact: of the same kind, or of a kind in the same aisle that shares a word of its
name. Sold-out goods are no alternative, and to sensitive goods none is named: what replaces a medicine is not in a price list.
"""

import re
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, and_, func, literal, or_, select

from data.catalogue import Product, ProductType, read_product
from data.tables import products, types

MOST_READ = 3000  # rows of one search; the largest product type of the demo has 2,097
SHORT = 3
# Words of a kind's name that say nothing of what it is.
_PLAIN = frozenset(
    "and other with for the fresh frozen canned dry specialty natural organic regular assorted mixed".split()
)


@dataclass(frozen=True)
class Wish:
    """What a customer looks for. `words`: for each word its forms, one of which the title, brand or kind must hold.

    Prices are in minor units, both ends included; `in_stock` leaves out what the shop counts as gone or does not count.
    """

    words: tuple[tuple[str, ...], ...] = ()
    type_ids: tuple[str, ...] = ()
    product_ids: tuple[str, ...] = ()
    aisle: str | None = None
    brand: str | None = None
    low_minor: int | None = None
    high_minor: int | None = None
    in_stock: bool = False
    order_by: str | None = None

    @property
    def has_limits(self) -> bool:
        """Whether something beside the goods themselves is asked."""
        is_narrowed = bool(self.words) and bool(self.type_ids or self.product_ids)
        prices = (self.low_minor, self.high_minor)
        return is_narrowed or self.in_stock or any(one is not None for one in (self.aisle, self.brand, *prices))

    def without_limits(self) -> "Wish":
        """The same goods, however much they cost; the words stay where nothing else names the goods."""
        named = bool(self.type_ids or self.product_ids)
        return Wish(
            words=() if named else self.words,
            type_ids=self.type_ids,
            product_ids=self.product_ids,
            order_by=self.order_by,
        )


def search_goods(connection: Connection, wish: Wish) -> list[Product]:
    """The products that fit, those with a price first; rows that a customer could not tell apart count once."""
    c = products.c
    statement = select(products).join(types, types.c.type_id == c.type_id).where(*_build_conditions(wish))
    in_order: list[ColumnElement[Any]] = [c.price_minor.is_(None)]
    if wish.order_by:
        in_order.append(c.price_minor.desc() if wish.order_by == "price_desc" else c.price_minor)
    elif wish.words:
        in_order.append(func.length(c.title))
    statement = statement.order_by(*in_order, c.title, c.product_id).limit(MOST_READ)
    told: dict[tuple[str, int | None, int | None], Product] = {}
    for row in connection.execute(statement):
        product = read_product(row)
        kept = told.setdefault((product.title, product.price_minor, product.stock), product)
        if kept.contents != product.contents or kept.image != product.image:  # two packs that only look alike
            told[(product.title + product.product_id, product.price_minor, product.stock)] = product
    return list(told.values())


def _build_conditions(wish: Wish) -> list[ColumnElement[bool]]:
    c = products.c
    found: list[ColumnElement[bool]] = []
    if wish.product_ids:
        found.append(c.product_id.in_(wish.product_ids))
    if wish.type_ids:
        found.append(c.type_id.in_(wish.type_ids))
    if wish.aisle is not None:
        found.append(types.c.category == wish.aisle)
    if wish.brand is not None:
        found.append(func.lower(c.brand) == wish.brand.lower())
    if wish.low_minor is not None:
        found.append(c.price_minor >= wish.low_minor)
    if wish.high_minor is not None:
        found.append(c.price_minor <= wish.high_minor)
    if wish.in_stock:
        found.append(c.stock > 0)
    for forms in wish.words:
        found.append(
            or_(*(_holds(place, form.lower()) for form in forms for place in (c.title, c.brand, types.c.title)))
        )
    return found


def _holds(place: Column[str], word: str) -> ColumnElement[bool]:
    """A title holds a word: anywhere, but a short one only where a word begins, so that "oat" is not found in "coats"."""
    if len(word) > SHORT:
        return func.lower(place).contains(word, autoescape=True)
    return (literal(" ") + func.lower(place)).contains(f" {word}", autoescape=True)


def find_similar(
    connection: Connection, product: Product, *, is_cheaper: bool = False, limit: int = 5
) -> list[Product]:
    """Products of the same kind that are not gone, the most alike first: in words of the title, then in price.

    `is_cheaper` leaves only those that cost less. A product without a price is like none in price and cheaper than none.
    """
    c = products.c
    statement = select(products).where(
        c.type_id == product.type_id, c.title != product.title, or_(c.stock.is_(None), c.stock > 0)
    )
    if is_cheaper:
        if product.price_minor is None:
            return []
        statement = statement.where(c.price_minor < product.price_minor)
    rows = [read_product(row) for row in connection.execute(statement.order_by(c.product_id).limit(MOST_READ))]
    rows.sort(key=lambda other: (-measure_likeness(product, other), other.product_id))
    told: dict[str, Product] = {}
    for row in rows:
        told.setdefault(row.title, row)
    return list(told.values())[:limit]


def measure_likeness(one: Product, other: Product) -> float:
    """From 0, nothing in common, to 2: the share of words of both titles that are in both, and the nearness of the prices."""
    mine, yours = split_title(one.title), split_title(other.title)
    words = len(mine & yours) / len(mine | yours) if mine | yours else 0.0
    if one.price_minor is None or other.price_minor is None or not max(one.price_minor, other.price_minor):
        return words
    return words + 1 - abs(one.price_minor - other.price_minor) / max(one.price_minor, other.price_minor)


def find_similar_types(connection: Connection, kind: ProductType, *, limit: int = 6) -> list[ProductType]:
    """Kinds of the same aisle that share a word of the name, most words first; no sensitive ones."""
    if kind.sensitive is not None:
        return []
    c = types.c
    statement = select(types).where(and_(c.category == kind.category, c.type_id != kind.type_id, c.sensitive.is_(None)))
    mine = split_title(kind.title) - _PLAIN
    near = []
    for row in connection.execute(statement.order_by(c.type_id)):
        other = ProductType(**row._mapping)
        shared = len(mine & (split_title(other.title) - _PLAIN))
        if shared:
            near.append((-shared, len(other.title), other.type_id, other))
    return [one[-1] for one in sorted(near, key=lambda one: one[:-1])[:limit]]


def split_title(title: str) -> set[str]:
    """The words of a title of three letters or more, without the plural's s: sizes and articles fall away."""
    words = re.findall(r"[^\W\d_]{3,}", title.lower())
    return {word[:-1] if word.endswith("s") and not word.endswith("ss") else word for word in words}
