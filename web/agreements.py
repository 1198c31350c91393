"""What was agreed to, on the wire: the level, how often offers may come unasked, receipts and their verification."""

from typing import Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict

from data.consent import fetch_ledger
from data.errors import NotAllowed
from data.frequency import Frequency, set_frequency
from data.levels import Level
from data.receipts import describe_key, verify_receipt
from web.controls import hand_receipts, reach_level
from web.conversations import HouseHere
from web.effects import tell_effect
from web.identity import require_person
from web.levels import describe_levels
from web.me import SomeCaller
from web.offers import SpokenHere
from web.privacy_signal import GPC

router = APIRouter()


class LevelIn(BaseModel):
    """How much may be used."""

    model_config = ConfigDict(strict=True)

    level: Level


@router.put("/api/me/level")
def put_level(body: LevelIn, house: SpokenHere, caller: SomeCaller, gpc: GPC = None) -> dict[str, Any]:
    """Bring the switches to a level; what each level would change is in `GET /api/me/consents`."""
    person_id = require_person(caller)
    if caller.minor and body.level != "off":
        raise NotAllowed(house.texts.say("privacy.minor"))
    effect, plan = reach_level(house, person_id, body.level, source="page", signal=gpc == "1", minor=caller.minor)
    with house.database.read() as connection:
        told = describe_levels(house, fetch_ledger(connection, person_id))
    return {
        "switched_on": plan.on,
        "switched_off": plan.off,
        "before": effect.before,
        "after": effect.after,
        "note": tell_effect(house, effect),
        **told,
    }


class FrequencyIn(BaseModel):
    """How often offers may come unasked."""

    model_config = ConfigDict(strict=True)

    frequency: Frequency


@router.put("/api/me/frequency")
def put_frequency(body: FrequencyIn, house: SpokenHere, caller: SomeCaller) -> dict[str, Any]:
    """Keep how often offers may come unasked in the chat."""
    person_id = require_person(caller)
    with house.database.write() as connection:
        changed = set_frequency(connection, person_id, body.frequency, at=house.clock.stamp())
    return {"frequency": body.frequency, "changed": changed}


@router.get("/api/me/receipts")
def get_receipts(house: SpokenHere, caller: SomeCaller) -> dict[str, Any]:
    """A receipt for each yes and each no, oldest first."""
    person_id = require_person(caller)
    with house.database.write() as connection:
        return {"receipts": hand_receipts(connection, house, person_id)}


@router.get("/api/receipts/key")
def get_key(house: HouseHere) -> dict[str, str]:
    """The public key that receipts are signed with."""
    return describe_key(house.database.vault.master)


class ReceiptIn(BaseModel):
    """Something that may be a receipt of ours."""

    model_config = ConfigDict(strict=True)

    receipt: Any


class Verified(BaseModel):
    """Whether it is, and why."""

    valid: bool
    verdict: Literal["valid", "changed", "no_receipt"]
    why: str


@router.post("/api/receipts/verify")
def post_receipt(body: ReceiptIn, house: SpokenHere) -> Verified:
    """Check a receipt, whoever shows it. Nothing is looked up: the signature says it all."""
    verdict = verify_receipt(body.receipt, master=house.database.vault.master)
    return Verified(valid=verdict == "valid", verdict=verdict, why=house.texts.say(f"privacy.receipt_{verdict}"))
