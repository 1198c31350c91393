"""One's own account as staff: password, second factor, sessions. Open to whoever has just been let in and has yet to choose these."""

from typing import Any

import segno
from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection

from data.audit import record_act
from data.clock import format_moment
from data.errors import BadInput, NotKnown
from data.passwords import check_new_password
from data.second_factor import (
    begin_second_factor,
    confirm_second_factor,
    count_recovery_codes,
    has_second_factor,
    remove_second_factor,
    renew_recovery_codes,
    tell_address,
)
from data.sign_in_pace import Attempt, begin_attempts, forgive_attempts
from data.staff import Member, change_password
from data.staff_sessions import end_all, end_one, fetch_sessions, find_session, start_session
from web.conversations import HouseHere
from web.house import House
from web.staff_accounts import AgainIn
from web.staff_session import (
    COOKIE,
    SignedInHere,
    read_token,
    require_pace,
    require_password,
    tell_sessions,
    write_cookie,
)
from web.staff_signin import be_there, name_device

router = APIRouter(prefix="/staff/api/me", dependencies=[Depends(tell_sessions)])
QUIET = 4  # modules of white around a QR code (ISO/IEC 18004)


class PasswordIn(BaseModel):
    """The password until now, and the new one."""

    model_config = ConfigDict(strict=True)

    current: str = Field(min_length=1, max_length=1000)
    new: str = Field(min_length=1, max_length=2000)


class CodeIn(BaseModel):
    """What the phone shows."""

    model_config = ConfigDict(strict=True)

    code: str = Field(min_length=1, max_length=40)


@router.put("/password", status_code=204)
def change_own_password(
    body: PasswordIn, request: Request, response: Response, session: SignedInHere, house: HouseHere
) -> None:
    """A new password. All other sessions end; this one goes on under a new token."""
    member = session.member
    require_password(house, member, body.current)
    if body.new == body.current:
        raise BadInput("That is the password you have. Choose another.", problem="password_same")
    check_new_password(body.new, names=(member.username, member.name, house.shop.name))
    with house.database.write() as connection:
        change_password(connection, member.username, body.new)
        end_all(connection, member.username)
        token = start_session(connection, member, device=name_device(request.headers.get("user-agent", "")))
        be_there(connection, house, find_session(connection, token))
        _record(connection, house, member, "password_changed")
    write_cookie(request, response, COOKIE, token)


@router.get("/second-factor")
def tell_second_factor(session: SignedInHere, house: HouseHere) -> dict[str, Any]:
    """Whether one is set up, and how many recovery codes are left."""
    username = session.member.username
    with house.database.read() as connection:
        return {
            "set_up": has_second_factor(connection, username),
            "recovery_codes_left": count_recovery_codes(connection, username),
        }


@router.post("/second-factor", status_code=201)
def begin_own_second_factor(body: AgainIn, session: SignedInHere, house: HouseHere) -> dict[str, Any]:
    """A secret for the phone, as a picture and as text. It counts for nothing until a code confirms it."""
    member = session.member
    require_password(house, member, body.password)
    with house.database.write() as connection:
        secret = begin_second_factor(connection, member.username)
    return {
        "secret": secret,
        "picture": draw_code(tell_address(secret, username=member.username, shop=house.shop.name)),
    }


@router.post("/second-factor/confirm")
def confirm_own_second_factor(
    body: CodeIn, request: Request, session: SignedInHere, house: HouseHere
) -> dict[str, Any]:
    """A code of the phone. Out: the recovery codes, shown this once. All other sessions end."""
    member = session.member
    attempts = [Attempt("code", member.username)]
    with house.database.write() as connection:
        require_pace(begin_attempts(connection, attempts))
        codes = confirm_second_factor(connection, member.username, body.code)
        if codes is not None:
            forgive_attempts(connection, attempts, fully=True)
            end_all(connection, member.username, but=session.session_id)
            be_there(connection, house, find_session(connection, read_token(request)))
            _record(connection, house, member, "second_factor_set_up")
    if codes is None:
        raise BadInput(
            "That code is not the one of this picture. Take the one that your phone shows now.", problem="code_wrong"
        )
    return {"recovery_codes": codes}


@router.post("/second-factor/recovery-codes")
def renew_own_codes(body: AgainIn, session: SignedInHere, house: HouseHere) -> dict[str, Any]:
    """Ten new recovery codes; the old ones are worth nothing any more."""
    member = session.member
    require_password(house, member, body.password)
    with house.database.write() as connection:
        if not has_second_factor(connection, member.username):
            raise BadInput("No second factor is set up, so there are no recovery codes. Set one up first.")
        codes = renew_recovery_codes(connection, member.username)
        _record(connection, house, member, "recovery_codes_renewed")
    return {"recovery_codes": codes}


@router.post("/second-factor/remove", status_code=204)
def remove_own_second_factor(body: AgainIn, session: SignedInHere, house: HouseHere) -> None:
    """Sign in with the password alone again. Where the shop requires a second factor, a new one is set up next."""
    member = session.member
    require_password(house, member, body.password)
    with house.database.write() as connection:
        if remove_second_factor(connection, member.username):
            _record(connection, house, member, "second_factor_removed")


@router.get("/sessions")
def list_own_sessions(session: SignedInHere, house: HouseHere) -> dict[str, Any]:
    """Where one is signed in."""
    with house.database.read() as connection:
        rows = fetch_sessions(connection, session.member.username)
    return {
        "sessions": [
            {
                "session_id": row.session_id,
                "started_at": format_moment(house.clock, row.started_at),
                "seen_at": format_moment(house.clock, row.seen_at),
                "device": row.device,
                "current": row.session_id == session.session_id,
            }
            for row in rows
        ]
    }


@router.delete("/sessions", status_code=204)
def end_other_sessions(session: SignedInHere, house: HouseHere) -> None:
    """End all sessions but this one."""
    with house.database.write() as connection:
        ended = end_all(connection, session.member.username, but=session.session_id)
        _record(connection, house, session.member, "sessions_ended", {"sessions": ended})


@router.delete("/sessions/{session_id}", status_code=204)
def end_own_session(session_id: str, session: SignedInHere, house: HouseHere) -> None:
    """End one of one's own sessions."""
    with house.database.write() as connection:
        if not end_one(connection, session.member.username, session_id):
            raise NotKnown()
        _record(connection, house, session.member, "sessions_ended", {"sessions": 1})


def draw_code(text: str) -> dict[str, Any]:
    """A QR code as the path of an SVG: `size` is the side of its box, the quiet zone included."""
    code = segno.make(text, error="m", micro=False)
    squares = [
        f"M{x + QUIET} {y + QUIET}h1v1h-1z"
        for y, row in enumerate(code.matrix)
        for x, is_dark in enumerate(row)
        if is_dark
    ]
    return {"size": len(code.matrix) + 2 * QUIET, "path": "".join(squares)}


def _record(
    connection: Connection, house: House, member: Member, act: str, detail: dict[str, Any] | None = None
) -> None:
    actor = f"staff:{member.username}"
    record_act(connection, at=house.clock.stamp(), actor=actor, act=act, object_id=member.username, detail=detail)
