"""Goods and own orders, asked about by the wire contract alone, against the real three processes."""

import json
import re

from tests.house import Customer, House, Staff


def test_what_is_asked_back_is_answered_as_it_was_asked(house: House) -> None:
    """Price stays price and stock stays stock after "which do you mean?"; the limit that was said stays too."""
    guest = Customer(house.url)
    for text, expected in (
        ("how much are eggs", r"\$\d+\.\d\d.*The price is the same for everybody"),
        ("are eggs in stock", r"cannot see how much of large eggs"),
    ):
        (asked,) = guest.ask(text)
        assert "“eggs”" in asked["text"]
        choice = next(button for button in asked["buttons"] if button["title"] == "Large eggs")
        (told,) = guest.ask(payload=choice["payload"])
        assert told["kind"] == "products"
        assert re.search(expected, told["text"])
    (asked,) = guest.ask("show me eggs under 2 dollars")
    choice = next(button for button in asked["buttons"] if button["title"] == "Large eggs")
    assert (
        json.loads(choice["payload"].partition("{")[1] + choice["payload"].partition("{")[2])["price_to"] == "<2.00 $"
    )
    (told,) = guest.ask(payload=choice["payload"])
    prices = [one["price"]["amount"] for one in told["extra"]["products"]]
    assert prices
    assert max(prices) < 200


def test_two_goods_in_one_question_and_then_the_second_of_a_list(house: House) -> None:
    guest = Customer(house.url)
    both = guest.ask("how much is yogurt and ketchup?")
    assert [one["kind"] for one in both] == ["products", "products"]
    assert "yogurt" in both[0]["text"].lower()
    assert "ketchup" in both[1]["text"].lower()
    (listed,) = guest.ask("show me coffee under 5 dollars")
    second = listed["extra"]["products"][1]
    (told,) = guest.ask("how much is the second one")
    assert second["title"] in told["text"]
    assert [one["product_id"] for one in told["extra"]["products"]] == [second["product_id"]]


def test_a_missing_item_is_read_by_staff_with_its_order(house: House) -> None:
    customer = Customer(house.url, "7")
    (last,) = customer.ask("what was in my last order?")
    number = re.search(r"\d{9,}", last["text"])
    assert number is not None
    told = customer.ask("something is missing from my last order")
    assert [one["kind"] for one in told] == ["order", "handoff"]
    assert number[0] in told[0]["text"]
    topic = Staff(house.url).call("GET", f"/conversations/{customer.id}")["handoff"]["topic"]
    assert topic["order_id"] == number[0]
    for line in topic["lines"][:3]:
        assert line in last["text"]


def test_a_visitor_and_a_stranger_learn_nothing_of_an_order(house: House) -> None:
    owner = Customer(house.url, "7")
    number = re.search(r"\d{9,}", owner.ask("where is my order")[0]["text"])
    assert number is not None
    for customer_id in (None, "208"):
        answers = set()
        for one in (number[0], "99999999999"):
            (told,) = Customer(house.url, customer_id).ask(f"where is order {one}")
            answers.add((told["kind"], "sign" in told["text"], told["text"].replace(one, "#") if customer_id else ""))
        assert len(answers) == 1
