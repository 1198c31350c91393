"""A shop of another trade, as three files: 500 customers made up with a seed. It imports, trains, ranks and explains through
the same code, with categories or without, with coupons or without."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from data.catalogue import fetch_types
from data.clock import read_shop_clock
from data.ranking_rows import fetch_training_rows
from data.texts import Texts
from models.ranker import publish_shelf, save_shelf
from models.recommender import Recommender
from models.training import train_shelf
from tests.kettles import Kettles, open_kettles

NOW = datetime(2025, 6, 1, 12, 0, tzinfo=UTC)
PEOPLE = 500
TOOLS = ("Hammer", "Drill", "Saw", "Chisel", "Plane", "Clamp", "Level", "Pliers", "Wrench", "File")
SIZES = ("small", "middle", "large", "long")


def make_files(*, categories: bool, coupons: bool, seed: int = 11) -> dict[str, Any]:
    """A tool shop: everybody comes back for a few things of their own, three in four agreed."""
    rng = random.Random(seed)
    products = [(f"{tool.lower()}-{size}", f"{tool}, {size}", f"Tools > {tool}") for tool in TOOLS for size in SIZES]
    catalogue = "product_id,title,price" + (",category" if categories else "")
    for number, (product_id, title, category) in enumerate(products):
        catalogue += f'\n{product_id},"{title}",{5 + number}.50' + (f",{category}" if categories else "")
    orders = ["order_id,customer_id,ordered_at,product_id,quantity,unit_price"]
    people = ["customer_id,name,consent_purchases,consent_offers,consent_notice"]
    events = ["customer_id,offer_id,event,at"]
    for number in range(PEOPLE):
        agreed = "2024-11-01" if rng.random() < 0.75 else ""
        people.append(f"c{number},Person {number},{agreed},{agreed if coupons else ''},{'2024-10' if agreed else ''}")
        mine = rng.sample(products, 3)
        for age in range(rng.randint(1, 30), 200, rng.randint(10, 40)):
            day = (NOW - timedelta(days=age)).date().isoformat()
            for product_id, _, _ in {*rng.sample(mine, 2), rng.choice(products)}:
                orders.append(f"o{number}-{age},c{number},{day},{product_id},1,9.50")
        if coupons and rng.random() < 0.5:
            day = (NOW - timedelta(days=rng.randint(1, 90))).date().isoformat()
            events.append(f"c{number},f-{rng.choice(products)[0]},redeemed,{day}")
    offers = ["offer_id,title,product_id,discount,starts_at,ends_at"]
    offers += [
        f'f-{product_id},"{title} offer",{product_id},10%,2025-01-01,2025-07-31' for product_id, title, _ in products
    ]
    return {
        "products": catalogue + "\n",
        "orders": "\n".join(orders) + "\n",
        "customers": "\n".join(people) + "\n",
        "offers": "\n".join(offers) + "\n" if coupons else None,
        "offer_events": "\n".join(events) + "\n" if coupons else None,
    }


@pytest.fixture(params=[(True, True), (False, True), (True, False)], ids=["whole", "no categories", "no coupons"])
def tools(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Kettles, bool, bool]]:
    """The tool shop, imported."""
    categories, coupons = request.param
    with open_kettles(tmp_path) as shop:
        shop.bring(now=NOW, **make_files(categories=categories, coupons=coupons))
        yield shop, categories, coupons


def test_any_shop_is_ranked_and_explained(tools: tuple[Kettles, bool, bool], texts: Texts) -> None:
    shop, categories, coupons = tools
    with shop.database.read() as connection:
        today = read_shop_clock(connection, shop.shop.zone).today()
        rows = fetch_training_rows(connection, before=today, groups=shop.shop.sensitive)
        types = fetch_types(connection)
    shelf = train_shelf(rows, types, today=today, fewest_customers=20, fewest_counted=5)
    assert len(types) == (len(TOOLS) if categories else len(TOOLS) * len(SIZES))
    expected = {frozenset({"purchases"})}
    if coupons:
        expected |= {frozenset({"offers"}), frozenset({"purchases", "offers"})}
    assert set(shelf.rankers) == expected
    models = shop.folder / "models"
    save_shelf(shelf, models / shelf.version)
    publish_shelf(models, shelf.version)
    recommender = Recommender(models, shop.shop, texts)
    agreeing = sorted({line[0] for line in rows.lines})
    found = 0
    for person_id in agreeing[:25]:
        with shop.database.read() as connection:
            slate = recommender.choose(connection, person_id=person_id, today=today, limit=5)
        assert slate.personalized
        assert len({shown.type_id for shown in slate.shown}) == 5
        bought = {line[2] for line in rows.lines if line[0] == person_id}
        found += sum(shown.type_id in bought for shown in slate.shown[:3])
        for shown in slate.shown:
            told = shown.explanation
            parts = told["base"] + told["remainder"] + sum(reason["contribution"] for reason in told["reasons"])
            assert parts == pytest.approx(told["score"], abs=1e-6)
            assert all(reason["text"] for reason in told["reasons"])
    assert found >= 25 * 2  # most of the first three are things that this person comes back for
