"""Demo mode (`CANDOR_DEMO=1`): signs anybody in as any customer, so it listens on loopback only and hides behind no proxy."""

from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

from data.consent import fetch_consents
from data.customers import find_customer
from web.conversations import HouseHere
from web.identity import LONGEST_ID, sign_customer_token
from web.operate import is_forwarded

router = APIRouter()
SHOWN_CUSTOMERS = ("1", "7", "22", "100", "208", "371", "745", "982", "1229", "1609", "1823", "2070", "2296", "2479")


class DemoIn(BaseModel):
    """Whom to be."""

    model_config = ConfigDict(strict=True)

    customer_id: str = Field(min_length=1, max_length=LONGEST_ID)


def _require_direct(request: Request) -> None:
    if is_forwarded(request):
        raise HTTPException(404)


@router.post("/demo/token")
def make_token(body: DemoIn, request: Request, house: HouseHere) -> dict[str, Any]:
    """A customer token as the shop would sign it."""
    _require_direct(request)
    with house.database.read() as connection:
        known = find_customer(connection, body.customer_id)
    name = known.name if known else None
    return {"customer_token": sign_customer_token(body.customer_id, house.secret or "", name=name), "name": name}


@router.get("/demo/customers")
def list_customers(request: Request, house: HouseHere) -> dict[str, Any]:
    """Some demo customers for the chooser of the demo page."""
    _require_direct(request)
    with house.database.read() as connection:
        known = [found for one in SHOWN_CUSTOMERS if (found := find_customer(connection, one)) is not None]
        told = [
            {
                "customer_id": customer.customer_id,
                "name": customer.name,
                "agreed_to": sorted(fetch_consents(connection, customer.person_id).choose),
            }
            for customer in known
        ]
    return {"customers": sorted(told, key=lambda customer: int(customer["customer_id"]))}
