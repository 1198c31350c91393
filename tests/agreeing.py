"""The demo shop with everybody's consent to `purchases` and `offers`: what the benchmarks of choosing and explaining run on.

The demo's own consents are simulated for 70 % of its customers; a figure about the method should not depend on which ones. Each
benchmark that uses this says so.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from sqlalchemy import select

from data.catalogue import fetch_types
from data.clock import read_shop_clock
from data.consent import PURPOSES, record_consent
from data.database import Database
from data.ranking_rows import fetch_training_rows
from data.shop import Shop, read_shop
from data.tables import customers
from data.texts import Texts, load_texts
from models.ranker import Shelf, publish_shelf, save_shelf
from models.recommender import Recommender
from models.training import train_shelf
from tests.databases import copy_house, open_file
from tests.house import ROOT

AGREED = ("purchases", "offers")


@dataclass(frozen=True)
class Agreeing:
    """A shop in a folder of its own, on its day."""

    folder: Path
    database: Database
    shop: Shop
    texts: Texts
    today: date

    def train(self, today: date | None = None) -> Shelf:
        """Train on everything before a day, save and publish."""
        with self.database.read() as connection:
            rows = fetch_training_rows(connection, before=today or self.today, groups=self.shop.sensitive)
            types = fetch_types(connection)
        shelf = train_shelf(
            rows,
            types,
            today=today or self.today,
            fewest_customers=self.shop.fewest_customers,
            fewest_counted=self.shop.fewest_counted,
        )
        save_shelf(shelf, self.folder / "models" / shelf.version)
        publish_shelf(self.folder / "models", shelf.version)
        return shelf

    def make_recommender(self) -> Recommender:
        return Recommender(self.folder / "models", self.shop, self.texts)

    def list_people(self) -> list[int]:
        """Everybody's number, in order."""
        with self.database.read() as connection:
            return sorted(connection.execute(select(customers.c.person_id)).scalars())


@contextmanager
def open_agreeing_shop(folder: Path, *, categories: tuple[str, ...] = AGREED) -> Iterator[Agreeing]:
    """A copy of the imported demo shop (`make demo`) in which everybody agreed to `categories`; nothing is trained yet."""
    copy_house(ROOT / "var", folder, master=ROOT / "secrets" / "candor.key")
    shop = read_shop(ROOT / "shop.toml")
    texts = load_texts(ROOT / "texts", shop.languages[0])
    database = open_file(folder / "candor.db")
    with database.write() as connection:
        clock = read_shop_clock(connection, shop.zone)
        for person_id in sorted(connection.execute(select(customers.c.person_id)).scalars()):
            for category in categories:
                record_consent(
                    connection,
                    person_id,
                    category,
                    granted=True,
                    purposes=PURPOSES,
                    at=clock.stamp(),
                    source="page",
                    lang="en",
                    known=shop.categories,
                )
    yield Agreeing(folder, database, shop, texts, clock.today())
    database.close()


def copy_shop(shop: Agreeing, folder: Path) -> Agreeing:
    """The same shop again, to change it."""
    shutil.copytree(shop.folder / "models", folder / "models")
    copy_house(shop.folder, folder, master=shop.folder / "secrets" / "candor.key")
    return Agreeing(folder, open_file(folder / "candor.db"), shop.shop, shop.texts, shop.today)
