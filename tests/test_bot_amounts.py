"""Amounts in a text: prices, sizes, counts, which end of the shelf; and what only looks like one."""

import pytest

from bot.language.amounts import find_amounts, find_sizes


def find(text: str) -> dict[str, str]:
    return {amount.kind: amount.value for amount in find_amounts(text)}


@pytest.mark.parametrize(
    ("text", "amounts"),
    [
        ("coffee under 5 dollars", {"price_to": "<5.00 $"}),
        ("tea for less than 3", {"price_to": "<3.00"}),
        ("cheese below $4.50", {"price_to": "<4.50 $"}),
        ("wine for at most ten euros", {"price_to": "10.00 €"}),
        ("max 20", {"price_to": "20.00"}),
        ("up to £3", {"price_to": "3.00 £"}),
        ("for less than a dollar", {"price_to": "<1.00 $"}),
        ("at most 0.50", {"price_to": "0.50"}),
        ("under 99 cents", {"price_to": "<0.99"}),
        ("under five bucks please", {"price_to": "<5.00 $"}),
        ("no more than 4,50 €", {"price_to": "4.50 €"}),
        ("5 dollars or less", {"price_to": "5.00 $"}),
        ("cheaper than $2", {"price_to": "<2.00 $"}),
        ("over €10", {"price_from": ">10.00 €"}),
        ("at least 3 dollars", {"price_from": "3.00 $"}),
        ("ten dollars or more", {"price_from": "10.00 $"}),
        ("between 5 and 10 dollars", {"price_from": "5.00 $", "price_to": "10.00 $"}),
        ("$3-$5", {"price_from": "3.00 $", "price_to": "5.00 $"}),
        ("between 2 and 4", {"price_from": "2.00", "price_to": "4.00"}),
        ("three bottles of it", {"quantity": "3"}),
        ("two of them", {"quantity": "2"}),
        ("a dozen", {"quantity": "12"}),
        ("half a dozen", {"quantity": "6"}),
        ("two dozen", {"quantity": "24"}),
        ("4 x milk", {"quantity": "4"}),
        ("two litres", {"size": "2000 ml"}),
        ("1.5 liters", {"size": "1500 ml"}),
        ("half a litre", {"size": "500 ml"}),
        ("500g", {"size": "500 g"}),
        ("2 kilos", {"size": "2000 g"}),
        ("a 12 oz pack", {"size": "340.194 g"}),
        ("cheapest", {"order_by": "price"}),
        ("the least expensive", {"order_by": "price"}),
        ("most expensive", {"order_by": "price_desc"}),
        ("which are in stock", {"only": "in_stock"}),
        ("cheapest under $5 in stock", {"order_by": "price", "price_to": "<5.00 $", "only": "in_stock"}),
    ],
)
def test_amounts_are_read(text: str, amounts: dict[str, str]) -> None:
    assert find(text) == amounts


@pytest.mark.parametrize(
    "text",
    [
        "toys for kids under 3", "can people under 18 buy wine", "delivery in less than 3 days", "open between 8 and 10 in the morning",
        "order 12345678", "in 2017 I bought two", "it is not in stock", "is it out of stock", "more than enough", "from Monday to Friday",
        "", "🙂", "5", "under the shelf", "a pound of beef", "within two hours", "under 5 minutes", "over and over", "from 5 to 10 people",
    ],
)  # fmt: skip
def test_what_only_looks_like_an_amount_is_none(text: str) -> None:
    assert find(text) == {}


def test_an_amount_stands_where_the_text_has_it() -> None:
    text = "show me coffee under 5 dollars in stock"
    assert [text[one.start : one.end] for one in find_amounts(text)] == ["under 5 dollars", "in stock"]


def test_the_size_in_a_title_is_read() -> None:
    ((millilitres, unit),) = find_sizes("White milk, 0.5 gallon, store brand")
    assert (round(millilitres), unit) == (1893, "ml")
    assert find_sizes("Coffee, store brand") == []
