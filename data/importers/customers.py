"""customers.csv: names and addresses, consents that the shop already holds, groups for the fairness audit.

A consent comes with the date on which it was given and the version of the notice it was given under; it becomes a row
of the ledger for each of the two purposes. What the customer decided here since then is newer and stands: a date that
is not after the newest event of that category adds nothing, so importing a file twice adds nothing either.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import polars as pl
from sqlalchemy import Connection, func, select

from data import tables
from data.customers import Customer, draw_person_id, find_customer, find_customer_key, seal_customer
from data.errors import BadImport
from data.importers.checks import LONGEST_TITLE, Check, check_ids, check_short, read_times, tidy_text
from data.importers.files import Table, read_table
from data.importers.known import Known
from data.importers.writing import insert_rows, update_rows, upsert_rows
from data.mail_address import ADDRESS
from data.shop import Shop
from data.vault import find_vault, name_person

PURPOSES = ("choose", "train")
NOTICE = "consent_notice"
STORED = ("person_id", "customer_key", "mail_key", "body", "invented", "since")


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
        table,
        "email",
        ~pl.col("email").str.contains(f"^{ADDRESS.pattern}$"),
        "a mail address such as name@shop.example, or nothing",
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


def write_customers(
    connection: Connection, customers: Customers, everybody: list[str], known: Known, stamp: str, *, invented: bool
) -> pl.DataFrame:
    """Write every customer of any file; gives back customer_id and person_id of each. A known one keeps its number."""
    told = {row["customer_id"]: row for row in customers.customers.iter_rows(named=True)}
    people = known.people | _find_newcomers(connection, [one for one in everybody if one not in known.people])
    new: list[Customer] = []
    changed: list[Customer] = []
    for customer_id in everybody:
        before, words = people.get(customer_id), told.get(customer_id)
        if before is None:
            names = {"name": words["name"], "email": words["email"]} if words else {"name": None, "email": None}
            made = Customer(draw_person_id(), customer_id, **names, invented=invented and bool(words), since=stamp)
            people[customer_id] = made
            new.append(made)
        elif words and (after := _update(before, words, customers.columns)) != before:
            people[customer_id] = after
            changed.append(after)
    find_vault(connection).load((name_person(one.person_id) for one in new), make=True)
    insert_rows(connection, tables.customers, STORED, (_list_row(connection, one, STORED) for one in new))
    columns = ("mail_key", "body", "person_id")
    update_rows(
        connection, tables.customers, columns[:2], "person_id", [_list_row(connection, one, columns) for one in changed]
    )
    return pl.DataFrame(
        [(customer_id, people[customer_id].person_id) for customer_id in everybody],
        schema={"customer_id": pl.String, "person_id": pl.Int64},
        orient="row",
    )


def _update(before: Customer, words: dict[str, Any], columns: frozenset[str]) -> Customer:
    """What the file says; a name that the customer corrected stays."""
    kept = {"name"} if before.renamed else set()
    return replace(before, **{column: words[column] for column in columns - kept})


def _find_newcomers(connection: Connection, customer_ids: list[str]) -> dict[str, Customer]:
    """Those who signed in for the first time since `known` was read."""
    keys = set(connection.execute(select(tables.customers.c.customer_key)).scalars())
    came = [one for one in customer_ids if find_customer_key(connection, one) in keys]
    return {one: person for one in came if (person := find_customer(connection, one)) is not None}


def _list_row(connection: Connection, customer: Customer, columns: tuple[str, ...]) -> tuple[Any, ...]:
    row = seal_customer(connection, customer)
    return tuple(row[column] for column in columns)


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
