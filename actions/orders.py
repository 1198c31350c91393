"""One's own orders: only when signed in, only one's own. A foreign number and an invented one get the same sentence."""

import re
from dataclasses import replace
from datetime import date
from typing import Any

from actions.questions import find_answer
from actions.talk import Answer, CandorAction, Talk, write_payload
from bot.language.asked import MAYBE
from bot.language.days import resolve_day
from data.catalogue import find_product
from data.clock import parse_time
from data.orders import Order, OrderLine, fetch_order_lines, fetch_orders
from data.uses import record_use
from models.wording import say_date, say_list, say_money

MOST_LISTED = 5
MOST_LINES = 12
MOST_HANDED = 40
_WHEN = re.compile(
    r"\b(?:when|whens|what time|how long|how soon|how far|arriv\w+|expect\w*|supposed|deliver by|here by)\b",
    re.IGNORECASE,
)
BEFORE = re.compile(
    r"\bthe (?:one|order) before\b|^\W*(?:(?:and|what about|the|one)\s+)*before (?:that|this)(?: one)?\W*$|\b(?:previous|earlier) (?:one|order)\b",
    re.IGNORECASE,
)
_SPENT = re.compile(
    r"\bspen[dt]\w*|\b(?:how much|what)\b.*\b(?:cost me|paid|pay)\b|\bin total\b|\baltogether\b", re.IGNORECASE
)
_NOT_PAID = frozenset({"cancelled", "canceled", "returned", "refunded", "not paid", "payment failed"})
_ALL = 1_000_000
DONE = frozenset({"delivered", "collected", "bought in store", "cancelled", "returned"})
STATUSES = {
    "placed": "placed",
    "being packed": "packing",
    "packing": "packing",
    "ready to collect": "ready",
    "on the way": "shipped",
    "shipped": "shipped",
    "out for delivery": "out_for_delivery",
    "collected": "bought_in_store",
    "bought in store": "bought_in_store",
    "cancelled": "cancelled",
    "returned": "returned",
}


class ActionShowOrderStatus(CandorAction):
    """Where an order is: the one named, else the newest."""

    def name(self) -> str:
        return "action_show_order_status"

    def answer(self, talk: Talk) -> list[Answer]:
        order = _find_order(talk)
        if isinstance(order, Answer):
            return [order]
        facts: dict[str, Any] = {"order_id": order.order_id, "date": _say_day(talk, order)}
        status = (order.status or "").lower()
        if status == "delivered":
            told = talk.say("orders.status_delivered", **facts)
        elif status in STATUSES:
            told = talk.say(f"orders.{STATUSES[status]}", **facts)
        elif status:
            told = talk.say("orders.status_other", status=order.status, **facts)
        else:
            return [talk.say("orders.status_unknown", **facts)]
        more = [talk.words("orders.tracking", tracking=order.tracking)] if order.tracking else []
        if status not in DONE and _WHEN.search(talk.text):
            more.append(talk.words("orders.no_time"))
        text = " ".join([told.text, *more])
        return [Answer(told.kind, text, _order_buttons(talk, order, "status"), _keep_order(order))]


class ActionShowOrderContents(CandorAction):
    """What was in an order; whether and when one bought something, where goods are named."""

    def name(self) -> str:
        return "action_show_order_contents"

    def answer(self, talk: Talk) -> list[Answer]:
        first, last = _find_span(talk)
        if talk.person_id is not None and talk.find_entity("order_id") is None:
            if _list_goods(talk):
                return [_tell_item(talk, first, last)]
            if first and last and len(_list_between(talk, first, last)) > 1:
                return ActionListOrders().answer(talk)
        order = _find_order(talk)
        if isinstance(order, Answer):
            return [order]
        with talk.read() as connection:
            lines = fetch_order_lines(connection, talk.person_id or 0, order_id=order.order_id)
        currency = talk.desk.shop.currency
        told = [_say_item(talk, line) for line in lines]
        more = len(told) - MOST_LINES
        text = ", ".join(told[:MOST_LINES]) + (
            f", {talk.words('orders.contents_more', count=more)}" if more > 0 else ""
        )
        facts = {
            "order_id": order.order_id,
            "date": _say_day(talk, order),
            "lines": text,
            "total": say_money(order.total_minor, currency, talk.lang),
        }
        said = talk.say("orders.contents", buttons=_order_buttons(talk, order, "contents"), **facts)
        return [replace(said, custom=said.custom | _keep_order(order))]


