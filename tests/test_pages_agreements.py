"""Levels, how often, notices and receipts in the privacy centre, in a real browser."""

import json

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browsing import find_faults, open_page


def is_on(page: Page, name: str, on: bool) -> None:
    switch = page.get_by_role("switch", name=name, exact=True)
    expect(switch).to_have_attribute("aria-checked", str(on).lower())


def test_a_level_says_what_it_changes_before_it_acts_and_both_ways_are_alike(browser: Browser, candor_url: str) -> None:
    with open_page(browser, customer="22") as page:
        page.goto(f"{candor_url}/privacy")
        steps = page.get_by_role("group", name="How much may be used?")
        is_on(page, "What you bought", True)
        steps.get_by_role("button", name="Only what I tell you").click()
        plan = page.locator(".one-level .effect-card")
        expect(plan).to_contain_text("This turns off: what you bought")
        yes, no = plan.get_by_role("button", name="Change it"), plan.get_by_role("button", name="Leave it")
        one, other = yes.bounding_box(), no.bounding_box()
        assert one is not None
        assert other is not None
        assert (one["width"], one["height"]) == (other["width"], other["height"])
        assert find_faults(page) == []
        no.click()
        expect(plan).to_have_count(0)
        is_on(page, "What you bought", True)
        steps.get_by_role("button", name="Only what I tell you").click()
        yes.click()
        is_on(page, "What you bought", False)
        is_on(page, "What you told us", True)
        expect(page.locator(".one-level [aria-pressed=true]")).to_have_text("Only what I tell you")
        steps.get_by_role("button", name="Everything").click()
        expect(plan).to_contain_text("This turns on: what you bought")
        yes.click()
        is_on(page, "What you looked at", True)
        is_on(page, "Groups for the fairness check", False)


def test_every_yes_and_no_has_a_receipt_to_keep(browser: Browser, candor_url: str) -> None:
    with open_page(browser, customer="208") as page:
        page.goto(f"{candor_url}/privacy")
        page.get_by_role("switch", name="What you looked at", exact=True).click()
        expect(page.locator("#consents tbody tr").first).to_contain_text("What you looked at")
        with page.expect_download() as one:
            page.locator("#consents tbody tr").first.get_by_role("button", name="Receipt").click()
        receipt = json.loads(one.value.path().read_text(encoding="utf-8"))
        assert receipt["dpv:hasRecordOfActivity"]["dpv:hasProcess"]["dct:identifier"] == "browsing"
        with page.expect_download() as everything:
            page.get_by_role("button", name="Download all receipts").click()
        receipts = json.loads(everything.value.path().read_text(encoding="utf-8"))
        assert receipts[-1] == receipt
        for told in (receipt, receipts[0]):
            answer = page.request.post(f"{candor_url}/api/receipts/verify", data={"receipt": told})
            assert answer.json()["valid"] is True
        assert find_faults(page) == []


def test_the_notice_stands_beside_its_switch_and_how_often_is_kept(browser: Browser, candor_url: str) -> None:
    with open_page(browser, customer="100") as page:
        page.goto(f"{candor_url}/privacy")
        page.get_by_text("What you say yes to").first.click()
        expect(page.get_by_text("May I use what you bought here to choose offers?")).to_be_visible()
        often = page.get_by_role("group", name="How often may the chat show offers unasked?")
        expect(often.get_by_role("button", pressed=True)).to_have_text("Once a chat")
        often.get_by_role("button", name="Never").click()
        expect(often.get_by_role("button", pressed=True)).to_have_text("Never")
        page.reload()
        expect(often.get_by_role("button", pressed=True)).to_have_text("Never")


@pytest.mark.parametrize(("width", "scheme"), [(1280, "dark"), (390, "light")])
def test_a_plan_is_clean_and_fits(browser: Browser, candor_url: str, width: int, scheme: str) -> None:
    with open_page(browser, customer="208", width=width, height=800, color_scheme=scheme) as page:
        page.goto(f"{candor_url}/privacy")
        page.get_by_role("group", name="How much may be used?").get_by_role("button", name="Everything").click()
        expect(page.locator(".one-level .effect-card")).to_be_visible()
        page.get_by_text("What you say yes to").first.click()
        assert find_faults(page) == []
