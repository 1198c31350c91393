"""Fixtures that every test may use. What a test is about it makes itself, with tests/making.py."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from data.database import Database
from data.shop import Shop, read_shop
from data.texts import Texts, load_texts

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
    database = Database(f"sqlite:///{tmp_path / 'candor.db'}")
    database.migrate()
    yield database
    database.close()
