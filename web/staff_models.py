"""The staff API's word on the models, for an owner: which version serves, what it falls short of, which one was refused and why."""

from typing import Any

from fastapi import APIRouter

from models.standing import read_standing
from web.conversations import HouseHere
from web.staff_session import StaffHere, require_owner

router = APIRouter(prefix="/staff/api")


@router.get("/models")
def get_models(member: StaffHere, house: HouseHere) -> dict[str, Any]:
    """What stands, as it was decided at training."""
    require_owner(member)
    standing = read_standing(house.settings.var / "models")
    return {
        "serving": standing.serving,
        "verdict": standing.verdict.describe() if standing.verdict else None,
        "refused": standing.refused.describe() if standing.refused else None,
    }
