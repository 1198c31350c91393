"""The only way from personal rows to a ranking. Every function here passes the consent gate first.

For choosing, a person's own rows come out under that person's consents; for training and statistics, the rows of those who
agreed to that purpose, and of nobody else. Rows about sensitive goods come out only where that group was turned on by name.
Returns, disputed lines and anything on or after the cut never come out; what was looked at comes out on its own day alone, for a rule.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection, Select, func, select

from data.consent import Consents, list_agreeing, require_consent
from data.tables import offer_events, offers, order_lines, page_events, preferences, products, types

Line = tuple[int, date, str, int]
"""person_id, day, type_id, line_id"""
Event = tuple[int, date, str, str, int]
"""person_id, day, type_id, event, event_id"""
Like = tuple[date, str, int]
"""day (UTC), type_id, preference_id"""
Look = tuple[date, str, int]
"""day, type_id, event_id"""
Row = tuple[str, int]
"""table, its id there: as the evidence of a reason names it"""


@dataclass(frozen=True)
class RankingRows:
    """What a ranking may read. A category that was not granted has no rows, and its name is not in `categories`.

    `coupon_events` are the event_ids of `events` that are about a row of offers.csv; an ordinary product type that was shown is an
    event too. Filled for training only. `likes` and `looks` are for the rules of a slate and for no ranker: what the customer said to like,
    and the pages of goods looked at on the day of choosing itself.
    """

    categories: frozenset[str]
    lines: list[Line]
    events: list[Event]
    coupon_events: frozenset[int] = frozenset()
    likes: tuple[Like, ...] = ()
    looks: tuple[Look, ...] = ()

    def drop(self, rows: frozenset[Row]) -> "RankingRows":
        """These rows without some, as if they had never been there."""
        return RankingRows(
            self.categories,
            [line for line in self.lines if ("order_lines", line[3]) not in rows],
            [event for event in self.events if ("offer_events", event[4]) not in rows],
            likes=tuple(like for like in self.likes if ("preferences", like[2]) not in rows),
            looks=tuple(look for look in self.looks if ("page_events", look[2]) not in rows),
        )

    def date_rows(self) -> dict[Row, date]:
        """The day of each row."""
        days: dict[Row, date] = {("order_lines", line[3]): line[1] for line in self.lines}
        days |= {("preferences", like[2]): like[0] for like in self.likes}
        days |= {("page_events", look[2]): look[0] for look in self.looks}
        return days | {("offer_events", event[4]): event[1] for event in self.events}


def fetch_own_rows(
    connection: Connection, person_id: int, consents: Consents, *, before: date, purchase_days: int | None = None
) -> RankingRows:
    """A person's own rows before a day, under what stands in `consents` for choosing; of what was looked at, that day's.

    `purchase_days` is how far back purchases count (`retention.purchases_for_offers`); None: as far as there are any.
    """
    categories = consents.choose
    may = {category.removeprefix("sensitive_") for category in categories if category.startswith("sensitive_")}
    lines: list[Line] = []
    events: list[Event] = []
    if "purchases" in categories:
        require_consent(consents, "purchases")
        own = _select_lines(before, purchase_days).where(order_lines.c.person_id == person_id)
        rows = connection.execute(own)
        lines = [(row[0], row[1], row[2], row[4]) for row in rows if row[3] is None or row[3] in may]
    if "offers" in categories:
        require_consent(consents, "offers")
        rows = connection.execute(_select_events(before).where(offer_events.c.person_id == person_id))
        events = [(row[0], row[1], row[2], row[3], row[5]) for row in rows if row[4] is None or row[4] in may]
    return RankingRows(
        categories,
        lines,
        events,
        likes=_fetch_likes(connection, person_id, consents) if "preferences" in categories else (),
        looks=_fetch_looks(connection, person_id, consents, may, on=before) if "browsing" in categories else (),
    )


def count_disputed(connection: Connection, person_id: int, consents: Consents) -> int:
    """How many of a person's lines count for nothing, so that a slate chosen before the last of them is known; 0 where none are read."""
    if "purchases" not in consents.choose:
        return 0
    line = order_lines.c
    mine = select(func.count()).where(line.person_id == person_id, line.disputed_at.is_not(None))
    return int(connection.execute(mine).scalar_one())


