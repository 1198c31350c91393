"""A customer's data as one file. Every form is made from the same groups that the privacy centre shows, so none can lack what another has."""

import csv
import io
import json
import zipfile
from collections.abc import Iterable
from typing import Any

from fastapi import Response
from fastapi.encoders import jsonable_encoder
from sqlalchemy import Connection

from data.customers import find_person
from data.errors import NotKnown
from data.importers.money import write_price
from data.orders import fetch_order_lines, fetch_orders
from data.shop import Shop
from web.house import House

FORMAT = "candor-export-1"
ORDER = (
    "order_id",
    "customer_id",
    "ordered_at",
    "product_id",
    "quantity",
    "unit_price",
    "discount",
    "status",
    "tracking",
)


def write_json(house: House, groups: list[dict[str, Any]]) -> Response:
    """`{format, made_at, controller, contact, groups}`: each group with what it is for, how long it stays, and its rows."""
    told = {
        "format": FORMAT,
        "made_at": house.clock.stamp(),
        "controller": house.shop.controller,
        "contact": house.shop.contact,
        "groups": groups,
    }
    return _attach(
        json.dumps(jsonable_encoder(told), ensure_ascii=False, indent=1).encode(), "my-data.json", "application/json"
    )


def write_csv(house: House, groups: list[dict[str, Any]]) -> Response:
    """A zip: one CSV file a group, and README.txt that says what each is for. What is nested stands as JSON in its cell."""
    files = {f"{group['name']}.csv": _write_rows(group["rows"]) for group in groups if group["rows"]}
    about = [f"{house.shop.controller}, {house.clock.stamp()}", ""]
    about += [f"{group['name']}.csv: {group['title']}. {group['purpose']}" for group in groups if group["rows"]]
    return _zip({"README.txt": "\n".join(about) + "\n", **files}, "my-data.zip")


def write_import(connection: Connection, person_id: int, shop: Shop) -> Response:
    """A zip in the import format (docs/import.md): one customer, their orders, and the products in them."""
    person = find_person(connection, person_id)
    if person is None:
        raise NotKnown()
    customer = {"customer_id": person.customer_id, "name": person.name, "email": person.email}
    orders = {order.order_id: order for order in fetch_orders(connection, person_id, limit=None)}
    lines = fetch_order_lines(connection, person_id)
    rows = [
        {
            "order_id": line.order_id,
            "customer_id": person.customer_id,
            "ordered_at": orders[line.order_id].ordered_at,
            "product_id": line.product_id,
            "quantity": line.quantity,
            "unit_price": write_price(line.unit_price_minor, shop.currency),
            "discount": write_price(line.discount_minor, shop.currency),
            "status": orders[line.order_id].status,
            "tracking": orders[line.order_id].tracking,
        }
        for line in lines
    ]
    products = {
        line.product_id: {"product_id": line.product_id, "title": line.title, "category": line.type_title}
        for line in lines
    }
    files = {
        "customers.csv": _write_rows([customer]),
        "products.csv": _write_rows(list(products.values()), ("product_id", "title", "category")),
        "orders.csv": _write_rows(rows, ORDER),
    }
    return _zip(files, "my-data-for-another-shop.zip")


def _write_rows(rows: list[dict[str, Any]], columns: Iterable[str] | None = None) -> str:
    names = list(columns) if columns is not None else list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _write_cell(value) for name, value in row.items()} for row in rows)
    return text.getvalue()


def _write_cell(value: Any) -> Any:
    return json.dumps(jsonable_encoder(value), ensure_ascii=False) if isinstance(value, (dict, list, bool)) else value


def _zip(files: dict[str, str], name: str) -> Response:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for file, text in files.items():
            archive.writestr(file, text)
    return _attach(packed.getvalue(), name, "application/zip")


def _attach(content: bytes, name: str, kind: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(content, media_type=kind, headers=headers)
