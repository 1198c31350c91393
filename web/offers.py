"""Offers on a page, why they are there, and what was done with them (design.md §3, Offers and explanations)."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Header, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection

from data.catalogue import find_product, find_type
from data.consent import fetch_consents
from data.errors import BadInput, NotKnown
from data.events import record_page_event
from data.impressions import Impression, access_impression, record_offer_event
from models.backtest import tell_certainty
from models.boundary import tell_change
from models.details import tell_meaning, tell_more
from models.dialogue import tell_what_if, tell_why_not
from models.explanation import tell_explanation
from models.showing import choose_slate, record_shown
from web.conversations import HouseHere
from web.house import House, list_wanted
from web.identity import Caller, identify_caller, read_bearer
from web.privacy_signal import GPC, honour
from web.staff import look_at_impression
from web.staff_session import find_member

MOST_OFFERS = 20
router = APIRouter()


def read_caller(
    request: Request, house: HouseHere, authorization: Annotated[str | None, Header()] = None, gpc: GPC = None
) -> Caller | None:
    """Whoever calls, or None for nobody. A browser that sends `Sec-GPC: 1` is heard before anything is used."""
    token = read_bearer(authorization)
    if token is None:
        return None
    caller = identify_caller(house, token)
    if gpc == "1":
        honour(_speak_to(caller, request, house), caller.person_id)
    return caller


MaybeCaller = Annotated[Caller | None, Depends(read_caller)]


def _speak_to(caller: Caller | None, request: Request, house: House) -> House:
    if caller is not None and caller.access is not None:
        return house.speak(caller.access.conversation.locale)
    return house.speak(*list_wanted(request))


def get_spoken_house(request: Request, house: HouseHere, caller: MaybeCaller) -> House:
    """The house in the language of the conversation whose token calls, else in that of the request."""
    return _speak_to(caller, request, house)


SpokenHere = Annotated[House, Depends(get_spoken_house)]


@router.get("/api/offers")
def get_offers(
    request: Request,
    house: SpokenHere,
    caller: MaybeCaller,
    slot: Annotated[str, Query(min_length=1, max_length=64, pattern=r"^[\w.-]+$")] = "home",
    limit: Annotated[int, Query(ge=1, le=MOST_OFFERS)] = 5,
) -> dict[str, Any]:
    """A slate for a page. Personalized for a signed-in customer who agreed, the same for everybody else."""
    address = request.client.host if request.client else ""
    a_minute = 6000.0 if house.settings.demo else house.shop.limits["offers_a_minute"]
    house.limiter.take("offers", address, a_second=a_minute / 60, burst=a_minute)
    person_id = caller.person_id if caller else None
    choice = choose_slate(
        house.database,
        house.recommender,
        clock=house.clock,
        person_id=person_id,
        limit=limit,
        minor=bool(caller and caller.minor),
        slot=slot,
    )
    with house.database.write() as connection:
        shown = record_shown(connection, choice, clock=house.clock, slot=slot, channel="page")
    told = {"decisions": choice.slate.decisions} if choice.slate.decisions else {}
    return {"offers": [impression.describe_offer() for impression in shown]} | told


def _access(request: Request, house: House, caller: Caller | None, impression_id: str) -> Impression:
    try:
        with house.database.read() as connection:
            return access_impression(connection, impression_id, person_id=caller.person_id if caller else None)
    except NotKnown:
        member = find_member(request, house)
        if member is None:
            raise
        return look_at_impression(house, impression_id, member)


@router.get("/api/impressions/{impression_id}/explanation")
def get_explanation(impression_id: str, request: Request, house: SpokenHere, caller: MaybeCaller) -> dict[str, Any]:
    """Why an offer was shown, as it was computed then."""
    impression = _access(request, house, caller, impression_id)
    return tell_explanation(
        impression.explanation,
        impression_id=impression_id,
        offer_id=impression.offer_id,
        model_version=impression.model_version,
        texts=house.texts,
    )


@router.get("/api/impressions/{impression_id}/why-not")
def get_why_not(
    impression_id: str, other: str, request: Request, house: SpokenHere, caller: MaybeCaller
) -> dict[str, Any]:
    """Why this offer and not another."""
    impression = _access(request, house, caller, impression_id)
    with house.database.read() as connection:
        return tell_why_not(connection, house.recommender, impression, other=other, minor=bool(caller and caller.minor))


@router.get("/api/impressions/{impression_id}/what-if")
def get_what_if(
    impression_id: str, request: Request, house: SpokenHere, caller: MaybeCaller, without: str | None = None
) -> dict[str, Any]:
    """What would be shown without a category; without one, what would take the offer from the list. Nothing is switched by asking."""
    if without is not None and without not in house.shop.categories:
        raise BadInput(f"without is {without!r}; it is one of {', '.join(house.shop.categories)}.", field="without")
    impression, minor = _access(request, house, caller, impression_id), bool(caller and caller.minor)
    with house.database.read() as connection:
        if without is None:
            return tell_change(connection, house.recommender, impression, minor=minor)
        return tell_what_if(connection, house.recommender, impression, without=without, minor=minor)


@router.get("/api/impressions/{impression_id}/certainty")
def get_certainty(impression_id: str, request: Request, house: SpokenHere, caller: MaybeCaller) -> dict[str, Any]:
    """How often offers like this were bought, as tested at training."""
    impression = _access(request, house, caller, impression_id)
    with house.database.read() as connection:
        return tell_certainty(connection, house.recommender, impression)


@router.get("/api/impressions/{impression_id}/details")
def get_details(impression_id: str, request: Request, house: SpokenHere, caller: MaybeCaller) -> dict[str, Any]:
    """The evidence in detail: days, what was not named, how the score adds up."""
    impression = _access(request, house, caller, impression_id)
    with house.database.read() as connection:
        return tell_more(connection, impression, house.texts, minor=bool(caller and caller.minor))


@router.get("/api/impressions/{impression_id}/meaning")
def get_meaning(impression_id: str, request: Request, house: SpokenHere, caller: MaybeCaller) -> dict[str, Any]:
    """What the words and numbers of an explanation mean, with this offer's own."""
    impression = _access(request, house, caller, impression_id)
    with house.database.read() as connection:
        tested = tell_certainty(connection, house.recommender, impression)["tested"]
    return tell_meaning(impression, house.texts, tested=tested)


