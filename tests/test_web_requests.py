"""Several requests in one message, never the same words twice running, tastes: the gateway's part, with a stand-in for Rasa."""

import time
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from starlette.testclient import TestClient

from data.conversations import fetch_newest
from data.customers import find_customer
from data.database import Database
from data.preferences import fetch_preferences
from data.shop import Shop
from data.texts import Texts
from tests.serving import Agent, Guest, StandIn, make_settings, serve
from tests.small_shop import bearer, make_small_shop
from web.deeds import parse_payload

Said = list[dict[str, Any]]


@pytest.fixture(scope="module")
def bot() -> Iterator[StandIn]:
    stand_in = StandIn()
    yield stand_in
    stand_in.close()


@pytest.fixture(scope="module")
def small(bot: StandIn, tmp_path_factory: pytest.TempPathFactory, shop: Shop) -> Iterator[tuple[TestClient, Database]]:
    folder = tmp_path_factory.mktemp("requests")
    database, _ = make_small_shop(folder, shop)
    with serve(make_settings(folder, bot_port=bot.port)) as client:
        yield client, database
    database.close()


@pytest.fixture
def client(small: tuple[TestClient, Database]) -> TestClient:
    return small[0]


def say(text: str, kind: str = "answer", **custom: Any) -> Said:
    return [{"text": text}, {"custom": {"kind": kind, **custom}}]


def split_in(*parts: tuple[str, dict[str, Any]]) -> Any:
    """A script: the whole message asks for its parts, a part is answered."""

    def script(asked: dict[str, Any]) -> Said:
        if "part" not in asked["metadata"]:
            return [entry for text, custom in parts for entry in say(text, ask=text, **custom)]
        return (
            say("", "handoff", press="/request_human")
            if "person" in asked["message"]
            else say(f"About {asked['message']}")
        )

    return script


def test_each_part_is_asked_and_answered_in_turn_and_the_person_comes_last(bot: StandIn, client: TestClient) -> None:
    about = [{"entity": "product_type", "value": "t1"}]
    bot.script = split_in(("the price", {}), ("the stock of it", {"about": about}), ("a person", {}))
    guest = Guest(client)
    bot.heard.clear()
    heard = guest.ask("the price, the stock of it and a person")
    assert [m["text"] for m in heard[:2]] == ["About the price", "About the stock of it"]
    assert [m["kind"] for m in heard] == ["answer", "answer", "handoff"]
    assert [asked["metadata"].get("part") for asked in bot.heard] == [
        None,
        {"about": []},
        {"about": about},
        {"about": []},
    ]
    assert guest.state()["state"] == "waiting"


def test_a_part_that_fails_is_asked_again_with_the_whole_and_nothing_is_said_twice(
    bot: StandIn, client: TestClient
) -> None:
    script = split_in(("one", {}), ("two", {}))
    failed: list[dict[str, Any]] = []

    def fail_once(asked: dict[str, Any]) -> Said:
        if asked["message"] == "two" and not failed:
            failed.append(asked)
            return []
        said: Said = script(asked)
        return said

    bot.script = fail_once
    assert [m["text"] for m in Guest(client).ask("one and two")] == ["About one", "About two"]
    assert failed


def test_a_part_that_wants_parts_again_ends(bot: StandIn, client: TestClient) -> None:
    bot.script = lambda asked: [*say("x", ask="x"), *say("Still here")]
    bot.heard.clear()
    heard = Guest(client).ask("x")
    assert {m["text"].removeprefix("As before: ") for m in heard} == {"Still here"}
    assert len(bot.heard) <= 4


def test_no_bot_message_between_claim_and_release_when_a_part_was_under_way(bot: StandIn, client: TestClient) -> None:
    """The batch is dropped as a whole when somebody takes the word meanwhile."""
    guest, agent = Guest(client), Agent(client)
    guest.ask(payload="/request_human")
    handoff_id, claimed = agent.find_waiting(guest.id), []
    whole = split_in(("one", {}), ("two", {}))

    def claim_between(asked: dict[str, Any]) -> Said:
        if asked["message"] == "two":
            claimed.append(agent.call("POST", f"/staff/api/handoffs/{handoff_id}/claim", {}).status_code)
        said: Said = whole(asked)
        return said

    bot.script = claim_between
    seq = guest.send("one and two").json()["seq"]
    deadline = time.monotonic() + 20
    while not claimed and time.monotonic() < deadline:
        time.sleep(0.05)
    assert claimed == [200]
    heard = guest.hear(seq)
    assert [m["author"] for m in heard] == ["system"]
    agent.say(guest.id, "I am here")
    guest.hear(heard[-1]["seq"])
    assert not [m for m in guest.read(seq)["messages"] if m["author"] == "bot"]


