"""Requests by right: `/api/me/requests` and `/api/me/export` (design.md §3). What needs nobody is done at once and answered in writing."""

from collections.abc import Callable
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from data.clock import parse_time
from data.customers import find_customer_key, find_person, rename_customer
from data.errors import BadInput, Conflict, NotKnown
from data.orders import require_line
from data.requests import DataRequest, Whose, fetch_requests, finish_erasing, keep_all, open_request, require_request
from data.reviews import require_review
from data.standings import restrict_use
from models.wording import say_date
from web.controls import Dispute, disown_type, open_dispute, withdraw_all
from web.erasing import bury_caller, erase_caller
from web.export import write_csv, write_import, write_json
from web.house import House
from web.identity import Caller
from web.me import SomeCaller, fetch_own, find_type
from web.offers import SpokenHere

router = APIRouter()


class RequestIn(BaseModel):
    """A request. Which other fields a kind reads is in docs/contract.md."""

    model_config = ConfigDict(strict=True)

    kind: Literal["access", "rectify", "erase", "restrict", "object", "port", "review"]
    confirm: bool = False
    keep: bool = False
    lift: bool = False
    text: str = Field(default="", max_length=2000)
    name: str | None = Field(default=None, min_length=1, max_length=200)
    impression_id: str | None = Field(default=None, max_length=64)
    product_id: str | None = Field(default=None, max_length=200)
    line_id: int | None = Field(default=None, ge=1, lt=2**53)


@router.post("/api/me/requests", status_code=201)
def post_request(body: RequestIn, house: SpokenHere, caller: SomeCaller) -> dict[str, Any]:
    """Ask by right. The answer says what was done, or by when it will be."""
    return describe_request(house, make_request(house, caller, body))


@router.get("/api/me/requests")
def get_requests(house: SpokenHere, caller: SomeCaller) -> dict[str, Any]:
    """What was asked for, soonest due first; after an erasure, that it was done."""
    with house.database.read() as connection:
        found = fetch_requests(connection, name_asker(house, caller))
    return {"requests": [describe_request(house, one) for one in found]}


@router.get("/api/me/export")
def get_export(
    house: SpokenHere,
    caller: SomeCaller,
    form: Annotated[Literal["json", "csv", "import"], Query(alias="format")] = "json",
) -> Response:
    """Everything held, as one file: JSON, a zip of CSV files, or the files with which another shop imports it."""
    require_own(caller)
    groups = fetch_own(house, caller)
    if form == "import":
        if caller.person_id is None:
            raise NotKnown("Nobody is signed in with this token. Sign in to the shop to take orders to another.")
        with house.database.read() as connection:
            return write_import(connection, caller.person_id, house.shop)
    return write_csv(house, groups) if form == "csv" else write_json(house, groups)


def name_asker(house: House, caller: Caller) -> Whose:
    """Whose requests a caller may see and make."""
    conversation_id = caller.access.conversation.conversation_id if caller.access is not None else None
    if caller.person_id is None:
        return Whose(conversation_id=conversation_id)
    with house.database.read() as connection:
        person = find_person(connection, caller.person_id)
        key = find_customer_key(connection, person.customer_id) if person is not None else None
    return Whose(caller.person_id, conversation_id, key)


def require_own(caller: Caller) -> None:
    """A token that no longer speaks for its customer reads its conversation, and asks for nothing by right."""
    if caller.person_id is None and caller.access is not None and caller.access.conversation.person_id is not None:
        raise NotKnown("This token no longer speaks for its customer. Sign in to the shop again.")


def make_request(house: House, caller: Caller, body: RequestIn) -> DataRequest:
    """Do what is asked, or open it for a person."""
    require_own(caller)
    return _KINDS[body.kind](house, caller, body)


def describe_request(house: House, asked: DataRequest) -> dict[str, Any]:
    """A request as the wire contract has it. One that a review answers has the review's state and decision."""
    state, answer, closed_at = asked.state, asked.answer, asked.closed_at
    if asked.review_id is not None:
        with house.database.read() as connection:
            review = require_review(connection, asked.review_id)
        if review.state != "open":
            state, answer, closed_at = "done", review.decision, review.decided_at
    facts = {
        "contact": house.shop.contact,
        "due": say_date(
            parse_time(asked.due_at).astimezone(house.shop.zone).date(), house.clock.today(), house.texts.lang
        ),
        "review_id": asked.review_id or "",
    }
    address = asked.outcome or f"rights.{state}"
    return {
        "request_id": asked.request_id,
        "kind": asked.kind,
        "state": state,
        "opened_at": asked.opened_at,
        "due": asked.due_at,
        "closed_at": closed_at,
        "outcome": answer or house.texts.say(address, **facts),
        "review_id": asked.review_id,
        "text": asked.text,
    }


def _record(house: House, caller: Caller, body: RequestIn, **told: Any) -> DataRequest:
    whose = name_asker(house, caller)
    with house.database.write() as connection:
        return open_request(connection, whose, kind=body.kind, now=house.clock.now(), text=body.text, **told)


