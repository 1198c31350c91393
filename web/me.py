"""The customer's own data: consents, controls, what is held, reviews (design.md §3)."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection

from data.catalogue import find_product
from data.consent import PURPOSES, Consents, fetch_consents, fetch_ledger
from data.errors import BadInput, NotAllowed, NotKnown
from data.frequency import fetch_frequency
from data.held import fetch_held
from data.impressions import access_impression
from data.notices import find_version, tell_notice
from data.standings import fetch_standing
from models.control import Effect
from web.controls import Dispute, ask_person, disown_type, switch_consent, turn_away, undo_decision
from web.conversations import HouseHere
from web.effects import tell_effect
from web.house import House
from web.identity import Caller, require_person
from web.levels import describe_levels
from web.offers import MaybeCaller, SpokenHere
from web.privacy_signal import GPC
from web.rebuilding import find_due
from web.speech import title_category

router = APIRouter()


def require_caller(request: Request, house: HouseHere, caller: MaybeCaller) -> Caller:
    """The caller, or 401. What they change is limited: each change is measured, kept, and may be work for staff."""
    if caller is None:
        raise NotKnown()
    if request.method != "GET":
        a_minute = 6000.0 if house.settings.demo else house.shop.limits["changes_a_minute"]
        house.limiter.take("changes", _name_changer(caller), a_second=a_minute / 60, burst=a_minute)
    return caller


def _name_changer(caller: Caller) -> str:
    if caller.person_id is not None:
        return f"person {caller.person_id}"
    return f"conversation {caller.access.conversation.conversation_id}" if caller.access is not None else ""


SomeCaller = Annotated[Caller, Depends(require_caller)]


@router.get("/api/me/consents")
def get_consents(house: SpokenHere, caller: SomeCaller, gpc: GPC = None) -> dict[str, Any]:
    """What is on and off, category by category. While the use is restricted nothing is on, whatever was agreed to."""
    person_id = require_person(caller)
    with house.database.read() as connection:
        consents, ledger = fetch_consents(connection, person_id), fetch_ledger(connection, person_id)
        standing = fetch_standing(connection, person_id)
        categories = [_describe_category(connection, house, one, consents) for one in house.shop.categories]
        frequency = fetch_frequency(connection, person_id)
    return {
        "categories": categories,
        "gpc_honoured": gpc == "1",
        "restricted_since": standing.restricted_at,
        "frequency": frequency,
        **describe_levels(house, ledger),
    }


def _describe_category(connection: Connection, house: House, category: str, consents: Consents) -> dict[str, Any]:
    version = find_version(connection, category)
    grants = {purpose: consents.find(category, purpose) for purpose in PURPOSES}
    on = {purpose: grant is not None and grant.granted for purpose, grant in grants.items()}
    since = max((grant.at for grant in grants.values() if grant is not None and grant.granted), default=None)
    newest = max((grant for grant in grants.values() if grant is not None), key=lambda grant: grant.at, default=None)
    return {
        "category": category,
        "title": title_category(house, category),
        "granted": any(on.values()),
        "choose": on["choose"],
        "train": on["train"],
        "since": since,
        "source": newest.source if newest else None,
        "notice_version": newest.notice_version if newest else str(version),
        "notice": {"version": str(version), "text": tell_notice(house.texts, house.shop, category, version)},
        "again": any(grant is not None and grant.is_outgrown for grant in grants.values()),
        "purpose": house.texts.say(
            f"privacy.purpose_of_{category}"
            if not category.startswith("sensitive_")
            else "privacy.purpose_of_sensitive"
        ),
    }


class ConsentIn(BaseModel):
    """A switch. Without a purpose it sets both."""

    model_config = ConfigDict(strict=True)

    granted: bool
    purpose: Literal["choose", "train"] | None = None


@router.put("/api/me/consents/{category}")
def put_consent(
    category: str, body: ConsentIn, house: SpokenHere, caller: SomeCaller, gpc: GPC = None
) -> dict[str, Any]:
    """Switch a use on or off, and answer with the offers before and after."""
    person_id = require_person(caller)
    if category not in house.shop.categories:
        raise BadInput(
            f"category {category!r} is unknown; it is one of {', '.join(house.shop.categories)}.", field="category"
        )
    if caller.minor and body.granted:
        raise NotAllowed(house.texts.say("privacy.minor"))
    effect = switch_consent(
        house,
        person_id,
        category,
        granted=body.granted,
        source="page",
        purposes=(body.purpose,) if body.purpose else PURPOSES,
        signal=gpc == "1",
        minor=caller.minor,
    )
    with house.database.read() as connection:
        told = _describe_category(connection, house, category, fetch_consents(connection, person_id))
    return {
        **told,
        "before": effect.before,
        "after": effect.after,
        "note": tell_effect(house, effect),
    }


class ControlIn(BaseModel):
    """A control: the twin of a button beside a reason."""

    model_config = ConfigDict(strict=True)

    kind: Literal["stop_category", "never_show", "not_bought", "like", "dislike", "review"]
    impression_id: str | None = Field(default=None, max_length=64)
    category: str | None = Field(default=None, max_length=64)
    product_id: str | None = Field(default=None, max_length=200)
    text: str | None = Field(default=None, max_length=2000)


@router.post("/api/me/controls")
def post_control(body: ControlIn, house: SpokenHere, caller: SomeCaller) -> dict[str, Any]:
    """Use a control, and answer with what it did."""
    person_id = require_person(caller)
    if body.kind == "stop_category":
        if body.category not in house.shop.categories:
            raise BadInput(
                f"category is {body.category!r}; it is one of {', '.join(house.shop.categories)}.", field="category"
            )
        return _describe_effect(
            house, switch_consent(house, person_id, body.category, granted=False, source="page", minor=caller.minor)
        )
    type_id = find_type(house, person_id, body.impression_id, body.product_id)
    if body.kind == "not_bought":
        effect, review = disown_type(
            house, person_id, type_id, _make_dispute(body), product_id=body.product_id, minor=caller.minor
        )
        return _describe_effect(house, effect, review_id=review.review_id)
    if body.kind == "review":
        effect, review = ask_person(house, person_id, _make_dispute(body), minor=caller.minor)
        return _describe_effect(house, effect, review_id=review.review_id)
    return _describe_effect(house, turn_away(house, person_id, type_id, kind=body.kind, minor=caller.minor))


def find_type(house: House, person_id: int | None, impression_id: str | None, product_id: str | None) -> str:
    """The product type of an offer that a person was shown, or of a product."""
    with house.database.read() as connection:
        if impression_id is not None:
            return access_impression(connection, impression_id, person_id=person_id).type_id
        product = find_product(connection, product_id) if product_id is not None else None
        if product is not None:
            return product.type_id
    raise BadInput("Say which: send impression_id, or a product_id of the catalogue.", field="impression_id")


def _make_dispute(body: ControlIn) -> Dispute:
    return Dispute(impression_id=body.impression_id, text=body.text or "")


def _describe_effect(house: House, effect: Effect, *, review_id: str | None = None) -> dict[str, Any]:
    told = {
        "before": effect.before,
        "after": effect.after,
        "changed": effect.changed,
        "note": tell_effect(house, effect),
    }
    return told | ({"review_id": review_id} if review_id else {})


@router.post("/api/me/decisions/{decision_id}/undo")
def undo(decision_id: int, house: SpokenHere, caller: SomeCaller) -> dict[str, Any]:
    """Take back what staff decided about one's own offers, and answer with what that did."""
    person_id = require_person(caller)
    return _describe_effect(house, undo_decision(house, person_id, decision_id, minor=caller.minor))


@router.get("/api/me/data")
def get_data(house: SpokenHere, caller: SomeCaller) -> dict[str, Any]:
    """Everything held, in groups; with a visitor's token that conversation only."""
    due = find_due(house, caller.person_id) if caller.person_id is not None else None
    told = {"controller": house.shop.controller, "contact": house.shop.contact, "rebuilt_by": due}
    return told | {"groups": fetch_own(house, caller)}


def fetch_own(house: House, caller: Caller) -> list[dict[str, Any]]:
    """The groups of what is held about a caller, each with its title and what it is for."""
    conversation_id = caller.access.conversation.conversation_id if caller.access is not None else None
    with house.database.read() as connection:
        groups = fetch_held(
            connection,
            person_id=caller.person_id,
            conversation_id=conversation_id,
            retention_days=house.shop.retention_days,
        )
    return [
        group
        | {
            "title": house.texts.say(f"privacy.group_{group['name']}"),
            "purpose": house.texts.say(f"privacy.group_{group['name']}_why"),
        }
        for group in groups
    ]
