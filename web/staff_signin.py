"""Signing in and out as staff (design.md §3, Staff). How fast one may try: `data/sign_in_pace.py`."""

import secrets
from typing import Any

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection

from data.audit import record_act
from data.errors import NotKnown, SecondFactorNeeded, SecondFactorWrong
from data.presence import set_presence
from data.second_factor import has_second_factor, take_code
from data.sign_in_pace import Attempt, begin_attempts, find_device, forgive_attempts, list_attempts, prove_device
from data.staff import Member, check_password, find_hash, has_member, renew_hash, require_hash
from data.staff_sessions import Session, end_session, find_session, start_session
from web.conversations import HouseHere
from web.house import House
from web.staff_session import (
    COOKIE,
    DEVICE_COOKIE,
    DEVICE_S,
    SignedInHere,
    check_site,
    list_owed,
    name_cookie,
    read_token,
    require_pace,
    tell_sessions,
    write_cookie,
)

router = APIRouter(prefix="/staff/api", dependencies=[Depends(tell_sessions)])
BROWSERS = (("Edg", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
SYSTEMS = (("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"), ("Mac OS", "macOS"), ("Linux", "Linux"))  # fmt: skip


class SessionIn(BaseModel):
    """Name and password; `code` is the second factor where one is set up: of the phone, or a recovery code."""

    model_config = ConfigDict(strict=True)

    username: str = Field(min_length=1, max_length=200)
    password: str = Field(min_length=1, max_length=1000)
    code: str | None = Field(default=None, max_length=40)


@router.post("/session", dependencies=[Depends(check_site)])
def sign_in(body: SessionIn, request: Request, response: Response, house: HouseHere) -> dict[str, Any]:
    """Sign in; the session is a cookie."""
    address = request.client.host if request.client else ""
    house.limiter.take("sign_in", address, a_second=10.0, burst=100.0)  # each try costs memory and 20 ms of a core
    with house.database.write() as connection:
        device = find_device(connection, body.username, request.cookies.get(name_cookie(request, DEVICE_COOKIE)))
        attempts = list_attempts(body.username, address, is_known_device=device)
        require_pace(begin_attempts(connection, attempts))
    try:
        with house.database.read() as connection:
            stored = find_hash(connection, body.username)
            member = check_password(connection, body.username, body.password)
    except NotKnown:
        _record_failure(house, body.username)
        raise
    with house.database.write() as connection:
        require_hash(connection, member.username, stored)
        problem = _check_code(connection, member, body.code)
        if isinstance(problem, SecondFactorWrong):
            _note_failure(connection, house, body.username, step="code")
        forgive_attempts(connection, attempts, fully=problem is None)
        if problem is None:
            renew_hash(connection, member.username, body.password)
            end_session(connection, read_token(request))
            token = start_session(connection, member, device=name_device(request.headers.get("user-agent", "")))
            session = find_session(connection, token)
            proof = prove_device(connection, member.username, device or secrets.token_urlsafe(9))
            be_there(connection, house, session)
            record_act(connection, at=house.clock.stamp(), actor=f"staff:{member.username}", act="signed_in")
    if problem is not None or session is None:
        raise problem or SecondFactorNeeded()
    write_cookie(request, response, COOKIE, token)
    write_cookie(request, response, DEVICE_COOKIE, proof, max_age_s=DEVICE_S)
    return describe_session(house, session)


def _record_failure(house: House, username: str) -> None:
    """A try with a wrong name or password, in the log. A name that nobody has is not kept: it may be a password in the wrong field."""
    with house.database.write() as connection:
        _note_failure(connection, house, username if has_member(connection, username) else None, step="password")


def _note_failure(connection: Connection, house: House, username: str | None, *, step: str) -> None:
    record_act(
        connection,
        at=house.clock.stamp(),
        actor="nobody",
        act="sign_in_failed",
        object_id=username,
        detail={"step": step},
    )


def _check_code(
    connection: Connection, member: Member, code: str | None
) -> SecondFactorNeeded | SecondFactorWrong | None:
    """What is wrong with the second factor. Its failures are counted; those of the password are not forgotten by a right password alone."""
    if not has_second_factor(connection, member.username):
        return None
    if not (code or "").strip():
        return SecondFactorNeeded("Your password is right. Now enter the code that your phone shows.")
    attempts = [Attempt("code", member.username)]
    require_pace(begin_attempts(connection, attempts))
    if not take_code(connection, member.username, code or ""):
        return SecondFactorWrong("That code is wrong, has ended, or was used. Take the one that your phone shows now.")
    forgive_attempts(connection, attempts, fully=True)
    return None


def be_there(connection: Connection, house: House, session: Session | None) -> None:
    """Talks may come to who has just signed in, once their account is set up."""
    if session is not None and not list_owed(house, session):
        set_presence(connection, session.member.username, "available", now=house.clock.machine_seconds())


def describe_session(house: House, session: Session) -> dict[str, Any]:
    """Who is signed in, and what they have to do first."""
    member = session.member
    return {
        "username": member.username,
        "role": member.role,
        "name": member.name,
        "owes": list_owed(house, session),
    }


def name_device(agent: str) -> str:
    """A browser in two words, as its owner would know it: "Firefox, Linux"."""
    found = [next((name for mark, name in marks if mark in agent), "") for marks in (BROWSERS, SYSTEMS)]
    return ", ".join(word for word in found if word)


@router.get("/session")
def who_am_i(session: SignedInHere, house: HouseHere) -> dict[str, Any]:
    """Who is signed in."""
    return describe_session(house, session)


@router.delete("/session", status_code=204)
def sign_out(request: Request, response: Response, session: SignedInHere, house: HouseHere) -> None:
    """Sign out."""
    with house.database.write() as connection:
        end_session(connection, read_token(request))
        set_presence(connection, session.member.username, "off", now=house.clock.machine_seconds())
        record_act(connection, at=house.clock.stamp(), actor=f"staff:{session.member.username}", act="signed_out")
    response.delete_cookie(name_cookie(request, COOKIE), path="/")
