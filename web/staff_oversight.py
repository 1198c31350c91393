"""For an owner: what controls did, whether the audit log is as it was written, and the shop's incidents: written once, looked at, then published."""

from datetime import date
from typing import Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection

from data.audit_checks import find_last_check
from data.control_effects import count_effects
from data.customers import find_customer
from data.errors import BadInput
from data.incidents import (
    CATEGORY,
    CUSTOMERS,
    Account,
    Incident,
    change_incident,
    count_people,
    count_told,
    draft_incident,
    fetch_incidents,
    find_concerned,
    publish_incident,
    retract_incident,
)
from web.conversations import HouseHere
from web.house import House
from web.incidents import describe_incident, tell_open_chats, write_notice
from web.staff_session import StaffHere, require_owner

router = APIRouter(prefix="/staff/api")


class ConcernsIn(BaseModel):
    """Whom it concerns: everybody, those with a category on since then, or listed customers by the shop's ids."""

    model_config = ConfigDict(strict=True)

    who: Literal["everybody", "category", "customers"]
    category: str | None = Field(default=None, max_length=64)
    customer_ids: list[str] = Field(default_factory=list, max_length=100_000)


class IncidentIn(BaseModel):
    """What happened, since when, what was done, what one can do."""

    model_config = ConfigDict(strict=True)

    kind: Literal["breach", "lapse", "error"]
    since: date = Field(strict=False)
    happened: str = Field(min_length=1, max_length=2000)
    done: str = Field(min_length=1, max_length=2000)
    advice: str = Field(min_length=1, max_length=2000)
    concerns: ConcernsIn | None = None


class PublishIn(BaseModel):
    """The version that was looked at."""

    model_config = ConfigDict(strict=True)

    version: int


class RetractIn(BaseModel):
    """The version that is taken back, and why."""

    model_config = ConfigDict(strict=True)

    version: int
    why: str = Field(min_length=1, max_length=2000)


@router.get("/controls")
def get_controls(member: StaffHere, house: HouseHere) -> dict[str, Any]:
    """Controls and what they did."""
    require_owner(member)
    with house.database.read() as connection:
        return {"controls": count_effects(connection)}


@router.get("/audit")
def get_audit(member: StaffHere, house: HouseHere) -> dict[str, Any]:
    """When the audit log was last checked, and what was found."""
    require_owner(member)
    with house.database.read() as connection:
        return {"checked": find_last_check(connection)}


@router.get("/incidents")
def list_incidents(member: StaffHere, house: HouseHere) -> dict[str, Any]:
    """Every incident in its newest version, drafts too; and the categories that one may concern."""
    require_owner(member)
    with house.database.read() as connection:
        found = [_describe(connection, house, one) for one in fetch_incidents(connection, drafts=True)]
    return {"incidents": found, "categories": list(house.shop.categories)}


@router.post("/incidents", status_code=201)
def write_incident(body: IncidentIn, member: StaffHere, house: HouseHere) -> dict[str, Any]:
    """Write a draft. The answer shows the notice as customers would read it, and how many it would reach."""
    require_owner(member)
    with house.database.write() as connection:
        concerns, people = _read_concerns(connection, house, body)
        incident = draft_incident(
            connection,
            _read_account(house, body),
            concerns=concerns,
            people=people,
            lang=house.texts.lang,
            username=member.username,
            at=house.clock.stamp(),
        )
        return _describe(connection, house, incident)


@router.put("/incidents/{incident_id}")
def rewrite_incident(incident_id: str, body: IncidentIn, member: StaffHere, house: HouseHere) -> dict[str, Any]:
    """Change the draft; of what is published, write the draft of the next version. Whom it concerns stays."""
    require_owner(member)
    if body.concerns is not None:
        raise BadInput(
            "Whom an incident concerns is set when it is first written. Leave concerns out.", field="concerns"
        )
    with house.database.write() as connection:
        account = _read_account(house, body)
        told = {"username": member.username, "at": house.clock.stamp()}
        return _describe(connection, house, change_incident(connection, incident_id, account, **told))


@router.post("/incidents/{incident_id}/publish")
def publish(incident_id: str, body: PublishIn, member: StaffHere, house: HouseHere) -> dict[str, Any]:
    """Publish the version that was looked at: on /how-it-works, in /api/me/data, and in the chat of each customer concerned."""
    require_owner(member)
    with house.database.write() as connection:
        incident = publish_incident(
            connection, incident_id, version=body.version, username=member.username, at=house.clock.stamp()
        )
        chats = tell_open_chats(connection, house, incident)
        described = _describe(connection, house, incident)
    house.wakeups.ring(*chats)
    return described


@router.post("/incidents/{incident_id}/retract")
def retract(incident_id: str, body: RetractIn, member: StaffHere, house: HouseHere) -> dict[str, Any]:
    """Take a published incident back. It stays to be read, as taken back, and whoever was told of it is told that."""
    require_owner(member)
    with house.database.write() as connection:
        incident = retract_incident(
            connection,
            incident_id,
            version=body.version,
            why=body.why,
            username=member.username,
            at=house.clock.stamp(),
        )
        chats = tell_open_chats(connection, house, incident)
        described = _describe(connection, house, incident)
    house.wakeups.ring(*chats)
    return described


def _read_account(house: House, body: IncidentIn) -> Account:
    if body.since > house.clock.today():
        raise BadInput(f"since is {body.since.isoformat()}, which is yet to come.", field="since")
    return Account(body.kind, body.since, body.happened, body.done, body.advice)


def _read_concerns(connection: Connection, house: House, body: IncidentIn) -> tuple[dict[str, Any], list[int]]:
    """Whom it concerns, without anybody's id in it, and the people that were listed."""
    if body.concerns is None:
        raise BadInput("concerns is missing; say whom it concerns.", field="concerns")
    who, category = body.concerns.who, body.concerns.category
    if who == CATEGORY and category not in house.shop.categories:
        raise BadInput(
            f"category is {category!r}; it is one of {', '.join(house.shop.categories)}.", field="concerns.category"
        )
    if who != CUSTOMERS:
        return {"who": who} | ({"category": category} if who == CATEGORY else {}), []
    found = [find_customer(connection, customer_id) for customer_id in body.concerns.customer_ids]
    people = [customer.person_id for customer in found if customer is not None]
    if not people or len(people) < len(found):
        missing = len(found) - len(people)
        raise BadInput(
            f"customer_ids has {len(found)} ids, and {missing} of them are no customer's. Send known ones.",
            field="concerns.customer_ids",
        )
    return {"who": who}, people


def _describe(connection: Connection, house: House, incident: Incident) -> dict[str, Any]:
    """What is public, and besides: whom it concerns, how many were told, and the notice as it reads."""
    is_open = incident.state == "draft" and incident.version == 1
    people = len(find_concerned(connection, incident)) if is_open else count_people(connection, incident.incident_id)
    return describe_incident(house, incident) | {
        "concerns": incident.concerns,
        "people": people,
        "told": count_told(connection, incident),
        "written_by": incident.written_by,
        "written_at": incident.written_at,
        "preview": write_notice(house, incident).text,
    }
