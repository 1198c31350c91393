"""What every action shares: the shop's data, its rankers, its questions. Opened at the first use, since the SDK imports every
module of this package and pickles actions to its workers, so that they may hold nothing themselves."""

import threading
from dataclasses import dataclass, field
from functools import cache

from bot.language.retrieval import Retriever
from data.catalogue import Question, fetch_questions
from data.clock import ShopClock, read_shop_clock
from data.database import Database, read_fact
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
    _questions: tuple[int, Retriever, dict[str, Question]] | None = field(default=None, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def get_questions(self) -> tuple[Retriever, dict[str, Question]]:
        """The shop's questions, ready to be searched; read again after an import."""
        with self._lock, self.database.read() as connection:
            version = int(read_fact(connection, "data_version") or 0)
            if self._questions is None or self._questions[0] != version:
                found = fetch_questions(connection)
                retriever = Retriever(
                    [
                        {"question_id": q.question_id, "title": q.title, "wordings": q.wordings, "answer": q.answer}
                        for q in found
                    ]
                )
                self._questions = (version, retriever, {q.question_id: q for q in found})
            return self._questions[1], self._questions[2]


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