def _fetch_likes(connection: Connection, person_id: int, consents: Consents) -> tuple[Like, ...]:
    require_consent(consents, "preferences")
    told = preferences.c
    statement = select(told.at, told.type_id, told.preference_id).where(
        told.person_id == person_id, told.kind == "like"
    )
    return tuple(
        (date.fromisoformat(row[0][:10]), row[1], row[2])
        for row in connection.execute(statement.order_by(told.preference_id))
    )


def _fetch_looks(
    connection: Connection, person_id: int, consents: Consents, may: set[str], *, on: date
) -> tuple[Look, ...]:
    require_consent(consents, "browsing")
    event = page_events.c
    statement = (
        select(event.happened_on, products.c.type_id, event.event_id, types.c.sensitive)
        .join(products, products.c.product_id == event.product_id)
        .join(types, types.c.type_id == products.c.type_id)
        .where(event.person_id == person_id, event.happened_on == on, event.kind == "viewed")
        .order_by(event.event_id)
    )
    rows = connection.execute(statement)
    return tuple((row[0], row[1], row[2]) for row in rows if row[3] is None or row[3] in may)


def fetch_training_rows(
    connection: Connection, *, before: date, groups: Iterable[str], purchase_days: int | None = None
) -> RankingRows:
    """The rows of everybody who agreed to `train`, category by category. `groups` are the groups of sensitive goods."""
    buyers = list_agreeing(connection, "purchases", "train")
    users = list_agreeing(connection, "offers", "train")
    may = {group: list_agreeing(connection, f"sensitive_{group}", "train") for group in groups}
    lines = [
        (row[0], row[1], row[2], row[4])
        for row in connection.execute(_select_lines(before, purchase_days))
        if row[0] in buyers and (row[3] is None or row[0] in may.get(row[3], ()))
    ]
    coupons = set(connection.execute(select(offers.c.offer_id)).scalars())
    rows = [
        row
        for row in connection.execute(_select_events(before))
        if row[0] in users and (row[4] is None or row[0] in may.get(row[4], ()))
    ]
    events = [(row[0], row[1], row[2], row[3], row[5]) for row in rows]
    coupon_events = frozenset(row[5] for row in rows if row[6] in coupons)
    categories = frozenset(name for name, agreed in (("purchases", buyers), ("offers", users)) if agreed)
    return RankingRows(categories, lines, events, coupon_events)


def count_product_buyers(
    connection: Connection, *, since: date, before: date, fewest_counted: int
) -> list[tuple[str, str, int]]:
    """`type_id, product_id, people` among those who agreed to `train`, most bought first; none that fewer people bought."""
    buyers = list_agreeing(connection, "purchases", "train")
    line = order_lines.c
    rows = connection.execute(
        select(products.c.type_id, line.product_id, line.person_id)
        .join(products, products.c.product_id == line.product_id)
        .where(line.quantity > 0, line.disputed_at.is_(None), line.ordered_on >= since, line.ordered_on < before)
        .distinct()
    )
    people = Counter((type_id, product_id) for type_id, product_id, person_id in rows if person_id in buyers)
    counted = [
        (type_id, product_id, count) for (type_id, product_id), count in people.items() if count >= fewest_counted
    ]
    return sorted(counted, key=lambda row: (-row[2], row[1]))


def _select_lines(before: date, purchase_days: int | None) -> Select[Any]:
    line = order_lines.c
    statement = (
        select(line.person_id, line.ordered_on, products.c.type_id, types.c.sensitive, line.line_id)
        .join(products, products.c.product_id == line.product_id)
        .join(types, types.c.type_id == products.c.type_id)
        .where(line.quantity > 0, line.disputed_at.is_(None), line.ordered_on < before)
    )
    if purchase_days is None:
        return statement
    return statement.where(line.ordered_on >= before - timedelta(days=purchase_days))


def _select_events(before: date) -> Select[Any]:
    event = offer_events.c
    return (
        select(
            event.person_id,
            event.happened_on,
            event.type_id,
            event.event,
            types.c.sensitive,
            event.event_id,
            event.offer_id,
        )
        .join(types, types.c.type_id == event.type_id)
        .where(event.happened_on < before)
    )
