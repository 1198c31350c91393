"""The staff console and the chat, two windows side by side: waiting, claimed by a key, talked, noted, given back."""

import pytest
from playwright.sync_api import Browser, expect

from tests.browsing import find_faults, open_chat, open_page, say, sign_in_staff
from tests.house import Customer, call


def test_a_wrong_password_is_told_in_words(browser: Browser, candor_url: str) -> None:
    with open_page(browser) as page:
        page.goto(f"{candor_url}/staff")
        page.get_by_label("Name").fill("sam")
        page.get_by_label("Password").fill("no")
        expect(page.get_by_role("button", name="Sign in")).to_be_enabled()  # its script listens
        page.keyboard.press("Enter")
        expect(page.get_by_role("alert")).to_contain_text("That did not work.")
        assert find_faults(page) == []


def test_a_person_takes_a_chat_talks_and_gives_it_back(browser: Browser, candor_url: str) -> None:
    with open_page(browser, customer="371") as shop, open_page(browser, width=1440, height=900) as desk:
        open_chat(shop, candor_url)
        chat = shop.locator("candor-chat")
        chat.get_by_role("button", name="Talk to a person").click()
        expect(chat.get_by_role("heading", name="Waiting for a person")).to_be_visible()
        assert find_faults(shop) == []

        sign_in_staff(desk, candor_url)
        desk.locator("button.row").filter(has_text="Daria Diaz").click()
        desk.get_by_role("log").get_by_text("I am an automated assistant").wait_for()
        desk.get_by_role("log").focus()
        desk.keyboard.press("c")
        expect(chat.get_by_role("heading", name="Sam Okafor, a person")).to_be_visible()
        expect(chat.get_by_text("You are talking to a person. The assistant is silent.")).to_be_visible()
        expect(desk.get_by_role("textbox", name="Write to Daria")).to_be_focused()

        desk.keyboard.type("Hello Daria, I have read your chat.")
        expect(chat.get_by_text("Sam Okafor is writing")).to_be_visible()
        desk.keyboard.press("Control+Enter")
        expect(chat.get_by_role("log")).to_contain_text("Hello Daria, I have read your chat.")
        before = chat.locator(".message.bot").count()
        say(shop, "One of those purchases was not mine.")
        expect(desk.get_by_role("log")).to_contain_text("One of those purchases was not mine.")
        expect(chat.locator(".message.bot")).to_have_count(before)

        desk.get_by_role("button", name="Private note").click()
        desk.keyboard.type("Check the loyalty number.")
        desk.keyboard.press("Control+Enter")
        expect(desk.get_by_role("log")).to_contain_text("Check the loyalty number.")
        expect(desk.get_by_role("complementary", name="Customer")).to_contain_text("What may be used")
        assert find_faults(desk) == []

        desk.get_by_role("button", name="Give back to assistant").click()
        expect(chat.get_by_role("heading", name="Automated assistant")).to_be_visible()
        expect(chat.get_by_role("log")).to_contain_text("I am the automated assistant again, not a person.")
        expect(chat.get_by_role("log")).not_to_contain_text("Check the loyalty number.")


def test_the_customer_goes_back_to_the_assistant_by_a_button(browser: Browser, candor_url: str) -> None:
    with open_page(browser, customer="745") as shop, open_page(browser) as desk:
        open_chat(shop, candor_url)
        chat = shop.locator("candor-chat")
        chat.get_by_role("button", name="Talk to a person").click()
        sign_in_staff(desk, candor_url, "alex")
        desk.locator("button.row").filter(has_text="Lin Jackson").click()
        desk.get_by_role("button", name="Claim").click()
        chat.get_by_role("button", name="Back to assistant").click()
        expect(chat.get_by_role("log")).to_contain_text("I am the automated assistant again, not a person.")


def test_a_draft_is_kept_over_a_reload(browser: Browser, candor_url: str) -> None:
    with open_page(browser, customer="982") as shop, open_page(browser) as desk:
        open_chat(shop, candor_url)
        shop.locator("candor-chat").get_by_role("button", name="Talk to a person").click()
        sign_in_staff(desk, candor_url)
        row = desk.locator("button.row").filter(has_text="Dominic Nkosi")
        row.click()
        desk.get_by_role("button", name="Claim").click()
        field = desk.get_by_role("textbox", name="Write to Dominic")
        field.fill("I am looking into")
        desk.reload()
        row.click()
        expect(field).to_have_value("I am looking into")
        desk.get_by_role("button", name="Close", exact=True).click()
        expect(shop.locator("candor-chat").get_by_role("log")).to_contain_text("closed this chat")
        shop.locator("candor-chat").get_by_role("button", name="Save this chat").press("Enter")
        ways = shop.locator("candor-chat .stack").filter(has_text="save this chat as a text file")
        with shop.expect_download() as saved:
            ways.get_by_role("button", name="Save this chat").press("Enter")
        text = saved.value.path().read_text(encoding="utf-8-sig")
        assert text.startswith("Chat at Fernhill Market")
        assert "Sam Okafor, a person, joined" in text


def test_a_request_by_right_is_read_and_answered_in_writing(browser: Browser, candor_url: str) -> None:
    customer = Customer(candor_url, "1228")
    body = {"kind": "rectify", "text": "my street is wrong"}
    asked = call(candor_url, "POST", "/api/me/requests", body, token=customer.customer_token)
    with open_page(browser) as desk:
        sign_in_staff(desk, candor_url)
        desk.get_by_role("button", name="Requests").click()
        desk.get_by_text(asked["request_id"]).click()
        expect(desk.get_by_text("“my street is wrong”")).to_be_visible()
        assert find_faults(desk) == []
        desk.get_by_role("button", name="Done: send it").click()
        expect(desk.get_by_text("Write what was done, or why it is refused.")).to_be_visible()
        desk.get_by_label("Your answer, in the chat and in writing").fill("It is mended.")
        desk.get_by_role("button", name="Done: send it").click()
        expect(desk.get_by_text(f"Request {asked['request_id']} is answered.")).to_be_visible()
    assert customer.read()[-1]["text"].startswith("It is mended.")


@pytest.mark.parametrize(("width", "scheme"), [(1440, "dark"), (768, "light"), (320, "light")])
def test_the_console_is_clean_and_fits(browser: Browser, candor_url: str, width: int, scheme: str) -> None:
    with open_page(browser, width=width, height=800, color_scheme=scheme) as desk:
        sign_in_staff(desk, candor_url, "olga")
        assert find_faults(desk) == []
