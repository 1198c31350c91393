"""What every route of the gateway shares: the shop's settings, its data, its bot. Opened once, closed once."""

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from concurrent import futures
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from fastapi import Request, WebSocket
from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool

from data.clock import ShopClock, read_shop_clock
from data.database import Database, open_database
from data.erasure import prepare_database
from data.notices import load_notices, publish_notices
from data.requests import finish_erasing
from data.shop import Shop, read_shop
from data.texts import Texts, choose_texts, load_languages
from models.recommender import Recommender
from settings import Settings
from web.bot import Bot
from web.limits import Limiter
from web.sightings import Sightings
from web.steps import Steps
from web.tails import Tails
from web.wakeups import Wakeups

Answer = TypeVar("Answer")
RESTS, REST_S = 500, 0.01


class UnderWay:
    """How much work is under way in threads, whatever became of who waits for it."""

    def __init__(self) -> None:
        self.number = 0
        self._lock = threading.Lock()

    def count(self, work: Callable[[], Answer]) -> Callable[[], Answer]:
        """The same work, counted from now until it ends."""
        self.add(1)

        def counted() -> Answer:
            try:
                return work()
            finally:
                self.add(-1)

        return counted

    def add(self, more: int) -> None:
        """More work, or less."""
        with self._lock:
            self.number += more


@dataclass
class House:
    """The gateway's shared parts."""

    settings: Settings
    shop: Shop
    database: Database
    clock: ShopClock
    languages: dict[str, Texts]
    texts: Texts
    recommender: Recommender
    bot: Bot
    secret: str | None
    wakeups: Wakeups = field(default_factory=Wakeups)
    limiter: Limiter = field(default_factory=Limiter)
    sightings: Sightings = field(default_factory=Sightings)
    tails: Tails = field(default_factory=Tails)
    under_way: UnderWay = field(default_factory=UnderWay)
    steps: Steps = field(default_factory=Steps)
    _written: deque[tuple[futures.Future[Any], asyncio.Future[Any]]] = field(default_factory=deque)

    def speak(self, *wanted: str | None) -> "House":
        """The house in the first of the wanted locales that it speaks, else in the shop's first language. All but the words is shared."""
        texts = choose_texts(self.languages, *wanted)
        if texts is self.texts:
            return self
        return replace(self, texts=texts, recommender=self.recommender.speak(texts))

    async def do(self, work: Callable[[], Answer]) -> Answer:
        """Run work that touches the database off the event loop. It goes on to its end when whoever waits for it is cancelled."""
        return await run_in_threadpool(self.under_way.count(work))

    async def write(self, work: Callable[[Connection], Answer]) -> Answer:
        """Short work in a writing transaction, off the event loop: the message path. Its answer comes once it is committed."""
        if not self.database.is_sqlite:
            return await self.do(lambda: self._write(work))
        self.under_way.add(1)
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self.database.write_together(work).add_done_callback(lambda written: self._bring_back(written, answer))
        return await answer

    def _bring_back(self, written: futures.Future[Answer], answer: asyncio.Future[Answer]) -> None:
        """From the writer's thread to the loop; what comes together wakes the loop once."""
        self.under_way.add(-1)
        self._written.append((written, answer))
        if len(self._written) == 1:
            answer.get_loop().call_soon_threadsafe(self._hand_out)

    def _hand_out(self) -> None:
        while self._written:
            written, answer = self._written.popleft()
            if answer.done():  # whoever waited for it has gone
                continue
            if error := written.exception():
                answer.set_exception(error)
            else:
                answer.set_result(written.result())

    def _write(self, work: Callable[[Connection], Answer]) -> Answer:
        with self.database.write() as connection:
            return work(connection)

    async def rest(self) -> None:
        """Until nothing that `do` began is under way any more; a few seconds at most."""
        for _ in range(RESTS):
            if not self.under_way.number:
                return
            await asyncio.sleep(REST_S)


def open_house(settings: Settings, *, secret: str | None) -> House:
    """Open the database, bring it up to date, load what the gateway needs."""
    shop = read_shop(settings.shop_file)
    database = open_database(settings.database_url, keys_url=settings.keys_url, key_file=settings.key_file)
    prepare_database(database, shop.zone)
    with database.read() as connection:
        clock = read_shop_clock(connection, shop.zone)
    with database.write() as connection:
        finish_erasing(connection, at=clock.stamp())
    languages = load_languages(settings.texts, shop.languages)
    with database.write() as connection:
        publish_notices(connection, load_notices(), languages, outgrown=shop.outgrown_notices, at=clock.stamp())
    texts = languages[shop.languages[0]]
    bot = Bot(
        settings.bot_url,
        timeout_s=shop.limits["bot_timeout_s"],
        reads_characters=int(shop.limits["bot_reads_characters"]),
        turns_a_sender=int(shop.limits["turns_a_sender"]),
    )
    recommender = Recommender(settings.var / "models", shop, texts)
    house = House(settings, shop, database, clock, languages, texts, recommender, bot, secret)
    database.tell_appended = house.tails.hear
    return house


async def get_house(request: Request) -> House:
    """The house of a request. A coroutine, since FastAPI would send a plain function to a thread."""
    house: House = request.app.state.house
    return house


def list_wanted(request: Request) -> list[str]:
    """The locales that a request wants, the best first: `?lang=`, then `Accept-Language` by its quality values (RFC 9110, 12.5.4)."""
    asked = request.query_params.get("lang")
    weighed = []
    for part in request.headers.get("accept-language", "").split(","):
        locale, _, quality = part.partition(";")
        try:
            weight = float(quality.strip().removeprefix("q=")) if quality else 1.0
        except ValueError:
            continue
        if weight > 0:
            weighed.append((weight, locale.strip()))
    accepted = [locale for _, locale in sorted(weighed, key=lambda one: -one[0])]
    return [locale for locale in (asked, *accepted) if locale and locale != "*"]


def get_socket_house(socket: WebSocket) -> House:
    """The house of a live connection."""
    house: House = socket.app.state.house
    return house
