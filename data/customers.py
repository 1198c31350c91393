"""Customers: from the shop's own id to our random person number, and back."""

import secrets
from dataclasses import dataclass

from sqlalchemy import Connection, insert, select, update

from data.tables import customers


@dataclass(frozen=True)
class Customer:
    """One customer. `invented`: name and mail address were made up for the demo."""

    person_id: int
    customer_id: str
    name: str | None
    email: str | None
    invented: bool
    since: str


def draw_person_id() -> int:
    """A random number of 53 bits: says nothing, and survives a JavaScript client."""
    return secrets.randbits(53) or 1


def ensure_customer(connection: Connection, customer_id: str, *, name: str | None, at: str) -> Customer:
    """The customer with the shop's id; a new and empty one if the shop's token is the first we hear of them."""
    known = find_customer(connection, customer_id)
    if known is None:
        person_id = draw_person_id()
        connection.execute(
            insert(customers).values(
                person_id=person_id, customer_id=customer_id, name=name, email=None, invented=False, since=at
            )
        )
        return Customer(person_id, customer_id, name, None, False, at)
    if name and name != known.name:
        connection.execute(update(customers).where(customers.c.person_id == known.person_id).values(name=name))
        return Customer(known.person_id, customer_id, name, known.email, known.invented, known.since)
    return known


def find_customer(connection: Connection, customer_id: str) -> Customer | None:
    """The customer with the shop's id, if there is one."""
    row = connection.execute(select(customers).where(customers.c.customer_id == customer_id)).first()
    return Customer(**row._mapping) if row else None


def find_person(connection: Connection, person_id: int) -> Customer | None:
    """The customer with our number, if there is one."""
    row = connection.execute(select(customers).where(customers.c.person_id == person_id)).first()
    return Customer(**row._mapping) if row else None
