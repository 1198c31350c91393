"""What the finder makes of goods in a text: other words, brands, counts before goods, and names that are ordinary words too."""

import pytest

from bot.language.catalogue import read_catalogue
from bot.language.finder import Finder

TYPES = [
    "Yogurt", "Cookies", "Potato chips", "Diapers", "Eggplant", "Zucchini", "Flashlights", "Green onions", "Dates", "Matches", "Roses", "Honey",
    "Sugar", "Apples", "Nuts", "Large eggs", "Jumbo eggs", "White milk", "Soy milk", "Spirits", "Flour", "Beets", "Ground coffee", "Candy",
    "Baking chocolate", "Paper towels", "Laundry detergent", "Shrimp", "Cakes", "Donuts",
]  # fmt: skip
SHOP = {
    "types": [{"type_id": title, "title": title, "words": []} for title in TYPES],
    "brands": [{"title": "Acme"}, {"title": "Simple"}, {"title": "Store brand"}],
    "known": ["order", "price"],
}


@pytest.fixture(scope="module")
def finder() -> Finder:
    return Finder(read_catalogue(SHOP))


def find(finder: Finder, text: str, kind: str = "product_type") -> list[str]:
    return [found.value for found in finder.find(text) if found.kind == kind]


@pytest.mark.parametrize(
    ("text", "types"),
    [
        ("do you have biscuits", ["Cookies"]),
        ("a biscuit", ["Cookies"]),
        ("got any crisps", ["Potato chips"]),
        ("nappies please", ["Diapers"]),
        ("an aubergine and a courgette", ["Eggplant", "Zucchini"]),
        ("where are the torches", ["Flashlights"]),
        ("spring onions", ["Green onions"]),
        ("scallions", ["Green onions"]),
        ("beetroot", ["Beets"]),
        ("kitchen roll", ["Paper towels"]),
        ("washing powder", ["Laundry detergent"]),
        ("prawns", ["Shrimp"]),
        ("two doughnuts", ["Donuts"]),
        ("yoghrut and bisciuts", ["Yogurt", "Cookies"]),
        ("lanudry detergent", ["Laundry detergent"]),
        ("price of milk and eggs", ["Soy milk", "White milk", "Jumbo eggs", "Large eggs"]),
        ("sugar, flour and apples", ["Sugar", "Flour", "Apples"]),
        ("milk, honey", ["Soy milk", "White milk", "Honey"]),
        ("do you have dates", ["Dates"]),
        ("a box of matches", ["Matches"]),
        ("a dozen roses", ["Roses"]),
        ("do you sell honey", ["Honey"]),
    ],
)
def test_goods_are_found_in_any_words(finder: Finder, text: str, types: list[str]) -> None:
    assert find(finder, text) == types


@pytest.mark.parametrize(
    "text",
    [
        "I love you too, honey", "thanks honey", "thank you so much sugar", "ok, honey", "honey, do you know the time", "what date is it",
        "which date will it come", "is it up to date", "the price rose", "does it match", "do you price match", "do you take apple pay",
        "it was a piece of cake", "this is hot potato", "are you nuts", "he is in high spirits", "spill the beans", "beans on",
        "what are the best before dates",
    ],
)  # fmt: skip
def test_ordinary_words_are_no_goods(finder: Finder, text: str) -> None:
    assert find(finder, text) == []


def test_between_a_kind_word_and_goods_the_goods_are_found(finder: Finder) -> None:
    assert find(finder, "thanks honey, do you have yogurt") == ["Yogurt"]
    assert find(finder, "honey, do you have milk") == ["Soy milk", "White milk"]


@pytest.mark.parametrize(
    ("text", "brands"),
    [
        ("Acme yogurt", ["Acme"]),
        ("yogurt from Acme", ["Acme"]),
        ("acme's yogurt", ["Acme"]),
        ("the brand Simple", ["Simple"]),
        ("Simple products", ["Simple"]),
        ("store brand coffee", ["Store brand"]),
        ("what store brand do you have", ["Store brand"]),
        ("that is a simple question", []),
        ("it is not so simple", []),
        ("simple", []),
    ],
)
def test_a_brand_is_found_where_brands_are_meant(finder: Finder, text: str, brands: list[str]) -> None:
    assert find(finder, text, "brand") == brands


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("three yogurts", "3"),
        ("12 large eggs", "12"),
        ("a yogurt", None),
        ("in 2017 yogurt", None),
        ("order 12345 yogurt", None),
    ],
)
def test_a_number_before_goods_counts_them(finder: Finder, text: str, count: str | None) -> None:
    assert find(finder, text, "quantity") == ([count] if count else [])


def test_an_amount_is_no_day_and_no_order(finder: Finder) -> None:
    found = {one.kind for one in finder.find("coffee under 5 dollars ordered 3 days ago in order 12345678")}
    assert {"price_to", "date_from", "date_to", "order_id"} <= found
    assert "quantity" not in found
