"""The staff API's pictures: one offer's score, part by part. Drawn when asked for, outside of this process (`models/pictures.py`)."""

from fastapi import APIRouter, Response

from data.impressions import Impression
from models.pictures import draw_waterfall
from web.conversations import HouseHere
from web.errors import TooMany
from web.house import House
from web.staff import look_at_impression
from web.staff_session import StaffHere

router = APIRouter(prefix="/staff/api")
MOST_WAITING = 3  # a picture takes seconds of a whole core
SECONDS_EACH = 5


class Easel:
    """Few threads wait for pictures, since everything else needs them too; who comes after those is told when to come back."""

    def __init__(self) -> None:
        self._waiting = 0

    async def draw(self, house: House, impression: Impression) -> bytes:
        """The picture."""
        if self._waiting >= MOST_WAITING:
            raise TooMany(
                f"{self._waiting} pictures are being drawn already. Ask again in a few seconds.",
                retry_after_s=SECONDS_EACH * self._waiting,
            )
        self._waiting += 1
        try:
            return await house.do(
                lambda: draw_waterfall(impression, house.texts, cache=house.settings.var / "matplotlib")
            )
        finally:
            self._waiting -= 1


_easel = Easel()


@router.get("/impressions/{impression_id}/waterfall")
async def get_waterfall(impression_id: str, member: StaffHere, house: HouseHere) -> Response:
    """An SVG picture. A look at personal data is recorded."""
    impression = await house.do(lambda: look_at_impression(house, impression_id, member))
    return Response(await _easel.draw(house, impression), media_type="image/svg+xml")