class ActionListOrders(CandorAction):
    """One's orders: the newest, or those between two days."""

    def name(self) -> str:
        return "action_list_orders"

    def answer(self, talk: Talk) -> list[Answer]:
        if talk.person_id is None:
            return [talk.say("orders.sign_in_first")]
        first, last = _find_span(talk)
        is_spent = _SPENT.search(talk.text) is not None and not _list_goods(talk)
        orders = _fetch(talk, limit=_ALL if first or is_spent else MOST_LISTED + 1)
        if not orders:
            return [talk.say("orders.none")]
        if first and last:
            span: dict[str, Any] = {
                "from": say_date(first, _today(talk), talk.lang),
                "to": say_date(last, _today(talk), talk.lang),
            }
            orders = _list_between(talk, first, last)
            if not orders:
                return [_tell_none(talk, first, last)]
            if is_spent:
                return [_tell_spent(talk, orders, "orders.spent_between", **span)]
            told = [_say_line(talk, order) for order in orders[:MOST_LISTED]]
            return [talk.say("orders.list_between", orders="; ".join(told), buttons=_choices(talk, orders), **span)]
        if is_spent:
            return [_tell_spent(talk, orders, "orders.spent")]
        told = [_say_line(talk, order) for order in orders[:MOST_LISTED]]
        key = "orders.list" if len(told) > 1 else "orders.list_one"
        return [talk.say(key, count=len(told), orders="; ".join(told), buttons=_choices(talk, orders))]


class ActionExplainReturn(CandorAction):
    """How a return works, from the shop's own answer."""

    def name(self) -> str:
        return "action_explain_return"

    def answer(self, talk: Talk) -> list[Answer]:
        return [find_answer(talk, least=MAYBE, kind="order") or talk.say("orders.return_unknown")]


class ActionReportMissingItem(CandorAction):
    """Something is missing or wrong: a person, with the facts filled in."""

    def name(self) -> str:
        return "action_report_missing_item"

    def answer(self, talk: Talk) -> list[Answer]:
        if talk.find_entity("order_id") is None and _find_span(talk) == (None, None) and (spoken := _find_spoken(talk)):
            talk.entities = [*talk.entities, {"entity": "order_id", "value": spoken}]
        order = _find_order(talk) if talk.person_id is not None else None
        about: dict[str, Any] = {"about": talk.words("orders.handoff_subject")}
        if not isinstance(order, Order):
            return [talk.say("orders.missing_item"), Answer("handoff", "", custom={"handoff": about})]
        with talk.read() as connection:
            lines = fetch_order_lines(connection, talk.person_id or 0, order_id=order.order_id)
        goods = _list_goods(talk)
        named = [line for line in lines if goods & {("product", line.product_id), ("product_type", line.type_id)}]
        facts: dict[str, Any] = {"order_id": order.order_id, "date": _say_day(talk, order)}
        about |= {
            "order_id": order.order_id,
            "ordered_on": _say_day(talk, order),
            "status": order.status or talk.words("orders.no_status"),
            "lines": [_say_item(talk, line) for line in lines[:MOST_HANDED]],
        }
        if named:
            about["named"] = [line.title for line in named]
            told = talk.say("orders.missing_item_named", items=say_list(about["named"], talk.lang), **facts)
        else:
            told = talk.say("orders.missing_item_order", **facts)
        return [told, Answer("handoff", "", custom={"handoff": about})]


