"""The data of the ranking benchmark: the demo's source package through the demo's own builders, as frames in memory.

EVERYBODY has agreed to everything here, sensitive goods too, so that the figures are about the ranker and not about who
agreed; the demo's seeded 70 % is a row of its own. Nothing of this reaches a database that serves.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

import numpy as np
import polars as pl
from numpy.typing import NDArray

from data.catalogue import ProductType
from data.demo.catalogue import build_products
from data.demo.coupons import build_offers
from data.demo.orders import build_orders
from data.demo.people import build_customers
from data.demo.source import ZONE, load_source
from data.importers.categories import build_type
from data.ranking_rows import RankingRows

FEWEST_HOUSEHOLDS = 20
HORIZON = timedelta(days=28)
ACTIVE = timedelta(days=84)


@dataclass(frozen=True)
class BenchShop:
    """A year of the demo's grocer.

    Attributes
    ----------
    types
        The product types, as the importer names them.
    lines, events
        What was bought (returns left out) and which coupons were sent and redeemed, a row each.
    agreed
        The households that the demo's seed lets agree.
    """

    types: list[ProductType]
    lines: pl.DataFrame
    events: pl.DataFrame
    agreed: frozenset[int]

    def before(self, cut: date, *, people: frozenset[int] | None = None) -> RankingRows:
        """The rows before a day, of some people or of everybody."""
        lines = self.lines.filter(pl.col("ordered_on") < cut)
        events = self.events.filter(pl.col("happened_on") < cut)
        if people is not None:
            lines = lines.filter(pl.col("person_id").is_in(sorted(people)))
            events = events.filter(pl.col("person_id").is_in(sorted(people)))
        return RankingRows(frozenset({"purchases", "offers"}), lines.rows(), events.rows())

    @cached_property
    def catalogue(self) -> pl.DataFrame:
        return pl.DataFrame(
            {"type_id": [t.type_id for t in self.types], "category": [t.category for t in self.types]}
        ).sort("type_id")


def load_shop() -> BenchShop:
    """Build everything; about five seconds."""
    source = load_source()
    products = build_products(source)
    offers = build_offers(source, products)
    orders, _, _ = build_orders(source, products, offers.redeemed)
    kinds = {path: kind for path in products["category"].unique() if (kind := build_type(path)) is not None}
    ids = {path: kind.type_id for path, kind in kinds.items()}
    types = sorted(
        {k.type_id: ProductType(k.type_id, k.title, k.category, None, "") for k in kinds.values()}.values(),
        key=lambda thing: thing.type_id,
    )
    named = products.select("product_id", type_id=pl.col("category").replace_strict(ids))
    day = pl.col("ordered_at").str.to_datetime(time_zone="UTC").dt.convert_time_zone(ZONE).dt.date()
    lines = (
        orders.filter(pl.col("quantity") > 0)
        .join(named, on="product_id")
        .select(pl.col("customer_id").cast(pl.Int64).alias("person_id"), day.alias("ordered_on"), "type_id")
        .sort("person_id", "ordered_on", "type_id")
        .with_row_index("line_id")
        .select("person_id", "ordered_on", "type_id", pl.col("line_id").cast(pl.Int64))
    )
    coupons = offers.offers.select("offer_id", type_id=pl.col("category").replace_strict(ids))
    events = (
        offers.events.join(coupons, on="offer_id")
        .select(
            pl.col("customer_id").cast(pl.Int64).alias("person_id"),
            pl.col("at").str.to_date().alias("happened_on"),
            "type_id",
            "event",
        )
        .sort("person_id", "happened_on", "type_id", "event")
        .with_row_index("event_id")
        .select("person_id", "happened_on", "type_id", "event", pl.col("event_id").cast(pl.Int64))
    )
    people = build_customers(source.transactions["household_id"].unique().to_list(), source.demographics)
    agreed = people.filter(pl.col("consent_purchases").is_not_null())["customer_id"].cast(pl.Int64)
    return BenchShop(types, lines, events, frozenset(agreed))


class Cut:
    """Task A at one day: who is ranked for, what is ranked, what was bought before and what in the 28 days after.

    Matrices have a row for each of `people` (households with a purchase in the 84 days before) and a column for each of
    `kinds` (types that at least 20 households had bought).
    """

    def __init__(self, shop: BenchShop, day: date) -> None:
        self.shop, self.day = shop, day
        self.past = shop.lines.filter(pl.col("ordered_on") < day)
        age = (pl.lit(day) - pl.col("ordered_on")).dt.total_days()
        self._days = self.past.select("person_id", "type_id", age=age).unique()
        self.everybody = np.sort(self.past["person_id"].unique().to_numpy())
        buyers = self.past.group_by("type_id").agg(people=pl.col("person_id").n_unique())
        self.kinds = buyers.filter(pl.col("people") >= FEWEST_HOUSEHOLDS)["type_id"].sort()
        active = self.past.filter(pl.col("ordered_on") >= day - ACTIVE)["person_id"].unique().to_numpy()
        self.rows = np.flatnonzero(np.isin(self.everybody, active))
        self.people = self.everybody[self.rows]
        self.bought = self.count(9999) > 0
        later = shop.lines.filter((pl.col("ordered_on") >= day) & (pl.col("ordered_on") < day + HORIZON))
        self.happened = self._fill(later.select("person_id", "type_id").unique(), self.people) > 0

    def count(self, days: int, *, half_days: float | None = None, people: NDArray[np.int64] | None = None) -> NDArray:  # type: ignore[type-arg]
        """Days with a purchase in the last `days`, each halved for every `half_days` of its age."""
        weight = 0.5 ** (pl.col("age") * (1 / half_days if half_days else 0.0))
        bought = self._days.filter(pl.col("age") <= days)
        counted = bought.group_by("person_id", "type_id").agg(weight.sum().alias("weight"))
        return self._fill(counted, self.people if people is None else people)

    def _fill(self, cells: pl.DataFrame, people: NDArray[np.int64]) -> NDArray[np.float32]:
        known = cells.filter(pl.col("type_id").is_in(self.kinds.implode()) & pl.col("person_id").is_in(people))
        matrix = np.zeros((len(people), len(self.kinds)), np.float32)
        row = np.searchsorted(people, known["person_id"].to_numpy())
        column = self.kinds.search_sorted(known["type_id"]).to_numpy()
        matrix[row, column] = known["weight"].to_numpy() if "weight" in known.columns else 1.0
        return matrix
