"""Databases of tests, each with a vault of its own beside it, laid out as `tests/serving.py` tells a gateway."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from data.database import Database, open_database
from settings import Settings


def open_file(file: Path) -> Database:
    """A SQLite database; its keys lie in `keys.db`, the master key in `secrets/`, both in the same folder."""
    return open_url(f"sqlite:///{file}", file.parent)


def open_url(url: str, folder: Path) -> Database:
    """A database anywhere, with its keys in a folder of the test."""
    return open_database(url, keys_url=f"sqlite:///{folder / 'keys.db'}", key_file=folder / "secrets" / "candor.key")


def open_settings(settings: Settings) -> Database:
    """The database of a gateway."""
    return open_database(settings.database_url, keys_url=settings.keys_url, key_file=settings.key_file)


def copy_house(folder: Path, into: Path, *, master: Path) -> None:
    """A copy of a SQLite database with its keys, whether or not somebody is using it."""
    into.mkdir(parents=True, exist_ok=True)
    for name in ("candor.db", "keys.db"):
        with closing(sqlite3.connect(folder / name)) as source:
            source.execute("VACUUM INTO ?", (str(into / name),))
    (into / "secrets").mkdir(mode=0o700, exist_ok=True)
    shutil.copy(master, into / "secrets" / "candor.key")
