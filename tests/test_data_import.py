"""A shop's files become rows: what is written where."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from data import tables
from data.clock import parse_time
from data.errors import BadImport
from tests.kettles import NOW, Kettles, open_kettles


@pytest.fixture
def kettles(tmp_path: Path) -> Iterator[Kettles]:
    with open_kettles(tmp_path) as opened:
        yield opened


def test_every_file_arrives_and_is_counted(kettles: Kettles) -> None:
    summary = kettles.bring()
    assert (summary.products, summary.types, summary.customers, summary.orders, summary.order_lines) == (4, 3, 2, 2, 3)
    assert (summary.offers, summary.offer_events, summary.consents, summary.questions) == (2, 2, 2, 1)
    assert summary.notices == ()


def test_a_category_path_gives_title_and_aisle_and_a_readable_id(kettles: Kettles) -> None:
    kettles.bring()
    assert kettles.rows(tables.types, "type_id", "title", "category") == [
        ("drinks--wine", "Wine", "Drinks"),
        ("kitchen--kettles", "Kettles", "Kitchen"),
        ("kitchen--teapots", "Teapots", "Kitchen"),
    ]


def test_a_plain_category_is_its_own_aisle(kettles: Kettles) -> None:
    kettles.bring(
        products="product_id,title,category\nk1,A,Kettles\nt1,B,kettles \nw1,C,Tea & pots\n",
        offers=None,
        offer_events=None,
    )
    types = kettles.rows(tables.types, "type_id", "title", "category")
    assert types[0] == ("kettles", "Kettles", "Kettles")
    assert types[1][0].startswith("tea-pots-")
    assert types[1][1:] == ("Tea & pots", "Tea & pots")
    assert len(types) == 2


def test_paths_that_read_alike_get_different_ids(kettles: Kettles) -> None:
    rows = "k1,A,Tea & pots\nt1,B,Tea pots\nw1,C,Tea > pots\nx1,D,Tée pots\ny1,E,茶\n"
    kettles.bring(products=f"product_id,title,category\n{rows}", offers=None, offer_events=None)
    ids = [row[0] for row in kettles.rows(tables.types, "type_id")]
    assert len(set(ids)) == 5
    assert all(id_.isascii() for id_ in ids)


def test_without_categories_each_product_is_its_own_type(kettles: Kettles) -> None:
    kettles.bring(products="product_id,title\nk1,Whistler\nt1,Teapot\nw1,Red\n", offers=None, offer_events=None)
    assert ("product--k1", "Whistler", "Whistler") in kettles.rows(tables.types, "type_id", "title", "category")
    assert ("k1", "product--k1") in kettles.rows(tables.products, "product_id", "type_id")


def test_prices_become_minor_units_exactly(kettles: Kettles) -> None:
    kettles.bring()
    assert dict(kettles.rows(tables.products, "product_id", "price_minor")) == {
        "k1": 2990,
        "k2": 4900,
        "t1": 1950,
        "w1": 900,
    }
    lines = kettles.rows(tables.order_lines, "order_id", "product_id", "quantity", "unit_price_minor", "discount_minor")
    assert lines == [("o1", "k1", 1, 2590, 400), ("o1", "t1", 2, 1950, 0), ("o2", "w1", 3, 900, 0)]


@pytest.mark.parametrize(
    ("currency", "written", "minor"),
    [("JPY", "1249", 1249), ("JPY", "1249.00", 1249), ("KWD", "1.905", 1905), ("KWD", "1.9", 1900), ("USD", "0.29", 29),
     ("USD", "999999999.99", 99999999999), ("EUR", "1.10000", 110)],
)  # fmt: skip
def test_each_currency_has_its_decimals(tmp_path: Path, currency: str, written: str, minor: int) -> None:
    products = f"product_id,title,price\nk1,A,{written}\n"
    orders = f"order_id,customer_id,ordered_at,product_id,quantity,unit_price\no1,a,2024-05-01,k1,1,{written}\n"
    with open_kettles(tmp_path, currency=currency) as kettles:
        kettles.bring(products=products, orders=orders, customers=None, offers=None, offer_events=None)
        assert kettles.rows(tables.products, "price_minor") == [(minor,)]
        assert kettles.rows(tables.order_lines, "unit_price_minor") == [(minor,)]


def test_a_date_is_a_day_of_the_shops_zone_and_a_time_keeps_its_moment(kettles: Kettles) -> None:
    kettles.bring()
    assert kettles.rows(tables.orders, "order_id", "ordered_at") == [
        ("o1", "2024-05-01T04:00:00.000000Z"),
        ("o2", "2024-05-03T03:30:00.000000Z"),
    ]
    assert set(kettles.rows(tables.order_lines, "order_id", "ordered_on")) == {
        ("o1", date(2024, 5, 1)),
        ("o2", date(2024, 5, 2)),
    }


def test_a_negative_quantity_is_a_return_and_may_have_a_later_day(kettles: Kettles) -> None:
    head = "order_id,customer_id,ordered_at,product_id,quantity,unit_price\n"
    kettles.bring(orders=f"{head}o1,anna,2024-05-04,k1,-1,25.90\no1,anna,2024-05-01,k1,1,25.90\n")
    assert set(kettles.rows(tables.order_lines, "ordered_on", "quantity")) == {
        (date(2024, 5, 1), 1),
        (date(2024, 5, 4), -1),
    }
    assert kettles.rows(tables.orders, "ordered_at") == [("2024-05-01T04:00:00.000000Z",)]


def test_customers_get_random_numbers_of_at_most_53_bits(kettles: Kettles) -> None:
    kettles.bring()
    people = kettles.people()
    assert [(one.customer_id, one.name, one.email, one.invented) for one in people.values()] == [
        ("anna", "Anna Kim", "anna@kettles.example", False),
        ("ben", "Ben Obi", None, False),
    ]
    assert all(0 < one.person_id < 2**53 for one in people.values())
    assert people["anna"].person_id != people["ben"].person_id


def test_customers_known_only_from_orders_are_customers(kettles: Kettles) -> None:
    kettles.bring(customers=None)
    assert [(one.customer_id, one.name) for one in kettles.people().values()] == [("anna", None), ("ben", None)]


def test_a_consent_becomes_two_rows_of_the_ledger(kettles: Kettles) -> None:
    kettles.bring()
    rows = kettles.rows(
        tables.consent_events, "category", "purpose", "granted", "at", "source", "notice_version", "simulated"
    )
    at = "2024-01-15T05:00:00.000000Z"
    assert rows == [("purchases", purpose, True, at, "import", "2023-10", False) for purpose in ("choose", "train")]


def test_the_demo_says_that_names_are_invented_and_consents_simulated(kettles: Kettles) -> None:
    kettles.bring(source="demo")
    assert set(kettles.rows(tables.customers, "invented")) == {(True,)}
    assert set(kettles.rows(tables.consent_events, "simulated")) == {(True,)}


def test_audit_groups_are_kept_apart(kettles: Kettles) -> None:
    kettles.bring()
    assert kettles.rows(tables.audit_groups, "name", "value") == [("age", "35-44")]


def test_offers_find_their_type_and_read_both_kinds_of_discount(kettles: Kettles) -> None:
    kettles.bring()
    columns = (
        "offer_id",
        "type_id",
        "product_id",
        "discount_percent",
        "discount_minor",
        "starts_on",
        "price_personalized",
    )
    assert kettles.rows(tables.offers, *columns) == [
        ("f1", "kitchen--kettles", None, 20.0, None, date(2024, 5, 1), False),
        ("f2", "kitchen--teapots", "t1", None, 150, None, True),
    ]


def test_an_offers_category_may_be_the_title_of_one_type(kettles: Kettles) -> None:
    kettles.bring(offers="offer_id,title,category\nf1,Kettle coupon,kettles\n")
    assert kettles.rows(tables.offers, "type_id") == [("kitchen--kettles",)]


def test_events_know_the_type_of_their_offer(kettles: Kettles) -> None:
    kettles.bring()
    rows = kettles.rows(tables.offer_events, "event", "type_id", "happened_on", "impression_id")
    assert rows == [(event, "kitchen--kettles", date(2024, 5, 1), None) for event in ("redeemed", "shown")]


def test_a_question_is_read_with_its_wordings_and_joined_lines(kettles: Kettles) -> None:
    kettles.bring()
    columns = ("question_id", "title", "wordings", "answer", "source", "link")
    assert kettles.rows(tables.questions, *columns) == [
        (
            "descale",
            "How do I descale my kettle?",
            ["kettle is full of lime", "remove limescale"],
            "Fill it with water and two spoons of citric acid.",
            "descale.md",
            "/help",
        )
    ]


def test_the_first_import_sets_the_shops_clock_and_later_ones_leave_it(kettles: Kettles) -> None:
    before = datetime.now(UTC)
    kettles.bring()
    facts = kettles.facts()
    assert facts["source"] == "own"
    assert facts["data_version"] == 1
    assert abs(timedelta(seconds=facts["clock_offset_s"]) - (NOW - before)) < timedelta(seconds=5)
    assert abs(parse_time(facts["imported_at"]) - NOW) < timedelta(seconds=5)
    kettles.bring(now=NOW + timedelta(days=9))
    assert kettles.facts()["clock_offset_s"] == facts["clock_offset_s"]
    assert kettles.facts()["data_version"] == 2


def test_without_a_given_time_the_shops_clock_is_the_machines(kettles: Kettles) -> None:
    kettles.bring(now=None)
    assert kettles.facts()["clock_offset_s"] == 0.0


def test_an_import_leaves_its_row_in_the_audit(kettles: Kettles) -> None:
    kettles.bring()
    ((act, actor, detail),) = kettles.rows(tables.audit, "act", "actor", "detail")
    assert (act, actor) == ("import", "system")
    assert detail["order_lines"] == 3


@pytest.mark.parametrize(("first", "second"), [("own", "demo"), ("demo", "own")])
def test_demo_and_own_files_in_one_database_are_refused(kettles: Kettles, first: str, second: str) -> None:
    kettles.bring(source=first)  # type: ignore[arg-type]
    with pytest.raises(BadImport, match="One database holds one shop"):
        kettles.bring(source=second)  # type: ignore[arg-type]
    assert kettles.facts()["data_version"] == 1


def test_unknown_columns_are_ignored_with_a_notice(kettles: Kettles) -> None:
    summary = kettles.bring(
        products="product_id,title,colour\nk1,A,red\nt1,B,\nw1,C,\n", offers=None, offer_events=None
    )
    assert "products.csv: the column colour is not used and was ignored." in summary.notices


def test_a_file_with_a_header_only_brings_nothing_and_says_so(kettles: Kettles) -> None:
    summary = kettles.bring(offer_events="customer_id,offer_id,event,at\n")
    assert summary.offer_events == 0
    assert "offer_events.csv: a header and no rows." in summary.notices


def test_byte_order_mark_windows_line_ends_quotes_and_line_breaks_are_read(kettles: Kettles) -> None:
    text = '\ufeffproduct_id,title,category\r\nk1,"The ""Whistler"",\r\nred",Kettles\r\n\r\nt1, Teapot ,Teapots\r\nw1,Red,Wine\r\n'
    kettles.bring(products=text, offers=None, offer_events=None)
    assert ("k1", 'The "Whistler", red') in kettles.rows(tables.products, "product_id", "title")
    assert ("t1", "Teapot") in kettles.rows(tables.products, "product_id", "title")


def test_lines_after_the_shops_clock_are_taken_with_a_notice(kettles: Kettles) -> None:
    head = "order_id,customer_id,ordered_at,product_id,quantity,unit_price\n"
    summary = kettles.bring(orders=f"{head}o1,anna,2025-01-01,k1,1,25.90\n")
    assert any("1 lines lie after the shop's clock" in notice for notice in summary.notices)


def test_a_day_begins_at_midnight_of_the_shops_own_zone(tmp_path: Path) -> None:
    with open_kettles(tmp_path, zone=ZoneInfo("Asia/Tokyo")) as kettles:
        kettles.bring()
        assert ("o1", "2024-04-30T15:00:00.000000Z") in kettles.rows(tables.orders, "order_id", "ordered_at")
