"""The rights by chat: a copy, erasure in two steps, a freeze, an objection, what was asked for. The same as the privacy centre does."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection

from data.access import Access
from data.conversations import Conversation, Draft
from data.requests import fetch_requests, keep_all
from web.deed import Deed, Say, say_deed, write_deed
from web.identity import Caller
from web.requests import RequestIn, describe_request, make_request, name_asker


def give_copy(deed: Deed) -> Say:
    """A copy of everything held, to save."""
    return _ask(deed, "privacy.copy", RequestIn(kind="access"), extra={"copy": True})


def ask_erasure(deed: Deed) -> Say:
    """Erasure, first step: what goes, and two ways on."""
    address = "privacy.erase" if deed.person_id is not None else "privacy.erase_visitor"
    return _ask(deed, address, RequestIn(kind="erase"))


def confirm_erasure(deed: Deed) -> Say:
    """Erasure, second step. Nothing is said in the chat afterwards, for it is gone: who asks for it gets 401."""
    return _ask(deed, "privacy.erase", RequestIn(kind="erase", confirm=True))


def keep_everything(deed: Deed) -> Say:
    """Erasure, the other second step: nothing goes, and the request ends."""
    if _is_late(deed):
        return say_deed(deed, "privacy.sign_in_first")

    def say(connection: Connection, now: Conversation) -> list[Draft]:
        keep_all(connection, whose=name_asker(deed.house, _name_caller(deed)), at=deed.house.clock.stamp())
        return [write_deed(deed.house, now, "privacy.kept")]

    return say


def freeze_use(deed: Deed) -> Say:
    """Keep everything and use nothing."""
    return _ask(deed, "privacy.frozen", RequestIn(kind="restrict"))


def lift_freeze(deed: Deed) -> Say:
    """Let what was agreed to count again."""
    return _ask(deed, "privacy.unfrozen", RequestIn(kind="restrict", lift=True))


def object_to_use(deed: Deed) -> Say:
    """End every use, without an argument."""
    return _ask(deed, "privacy.objected", RequestIn(kind="object"))


def list_requests(deed: Deed) -> Say:
    """What was asked for by right, with number, state and outcome."""
    if _is_late(deed):
        return say_deed(deed, "privacy.sign_in_first")
    house, caller = deed.house, _name_caller(deed)
    with house.database.read() as connection:
        found = fetch_requests(connection, name_asker(house, caller))
    told = [describe_request(house, one) for one in found]
    lines = "\n".join(f"{one['request_id']}: {one['outcome']}" for one in told)
    return say_deed(deed, "privacy.asked" if told else "privacy.asked_nothing", requests=lines)


RIGHTS: tuple[Callable[[Deed], Say], ...] = (
    give_copy,
    ask_erasure,
    confirm_erasure,
    keep_everything,
    freeze_use,
    lift_freeze,
    object_to_use,
    list_requests,
)


def _name_caller(deed: Deed) -> Caller:
    return Caller(deed.person_id, deed.conversation.minor, Access(deed.conversation, deed.person_id))


def _is_late(deed: Deed) -> bool:
    """The token no longer speaks for the customer whose conversation it is."""
    return deed.person_id is None and deed.conversation.person_id is not None


def _ask(deed: Deed, address: str, body: RequestIn, *, extra: dict[str, Any] | None = None) -> Say:
    if _is_late(deed):
        return say_deed(deed, "privacy.sign_in_first")
    if deed.person_id is None and body.kind in ("restrict", "object"):
        return say_deed(deed, "privacy.state_visitor")
    asked = make_request(deed.house, _name_caller(deed), body)

    def say(_connection: Connection, now: Conversation) -> list[Draft]:
        return [replace(write_deed(deed.house, now, address, number=asked.request_id), extra=extra or {})]

    return say
