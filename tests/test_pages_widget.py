"""The shop's page and the chat, in a real browser: by keyboard, by accessibility tree, on narrow screens, over a broken line."""

import pytest
from playwright.sync_api import Browser, expect

from tests.browsing import find_faults, open_chat, open_page, say

WEIGHTS = ("most of it", "a good part", "some", "a little")


def test_nothing_is_stored_before_the_chat_is_opened_and_then_only_its_token(browser: Browser, candor_url: str) -> None:
    with open_page(browser) as page:
        page.goto(candor_url)
        page.get_by_role("heading", name="Popular in the shop").wait_for()
        assert page.evaluate("[localStorage.length, sessionStorage.length, document.cookie]") == [0, 0, ""]
        open_chat(page, candor_url)
        page.wait_for_function("localStorage.length === 1")
        assert page.evaluate("Object.keys(JSON.parse(Object.values(localStorage)[0])).sort()") == ["id", "token"]


def test_the_chat_says_what_it_is_and_offers_a_person_in_every_reading(browser: Browser, candor_url: str) -> None:
    with open_page(browser) as page:
        open_chat(page, candor_url)
        chat = page.get_by_role("dialog", name="Automated assistant")
        expect(chat).to_have_accessible_description("You are chatting with a computer program, not a person.")
        expect(chat.get_by_role("button", name="Talk to a person")).to_be_visible()
        expect(chat.get_by_role("log")).to_have_attribute("aria-live", "polite")
        expect(chat.get_by_role("textbox", name="Write a message")).to_be_focused()
        assert chat.locator("[data-seq]").first.get_attribute("lang") == "en"


def test_how_it_works_is_one_tap_away_from_the_chat(browser: Browser, candor_url: str) -> None:
    with open_page(browser, width=360, height=740) as page:
        open_chat(page, candor_url)
        link = page.get_by_role("dialog").get_by_role("link", name="How it works")
        box = link.bounding_box()
        assert box is not None
        assert min(box["width"], box["height"]) >= 24
        with page.context.expect_page() as opened:
            link.click()
        expect(opened.value.get_by_role("heading", name="How it works", level=1)).to_be_visible()
        expect(page.get_by_role("log")).to_be_visible()  # the chat stays where it is
        assert find_faults(page) == []


def test_the_chat_closes_by_escape_and_focus_goes_back(browser: Browser, candor_url: str) -> None:
    with open_page(browser) as page:
        page.goto(candor_url)
        launcher = page.locator("candor-chat").get_by_role("button", name="Ask the assistant")
        launcher.focus()
        page.keyboard.press("Enter")
        expect(page.get_by_role("textbox", name="Write a message")).to_be_focused()
        page.keyboard.press("Escape")
        expect(launcher).to_be_focused()


def test_why_am_i_seeing_this_opens_the_chat_at_the_explanation_of_that_offer(
    browser: Browser, candor_url: str
) -> None:
    with open_page(browser, customer="7") as page:
        page.goto(candor_url)
        offers = page.locator("candor-offers article")
        expect(offers).to_have_count(5)
        title = offers.nth(2).get_by_role("heading").inner_text()
        offers.nth(2).get_by_role("button", name="Why am I seeing this?").click()
        card = page.locator("candor-chat .explanation")
        expect(card.get_by_role("heading", name=title, exact=True)).to_be_visible()
        for reason in card.locator(".reason").all():
            assert reason.get_by_role("group").get_by_role("button").count() == 3
            assert reason.locator(".weight span").inner_text().removesuffix(" against") in WEIGHTS
        assert card.locator(".weight").count() == card.locator(".reason").count() + 1
        card.locator("summary").click()
        numbers = [float(cell.inner_text().replace("−", "-")) for cell in card.locator(".numbers td").all()]
        assert sum(numbers[:-1]) == pytest.approx(numbers[-1], abs=5e-4)


