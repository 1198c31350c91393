"""What an action writes itself: lines of offers that stand alone, payloads that any id survives (actions/)."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from actions.desk import Desk
from actions.offers import _tell_offer
from actions.privacy import ActionOfferCopy, ActionOfferCorrection, ActionOfferErasure
from actions.talk import Talk, write_payload
from data.shop import Shop
from data.texts import load_texts
from web.deeds import parse_payload

TEXTS = Path(__file__).resolve().parent.parent / "texts"


def make_talk(shop: Shop, *, person_id: int | None = None) -> Talk:
    desk = cast(Desk, SimpleNamespace(shop=shop, texts=load_texts(TEXTS, "en")))
    return Talk(desk, conversation=None, person_id=person_id, text="", intent="", entities=[])


@pytest.mark.parametrize(
    ("terms", "line"),
    [
        ({}, "Bagels. Popular."),
        ({"price": {"amount": 229, "currency": "USD"}}, "Bagels, $2.29. Popular."),
        (
            {"price": {"amount": 229, "currency": "USD"}, "discount": {"percent": 12.5}, "until": "7 January"},
            "Bagels, $2.29, 12.5 % off, until 7 January. Popular.",
        ),
        ({"discount": {"percent": 10.0}}, "Bagels, 10 % off. Popular."),
        (
            {"discount": {"amount": 100, "currency": "EUR"}, "price_personalized": True},
            "Bagels, €1.00 off. The price of this offer was chosen from data about you. Popular.",
        ),
    ],
)
def test_a_line_of_an_offer_stands_alone(shop: Shop, terms: dict[str, Any], line: str) -> None:
    """Who sees only the text misses neither price nor end date, nor that the price is personal."""
    assert _tell_offer(make_talk(shop), {"title": "Bagels", "why": "Popular.", **terms}) == line


@pytest.mark.parametrize("order_id", ["10", 'a"b', "a\\b", "a}b", "ü 1"])
def test_a_payload_survives_any_id(order_id: str) -> None:
    assert parse_payload(write_payload("ask_order_contents", order_id=order_id)) == (
        "ask_order_contents",
        {"order_id": order_id},
    )


@pytest.mark.parametrize("person_id", [None, 1])
def test_a_copy_and_a_deletion_are_the_gateways(shop: Shop, person_id: int | None) -> None:
    """What they do, and that a deletion is asked for twice, is tested in tests/test_web_rights_chat.py."""
    for action, deed in ((ActionOfferCopy, "/give_copy"), (ActionOfferErasure, "/ask_erasure")):
        (answer,) = action().answer(make_talk(shop, person_id=person_id))
        assert (answer.kind, answer.custom) == ("privacy", {"press": deed})


@pytest.mark.parametrize("person_id", [None, 1])
def test_a_correction_is_a_persons(shop: Shop, person_id: int | None) -> None:
    (answer,) = ActionOfferCorrection().answer(make_talk(shop, person_id=person_id))
    assert shop.contact in answer.text
    assert "within a month" in answer.text
    assert answer.text.endswith("?")
    assert [button["payload"] for button in answer.buttons] == ["/request_human", "/continue_with_bot"]
