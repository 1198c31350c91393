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
    agreements,
    conversations,
    demo,
    how_it_works,
    live,
    live_staff,
    mailed_links,
    me,
    offers,
    operate,
    pages,
    requests,
    staff,
    staff_accounts,
    staff_beside,
    staff_decisions,
    staff_floor,
    staff_keys,
    staff_me,
    staff_models,
    staff_oversight,
    staff_pictures,
    staff_replies,
    staff_requests,
    staff_reviews,
    staff_search,
    staff_signin,
    transcript,
)
from web.errors import install_errors
from web.headers import Headers
from web.house import open_house
from web.live_staff import Board
from web.post import make_post
from web.turns import Turns
from web.typing import Typing
from web.upkeep import Upkeep
from web.watch import make_watch

STATIC = Path(__file__).parent / "static"


def create_app(settings: Settings, *, secret: str | None) -> FastAPI:
    """Build the gateway. `secret` is the key with which the shop signs its customers' tokens."""

    @asynccontextmanager
    async def live_long(app: FastAPI) -> AsyncIterator[None]:
        house = open_house(settings, secret=secret)
        house.wakeups.attach()
        app.state.house, app.state.typing, app.state.board = house, Typing(), Board()
        app.state.turns = Turns(house, app.state.typing)
        await house.do(lambda: _warm_up(app))
        await app.state.turns.start()
        upkeep = Upkeep(house)
        watch = make_watch(house)
        await upkeep.start()
        await watch.start()
        post = make_post(house)
        await post.start()
        yield
        await post.stop()
        await watch.stop()
        await upkeep.stop()
        await app.state.turns.stop()
        await house.rest()
        await house.bot.close()
        house.database.close()

    app = FastAPI(title="Candor", docs_url=None, redoc_url=None, openapi_url=None, lifespan=live_long)
    install_errors(app)
    for part in (  # what is called for each message comes first: routes are tried in turn
        conversations,
        staff,
        transcript,
        offers,
        me,
        agreements,
        requests,
        mailed_links,
        staff_signin,
        staff_me,
        staff_accounts,
        staff_keys,
        staff_replies,
        staff_beside,
        staff_search,
        staff_reviews,
        staff_floor,
        staff_requests,
        staff_decisions,
        staff_pictures,
        staff_models,
        staff_oversight,
        live,
        live_staff,
        operate,
        how_it_works,
        pages,
    ):
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
            expose_headers=["Retry-After", "Content-Disposition"],
        )
    app.add_middleware(Headers, picture_origins=read_shop(settings.shop_file).picture_origins)
    return app


def _warm_up(app: FastAPI) -> None:
    house = app.state.house
    with house.database.read() as connection:
        house.recommender.warm_up(connection, today=house.clock.today())