def _give_copy(house: House, caller: Caller, body: RequestIn) -> DataRequest:
    return _record(house, caller, body, state="done", outcome=f"rights.{body.kind}")


def _erase(house: House, caller: Caller, body: RequestIn) -> DataRequest:
    """Two steps: what will go is said first. The second answers under the keyed hash of the shop's id alone.

    Request and promise are kept together: a request in the state erasing is one whose erasure is finished at the next start at the latest.
    """
    whose = name_asker(house, caller)
    if body.keep:
        return _keep(house, whose)
    outcome = "rights.erase_first" if caller.person_id is not None else "rights.erase_first_visitor"
    if not body.confirm:
        with house.database.read() as connection:
            standing = [one for one in fetch_requests(connection, whose) if one.state == "needs_confirmation"]
        return standing[0] if standing else _record(house, caller, body, state="needs_confirmation", outcome=outcome)
    done = "privacy.erased" if caller.person_id is not None else "privacy.erased_visitor"
    with house.database.write() as connection:
        asked = open_request(
            connection,
            Whose(customer_key=whose.customer_key),
            kind="erase",
            now=house.clock.now(),
            state="erasing",
            outcome=done,
        )
        bury_caller(connection, caller, at=house.clock.stamp())
    erase_caller(house, caller)
    with house.database.write() as connection:
        finish_erasing(connection, at=house.clock.stamp(), request_id=asked.request_id)
        return require_request(connection, asked.request_id)


def _keep(house: House, whose: Whose) -> DataRequest:
    """ "Keep it", where the first step was taken: that request ends, and nothing goes."""
    with house.database.write() as connection:
        ended = keep_all(connection, whose=whose, at=house.clock.stamp())
    if not ended:
        raise Conflict("No erasure waits for a word. Nothing was erased.")
    return ended[-1]


def _restrict(house: House, caller: Caller, body: RequestIn) -> DataRequest:
    if caller.person_id is None:
        return _record(house, caller, body, state="done", outcome="rights.nothing_used")
    with house.database.write() as connection:
        restrict_use(connection, caller.person_id, at=house.clock.stamp(), lift=body.lift)
    return _record(house, caller, body, state="done", outcome="rights.lifted" if body.lift else "rights.restricted")


def _object(house: House, caller: Caller, body: RequestIn) -> DataRequest:
    if caller.person_id is None:
        return _record(house, caller, body, state="done", outcome="rights.nothing_used")
    withdraw_all(house, caller.person_id, signal=False, minor=caller.minor, source="objection")
    return _record(house, caller, body, state="done", outcome="rights.objected")


def _rectify(house: House, caller: Caller, body: RequestIn) -> DataRequest:
    """A name is set at once, and stays open until the shop has mended it where it comes from; a purchase counts no more at once."""
    purchase = (body.line_id, body.impression_id, body.product_id)
    if body.name is None and not any(purchase) and not body.text:
        raise BadInput("Say what is wrong: send text, name, line_id, product_id or impression_id.", field="text")
    if caller.person_id is None:
        return _record(house, caller, body, outcome="rights.open")
    if any(purchase):
        return _disown(house, caller.person_id, caller, body)
    if body.name is not None:
        with house.database.write() as connection:
            person = find_person(connection, caller.person_id)
            if person is None:
                raise NotKnown()
            rename_customer(connection, person, body.name)
        return _record(house, caller, body, outcome="rights.rectify_name")
    return _record(house, caller, body, outcome="rights.open")


def _disown(house: House, person_id: int, caller: Caller, body: RequestIn) -> DataRequest:
    """ "I did not buy this": one line of an order, a product, or the kind of an offer."""
    lines = None
    if body.line_id is not None:
        with house.database.read() as connection:
            line = require_line(connection, person_id, body.line_id)
        type_id, lines = line.type_id, [line.line_id]
    else:
        type_id = find_type(house, person_id, body.impression_id, body.product_id)
    dispute = Dispute(impression_id=body.impression_id, text=body.text)
    effect, review = disown_type(
        house, person_id, type_id, dispute, product_id=body.product_id, line_ids=lines, minor=caller.minor
    )
    outcome = "rights.rectify_purchase" if effect.acted else "rights.review"
    return _record(house, caller, body, outcome=outcome, review_id=review.review_id)


def _review(house: House, caller: Caller, body: RequestIn) -> DataRequest:
    conversation_id = caller.access.conversation.conversation_id if caller.access is not None else None
    if body.impression_id is not None:
        find_type(house, caller.person_id, body.impression_id, None)  # another's is not known
    with house.database.write() as connection:
        review = open_dispute(
            connection, house, caller.person_id, Dispute(body.impression_id, conversation_id, text=body.text)
        )
    return _record(house, caller, body, outcome="rights.review", review_id=review.review_id)


_KINDS: dict[str, Callable[[House, Caller, RequestIn], DataRequest]] = {
    "access": _give_copy,
    "port": _give_copy,
    "erase": _erase,
    "restrict": _restrict,
    "object": _object,
    "rectify": _rectify,
    "review": _review,
}
