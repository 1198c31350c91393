"""A tiny shop of another trade, as files: kettles. Tests change one file and import it."""

import dataclasses
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select

from data.customers import Customer, list_customers
from data.importers import ImportSummary, import_shop
from data.importers.importing import Source
from data.shop import Shop, read_shop
from data.tables import shop as facts
from tests.databases import open_file

ROOT = Path(__file__).resolve().parent.parent
NOW = datetime(2024, 6, 1, 12, 0, tzinfo=UTC)

FILES = {
    "products.csv": """product_id,title,category,price,brand,stock
k1,Whistler kettle,Kitchen > Kettles,29.90,Acme,2
k2,Quiet kettle,Kitchen > Kettles,49.00,Acme,
t1,Teapot,Kitchen > Teapots,19.5,,7
w1,House red,Drinks > Wine,9.00,,
""",
    "orders.csv": """order_id,customer_id,ordered_at,product_id,quantity,unit_price,discount,status
o1,anna,2024-05-01,k1,1,25.90,4.00,delivered
o1,anna,2024-05-01,t1,2,19.50,,delivered
o2,ben,2024-05-02T23:30:00-04:00,w1,3,9.00,,on the way
""",
    "customers.csv": """customer_id,name,email,consent_purchases,consent_notice,audit_age
anna,Anna Kim,anna@kettles.example,2024-01-15,2023-10,35-44
ben,Ben Obi,,,,
""",
    "offers.csv": """offer_id,title,category,product_id,discount,starts_at,ends_at,price_personalized
f1,Kettle coupon,Kitchen > Kettles,,20%,2024-05-01,2024-06-30,
f2,Teapot coupon,,t1,1.50,,,yes
""",
    "offer_events.csv": """customer_id,offer_id,event,at
anna,f1,shown,2024-05-01
anna,f1,redeemed,2024-05-01T10:00:00Z
""",
}
QUESTION = """---
title: How do I descale my kettle?
wordings: [kettle is full of lime, remove limescale]
link: /help
---
Fill it with water and two spoons
of citric acid.
"""


def make_shop(**changes: Any) -> Shop:
    """The owner's settings that come with Candor, with changes."""
    return dataclasses.replace(read_shop(ROOT / "shop.toml"), **changes)


def write_files(directory: Path, **changes: str | bytes | None) -> Path:
    """Write the kettle shop; `orders="..."` replaces orders.csv, `offers=None` leaves offers.csv out."""
    directory.mkdir(parents=True, exist_ok=True)
    files: dict[str, str | bytes | None] = {**FILES, **{f"{name}.csv": text for name, text in changes.items()}}
    for name, text in files.items():
        (directory / name).unlink(missing_ok=True)
        if text is not None:
            (directory / name).write_bytes(text.encode() if isinstance(text, str) else text)
    (directory / "questions").mkdir(exist_ok=True)
    (directory / "questions" / "descale.md").write_text(QUESTION, encoding="utf-8")
    return directory


class Kettles:
    """A database for one shop, and how to import into it and look at it."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        self.folder = folder
        self.shop = make_shop(**settings)
        self.database = open_file(folder / "candor.db")
        self.database.migrate()

    def bring(
        self, *, source: Source = "own", now: datetime | None = NOW, **changes: str | bytes | None
    ) -> ImportSummary:
        """Import the kettle shop with changes."""
        directory = write_files(self.folder / "files", **changes)
        return import_shop(self.database, self.shop, directory, source=source, clock_now=now)

    def rows(self, table: Any, *columns: str, where: Callable[[Any], Any] | None = None) -> list[tuple[Any, ...]]:
        """Columns of all rows of a table, sorted."""
        query = select(*(table.c[column] for column in columns))
        if where is not None:
            query = query.where(where(table.c))
        with self.database.read() as connection:
            return sorted((tuple(row) for row in connection.execute(query)), key=repr)

    def people(self) -> dict[str, Customer]:
        """All customers, by the shop's id."""
        with self.database.read() as connection:
            return {
                customer.customer_id: customer
                for customer in sorted(list_customers(connection), key=lambda one: one.customer_id)
            }

    def facts(self) -> dict[str, Any]:
        """What the database says about itself."""
        return dict(self.rows(facts, "key", "value"))


@contextmanager
def open_kettles(folder: Path, **settings: Any) -> Iterator[Kettles]:
    """A fresh database with settings of its own, closed at the end."""
    kettles = Kettles(folder, **settings)
    try:
        yield kettles
    finally:
        kettles.database.close()