def _tell_spent(talk: Talk, orders: list[Order], key: str, **span: Any) -> Answer:
    """What orders cost together; those that were cancelled or returned do not count, and the sentence says so."""
    paid = [order for order in orders if (order.status or "").lower() not in _NOT_PAID]
    total = say_money(sum(order.total_minor for order in paid), talk.desk.shop.currency, talk.lang)
    count = talk.words("orders.orders_one") if len(paid) == 1 else talk.words("orders.orders_many", count=len(paid))
    return talk.say(key, total=total, orders=count, buttons=_choices(talk, orders), **span)


def _tell_item(talk: Talk, first: date | None, last: date | None) -> Answer:
    """When one last bought what the text names, in a span of days if it names one. Only lines of its kinds are read."""
    goods = _list_goods(talk)
    with talk.read() as connection:
        named = [find_product(connection, value) for kind, value in goods if kind == "product"]
        kinds = {value for kind, value in goods if kind == "product_type"}
        kinds |= {product.type_id for product in named if product is not None}
        lines = [
            line
            for type_id in sorted(kinds)
            for line in fetch_order_lines(connection, talk.person_id or 0, type_id=type_id)
        ]
    bought = [
        line
        for line in lines
        if goods & {("product", line.product_id), ("product_type", line.type_id)}
        and line.quantity > 0
        and line.disputed_at is None
        and (first is None or last is None or first <= line.ordered_on <= last)
    ]
    words = next(
        (
            talk.text[int(e["start"]) : int(e["end"])]
            for e in talk.entities
            if e.get("entity") in ("product", "product_type")
        ),
        "",
    )
    if not bought and first and last:
        span: dict[str, Any] = {
            "from": say_date(first, _today(talk), talk.lang),
            "to": say_date(last, _today(talk), talk.lang),
        }
        return talk.say("orders.item_none_between", words=words, **span)
    if not bought:
        return talk.say("orders.item_none", words=words)
    line = max(bought, key=lambda one: (one.ordered_on, one.order_id))
    _record(talk, line.order_id)
    payload = write_payload("ask_order_contents", order_id=line.order_id)
    return talk.say(
        "orders.item_last",
        item=_say_item(talk, line),
        date=say_date(line.ordered_on, _today(talk), talk.lang),
        order_id=line.order_id,
        buttons=[{"title": talk.words("orders.button_contents"), "payload": payload}],
    )


def _list_goods(talk: Talk) -> set[tuple[str, str]]:
    """The goods that the text names, as entity and id."""
    kinds = ("product", "product_type")
    return {(kind, value) for kind in kinds for value in talk.find_entities(kind)}


def _find_order(talk: Talk) -> Order | Answer:
    """The order in question, or the sentence that says why there is none. Only that order's use is recorded."""
    if talk.person_id is None:
        return talk.say("orders.sign_in_first")
    order_id = talk.find_entity("order_id")
    first, last = _find_span(talk)
    is_typed = any(one.get("entity") == "order_id" and "start" in one for one in talk.entities)
    if BEFORE.search(talk.text) and not is_typed:
        found = _list_before(talk)
        if not found:
            return talk.say("orders.none_before")
    elif order_id is None and first and last:
        found = _list_between(talk, first, last)
        if not found:
            return _tell_none(talk, first, last)
    else:
        found = _fetch(talk, order_id=order_id, limit=1)
    if not found:
        return talk.say("orders.not_found", order_id=order_id) if order_id else talk.say("orders.none")
    _record(talk, found[0].order_id)
    return found[0]


def _tell_none(talk: Talk, first: date, last: date) -> Answer:
    """That there is no order of a day or of some days."""
    if first == last:
        return talk.say("orders.none_on", date=say_date(first, _today(talk), talk.lang))
    span: dict[str, Any] = {
        "from": say_date(first, _today(talk), talk.lang),
        "to": say_date(last, _today(talk), talk.lang),
    }
    return talk.say("orders.none_between", **span)


