"""The staff API's pictures: one offer's score, part by part. Drawn when asked for, outside of this process (`models/pictures.py`)."""

from fastapi import APIRouter, Response

from data.impressions import access_impression
from models.pictures import draw_waterfall
from web.conversations import HouseHere
from web.staff import record_look
from web.staff_session import StaffHere

router = APIRouter(prefix="/staff/api")


@router.get("/impressions/{impression_id}/waterfall")
def get_waterfall(impression_id: str, member: StaffHere, house: HouseHere) -> Response:
    """An SVG picture. A look at personal data is recorded."""
    with house.database.write() as connection:
        impression = access_impression(connection, impression_id, person_id=None, is_staff=True)
        if impression.person_id is not None:
            record_look(connection, house, impression.person_id, member, {"impression_id": impression_id, "read": True})
    picture = draw_waterfall(impression, house.texts, cache=house.settings.var / "matplotlib")
    return Response(picture, media_type="image/svg+xml")
