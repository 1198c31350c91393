"""The gateway as a value: `create_app(settings)` builds it, so that a test builds its own in three lines."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware
from starlette.staticfiles import StaticFiles

from data.shop import read_shop
from settings import Settings
from web import (
    conversations,
    demo,
    live,
    me,
    offers,
    operate,
    pages,
    staff,
    staff_models,
    staff_pictures,
    staff_reviews,
)
from web.errors import install_errors
from web.headers import Headers
from web.house import open_house
from web.turns import Turns
from web.typing import Typing

STATIC = Path(__file__).parent / "static"


def create_app(settings: Settings, *, secret: str | None) -> FastAPI:
    """Build the gateway. `secret` is the key with which the shop signs its customers' tokens."""

    @asynccontextmanager
    async def live_long(app: FastAPI) -> AsyncIterator[None]:
        house = open_house(settings, secret=secret)
        house.wakeups.attach()
        app.state.house, app.state.typing = house, Typing()
        app.state.turns = Turns(house, app.state.typing)
        await house.do(lambda: _warm_up(app))
        await app.state.turns.start()
        yield
        await app.state.turns.stop()
        await house.bot.close()
        house.database.close()

    app = FastAPI(title="Candor", docs_url=None, redoc_url=None, openapi_url=None, lifespan=live_long)
    install_errors(app)
    for part in (conversations, offers, me, staff, staff_reviews, staff_pictures, staff_models, live, operate, pages):
        app.include_router(part.router)
    if settings.demo:
        app.include_router(demo.router)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    if settings.shop_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(settings.shop_origins),
            allow_methods=["GET", "POST", "PUT"],
            allow_headers=["Authorization", "Content-Type"],
            expose_headers=["Retry-After"],
        )
    app.add_middleware(Headers, picture_origins=read_shop(settings.shop_file).picture_origins)
    return app


def _warm_up(app: FastAPI) -> None:
    house = app.state.house
    with house.database.read() as connection:
        house.recommender.warm_up(connection, today=house.clock.today())
