"""Who is calling: the shop's signed token, or a conversation's own.

The shop signs its customer in with an HS256 JWT (`sub`, `exp` at most an hour ahead, optional `name`, `minor`). Wrong, expired and
unknown are the same 401.
"""

import time
from dataclasses import dataclass

import jwt
from sqlalchemy import Connection

from data.access import Access, access_conversation
from data.customers import Customer, apply_token, ensure_customer, find_customer
from data.errors import NotKnown
from web.house import House

LONGEST_S = 3600
LEEWAY_S = 5
LONGEST_ID = 200
LONGEST_NAME = 300  # of an imported customer too


@dataclass(frozen=True)
class SignedIn:
    """What a valid customer token says. `until` is its end, machine clock, unix seconds."""

    customer_id: str
    name: str | None
    minor: bool
    until: float


@dataclass(frozen=True)
class Caller:
    """Whoever calls `/api/me/*` and the like. `person_id` is None for a visitor; `access` is set when a conversation's token was used."""

    person_id: int | None
    minor: bool
    access: Access | None


def read_customer_token(token: str, secret: str) -> SignedIn:
    """Check a customer token; every fault is the same `NotKnown`."""
    try:
        claims = jwt.decode(token, secret, algorithms=["HS256"], options={"require": ["sub", "exp"]}, leeway=LEEWAY_S)
        until = float(claims["exp"])
        "".join(str(claim) for claim in claims.values()).encode()
    except (jwt.InvalidTokenError, ValueError, TypeError) as error:
        raise NotKnown() from error
    customer_id = claims["sub"]
    name = claims.get("name")
    name = name if isinstance(name, str) else None
    if (
        not isinstance(customer_id, str)
        or not 0 < len(customer_id) <= LONGEST_ID
        or len(name or "") > LONGEST_NAME
        or until > time.time() + LONGEST_S + LEEWAY_S
    ):
        raise NotKnown()
    return SignedIn(customer_id, name, claims.get("minor") is True, until)


def sign_customer_token(customer_id: str, secret: str, *, name: str | None = None, minor: bool = False) -> str:
    """A token as a shop would sign it; used by demo mode, mailed links and the tests."""
    claims: dict[str, object] = {"sub": customer_id, "exp": int(time.time()) + LONGEST_S}
    if name:
        claims["name"] = name
    if minor:
        claims["minor"] = True
    return jwt.encode(claims, secret, algorithm="HS256")


def read_bearer(header: str | None) -> str | None:
    """The token of an Authorization header, or None when there is none at all."""
    if header is None:
        return None
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise NotKnown()
    return token.strip()


def ensure_signed(connection: Connection, signed: SignedIn, *, at: str) -> Customer:
    """The customer whom the shop signed in, as it tells them."""
    return ensure_customer(connection, signed.customer_id, name=signed.name, minor=signed.minor, at=at)


def identify_caller(house: House, token: str) -> Caller:
    """The caller behind a customer's or a conversation's token. A customer whom the shop has not named before is new and empty."""
    if token.count(".") != 2:
        with house.database.read() as connection:
            access = access_conversation(connection, token)
        return Caller(access.person_id, access.conversation.minor, access)
    if house.secret is None:
        raise NotKnown()
    signed = read_customer_token(token, house.secret)
    with house.database.read() as connection:
        known = find_customer(connection, signed.customer_id)
    if known is None or apply_token(known, name=signed.name, minor=signed.minor) != known:
        with house.database.write() as connection:
            known = ensure_signed(connection, signed, at=house.clock.stamp())
    return Caller(known.person_id, signed.minor, None)


def require_person(caller: Caller) -> int:
    """The person who is signed in; a visitor's token, or one that no longer speaks for its customer, is `NotKnown`."""
    if caller.person_id is None:
        raise NotKnown("Nobody is signed in with this token. Sign in to the shop and call with the customer's token.")
    return caller.person_id
