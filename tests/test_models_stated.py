"""Rules that rest on what the customer said or looked at: each has its consent, its rows, its reason and its control (P3, P4, P5, P9)."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from data.consent import fetch_consents
from data.customers import find_customer
from data.database import Database
from data.events import record_page_event
from data.impressions import Impression, Shown, record_slate
from data.preferences import set_preference
from data.ranking_rows import fetch_own_rows
from data.shop import Shop
from data.tables import page_events
from data.texts import Texts
from models.backtest import tell_certainty
from models.boundary import tell_change
from models.details import tell_meaning, tell_more
from models.dialogue import tell_what_if
from models.recommender import Recommender, Slate
from models.telling import tell_in_words
from tests.making import AT, TODAY, make_consent, make_person
from tests.small_shop import make_small_shop


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, shop: Shop, texts: Texts) -> Iterator[tuple[Database, Recommender]]:
    folder = tmp_path_factory.mktemp("stated")
    database, _ = make_small_shop(folder, shop)
    yield database, Recommender(folder / "models", shop, texts)
    database.close()


def find(database: Database, customer_id: str) -> int:
    with database.read() as connection:
        person = find_customer(connection, customer_id)
    assert person is not None
    return person.person_id


def choose(made: tuple[Database, Recommender], person_id: int, **more: Any) -> Slate:
    database, recommender = made
    with database.read() as connection:
        return recommender.choose(connection, person_id=person_id, today=TODAY, limit=5, **more)


def look(database: Database, person_id: int, type_id: str, *, days_ago: int = 0) -> None:
    with database.write() as connection:
        record_page_event(
            connection,
            person_id,
            kind="viewed",
            product_id=f"p-{type_id}",
            page="/goods",
            at=AT,
            day=TODAY - timedelta(days=days_ago),
        )


def agree(database: Database, person_id: int, category: str, *, granted: bool = True) -> None:
    with database.write() as connection:
        make_consent(connection, person_id, category, granted=granted)


def list_ids(slate: Slate) -> list[str]:
    return [shown.type_id for shown in slate.shown]


def record(database: Database, slate: Slate, person_id: int, type_id: str) -> Impression:
    with database.write() as connection:
        shown = record_slate(
            connection,
            slate.shown,
            person_id=person_id,
            slot="home",
            channel="page",
            consents=slate.consents,
            model_version=slate.model_version,
            variant=slate.variant,
            at=AT,
            shop_day=TODAY,
        )
    return next(one for one in shown if one.type_id == type_id)


def look_at_the_last(made: tuple[Database, Recommender], customer_id: str) -> tuple[int, str, Slate, Shown]:
    """A customer agrees to browsing and looks at what would come last of all."""
    database, _ = made
    person_id = find(database, customer_id)
    agree(database, person_id, "browsing")
    last = choose(made, person_id).order[-1]
    look(database, person_id, last)
    slate = choose(made, person_id)
    return person_id, last, slate, next(shown for shown in slate.shown if shown.type_id == last)


def test_what_was_looked_at_today_has_a_place_and_a_true_reason(made: tuple[Database, Recommender]) -> None:
    person_id, type_id, slate, shown = look_at_the_last(made, "c0")
    with made[0].read() as connection:
        events = connection.execute(
            select(page_events.c.event_id).where(page_events.c.person_id == person_id)
        ).scalars()
        rows = [{"table": "page_events", "id": event_id} for event_id in events]
    reason = shown.explanation["reasons"][0]
    assert (reason["reason_id"], reason["category"], reason["contribution"]) == ("looked", "browsing", 0.0)
    assert reason["text"] == f"You looked at {type_id.replace('type-', 'thing ')} today, 2 March."
    assert reason["evidence"]["rows"] == rows
    assert {fact["name"]: fact["value"] for fact in reason["evidence"]["facts"]} == {
        "looked_on": "2026-03-02",
        "looks": 1,
    }
    assert shown.offer["why"] == reason["text"]
    assert (shown.offer["label"], shown.offer["personalized"]) == ("browsing", True)
    assert "browsing" in shown.explanation["categories_used"]
    assert "browsing" not in shown.explanation["categories_unused"]
    parts = shown.explanation["base"] + sum(r["contribution"] for r in shown.explanation["reasons"])
    assert parts + shown.explanation["remainder"] == pytest.approx(shown.explanation["score"], abs=1e-9)
    others = [one for one in slate.shown if one.type_id != type_id]
    assert all("browsing" not in one.explanation["categories_used"] for one in others)


def test_it_takes_one_place_and_the_offer_leaves_with_the_look(made: tuple[Database, Recommender]) -> None:
    database, _ = made
    person_id = find(database, "c1")
    agree(database, person_id, "browsing")
    before = choose(made, person_id)
    for type_id in before.order[-3:]:
        look(database, person_id, type_id)
    after = choose(made, person_id)
    assert len(set(list_ids(after)) - set(list_ids(before))) == 1
    with database.read() as connection:
        own = fetch_own_rows(connection, person_id, fetch_consents(connection, person_id), before=TODAY)
    rows = frozenset(("page_events", event_id) for _, _, event_id in own.looks)
    assert len(rows) == 3
    assert list_ids(choose(made, person_id, leave_out=rows)) == list_ids(before)


def test_without_the_consent_no_look_is_read(made: tuple[Database, Recommender]) -> None:
    database, _ = made
    person_id, type_id, slate, _ = look_at_the_last(made, "c2")
    agree(database, person_id, "browsing", granted=False)
    with database.read() as connection:
        own = fetch_own_rows(connection, person_id, fetch_consents(connection, person_id), before=TODAY)
    assert own.looks == ()
    after = choose(made, person_id)
    assert type_id not in list_ids(after)
    assert "browsing" not in after.consents
    agree(database, person_id, "browsing")
    assert list_ids(choose(made, person_id)) == list_ids(slate)
    assert list_ids(choose(made, person_id, without=frozenset({"browsing"}))) == list_ids(after)
    assert list_ids(choose(made, person_id, minor=True)) == list_ids(choose(made, find(database, "c59")))


def test_yesterdays_look_counts_no_more(made: tuple[Database, Recommender]) -> None:
    database, _ = made
    person_id = find(database, "c3")
    agree(database, person_id, "browsing")
    before = choose(made, person_id)
    look(database, person_id, before.order[-1], days_ago=1)
    assert list_ids(choose(made, person_id)) == list_ids(before)


def test_nothing_turned_away_comes_back_by_a_look(made: tuple[Database, Recommender]) -> None:
    person_id, type_id, _, _ = look_at_the_last(made, "c4")
    for kind in ("dislike", "never_show"):
        with made[0].write() as connection:
            set_preference(connection, person_id, kind=kind, type_id=type_id, at=AT)
        assert type_id not in list_ids(choose(made, person_id))


def test_a_look_at_sensitive_goods_is_not_read_unless_they_were_turned_on(made: tuple[Database, Recommender]) -> None:
    database, _ = made
    person_id = find(database, "c5")
    agree(database, person_id, "browsing")
    before = choose(made, person_id)
    look(database, person_id, "wine")
    with database.read() as connection:
        own = fetch_own_rows(connection, person_id, fetch_consents(connection, person_id), before=TODAY)
    assert own.looks == ()
    assert list_ids(choose(made, person_id)) == list_ids(before)
    agree(database, person_id, "sensitive_alcohol")
    assert "wine" in list_ids(choose(made, person_id))


def test_with_browsing_alone_the_rest_stays_popular_and_is_said_to_be(made: tuple[Database, Recommender]) -> None:
    database, recommender = made
    with database.write() as connection:
        person_id = make_person(connection, "only-browses", agrees_to=("browsing",))
    nobody = choose(made, find(database, "c59"))
    look(database, person_id, nobody.order[-1])
    slate = choose(made, person_id)
    shown = slate.shown[-1]
    assert shown.type_id == nobody.order[-1]
    assert list_ids(slate)[:3] == list_ids(nobody)[:3]
    assert [one.personalized for one in slate.shown] == [False, False, False, False, True]
    assert shown.explanation["categories_used"] == ["browsing"]
    assert [reason["reason_id"] for reason in shown.explanation["reasons"]] == ["looked", "popular"]
    impression = record(database, slate, person_id, shown.type_id)
    told = tell_in_words(impression, recommender.texts, name_category=recommender.name_category)
    assert "Nothing about you" not in told
    assert "Used: what you looked at." in told
    meaning = tell_meaning(impression, recommender.texts, tested=None)
    assert (meaning["parts"], meaning["chance"]) == ([], None)
    assert "adds nothing to the score" in meaning["text"]


def test_every_answer_about_it_speaks_of_the_rule(made: tuple[Database, Recommender]) -> None:
    database, recommender = made
    person_id, type_id, slate, shown = look_at_the_last(made, "c6")
    impression = record(database, slate, person_id, type_id)
    title = shown.offer["title"]
    told = tell_in_words(impression, recommender.texts, name_category=recommender.name_category).split("\n")
    assert told[0] == f"You see “{title}” because we keep one place for something you looked at on the same day."
    assert told[1] == shown.explanation["reasons"][0]["text"]  # no weight: it has none
    assert told[-1].startswith("Used: what you bought, offers you saw or used and what you looked at.")
    with database.read() as connection:
        change = tell_change(connection, recommender, impression)
        without = tell_what_if(connection, recommender, impression, without="browsing")
        bought = tell_what_if(connection, recommender, impression, without="purchases")
        sure = tell_certainty(connection, recommender, impression)
        more = tell_more(connection, impression, recommender.texts)
    assert (change["reason_id"], change["days"], change["left_out"], change["leaves"]) == ("looked", 1, 1, True)
    assert "you looked at on 2 March did not count" in change["text"]
    assert "weeks" not in change["text"]
    assert without["place"] == without["new_place"]
    assert (without["left"], without["came"]) == (1, 1)
    assert "would not be among these five offers" in without["text"]
    assert "rule" not in bought["text"]
    assert sure["tested"] is None
    assert more["days"] == [TODAY.isoformat()]
    assert "looked" not in more["unnamed"]
    meaning = tell_meaning(impression, recommender.texts, tested=None)
    assert "looked" not in {part["reason_id"] for part in meaning["parts"]}
    assert meaning["text"].startswith("We keep one place for something you looked at")


def test_a_like_is_a_reason_of_its_own_too(made: tuple[Database, Recommender]) -> None:
    database, recommender = made
    person_id = find(database, "c7")
    agree(database, person_id, "preferences")
    type_id = choose(made, person_id).order[-1]
    with database.write() as connection:
        set_preference(connection, person_id, kind="like", type_id=type_id, at=AT)
    slate = choose(made, person_id)
    first = slate.shown[0]
    reason = first.explanation["reasons"][0]
    assert first.type_id == type_id
    assert (reason["reason_id"], reason["category"]) == ("like", "preferences")
    assert [row["table"] for row in reason["evidence"]["rows"]] == ["preferences"]
    assert first.explanation["categories_used"][-1] == "preferences"
    impression = record(database, slate, person_id, type_id)
    with database.read() as connection:
        change = tell_change(connection, recommender, impression)
    assert change["leaves"] is True
    assert "what you told us about" in change["text"]
    agree(database, person_id, "preferences", granted=False)
    assert type_id not in list_ids(choose(made, person_id))
