"""customers.csv: names and addresses, consents that the shop already holds, groups for the fairness audit.

A consent comes with the date on which it was given and the version of the notice it was given under; it becomes a row
of the ledger for each of the two purposes. What the customer decided here since then is newer and stands: a date that
is not after the newest event of that category adds nothing, so importing a file twice adds nothing either.
"""

import secrets
from dataclasses import dataclass
from pathlib import Path

import polars as pl
from sqlalchemy import Connection, func, select

from data import tables
from data.errors import BadImport
from data.importers.checks import LONGEST_TITLE, Check, check_ids, check_short, read_times, tidy_text
from data.importers.files import Table, read_table
from data.importers.known import Known
from data.importers.writing import insert_rows, upsert_rows
from data.shop import Shop

PURPOSES = ("choose", "train")
NOTICE = "consent_notice"
PERSON_ID_BITS = 53  # what a number in JSON holds exactly
MAIL = r"^[^@\s]+@[^@\s]+$"


@dataclass(frozen=True)
class Customers:
    """The customers of a file, ready to be written."""

    customers: pl.DataFrame  # customer_id, name, email
    consents: pl.DataFrame  # customer_id, category, at, notice
    groups: pl.DataFrame  # customer_id, group, value; value null: no longer held
    columns: frozenset[str]
    notices: list[str]


def build_no_customers() -> Customers:
    """What an import without customers.csv brings."""
    text = pl.String
    return Customers(
        pl.DataFrame(schema={"customer_id": text, "name": text, "email": text}),
        pl.DataFrame(schema={"customer_id": text, "category": text, "at": text, "notice": text}),
        pl.DataFrame(schema={"customer_id": text, "group": text, "value": text}),
        frozenset(),
        [],
    )


def read_customers(check: Check, path: Path, shop: Shop, stamp: str) -> Customers:
    """Read and check customers.csv; `stamp` is the shop's time, after which no consent can have been given."""
    table = read_table(path, ("customer_id",), ("name", "email", NOTICE), ("consent_", "audit_"))
    consents = [column for column in table.frame.columns if column.startswith("consent_") and column != NOTICE]
    groups = [column for column in table.frame.columns if column.startswith("audit_")]
    for column in consents:
        if column.removeprefix("consent_") not in shop.categories:
            raise BadImport(
                f"{table.name} has the column {column}, expected consent_ and a category of "
                f"personal data: {', '.join(shop.categories)}. "
                "Nothing was imported."
            )
    columns = frozenset(column for column in ("name", "email") if table.has(column))
    absent = [pl.lit(None, pl.String).alias(column) for column in ("name", "email", NOTICE) if not table.has(column)]
    table = Table(table.name, table.frame.with_columns(*absent).with_columns(tidy_text("name")), table.notices)
    check_ids(check, table, "customer_id", "customer_id", unique=True)
    for column in ("name", "email", NOTICE, *groups):
        check_short(check, table, column, LONGEST_TITLE)
    check.note(
        table, "email", ~pl.col("email").str.contains(MAIL), "a mail address such as name@shop.example, or nothing"
    )
    empty = build_no_customers()
    given = [empty.consents, *(_read_consents(check, table, column, shop, stamp) for column in consents)]
    held = [empty.groups]
    for column in groups:
        name = pl.lit(column.removeprefix("audit_")).alias("group")
        held.append(table.frame.select("customer_id", name, pl.col(column).alias("value")))
    return Customers(
        table.frame.select("customer_id", "name", "email"), pl.concat(given), pl.concat(held), columns, table.notices
    )


def _read_consents(check: Check, table: Table, column: str, shop: Shop, stamp: str) -> pl.DataFrame:
    at = read_times(check, table, column, shop.zone, required=False)["at"]
    late = pl.lit(at) > stamp
    check.note(
        table, column, late, f"a time that is not after the shop's clock ({stamp[:10]}), for nobody has agreed yet"
    )
    check.note(
        table,
        NOTICE,
        pl.lit(at).is_not_null() & pl.col(NOTICE).is_null(),
        f"the version of the notice that {column} was given under",
    )
    category = pl.lit(column.removeprefix("consent_")).alias("category")
    return table.frame.select("customer_id", category, at.alias("at"), pl.col(NOTICE).alias("notice")).drop_nulls("at")


