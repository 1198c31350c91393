"""A conversation is held in its language: each message, button, offer and reason, whoever says it (web/, actions/, models/)."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from actions.desk import Desk
from data.clock import read_shop_clock
from data.customers import find_customer
from data.database import Database
from data.shop import Shop
from data.tables import consent_events, disclosures
from data.texts import Texts, load_languages, load_other
from models.recommender import Recommender
from tests.serving import Agent, Guest, StandIn, make_settings, serve
from tests.small_shop import bearer, fetch_offers, make_small_shop
from tests.speaking import Finder, list_intents, make_script

TEXTS = Path(__file__).resolve().parent.parent / "texts"
LANGUAGES = ("de", "es")
CUSTOMERS = {"de": "c1", "es": "c2"}
"""Their tens: each language has customers of its own, so that none finds what another switched."""
LOCALES = {"de": "de-AT", "es": "es-MX"}
NOT_SPOKEN = {"speak_other_language"}
"""Answered in the language of the message, whatever that of the conversation: tests/test_bot_foreign.py."""


@pytest.fixture(scope="module")
def bot(texts: Texts) -> Iterator[StandIn]:
    stand_in = StandIn()
    stand_in.script = make_script(texts)
    yield stand_in
    stand_in.close()


@pytest.fixture(scope="module")
def small(bot: StandIn, tmp_path_factory: pytest.TempPathFactory, shop: Shop) -> Iterator[tuple[TestClient, Database]]:
    folder = tmp_path_factory.mktemp("languages")
    database, _ = make_small_shop(folder, shop)
    languages = load_languages(TEXTS, shop.languages)
    recommender = Recommender(folder / "models", shop, languages["en"])
    with database.read() as connection:
        clock = read_shop_clock(connection, shop.zone)
    desk = Desk(shop, database, clock, languages["en"], recommender, load_other(TEXTS), languages)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("actions.talk.get_desk", lambda: desk)
        with serve(make_settings(folder, bot_port=bot.port)) as client:
            yield client, database
    database.close()


@pytest.fixture
def client(small: tuple[TestClient, Database]) -> TestClient:
    return small[0]


@pytest.fixture(scope="module", params=LANGUAGES)
def lang(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def finder(lang: str, texts: Texts, shop: Shop) -> Finder:
    return Finder(texts, load_languages(TEXTS, shop.languages)[lang])


def list_wrong(finder: Finder, lang: str, messages: list[dict[str, Any]]) -> list[Any]:
    """What is not in the language, of all that bot and system said."""
    said = [message for message in messages if message["author"] in ("bot", "system")]
    assert said
    other = [(message["lang"], message["text"]) for message in said if message["lang"] != lang]
    return other + [(wrong, message["text"]) for message in said for wrong in finder.find_wrong(message)]


def find_payload(messages: list[dict[str, Any]], name: str) -> str:
    """The newest button or control of a name."""
    for message in reversed(messages):
        told = message.get("explanation") or {"reasons": []}
        for button in [*message["buttons"], *(c for reason in told["reasons"] for c in reason["controls"])]:
            if button["payload"].startswith(f"/{name}"):
                return str(button["payload"])
    raise AssertionError(f"no button {name}")


def test_the_finder_bites(finder: Finder, texts: Texts) -> None:
    message: dict[str, Any] = {"text": texts.say("disclosure.first"), "author_name": None, "offers": [], "buttons": []}
    assert finder.find_wrong(message)
    assert finder.find_wrong(message | {"text": f"1. {texts.say('reasons.habit_never', type='tea', weeks=8)}"})
    assert finder.find_wrong(message | {"text": "Tee", "buttons": [{"title": "Talk to a person", "payload": "/"}]})
    assert not finder.find_wrong(message | {"text": "Tee"})


def test_a_conversation_from_disclosure_to_consent_and_handoff(client: TestClient, finder: Finder, lang: str) -> None:
    """The person's own words stay as they are written; all else is in the language."""
    guest, agent = Guest(client, f"{CUSTOMERS[lang]}1", locale=LOCALES[lang]), Agent(client)
    guest.ask("ask_offers")
    guest.ask("ask_why_offer")
    stop = find_payload(guest.read()["messages"], "stop_using")
    guest.ask(payload=stop)
    guest.ask(payload=find_payload(guest.read()["messages"], "grant_consent"))
    guest.ask(payload=find_payload(guest.read()["messages"], "ask_consents"))
    guest.ask(payload="/request_human")
    handoff_id = agent.find_waiting(guest.id)
    for path, body in (("claim", {}), ("transfer", {"to": "alex"})):
        assert agent.call("POST", f"/staff/api/handoffs/{handoff_id}/{path}", body).status_code == 200
    other = Agent(client, "alex")
    other.say(guest.id, "Hello, this is Alex")
    guest.ask(payload=stop)
    for path, body in (("release", {"to": "queue"}), ("claim", {}), ("release", {"to": "bot"})):
        assert other.call("POST", f"/staff/api/handoffs/{handoff_id}/{path}", body).status_code == 200
    messages = guest.read()["messages"]
    assert {"disclosure", "offers", "explanation", "consent", "handoff", "notice"} <= {m["kind"] for m in messages}
    assert any(m["explanation"]["reasons"] for m in messages if m.get("explanation"))
    assert list_wrong(finder, lang, messages) == []
    assert {m["lang"] for m in messages if m["author"] == "human"} == {lang}


