"""The catalogue: product types, products, the shop's offers, and the shop's answers to common questions."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, Row, func, or_, select

from data.tables import offers, products, questions, types


@dataclass(frozen=True)
class ProductType:
    """A product type: what is ranked. `category` is its aisle; `sensitive` a group of shop.toml."""

    type_id: str
    title: str
    category: str
    sensitive: str | None
    added_at: str


@dataclass(frozen=True)
class Product:
    """One product."""

    product_id: str
    type_id: str
    title: str
    price_minor: int | None
    brand: str | None
    stock: int | None
    sensitive: str | None
    image: str | None = None
    contents: str | None = None
    contents_at: str | None = None


@dataclass(frozen=True)
class ShopOffer:
    """A row of offers.csv."""

    offer_id: str
    title: str
    type_id: str | None
    product_id: str | None
    discount_percent: float | None
    discount_minor: int | None
    starts_on: date | None
    ends_on: date | None
    price_personalized: bool


@dataclass(frozen=True)
class Question:
    """A common question and the shop's answer."""

    question_id: str
    title: str
    wordings: list[str]
    answer: str
    source: str
    link: str | None


def fetch_types(connection: Connection) -> list[ProductType]:
    """All product types, by id."""
    return [ProductType(**row._mapping) for row in connection.execute(select(types).order_by(types.c.type_id))]


def find_type(connection: Connection, type_id: str) -> ProductType | None:
    """One product type."""
    row = connection.execute(select(types).where(types.c.type_id == type_id)).first()
    return ProductType(**row._mapping) if row else None


def fetch_running_offers(connection: Connection, today: date) -> list[ShopOffer]:
    """The rows of offers.csv that are valid today, soonest end first."""
    c = offers.c
    statement = (
        select(offers)
        .where(or_(c.starts_on.is_(None), c.starts_on <= today), or_(c.ends_on.is_(None), c.ends_on >= today))
        .order_by(c.ends_on, c.offer_id)
    )
    return [ShopOffer(**row._mapping) for row in connection.execute(statement)]


def find_offer(connection: Connection, offer_id: str) -> ShopOffer | None:
    """One row of offers.csv, running or not."""
    row = connection.execute(select(offers).where(offers.c.offer_id == offer_id)).first()
    return ShopOffer(**row._mapping) if row else None


def find_product(connection: Connection, product_id: str) -> Product | None:
    """One product."""
    row = connection.execute(select(products).where(products.c.product_id == product_id)).first()
    return read_product(row) if row else None


def fetch_products(connection: Connection, type_id: str, *, limit: int = 50) -> list[Product]:
    """Products of a type that have a price first, then by title."""
    statement = (
        select(products)
        .where(products.c.type_id == type_id)
        .order_by(products.c.price_minor.is_(None), products.c.title, products.c.product_id)
        .limit(limit)
    )
    return [read_product(row) for row in connection.execute(statement)]


def count_types_by_category(connection: Connection) -> list[tuple[str, int]]:
    """The aisles with the number of kinds of goods in each, the largest first."""
    kinds = func.count().label("kinds")
    statement = select(types.c.category, kinds).where(types.c.sensitive.is_(None)).group_by(types.c.category)
    return [(row.category, row.kinds) for row in connection.execute(statement.order_by(kinds.desc(), types.c.category))]


def fetch_goods(connection: Connection, category: str) -> list[tuple[str, Product]]:
    """The kinds of an aisle by title, each with one product: one that has a price, if there is one. No sensitive goods."""
    statement = (
        select(products, types.c.title.label("kind"))
        .join(types, types.c.type_id == products.c.type_id)
        .where(types.c.category == category, types.c.sensitive.is_(None))
        .order_by(types.c.title, types.c.type_id, products.c.price_minor.is_(None), products.c.product_id)
    )
    goods: dict[str, tuple[str, Product]] = {}
    for row in connection.execute(statement):
        goods.setdefault(row.type_id, (row.kind, read_product(row)))
    return list(goods.values())


def fetch_questions(connection: Connection) -> list[Question]:
    """All common questions."""
    return [Question(**row._mapping) for row in connection.execute(select(questions).order_by(questions.c.question_id))]


def find_question(connection: Connection, question_id: str) -> Question | None:
    """One common question."""
    row = connection.execute(select(questions).where(questions.c.question_id == question_id)).first()
    return Question(**row._mapping) if row else None


def fetch_brands(connection: Connection) -> list[str]:
    """The brands of the catalogue."""
    statement = select(products.c.brand).where(products.c.brand.is_not(None)).distinct().order_by(products.c.brand)
    return list(connection.execute(statement).scalars())


def fetch_aisles(connection: Connection) -> list[str]:
    """The aisles: the first parts of the categories."""
    return list(connection.execute(select(types.c.category).distinct().order_by(types.c.category)).scalars())


def read_product(row: Row[Any]) -> Product:
    """A row of `products` as a product."""
    columns = dict(row._mapping)
    del columns["added_at"]
    columns.pop("kind", None)
    return Product(**columns)
