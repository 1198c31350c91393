"""Fixtures that every test may use. What a test is about it makes itself, with tests/making.py."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from data.database import Database
from data.shop import Shop, read_shop
from data.texts import Texts, load_texts
from tests.browsing import open_browser
from tests.databases import open_file
from tests.house import House, run_house

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def shop() -> Shop:
    """The shop of shop.toml."""
    return read_shop(ROOT / "shop.toml")


@pytest.fixture(scope="session")
def texts() -> Texts:
    """The English texts."""
    return load_texts(ROOT / "texts", "en")


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """An empty database of the newest schema."""
    database = open_file(tmp_path / "candor.db")
    database.migrate()
    yield database
    database.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, for the pages of a file."""
    with open_browser() as opened:
        yield opened


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """The real three processes over the demo shop, for all end-to-end tests of a run."""
    with run_house(tmp_path_factory.mktemp("house")) as running:
        yield running


@pytest.fixture(scope="session")
def candor_url(house: House) -> str:
    """Where the house answers."""
    return house.url