def test_never_the_same_words_twice_running(bot: StandIn, client: TestClient, texts: Texts) -> None:
    """A text of Rasa's takes another wording, an action's its own, and what has no other says that it was said before."""
    variants = texts.entry("smalltalk.greet").say
    for script in (
        lambda _: say(variants[0], "chat", key="smalltalk.greet"),
        lambda _: say("Sorry.", "fallback", variants=["Sorry.", "Pardon."]),
        lambda _: say("The shop opens at 7."),
    ):
        bot.script = script
        guest = Guest(client)
        said = [guest.ask("again")[-1]["text"] for _ in range(4)]
        assert all(one != other for one, other in pairwise(said)), said
    assert said == ["The shop opens at 7.", "As before: The shop opens at 7."] * 2


def test_an_apology_is_not_said_twice_in_the_same_words(client: TestClient, texts: Texts) -> None:
    assert len(set(texts.entry("notices.error").say)) >= 3


@pytest.mark.parametrize(
    "address",
    [
        "fallback",
        "fallback_again",
        "fallback_waiting",
        "out_of_scope",
        "greet",
        "thank",
        "injection",
        "small_talk",
        "abuse",
        "nothing_to_choose",
    ],
)
def test_what_comes_often_has_three_wordings(texts: Texts, address: str) -> None:
    assert len(set(texts.entry(f"smalltalk.{address}").say)) >= 3


def test_what_was_understood_stands_in_the_log_and_not_on_the_wire(
    bot: StandIn, small: tuple[TestClient, Database]
) -> None:
    client, database = small
    understood = {"intent": "ask_price", "entities": [{"entity": "product_type", "value": "t1"}]}
    bot.script = lambda _: say("It costs $1.", "products", understood=understood)
    guest = Guest(client)
    heard = guest.ask("how much is it")
    assert "understood" not in heard[0]
    with database.read() as connection:
        kept = fetch_newest(connection, guest.id, limit=1)[0]
    assert kept.seq == heard[0]["seq"]
    assert kept.understood == understood


def find_told(database: Database, customer_id: str) -> dict[str, str]:
    with database.read() as connection:
        person = find_customer(connection, customer_id)
        assert person is not None
        return fetch_preferences(connection, person.person_id)


def press(bot: StandIn, guest: Guest, payload: str) -> dict[str, Any]:
    bot.script = lambda _: say("", "consent", press=payload)
    answer: dict[str, Any] = guest.ask("a taste")[-1]
    return answer


def test_goods_that_are_named_are_never_shown_again_and_the_effect_is_told(
    bot: StandIn, small: tuple[TestClient, Database]
) -> None:
    client, database = small
    offers = client.get("/api/offers?limit=5", headers=bearer("c3")).json()["offers"]
    type_id = offers[0]["offer_id"]
    guest = Guest(client, "c3")
    answer = press(bot, guest, f'/never_show{{"product_type":"{type_id}"}}')
    assert answer["kind"] == "consent"
    assert answer["text"].startswith("Done. I never show you")
    effect = answer["extra"]["effect"]
    assert effect["before"][0]["offer_id"] == type_id
    assert type_id not in [offer["offer_id"] for offer in effect["after"]]
    assert find_told(database, "c3") == {type_id: "never_show"}
    after = client.get("/api/offers?limit=5", headers=bearer("c3")).json()["offers"]
    assert type_id not in [offer["offer_id"] for offer in after]


def test_a_liking_is_kept_only_under_its_consent(bot: StandIn, small: tuple[TestClient, Database]) -> None:
    client, database = small
    type_id = client.get("/api/offers?limit=5", headers=bearer("c4")).json()["offers"][4]["offer_id"]
    guest, payload = Guest(client, "c4"), f'/like{{"product_type":"{type_id}"}}'
    refused = press(bot, guest, payload)
    assert "switched off" in refused["text"]
    assert [parse_payload(b["payload"])[0] for b in refused["buttons"]] == ["grant_consent", "continue_with_bot"]
    assert find_told(database, "c4") == {}
    client.put("/api/me/consents/preferences", json={"granted": True}, headers=bearer("c4"))
    assert press(bot, guest, payload)["text"].startswith("Noted: you like")
    assert find_told(database, "c4") == {type_id: "like"}


@pytest.mark.parametrize(
    "payload", ['/like{"product_type":"nothing"}', '/dislike{"product_type":["a"]}', "/never_show"]
)
def test_a_taste_of_nothing_is_asked_about(bot: StandIn, client: TestClient, payload: str) -> None:
    assert press(bot, Guest(client, "c5"), payload)["kind"] in ("consent", "explanation")
    assert press(bot, Guest(client), payload)["text"]
