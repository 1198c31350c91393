"""A small shop whose customers have groups for the fairness audit, and a ranking that is unfair on purpose."""

import dataclasses
from typing import Any

from sqlalchemy import insert

from data.database import Database
from data.tables import audit_groups, offers, order_lines
from models.recommender import Recommender, Slate
from tests.making import make_consent, make_history

PEOPLE = 80
DISCOUNTED = ("type-0", "type-1", "type-2")


def make_audited_shop(database: Database, *, agree_to_audit: int = PEOPLE) -> list[int]:
    """A small shop with groups: `age` has two of 40, `team` one of 75 and one of 5. Three types are discounted, one has a coupon."""
    with database.write() as connection:
        people = make_history(connection, people=PEOPLE, agree=1.0)
        rows: list[dict[str, Any]] = []
        for number, person_id in enumerate(people):
            rows.append({"person_id": person_id, "name": "age", "value": "old" if number % 2 else "young"})
            rows.append({"person_id": person_id, "name": "team", "value": "few" if number < 5 else "many"})
        connection.execute(insert(audit_groups), rows)
        for person_id in people[:agree_to_audit]:
            make_consent(connection, person_id, "fairness", granted=True)
        products = [f"p-{type_id}" for type_id in DISCOUNTED]
        connection.execute(order_lines.update().where(order_lines.c.product_id.in_(products)).values(discount_minor=50))
        connection.execute(
            insert(offers).values(offer_id="c-1", title="Coupon", type_id="type-4", price_personalized=False)
        )
    return people


class UnfairRecommender(Recommender):
    """Shows what is discounted to some customers first and to all others last."""

    favoured: frozenset[int] = frozenset()

    def choose(self, connection: Any, *, person_id: int | None, limit: int, **more: Any) -> Slate:
        slate = super().choose(connection, person_id=person_id, limit=12, **more)
        is_favoured = person_id in self.favoured
        shown = sorted(slate.shown, key=lambda one: (one.type_id in DISCOUNTED) != is_favoured)
        return dataclasses.replace(slate, shown=shown[:limit])
