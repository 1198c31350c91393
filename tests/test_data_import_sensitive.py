"""P9: which categories are sensitive goods, by the words of shop.toml, and how a catalogue says otherwise."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from data import tables
from data.importers.sensitive import build_finder
from tests.kettles import Kettles, make_shop, open_kettles

FIND = build_finder(make_shop().sensitive.values())


@pytest.fixture
def kettles(tmp_path: Path) -> Iterator[Kettles]:
    with open_kettles(tmp_path) as opened:
        yield opened


@pytest.mark.parametrize(
    ("path", "group"),
    [
        ("Drinks > Beers", "alcohol"),
        ("Drinks > Wine", "alcohol"),
        ("Drinks > Whiskies", "alcohol"),
        ("Drinks > Non-alcoholic beer", "alcohol"),
        ("Pantry > Cooking wine", "alcohol"),
        ("Drinks > Hard cider", "alcohol"),
        ("Health > Vitamins", "medicine"),
        ("Health > Children's cough syrup", "medicine"),
        ("Health > First-aid kits", "medicine"),
        ("Health > Contact lenses", "medicine"),
        ("Health > Smoking cessation", "medicine"),
        ("Care > Pregnancy tests", "family_planning"),
        ("Care > Contraceptives", "family_planning"),
        ("Care > Sanitary pads", "family_planning"),
        ("Family > Nappies", "baby"),
        ("Family > BABY FOOD", "baby"),
        ("Family > Maternity wear", "baby"),
        ("Kiosk > Cigars", "tobacco"),
        ("Kiosk > E-cigarettes", "tobacco"),
        ("Food > Sugar-free candy", "diet"),
        ("Food > Gluten free bread", "diet"),
        ("Food > Halal meat", "diet"),
    ],
)
def test_these_are_sensitive(path: str, group: str) -> None:
    assert FIND(path) == group


@pytest.mark.parametrize(
    "path",
    [
        "Drinks > Ginger ale", "Drinks > Root beer", "Drinks > Ginger beer", "Pantry > Wine vinegar", "Home > Wine glasses", "Fruit > Apple cider",
        "Vegetables > Baby carrots", "Vegetables > Baby spinach", "Meat > Baby back ribs", "Toys > Baby dolls", "Snacks > Beer nuts",
        "Pantry > Fruit cocktail", "Pantry > Cocktail sauce", "Fish > Shrimp cocktail", "Meat > Light hot dogs", "Household > Firelighters",
        "Sport > Medicine balls", "Kitchen > Kettles", "Kitchen > Female plug adapters", "Garden > Ginkgo", "Drinks > Tonic water",
        "Books > Wholesale", "Baking > Rum raisin", "Pets > Salem", "Paper > Medium weight paper",
    ],
)  # fmt: skip
def test_these_only_sound_like_it(path: str) -> None:
    assert FIND(path) is None


def bring(kettles: Kettles, rows: str) -> dict[str, str | None]:
    orders = "order_id,customer_id,ordered_at,product_id,quantity,unit_price\n"
    header = "product_id,title,category,sensitive\n"
    kettles.bring(products=header + rows, orders=orders, customers=None, offers=None, offer_events=None)
    return dict(kettles.rows(tables.types, "title", "sensitive"))


def test_a_type_is_sensitive_as_soon_as_one_of_its_products_is(kettles: Kettles) -> None:
    assert bring(kettles, "a,Lemonade,Drinks,\nb,Mystery,Drinks,alcohol\n") == {"Drinks": "alcohol"}
    assert dict(kettles.rows(tables.products, "product_id", "sensitive")) == {"a": None, "b": "alcohol"}


def test_the_catalogue_may_say_no_row_by_row(kettles: Kettles) -> None:
    assert bring(kettles, "a,Jelly beer,Sweets > Beer,no\nb,Jelly wine,Sweets > Beer,NO\n") == {"Beer": None}
    assert bring(kettles, "a,Jelly beer,Sweets > Beer,no\nb,Jelly wine,Sweets > Beer,\n") == {"Beer": "alcohol"}


def test_yes_takes_the_group_that_the_words_find(kettles: Kettles) -> None:
    assert bring(kettles, "a,Red,Wine,yes\n") == {"Wine": "alcohol"}


def test_the_group_of_the_row_goes_before_the_words(kettles: Kettles) -> None:
    assert bring(kettles, "a,Tonic,Wine,medicine\n") == {"Wine": "medicine"}


def test_a_catalogue_without_categories_is_judged_by_its_titles(kettles: Kettles) -> None:
    assert bring(kettles, "a,Red wine,,\nb,Kettle,,\n") == {"Red wine": "alcohol", "Kettle": None}


def test_the_owner_is_told_of_products_that_sound_sensitive(tmp_path: Path) -> None:
    orders = "order_id,customer_id,ordered_at,product_id,quantity,unit_price\n"
    products = "product_id,title,category,sensitive\na,Red wine,Drinks,\nb,Root beer,Drinks,\nc,Pale ale,Drinks,no\n"
    with open_kettles(tmp_path) as kettles:
        summary = kettles.bring(products=products, orders=orders, customers=None, offers=None, offer_events=None)
    (notice,) = [notice for notice in summary.notices if "sound sensitive" in notice]
    assert "1 products" in notice
    assert '"Red wine"' in notice
    assert "alcohol" in notice


def test_a_shop_without_sensitive_groups_has_none(tmp_path: Path) -> None:
    with open_kettles(tmp_path, sensitive={}) as kettles:
        kettles.bring()
        assert set(kettles.rows(tables.types, "sensitive")) == {(None,)}
