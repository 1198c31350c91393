"""Customers: from the shop's own id to our random person number, and back. Id, name and mail address are sealed for the person."""

import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import batched
from typing import Any

from sqlalchemy import Connection, Row, select, update

from data import codec
from data.database import insert_or_ignore
from data.tables import customers
from data.vault import find_vault, name_person

MANY = 500


@dataclass(frozen=True)
class Customer:
    """One customer.

    `invented`: name and mail address were made up for the demo; `renamed`: the customer corrected the name, and it stays; `minor`: the shop
    said so when it last signed them in.
    """

    person_id: int
    customer_id: str
    name: str | None
    email: str | None
    invented: bool
    since: str
    renamed: bool = False
    minor: bool = False


def draw_person_id() -> int:
    """A random number of 53 bits: says nothing, and survives a JavaScript client."""
    return secrets.randbits(53) or 1


def find_customer_key(connection: Connection, customer_id: str) -> str:
    """The keyed hash under which a shop's customer id is found; it stays after an erasure, so that old rows do not come back."""
    return find_vault(connection).fingerprint("customer", customer_id)


def find_mail_key(connection: Connection, email: str | None) -> str | None:
    """The keyed hash under which a mail address is found, however its letters are written."""
    return find_vault(connection).fingerprint("mail", email.strip().casefold()) if email else None


def seal_customer(connection: Connection, customer: Customer) -> dict[str, Any]:
    """The row of a customer, as it is stored."""
    body = {
        "customer_id": customer.customer_id,
        "name": customer.name,
        "email": customer.email,
        "renamed": customer.renamed or None,
        "minor": customer.minor or None,
    }
    return {
        "person_id": customer.person_id,
        "customer_key": find_customer_key(connection, customer.customer_id),
        "mail_key": find_mail_key(connection, customer.email),
        "body": codec.encode(connection, body, **_place(customer.person_id)),
        "invented": customer.invented,
        "since": customer.since,
    }


def _place(person_id: int) -> dict[str, str]:
    return {"subject": name_person(person_id), "place": f"customers.body/{person_id}"}


def _read(connection: Connection, row: Row[Any]) -> Customer:
    body = codec.decode(connection, row.body, **_place(row.person_id))
    names = body["customer_id"], body.get("name"), body.get("email")
    return Customer(row.person_id, *names, row.invented, row.since, bool(body.get("renamed")), bool(body.get("minor")))


def ensure_customer(
    connection: Connection, customer_id: str, *, name: str | None, at: str, minor: bool | None = None
) -> Customer:
    """The customer with the shop's id, as its token has them; a new and empty one if that is the first we hear of them."""
    known = find_customer(connection, customer_id)
    if known is None:
        made = Customer(draw_person_id(), customer_id, name, None, False, at, minor=bool(minor))
        insert_or_ignore(connection, customers, [seal_customer(connection, made)])
        known = find_customer(connection, customer_id) or made
        if known.person_id != made.person_id:  # a page calls many times at once: another call was first
            find_vault(connection).forget([name_person(made.person_id)])
        return known
    told = apply_token(known, name=name, minor=minor)
    return known if told == known else _rewrite(connection, told)


def apply_token(known: Customer, *, name: str | None, minor: bool | None) -> Customer:
    """A customer as the shop's token tells them: a name that they corrected stays."""
    name = name if name and not known.renamed else known.name
    return replace(known, name=name, minor=known.minor if minor is None else minor)


def rename_customer(connection: Connection, customer: Customer, name: str) -> Customer:
    """The customer under the name that they say is right; neither the shop's tokens nor its files change it back."""
    return _rewrite(connection, replace(customer, name=name, renamed=True))


def _rewrite(connection: Connection, changed: Customer) -> Customer:
    row = seal_customer(connection, changed)
    connection.execute(update(customers).where(customers.c.person_id == changed.person_id).values(body=row["body"]))
    return changed


def find_customer(connection: Connection, customer_id: str) -> Customer | None:
    """The customer with the shop's id, if there is one."""
    key = find_customer_key(connection, customer_id)
    row = connection.execute(select(customers).where(customers.c.customer_key == key)).first()
    return _read(connection, row) if row else None


def find_person(connection: Connection, person_id: int) -> Customer | None:
    """The customer with our number, if there is one."""
    row = connection.execute(select(customers).where(customers.c.person_id == person_id)).first()
    return _read(connection, row) if row else None


def find_by_mail(connection: Connection, email: str) -> list[Customer]:
    """The customers with a mail address."""
    rows = connection.execute(select(customers).where(customers.c.mail_key == find_mail_key(connection, email)))
    return [_read(connection, row) for row in rows]


def list_customers(connection: Connection, person_ids: Iterable[int] | None = None) -> Iterator[Customer]:
    """All customers, or those with these numbers; keys are fetched many at a time."""
    statement = select(customers).order_by(customers.c.person_id)
    if person_ids is not None:
        statement = statement.where(customers.c.person_id.in_(list(person_ids)))
    for rows in batched(connection.execute(statement).all(), MANY, strict=False):
        find_vault(connection).load(name_person(row.person_id) for row in rows)
        for row in rows:
            yield _read(connection, row)
