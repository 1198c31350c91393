"""Who of the staff is there, and what only a person does with a talk besides claiming: take it over, say what it was about."""

from typing import Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection

from data.audit import record_act
from data.clock import format_moment
from data.errors import Conflict, NotAllowed
from data.handoffs import fetch_handoffs, fetch_wrap_ups, note_wrap_up, require_handoff
from data.presence import Colleague, fetch_colleagues, set_presence
from web import handoffs
from web.conversations import HouseHere
from web.house import House
from web.staff import describe_handoff
from web.staff_session import StaffHere
from web.wakeups import QUEUE

router = APIRouter(prefix="/staff/api")


class PresenceIn(BaseModel):
    """What somebody says of themselves."""

    model_config = ConfigDict(strict=True)

    presence: Literal["available", "away", "off"]
    talks_at_once: int | None = Field(default=None, ge=1, le=50)


class WrapUpIn(BaseModel):
    """What a talk was about."""

    model_config = ConfigDict(strict=True)

    reason: str = Field(min_length=1, max_length=200)


@router.get("/colleagues")
def list_colleagues(member: StaffHere, house: HouseHere) -> dict[str, Any]:
    """Everybody who may sign in, with presence and load, and the teams."""
    with house.database.read() as connection:
        return {
            "colleagues": [_describe(one) for one in _fetch(connection, house)],
            "teams": [{"team": team.team, "title": team.title} for team in house.shop.desk.teams.values()],
        }


def _fetch(connection: Connection, house: House) -> list[Colleague]:
    return fetch_colleagues(connection, house.shop.desk, now=house.clock.machine_seconds())


def _describe(one: Colleague) -> dict[str, Any]:
    return {
        "username": one.username,
        "name": one.name,
        "role": one.role,
        "presence": one.presence,
        "load": one.load,
        "talks_at_once": one.talks_at_once,
        "teams": list(one.teams),
    }


@router.put("/me/presence")
def say_presence(body: PresenceIn, member: StaffHere, house: HouseHere) -> dict[str, Any]:
    """Available, away or off; and how many talks at once may come."""
    with house.database.write() as connection:
        now = house.clock.machine_seconds()
        set_presence(connection, member.username, body.presence, talks_at_once=body.talks_at_once, now=now)
        own = next(one for one in _fetch(connection, house) if one.username == member.username)
    house.wakeups.ring(QUEUE)
    return {"colleague": _describe(own)}


@router.get("/floor")
def show_floor(member: StaffHere, house: HouseHere) -> dict[str, Any]:
    """For supervisors: each colleague with their talks, whoever waits longest for an answer first."""
    if member.role == "agent":
        raise NotAllowed("This is for supervisors and owners.")
    with house.database.read() as connection:
        talks = fetch_handoffs(connection, state="claimed")
        talks.sort(key=lambda one: (one.unanswered_since is None, one.unanswered_since or 0.0))
        return {
            "colleagues": [
                _describe(one)
                | {
                    "talks": [
                        {
                            "handoff_id": talk.handoff_id,
                            "conversation_id": talk.conversation_id,
                            "phase": talk.phase,
                            "since": talk.since,
                            "unanswered_since": format_moment(house.clock, talk.unanswered_since),
                        }
                        for talk in talks
                        if talk.claimed_by == one.username
                    ]
                }
                for one in _fetch(connection, house)
            ]
        }


@router.post("/handoffs/{handoff_id}/take-over")
def take_one_over(handoff_id: str, member: StaffHere, house: HouseHere) -> dict[str, Any]:
    """A supervisor takes a talk from whoever has it."""
    with house.database.write() as connection:
        handoff = handoffs.take_over(connection, house, handoff_id, member)
        described = describe_handoff(connection, house, handoff)
    house.wakeups.ring(handoff.conversation_id, QUEUE)
    return {"handoff": described}


@router.get("/wrap-ups")
def list_wrap_ups(member: StaffHere, house: HouseHere) -> dict[str, Any]:
    """One's own ended talks of which nothing was said yet."""
    with house.database.read() as connection:
        own = fetch_wrap_ups(connection, member.username)
        return {
            "wrap_ups": [
                {
                    "handoff_id": one.handoff_id,
                    "conversation_id": one.conversation_id,
                    "ended_at": one.ended_at,
                    "ended_as": one.ended_as,
                    "rating": one.rating,
                }
                for one in own
            ]
        }


@router.post("/handoffs/{handoff_id}/wrap-up")
def wrap_up(handoff_id: str, body: WrapUpIn, member: StaffHere, house: HouseHere) -> dict[str, str]:
    """Say what an ended talk was about: its person, once or again."""
    with house.database.write() as connection:
        handoff = require_handoff(connection, handoff_id)
        if handoff.claimed_by != member.username:
            raise NotAllowed("This talk was not yours.")
        if handoff.state != "ended":
            raise Conflict(
                f"This handoff is {handoff.state}, not ended. Give it back or close it first.", state=handoff.state
            )
        note_wrap_up(connection, handoff, body.reason)
        actor, at = f"staff:{member.username}", house.clock.stamp()
        record_act(connection, at=at, actor=actor, act="handoff_wrapped_up", object_id=handoff_id)
    return {"handoff_id": handoff_id, "wrap_up": body.reason}
