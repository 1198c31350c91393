"""The import itself: read everything, check everything, then write everything in one transaction.

Nothing is written before every file has been judged, so a bad row costs no lock and leaves no trace; whatever fails
while writing rolls the whole import back. The checks need only what the database held before.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

import polars as pl
from sqlalchemy import Connection

from data.answers import WrittenAnswer
from data.audit import record_act
from data.clock import ShopClock
from data.database import Database, read_fact, write_fact
from data.errors import BadImport
from data.importers.answers import read_answers, write_answers
from data.importers.catalogue import Catalogue, read_catalogue, write_catalogue
from data.importers.checks import Check
from data.importers.customers import (
    Customers,
    build_no_customers,
    read_customers,
    write_consents,
    write_customers,
    write_groups,
)
from data.importers.erased import find_erased, leave_out_erased
from data.importers.known import Known, fetch_known
from data.importers.offers import Offers, build_no_offers, read_events, read_offers, write_events, write_offers
from data.importers.orders import Orders, read_orders, write_orders
from data.importers.questions import Question, read_questions, write_questions
from data.importers.writing import Report, be_silent
from data.shop import Shop

Source = Literal["demo", "own"]
FILES = ("products.csv", "orders.csv", "customers.csv", "offers.csv", "offer_events.csv")
REQUIRED = FILES[:2]


@dataclass(frozen=True)
class ImportSummary:
    """What an import brought: rows of the files, and what was said about them."""

    source: Source
    products: int
    types: int
    sensitive_types: int
    customers: int
    new_customers: int
    orders: int
    order_lines: int
    offers: int
    offer_events: int
    consents: int  # rows appended to the ledger
    questions: int
    answers: int
    data_version: int
    notices: tuple[str, ...]


@dataclass(frozen=True)
class _Files:
    catalogue: Catalogue
    orders: Orders
    customers: Customers
    offers: Offers
    events: pl.DataFrame
    questions: list[Question]
    answers: list[WrittenAnswer] | None
    notices: list[str]


def import_shop(
    database: Database,
    shop: Shop,
    directory: Path,
    *,
    source: Source,
    clock_now: datetime | None = None,
    report: Report | None = None,
) -> ImportSummary:
    """Read a directory in the import format into the database, all or nothing.

    `clock_now` sets the shop's clock at the first import and is without effect later. `report` is told step, done and
    total. Raises `BadImport`; the database is then as it was.
    """
    tell = report or be_silent
    machine = datetime.now(UTC)
    require_files(directory)
    with database.read() as connection:
        require_source(connection, source)
        offset = find_offset(connection, clock_now, machine)
        known = fetch_known(connection)
    stamp = ShopClock(shop.zone, timedelta(seconds=offset)).stamp()
    files = _read_files(directory, shop, known, stamp, tell)
    with database.read() as connection:
        files = _leave_out_erased(connection, files, known)
    with database.write() as connection:
        return _write_files(connection, files, shop, known, stamp, source, offset, tell)


def _leave_out_erased(connection: Connection, files: _Files, known: Known) -> _Files:
    erased = find_erased(connection, _list_everybody(files))
    orders, customers, events, notices = leave_out_erased(erased, known, files.orders, files.customers, files.events)
    return replace(files, orders=orders, customers=customers, events=events, notices=[*files.notices, *notices])


def _list_everybody(files: _Files) -> list[str]:
    """Every customer id of any file."""
    ids = pl.concat(
        [files.customers.customers["customer_id"], files.orders.orders["customer_id"], files.events["customer_id"]]
    )
    return ids.unique(maintain_order=True).to_list()


def require_files(directory: Path) -> None:
    """Raise unless the directory is there and has the two files that every import needs."""
    if not directory.is_dir():
        raise BadImport(
            f"{directory.name or directory} is no directory. Give the directory that holds products.csv and orders.csv. "
            "Nothing was imported."
        )
    missing = [name for name in REQUIRED if not (directory / name).is_file()]
    if missing:
        raise BadImport(
            f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing in {directory.name}. "
            f"Expected {' and '.join(REQUIRED)}, and, if wanted, {', '.join(FILES[2:])}, questions/*.md and answers/*.md. "
            "Nothing was imported."
        )


def require_source(connection: Connection, source: Source) -> None:
    """Raise if the database holds the other kind of shop."""
    held = read_fact(connection, "source")
    if held not in (None, source):
        names = {"demo": "the demo shop", "own": "a shop of your own"}
        raise BadImport(
            f"This database holds {names[held]}, and these files are {names[source]}. One database holds one shop: "
            "set CANDOR_DATABASE_URL to a new one, or CANDOR_VAR to an empty folder. Nothing was imported."
        )


def find_offset(connection: Connection, clock_now: datetime | None, machine: datetime) -> float:
    """Seconds by which the shop's clock is ahead of the machine's; fixed at the first import."""
    held = read_fact(connection, "clock_offset_s")
    if held is not None:
        return float(held)
    return (clock_now - machine).total_seconds() if clock_now else 0.0


def _read_files(directory: Path, shop: Shop, known: Known, stamp: str, tell: Report) -> _Files:
    check = Check()
    present = [name for name in FILES if (directory / name).is_file()]
    total = len(present) + 1

    def start(name: str) -> Path:
        tell(f"checking {name}", present.index(name), total)
        return directory / name

    catalogue = read_catalogue(check, start("products.csv"), shop, known)
    products = pl.concat([catalogue.products["product_id"], known.products["product_id"]]).drop_nulls().unique()
    orders = read_orders(check, start("orders.csv"), shop, known, products, stamp)
    customers = (
        read_customers(check, start("customers.csv"), shop, stamp)
        if "customers.csv" in present
        else build_no_customers()
    )
    offers = (
        read_offers(check, start("offers.csv"), shop, known, catalogue)
        if "offers.csv" in present
        else build_no_offers()
    )
    events = pl.DataFrame(schema={"customer_id": pl.String})
    notices: list[str] = []
    if "offer_events.csv" in present:
        events, notices = read_events(check, start("offer_events.csv"), shop, known, offers)
    tell("checking questions", len(present), total)
    questions, more = read_questions(check, directory / "questions")
    answers, few = read_answers(check, directory / "answers")
    check.finish()
    tell("checked", total, total)
    told = [*catalogue.notices, *orders.notices, *customers.notices, *offers.notices, *notices, *more, *few]
    return _Files(catalogue, orders, customers, offers, events, questions, answers, told)


def _write_files(
    connection: Connection,
    files: _Files,
    shop: Shop,
    known: Known,
    stamp: str,
    source: Source,
    offset: float,
    tell: Report,
) -> ImportSummary:
    is_demo = source == "demo"
    require_source(connection, source)
    ids = _list_everybody(files)
    tell("writing the catalogue", 0, 1)
    write_catalogue(connection, files.catalogue, stamp)
    write_offers(connection, files.offers)
    write_questions(connection, files.questions)
    if files.answers is not None:
        write_answers(connection, files.answers)
    people = write_customers(connection, files.customers, ids, known, stamp, invented=is_demo)
    write_groups(connection, files.customers, people)
    consents = write_consents(connection, files.customers, people, shop, simulated=is_demo)
    tell("writing the catalogue", 1, 1)
    write_orders(connection, files.orders, known, people, tell)
    events = write_events(connection, files.events, people) if files.events.height else 0
    version = int(read_fact(connection, "data_version") or 0) + 1
    write_fact(connection, "source", source)
    write_fact(connection, "clock_offset_s", offset)
    write_fact(connection, "imported_at", stamp)
    write_fact(connection, "data_version", version)
    summary = ImportSummary(
        source=source,
        products=files.catalogue.products.height,
        types=files.catalogue.types.height,
        sensitive_types=files.catalogue.types["sensitive"].count(),
        customers=len(ids),
        new_customers=sum(customer_id not in known.people for customer_id in ids),
        orders=files.orders.orders.height,
        order_lines=files.orders.lines.height,
        offers=files.offers.offers.height,
        offer_events=events,
        consents=consents,
        questions=len(files.questions),
        answers=len(files.answers or ()),
        data_version=version,
        notices=tuple(files.notices),
    )
    counts = {name: value for name, value in vars(summary).items() if isinstance(value, int)}
    record_act(
        connection,
        at=stamp,
        actor="system",
        act="import",
        object_id=str(version),
        detail={"source": source, **counts},
    )
    return summary
