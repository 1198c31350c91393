"""The pages, as HTML that reads without a script: the demo shop, common questions, the privacy centre, the staff console; and their words."""

from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, JSONResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from starlette.exceptions import HTTPException

from data.catalogue import count_types_by_category, fetch_goods, fetch_questions, find_question
from data.texts import load_texts
from models.wording import name_language, say_count, say_money, say_number
from web.conversations import HouseHere
from web.house import House, list_wanted
from web.how_it_works import tell_how_it_works
from web.speech import title_category
from web.staff_session import find_signed_in

router = APIRouter(include_in_schema=False)
FOLDER = Path(__file__).parent
MOST_AISLES = 10
BORROWED = (
    "notices.offline",
    "notices.online",
    "disclosure.band",
    "disclosure.author_bot",
    "disclosure.author_customer",
    "privacy.short_purchases",
    "privacy.short_offers",
    "privacy.short_preferences",
    "privacy.short_browsing",
    "privacy.short_fairness",
    "explanations.share_most",
    "explanations.share_good",
    "explanations.share_some",
    "explanations.share_little",
    "explanations.share_against",
)
READ = "en"
"""The language that the assistant reads (bot/)."""
SENT = ("starters", "ask_why", "ask_person", "ask_back", "ask_stop_waiting", "offer_ask")
"""What a click sends in the customer's name; the words go out in the language that is read, whatever stands on the button."""
_templates = Environment(
    loader=FileSystemLoader(FOLDER / "pages"),
    autoescape=select_autoescape(),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def _render(request: Request, house: House, name: str, **facts: Any) -> HTMLResponse:
    """A page. Its links keep a language that was chosen by `?lang=`; nothing is stored for that."""
    page = _templates.get_template(name)
    lang = house.texts.lang
    return HTMLResponse(
        page.render(
            t=house.texts.list_topic("pages"),
            lang=lang,
            kept=f"?lang={lang}" if "lang" in request.query_params else "",
            shops_own=next(iter(house.languages)),  # what the shop wrote: questions and their answers
            languages=[(one, name_language(one)) for one in house.languages],
            shop=house.shop,
            demo=house.settings.demo,
            **facts,
        ),
        headers={"Content-Language": lang, "Vary": "Accept-Language"},
    )


async def get_page_house(request: Request, house: HouseHere) -> House:
    """The house in the language that a page is asked for in."""
    return house.speak(*list_wanted(request))


PageHouse = Annotated[House, Depends(get_page_house)]


@router.get("/")
def show_shop(request: Request, house: PageHouse) -> HTMLResponse:
    """The demo shop; a shop of one's own has its own pages."""
    if not house.settings.demo:
        return _render(request, house, "own.html")
    with house.database.read() as connection:
        aisles = count_types_by_category(connection)
    page = _render(
        request,
        house,
        "shop.html",
        aisles=aisles[:MOST_AISLES],
        kinds=say_count(sum(kinds for _, kinds in aisles), house.texts.lang),
    )
    page.headers["Cross-Origin-Opener-Policy"] = (
        "same-origin-allow-popups"  # it opens the privacy centre and hands over its customer
    )
    return page


@router.get("/aisles/{category}")
def show_aisle(category: str, request: Request, house: PageHouse) -> HTMLResponse:
    """The demo shop's goods of an aisle; opening one is looking at it."""
    if not house.settings.demo:
        raise HTTPException(404)
    with house.database.read() as connection:
        goods = [
            {
                "kind": kind,
                "product_id": product.product_id,
                "title": product.title,
                "price": say_money(product.price_minor, house.shop.currency, house.texts.lang)
                if product.price_minor is not None
                else None,
            }
            for kind, product in fetch_goods(connection, category)
        ]
    if not goods:
        raise HTTPException(404)
    page = _render(request, house, "aisle.html", aisle=category, goods=goods)
    page.headers["Cross-Origin-Opener-Policy"] = "same-origin-allow-popups"
    return page


@router.get("/questions")
def show_questions(request: Request, house: PageHouse) -> HTMLResponse:
    """The shop's common questions, by title."""
    with house.database.read() as connection:
        questions = sorted(fetch_questions(connection), key=lambda one: one.title.casefold())
    return _render(request, house, "questions.html", question=None, questions=questions)


@router.get("/questions/{question_id}")
def show_question(question_id: str, request: Request, house: PageHouse) -> HTMLResponse:
    """A common question and the shop's answer: what the assistant names as its source."""
    with house.database.read() as connection:
        question = find_question(connection, question_id)
    if question is None:
        raise HTTPException(404)
    return _render(request, house, "questions.html", question=question, questions=[])


@router.get("/privacy")
def show_privacy(request: Request, house: PageHouse) -> HTMLResponse:
    """The privacy centre. It may keep its opener, so that a shop's page can hand over its customer's token by message."""
    origins, mails = " ".join(house.settings.shop_origins), house.settings.smtp_url is not None
    page = _render(request, house, "privacy.html", origins=origins, mails=mails)
    page.headers["Cross-Origin-Opener-Policy"] = "unsafe-none"
    return page


@router.get("/how-it-works")
def show_how_it_works(request: Request, house: PageHouse) -> HTMLResponse:
    """What the assistant is and does, from what is in force now. It reads without a script."""
    return _render(
        request,
        house,
        "how_it_works.html",
        told=tell_how_it_works(house),
        figure=lambda value: say_number(value, house.texts.lang),
    )


@router.get("/staff")
def show_staff(request: Request, house: HouseHere) -> HTMLResponse:
    """The staff console."""
    return _render(
        request, house, "staff.html", now=house.clock.stamp(), signed_in=find_signed_in(request, house) is not None
    )  # so that the console counts waiting times on the shop's clock


@router.get("/texts/{lang}.json")
def get_texts(lang: str, house: HouseHere) -> JSONResponse:
    """The words of the pages and the widget, in one language."""
    house = house.speak(lang)
    if lang.split("-")[0].lower() != house.texts.lang.split("-")[0].lower():
        raise HTTPException(404)
    words = house.texts.list_topic("pages") | {
        address.split(".")[1]: house.texts.entry(address).say[0] for address in BORROWED
    }
    read = house.languages[READ] if READ in house.languages else load_texts(house.settings.texts, READ)
    words |= {f"sent_{key}": read.entry(f"pages.{key}").say[0] for key in SENT}
    for category in house.shop.categories:
        words[f"category_{category}"] = title_category(house, category)
        words[f"in_words_{category}"] = house.recommender.name_category(category)
    shop = house.shop
    words |= {
        "shop_name": shop.name,
        "shop_contact": shop.contact,
        "shop_zone": shop.zone.key,
        "shop_currency": shop.currency,
    }
    return JSONResponse(words, headers={"Cache-Control": "no-cache", "Access-Control-Allow-Origin": "*"})
