"""The demo shop's names, sensitive goods and files. Reads the catalogue once; the whole year is imported by `make run`."""

import csv
import re
from collections import Counter
from datetime import datetime
from pathlib import Path

import polars as pl
import pytest
import yaml

from data import tables
from data.demo.catalogue import tidy_size
from data.demo.naming import SENSITIVE_AISLES, name_types, read_aisles, read_names
from data.demo.people import build_customers
from data.demo.source import DemoSource, load_products
from data.demo.writing import QUESTIONS, write_demo_shop
from data.honesty import find_pressure
from data.importers import import_shop
from data.importers.categories import build_type
from data.importers.sensitive import build_finder
from tests.kettles import make_shop, open_kettles

FIND = build_finder(make_shop().sensitive.values())
AISLE_GROUPS = {
    "Alcoholic drinks": "alcohol",
    "Baby": "baby",
    "Diet products": "diet",
    "Intimate care": "family_planning",
    "Medicine and health": "medicine",
    "Tobacco": "tobacco",
}
OTHERWISE_SENSITIVE = {  # outside those aisles, by their own name
    "Cooking wine", "Diet and light bread", "Diet and organic bakery bread", "Frozen cocktail mixers", "Frozen meat alternatives",
    "Kosher and specialty hot dogs", "Kosher foods", "Nutritional frozen meals for one", "Packaged vegetarian foods", "Salt substitute",
    "Sugar substitutes", "Sugar-free pies", "Vegetarian meat alternatives",
}  # fmt: skip
ONLY_SOUNDS_LIKE_IT = {  # the till's wording holds a word of shop.toml, the goods are none
    "Apple cider", "Apple juice", "Cocktail sausages", "Cocktail tomatoes", "Cotton swabs", "Lip care", "Sweetened iced tea", "Tonic water and mixers",
    "Unsweetened iced tea", "Vinegar", "Wine and rice vinegar",
}  # fmt: skip


@pytest.fixture(scope="module")
def products() -> pl.DataFrame:
    return load_products()


@pytest.fixture(scope="module")
def named(products: pl.DataFrame) -> pl.DataFrame:
    return name_types(products)


def test_the_table_names_at_least_the_four_hundred_most_common_types() -> None:
    assert len(read_names()) >= 400


def test_every_name_and_aisle_of_the_tables_belongs_to_the_data(products: pl.DataFrame) -> None:
    pairs = set(products.select("product_category", "product_type").unique().iter_rows())
    assert set(read_names()) <= pairs
    assert set(read_aisles()) == set(products["product_category"].drop_nulls().unique())


def test_names_are_words_that_people_use(named: pl.DataFrame) -> None:
    for name in named["type"].unique():
        assert re.fullmatch(r"[A-Z][A-Za-z0-9'\- ]{1,44}", name), name
        assert not re.search(r"\b[A-Z]{3,}\b", name.replace("DVDs", "")), name
        assert find_pressure(name) is None, name


def test_one_name_is_one_type_in_one_aisle_with_one_id(named: pl.DataFrame) -> None:
    types = named.select("type", "aisle").unique()
    assert types["type"].n_unique() == types.height
    ids = [build_type(f"{aisle} > {name}") for name, aisle in types.iter_rows()]
    assert len({kind.type_id for kind in ids if kind}) == types.height
    assert 15 <= types["aisle"].n_unique() <= 30


def test_coupons_fees_and_unnamed_things_are_left_out(products: pl.DataFrame, named: pl.DataFrame) -> None:
    kept = set(named.select("product_category", "product_type").iter_rows())
    assert (None, None) not in kept
    for pair in [
        ("COUPONS/STORE & MFG", "COUPONS/STORE & MFG"),
        ("COUPON/MISC ITEMS", "MISC SALES TRANS"),
        ("COUPON", "DONATIONS"),
    ]:
        assert pair not in kept
    count = products.join(named, on=["product_category", "product_type"], how="inner", nulls_equal=True).height
    assert 0 < products.height - count < 700


