"""What staff can change in a review: order lines that were not the customer's, and whether an offer is shown, to this customer or to anybody."""

from collections.abc import Callable
from typing import Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection

from data.catalogue import find_offer, find_type
from data.conversations import require_conversation
from data.errors import BadInput, NotAllowed
from data.orders import dispute_lines
from data.overrides import record_override
from data.reviews import Review, add_lines, require_open_review
from web.conversations import HouseHere
from web.effects import use_control
from web.house import House
from web.review_evidence import describe_evidence, find_disputed
from web.staff_session import StaffHere

router = APIRouter(prefix="/staff/api")


class DecisionIn(BaseModel):
    """A decision about an offer: the disputed one, unless another is named."""

    model_config = ConfigDict(strict=True)

    kind: Literal["never", "again"]
    whom: Literal["customer", "everybody"]
    why: str = Field(min_length=1, max_length=1000)
    offer_id: str | None = Field(default=None, min_length=1, max_length=200)


class LinesIn(BaseModel):
    """Order lines that the customer did not buy."""

    model_config = ConfigDict(strict=True)

    line_ids: list[int] = Field(min_length=1, max_length=1000)


@router.post("/reviews/{review_id}/decisions", status_code=201)
def decide(review_id: str, body: DecisionIn, member: StaffHere, house: HouseHere) -> dict[str, Any]:
    """Keep an offer away, or show it again. It acts on the very next slate, and every slate that it changes says so."""
    if body.whom == "everybody" and member.role == "agent":
        raise NotAllowed("What everybody is shown is decided by a supervisor or an owner. Ask one.")
    with house.database.read() as connection:
        review = require_open_review(connection, review_id)
        offer_id = _find_offer(connection, review, body)
    made: list[int] = []

    def act(connection: Connection) -> bool:
        require_open_review(connection, review_id)
        decision = record_override(
            connection,
            person_id=review.person_id if body.whom == "customer" else None,
            offer_id=offer_id,
            kind=body.kind,
            why=body.why,
            username=member.username,
            at=house.clock.stamp(),
            review_id=review_id,
        )
        made.append(decision.override_id)
        return True

    kind = "decision" if body.whom == "customer" else "decision_for_everybody"
    return _change(house, review, act, kind=kind) | {"decision_id": made[0]}


@router.post("/reviews/{review_id}/lines")
def correct_lines(review_id: str, body: LinesIn, member: StaffHere, house: HouseHere) -> dict[str, Any]:
    """Correct the data behind a reason: order lines of it count for nothing from now on. The review becomes a correction."""
    with house.database.read() as connection:
        review = require_open_review(connection, review_id)
        evidence = describe_evidence(connection, house, review)["evidence"]
    mine = {line["line_id"] for line in evidence if not line["disputed"]}
    strange = sorted(set(body.line_ids) - mine)
    if strange or review.person_id is None:
        raise BadInput(
            f"line_ids has {strange}; take those of the review's evidence that still count: {sorted(mine) or 'none'}.",
            field="line_ids",
        )
    person_id = review.person_id

    def act(connection: Connection) -> bool:
        require_open_review(connection, review_id)
        at = house.clock.stamp()
        lines = dispute_lines(connection, person_id, line_ids=body.line_ids, at=at)
        add_lines(connection, review, lines, at=at, actor=f"staff:{member.username}")
        return bool(lines)

    return _change(house, review, act, kind="correction_by_staff")


def _change(house: House, review: Review, act: Callable[[Connection], bool], *, kind: str) -> dict[str, Any]:
    """Act, and answer with the customer's five offers before and after; of a visitor's review, with everybody's."""
    with house.database.read() as connection:
        talk = require_conversation(connection, review.conversation_id) if review.conversation_id else None
    effect = use_control(house, act, kind=kind, person_id=review.person_id, minor=bool(talk and talk.minor))
    return {"before": effect.before, "after": effect.after, "changed": effect.changed}


def _find_offer(connection: Connection, review: Review, body: DecisionIn) -> str:
    """The offer that a decision is about. It must be one of the shop's, and somebody must be there to decide for."""
    if body.whom == "customer" and review.person_id is None:
        raise BadInput("whom is customer, but a visitor opened this review. Decide for everybody.", field="whom")
    if body.offer_id is None:
        shown = find_disputed(connection, review)
        if shown is None:
            raise BadInput("This review is about no offer. Send offer_id.", field="offer_id")
        return shown.offer_id
    if find_type(connection, body.offer_id) is None and find_offer(connection, body.offer_id) is None:
        raise BadInput(f"offer_id is {body.offer_id!r}; the shop has no such offer.", field="offer_id")
    return body.offer_id