def test_a_yes_and_a_no_weigh_the_same_and_a_switch_shows_what_it_did(browser: Browser, candor_url: str) -> None:
    with open_page(browser, customer="2296") as page:
        open_chat(page, candor_url)
        say(page, "Any good offers this week?")
        question = page.locator("candor-chat .ask")
        expect(question).to_be_visible()
        yes, no = question.get_by_role("button").all()
        looks = [
            button.evaluate(
                "b => { const s = getComputedStyle(b); return [b.offsetWidth, b.offsetHeight, s.color, s.backgroundColor, s.borderColor, s.fontWeight] }"
            )
            for button in (yes, no)
        ]
        assert looks[0] == looks[1]
        yes.click()
        done = page.locator("candor-chat .done")
        expect(done.get_by_role("heading", name="Before")).to_be_visible()
        expect(done.get_by_role("heading", name="After")).to_be_visible()
        expect(page.locator("candor-chat .in-use")).to_contain_text("what you bought")
        expect(page.locator("candor-offers")).to_contain_text("from what you bought")
        assert find_faults(page) == []


def test_a_message_written_without_a_connection_is_kept_and_sent_once(browser: Browser, candor_url: str) -> None:
    with open_page(browser) as page:
        open_chat(page, candor_url)
        page.context.set_offline(True)
        say(page, "Where is my order?")
        expect(page.locator("candor-chat .waiting-item")).to_contain_text("waiting to be sent")
        expect(page.get_by_text("No connection.")).to_be_visible()
        page.context.set_offline(False)
        expect(page.locator("candor-chat .message.customer .state")).to_have_text("delivered")
        expect(page.locator("candor-chat .message.customer")).to_have_count(1)
        expect(page.get_by_text("No connection.")).to_have_count(0)


def test_the_chat_works_where_no_socket_gets_through(browser: Browser, candor_url: str) -> None:
    with open_page(browser) as page:
        page.route_web_socket("**/live", lambda socket: socket.close())
        open_chat(page, candor_url)
        say(page, "Are you human?")
        expect(page.locator("candor-chat .message.bot")).to_have_count(2)
        expect(page.locator("candor-chat .message.bot").last).to_contain_text("No")


def test_a_conversation_outlives_a_reload(browser: Browser, candor_url: str) -> None:
    with open_page(browser) as page:
        open_chat(page, candor_url)
        say(page, "Are you human?")
        expect(page.locator("candor-chat .message.bot")).to_have_count(2)
        open_chat(page, candor_url)
        expect(page.locator("candor-chat .message.bot")).to_have_count(2)


@pytest.mark.parametrize(
    ("width", "height", "scheme"), [(1280, 800, "light"), (768, 1024, "dark"), (320, 640, "light"), (640, 340, "dark")]
)
def test_page_and_chat_are_clean_and_fit(
    browser: Browser, candor_url: str, width: int, height: int, scheme: str
) -> None:
    with open_page(browser, customer="7", width=width, height=height, color_scheme=scheme) as page:
        page.goto(candor_url)
        page.locator("candor-offers article").first.wait_for()
        assert find_faults(page) == []
        page.locator("candor-offers").get_by_role("button", name="Why am I seeing this?").first.click()
        page.locator("candor-chat .explanation").wait_for()
        assert find_faults(page) == []
        expect(page.locator("candor-chat").get_by_role("button", name="Talk to a person").first).to_be_in_viewport()


def test_every_control_of_the_chat_is_44_high(browser: Browser, candor_url: str) -> None:
    with open_page(browser, customer="7", width=390, height=844) as page:
        page.goto(candor_url)
        page.locator("candor-offers").get_by_role("button", name="Why am I seeing this?").first.click()
        page.locator("candor-chat .explanation").wait_for()
        low = page.locator("candor-chat button:visible, candor-chat summary:visible").evaluate_all(
            "all => all.filter(one => one.getBoundingClientRect().height < 43.5).map(one => one.textContent)"
        )
        assert low == []
