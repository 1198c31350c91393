"""The privacy centre in a real browser: switches that act and show what they did, and nobody who sees another's data."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect
from sqlalchemy import Connection

from tests.browsing import find_faults, open_chat, open_page
from tests.desks import listen_alone
from tests.making import TODAY, make_catalogue, make_order, make_person


def test_a_switch_acts_at_once_and_shows_before_and_after(browser: Browser, candor_url: str) -> None:
    with open_page(browser, customer="22") as page:
        page.goto(f"{candor_url}/privacy")
        switch = page.get_by_role("switch", name="What you bought", exact=True)
        expect(switch).to_have_attribute("aria-checked", "true")
        switch.focus()
        page.keyboard.press("Space")
        expect(switch).to_have_attribute("aria-checked", "false")
        expect(switch).to_be_focused()
        answer = page.get_by_role("status").filter(has=page.get_by_role("button", name="Put it back"))
        expect(answer.get_by_role("heading", name="Before")).to_be_visible()
        expect(answer.get_by_role("heading", name="After")).to_be_visible()
        assert find_faults(page) == []
        page.get_by_role("button", name="Put it back").click()
        expect(switch).to_have_attribute("aria-checked", "true")


def test_sensitive_groups_stand_behind_a_choice_of_their_own(browser: Browser, candor_url: str) -> None:
    with open_page(browser, customer="22") as page:
        page.goto(f"{candor_url}/privacy")
        group = page.get_by_role("switch", name="Medicine and health care")
        expect(page.get_by_role("switch", name="What you bought", exact=True)).to_be_visible()
        expect(group).to_be_hidden()
        page.get_by_role("button", name="Choose").click()
        expect(group).to_have_attribute("aria-checked", "false")


def test_a_visitor_reads_its_own_chat_and_nothing_else(browser: Browser, candor_url: str) -> None:
    with open_page(browser) as page:
        open_chat(page, candor_url)
        page.goto(f"{candor_url}/privacy")
        expect(page.get_by_text("You are a visitor.")).to_be_visible()
        expect(page.get_by_role("switch")).to_have_count(0)
        page.locator("#group-conversations summary").click()
        expect(page.locator("#group-conversations")).to_contain_text("I am an automated assistant, not a person")


def test_nobody_signed_in_sees_nothing_and_is_told_how(browser: Browser, candor_url: str) -> None:
    with open_page(browser) as page:
        page.goto(f"{candor_url}/privacy")
        expect(page.get_by_text("You are not signed in.")).to_be_visible()
        assert find_faults(page) == []


def test_the_browsers_signal_is_honoured_in_words(browser: Browser, candor_url: str) -> None:
    with open_page(browser, customer="100", extra_http_headers={"Sec-GPC": "1"}) as page:
        page.goto(f"{candor_url}/privacy")
        expect(page.get_by_text("Your browser asks shops not to share your data, and we honour that.")).to_be_visible()
        expect(page.get_by_role("switch", name="What you bought", exact=True)).to_have_attribute(
            "aria-checked", "false"
        )


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark"), (320, "light")])
def test_the_centre_is_clean_and_fits(browser: Browser, candor_url: str, width: int, scheme: str) -> None:
    with open_page(browser, customer="208", width=width, height=800, color_scheme=scheme) as page:
        page.goto(f"{candor_url}/privacy")
        page.locator("#group-orders summary").click()
        assert find_faults(page) == []


def test_the_page_tells_its_words_without_a_script(browser: Browser, candor_url: str) -> None:
    with open_page(browser, java_script_enabled=False) as page:
        page.goto(f"{candor_url}/privacy")
        assert (
            "Reading and changing this needs JavaScript." in page.content()
        )  # in <noscript>, which this browser keeps unread
        expect(page.get_by_text("answers for your data")).to_be_visible()


@pytest.mark.parametrize(("currency", "paid"), [("JPY", "¥12,300"), ("KWD", "KWD 12.300"), ("USD", "$123.00")])
def test_what_was_paid_is_told_in_the_shops_own_money(
    browser: Browser, tmp_path: Path, currency: str, paid: str
) -> None:
    def fill(connection: Connection) -> None:
        make_catalogue(connection)
        make_order(connection, make_person(connection, "ann-77"), TODAY, ["type-1"], quantity=123)

    with (
        listen_alone(tmp_path, change=lambda text: text.replace('"USD"', f'"{currency}"'), fill=fill) as shop,
        open_page(browser, customer="ann-77") as page,
    ):
        page.goto(f"{shop.url}/privacy")
        page.locator("#group-orders summary").click()
        expect(page.locator("#group-orders dd").filter(has_text=paid)).to_have_count(1)
