"""What every action shares: the shop's data and its rankers. Opened at the first use, since the SDK imports every
module of this package and pickles actions to its workers, so that they may hold nothing themselves."""

from dataclasses import dataclass
from functools import cache

from data.clock import ShopClock, read_shop_clock
from data.database import Database
from data.shop import Shop, read_shop
from data.texts import Texts, load_texts
from models.recommender import Recommender
from settings import read_settings


@dataclass
class Desk:
    """The parts that actions work with."""

    shop: Shop
    database: Database
    clock: ShopClock
    texts: Texts
    recommender: Recommender


@cache
def get_desk() -> Desk:
    """The desk of this process."""
    settings = read_settings()
    shop = read_shop(settings.shop_file)
    database = Database(settings.database_url)
    with database.read() as connection:
        clock = read_shop_clock(connection, shop.zone)
    texts = load_texts(settings.texts, shop.languages[0])
    return Desk(shop, database, clock, texts, Recommender(settings.var / "models", shop, texts))