def test_a_closed_conversation_opens_again_in_its_language(client: TestClient, finder: Finder, lang: str) -> None:
    guest, agent = Guest(client, locale=lang), Agent(client)
    guest.ask(payload="/request_human")
    handoff_id = agent.find_waiting(guest.id)
    agent.call("POST", f"/staff/api/handoffs/{handoff_id}/claim", {})
    agent.call("POST", f"/staff/api/handoffs/{handoff_id}/release", {"to": "closed"})
    guest.ask("greet")
    messages = guest.read()["messages"]
    assert [m["kind"] for m in messages].count("disclosure") == 2
    assert list_wrong(finder, lang, messages) == []


@pytest.mark.parametrize("customer_id", ["c2", None])
def test_whatever_is_asked_is_answered_in_the_language(
    client: TestClient, finder: Finder, lang: str, customer_id: str | None
) -> None:
    """Each intent of the bot, after an offer and its reasons, signed in and not."""
    guest = Guest(client, customer_id, locale=LOCALES[lang])
    guest.ask("ask_offers")
    guest.ask("ask_why_offer")
    for intent in list_intents():
        if intent not in NOT_SPOKEN:
            guest.ask(intent)
    messages = guest.read()["messages"]
    assert list_wrong(finder, lang, messages) == []
    assert len({m["kind"] for m in messages}) > 10