def _record(talk: Talk, order_id: str) -> None:
    """Put down that an order was read to answer its customer."""
    with talk.desk.database.write() as connection:
        record_use(
            connection,
            talk.person_id or 0,
            at=talk.desk.clock.stamp(),
            categories=[],
            what_for="answer_order",
            by="assistant",
            detail={"order_id": order_id},
        )


def _keep_order(order: Order) -> dict[str, Any]:
    """What "it" and "the one before" mean next."""
    return {"understood": {"entities": [{"entity": "order_id", "value": order.order_id}]}}


def _find_spoken(talk: Talk) -> str | None:
    """The order that the last answer was about."""
    known = talk.find_understood().get("entities", [])
    return next((str(one["value"]) for one in known if one.get("entity") == "order_id"), None)


def _list_before(talk: Talk) -> list[Order]:
    """One's orders before the one that was spoken of last, else before the newest; newest first."""
    spoken = _find_spoken(talk)
    orders = _fetch(talk, limit=_ALL)
    at = next((index for index, order in enumerate(orders) if order.order_id == spoken), 0)
    return orders[at + 1 :]


def _list_between(talk: Talk, first: date, last: date) -> list[Order]:
    """One's orders of some days, newest first."""
    return [order for order in _fetch(talk, limit=_ALL) if first <= _day(talk, order) <= last]


def _find_span(talk: Talk) -> tuple[date | None, date | None]:
    """The days that were named, on the shop's clock; none for a day that no calendar has."""
    first, last = talk.find_entity("date_from"), talk.find_entity("date_to")
    if first is None or last is None:
        return None, None
    try:
        return resolve_day(first, _today(talk)), resolve_day(last, _today(talk))
    except ValueError:
        return None, None


def _fetch(talk: Talk, *, order_id: str | None = None, limit: int) -> list[Order]:
    with talk.read() as connection:
        return fetch_orders(connection, talk.person_id or 0, order_id=order_id, limit=limit)


def _day(talk: Talk, order: Order) -> date:
    return talk.desk.shop.find_day(parse_time(order.ordered_at))


def _today(talk: Talk) -> date:
    return talk.desk.clock.today()


def _say_day(talk: Talk, order: Order) -> str:
    return say_date(_day(talk, order), _today(talk), talk.lang)


def _say_item(talk: Talk, line: OrderLine) -> str:
    return talk.words(
        "orders.contents_line",
        quantity=line.quantity,
        title=line.title,
        price=say_money(line.quantity * line.unit_price_minor, talk.desk.shop.currency, talk.lang),
    )


def _say_line(talk: Talk, order: Order) -> str:
    items = talk.words("orders.items_one") if order.lines == 1 else talk.words("orders.items_many", count=order.lines)
    return talk.words(
        "orders.list_line",
        order_id=order.order_id,
        date=_say_day(talk, order),
        items=items,
        total=say_money(order.total_minor, talk.desk.shop.currency, talk.lang),
        status=order.status or talk.words("orders.no_status"),
    )


def _choices(talk: Talk, orders: list[Order]) -> list[dict[str, str]]:
    return [
        {
            "title": f"{order.order_id}, {_say_day(talk, order)}",
            "payload": write_payload("ask_order_contents", order_id=order.order_id),
        }
        for order in orders[:MOST_LISTED]
    ]


def _order_buttons(talk: Talk, order: Order, asked: str) -> list[dict[str, str]]:
    other = ("button_contents", "ask_order_contents") if asked == "status" else ("button_status", "ask_order_status")
    return [
        {"title": talk.words(f"orders.{other[0]}"), "payload": write_payload(other[1], order_id=order.order_id)},
        {
            "title": talk.words("orders.button_missing"),
            "payload": write_payload("report_missing_item", order_id=order.order_id),
        },
    ]
