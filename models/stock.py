"""What is the same for everybody: the shelf of rankers and the catalogue, loaded at the first use and again when either changes."""

import threading
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection

from data.catalogue import ProductType, fetch_types
from data.database import read_fact
from models.ranker import Shelf, find_current, open_shelf


@dataclass(frozen=True)
class _Catalogue:
    version: int
    types: dict[str, ProductType]


class Stock:
    """One for a process, whatever number of languages it is spoken of in; safe for threads."""

    def __init__(self, models: Path) -> None:
        self._models = models
        self._lock = threading.Lock()
        self._shelf: Shelf | None = None
        self._loaded: str | None = None
        self._featured: dict[str, str] = {}
        self._catalogue = _Catalogue(-1, {})

    def refresh(self, connection: Connection) -> tuple[Shelf | None, dict[str, ProductType]]:
        """The shelf that serves, if there is one, and the catalogue's types by id."""
        version = find_current(self._models)
        data_version = int(read_fact(connection, "data_version") or 0)
        with self._lock:
            if version is not None and version != self._loaded:
                self._shelf, self._loaded = open_shelf(self._models / version), version
                featured = self._shelf.facts.get("featured", []) if self._shelf else []
                self._featured = dict(reversed([(t, p) for t, p, _people in featured]))
            if self._catalogue.version != data_version:
                self._catalogue = _Catalogue(data_version, {t.type_id: t for t in fetch_types(connection)})
            return self._shelf, self._catalogue.types

    def find_featured(self, type_id: str) -> str | None:
        """The product that stands for a type, as of the last `refresh`."""
        return self._featured.get(type_id)