def test_every_type_of_a_sensitive_aisle_is_found_and_none_but_the_listed_elsewhere(named: pl.DataFrame) -> None:
    assert set(AISLE_GROUPS) == SENSITIVE_AISLES
    elsewhere = set()
    for name, aisle in named.select("type", "aisle").unique().iter_rows():
        group = FIND(f"{aisle} > {name}")
        if aisle in AISLE_GROUPS:
            assert group == AISLE_GROUPS[aisle], f"{aisle} > {name}: {group}"
        elif group:
            elsewhere.add(name)
    assert elsewhere == OTHERWISE_SENSITIVE


def test_no_sensitive_wording_of_the_whole_catalogue_gets_a_harmless_name(named: pl.DataFrame) -> None:
    harmless = set()
    for category, kind, name, aisle in named.iter_rows():
        if FIND(f"{category} > {kind}") and not FIND(f"{aisle} > {name}"):
            harmless.add(name)
    assert harmless <= ONLY_SOUNDS_LIKE_IT, harmless - ONLY_SOUNDS_LIKE_IT


def test_no_type_tells_a_customers_origin(named: pl.DataFrame) -> None:
    assert not [name for name in named["type"].unique() if re.search(r"ethnic|african|textured", name, re.IGNORECASE)]
    origin = named.filter(pl.col("product_category") == "ETHNIC PERSONAL CARE")["type"].unique().to_list()
    others = named.filter(pl.col("product_category") != "ETHNIC PERSONAL CARE")["type"]
    assert set(origin) <= set(others)


@pytest.mark.parametrize(
    ("size", "shown"),
    [("32 OZ", "32 oz"), ("1 GAL", "1 gallon"), (".5 OZ", "0.5 oz"), ("1/2 GAL", "1/2 gallon"), ("12 CT", "12 count"), ("504 SQ FT", "504 sq ft"),
     (None, None), ("", None), ("A", None), ("0 OZ", None), ("CT", None), ("4X6", None)],
)  # fmt: skip
def test_a_package_size_is_written_as_people_do(size: str | None, shown: str | None) -> None:
    assert tidy_size(size) == shown


def read_question(path: Path) -> tuple[dict[str, object], str]:
    _, front, answer = path.read_text(encoding="utf-8").split("---\n", 2)
    return yaml.safe_load(front), answer


def test_at_least_45_questions_with_8_to_30_other_wordings_and_a_short_answer() -> None:
    paths = sorted(QUESTIONS.glob("*.md"))
    assert len(paths) >= 45
    wordings: Counter[str] = Counter()
    for path in paths:
        facts, answer = read_question(path)
        listed = facts["wordings"]
        assert isinstance(listed, list), path.name
        assert 8 <= len(listed) <= 40, path.name
        wordings.update(str(wording).lower() for wording in [*listed, facts["title"]])
        sentences = re.split(r"(?<=[.?])\s+", answer.strip())
        assert 2 <= len(sentences) <= 5, path.name
        assert "!" not in answer, path.name
        assert find_pressure(answer) is None, path.name
        assert ("demo" in answer) == (facts.get("note") == "demo"), path.name
    assert [wording for wording, count in wordings.items() if count > 1] == []


def test_invented_customers_are_the_same_every_time_and_unreachable() -> None:
    demographics = pl.DataFrame(
        {"household_id": [2], "age": ["35-44"], "income": ["50-74K"], "home_ownership": [None], "marital_status": ["Married"],
         "household_size": ["2"], "household_comp": ["2 Adults No Kids"], "kids_count": ["0"]},
        schema_overrides={"home_ownership": pl.String},
    )  # fmt: skip
    customers = build_customers(list(range(1, 1001)), demographics)
    assert customers.equals(build_customers(list(range(1000, 0, -1)), demographics))
    assert customers["email"].n_unique() == 1000
    assert customers["email"].str.ends_with("@example.org").all()
    assert 0.65 < customers["consent_purchases"].count() / 1000 < 0.75
    assert customers["consent_purchases"].equals(customers["consent_offers"], check_names=False)
    assert customers.row(1, named=True)["audit_age"] == "35-44"
    assert customers.row(0, named=True)["audit_age"] is None


