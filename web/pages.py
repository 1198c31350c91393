"""The pages, as HTML that reads without a script: the demo shop, the privacy centre, the staff console; and their words."""

from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, JSONResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from starlette.exceptions import HTTPException

from data.catalogue import count_types_by_category
from web.conversations import HouseHere
from web.house import House

router = APIRouter(include_in_schema=False)
FOLDER = Path(__file__).parent
MOST_AISLES = 10
_templates = Environment(
    loader=FileSystemLoader(FOLDER / "pages"), autoescape=select_autoescape(), undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)


def _render(house: House, name: str, **facts: Any) -> HTMLResponse:
    page = _templates.get_template(name)
    return HTMLResponse(page.render(t=house.texts.list_topic("pages"), lang=house.texts.lang, shop=house.shop, demo=house.settings.demo, **facts))


@router.get("/")
def show_shop(request: Request, house: HouseHere) -> HTMLResponse:
    """The demo shop; a shop of one's own has its own pages."""
    if not house.settings.demo:
        return _render(house, "own.html")
    with house.database.read() as connection:
        aisles = count_types_by_category(connection)
    return _render(house, "shop.html", aisles=aisles[:MOST_AISLES], kinds=sum(kinds for _, kinds in aisles))


@router.get("/privacy")
def show_privacy(house: HouseHere) -> HTMLResponse:
    """The privacy centre."""
    return _render(house, "privacy.html")


@router.get("/staff")
def show_staff(house: HouseHere) -> HTMLResponse:
    """The staff console."""
    return _render(house, "staff.html")


@router.get("/texts/{lang}.json")
def get_texts(lang: str, house: HouseHere) -> JSONResponse:
    """The words of the pages and the widget, in one language."""
    if lang != house.texts.lang:
        raise HTTPException(404)
    return JSONResponse(house.texts.list_topic("pages"), headers={"Cache-Control": "no-cache", "Access-Control-Allow-Origin": "*"})
