"""Accounts of staff, for an owner: who there is, add, another role, disable, enable, let in again. Each act is in the audit log.

Whatever lets somebody in, out or further asks for the owner's own password again: a console left open is not enough for it.
"""

from typing import Any, Literal

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection

from data.audit import record_act
from data.clock import format_moment
from data.errors import Conflict
from data.presence import set_presence
from data.second_factor import remove_second_factor
from data.staff import Account, Member, add_member, change_member, fetch_accounts, require_account, reset_password
from data.staff_sessions import end_all
from web.conversations import HouseHere
from web.house import House
from web.staff_leaving import give_back_all
from web.staff_session import StaffHere, require_owner, require_password, tell_sessions
from web.wakeups import QUEUE

router = APIRouter(prefix="/staff/api/accounts", dependencies=[Depends(tell_sessions)])
Role = Literal["agent", "supervisor", "owner"]


class AgainIn(BaseModel):
    """The owner's own password."""

    model_config = ConfigDict(strict=True)

    password: str = Field(min_length=1, max_length=1000)


class NewIn(AgainIn):
    """Somebody new."""

    username: str = Field(min_length=1, max_length=32)
    name: str = Field(min_length=1, max_length=100)
    role: Role


class RoleIn(AgainIn):
    """Another role."""

    role: Role


class ResetIn(AgainIn):
    """What somebody has lost."""

    what: Literal["password", "second_factor"]


def _describe(house: House, account: Account) -> dict[str, Any]:
    return {
        "username": account.username,
        "name": account.name,
        "role": account.role,
        "disabled": account.disabled,
        "temporary": account.is_temporary,
        "second_factor": account.has_second_factor,
        "seen_at": format_moment(house.clock, account.seen_at),
    }


def _require_right(house: House, member: Member, password: str) -> None:
    require_owner(member)
    require_password(house, member, password)


@router.get("")
def list_accounts(member: StaffHere, house: HouseHere) -> dict[str, Any]:
    """Everybody of staff."""
    require_owner(member)
    with house.database.read() as connection:
        accounts = [_describe(house, account) for account in fetch_accounts(connection)]
    required = house.shop.second_factor_required and not house.settings.demo
    return {"accounts": accounts, "second_factor_required": required}


@router.post("", status_code=201)
def add_one(body: NewIn, member: StaffHere, house: HouseHere) -> dict[str, Any]:
    """Add somebody. The temporary password is in this answer and nowhere else; it ends after 7 days."""
    _require_right(house, member, body.password)
    with house.database.write() as connection:
        temporary = add_member(connection, body.username, name=body.name.strip() or body.username, role=body.role)
        _record(connection, house, member, "account_added", body.username, {"role": body.role})
        account = require_account(connection, body.username)
    return {"account": _describe(house, account), "temporary_password": temporary}


@router.put("/{username}/role")
def change_role(username: str, body: RoleIn, member: StaffHere, house: HouseHere) -> dict[str, Any]:
    """Another role, from the next call on. The last owner stays one."""
    _require_right(house, member, body.password)
    with house.database.write() as connection:
        before = require_account(connection, username).role
        account = change_member(connection, username, role=body.role)
        _record(connection, house, member, "account_role", username, {"from": before, "to": body.role})
    return {"account": _describe(house, account)}


@router.post("/{username}/disable")
def disable_one(username: str, body: AgainIn, member: StaffHere, house: HouseHere) -> dict[str, Any]:
    """Shut somebody out: sessions and live connections end, their conversations go back to the queue."""
    _require_right(house, member, body.password)
    with house.database.write() as connection:
        account = change_member(connection, username, disabled=True)
        ended = end_all(connection, username)
        set_presence(connection, username, "off", now=house.clock.machine_seconds())
        returned = give_back_all(connection, house, username, by=member)
        _record(connection, house, member, "account_disabled", username, {"sessions": ended, "returned": len(returned)})
    for conversation_id in returned:
        house.bot.forget(conversation_id)
    house.wakeups.ring(QUEUE, *returned)
    return {"account": _describe(house, account), "returned": len(returned)}


@router.post("/{username}/enable")
def enable_one(username: str, body: AgainIn, member: StaffHere, house: HouseHere) -> dict[str, Any]:
    """Let somebody in again, with the password they had."""
    _require_right(house, member, body.password)
    with house.database.write() as connection:
        account = change_member(connection, username, disabled=False)
        _record(connection, house, member, "account_enabled", username, {})
    return {"account": _describe(house, account)}


@router.post("/{username}/reset")
def reset_one(username: str, body: ResetIn, member: StaffHere, house: HouseHere) -> dict[str, Any]:
    """A new temporary password, or no second factor any more; either ends the sessions. For oneself there is `/staff/api/me`."""
    _require_right(house, member, body.password)
    if username == member.username:
        raise Conflict("This is your own account. Change it under your own name.")
    with house.database.write() as connection:
        require_account(connection, username)
        temporary = reset_password(connection, username) if body.what == "password" else None
        if body.what == "second_factor":
            remove_second_factor(connection, username)
        end_all(connection, username)
        set_presence(connection, username, "off", now=house.clock.machine_seconds())
        _record(connection, house, member, "account_reset", username, {"what": body.what})
        account = require_account(connection, username)
    house.wakeups.ring(QUEUE)
    return {"account": _describe(house, account), "temporary_password": temporary}


def _record(
    connection: Connection, house: House, member: Member, act: str, username: str, detail: dict[str, Any]
) -> None:
    actor = f"staff:{member.username}"
    record_act(connection, at=house.clock.stamp(), actor=actor, act=act, object_id=username, detail=detail)
