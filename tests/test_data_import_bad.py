"""A row that does not fit: file, line, column, value, what was expected; and nothing is imported."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from data import tables
from data.errors import BadImport
from data.importers import import_shop
from tests.kettles import Kettles, open_kettles, write_files

ORDERS = "order_id,customer_id,ordered_at,product_id,quantity,unit_price,discount\n"
PRODUCTS = "product_id,title,category,price,stock,sensitive\n"
CUSTOMERS = "customer_id,email,consent_purchases,consent_notice\n"
OFFERS = "offer_id,title,category,product_id,discount,starts_at,ends_at,price_personalized\n"
EVENTS = "customer_id,offer_id,event,at\n"


@pytest.fixture
def kettles(tmp_path: Path) -> Iterator[Kettles]:
    with open_kettles(tmp_path) as opened:
        yield opened


def bring_bad(kettles: Kettles, **changes: str | bytes | None) -> BadImport:
    """Import files that do not fit, and make sure that nothing came in."""
    with pytest.raises(BadImport) as caught:
        kettles.bring(**changes)  # type: ignore[arg-type]
    for table in (
        tables.products,
        tables.types,
        tables.customers,
        tables.orders,
        tables.questions,
        tables.shop,
        tables.audit,
    ):
        assert kettles.rows(table, *(column.name for column in table.columns)) == []
    assert caught.value.message.endswith("Nothing was imported.")
    return caught.value


BAD_ROWS = [
    ("orders", f"{ORDERS}o1,a,2024-05-01,k1,0,1.00,\n", 2, "quantity", '"0"', "other than 0"),
    ("orders", f"{ORDERS}o1,a,2024-05-01,k1,1.5,1.00,\n", 2, "quantity", '"1.5"', "whole number"),
    ("orders", f"{ORDERS}o1,a,2024-05-01,k1,,1.00,\n", 2, "quantity", "nothing", "whole number"),
    ("orders", f"{ORDERS}o1,a,2024-05-01,k1,1,1.00,\no2,a,2024-05-01,k1,1,-1.00,\n", 3, "unit_price", '"-1.00"', "a price in USD"),
    ("orders", f"{ORDERS}o1,a,2024-05-01,k1,1,1.005,\n", 2, "unit_price", '"1.005"', "a price in USD"),
    ("orders", f"{ORDERS}o1,a,2024-05-01,k1,1,\"1,00\",\n", 2, "unit_price", '"1,00"', "with a point"),
    ("orders", f"{ORDERS}o1,a,2024-05-01,k1,1,$1.00,\n", 2, "unit_price", '"$1.00"', "currency symbol"),
    ("orders", f"{ORDERS}o1,a,2024-05-01,k1,1,,\n", 2, "unit_price", "nothing", "a price"),
    ("orders", f"{ORDERS}o1,a,2024-05-01,k1,1,1e3,\n", 2, "unit_price", '"1e3"', "a price"),
    ("orders", f"{ORDERS}o1,a,2024-05-01,k1,1,1.00,x\n", 2, "discount", '"x"', "a price"),
    ("orders", f"{ORDERS}o1,a,05/01/2024,k1,1,1.00,\n", 2, "ordered_at", '"05/01/2024"', "2018-01-01"),
    ("orders", f"{ORDERS}o1,a,2024-02-30,k1,1,1.00,\n", 2, "ordered_at", '"2024-02-30"', "a time such as"),
    ("orders", f"{ORDERS}o1,a,2024-05-01T10:00:00,k1,1,1.00,\n", 2, "ordered_at", '"2024-05-01T10:00:00"', "-05:00"),
    ("orders", f"{ORDERS}o1,a,2024-05-01,zz,1,1.00,\n", 2, "product_id", '"zz"', "products.csv"),
    ("orders", f"{ORDERS},a,2024-05-01,k1,1,1.00,\n", 2, "order_id", "nothing", "order_id"),
    ("orders", f"{ORDERS}o1,a,2024-05-01,k1,1,1.00,\no1,b,2024-05-01,t1,1,1.00,\n", 3, "customer_id", '"b"', "the same customer"),
    ("products", f"{PRODUCTS}k1,A,Kettles,,,\nk1,B,Kettles,,,\n", 3, "product_id", '"k1"', "already in line 2"),
    ("products", f"{PRODUCTS}k1,,Kettles,,,\n", 2, "title", "nothing", "name"),
    ("products", f"{PRODUCTS}k1,{'x' * 301},Kettles,,,\n", 2, "title", "xxx...", "300"),
    ("products", f"{PRODUCTS}k1,A,>,,,\n", 2, "category", '">"', "Dairy > Yogurt"),
    ("products", f"{PRODUCTS}k1,A,Kettles,9.999,,\n", 2, "price", '"9.999"', "a price"),
    ("products", f"{PRODUCTS}k1,A,Kettles,,many,\n", 2, "stock", '"many"', "pieces"),
    ("products", f"{PRODUCTS}k1,A,Kettles,,-1,\n", 2, "stock", '"-1"', "not below 0"),
    ("products", f"{PRODUCTS}k1,A,Kettles,,,spicy\n", 2, "sensitive", '"spicy"', "medicine"),
    ("products", f"{PRODUCTS}k1,A,Kettles,,,yes\n", 2, "sensitive", '"yes"', "the group itself"),
    ("customers", f"{CUSTOMERS}a,,,\na,,,\n", 3, "customer_id", '"a"', "already in line 2"),
    ("customers", f"{CUSTOMERS}a,nobody,,\n", 2, "email", '"nobody"', "mail address"),
    ("customers", f"{CUSTOMERS}a,a;b@c.example,,\n", 2, "email", '"a;b@c.example"', "mail address"),
    ("customers", f"{CUSTOMERS}a,,soon,v1\n", 2, "consent_purchases", '"soon"', "a date"),
    ("customers", f"{CUSTOMERS}a,,2024-01-01,\n", 2, "consent_notice", "nothing", "version of the notice"),
    ("customers", f"{CUSTOMERS}a,,2030-01-01,v1\n", 2, "consent_purchases", '"2030-01-01"', "not after the shop's clock"),
    ("offers", f"{OFFERS}f1,A,,,,,,\n", 2, "category", "nothing", "a category or a product_id"),
    ("offers", f"{OFFERS}f1,A,Woks,,,,,\n", 2, "category", '"Woks"', "a category of products.csv"),
    ("offers", f"{OFFERS}f1,A,,zz,,,,\n", 2, "product_id", '"zz"', "products.csv"),
    ("offers", f"{OFFERS}f1,A,Kettles,,,2024-05-02,2024-05-01,\n", 2, "ends_at", '"2024-05-01"', "not before starts_at"),
    ("offers", f"{OFFERS}f1,A,Kettles,,0%,,,\n", 2, "discount", '"0%"', "percentage"),
    ("offers", f"{OFFERS}f1,A,Kettles,,120%,,,\n", 2, "discount", '"120%"', "at most 100"),
    ("offers", f"{OFFERS}f1,A,Kettles,,half,,,\n", 2, "discount", '"half"', "a price"),
    ("offers", f"{OFFERS}f1,A,Kettles,,0.00,,,\n", 2, "discount", '"0.00"', "above 0"),
    ("offers", f"{OFFERS}f1,A,Kettles,,,,,perhaps\n", 2, "price_personalized", '"perhaps"', "yes or no"),
    ("offer_events", f"{EVENTS}anna,f1,seen,2024-05-01\n", 2, "event", '"seen"', "shown, clicked, redeemed"),
    ("offer_events", f"{EVENTS}anna,f9,shown,2024-05-01\n", 2, "offer_id", '"f9"', "offers.csv"),
    ("offer_events", f"{EVENTS}anna,f1,shown,\n", 2, "at", "nothing", "a time"),
]  # fmt: skip


@pytest.mark.parametrize(("file", "text", "line", "column", "value", "expected"), BAD_ROWS)
def test_a_bad_row_is_told_by_place_value_and_expectation(
    kettles: Kettles, file: str, text: str, line: int, column: str, value: str, expected: str
) -> None:
    others: dict[str, str | bytes | None] = {"orders": ORDERS} if file == "products" else {}
    if file in ("products", "customers"):
        others |= {"offers": None, "offer_events": None}
    error = bring_bad(kettles, **{**others, file: text})
    problem = error.details["problems"][0]
    assert (problem["file"], problem["line"], problem["column"]) == (f"{file}.csv", line, column)
    assert value in problem["value"]
    assert expected in problem["expected"]
    assert error.message.startswith(f"{file}.csv, line {line}, column {column}: ")


def test_the_line_is_the_one_an_editor_shows_after_line_breaks_inside_quotes(kettles: Kettles) -> None:
    text = 'product_id,title\nk1,"two\nlines"\n\nt1,"three\n\nlines"\nw1,\n'
    error = bring_bad(kettles, products=text, orders=ORDERS, offers=None, offer_events=None)
    assert error.details["problems"][0]["line"] == 8


def test_twenty_problems_are_told_and_all_are_counted(kettles: Kettles) -> None:
    rows = "".join(f"o{number},a,2024-05-01,k1,0,1.00,\n" for number in range(50))
    error = bring_bad(kettles, orders=ORDERS + rows)
    assert len(error.details["problems"]) == 20
    assert error.details["count"] == 50
    assert [problem["line"] for problem in error.details["problems"]] == list(range(2, 22))
    assert "There are 49 more problems." in error.message


def test_problems_of_several_files_come_together(kettles: Kettles) -> None:
    error = bring_bad(
        kettles, orders=f"{ORDERS}o1,a,2024-05-01,k1,0,1.00,\n", offer_events=f"{EVENTS}anna,f1,seen,2024-05-01\n"
    )
    assert [problem["file"] for problem in error.details["problems"]] == ["orders.csv", "offer_events.csv"]


def test_a_missing_column_is_named_with_what_stands_there(kettles: Kettles) -> None:
    error = bring_bad(kettles, products="id,name\nk1,A\n")
    assert "products.csv lacks the column product_id, title" in error.message
    assert '"id, name"' in error.message


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "orders.csv is empty"),
        ("\n\n", "orders.csv is empty"),
        (ORDERS.replace(",", ";"), "not separated by commas"),
        ("order_id,order_id\n1,2\n", "the column order_id stands there twice"),
        (ORDERS.encode("utf-16"), "orders.csv is written in UTF-16"),
        (f"{ORDERS}o1,a,2024-05-01,k1,1,1.00,\n".encode() + b"o2,J\xfcrg,2024-05-01,k1,1,1.00,\n", "line 3: the byte 0xFC"),
        (f"{ORDERS}o1,a\0,2024-05-01,k1,1,1.00,\n", "line 2: a NUL byte"),
        (f"{ORDERS}o1,a,2024-05-01,k1,1\n", "line 2: 5 fields, expected 7"),
        (f"{ORDERS}o1,a,2024-05-01,k1,1,1.00,,,\n", "line 2: 9 fields, expected 7"),
        (f"{ORDERS}o1,\"a,2024-05-01,k1,1,1.00,\no2,a,2024-05-01,k1,1,1.00,\n", "line 2: a quote that is opened and never closed"),
        (f"{ORDERS}o1,\"a\"b,2024-05-01,k1,1,1.00,\n", "line 2: text after a closing quote"),
        (f"{ORDERS}o1,{'a' * 140_000},2024-05-01,k1,1,1.00,\n", "line 2: a field of more than"),
        (f"{ORDERS}o1,a\tb,2024-05-01,k1,1,1.00,\n", 'column customer_id: "a\\x09b", expected text without control characters'),
    ],
)  # fmt: skip
def test_a_file_that_is_no_table_is_refused_in_a_sentence(kettles: Kettles, text: str | bytes, said: str) -> None:
    assert said in bring_bad(kettles, orders=text).message


@pytest.mark.parametrize("name", ["products", "orders"])
def test_the_two_files_that_every_import_needs(kettles: Kettles, name: str) -> None:
    error = bring_bad(kettles, **{name: None})
    assert f"{name}.csv is missing" in error.message


def test_a_catalogue_without_a_single_product_is_refused(kettles: Kettles) -> None:
    error = bring_bad(kettles, products=PRODUCTS, orders=ORDERS, offers=None, offer_events=None)
    assert "at least one product" in error.message


def test_a_consent_for_a_category_that_does_not_exist_is_refused(kettles: Kettles) -> None:
    error = bring_bad(kettles, customers="customer_id,consent_shoes,consent_notice\na,2024-01-01,v1\n")
    assert "consent_shoes" in error.message
    assert "purchases, offers" in error.message


def test_an_offers_title_that_several_types_have_is_refused(kettles: Kettles) -> None:
    products = "product_id,title,category\nk1,A,Kitchen > Kettles\nt1,B,Camping > Kettles\nw1,C,Wine\n"
    error = bring_bad(kettles, products=products, offers=f"{OFFERS}f1,A,Kettles,,,,,\n", offer_events=None)
    assert "the whole path of one product type" in error.message


def test_no_message_holds_a_path_of_the_machine(kettles: Kettles) -> None:
    error = bring_bad(kettles, orders="")
    assert str(kettles.folder) not in error.message
    with pytest.raises(BadImport) as caught:
        import_shop(kettles.database, kettles.shop, kettles.folder / "nowhere", source="own")
    assert str(kettles.folder) not in caught.value.message


def test_a_failure_while_writing_leaves_the_database_as_it_was(
    kettles: Kettles, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError("no disk")

    monkeypatch.setattr("data.importers.importing.write_events", fail)
    with pytest.raises(OSError, match="no disk"):
        kettles.bring()
    assert kettles.rows(tables.products, "product_id") == []
    assert kettles.facts() == {}


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("---\ntitle: A\n", 1, "front matter that does not end"),
        ("---\nwordings: [a]\n---\nAnswer.\n", 1, "the question as its title"),
        ("---\ntitle: A\n---\n\n", 4, "the answer"),
        ("---\ntitle: [a\n---\nB\n", 3, "front matter that cannot be read"),
        ("---\n- a\n---\nB\n", 2, "front matter without names"),
        ("---\ntitle: A\nlink: javascript:alert(1)\n---\nB\n", 1, "https://"),
        ("---\ntitle: A\nwordings: {a: b}\n---\nB\n", 1, "a list of texts"),
        (b"---\ntitle: A\n---\nJ\xfcrg\n", 4, "the byte 0xFC"),
        ("---\ntitle: A\n---\nHurry.\n", 4, "presses the customer"),
    ],
)  # fmt: skip
def test_a_question_that_does_not_fit_is_told_by_file_and_line(
    kettles: Kettles, text: str | bytes, line: int, said: str
) -> None:
    directory = write_files(kettles.folder / "files")
    (directory / "questions" / "odd.md").write_bytes(text.encode() if isinstance(text, str) else text)
    with pytest.raises(BadImport) as caught:
        import_shop(kettles.database, kettles.shop, directory, source="own")
    problem = caught.value.details["problems"][0]
    assert (problem["file"], problem["line"]) == ("questions/odd.md", line)
    assert said in caught.value.message
    assert kettles.rows(tables.products, "product_id") == []
