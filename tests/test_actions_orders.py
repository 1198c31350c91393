"""Own orders in the chat: status, contents, when something was bought, a missing item with its facts; and nothing of anybody else's."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Engine, event

from data.texts import Texts
from data.uses import fetch_uses
from tests.goods_shop import Deli, open_deli
from web.deeds import parse_payload

ASKED = ("ask_order_status", "ask_order_contents", "report_missing_item")


@pytest.fixture(scope="module")
def deli(tmp_path_factory: pytest.TempPathFactory, texts: Texts) -> Iterator[Deli]:
    with open_deli(tmp_path_factory.mktemp("deli"), texts) as opened:
        yield opened


def say(deli: Deli, intent: str, text: str, *, customer_id: str | None = "anna") -> str:
    deli.sign_in(customer_id)
    return deli.ask(intent, text)[0].text


@contextmanager
def count_statements(engine: Engine) -> Iterator[list[str]]:
    """Every statement that is sent, without its values."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        seen.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    yield seen
    event.remove(engine, "before_cursor_execute", note)


@pytest.mark.parametrize("intent", ASKED)
def test_a_foreign_number_and_an_invented_one_are_answered_alike_by_the_same_queries(deli: Deli, intent: str) -> None:
    told, asked = [], []
    for number in ("B-2001", "B-9999"):
        deli.sign_in("anna")
        with count_statements(deli.database.engine) as statements:
            answers = deli.ask(intent, f"what about order {number}")
        told.append([(one.kind, one.text.replace(number, "#"), one.buttons, one.custom) for one in answers])
        asked.append(statements)
    assert told[0] == told[1]
    assert asked[0] == asked[1]
    assert "Ketchup" not in str(told)
    assert "A-1001" in say(deli, intent, "what about order A-1001")  # one's own is found by the same way


@pytest.mark.parametrize("intent", [*ASKED[:2], "list_orders"])
@pytest.mark.parametrize("text", ["order A-1001", "order B-9999", "my last order", "last week"])
def test_a_visitor_is_told_how_to_sign_in_and_nothing_else(deli: Deli, intent: str, text: str) -> None:
    deli.sign_in(None)
    (one,) = deli.ask(intent, text)
    assert "sign" in one.text.lower()
    assert "A-1001" not in one.text
    assert one.text in deli.desk.texts.entry("orders.sign_in_first").say


@pytest.mark.parametrize(
    ("text", "parts", "absent"),
    [
        ("where is my order", ["A-1003", "on its way", "TRK-77"], "not in the shop's system"),
        ("when will it come", ["A-1003", "When it will come is not in the shop's system"], "delivered"),
        ("how long until my order gets here", ["When it will come is not"], "delivered"),
        ("when will order A-1001 come", ["A-1001", "delivered"], "When it will come"),
        ("where is the order of 28 May", ["A-1002", "delivered"], "A-1003"),
        ("the order from last week, where is it", ["A-1002"], "A-1003"),
        ("where is my order from yesterday", ["A-1003"], "A-1002"),
        ("where is my order from 1 May", ["no order of yours on 1 May."], "A-1001"),
    ],
)
def test_a_status_says_what_the_row_says(deli: Deli, text: str, parts: list[str], absent: str) -> None:
    told = say(deli, "ask_order_status", text)
    for part in parts:
        assert part in told
    assert absent not in told


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("what was in my last order", ["A-1003", "3 × Strawberry yogurt", "Butter", "$5.57"]),
        ("what was in order A-1001", ["2 × Greek yogurt, 500 g, $6.98", "Ground coffee"]),
        ("what did I buy last week", ["A-1002", "Large eggs"]),
        ("what did I buy in May", ["A-1001", "A-1002"]),
        ("what did I buy on 3 May", ["A-1001"]),
        ("what did I buy since Christmas", ["A-1001", "A-1002", "A-1003"]),
        ("what did I buy in April", ["no order of yours", "1 April", "30 April"]),
        ("when did I last buy yogurt", ["4 June", "A-1003", "Strawberry yogurt"]),
        ("did I buy eggs last week", ["28 May", "A-1002"]),
        ("did I buy coffee this week", ["no “coffee”"]),
        ("have I ever bought ketchup", ["no “ketchup”"]),
    ],
)
def test_contents_and_spans_are_read_on_the_shops_clock(deli: Deli, text: str, parts: list[str]) -> None:
    told = say(deli, "ask_order_contents", text)
    for part in parts:
        assert part in told