class EventIn(BaseModel):
    """Something seen or clicked on a page of the shop."""

    model_config = ConfigDict(strict=True)

    kind: Literal["viewed", "clicked"]
    impression_id: str | None = Field(default=None, max_length=64)
    product_id: str | None = Field(default=None, max_length=200)
    page: str = Field(min_length=1, max_length=500)


@router.post("/api/events", status_code=202)
def post_event(body: EventIn, house: SpokenHere, caller: MaybeCaller) -> dict[str, Any]:
    """Keep an event, but only under the consent that it falls under; `stored` says whether it was."""
    if (body.impression_id is None) == (body.product_id is None):
        raise BadInput("Send either impression_id or product_id.", field="impression_id")
    if caller is None or caller.person_id is None or caller.minor:
        return {"stored": False}
    with house.database.write() as connection:
        if body.impression_id is not None:
            return {"stored": _store_offer_event(connection, house, caller.person_id, body.impression_id, body.kind)}
        return {"stored": _store_page_event(connection, house, caller.person_id, body)}


def _store_offer_event(connection: Connection, house: House, person_id: int, impression_id: str, kind: str) -> bool:
    impression = access_impression(connection, impression_id, person_id=person_id)
    if impression.person_id != person_id or "offers" not in fetch_consents(connection, person_id).choose:
        return False
    record_offer_event(connection, impression, kind, at=house.clock.stamp(), day=house.clock.today())
    return True


def _store_page_event(connection: Connection, house: House, person_id: int, body: EventIn) -> bool:
    product = find_product(connection, body.product_id or "")
    if product is None:
        raise BadInput(f"product_id {body.product_id!r} is not in the catalogue.", field="product_id")
    thing = find_type(connection, product.type_id)
    needed = {"browsing", *([f"sensitive_{thing.sensitive}"] if thing and thing.sensitive else [])}
    if not needed <= fetch_consents(connection, person_id).choose:
        return False
    record_page_event(
        connection,
        person_id,
        kind=body.kind,
        product_id=body.product_id,
        page=body.page,
        at=house.clock.stamp(),
        day=house.clock.today(),
    )
    return True
