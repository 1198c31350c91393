"""The pages, the offers and the chat in another language, in a real browser."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from data.texts import Texts, load_texts
from tests.browsing import find_faults, open_page

TEXTS = Path(__file__).resolve().parent.parent / "texts"


@pytest.fixture(scope="module", params=["de", "es"])
def own(request: pytest.FixtureRequest) -> Texts:
    return load_texts(TEXTS, request.param)


def open_chat(page: Page, own: Texts) -> None:
    page.locator("candor-chat").get_by_role("button", name=own.say("pages.launcher_title")).click()
    page.locator("candor-chat [data-seq]").first.wait_for()


def test_a_chosen_language_is_that_of_page_offers_and_chat(browser: Browser, candor_url: str, own: Texts) -> None:
    with open_page(browser) as page:
        page.goto(candor_url)
        page.locator(f".languages a[lang={own.lang}]").click()
        expect(page.locator("html")).to_have_attribute("lang", own.lang)
        expect(page.get_by_role("heading", name=own.say("pages.offers_popular"))).to_be_visible()
        first = page.locator("candor-offers article").first
        expect(first.get_by_role("button", name=own.say("pages.offer_why"))).to_be_visible()
        expect(first).to_contain_text(own.say("reasons.label_popular"))
        assert find_faults(page) == []
        open_chat(page, own)
        said = page.locator("candor-chat [data-seq]").first
        expect(said).to_have_attribute("lang", own.lang)
        expect(said).to_contain_text(own.say("disclosure.first"))
        assert find_faults(page) == []


def test_a_question_to_start_with_is_understood_and_answered_in_the_language(
    browser: Browser, candor_url: str, own: Texts
) -> None:
    with open_page(browser) as page:
        page.goto(f"{candor_url}/?lang={own.lang}")
        open_chat(page, own)
        why = own.say("pages.starters").split("|")[2]
        page.locator("candor-chat .starters").get_by_role("button", name=why).click()
        answer = page.locator("candor-chat [data-kind=privacy]")
        expect(answer).to_have_attribute("lang", own.lang)
        expect(answer).to_contain_text(own.say("privacy.held_visitor", days=365))


def test_a_reason_and_its_controls_are_in_the_language(browser: Browser, candor_url: str, own: Texts) -> None:
    with open_page(browser, customer="7") as page:
        page.goto(f"{candor_url}/?lang={own.lang}")
        offers = page.locator("candor-offers article")
        expect(offers).to_have_count(5)
        offers.nth(1).get_by_role("button", name=own.say("pages.offer_why")).click()
        card = page.locator("candor-chat .explanation")
        card.wait_for()
        controls = card.locator(".reason").first.get_by_role("group").get_by_role("button")
        names = [own.say(f"explanations.button_{key}") for key in ("wrong", "review")]
        assert [text.strip() for text in controls.all_inner_texts()][1:] == names
        assert find_faults(page) == []


def test_the_privacy_centre_is_in_the_language_of_the_browser(browser: Browser, candor_url: str, own: Texts) -> None:
    context = browser.new_context(locale=f"{own.lang}-{own.lang.upper()}")
    try:
        page = context.new_page()
        page.goto(f"{candor_url}/privacy")
        expect(page.get_by_role("heading", name=own.say("pages.privacy_title"))).to_be_visible()
        expect(page.locator("#banners")).to_contain_text(own.say("pages.privacy_signed_out"))
        assert find_faults(page) == []
    finally:
        context.close()
