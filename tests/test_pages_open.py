"""How it works, and what the owner and the staff can do about a complaint, in a real browser."""

import re
import uuid

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browsing import PICTURES, find_faults, open_page
from tests.house import House, call


def sign_in(page: Page, url: str, username: str) -> None:
    page.goto(f"{url}/staff")
    page.get_by_label("Name").fill(username)
    page.get_by_label("Password").fill("demo-password")
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator("#console")).to_be_visible()


@pytest.mark.parametrize(
    ("width", "scheme", "lang"), [(1280, "light", "en"), (390, "dark", "de"), (320, "light", "es")]
)
def test_how_it_works_is_clean_and_fits(browser: Browser, candor_url: str, width: int, scheme: str, lang: str) -> None:
    with open_page(browser, width=width, height=800, color_scheme=scheme) as page:
        page.goto(f"{candor_url}/how-it-works?lang={lang}")
        assert find_faults(page) == []
        page.screenshot(path=PICTURES / f"how-{width}-{scheme}.png", full_page=True)


def test_how_it_works_reads_without_a_script(browser: Browser, candor_url: str) -> None:
    with open_page(browser, java_script_enabled=False) as page:
        page.goto(f"{candor_url}/privacy")
        page.get_by_role("link", name="How it works").click()
        expect(page.get_by_role("heading", name="What puts offers in order")).to_be_visible()


def test_a_complaint_ends_in_a_decision_that_the_customer_takes_back(browser: Browser, candor_url: str) -> None:
    token = call(candor_url, "POST", "/demo/token", {"customer_id": "64"})["customer_token"]
    offer = call(candor_url, "GET", "/api/offers", token=token)["offers"][0]
    words = f"Unfair {uuid.uuid4().hex[:6]}"
    body = {"kind": "review", "impression_id": offer["impression_id"], "text": words}
    review_id = call(candor_url, "POST", "/api/me/controls", body, token=token)["review_id"]
    with open_page(browser) as page:
        sign_in(page, candor_url, "sam")
        page.locator("#tabs").get_by_role("button", name=re.compile("Reviews")).click()
        page.get_by_role("button", name=re.compile(review_id)).click()
        expect(page.get_by_text("What was shown")).to_be_visible()
        expect(page.get_by_role("button", name="Not for anybody")).to_have_count(0)
        page.get_by_label("Why? The customer can read this.").fill("It does not fit.")
        page.get_by_role("button", name="Not for this customer").click()
        expect(page.get_by_text("Decisions in force")).to_be_visible()
        assert find_faults(page) == []
        page.screenshot(path=PICTURES / "contest.png")
        page.get_by_label("Your answer, in the chat and in writing").fill("You are right.")
        page.get_by_role("button", name="Send the decision").click()
        expect(page.get_by_text("Decided by Sam Okafor").last).to_be_visible()
    assert offer["offer_id"] not in [
        one["offer_id"] for one in call(candor_url, "GET", "/api/offers?limit=20", token=token)["offers"]
    ]
    with open_page(browser, customer="64") as page:
        page.goto(f"{candor_url}/privacy")
        page.locator("#group-decisions summary").click()
        expect(page.locator("#group-decisions")).to_contain_text("It does not fit.")
        assert find_faults(page) == []
        page.screenshot(path=PICTURES / "decisions.png", full_page=True)
        page.get_by_role("button", name="Take this back").click()
        expect(page.locator("#banners")).to_contain_text("In effect now")


def test_an_owner_publishes_an_incident_after_looking_at_it(browser: Browser, house: House, candor_url: str) -> None:
    words = f"A wrong list was printed {uuid.uuid4().hex[:6]}."
    with open_page(browser, height=1000) as page:
        sign_in(page, candor_url, "olga")
        page.locator("#tabs").get_by_role("button", name=re.compile("Oversight")).click()
        expect(page.get_by_role("heading", name="How reviews end")).to_be_visible()
        page.get_by_label("Since when").fill("2017-12-30")
        page.get_by_label("What happened").fill(words)
        page.get_by_label("What was done").fill("It was burned.")
        page.get_by_label("What customers can do").fill("Nothing. Ask us if you like.")
        page.get_by_role("button", name="Write the draft").click()
        card = page.locator(".incident").filter(has_text=words)
        expect(card).to_contain_text("draft")
        assert find_faults(page) == []
        page.screenshot(path=PICTURES / "oversight.png", full_page=True)
        card.get_by_role("button", name=re.compile("^Publish")).click()
        expect(card).to_contain_text("published")
        page.goto(f"{candor_url}/how-it-works")
        expect(page.get_by_role("heading", name="What went wrong")).to_be_visible()
        expect(page.locator("#incidents")).to_contain_text(words)
        assert find_faults(page) == []
