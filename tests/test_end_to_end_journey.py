"""The main job, by the wire contract alone, against the real three processes."""

import json
import urllib.error
import urllib.request
from typing import Any

import pytest

from tests.house import Customer, House, Refused, Staff, call


def adds_up(explanation: dict[str, Any]) -> bool:
    total = (
        explanation["base"]
        + explanation["remainder"]
        + sum(reason["contribution"] for reason in explanation["reasons"])
    )
    return bool(abs(total - explanation["score"]) <= 1e-6)


def find_token(url: str, customer_id: str) -> str:
    token: str = call(url, "POST", "/demo/token", {"customer_id": customer_id})["customer_token"]
    return token


def test_consent_changes_the_offers_and_each_one_can_be_explained(house: House) -> None:
    token = find_token(house.url, "208")
    for category in ("purchases", "offers"):
        call(house.url, "PUT", f"/api/me/consents/{category}", {"granted": False}, token=token)
    plain = call(house.url, "GET", "/api/offers?slot=home&limit=5", token=token)["offers"]
    nobody = call(house.url, "GET", "/api/offers?slot=home&limit=5")["offers"]
    assert [o["offer_id"] for o in plain] == [o["offer_id"] for o in nobody]
    switched = call(house.url, "PUT", "/api/me/consents/purchases", {"granted": True}, token=token)
    assert [o["offer_id"] for o in switched["before"]] == [o["offer_id"] for o in plain]
    assert all(o["impression_id"] is None for o in switched["before"] + switched["after"])
    mine = call(house.url, "GET", "/api/offers?slot=home&limit=5", token=token)["offers"]
    assert [o["offer_id"] for o in mine] == [o["offer_id"] for o in switched["after"]] != [o["offer_id"] for o in plain]
    for offer in mine:
        told = call(house.url, "GET", f"/api/impressions/{offer['impression_id']}/explanation", token=token)
        assert adds_up(told)
        assert told["categories_used"] == ["purchases"]
        assert "offers" in told["categories_unused"]
        with pytest.raises(Refused) as refused:
            call(
                house.url,
                "GET",
                f"/api/impressions/{offer['impression_id']}/explanation",
                token=find_token(house.url, "7"),
            )
        assert refused.value.status == 401
    rank = call(
        house.url,
        "GET",
        f"/api/impressions/{mine[0]['impression_id']}/why-not?other={plain[0]['offer_id']}",
        token=token,
    )
    assert rank["text"]
    without = call(
        house.url, "GET", f"/api/impressions/{mine[0]['impression_id']}/what-if?without=purchases", token=token
    )
    assert [o["offer_id"] for o in without["after"]] == [o["offer_id"] for o in plain]


@pytest.mark.parametrize("limit", [1, 5, 20])
def test_exactly_as_many_offers_as_asked_for(house: House, limit: int) -> None:
    for token in (None, find_token(house.url, "7")):
        offers = call(house.url, "GET", f"/api/offers?slot=page&limit={limit}", token=token)["offers"]
        assert len({o["offer_id"] for o in offers}) == limit


def test_the_talk_about_an_offer(house: House) -> None:
    token = find_token(house.url, "7")
    shown = call(house.url, "GET", "/api/offers?slot=home&limit=5", token=token)["offers"]
    chat = Customer(house.url, "7", page_offers=[o["impression_id"] for o in shown])
    assert [(m["kind"], m["author"]) for m in chat.opening] == [("disclosure", "bot")]
    why = chat.ask("why did I see this?")
    told = next(m for m in why if m["kind"] == "explanation")
    assert told["explanation"]["impression_id"] == shown[0]["impression_id"]
    assert adds_up(told["explanation"])
    assert shown[0]["title"] in told["text"]
    control = told["explanation"]["reasons"][0]["controls"][0]
    assert chat.ask("why not something else?")[0]["kind"] == "why_not"
    assert any(m["kind"] == "what_if" for m in chat.ask("what would I see without my purchases?"))
    (change,) = (b for b in told["buttons"] if b["title"] == "What would change it?")
    changed = chat.ask(payload=change["payload"])[0]
    assert changed["kind"] == "what_if"
    assert shown[0]["title"] in changed["text"]
    assert chat.ask(payload=changed["buttons"][0]["payload"])[0]["text"].startswith("Without")
    for question in ("tell me more", "what does that mean?", "how often are you wrong?"):
        answered = chat.ask(question)[0]
        assert answered["kind"] == "explanation"
        assert answered["text"]
    assert chat.ask("what would I see without what you know about my shopping?")[0]["kind"] == "what_if"
    stopped = chat.ask(payload=control["payload"])
    assert stopped[0]["kind"] == "consent"
    after = call(house.url, "GET", "/api/offers?slot=home&limit=5", token=token)["offers"]
    assert [o["offer_id"] for o in after] != [o["offer_id"] for o in shown]
    assert chat.ask("start using what I bought again")[0]["kind"] == "consent"
    with pytest.raises(Refused):
        chat.send(payload="/erase_everything")


@pytest.mark.parametrize(
    "words",
    ["can I talk to somebody please", "get me a human", "this is hopeless, is there anyone there I can speak with?"],
)
def test_a_person_is_one_sentence_away(house: House, words: str) -> None:
    chat = Customer(house.url, "1")
    assert "handoff" in [m["kind"] for m in chat.ask(words)]
    assert chat.state()["state"] == "waiting"
    sam = Staff(house.url)
    handoff_id = sam.claim(chat.id)
    assert chat.state() == {"state": "human", "queue_position": None, "staff_name": "Sam Okafor"}
    sam.say(chat.id, "Hello, this is Sam.")
    chat.send("my yogurt is missing")
    sam.call("POST", f"/handoffs/{handoff_id}/release", {"to": "bot"})
    messages = chat.read()
    assert messages[-1]["kind"] == "disclosure"
    assert [m["seq"] for m in messages] == list(range(1, len(messages) + 1))


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("are you a real person?", "disclosure"),
        ("how much does delivery cost?", "answer"),
        ("what are your opening hours?", "answer"),
        ("where is my order?", "order"),
        ("do you sell yogurt?", "products"),
        ("which offers do you have for me?", "offers"),
        ("what do you know about me?", "privacy"),
        ("what may you use about me?", "consent"),
        ("hello", "chat"),
        ("what is the capital of Peru?", "fallback"),
    ],
)
def test_what_was_wanted_is_understood(house: House, text: str, kind: str) -> None:
    assert kind in [m["kind"] for m in Customer(house.url, "22").ask(text)]


@pytest.mark.parametrize(
    "text",
    [
        "👍",
        "a",
        "x" * 1000,
        "שלום",
        "مرحبا",
        "\u200b\u200bhi",
        "12345",
        "/restart",
        '{"a": 1}',
        "<b>hi</b>",
        "' OR 1=1 --",
    ],
)
def test_anything_typed_gets_an_answer(house: House, text: str) -> None:
    chat = Customer(house.url)
    heard = chat.ask(text, within_s=10)
    assert heard[0]["author"] == "bot"
    assert heard[0]["text"].strip()


def test_demo_mode_hides_from_a_proxy(house: House) -> None:
    for header in ("X-Forwarded-For", "Forwarded", "X-Forwarded-Proto"):
        request = urllib.request.Request(
            f"{house.url}/demo/token",
            json.dumps({"customer_id": "1"}).encode(),
            {"Content-Type": "application/json", header: "1.2.3.4"},
        )
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(request, timeout=10)
        assert refused.value.code == 404
        refused.value.close()
