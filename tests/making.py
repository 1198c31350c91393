"""Test data: a small invented shop, made without an importer, and people who agreed or did not."""

import random
from datetime import date, timedelta

from sqlalchemy import Connection, func, insert, select

from data.access import issue_token
from data.classes import TABLES, metadata
from data.consent import record_consent
from data.conversations import Conversation, Draft, append_messages, open_conversation
from data.customers import ensure_customer
from data.tables import consent_events, offer_events, order_lines, orders, products, types

TODAY = date(2026, 3, 2)
AT = "2026-03-02T09:00:00.000000Z"
KNOWN = ("purchases", "offers", "preferences", "browsing", "fairness", "sensitive_alcohol")


def make_catalogue(connection: Connection, *, kinds: int = 12, sensitive: str | None = "wine") -> list[str]:
    """`kinds` product types in three aisles, each with one product; one of them sensitive."""
    rows = [
        {"type_id": f"type-{n}", "title": f"Thing {n}", "category": f"Aisle {n % 3}", "sensitive": None, "added_at": AT}
        for n in range(kinds)
    ]
    if sensitive:
        rows.append(
            {
                "type_id": sensitive,
                "title": sensitive.title(),
                "category": "Drinks",
                "sensitive": "alcohol",
                "added_at": AT,
            }
        )
    connection.execute(insert(types), rows)
    connection.execute(
        insert(products),
        [
            {
                "product_id": f"p-{row['type_id']}",
                "type_id": row["type_id"],
                "title": f"{row['title']}, one",
                "price_minor": 100 + n,
                "brand": None,
                "stock": 5,
                "sensitive": row["sensitive"],
                "added_at": AT,
            }
            for n, row in enumerate(rows)
        ],
    )
    return [str(row["type_id"]) for row in rows]


def make_person(connection: Connection, customer_id: str, *, agrees_to: tuple[str, ...] = ()) -> int:
    """A customer, with both purposes of some categories granted."""
    person_id = ensure_customer(connection, customer_id, name=f"Name {customer_id}", at=AT).person_id
    for category in agrees_to:
        make_consent(connection, person_id, category, granted=True)
    return person_id


def count_rows_of(connection: Connection, person_id: int) -> int:
    """How many rows lead to somebody, in every table that can."""
    tables = [table for table in metadata.sorted_tables if "person_id" in TABLES[table.name].tied.split()]
    counts = [select(func.count()).select_from(table).where(table.c.person_id == person_id) for table in tables]
    return sum(connection.execute(count).scalar_one() for count in counts)


def make_consent(
    connection: Connection, person_id: int, category: str, *, granted: bool, signal: bool = False, at: str = AT
) -> bool:
    """Switch a category on or off for both purposes."""
    return record_consent(
        connection,
        person_id,
        category,
        granted=granted,
        purposes=("choose", "train"),
        at=at,
        source="page",
        lang="en",
        known=KNOWN,
        signal=signal,
    )


def make_imported_consent(
    connection: Connection, person_id: int, category: str, *, notice_version: str, at: str = AT
) -> None:
    """A consent that the shop brought, under a notice of its own."""
    told = {"person_id": person_id, "category": category, "granted": True, "at": at, "source": "import", "lang": "en"}
    more = {"signal": False, "simulated": False, "notice_version": notice_version}
    connection.execute(insert(consent_events), [told | more | {"purpose": purpose} for purpose in ("choose", "train")])


def make_order(connection: Connection, person_id: int, day: date, type_ids: list[str], *, quantity: int = 1) -> str:
    """An order of one product of each type."""
    order_id = f"o-{person_id}-{day.isoformat()}-{'-'.join(type_ids)}-{quantity}"
    connection.execute(
        insert(orders).values(
            order_id=order_id, person_id=person_id, ordered_at=f"{day.isoformat()}T12:00:00.000000Z", status="delivered"
        )
    )
    connection.execute(
        insert(order_lines),
        [
            {
                "order_id": order_id,
                "person_id": person_id,
                "ordered_on": day,
                "product_id": f"p-{type_id}",
                "quantity": quantity,
                "unit_price_minor": 100,
                "discount_minor": 0,
            }
            for type_id in type_ids
        ],
    )
    return order_id


def make_coupon_event(
    connection: Connection, person_id: int, day: date, type_id: str, *, event: str = "redeemed"
) -> None:
    """A coupon that was shown or redeemed."""
    connection.execute(
        insert(offer_events).values(
            person_id=person_id,
            offer_id=f"offer-{type_id}",
            type_id=type_id,
            event=event,
            happened_on=day,
            happened_at=f"{day.isoformat()}T12:00:00.000000Z",
        )
    )


def make_history(connection: Connection, *, people: int = 60, agree: float = 0.7, seed: int = 7) -> list[int]:
    """A shop with a half year of orders: each person has favourites. The first `agree` of the people agreed to both categories."""
    rng = random.Random(seed)
    kinds = [type_id for type_id in make_catalogue(connection) if type_id != "wine"]
    made = []
    for number in range(people):
        agrees = number < people * agree
        person_id = make_person(connection, f"c{number}", agrees_to=("purchases", "offers") if agrees else ())
        favourites = rng.sample(kinds, 4)
        for day in range(1, 190, rng.randint(3, 9)):
            basket = {type_id for type_id in favourites if rng.random() < 0.6} | {rng.choice(kinds)}
            make_order(connection, person_id, TODAY - timedelta(days=day), sorted(basket))
        if rng.random() < 0.6:
            make_coupon_event(connection, person_id, TODAY - timedelta(days=rng.randint(1, 120)), favourites[0])
        made.append(person_id)
    return made


def make_conversation(
    connection: Connection, person_id: int | None = None, *, speaks_until: float | None = None
) -> tuple[Conversation, str]:
    """A conversation with its disclosure, and its token."""
    conversation = open_conversation(connection, person_id=person_id, locale="en", minor=False, page_offers=[], at=AT)
    token = issue_token(connection, conversation.conversation_id, speaks_until=speaks_until)
    append_messages(
        connection, conversation.conversation_id, [Draft("bot", "disclosure", "I am a bot.", text_version="1")], at=AT
    )
    return conversation, token
