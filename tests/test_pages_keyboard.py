"""The pages by keyboard alone: no test here touches a mouse. At every stop focus is to be seen and nothing lies over it."""

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browsing import check_focus, forget_answers, open_page, reach
from tests.house import Customer, House


def open_by_keyboard(page: Page, url: str) -> None:
    """From the top of the page through all of its stops to the launcher, and in."""
    page.goto(url)
    page.locator("candor-offers article").first.wait_for()
    reach(page, page.locator("candor-chat").get_by_role("button", name="Ask the assistant"))
    page.keyboard.press("Enter")
    page.get_by_role("log").get_by_text("I am an automated assistant, not a person").wait_for()
    check_focus(page)


def write(page: Page, text: str) -> None:
    """Write where focus is, and send."""
    page.keyboard.type(text)
    page.keyboard.press("Enter")


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (320, 640), (640, 340)])
def test_a_talk_from_the_launcher_to_escape(browser: Browser, candor_url: str, width: int, height: int) -> None:
    with open_page(browser, width=width, height=height) as page:
        open_by_keyboard(page, candor_url)
        chat = page.locator("candor-chat")
        reach(page, chat.get_by_role("textbox", name="Write a message"))
        write(page, "Are you human?")
        button = chat.get_by_role("button", name="No, go on with you")
        button.wait_for()
        expect(chat.get_by_role("textbox", name="Write a message")).to_be_focused()
        reach(page, button, key="Shift+Tab")
        page.keyboard.press("Enter")
        expect(chat.locator(".message.bot")).to_have_count(3)
        check_focus(page)
        page.keyboard.press("Escape")
        expect(chat.get_by_role("button", name="Ask the assistant")).to_be_focused()
        check_focus(page)


def test_why_from_an_offer_a_control_and_back_to_the_offer(browser: Browser, house: House) -> None:
    forget_answers(house, "2070")
    with open_page(browser, customer="2070") as page:
        page.goto(house.url)
        page.locator("candor-offers article").first.wait_for()
        why = page.locator("candor-offers").get_by_role("button", name="Why am I seeing this?").nth(1)
        reach(page, why)
        page.keyboard.press("Enter")
        chat = page.locator("candor-chat")
        chat.locator(".explanation").wait_for()
        check_focus(page)
        page.keyboard.press("Escape")
        expect(why).to_be_focused()
        check_focus(page)

        page.keyboard.press("Space")
        expect(chat.locator(".explanation")).to_have_count(2)
        reach(page, chat.locator(".explanation").last.locator("summary"), key="Shift+Tab")
        page.keyboard.press("Enter")
        expect(chat.locator(".explanation").last.locator("table")).to_be_visible()
        reach(page, chat.locator(".explanation").last.locator(".controls button").first, key="Shift+Tab")
        page.keyboard.press("Space")
        expect(chat.locator(".message.bot, .message.system").last).to_contain_text("Done.")
        check_focus(page)
        page.keyboard.press("Escape")
        check_focus(page)
        page.evaluate("document.querySelector('candor-offers').refresh()")
        check_focus(page)  # the control changed the offers, and who was among them by keyboard is not thrown out


def test_the_consent_question_is_answered(browser: Browser, house: House) -> None:
    forget_answers(house, "1609")
    with open_page(browser, customer="1609") as page:
        open_by_keyboard(page, house.url)
        write(page, "Any good offers this week?")
        question = page.locator("candor-chat .ask")
        question.wait_for()
        yes, no = question.get_by_role("button").all()
        reach(page, no, key="Shift+Tab")
        reach(page, yes, key="Shift+Tab")
        page.keyboard.press("Space")
        page.locator("candor-chat .done").wait_for()
        check_focus(page)
        expect(page.locator("candor-chat .in-use")).to_contain_text("what you bought")


@pytest.mark.parametrize("width", [1280, 390])
def test_a_person_is_asked_for_in_the_title_line_and_waiting_is_stopped(
    browser: Browser, candor_url: str, width: int
) -> None:
    with open_page(browser, width=width) as page:
        open_by_keyboard(page, candor_url)
        chat = page.locator("candor-chat")
        reach(page, chat.get_by_role("button", name="Talk to a person"), key="Shift+Tab" if width > 767 else "Tab")
        page.keyboard.press("Enter")
        chat.get_by_role("heading", name="Waiting for a person").wait_for()
        check_focus(page)
        reach(page, chat.get_by_role("button", name="Stop waiting").first, key="Shift+Tab" if width > 767 else "Tab")
        page.keyboard.press("Enter")
        expect(chat.get_by_role("button", name="Talk to a person")).to_be_visible()
        check_focus(page)
        page.keyboard.press("Escape")
        expect(chat.get_by_role("button", name="Ask the assistant")).to_be_focused()


