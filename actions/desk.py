"""What every action shares: the shop's data and its rankers. Opened at the first use, since the SDK imports every
module of this package and pickles actions to its workers, so that they may hold nothing themselves."""

from dataclasses import dataclass, replace
from functools import cache

from data.clock import ShopClock, read_shop_clock
from data.database import Database, open_database
from data.shop import Shop, read_shop
from data.texts import Entry, Texts, choose_texts, load_languages, load_other
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
    other: dict[str, Entry]
    languages: dict[str, Texts]

    def speak(self, lang: str | None) -> "Desk":
        """The desk in a conversation's language; in the shop's first where that is not spoken or not known."""
        texts = choose_texts(self.languages, lang)
        if texts is self.texts:
            return self
        return replace(self, texts=texts, recommender=self.recommender.speak(texts))


@cache
def get_desk() -> Desk:
    """The desk of this process."""
    settings = read_settings()
    shop = read_shop(settings.shop_file)
    database = open_database(settings.database_url, keys_url=settings.keys_url, key_file=settings.key_file)
    with database.read() as connection:
        clock = read_shop_clock(connection, shop.zone)
    languages = load_languages(settings.texts, shop.languages)
    texts = languages[shop.languages[0]]
    recommender = Recommender(settings.var / "models", shop, texts)
    return Desk(shop, database, clock, texts, recommender, load_other(settings.texts), languages)