def test_only_the_order_in_question_is_put_down_as_used(deli: Deli) -> None:
    deli.sign_in("anna")
    assert deli.person_id is not None
    deli.ask("ask_order_contents", "when did I last buy eggs")
    with deli.database.read() as connection:
        newest = fetch_uses(connection, deli.person_id, limit=1)[0]
    assert newest["what_for"] == "answer_order"
    assert newest["detail"] == {"order_id": "A-1002"}


def test_a_missing_item_goes_to_a_person_with_the_facts_and_the_customer_sees_which(deli: Deli) -> None:
    deli.sign_in("anna")
    told, handoff = deli.ask("report_missing_item", "the butter is missing from my order")
    passed = handoff.custom["handoff"]
    assert passed["order_id"] == "A-1003"
    assert passed["ordered_on"] == "4 June"
    assert passed["status"] == "on the way"
    assert passed["named"] == ["Butter"]
    assert passed["lines"] == ["3 × Strawberry yogurt, 150 g, $2.97", "1 × Butter, $2.60"]
    for part in ("A-1003", "4 June", "Butter", "what you wrote"):
        assert part in told.text


def test_a_missing_item_of_a_named_order_or_day(deli: Deli) -> None:
    deli.sign_in("anna")
    for text, order_id, named in (
        ("order A-1001 came without the yogurt", "A-1001", ["Greek yogurt, 500 g"]),
        ("something was missing in the order of 28 May", "A-1002", None),
        ("the ketchup is missing", "A-1003", None),
    ):
        _told, handoff = deli.ask("report_missing_item", text)
        assert handoff.custom["handoff"]["order_id"] == order_id
        assert handoff.custom["handoff"].get("named") == named


def test_something_missing_is_missing_in_the_order_that_was_spoken_of(deli: Deli) -> None:
    deli.sign_in("anna")
    deli.ask("ask_order_contents", "what was in order A-1002")
    _told, handoff = deli.ask("report_missing_item", "the eggs were missing")
    assert handoff.custom["handoff"]["order_id"] == "A-1002"
    assert handoff.custom["handoff"]["named"] == ["Large eggs, 12 pieces"]


def test_a_visitors_missing_item_goes_to_a_person_without_any_order(deli: Deli) -> None:
    deli.sign_in(None)
    told, handoff = deli.ask("report_missing_item", "the butter is missing from order A-1003")
    assert set(handoff.custom["handoff"]) == {"about"}
    assert "A-1003" not in told.text


def test_buttons_lead_to_the_same_order(deli: Deli) -> None:
    deli.sign_in("anna")
    (told,) = deli.ask("ask_order_status", "where is order A-1001")
    assert [parse_payload(button["payload"]) for button in told.buttons] == [
        ("ask_order_contents", {"order_id": "A-1001"}),
        ("report_missing_item", {"order_id": "A-1001"}),
    ]
    assert "Ground coffee" in deli.press(told.buttons[0])[0].text
    assert deli.press(told.buttons[1])[1].custom["handoff"]["order_id"] == "A-1001"


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("how much did I spend in May", ["$16.18", "2 orders", "1 May", "31 May"]),
        ("how much have I spent with you altogether", ["$21.75", "3 orders", "not counted"]),
        ("what did I pay last week", ["$4.20", "one order"]),
    ],
)
def test_what_was_spent_is_added_up(deli: Deli, text: str, parts: list[str]) -> None:
    told = say(deli, "list_orders", text)
    for part in parts:
        assert part in told


def test_the_one_before_goes_back_order_by_order(deli: Deli) -> None:
    deli.sign_in("anna")
    assert "A-1003" in deli.ask("ask_order_contents", "what was in my last order")[0].text
    assert "A-1002" in deli.ask("ask_order_contents", "and the one before?")[0].text
    assert "A-1001" in deli.ask("ask_order_status", "and the order before that")[0].text
    told = deli.ask("ask_order_status", "and the previous one?")[0].text
    assert told in deli.desk.texts.entry("orders.none_before").say


def test_a_number_that_is_typed_wins_over_before_and_a_deadline_is_no_before(deli: Deli) -> None:
    deli.sign_in("anna")
    assert "A-1001" in deli.ask("ask_order_contents", "what was in my previous order A-1001")[0].text
    assert "A-1003" in deli.ask("ask_order_status", "I need my order before this")[0].text


def test_a_question_of_what_is_not_paid_or_of_one_thing_gets_no_total_of_all(deli: Deli) -> None:
    for text in ("which orders have I not paid yet", "what have I spent on butter this year"):
        assert "not counted" not in say(deli, "list_orders", text)
