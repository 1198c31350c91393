"""Who of the staff calls, and the checks on a call that changes something.

By cookie: HttpOnly, SameSite=Strict. Over HTTPS it is Secure and named with `__Host-`, so that no other host of the shop's domain can plant
one. A changing call is refused when Origin or Sec-Fetch-Site says that another site sent it; a client that sends neither is no browser and
passes on its cookie. Another system comes with a key in `Authorization: Bearer ck_…`, and then no cookie counts.

Two doors: `StaffHere` for the work, `SignedInHere` for what somebody does with their own account. Only the second is open to who has a
temporary password, or no second factor where the shop requires one; it is closed to keys.
"""

from collections.abc import AsyncIterator
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, Request, Response
from starlette.requests import HTTPConnection

from data.errors import NotAllowed, NotKnown, PasswordWrong, SetUpNeeded
from data.presence import touch_presence
from data.sign_in_pace import Attempt, begin_attempts, forgive_attempts
from data.staff import Member, check_password
from data.staff_keys import PREFIX, find_key_member, touch_key
from data.staff_sessions import Session, find_session, touch_session
from web.conversations import HouseHere
from web.errors import TooMany
from web.house import House
from web.wakeups import SESSIONS

COOKIE = "candor_staff"
DEVICE_COOKIE = "candor_staff_device"
DEVICE_S = 90 * 24 * 3600


def name_cookie(connection: HTTPConnection, name: str) -> str:
    """The cookie's name on this connection."""
    return f"__Host-{name}" if is_secure(connection) else name


def is_secure(connection: HTTPConnection) -> bool:
    return connection.url.scheme in ("https", "wss")


def read_token(connection: HTTPConnection) -> str:
    """The session's token, or nothing."""
    return connection.cookies.get(name_cookie(connection, COOKIE), "")


def write_cookie(request: Request, response: Response, name: str, value: str, *, max_age_s: int | None = None) -> None:
    """Set one of the two cookies."""
    response.set_cookie(
        name_cookie(request, name),
        value,
        max_age=max_age_s,
        httponly=True,
        samesite="strict",
        secure=is_secure(request),
        path="/",
    )


def find_signed_in(connection: HTTPConnection, house: House, *, is_use: bool = True) -> Session | None:
    """The session behind a request's cookie. `is_use`: it counts against the 15 idle minutes."""
    token = read_token(connection)
    if not token or read_key(connection) is not None:
        return None
    with house.database.read() as database:
        session = find_session(database, token)
    if session is not None and session.is_stale and is_use:
        with house.database.write() as database:
            touch_session(database, token)
            touch_presence(database, session.member.username, now=house.clock.machine_seconds())
    return session


def list_owed(house: House, session: Session) -> list[str]:
    """What the member has to do before anything else: `password`, `second_factor`. The demo has no second factor."""
    is_required = house.shop.second_factor_required and not house.settings.demo
    return [what for what in session.owes if what != "second_factor" or is_required]


def read_key(connection: HTTPConnection) -> str | None:
    """The key of another system, if the call comes with one; then no cookie counts."""
    scheme, _, token = connection.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token.strip().startswith(PREFIX) else None


def _find_by_key(house: House, key: str, *, is_use: bool) -> Member | None:
    with house.database.read() as database:
        found = find_key_member(database, key)
    if found is None:
        return None
    member, is_stale = found
    if is_stale and is_use:
        with house.database.write() as database:
            touch_key(database, key)
    return member


def find_member(connection: HTTPConnection, house: House, *, is_use: bool = True) -> Member | None:
    """The member of staff behind a request, by key or by cookie, if there is one who may work."""
    key = read_key(connection)
    if key is not None:
        return _find_by_key(house, key, is_use=is_use)
    session = find_signed_in(connection, house, is_use=is_use)
    return session.member if session is not None and not list_owed(house, session) else None


def require_same_site(connection: HTTPConnection) -> None:
    """Refuse what another site made a browser send."""
    site = connection.headers.get("sec-fetch-site")
    origin = connection.headers.get("origin")
    is_foreign = site is not None and site not in ("same-origin", "none")
    if origin is not None and urlsplit(origin).netloc != connection.headers.get("host"):
        is_foreign = True
    if is_foreign:
        raise NotAllowed("This call came from another site. Use the console itself.")


def check_site(request: Request) -> None:
    """`require_same_site` for calls that change something."""
    if request.method not in ("GET", "HEAD"):
        require_same_site(request)


def require_signed_in(request: Request, house: HouseHere) -> Session:
    """The session that calls; nobody signed in is 401."""
    check_site(request)
    session = find_signed_in(request, house)
    if session is None:
        raise NotKnown("Nobody is signed in. Sign in at /staff.")
    return session


def require_member(request: Request, house: HouseHere) -> Member:
    """The member of staff who calls; nobody signed in is 401, somebody who has yet to set up their account 403."""
    check_site(request)
    member = find_member(request, house)
    if member is not None:
        return member
    if read_key(request) is not None:
        raise NotKnown("This key is not known, was revoked, or its account is shut out. An owner can make another.")
    session = find_signed_in(request, house)
    if session is None:
        raise NotKnown("Nobody is signed in. Sign in at /staff.")
    owed = list_owed(house, session)
    raise SetUpNeeded("Set up your account first: choose a password, or a second factor, at /staff.", owes=owed)


SignedInHere = Annotated[Session, Depends(require_signed_in)]
StaffHere = Annotated[Member, Depends(require_member)]


async def tell_sessions(request: Request, house: HouseHere) -> AsyncIterator[None]:
    """For routes that may end a session or change its member: open consoles look whether theirs still holds."""
    yield
    if request.method != "GET":
        house.wakeups.ring(SESSIONS)


def require_owner(member: Member) -> None:
    """Refuse whoever does not answer for the shop."""
    if member.role != "owner":
        raise NotAllowed("This is for an owner. Ask one.")


def require_password(house: House, member: Member, password: str) -> None:
    """Ask for a signed-in member's password again: before what destroys, raises rights or changes how somebody gets in."""
    attempts = [Attempt("again", member.username)]
    with house.database.write() as connection:
        require_pace(begin_attempts(connection, attempts))
    try:
        with house.database.read() as connection:
            check_password(connection, member.username, password)
    except NotKnown as error:
        raise PasswordWrong("That is not your password. Nothing was changed.") from error
    with house.database.write() as connection:
        forgive_attempts(connection, attempts, fully=True)


def require_pace(wait_s: float) -> None:
    """Refuse a try that came too soon."""
    if wait_s > 0:
        seconds = int(wait_s) + 1
        raise TooMany(f"Too many tries that failed. Wait {seconds} s, then try again.", retry_after_s=seconds)
