"""The only way to the groups of the fairness audit. They come out for those who agreed to `fairness`, and for nobody else.

What the audit reads beside them lies here too: how deeply each type was discounted, what was bought after a day, how long
people waited for a person. Nothing that chooses or trains imports this module; a test of the architecture keeps it so (P10).
"""

from collections import Counter, defaultdict
from collections.abc import Collection
from datetime import date
from typing import Any

from sqlalchemy import Connection, func, select

from data.clock import parse_time
from data.consent import list_agreeing
from data.tables import audit_groups, conversations, order_lines, products, types
from data.tables_handoffs import handoffs
from data.uses import record_use

Groups = dict[str, dict[int, str]]
"""group (such as age) → person_id → value (such as 25-34)"""


def fetch_groups(connection: Connection) -> Groups:
    """The groups of everybody who agreed to `fairness` for the shop's statistics. Empty where nobody did, or where no group was imported."""
    agreeing = list_agreeing(connection, "fairness", "train")
    found: Groups = defaultdict(dict)
    rows = connection.execute(select(audit_groups).order_by(audit_groups.c.name, audit_groups.c.person_id))
    for row in rows:
        if row.person_id in agreeing:
            found[row.name][row.person_id] = row.value
    return dict(found)


def count_groups(connection: Connection) -> int:
    """How many customers the shop holds groups of, whether they agreed or not."""
    return int(connection.execute(select(func.count(audit_groups.c.person_id.distinct()))).scalar_one())


def fetch_discounts(
    connection: Connection, *, since: date, before: date, fewest_counted: int
) -> dict[str, tuple[float, int]]:
    """For each type how deeply it was discounted and how many lines were bought of it, among those who agreed to `train`.

    The depth is the share of the price that was taken off, Σ discount / Σ (paid + discount): 0 means nothing, 1 all. A type that
    fewer than `fewest_counted` people bought is missing.
    """
    buyers = list_agreeing(connection, "purchases", "train")
    line = order_lines.c
    rows = connection.execute(
        select(
            products.c.type_id,
            line.person_id,
            func.sum(line.discount_minor),
            func.sum(line.quantity * line.unit_price_minor + line.discount_minor),
            func.count(),
        )
        .join(products, products.c.product_id == line.product_id)
        .where(line.quantity > 0, line.disputed_at.is_(None), line.ordered_on >= since, line.ordered_on < before)
        .group_by(products.c.type_id, line.person_id)
    )
    people: Counter[str] = Counter()
    off: Counter[str] = Counter()
    whole: Counter[str] = Counter()
    lines: Counter[str] = Counter()
    for type_id, person_id, discount, price, count in rows:
        if person_id in buyers:
            people[type_id] += 1
            off[type_id] += int(discount)
            whole[type_id] += int(price)
            lines[type_id] += count
    return {
        type_id: (off[type_id] / whole[type_id], lines[type_id])
        for type_id in sorted(people)
        if people[type_id] >= fewest_counted and whole[type_id] > 0
    }


def fetch_bought(
    connection: Connection, people: Collection[int], *, since: date, before: date
) -> dict[int, frozenset[str]]:
    """The types that each of `people` bought from `since` until the day before `before`; absent: not agreed to `train`, or nothing.

    Goods of a sensitive group are left out.
    """
    wanted = set(people) & list_agreeing(connection, "purchases", "train")
    line = order_lines.c
    rows = connection.execute(
        select(line.person_id, products.c.type_id)
        .join(products, products.c.product_id == line.product_id)
        .join(types, types.c.type_id == products.c.type_id)
        .where(
            line.quantity > 0,
            line.disputed_at.is_(None),
            line.ordered_on >= since,
            line.ordered_on < before,
            types.c.sensitive.is_(None),
        )
        .distinct()
    )
    found: dict[int, set[str]] = defaultdict(set)
    for person_id, type_id in rows:
        if person_id in wanted:
            found[person_id].add(type_id)
    return {person_id: frozenset(kinds) for person_id, kinds in found.items()}


def fetch_waits(connection: Connection, people: Collection[int]) -> dict[int, list[float]]:
    """Seconds from asking for a person to being answered by one, for each of `people` who was."""
    rows = connection.execute(
        select(conversations.c.person_id, handoffs.c.since, handoffs.c.claimed_at)
        .join(conversations, conversations.c.conversation_id == handoffs.c.conversation_id)
        .where(handoffs.c.claimed_at.is_not(None), conversations.c.person_id.is_not(None))
        .order_by(handoffs.c.since)
    )
    wanted = set(people)
    waits: dict[int, list[float]] = defaultdict(list)
    for person_id, since, claimed_at in rows:
        if person_id in wanted:
            waits[person_id].append((parse_time(claimed_at) - parse_time(since)).total_seconds())
    return dict(waits)


def record_audit(connection: Connection, people: Collection[int], *, at: str, detail: dict[str, Any]) -> None:
    """Record that the audit used the data of these customers; they can read it."""
    for person_id in sorted(people):
        record_use(connection, person_id, at=at, categories=["fairness"], what_for="audit", by="audit", detail=detail)
