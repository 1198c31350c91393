"""The console in a real browser: a talk is found by keyboard alone, an earlier one is read, all keys are listed, and it holds at 200 % and on a phone."""

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import Connection

from data.clock import parse_time
from data.conversations import Conversation, Draft, append_messages, change_state
from data.handoffs import request_handoff
from data.requests import Whose, open_request
from tests.browsing import check_focus, find_faults, open_page, reach, sign_in_staff, take_picture
from tests.desks import SAM, listen_alone
from tests.making import AT, make_conversation, make_person

SMALLEST_TARGET = """() => [...document.querySelectorAll('.found button, .beside button, .keys button, .suggestions button, .mode')]
  .filter((one) => one.checkVisibility()).map((one) => one.getBoundingClientRect())
  .filter(({width, height}) => width < 24 || height < 24).length"""


@dataclass
class Talks:
    url: str
    earlier: str
    waiting: str


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Talks]:
    talks: list[Conversation] = []

    def fill(connection: Connection) -> None:
        person_id = make_person(connection, "ann-77")
        for text in ("Where was my butter?", "Where is my parcel?"):
            talk, _ = make_conversation(connection, person_id)
            said = Draft("customer", "chat", text, client_key=f"customer:{text}")
            append_messages(connection, talk.conversation_id, [said], at=AT)
            talks.append(talk)
        change_state(connection, talks[0], "closed")
        request_handoff(connection, talks[1], at=AT, topic={}, now=time.time(), phase="queued")
        open_request(connection, Whose(person_id=person_id), kind="rectify", now=parse_time(AT), text="my name")

    with listen_alone(tmp_path_factory.mktemp("search"), SAM, fill=fill) as desk:
        yield Talks(desk.url, talks[0].conversation_id, talks[1].conversation_id)


def find(page: Page, text: str) -> None:
    page.keyboard.press("/")
    expect(page.locator("#find")).to_be_focused()
    page.keyboard.type(text)
    page.keyboard.press("Enter")


def test_a_closed_talk_is_found_and_opened_by_keyboard_alone(browser: Browser, desk: Talks) -> None:
    with open_page(browser, width=1440, height=900) as page:
        sign_in_staff(page, desk.url)
        find(page, "nobody@shop.example")
        expect(page.locator(".found")).to_contain_text("Nothing was found.")
        page.locator("#find").fill("")
        expect(page.locator(".found")).to_be_hidden()
        page.locator("#find").fill("ann-77")
        page.keyboard.press("Enter")
        hits = page.get_by_role("list", name="What was found").get_by_role("button")
        expect(hits).to_have_count(2)
        assert find_faults(page) == []
        assert page.evaluate(SMALLEST_TARGET) == 0
        take_picture(page, "console-found")
        closed = hits.filter(has_text="closed")
        reach(page, closed)
        page.keyboard.press("Enter")
        expect(page.get_by_role("log")).to_contain_text("Where was my butter?")
        assert "ann-77" not in page.url


@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (1440, "dark"), (390, "light"), (390, "dark")])
def test_an_earlier_talk_is_read_beside_the_open_one(browser: Browser, desk: Talks, width: int, scheme: str) -> None:
    with open_page(browser, width=width, height=900, color_scheme=scheme) as page:
        sign_in_staff(page, desk.url)
        page.locator("button.row").first.click()
        if width == 390:
            page.get_by_role("button", name="Customer").click()
        beside = page.locator(".beside")
        expect(beside).to_contain_text("Request Q-1001, due ")
        beside.get_by_role("button").first.scroll_into_view_if_needed()
        assert page.evaluate(SMALLEST_TARGET) == 0
        take_picture(page, f"console-beside-{width}-{scheme}")
        opener = beside.get_by_role("button").first
        opener.click()
        dialog = page.get_by_role("dialog")
        expect(dialog.get_by_text("Where was my butter?", exact=True)).to_be_visible()
        expect(dialog.get_by_role("textbox")).to_have_count(0)
        assert find_faults(page) == []
        take_picture(page, f"console-earlier-{width}-{scheme}")
        page.keyboard.press("Escape")
        expect(dialog).to_be_hidden()
        expect(opener).to_be_focused()


def test_all_keys_are_listed_by_a_key_and_by_a_button(browser: Browser, desk: Talks) -> None:
    with open_page(browser, width=1440, height=900) as page:
        sign_in_staff(page, desk.url)
        page.keyboard.press("?")
        dialog = page.get_by_role("dialog", name="Keys")
        expect(dialog).to_contain_text("Single keys can be switched off in")
        check_focus(page)
        assert find_faults(page) == []
        take_picture(page, "console-keys")
        page.keyboard.press("c")  # no key acts behind the dialog
        expect(dialog).to_be_visible()
        page.keyboard.press("Escape")
        expect(dialog).to_be_hidden()
        expect(page.locator("#console")).not_to_contain_text("You have claimed this chat.")
        page.locator(".keys button").click()
        expect(dialog).to_be_visible()


def test_a_long_wait_is_told_in_days_and_the_page_holds_at_twice_its_size(browser: Browser, desk: Talks) -> None:
    with open_page(browser, width=720, height=450) as page:  # 1440 by 900 at 200 %
        sign_in_staff(page, desk.url)
        expect(page.locator(".row .wait").first).to_have_text(re.compile(r"^\d+ days$"))
        page.locator("button.row").first.click()
        expect(page.get_by_role("log")).to_contain_text("Where is my parcel?")
        assert find_faults(page) == []
        take_picture(page, "console-200")
