"""A second import: known ids are updated, new ones added, and nothing a customer decided or was told is lost."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from data import tables
from data.clock import format_time
from data.corrections import decide_corrections
from data.customers import ensure_customer
from data.erasure import erase_person
from data.errors import BadImport
from data.reviews import open_review
from tests.kettles import FILES, Kettles, open_kettles

AT = "2024-05-20T00:00:00.000000Z"
ORDERS = "order_id,customer_id,ordered_at,product_id,quantity,unit_price\n"


@pytest.fixture
def kettles(tmp_path: Path) -> Iterator[Kettles]:
    with open_kettles(tmp_path) as opened:
        opened.bring()
        yield opened


def test_the_same_files_again_change_nothing(kettles: Kettles) -> None:
    kept = [tables.products, tables.types, tables.customers, tables.orders, tables.order_lines, tables.offers, tables.offer_events,
            tables.consent_events, tables.audit_groups, tables.questions]  # fmt: skip
    before = [kettles.rows(table, *(column.name for column in table.columns)) for table in kept]
    summary = kettles.bring()
    assert [kettles.rows(table, *(column.name for column in table.columns)) for table in kept] == before
    assert (summary.new_customers, summary.consents, summary.offer_events, summary.data_version) == (0, 0, 0, 2)


def test_a_known_customer_keeps_the_number_and_gets_the_new_name(kettles: Kettles) -> None:
    before = kettles.people()
    kettles.bring(customers="customer_id,name\nanna,Anna Lee\ncleo,Cleo\n")
    after = kettles.people()
    assert after["anna"] == replace(before["anna"], name="Anna Lee")
    assert after["ben"] == before["ben"]
    assert after["cleo"].name == "Cleo"


def test_a_column_that_the_file_lacks_leaves_what_is_here(kettles: Kettles) -> None:
    kettles.bring(products="product_id,title\nk1,Whistler two\nn1,New\n", offers=None, offer_events=None)
    rows = {
        row[0]: row[1:]
        for row in kettles.rows(tables.products, "product_id", "title", "price_minor", "type_id", "stock")
    }
    assert rows["k1"] == ("Whistler two", 2990, "kitchen--kettles", 2)
    assert rows["n1"] == ("New", None, "product--n1", None)
    assert ("kitchen--kettles", "Kettles", "Kitchen") in kettles.rows(tables.types, "type_id", "title", "category")


def test_a_blank_in_a_column_takes_the_value_back(kettles: Kettles) -> None:
    kettles.bring(products="product_id,title,price\nk1,Whistler,\n", offers=None, offer_events=None)
    assert ("k1", None) in kettles.rows(tables.products, "product_id", "price_minor")
    kettles.bring(customers="customer_id,audit_age\nanna,\n")
    assert kettles.rows(tables.audit_groups, "value") == []


def test_an_order_in_the_file_replaces_that_orders_lines_and_no_others(kettles: Kettles) -> None:
    kettles.bring(
        orders=f"{ORDERS}o1,anna,2024-05-01,k1,2,20.00\no1,anna,2024-05-01,k2,1,49.00\no3,ben,2024-05-05,t1,1,19.50\n"
    )
    lines = kettles.rows(tables.order_lines, "order_id", "product_id", "quantity", "unit_price_minor")
    assert lines == [("o1", "k1", 2, 2000), ("o1", "k2", 1, 4900), ("o2", "w1", 3, 900), ("o3", "t1", 1, 1950)]


def test_a_line_that_stays_keeps_its_id_and_its_dispute(kettles: Kettles) -> None:
    with kettles.database.write() as connection:
        line = tables.order_lines
        connection.execute(
            line.update().where(line.c.product_id == "k1").values(disputed_at="2024-05-20T00:00:00.000000Z")
        )
    before = kettles.rows(tables.order_lines, "line_id", "disputed_at", where=lambda c: c.product_id == "k1")
    kettles.bring(orders=f"{ORDERS}o1,anna,2024-05-01,k1,1,24.00\n")
    after = kettles.rows(
        tables.order_lines, "line_id", "disputed_at", "unit_price_minor", where=lambda c: c.product_id == "k1"
    )
    assert after == [(*before[0], 2400)]
    assert before[0][1] is not None
    assert kettles.rows(tables.order_lines, "product_id", where=lambda c: c.order_id == "o1") == [("k1",)]


def test_a_disputed_line_that_goes_and_comes_back_is_disputed_still(kettles: Kettles) -> None:
    """And its number is given to nobody else's line meanwhile (found by a review)."""
    ((line_id, person_id),) = kettles.rows(
        tables.order_lines, "line_id", "person_id", where=lambda c: c.product_id == "k1"
    )
    with kettles.database.write() as connection:
        review = open_review(
            connection,
            person_id=person_id,
            conversation_id=None,
            impression_id=None,
            reason_id=None,
            text="Not mine.",
            at=AT,
            due_on=date(2024, 6, 30),
            lines=[line_id],
        )
        line = tables.order_lines
        connection.execute(line.update().where(line.c.line_id == line_id).values(disputed_at=AT))
    kettles.bring(orders=f"{ORDERS}o1,anna,2024-05-01,k2,1,49.00\no9,ben,2024-05-06,t1,1,19.50\n")
    assert (line_id,) not in kettles.rows(tables.order_lines, "line_id")
    kettles.bring(orders=f"{ORDERS}o1,anna,2024-05-01,k1,2,20.00\no1,anna,2024-05-01,k2,1,49.00\n")
    ((back, disputed),) = kettles.rows(
        tables.order_lines, "line_id", "disputed_at", where=lambda c: c.product_id == "k1"
    )
    assert back != line_id
    assert disputed == AT
    with kettles.database.write() as connection:
        assert decide_corrections(connection, review.review_id, approve=False) == 1
    assert kettles.rows(tables.order_lines, "disputed_at", where=lambda c: c.product_id == "k1") == [(None,)]


