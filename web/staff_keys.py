"""Keys with which another system uses the staff API, for an owner: which there are, make one, revoke one. Each act is in the audit log."""

from typing import Any

from fastapi import APIRouter, Depends
from pydantic import Field

from data.audit import record_act
from data.clock import format_moment
from data.errors import BadInput, NotKnown
from data.staff import require_account
from data.staff_keys import KeyRow, fetch_keys, make_key, revoke_key
from web.conversations import HouseHere
from web.house import House
from web.staff_accounts import AgainIn
from web.staff_session import StaffHere, require_owner, require_password, tell_sessions

router = APIRouter(prefix="/staff/api/accounts", dependencies=[Depends(tell_sessions)])


class KeyIn(AgainIn):
    """A new key: what it is for, in the owner's words."""

    label: str = Field(min_length=1, max_length=60)


def _describe(house: House, key: KeyRow) -> dict[str, Any]:
    return {
        "key_id": key.key_id,
        "label": key.label,
        "made_at": format_moment(house.clock, key.made_at),
        "used_at": format_moment(house.clock, key.used_at),
    }


@router.get("/{username}/keys")
def list_keys(username: str, member: StaffHere, house: HouseHere) -> dict[str, Any]:
    """The keys of an account, the newest first."""
    require_owner(member)
    with house.database.read() as connection:
        require_account(connection, username)
        return {"keys": [_describe(house, key) for key in fetch_keys(connection, username)]}


@router.post("/{username}/keys", status_code=201)
def make_one(username: str, body: KeyIn, member: StaffHere, house: HouseHere) -> dict[str, Any]:
    """Make a key. It is in this answer and nowhere else."""
    require_owner(member)
    require_password(house, member, body.password)
    if not (label := body.label.strip()):
        raise BadInput("label is empty; write what the key is for.", field="label")
    with house.database.write() as connection:
        key, key_id = make_key(connection, username, label=label)
        _record(connection, house, member.username, "key_made", f"{username}/{key_id}")
    return {"key": key, "key_id": key_id}


@router.delete("/{username}/keys/{key_id}", status_code=204)
def revoke_one(username: str, key_id: str, member: StaffHere, house: HouseHere) -> None:
    """Revoke a key: the next call with it is 401, and its live connections end."""
    require_owner(member)
    with house.database.write() as connection:
        if not revoke_key(connection, username, key_id):
            raise NotKnown()
        _record(connection, house, member.username, "key_revoked", f"{username}/{key_id}")


def _record(connection: Any, house: House, owner: str, act: str, object_id: str) -> None:
    record_act(connection, at=house.clock.stamp(), actor=f"staff:{owner}", act=act, object_id=object_id)
