"""Consent in the chat as the bot's actions handle it: the question with its notice, and sentences that mean a level."""

from collections.abc import Iterator
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import cast

import pytest

from actions.desk import Desk
from actions.offers import ActionShowOffers
from actions.privacy import ActionGrantConsent, ActionShowConsents, ActionWithdrawConsent
from actions.talk import Answer, CandorAction, Talk
from data.clock import ShopClock
from data.consent import record_refusal
from data.conversations import open_conversation
from data.notices import load_notices, publish_notices, tell_notice
from data.shop import Shop
from data.texts import Texts
from models.recommender import Recommender
from tests.making import AT, TODAY, make_consent, make_imported_consent, make_person
from tests.small_shop import make_small_shop

NOON = datetime(TODAY.year, TODAY.month, TODAY.day, 17, tzinfo=UTC)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, shop: Shop, texts: Texts) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("actions")
    database, _ = make_small_shop(folder, shop)
    parts = SimpleNamespace(
        shop=shop,
        texts=texts,
        database=database,
        recommender=Recommender(folder / "models", shop, texts),
        clock=ShopClock(shop.zone, machine=lambda: NOON),
    )
    yield cast(Desk, parts)
    database.close()


def meet(desk: Desk, name: str) -> int:
    with desk.database.write() as connection:
        return make_person(connection, name)


def hear(desk: Desk, action: CandorAction, person_id: int | None, text: str = "", *categories: str) -> list[Answer]:
    with desk.database.write() as connection:
        conversation = open_conversation(
            connection, person_id=person_id, locale="en", minor=False, page_offers=[], at=AT
        )
    named = [{"entity": "category", "value": one} for one in categories]
    return action.answer(Talk(desk, conversation, person_id, text, "", named))


def test_the_question_is_the_notice_and_no_is_as_near_as_yes(desk: Desk, shop: Shop, texts: Texts) -> None:
    _, question = hear(desk, ActionShowOffers(), meet(desk, "new"))
    assert question.text.startswith(tell_notice(texts, shop, "purchases", 1))
    assert "You said yes to this before" not in question.text
    assert [button["payload"].split("{")[0] for button in question.buttons] == ["/grant_consent", "/decline_consent"]


def test_nobody_who_said_no_or_yes_is_asked(desk: Desk) -> None:
    no, yes = meet(desk, "no"), meet(desk, "yes")
    with desk.database.write() as connection:
        record_refusal(connection, no, "purchases", at=AT)
        make_consent(connection, yes, "purchases", granted=True)
    for one in (no, yes, None):
        assert len(hear(desk, ActionShowOffers(), one)) == 1


def test_a_yes_that_no_longer_counts_is_asked_for_again_and_says_why(desk: Desk, texts: Texts) -> None:
    person_id = meet(desk, "before")
    with desk.database.write() as connection:
        make_imported_consent(connection, person_id, "purchases", notice_version="old")
    assert len(hear(desk, ActionShowOffers(), person_id)) == 1
    with desk.database.write() as connection:
        publish_notices(connection, load_notices(), {"en": texts}, outgrown=("old",), at=AT)
    _, question = hear(desk, ActionShowOffers(), person_id)
    assert "You said yes to this before" in question.text


@pytest.mark.parametrize(
    ("text", "category", "pressed"),
    [
        ("only use what I tell you", "preferences", '/ask_level{"level":"told"}'),
        ("use nothing but my purchases", "purchases", '/ask_level{"level":"bought"}'),
        ("use only what I looked at", "browsing", '/grant_consent{"category":"browsing"}'),
        ("use what I tell you", "preferences", '/grant_consent{"category":"preferences"}'),
    ],
)
def test_a_sentence_that_means_a_level_is_asked_as_one(desk: Desk, text: str, category: str, pressed: str) -> None:
    (answer,) = hear(desk, ActionGrantConsent(), meet(desk, "says"), text, category)
    assert answer.custom["press"] == pressed


def test_stopping_is_never_turned_into_a_question(desk: Desk) -> None:
    (answer,) = hear(desk, ActionWithdrawConsent(), meet(desk, "stops"), "only stop my purchases", "purchases")
    assert answer.custom["press"] == '/withdraw_consent{"category":"purchases"}'


def test_what_is_on_ends_with_the_way_to_the_levels(desk: Desk) -> None:
    (answer,) = hear(desk, ActionShowConsents(), meet(desk, "looks"))
    assert answer.buttons[-1]["payload"] == "/ask_level"
