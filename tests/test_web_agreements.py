"""Levels, how often offers come unasked, receipts and notices over HTTP and in the chat; and two hands on one switch."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import func, select
from starlette.testclient import TestClient

from data.database import Database
from data.levels import LEVELS, PLAIN, USED
from data.notices import load_notices, publish_notices, tell_notice
from data.shop import Shop
from data.tables import audit, consent_events, consent_refusals, impressions
from data.texts import Texts
from tests.agreements import list_on, look, meet, meet_in, put_level
from tests.making import AT, make_imported_consent
from tests.serving import Guest, StandIn, make_settings, serve
from tests.small_shop import bearer, fetch_offers, is_refused, make_small_shop


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, shop: Shop) -> Iterator[tuple[TestClient, Database]]:
    folder, bot = tmp_path_factory.mktemp("agreements"), StandIn()
    database, _ = make_small_shop(folder, shop)
    with serve(make_settings(folder, bot_port=bot.port)) as client:
        yield client, database
    database.close()
    bot.close()


@pytest.fixture
def client(served: tuple[TestClient, Database]) -> TestClient:
    return served[0]


@pytest.fixture
def database(served: tuple[TestClient, Database]) -> Database:
    return served[1]


# --- levels -----------------------------------------------------------------------------------------------------------
def test_each_level_switches_exactly_what_it_said_it_would(client: TestClient, database: Database) -> None:
    meet(database, "steps")
    walk = [*LEVELS, *reversed(LEVELS), "everything", "off", "bought", "told", "everything", "bought"]
    for before, after in pairwise(["off", *walk]):
        told = look(client, "steps")
        assert told["level"] == before
        plan = next(one for one in told["levels"] if one["level"] == after)
        was = list_on(database, "steps")
        answer = put_level(client, "steps", after).json()
        assert (answer["switched_on"], answer["switched_off"], answer["level"]) == (plan["on"], plan["off"], after)
        assert list_on(database, "steps") == (was | set(plan["on"])) - set(plan["off"]) == set(USED[after])
        assert len(answer["before"]) == len(answer["after"]) == 5
        assert answer["note"]


def test_no_level_turns_on_sensitive_goods_or_the_fairness_check(client: TestClient, database: Database) -> None:
    meet(database, "careful")
    for level in LEVELS:
        put_level(client, "careful", level)
        assert list_on(database, "careful") <= PLAIN
    everything = next(one for one in look(client, "careful")["levels"] if one["level"] == "everything")
    assert everything["on"] == []


def test_more_leaves_what_was_turned_on_by_name_and_less_ends_it(client: TestClient, database: Database) -> None:
    meet(database, "wine", "sensitive_alcohol", "fairness", "purchases")
    assert look(client, "wine")["level"] is None
    put_level(client, "wine", "everything")
    assert list_on(database, "wine") == {*PLAIN, "sensitive_alcohol", "fairness"}
    put_level(client, "wine", "bought")
    assert {"sensitive_alcohol", "fairness"} <= list_on(database, "wine")
    put_level(client, "wine", "told")
    assert list_on(database, "wine") == {"preferences"}


def test_half_a_switch_is_no_level_and_is_made_whole(client: TestClient, database: Database) -> None:
    meet(database, "half")
    client.put("/api/me/consents/preferences", json={"granted": True, "purpose": "choose"}, headers=bearer("half"))
    told = look(client, "half")
    assert told["level"] is None
    assert next(one for one in told["levels"] if one["level"] == "told")["on"] == ["preferences"]
    assert put_level(client, "half", "told").json()["level"] == "told"


def test_the_same_level_again_changes_nothing_and_says_so(client: TestClient, database: Database) -> None:
    meet(database, "again", "preferences")
    answer = put_level(client, "again", "told").json()
    assert (answer["switched_on"], answer["switched_off"]) == ([], [])
    assert [o["offer_id"] for o in answer["before"]] == [o["offer_id"] for o in answer["after"]]
    told = next(one for one in look(client, "again")["levels"] if one["level"] == "told")
    assert "nothing would change" in told["text"]


@pytest.mark.parametrize("body", [{"level": "most"}, {"level": None}, {}, {"level": True}, []])
def test_an_unknown_level_is_refused(client: TestClient, body: Any) -> None:
    assert is_refused(client.put("/api/me/level", json=body, headers=bearer("c1")), 422, "bad_input")


def test_a_minor_may_switch_off_and_never_on(client: TestClient, database: Database) -> None:
    meet(database, "young", "purchases")
    assert is_refused(put_level(client, "young", "everything", minor=True), 403, "not_allowed")
    assert put_level(client, "young", "off", minor=True).json()["level"] == "off"
    guest = Guest(client)
    assert is_refused(client.put("/api/me/level", json={"level": "off"}, headers=guest.headers), 401, "not_known")


# --- the same in the chat -----------------------------------------------------------------------------------------------
def press(guest: Guest, message: dict[str, Any], part: str) -> dict[str, Any]:
    payload = next(button["payload"] for button in message["buttons"] if part in button["payload"])
    return guest.ask(payload=payload)[-1]


@pytest.fixture
def talk(tmp_path_factory: pytest.TempPathFactory, shop: Shop) -> Iterator[tuple[TestClient, Database, StandIn]]:
    folder, bot = tmp_path_factory.mktemp("talk"), StandIn()
    database, _ = make_small_shop(folder, shop)
    with serve(make_settings(folder, bot_port=bot.port)) as client:
        yield client, database, bot
    database.close()
    bot.close()


def script(bot: StandIn, press: str) -> None:
    """The bot reads a sentence as this deed."""
    bot.script = lambda _asked: [{"custom": {"kind": "consent", "press": press}}]


def test_one_sentence_leads_to_a_level_and_it_says_what_changes_before_it_acts(
    talk: tuple[TestClient, Database, StandIn],
) -> None:
    client, database, bot = talk
    meet(database, "chatty", "offers")
    guest = Guest(client, "chatty")
    script(bot, '/grant_consent{"category": "all"}')
    asked = guest.ask("you may use everything")[-1]
    assert asked["kind"] == "consent"
    for words in ("what you bought", "what you told us", "what you looked at"):
        assert words in asked["text"]
    assert "offers you saw" not in asked["text"]
    assert list_on(database, "chatty") == {"offers"}
    assert [button["payload"].split("{")[0] for button in asked["buttons"]] == ["/set_level", "/continue_with_bot"]
    done = press(guest, asked, "set_level")
    assert "Everything, from now on" in done["text"]
    assert list_on(database, "chatty") == set(PLAIN)
    which = press(guest, done, "ask_level")
    assert [button["title"] for button in which["buttons"]] == [
        "Off",
        "Only what I tell you",
        "What I bought",
        "Everything",
    ]
    less = press(guest, which, '"told"')
    assert "This turns off: what you bought, offers you saw or used" in less["text"]
    press(guest, less, "set_level")
    assert list_on(database, "chatty") == {"preferences"}
    same = press(guest, which, '"told"')
    assert "how it is already" in same["text"]
    with database.read() as connection:
        sources = connection.execute(select(consent_events.c.source).where(consent_events.c.lang == "en").distinct())
        assert "chat" in set(sources.scalars())


def test_a_level_needs_a_customer(talk: tuple[TestClient, Database, StandIn]) -> None:
    client, _, bot = talk
    script(bot, '/ask_level{"level": "everything"}')
    assert "not signed in" in Guest(client).ask("use everything")[-1]["text"]
    script(bot, '/set_level{"level": "most"}')
    assert len(Guest(client, "c2").ask("use most")[-1]["buttons"]) == len(LEVELS)


# --- how often offers come unasked ----------------------------------------------------------------------------------------
def decline(guest: Guest, bot: StandIn) -> dict[str, Any]:
    script(bot, '/decline_consent{"category": "purchases"}')
    return guest.ask("no")[-1]


def test_offers_come_unasked_as_often_as_the_customer_set_it(talk: tuple[TestClient, Database, StandIn]) -> None:
    client, database, bot = talk

    def count(name: str, frequency: str | None, *visits: int) -> list[bool]:
        meet(database, name)
        if frequency:
            body = {"frequency": frequency}
            assert client.put("/api/me/frequency", json=body, headers=bearer(name)).json()["changed"] is (
                frequency != "visit"
            )
        assert look(client, name)["frequency"] == (frequency or "visit")
        return [
            bool(decline(guest, bot)["offers"])
            for times in visits
            for guest in [Guest(client, name)]
            for _ in range(times)
        ]

    assert count("usual", None, 2, 2) == [True, False, True, False]
    assert count("never", "never", 2, 1) == [False, False, False]
    assert count("visit", "visit", 2, 1) == [True, False, True]
    assert count("day", "day", 2, 1) == [True, False, False]
    assert count("always", "always", 2, 1) == [True, True, True]
    with database.read() as connection:
        shown = select(impressions.c.slot).where(impressions.c.channel == "chat").distinct()
        assert set(connection.execute(shown).scalars()) == {"unasked"}
        assert connection.execute(select(func.count()).select_from(consent_refusals)).scalar_one() == 16


def test_what_is_asked_for_comes_whatever_the_frequency(client: TestClient, database: Database) -> None:
    meet(database, "quiet")
    client.put("/api/me/frequency", json={"frequency": "never"}, headers=bearer("quiet"))
    assert len(fetch_offers(client, "quiet")) == 5
    with database.read() as connection:
        acts = connection.execute(select(audit.c.detail).where(audit.c.act == "frequency_set")).scalars().all()
    assert {"frequency": "never"} in acts


@pytest.mark.parametrize("body", [{"frequency": "hourly"}, {}, {"frequency": 1}])
def test_an_unknown_frequency_is_refused(client: TestClient, body: Any) -> None:
    assert is_refused(client.put("/api/me/frequency", json=body, headers=bearer("c1")), 422, "bad_input")


# --- notices and receipts ------------------------------------------------------------------------------------------------
def test_a_category_tells_its_notice_and_whether_a_yes_must_be_given_again(
    client: TestClient, database: Database, shop: Shop, texts: Texts
) -> None:
    with database.write() as connection:
        make_imported_consent(connection, meet_in(connection, "reader"), "purchases", notice_version="old")

    def read() -> tuple[bool, bool, str]:
        told = look(client, "reader")["categories"][0]
        assert told["notice"] == {"version": "1", "text": tell_notice(texts, shop, "purchases", 1)}
        return told["granted"], told["again"], told["notice_version"]

    assert read() == (True, False, "old")
    with database.write() as connection:
        publish_notices(connection, load_notices(), {"en": texts}, outgrown=("old",), at=AT)
    assert read() == (False, True, "old")
    client.put("/api/me/consents/purchases", json={"granted": True}, headers=bearer("reader"))
    assert read() == (True, False, "1")


def test_receipts_are_handed_out_kept_and_verified_and_a_changed_one_is_not(
    client: TestClient, database: Database
) -> None:
    meet(database, "proof")
    headers = bearer("proof")
    assert client.get("/api/me/receipts", headers=headers).json() == {"receipts": []}
    client.put("/api/me/consents/offers", json={"granted": True}, headers=headers)
    put_level(client, "proof", "off")
    first = client.get("/api/me/receipts", headers=headers)
    assert client.get("/api/me/receipts", headers=headers).content == first.content
    receipts = first.json()["receipts"]
    assert [one["dpv:hasRecordOfActivity"]["dpv:hasConsentStatus"]["@type"] for one in receipts] == [
        "dpv:ConsentGiven",
        "dpv:ConsentWithdrawn",
    ]
    assert client.get("/api/receipts/key").json()["kid"] == receipts[0]["proof"]["kid"]
    for receipt, verdict in ((receipts[0], "valid"), (receipts[1] | {"@type": "x"}, "changed"), ({}, "no_receipt")):
        told = client.post("/api/receipts/verify", json={"receipt": receipt}).json()
        assert (told["valid"], told["verdict"]) == (verdict == "valid", verdict)
        assert told["why"].endswith(".")
    assert is_refused(client.post("/api/receipts/verify", json={}), 422, "bad_input")
    assert is_refused(client.get("/api/me/receipts"), 401, "not_known")
    assert is_refused(client.get("/api/me/receipts", headers=Guest(client).headers), 401, "not_known")
    held = client.get("/api/me/data", headers=headers).json()["groups"]
    assert next(group for group in held if group["name"] == "receipts")["rows"] == receipts