def draw_person_ids(customer_ids: list[str], known: dict[str, int]) -> dict[str, int]:
    """A random number for each new customer; a known one keeps its own."""
    taken = set(known.values())
    drawn: dict[str, int] = {}
    for customer_id in customer_ids:
        if customer_id in known:
            continue
        number = secrets.randbits(PERSON_ID_BITS)
        while number == 0 or number in taken:
            number = secrets.randbits(PERSON_ID_BITS)
        taken.add(number)
        drawn[customer_id] = number
    return drawn


def write_customers(
    connection: Connection, customers: Customers, everybody: list[str], known: Known, stamp: str, *, invented: bool
) -> pl.DataFrame:
    """Write every customer of any file; gives back customer_id and person_id of each."""
    new = draw_person_ids(everybody, known.people)
    people = pl.DataFrame(
        [(customer_id, new.get(customer_id, known.people.get(customer_id))) for customer_id in everybody],
        schema={"customer_id": pl.String, "person_id": pl.Int64},
        orient="row",
    )
    told = customers.customers.join(people, on="customer_id", maintain_order="left").with_columns(
        invented=pl.lit(invented), since=pl.lit(stamp)
    )
    named = ("person_id", "customer_id", "name", "email", "invented", "since")
    upsert_rows(
        connection,
        tables.customers,
        named,
        told.select(named).iter_rows(),
        key=("customer_id",),
        update=customers.columns,
    )
    rest = people.filter(pl.col("customer_id").is_in(list(new))).join(
        told, on="customer_id", how="anti", maintain_order="left"
    )
    bare = ("person_id", "customer_id", "invented", "since")
    insert_rows(connection, tables.customers, bare, ((p, c, False, stamp) for c, p in rest.iter_rows()))
    return people


def write_groups(connection: Connection, customers: Customers, people: pl.DataFrame) -> None:
    """Write the groups for the fairness audit; a blank takes back what an earlier file said."""
    rows = customers.groups.join(people, on="customer_id", maintain_order="left").select("person_id", "group", "value")
    group = tables.audit_groups.c
    for name in rows["group"].unique().to_list():
        gone = rows.filter((pl.col("group") == name) & pl.col("value").is_null())["person_id"].to_list()
        for start in range(0, len(gone), 500):
            connection.execute(
                tables.audit_groups.delete().where(group.name == name, group.person_id.in_(gone[start : start + 500]))
            )
    upsert_rows(
        connection,
        tables.audit_groups,
        ("person_id", "name", "value"),
        rows.drop_nulls("value").iter_rows(),
        key=("person_id", "name"),
        update=("value",),
    )


def write_consents(
    connection: Connection, customers: Customers, people: pl.DataFrame, shop: Shop, *, simulated: bool
) -> int:
    """Append the consents that are newer than anything in the ledger; gives back how many rows were appended."""
    event = tables.consent_events.c
    newest = {
        (row.person_id, row.category): row.at
        for row in connection.execute(
            select(event.person_id, event.category, func.max(event.at).label("at")).group_by(
                event.person_id, event.category
            )
        )
    }
    given = customers.consents.join(people, on="customer_id", maintain_order="left").sort("at", maintain_order=True)
    rows = [
        (person_id, category, purpose, True, at, "import", False, simulated, notice, shop.languages[0])
        for person_id, category, at, notice in given.select("person_id", "category", "at", "notice").iter_rows()
        if at > newest.get((person_id, category), "")
        for purpose in PURPOSES
    ]
    columns = (
        "person_id",
        "category",
        "purpose",
        "granted",
        "at",
        "source",
        "signal",
        "simulated",
        "notice_version",
        "lang",
    )
    return insert_rows(connection, tables.consent_events, columns, rows)