def test_a_switch_is_turned_and_turned_back(browser: Browser, house: House) -> None:
    forget_answers(house, "2479")
    with open_page(browser, customer="2479") as page:
        page.goto(f"{house.url}/privacy")
        switch = page.get_by_role("switch", name="What you bought", exact=True)
        expect(switch).to_have_attribute("aria-checked", "true")
        reach(page, switch)
        page.keyboard.press("Space")
        expect(switch).to_have_attribute("aria-checked", "false")
        expect(switch).to_be_focused()
        check_focus(page)
        reach(page, page.get_by_role("button", name="Put it back"))
        page.keyboard.press("Enter")
        expect(switch).to_have_attribute("aria-checked", "true")
        expect(switch).to_be_focused()
        check_focus(page)


def test_staff_sign_in_find_claim_reply_note_and_give_back(browser: Browser, candor_url: str) -> None:
    customer = Customer(candor_url, "208")
    customer.ask("I want to talk to a person")
    with open_page(browser, width=1440, height=900) as desk:
        desk.goto(f"{candor_url}/staff")
        expect(desk.get_by_label("Name")).to_be_focused()
        desk.keyboard.type("olga")
        desk.keyboard.press("Tab")
        write(desk, "demo-password")
        desk.get_by_role("heading", name="Waiting").wait_for()
        expect(desk.get_by_role("button", name="Inbox")).to_be_focused()
        check_focus(desk)

        row = desk.locator("button.row").filter(has_text="Felix Chen").last
        row.wait_for()
        desk.keyboard.press("/")
        expect(desk.get_by_role("searchbox", name="Find a name or a word")).to_be_focused()
        desk.keyboard.type("felix")
        reach(desk, row)
        desk.keyboard.press("Enter")
        desk.get_by_role("log").get_by_text("I want to talk to a person").wait_for()
        expect(row).to_be_focused()
        desk.keyboard.press("c")
        field = desk.get_by_role("textbox", name="Write to Felix")
        expect(field).to_be_focused()
        check_focus(desk)
        desk.keyboard.type("Hello, how can I help?")
        desk.keyboard.press("Control+Enter")
        expect(desk.get_by_role("log")).to_contain_text("Hello, how can I help?")
        assert "Hello, how can I help?" in [message["text"] for message in customer.read()]

        desk.keyboard.press("Escape")
        expect(desk.get_by_role("log")).to_be_focused()
        check_focus(desk)
        desk.keyboard.press("n")
        note = desk.get_by_role("textbox", name="Write a note that only staff can read")
        expect(note).to_be_focused()
        check_focus(desk)
        desk.keyboard.type("Asked by phone before.")
        desk.keyboard.press("Control+Enter")
        expect(desk.get_by_role("log")).to_contain_text("Asked by phone before.")
        desk.keyboard.press("Escape")
        desk.keyboard.press("?")
        keys = desk.get_by_role("dialog", name="Keys")
        expect(keys).to_be_visible()
        check_focus(desk)
        desk.keyboard.press("Escape")
        expect(keys).to_be_hidden()
        desk.keyboard.press("g")
        expect(desk.get_by_role("heading", name="With you")).to_have_count(0)
        check_focus(desk)
        assert customer.state()["state"] == "bot"
        assert "Asked by phone before." not in [message["text"] for message in customer.read()]


def test_a_pressed_button_that_goes_away_leaves_focus_in_the_talk(browser: Browser, candor_url: str) -> None:
    customer = Customer(candor_url, "1823")
    customer.ask("I want to talk to a person")
    with open_page(browser, height=900) as desk:
        desk.goto(f"{candor_url}/staff")
        expect(desk.get_by_label("Name")).to_be_focused()
        desk.keyboard.type("alex")
        desk.keyboard.press("Tab")
        write(desk, "demo-password")
        row = desk.locator("button.row").filter(has_text="Zainab Wong").last
        row.wait_for()
        reach(desk, row)
        desk.keyboard.press("Enter")
        reach(desk, desk.get_by_role("button", name="Claim"))
        desk.keyboard.press("Enter")
        expect(desk.get_by_role("textbox", name="Write to Zainab")).to_be_focused()
        reach(desk, desk.get_by_role("button", name="Give back to assistant"), key="Shift+Tab")
        desk.keyboard.press("Enter")
        expect(desk.get_by_role("log")).to_be_focused()
        check_focus(desk)
