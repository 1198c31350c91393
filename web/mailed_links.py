"""A link by mail, for customers who cannot sign in to the shop: `/api/requests/link` and `/api/requests/redeem` (docs/contract.md).

The answer and its time are the same whether or not the address is known: the work begins when the answer is on its way.
"""

from typing import Annotated, Any

from fastapi import APIRouter, BackgroundTasks, Request
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from data.audit import record_act
from data.customers import find_by_mail, find_person
from data.errors import BadInput, NotKnown
from data.mail_address import ADDRESS
from data.mail_links import LASTS_S, make_link, redeem_link
from data.outbox import write_letter
from web.conversations import HouseHere
from web.house import House
from web.identity import sign_customer_token
from web.offers import SpokenHere

router = APIRouter()
MOST_ACCOUNTS = 5  # of one address: a household
Address = Annotated[str, StringConstraints(strip_whitespace=True, pattern=f"^{ADDRESS.pattern}$")]


class LinkIn(BaseModel):
    """Where the link goes."""

    model_config = ConfigDict(strict=True)

    email: Address


class RedeemIn(BaseModel):
    """The link's token."""

    model_config = ConfigDict(strict=True)

    token: str = Field(min_length=1, max_length=200)


@router.post("/api/requests/link", status_code=202)
def ask_link(body: LinkIn, request: Request, later: BackgroundTasks, house: SpokenHere) -> dict[str, Any]:
    """Ask for a link to one's own data. What is said is the same for everybody."""
    if house.settings.smtp_url is None or house.secret is None:
        raise BadInput(f"This shop sends no links by mail. Write to {house.shop.contact}.", field="email")
    address = request.client.host if request.client else ""
    house.limiter.take("link", f"address {address}", a_second=0.1, burst=10.0)
    house.limiter.take("link", f"mail {body.email.casefold()}", a_second=1 / 300, burst=3.0)
    later.add_task(send_links, house, body.email)
    return {"message": house.texts.say("mail.link_on_its_way"), "minutes": round(LASTS_S / 60)}


def send_links(house: House, email: str) -> None:
    """A letter with a link for each customer with this address; for a stranger's, nothing."""
    now, at = house.clock.machine_seconds(), house.clock.stamp()
    with house.database.write() as connection:
        for customer in find_by_mail(connection, email)[:MOST_ACCOUNTS]:
            token = make_link(connection, customer.person_id, now=now)
            facts: dict[str, Any] = {
                "shop": house.shop.name,
                "customer_id": customer.customer_id,
                "link": f"{house.settings.public_url}/privacy#link={token}",
                "minutes": round(LASTS_S / 60),
            }
            write_letter(
                connection,
                person_id=customer.person_id,
                kind="link",
                to=customer.email or email,
                subject=house.texts.say("mail.link_subject", **facts),
                text=house.texts.say("mail.link_text", **facts),
                at=at,
                now=now,
                wanted_s=LASTS_S,
            )
            record_act(connection, at=at, actor="customer", act="link_mailed", person_id=customer.person_id)


@router.post("/api/requests/redeem")
def redeem(body: RedeemIn, request: Request, house: HouseHere) -> dict[str, str]:
    """A customer token for a link, once and in its time."""
    address = request.client.host if request.client else ""
    house.limiter.take("redeem", address, a_second=0.5, burst=20.0)
    if house.secret is None:
        raise NotKnown()
    with house.database.write() as connection:
        person_id = redeem_link(connection, body.token, now=house.clock.machine_seconds())
        customer = find_person(connection, person_id)
        if customer is None:
            raise NotKnown()
        record_act(connection, at=house.clock.stamp(), actor="customer", act="link_redeemed", person_id=person_id)
    name, minor = customer.name, customer.minor  # as the shop itself last said
    return {"customer_token": sign_customer_token(customer.customer_id, house.secret, name=name, minor=minor)}