def make_source() -> DemoSource:
    """A till of three households: yogurt with a coupon, gasoline, a coupon key, a thing without a name."""
    moment = datetime(2017, 5, 10, 15, 0)
    late = datetime(2018, 1, 1, 4, 0)  # 23:00 of the last day in New York
    lines = [
        (1, 9, 11, 101, 2, 3.00, 0.50, 0.60, 0.00, moment), (1, 9, 11, 102, 10_000, 25.00, 0.0, 0.0, 0.0, moment),
        (1, 9, 11, 103, 0, 0.00, 0.0, 1.0, 0.0, moment), (2, 9, 12, 104, 1, 5.00, 0.0, 0.0, 0.0, moment),
        (3, 9, 13, 101, 3, 1.00, 0.0, 0.0, 0.0, late),
    ]  # fmt: skip
    columns = (
        "household_id",
        "store_id",
        "basket_id",
        "product_id",
        "quantity",
        "sales_value",
        "retail_disc",
        "coupon_disc",
        "coupon_match_disc",
        "transaction_timestamp",
    )
    products = [
        (101, "GROCERY", "Private", "YOGURT", "YOGURT NOT MULTI-PACKS", "32 OZ"), (102, "FUEL", "National", "FUEL", "GASOLINE-REG UNLEADED", None),
        (104, "MISCELLANEOUS", "National", None, None, None), (105, "GROCERY", "National", "CHEESE", "SHREDDED CHEESE", "8 OZ"),
    ]  # fmt: skip
    day = datetime(2017, 5, 1)
    return DemoSource(
        transactions=pl.DataFrame(lines, schema=columns, orient="row"),
        products=pl.DataFrame(products, schema=("product_id", "department", "brand", "product_category", "product_type", "package_size"), orient="row"),
        demographics=pl.DataFrame(schema={"household_id": pl.Int64, **dict.fromkeys(("age", "income", "home_ownership", "marital_status", "household_size", "household_comp", "kids_count"), pl.String)}),
        campaigns=pl.DataFrame({"campaign_id": [7, 7], "household_id": [1, 2]}),
        campaign_descriptions=pl.DataFrame({"campaign_id": [7], "campaign_type": ["Type B"], "start_date": [day], "end_date": [datetime(2018, 1, 31)]}),
        coupons=pl.DataFrame({"coupon_upc": [55], "product_id": [101], "campaign_id": [7]}),
        coupon_redemptions=pl.DataFrame({"household_id": [1], "coupon_upc": [55], "campaign_id": [7], "redemption_date": [datetime(2017, 5, 10)]}),
    )  # fmt: skip


def test_a_small_till_goes_through_the_importer(tmp_path: Path) -> None:
    counts = write_demo_shop(tmp_path / "demo", make_source())
    assert (counts.products, counts.order_lines, counts.lines_without_quantity, counts.lines_left_out) == (3, 3, 1, 1)
    with open_kettles(tmp_path) as shop:
        import_shop(
            shop.database,
            shop.shop,
            tmp_path / "demo",
            source="demo",
            clock_now=datetime.fromisoformat("2018-01-01T09:00:00-05:00"),
        )
        titles = dict(shop.rows(tables.products, "product_id", "title"))
        prices = dict(shop.rows(tables.products, "product_id", "price_minor"))
        lines = shop.rows(
            tables.order_lines, "order_id", "product_id", "quantity", "unit_price_minor", "discount_minor", "offer_id"
        )
        status = shop.rows(tables.orders, "order_id", "status", "tracking")
        events = shop.rows(tables.offer_events, "event", "type_id")
        days = {row[0].isoformat() for row in shop.rows(tables.order_lines, "ordered_on")}
    assert titles["101"] == "Yogurt, 32 oz, store brand"
    assert prices == {"101": 33, "102": None, "105": None}  # the latest sale: 1.00 for three
    assert lines == [
        ("11", "101", 2, 150, 50, "c7-dairy-and-eggs-yogurt"),
        ("11", "102", 1, 2500, 0, None),
        ("13", "101", 3, 33, 0, None),
    ]
    assert status == [("11", "delivered", None), ("13", "being packed", None)]
    assert events == [
        ("redeemed", "dairy-and-eggs--yogurt"),
        ("shown", "dairy-and-eggs--yogurt"),
        ("shown", "dairy-and-eggs--yogurt"),
    ]
    assert days == {"2017-05-10", "2017-12-31"}


def test_the_same_till_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_demo_shop(tmp_path / name, make_source())
    for path in sorted((tmp_path / "one").glob("*.csv")):
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()
        with path.open(encoding="utf-8", newline="") as file:
            assert next(csv.reader(file))
