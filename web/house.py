"""What every route of the gateway shares: the shop's settings, its data, its bot. Opened once, closed once."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TypeVar

from fastapi import Request, WebSocket
from starlette.concurrency import run_in_threadpool

from data.clock import ShopClock, read_shop_clock
from data.database import Database
from data.shop import Shop, read_shop
from data.texts import Texts, choose_texts, load_languages
from models.recommender import Recommender
from settings import Settings
from web.bot import Bot
from web.limits import Limiter
from web.wakeups import Wakeups

Answer = TypeVar("Answer")


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

    def speak(self, *wanted: str | None) -> "House":
        """The house in the first of the wanted locales that it speaks, else in the shop's first language. All but the words is shared."""
        texts = choose_texts(self.languages, *wanted)
        if texts is self.texts:
            return self
        return replace(self, texts=texts, recommender=self.recommender.speak(texts))

    async def do(self, work: Callable[[], Answer]) -> Answer:
        """Run work that touches the database off the event loop."""
        return await run_in_threadpool(work)


def open_house(settings: Settings, *, secret: str | None) -> House:
    """Open the database, bring it up to date, load what the gateway needs."""
    shop = read_shop(settings.shop_file)
    database = Database(settings.database_url)
    database.migrate()
    with database.read() as connection:
        clock = read_shop_clock(connection, shop.zone)
    languages = load_languages(settings.texts, shop.languages)
    texts = languages[shop.languages[0]]
    bot = Bot(
        settings.bot_url,
        timeout_s=shop.limits["bot_timeout_s"],
        reads_characters=int(shop.limits["bot_reads_characters"]),
        turns_a_sender=int(shop.limits["turns_a_sender"]),
    )
    recommender = Recommender(settings.var / "models", shop, texts)
    return House(settings, shop, database, clock, languages, texts, recommender, bot, secret)


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
