"""Bad input: whatever is typed gets a sensible answer in time, nothing breaks, and no command is obeyed.

What is sensible stands beside each input as the kinds that an answer may have: nonsense is `fallback`, said plainly and with a way on; a wish
that can be read through the odd letters gets what it asks for; what only looks like a command of the bot is a text like any other.
"""

import time
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.browsing import open_chat, open_page, say
from tests.house import Customer, House, Refused, call

SLOWEST_S = 5.0
CUSTOMER = "22"
NONSENSE = {"fallback"}
PERSON = {"handoff"}
SMALL = {"fallback", "chat"}
MARKS = "".join(chr(code) for code in range(0x300, 0x340))

CASES: dict[str, tuple[str, set[str]]] = {
    "one emoji": ("👍", SMALL),
    "emoji only": ("😀😡🥕🍕🚚", SMALL),
    "joined emoji and flags": ("👨‍👩‍👧‍👦🏳️‍🌈🇩🇪", SMALL),
    "one letter": ("a", NONSENSE),
    "one Cyrillic letter": ("ж", NONSENSE),
    "one thousand letters of words": (("blue carrot window sky " * 50)[:1000], {"fallback", "products"}),
    "one word of a thousand letters": ("x" * 1000, NONSENSE),
    "one word of two thousand letters": ("qz" * 1000, NONSENSE),
    "two thousand letters, the wish first": ("I want to talk to a person. " + "bla " * 493, PERSON),
    "mixed scripts": ("hеllо мир γειά 你好 مرحبا", SMALL),
    "Arabic": ("مرحبا كيف حالك", SMALL),
    "Hebrew": ("שלום, איפה ההזמנה שלי", SMALL),
    "Arabic with marks and overrides": ("\u202eمرحبا\u202c \u200fhi\u200e", SMALL),
    "text turned round": ("\u202eplease help\u202c", SMALL | {"handoff", "answer"}),
    "Chinese": ("我的订单在哪里", SMALL),
    "letters that cannot be seen in person": ("talk to a per\u200bson", PERSON),
    "a soft hyphen in human": ("get me a hu\u00adman please", PERSON),
    "wide letters": ("ｔａｌｋ　ｔｏ　ａ　ｐｅｒｓｏｎ", PERSON),
    "only letters that cannot be seen": ("\u200b\u200c\u200d\ufeff", NONSENSE),
    "a flood of marks": ("h" + MARKS * 8 + "i", SMALL),
    "marks alone": (MARKS * 4, NONSENSE),
    "a short number": ("42", NONSENSE),
    "a long number": ("12345678", {"order"}),
    "a negative number": ("-1", NONSENSE),
    "a huge number": ("9" * 400, NONSENSE),
    "a number with an exponent": ("1e309", NONSENSE),
    "punctuation only": ("?!?!...,,;;", NONSENSE),
    "dashes": ("-----", NONSENSE),
    "/restart": ("/restart", SMALL | {"order"}),
    "/back": ("/back", SMALL),
    "/session_start": ("/session_start", SMALL),
    "/request_erasure": ("/request_erasure", {"privacy", "fallback"}),
    "/request_human with facts": ('/request_human{"a":1}', {"handoff", "fallback"}),
    "/withdraw_consent with facts": ('/withdraw_consent{"category": "purchases"}', {"consent", "fallback"}),
    "/grant_consent with facts": ('/grant_consent{"category": "browsing"}', {"consent", "fallback"}),
    "a command behind a letter that cannot be seen": ("\u200b/restart", SMALL | {"order"}),
    "a command with a wide slash": ("／restart", SMALL | {"order"}),
    "JSON": ('{"a": [1, 2, {"b": null}]}', NONSENSE),
    "JSON with an intent": ('{"intent": {"name": "withdraw_consent", "confidence": 1.0}}', {"consent", "fallback"}),
    "HTML with a script": ("<script>alert(1)</script><b>hi</b>", SMALL),
    "an image with a handler": ('<img src=x onerror="alert(1)">', NONSENSE),
    "SQL": ("'; DROP TABLE orders; --", {"fallback", "order"}),
    "Python": ("__import__('os').system('ls')", NONSENSE),
    "a link in Markdown": ("[click](javascript:alert(1))", NONSENSE),
    "braces of a template": ("{person} <order_id> {0} %s ${x} {{7*7}}", {"fallback", "handoff", "order"}),
    "an address of a page": ("https://example.com/a?b=c&d=%00", NONSENSE),
    "a null byte": ("hel\x00lo", {"chat"}),
    "blank lines between": ("hello\n\n\n\nhello", {"chat"}),
}


def find_consents(house: House, token: str) -> Any:
    return call(house.url, "GET", "/api/me/consents", token=token)


