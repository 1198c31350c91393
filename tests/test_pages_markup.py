"""3,000 markup payloads through everything that anybody outside may write: they stand as text in a real Chromium, and none of them runs.

Each goes in by the door that people use (the wire, an import's files, the address bar). Where it is shown, its text is looked for letter by
letter. A dialog, a line in the console, a call to the marked host, a report of the page's policy or an element made of a payload fails the test;
the last tests show that each of these is seen where a page does take text for HTML.
"""

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from data.classes import metadata
from tests.browsing import sign_in_staff
from tests.markup import Payload
from tests.markup_fair import MAIN, TALKS, Fair, make_payloads, open_fair, tidied, tidy
from tests.markup_watch import Watch, find_missing, find_nodes, watch
from tests.serving import Guest
from web.headers import build_policy


@pytest.fixture(scope="module")
def fair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fair]:
    with open_fair(tmp_path_factory.mktemp("fair")) as opened:
        yield opened


@contextmanager
def look(browser: Browser, *, customer: str | None = None, **traits: Any) -> Iterator[tuple[Page, Watch]]:
    """A page in which nothing of a payload may run, be stopped, be asked for or become an element."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, **traits)
    with watch(context) as seen:
        page = context.new_page()
        page.set_default_timeout(15_000)
        if customer is not None:
            page.add_init_script(f"sessionStorage.setItem('candor-demo-customer', '{customer}')")
        yield page, seen
        assert find_nodes(page) == []
        page.evaluate("new Promise((done) => setTimeout(done))")
        context.close()
    assert seen.all == []


@pytest.mark.parametrize("talk", range(TALKS))
def test_in_the_chat_what_was_written_is_read(browser: Browser, fair: Fair, talk: int) -> None:
    guest = fair.talks[talk]
    kept = f"localStorage.setItem('candor {fair.url}/', JSON.stringify({{id: '{guest.id}', token: '{guest.token}'}}))"
    with look(browser, customer=MAIN if talk == 0 else None) as (page, _):
        page.add_init_script(kept)
        page.goto(fair.url)
        page.locator("candor-chat").locator("button.launcher, button").first.click()
        written = [one for kind in ("message", "agent", "answer") for one in fair.pick(kind, talk)]
        page.locator("candor-chat .message.customer").last.get_by_text(
            written[len(fair.pick("message", talk)) - 1].marker
        ).first.wait_for()
        buttons = [one for at, one in enumerate(fair.payloads["button"]) if at // 20 % TALKS == talk]
        goods = fair.payloads["product"][:20] + fair.payloads["question"][talk : talk + 1]
        assert find_missing(page, written + buttons) == []
        assert find_missing(page, [tidied(one) for one in goods]) == []
        if talk == 0:
            told = [one for kind in ("decision", "request answer", "incident") for one in fair.payloads[kind]]
            assert find_missing(page, told) == []


def test_a_button_that_is_pressed_says_its_title(browser: Browser, fair: Fair) -> None:
    guest = Guest(fair.client)
    assert len(guest.ask("buttons 0")[-1]["buttons"]) == 20
    kept = f"localStorage.setItem('candor {fair.url}/', JSON.stringify({{id: '{guest.id}', token: '{guest.token}'}}))"
    with look(browser) as (page, _):
        page.add_init_script(kept)
        page.goto(fair.url)
        page.locator("candor-chat button").first.click()
        for one in fair.payloads["button"][:5]:
            page.locator("candor-chat .chips button").filter(has_text=one.marker).first.click()
            expect(page.locator("candor-chat .message.customer").last).to_contain_text(one.marker)
        expect(page.locator("candor-chat .message.bot").last).to_contain_text("Noted.")
        said = page.locator("candor-chat .message.customer .bubble").all_text_contents()
        assert said[1:] == [one.text.replace("\n\n", "") for one in fair.payloads["button"][:5]]


def test_in_the_console_queue_talk_notes_and_side_are_text(browser: Browser, fair: Fair) -> None:
    with look(browser) as (page, _):
        sign_in_staff(page, fair.url, "sam")
        expect(page.locator("section.left:visible button.row")).to_have_count(
            TALKS + sum(len(fair.payloads[k]) for k in ("name", "left message"))
        )
        assert find_missing(page, fair.payloads["name"] + fair.payloads["queued"] + fair.payloads["left message"]) == []
        for talk, guest in enumerate(fair.talks):
            last = fair.pick("left note", talk)[-1]
            page.locator("section.left:visible button.row").filter(
                has_text=fair.pick("message", talk)[-1].marker
            ).click()
            page.get_by_role("log").get_by_text(last.marker).first.wait_for()
            kinds = ("message", "agent", "note", "answer", "left note")
            assert find_missing(page, [one for kind in kinds for one in fair.pick(kind, talk)]) == [], guest.id
        assert find_missing(page, fair.payloads["own name"]) == []
        for one in fair.payloads["left message"][::6]:
            page.locator("section.left:visible button.row").filter(has_text=one.marker).click()
            expect(page.locator(".matter .said")).to_contain_text(one.marker)
            assert find_missing(page, [one]) == []
        for one in fair.payloads["name"][::30]:
            page.locator("section.left:visible button.row").filter(has_text=one.marker).click()
            expect(page.locator(".talk-head")).to_contain_text(one.marker)
            assert find_missing(page, [one]) == []


def test_in_the_console_reviews_requests_floor_and_oversight_are_text(browser: Browser, fair: Fair) -> None:
    with look(browser) as (page, _):
        sign_in_staff(page, fair.url, "olga")
        page.get_by_role("button", name="Reviews").click()
        rows = page.locator(".queue-list button.row:visible")
        expect(rows).to_have_count(len(fair.payloads["review"]))
        assert find_missing(page, fair.payloads["review"]) == []
        count = len(fair.payloads["request"]) + len(fair.payloads["own name"])
        tab, asked = page.get_by_role("button", name="Requests"), page.locator("section.models:visible details.card")
        expect(tab).to_contain_text(str(count))
        page.evaluate("document.querySelectorAll('details.card').forEach((one) => { one.remove(); })")  # drawn again
        tab.click()
        expect(asked).to_have_count(count)
        page.evaluate("document.querySelectorAll('details.card').forEach((one) => { one.open = true; })")
        expect(page.locator("section.models:visible .said")).to_have_count(count, timeout=20_000)
        assert find_missing(page, fair.payloads["request"]) == []
        page.get_by_role("button", name="Floor").click()
        expect(page.get_by_role("region", name="Floor")).to_contain_text("of 4 talks")
        assert find_missing(page, fair.payloads["staff name"]) == []
        page.get_by_role("button", name="Oversight").click()
        expect(page.locator("article.incident")).to_have_count(len(fair.payloads["incident"]) // 3)
        assert find_missing(page, fair.payloads["incident"]) == []
        page.locator("#tabs").get_by_role("button", name="Staff", exact=True).click()
        page.locator("section.accounts summary").get_by_text(fair.payloads["staff name"][-1].marker).wait_for()


def test_in_the_privacy_centre_everything_held_is_text(browser: Browser, fair: Fair) -> None:
    with look(browser, customer=MAIN) as (page, _):
        page.goto(f"{fair.url}/privacy")
        page.locator("#group-browsing summary").wait_for()
        page.evaluate(OPEN_ALL)
        kinds = ("review", "decision", "own name", "incident", "request answer")
        assert find_missing(page, [one for kind in kinds for one in fair.payloads[kind]]) == []
        assert find_missing(page, [cut(one) for one in fair.payloads["seen page"]]) == []
        assert find_missing(page, fair.pick("message", 0) + fair.pick("agent", 0)) == []


OPEN_ALL = """() => {
  document.querySelectorAll('details').forEach((one) => { one.open = true; });
  return new Promise((done) => setTimeout(() => {
    for (let more; (more = [...document.querySelectorAll('.inside > button.link')].find((one) => !one.hidden));) more.click();
    done();
  }, 100));
}"""


def cut(one: Payload) -> Payload:
    """Of the address of a page only the path is kept (data/events.py)."""
    return Payload(one.marker, one.text.split("?")[0].split("#")[0], one.shape)


def test_on_the_shop_pages_goods_offers_and_questions_are_text(browser: Browser, fair: Fair) -> None:
    with look(browser) as (page, _):
        page.goto(f"{fair.url}/aisles/Goods")
        assert find_missing(page, [tidied(one) for one in fair.payloads["product"]]) == []
        page.goto(f"{fair.url}/questions")
        assert find_missing(page, [tidied(one) for one in fair.payloads["question"]]) == []
        for number in range(0, len(fair.payloads["question"]), 8):
            page.goto(f"{fair.url}/questions/q{number}")
            assert find_missing(page, [tidied(fair.payloads["question"][number])]) == []
        page.goto(fair.url)
        page.locator("candor-offers").evaluate("one => one.setAttribute('limit', '20')")
        page.locator("candor-offers").evaluate("one => one.refresh()")
        expect(page.locator("candor-offers article")).to_have_count(20)
        titles = page.locator("candor-offers article h3").all_text_contents()
        assert set(titles) <= {tidy(one.text) for kind in ("offer", "product") for one in fair.payloads[kind]}


def test_addresses_and_referrers_run_nothing_and_are_not_kept(browser: Browser, fair: Fair) -> None:
    ways = (
        "/aisles/{}",
        "/questions/{}",
        "/?lang={}",
        "/privacy?from={}#{}",
        "/staff?next={}#{}",
        "/how-it-works?lang={}#{}",
        "/{}",
    )
    with look(browser) as (page, _):
        for number, (one, other) in enumerate(zip(fair.payloads["address"], fair.payloads["referrer"], strict=True)):
            way = ways[number % len(ways)].replace("{}", quote(one.text, safe=""))
            page.goto(
                f"{fair.url}{way}",
                referer=f"https://shop.example/{quote(other.text, safe='')}",
                wait_until="domcontentloaded",
            )
            assert find_nodes(page) == []
    with fair.database.read() as connection:
        kept = "".join(str(row) for table in metadata.sorted_tables for row in connection.execute(select(table)))
    marks = [one.marker for kind in ("address", "referrer") for one in fair.payloads[kind]]
    assert [mark for mark in marks if mark in kept] == []


def test_three_thousand_each_once() -> None:
    made = [one for payloads in make_payloads().values() for one in payloads]
    assert len(made) == len({one.text for one in made}) == len({one.marker for one in made}) == 3000
    assert all(one.marker in one.text for one in made)
    assert min(Counter(one.shape for one in made).values()) > 100


@pytest.mark.parametrize("has_policy", [False, True])
def test_a_page_that_takes_text_for_html_is_found_out(browser: Browser, has_policy: bool) -> None:
    """The same payloads, by innerHTML: they run, or, under our policy, are stopped and reported. Either is seen."""
    leaving = re.compile("location|refresh", re.IGNORECASE)  # the page would be gone before it is looked at
    payloads = [one for one in make_payloads()["message"] if leaving.search(unescape(one.text)) is None][:400]
    context = browser.new_context()
    headers = {"Content-Security-Policy": build_policy()} if has_policy else {}
    with watch(context) as seen:
        page = context.new_page()
        page.route(
            "https://broken.example/",
            lambda route: route.fulfill(content_type="text/html", headers=headers, body=BROKEN),
        )
        page.goto("https://broken.example/")
        nodes = 0
        for start in range(0, len(payloads), 40):
            page.evaluate(DRAW, [one.text for one in payloads[start : start + 40]])
            nodes += len(find_nodes(page))
        page.evaluate("new Promise((done) => setTimeout(done, 300))")
        assert find_missing(page, payloads[-40:]) != []
    context.close()
    assert nodes > 40
    if has_policy:
        assert (seen.ran, len(seen.stopped) > 40) == ([], True)
    else:
        assert len(seen.ran) > 40
        assert len(seen.asked) > 10


BROKEN = "<!doctype html><meta charset=utf-8><title>Broken</title><main></main>"
DRAW = "(texts) => { document.querySelector('main').replaceChildren(...texts.map((text) => { const one = document.createElement('p'); one.innerHTML = text; return one; })); }"