def test_a_failure_is_told_in_the_language(
    bot: StandIn, client: TestClient, finder: Finder, lang: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of an action, and of the gateway itself."""
    guest = Guest(client, locale=lang)
    with monkeypatch.context() as patch:
        patch.setattr("actions.offers.ActionShowOffers.answer", lambda *_: 1 / 0)
        assert guest.ask("ask_offers")[0]["kind"] == "notice"
    with monkeypatch.context() as patch:
        patch.setattr("web.turns.ask_fully", lambda *_: 1 / 0)
        assert guest.ask("greet")[0]["author"] == "system"
    assert list_wrong(finder, lang, guest.read()["messages"]) == []


def test_what_rasa_says_keeps_its_wording_and_its_buttons(
    client: TestClient, texts: Texts, shop: Shop, lang: str
) -> None:
    own = load_languages(TEXTS, shop.languages)[lang]
    heard = Guest(client, locale=lang).ask("greet")[0]
    assert heard["text"] in own.entry("smalltalk.greet").say
    asked = Guest(client, locale=lang).ask("ask_if_bot")[0]
    assert asked["buttons"] == own.buttons("disclosure.asked_if_human")


def test_records_carry_the_language_and_wording_that_were_said(
    small: tuple[TestClient, Database], shop: Shop, lang: str
) -> None:
    client, database = small
    own = load_languages(TEXTS, shop.languages)[lang]
    guest = Guest(client, f"{CUSTOMERS[lang]}3", locale=LOCALES[lang])
    guest.ask("ask_offers")
    guest.ask("ask_why_offer")
    guest.ask(payload=find_payload(guest.read()["messages"], "stop_using"))
    with database.read() as connection:
        said = connection.execute(select(disclosures).where(disclosures.c.conversation_id == guest.id)).one()
        person = find_customer(connection, f"{CUSTOMERS[lang]}3")
        assert person is not None
        events = connection.execute(
            select(consent_events.c.lang).where(consent_events.c.person_id == person.person_id)
        ).scalars()
        assert list(events)[-1] == lang
    assert (said.lang, said.text_version) == (lang, own.entry("disclosure.first").version)


def test_a_review_is_answered_in_the_language_of_its_conversation(
    client: TestClient, finder: Finder, lang: str
) -> None:
    guest, agent = Guest(client, f"{CUSTOMERS[lang]}4", locale=lang), Agent(client)
    guest.ask("ask_offers")
    guest.ask("ask_why_offer")
    guest.ask(payload=find_payload(guest.read()["messages"], "ask_review"))
    reviews = agent.call("GET", "/staff/api/reviews?state=open").json()["reviews"]
    review = next(one for one in reviews if one["conversation_id"] == guest.id)
    seq = guest.read()["last_seq"]
    answer = agent.call("POST", "/staff/api/reviews", {"review_id": review["review_id"], "decision": "Así es."})
    assert answer.status_code == 200, answer.text
    (told,) = guest.hear(seq)
    assert told["lang"] == lang
    assert finder.find_wrong(told) == []


@pytest.mark.parametrize(
    ("body", "accepts", "spoken"),
    [
        ({}, None, "en"),
        ({}, "fr-CH, fr;q=0.9, en;q=0.8, de;q=0.85, *;q=0.5", "de"),
        ({}, "es-AR", "es"),
        ({}, "de;q=0, es;q=0.1", "es"),
        ({}, "de;q=much, pt", "en"),
        ({"locale": "de-CH"}, "es", "de"),
        ({"locale": "fr"}, "de", "en"),
        ({"locale": "../de"}, None, "en"),
    ],
)
def test_a_conversation_opens_in_the_language_that_is_wanted(
    client: TestClient, body: dict[str, Any], accepts: str | None, spoken: str
) -> None:
    headers = {"Accept-Language": accepts} if accepts else {}
    opened = client.post("/api/conversations", json=body, headers=headers).json()
    assert opened["messages"][0]["lang"] == spoken


def test_offers_and_explanations_are_in_the_language_of_the_call(client: TestClient, finder: Finder, lang: str) -> None:
    headers = bearer("c5") | {"Accept-Language": lang}
    offers = client.get("/api/offers?limit=5", headers=headers).json()["offers"]
    said = [text for offer in offers for text in (offer["why"], offer["label_text"])]
    for path in ("explanation", "details", "meaning", "certainty", "what-if"):
        told = client.get(f"/api/impressions/{offers[0]['impression_id']}/{path}", headers=headers).json()
        said += [told["text"]] if "text" in told else [reason["text"] for reason in told["reasons"]]
    consents = client.get("/api/me/consents", headers=headers).json()["categories"]
    said += [one[part] for one in consents for part in ("title", "purpose") if not one["category"].startswith("sens")]
    said += [group["purpose"] for group in client.get("/api/me/data", headers=headers).json()["groups"]]
    assert [found for text in said if (found := finder.find_sentence(text))] == []
    assert len(said) > 30


def test_a_conversations_token_speaks_its_language_whatever_the_browser_wants(client: TestClient, lang: str) -> None:
    guest = Guest(client, "c6", locale=lang)
    told = client.get("/api/me/consents", headers=guest.headers | {"Accept-Language": "en"}).json()
    same = client.get("/api/me/consents", headers=bearer("c6") | {"Accept-Language": lang}).json()
    assert [one["title"] for one in told["categories"]] == [one["title"] for one in same["categories"]]


def test_english_stays_what_is_not_asked_otherwise(client: TestClient) -> None:
    assert {offer["label_text"] for offer in fetch_offers(client, "c7")} <= {
        "Chosen from what you bought",
        "Chosen from offers you used",
        "Something new",
        "Popular in the shop",
    }


def test_staff_see_the_language_beside_and_read_their_own(client: TestClient, lang: str) -> None:
    guest, agent = Guest(client, locale=LOCALES[lang]), Agent(client)
    guest.ask(payload="/request_human")
    waiting = agent.call("GET", "/staff/api/handoffs?state=waiting").json()["handoffs"]
    assert next(h["lang"] for h in waiting if h["conversation_id"] == guest.id) == LOCALES[lang]
    read = agent.client.get(
        f"/staff/api/conversations/{guest.id}",
        headers={"Cookie": f"candor_staff={agent.cookies['candor_staff']}", "Accept-Language": lang},
    ).json()
    assert next(m["lang"] for m in read["messages"] if m["author"] == "bot") == lang
    assert "What you bought" in [one["title"] for one in read["consents"]]


# --- pages ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("path", ["/", "/privacy", "/questions"])
@pytest.mark.parametrize("spoken", ["en", *LANGUAGES])
def test_a_page_says_its_language_and_offers_the_others(client: TestClient, path: str, spoken: str, shop: Shop) -> None:
    by_query = client.get(f"{path}?lang={spoken}", headers={"Accept-Language": "fr"})
    by_browser = client.get(path, headers={"Accept-Language": f"{LOCALES.get(spoken, 'en-GB')},en;q=0.1"})
    for page in (by_query, by_browser):
        assert f'<html lang="{spoken}">' in page.text
        assert page.headers["content-language"] == spoken
        assert "accept-language" in page.headers["vary"].lower()
        for other, name in (("en", "English"), ("de", "Deutsch"), ("es", "Español")):
            current = ' aria-current="true"' if other == spoken else ""
            assert f'<a href="?lang={other}" lang="{other}" hreflang="{other}"{current}>{name}</a>' in page.text
    title = load_languages(TEXTS, shop.languages)[spoken].say("pages.privacy_title")
    assert path != "/privacy" or f"<h1>{title}</h1>" in by_query.text
    assert path != "/" or f'data-lang="{spoken}"' in by_query.text


def test_links_keep_a_chosen_language_and_only_that(client: TestClient) -> None:
    assert 'href="/privacy?lang=de"' in client.get("/?lang=de").text
    assert 'href="/privacy"' in client.get("/", headers={"Accept-Language": "de"}).text
    assert 'href="/privacy?lang=en"' in client.get("/?lang=%22%3E").text


def test_the_console_stays_in_the_first_language(client: TestClient) -> None:
    page = client.get("/staff?lang=de", headers={"Accept-Language": "es"})
    assert '<html lang="en">' in page.text
    assert "Deutsch" not in page.text


def test_the_words_of_pages_come_in_each_language_and_what_they_send_in_english(client: TestClient, lang: str) -> None:
    words, english = client.get(f"/texts/{LOCALES[lang]}.json").json(), client.get("/texts/en.json").json()
    assert words.keys() == english.keys()
    assert words["starters"] != english["starters"]
    sent = {key for key in words if key.startswith("sent_")}
    assert len(sent) >= 5
    assert {key: words[key] for key in sent} == {key: english[key] for key in sent}
    assert client.get("/texts/fr.json").status_code == 404


def test_a_view_in_another_language_shares_what_it_holds(small: tuple[TestClient, Database]) -> None:
    """A year of rankers is loaded once, however many languages are spoken."""
    client, _ = small
    house: Any = client.app.state.house  # type: ignore[attr-defined]
    german = house.speak("de")
    assert german.texts.lang == german.recommender.texts.lang == "de"
    assert german.recommender._stock is house.recommender._stock
    assert (german.database, german.wakeups, german.limiter) == (house.database, house.wakeups, house.limiter)
    assert house.speak("en") is house.speak(None) is house