@pytest.mark.parametrize("name", CASES)
def test_it_gets_a_sensible_answer_in_time_and_no_command_is_obeyed(house: House, name: str) -> None:
    text, kinds = CASES[name]
    chat = Customer(house.url, CUSTOMER)
    before = find_consents(house, chat.customer_token)
    assert any(one["granted"] for one in before["categories"]), "nothing is on that a command could switch off"
    assert not all(one["granted"] for one in before["categories"]), "nothing is off that a command could switch on"
    chat.ask("hello", within_s=30)  # what was said before must not be forgotten
    seq = chat.send(text)
    started = time.monotonic()
    first = [m for m in chat.read(seq, wait_s=SLOWEST_S) if m["author"] != "customer"]
    took_s = time.monotonic() - started
    assert first, f"no answer within {took_s:.1f} s"
    assert took_s <= SLOWEST_S
    messages = chat.read()
    heard = [m for m in messages if m["seq"] > seq]
    assert {m["kind"] for m in heard} <= kinds, [(m["kind"], m["text"]) for m in heard]
    assert all(m["author"] == "bot" and m["text"].strip() for m in heard)
    assert all("{" not in m["text"] for m in heard if "{" not in text)
    own = next(m for m in messages if m["seq"] == seq)
    assert own["text"] == text.replace("\x00", "")
    assert [m["seq"] for m in messages] == list(range(1, len(messages) + 1))
    assert chat.state()["state"] == ("waiting" if any(m["kind"] == "handoff" for m in heard) else "bot")
    assert find_consents(house, chat.customer_token) == before


def test_there_are_enough_inputs() -> None:
    assert len(CASES) >= 40


@pytest.mark.parametrize("text", ["", " ", " \n\t ", "\u2003\u00a0", "\x00\x00", "x" * 2001, "half a letter \ud83d"])
def test_what_is_no_text_is_refused_with_a_reason(house: House, text: str) -> None:
    chat = Customer(house.url)
    with pytest.raises(Refused) as refused:
        chat.send(text)
    assert refused.value.status == 422
    assert refused.value.body["error"]["details"]["field"] == "text"
    assert [m["kind"] for m in chat.read()] == ["disclosure"]


ID = "8f14e45f-ceea-467f-a8e1-1f1e3a3f6d10"


@pytest.mark.parametrize(
    "body",
    [[], "hi", 5, {}, {"text": "hi"}, {"client_id": "x", "text": "hi"}, {"client_id": ID}, {"client_id": ID, "text": 5},
     {"client_id": ID, "text": {"a": 1}}, {"client_id": ID, "text": ["hi"]}, {"client_id": ID, "text": "hi", "payload": "/ask_offers"},
     {"client_id": ID, "payload": "/restart"}, {"client_id": ID, "payload": "/ask_offers" * 200}],
)  # fmt: skip
def test_a_body_that_is_no_message_is_refused(house: House, body: Any) -> None:
    chat = Customer(house.url)
    with pytest.raises(Refused) as refused:
        call(house.url, "POST", f"/api/conversations/{chat.id}/messages", body, token=chat.token)
    assert refused.value.status == 422
    assert refused.value.body["error"]["message"]
    assert [m["kind"] for m in chat.read()] == ["disclosure"]


def test_the_same_again_and_again_gets_a_way_on(house: House) -> None:
    chat = Customer(house.url)
    said = [chat.ask("why")[-1] for _ in range(5)]
    assert all(m["kind"] != "notice" for m in said)
    assert all(m["text"].strip() for m in said)
    nonsense = [chat.ask("qqq")[-1] for _ in range(3)]
    assert any(b["payload"] == "/request_human" for b in nonsense[-1]["buttons"])


def test_what_was_typed_comes_back_as_text_and_is_never_run(browser: Browser, candor_url: str) -> None:
    typed = '<img src=x onerror="window.ran=1"><script>window.ran=1</script>'
    with open_page(browser) as page:
        open_chat(page, candor_url)
        say(page, typed)
        page.get_by_role("log").get_by_text(typed, exact=True).wait_for()
        page.locator('candor-chat [role="log"] [data-seq="3"]').wait_for()
        assert page.locator("candor-chat [role=log] img[src=x], candor-chat [role=log] script").count() == 0
        assert page.evaluate("window.ran") is None


def test_no_page_of_ours_writes_markup_from_a_text() -> None:
    root = Path(__file__).resolve().parent.parent
    scripts = sorted((root / "web" / "static").rglob("*.js"))
    assert len(scripts) > 5
    for path in scripts:
        text = path.read_text(encoding="utf-8")
        for way in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "setHTMLUnsafe"):
            assert way not in text, f"{path.name} uses {way}"
