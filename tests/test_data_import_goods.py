"""Labels and pictures in products.csv: kept word for word, refused where they could lead elsewhere, and a database from before."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import inspect, text

from data import tables
from data.errors import BadImport
from tests.databases import open_file
from tests.kettles import Kettles, open_kettles
from web.headers import build_policy

ORIGIN = "https://pictures.kettles.example"
NO_ORDERS = "order_id,customer_id,ordered_at,product_id,quantity,unit_price\n"


@pytest.fixture
def kettles(tmp_path: Path) -> Iterator[Kettles]:
    with open_kettles(tmp_path, picture_origins=(ORIGIN,)) as opened:
        yield opened


def bring(kettles: Kettles, column: str, value: str) -> None:
    products = f'product_id,title,{column}\nk1,Kettle,"{value}"\n'
    kettles.bring(products=products, orders=NO_ORDERS, customers=None, offers=None, offer_events=None)


@pytest.mark.parametrize("image", ["/k1.jpg", "/pictures/k1.jpg?size=2", f"{ORIGIN}/a/b.png"])
def test_a_picture_of_the_page_or_of_a_named_origin_is_kept(kettles: Kettles, image: str) -> None:
    bring(kettles, "image", image)
    assert kettles.rows(tables.products, "image") == [(image,)]


@pytest.mark.parametrize(
    "image",
    [
        "k1.jpg", "//elsewhere.example/k1.jpg", "/\\\\elsewhere.example/k1.jpg", "http://pictures.kettles.example/k1.jpg",
        "https://elsewhere.example/k1.jpg", f"{ORIGIN}.elsewhere.example/k1.jpg", ORIGIN, "javascript:alert(1)", "data:image/png;base64,AA",
        "/k 1.jpg", f"/{'k' * 3000}", f"{ORIGIN}@elsewhere.example/k1.jpg",
    ],
)  # fmt: skip
def test_a_picture_from_anywhere_else_is_refused(kettles: Kettles, image: str) -> None:
    with pytest.raises(BadImport, match=r"line 2, column image.*picture_origins"):
        bring(kettles, "image", image)
    assert kettles.rows(tables.products, "image") == []


def test_a_label_is_kept_word_for_word_with_its_day(kettles: Kettles) -> None:
    bring(kettles, "contents", "Steel,  nickel-free.\nContains: nothing else.")
    assert kettles.rows(tables.products, "contents") == [("Steel, nickel-free. Contains: nothing else.",)]
    ((at,),) = kettles.rows(tables.products, "contents_at")
    assert at.startswith("2024-06-01T")


def test_a_file_without_labels_leaves_them_and_a_blank_one_takes_them_away(kettles: Kettles) -> None:
    bring(kettles, "contents", "Steel.")
    bring(kettles, "brand", "Acme")
    assert kettles.rows(tables.products, "contents", "brand") == [("Steel.", "Acme")]
    bring(kettles, "contents", "")
    assert kettles.rows(tables.products, "contents", "contents_at") == [(None, None)]


def test_a_label_that_is_too_long_or_presses_is_refused(kettles: Kettles) -> None:
    with pytest.raises(BadImport, match="at most 2000 characters"):
        bring(kettles, "contents", "x" * 2001)
    with pytest.raises(BadImport, match="presses the customer"):
        bring(kettles, "contents", "Only 2 left! Hurry!")


def test_pages_let_pictures_in_from_the_named_origins_only() -> None:
    assert f"img-src 'self' data: {ORIGIN};" in build_policy([ORIGIN])
    assert "img-src 'self' data:;" in build_policy()


def test_a_database_from_before_gets_the_columns_and_keeps_its_rows(tmp_path: Path) -> None:
    database = open_file(tmp_path / "old.db")
    database.migrate()
    with database.write() as connection:
        connection.execute(text("INSERT INTO types VALUES ('t', 'T', 'T', NULL, 'x')"))
        connection.execute(
            text("INSERT INTO products (product_id, type_id, title, added_at) VALUES ('p', 't', 'P', 'x')")
        )
        for column in ("image", "contents", "contents_at"):
            connection.execute(text(f"ALTER TABLE products DROP COLUMN {column}"))
        connection.execute(text("UPDATE alembic_version SET version_num = '0003'"))
    database.migrate()
    with database.read() as connection:
        names = {column["name"] for column in inspect(connection).get_columns("products")}
        rows = connection.execute(tables.products.select()).all()
    database.close()
    assert {"image", "contents", "contents_at"} <= names
    assert [(row.product_id, row.image, row.contents) for row in rows] == [("p", None, None)]