def test_the_same_product_twice_in_an_order_stays_two_lines(kettles: Kettles) -> None:
    twice = f"{ORDERS}o1,anna,2024-05-01,k1,1,24.00\no1,anna,2024-05-01,k1,1,24.00\n"
    kettles.bring(orders=twice)
    first = kettles.rows(tables.order_lines, "line_id", where=lambda c: c.order_id == "o1")
    kettles.bring(orders=twice)
    assert kettles.rows(tables.order_lines, "line_id", where=lambda c: c.order_id == "o1") == first
    assert len(first) == 2


def test_an_order_cannot_move_to_another_customer(kettles: Kettles) -> None:
    with pytest.raises(BadImport, match="the customer that this order has here already"):
        kettles.bring(orders=f"{ORDERS}o1,ben,2024-05-01,k1,1,24.00\n")


def test_products_of_an_earlier_import_may_be_referred_to(kettles: Kettles) -> None:
    kettles.bring(
        products="product_id,title\nn1,New\n",
        orders=f"{ORDERS}o9,ben,2024-05-09,k2,1,49.00\n",
        offers=None,
        offer_events=None,
    )
    assert ("o9", "k2") in kettles.rows(tables.order_lines, "order_id", "product_id")


def test_events_of_an_earlier_offer_may_be_added(kettles: Kettles) -> None:
    kettles.bring(offers=None, offer_events="customer_id,offer_id,event,at\nben,f2,clicked,2024-05-03\n")
    assert ("clicked", "kitchen--teapots") in kettles.rows(tables.offer_events, "event", "type_id")


def test_what_the_customer_decided_here_since_then_stands(kettles: Kettles) -> None:
    person = kettles.people()["anna"].person_id
    withdrawn = {
        "person_id": person, "category": "purchases", "purpose": "choose", "granted": False, "at": format_time(datetime(2024, 3, 1, tzinfo=UTC)),
        "source": "page", "notice_version": "v2", "lang": "en",
    }  # fmt: skip
    with kettles.database.write() as connection:
        connection.execute(tables.consent_events.insert(), [withdrawn])
    head = "customer_id,consent_purchases,consent_notice\n"
    assert kettles.bring(customers=f"{head}anna,2024-02-01,2024-01\n").consents == 0
    assert kettles.bring(customers=f"{head}anna,2024-04-01,2024-04\n").consents == 2


def test_a_products_sensitive_mark_of_an_earlier_file_stands_when_the_file_says_nothing(kettles: Kettles) -> None:
    kettles.bring(
        products="product_id,title,category,sensitive\nk1,Whistler,Kitchen > Kettles,medicine\n",
        offers=None,
        offer_events=None,
    )
    kettles.bring(products=FILES["products.csv"])
    assert ("k1", "medicine") in kettles.rows(tables.products, "product_id", "sensitive")
    assert ("kitchen--kettles", "medicine") in kettles.rows(tables.types, "type_id", "sensitive")


def test_who_was_erased_does_not_come_back_with_old_files_but_may_with_newer_ones(kettles: Kettles) -> None:
    anna = kettles.people()["anna"]
    erase_person(kettles.database, anna.person_id, at="2024-05-06T12:00:00.000000Z")
    assert set(kettles.people()) == {"ben"}
    summary = kettles.bring()
    assert set(kettles.people()) == {"ben"}
    assert any("erased" in notice and "left out" in notice for notice in summary.notices), summary.notices
    assert kettles.rows(tables.orders, "order_id", where=lambda c: c.person_id == anna.person_id) == []
    head = "order_id,customer_id,ordered_at,product_id,quantity,unit_price\n"
    kettles.bring(orders=f"{head}o77,anna,2024-05-07,k1,1,29.90\n", now=None)
    again = kettles.people()["anna"]
    assert again.person_id != anna.person_id
    assert kettles.rows(tables.orders, "order_id", where=lambda c: c.person_id == again.person_id) == [("o77",)]
    assert kettles.rows(tables.consent_events, "category", where=lambda c: c.person_id == again.person_id) == []


def test_an_erased_customer_who_signed_in_again_gets_the_name_of_the_file_and_no_old_row(kettles: Kettles) -> None:
    erase_person(kettles.database, kettles.people()["anna"].person_id, at="2024-05-06T12:00:00.000000Z")
    with kettles.database.write() as connection:
        again = ensure_customer(connection, "anna", name=None, at="2024-05-06T13:00:00.000000Z")
    kettles.bring()
    assert kettles.people()["anna"].name == "Anna Kim"
    assert kettles.rows(tables.orders, "order_id", where=lambda c: c.person_id == again.person_id) == []
