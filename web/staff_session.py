"""The staff cookie, and the checks on a call that changes something.

HttpOnly, SameSite=Strict, Secure when the request came over HTTPS. A changing call is refused when Origin or Sec-Fetch-Site says
that another site sent it; a client that sends neither is no browser and passes on its cookie.
"""

from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, Request
from starlette.requests import HTTPConnection

from data.errors import NotAllowed, NotKnown
from data.staff import Member, find_session, touch_session
from web.conversations import HouseHere
from web.house import House

COOKIE = "candor_staff"


def find_member(connection: HTTPConnection, house: House) -> Member | None:
    """The member of staff behind a request's cookie, if there is one."""
    token = connection.cookies.get(COOKIE)
    if not token:
        return None
    with house.database.read() as database:
        found = find_session(database, token)
    if found is None:
        return None
    member, is_stale = found
    if is_stale:
        with house.database.write() as database:
            touch_session(database, token)
    return member


def require_same_site(connection: HTTPConnection) -> None:
    """Refuse what another site made a browser send."""
    site = connection.headers.get("sec-fetch-site")
    origin = connection.headers.get("origin")
    is_foreign = site is not None and site not in ("same-origin", "none")
    if origin is not None and urlsplit(origin).netloc != connection.headers.get("host"):
        is_foreign = True
    if is_foreign:
        raise NotAllowed("This call came from another site. Use the console itself.")


def require_member(request: Request, house: HouseHere) -> Member:
    """The member of staff who calls; nobody signed in is 401."""
    if request.method not in ("GET", "HEAD"):
        require_same_site(request)
    member = find_member(request, house)
    if member is None:
        raise NotKnown("Nobody is signed in. Sign in at /staff.")
    return member


StaffHere = Annotated[Member, Depends(require_member)]
