"""Every right, from its start to its outcome, on the privacy centre in a real browser."""

import json
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browsing import find_faults, open_chat, open_page


def find_right(page: Page, name: str) -> Locator:
    return page.get_by_role("group", name=name, exact=True)


def save(page: Page, right: str, button: str) -> Path:
    with page.expect_download() as given:
        find_right(page, right).get_by_role("button", name=button, exact=True).click()
    return Path(given.value.path())


def test_every_right_goes_from_start_to_outcome(browser: Browser, candor_url: str) -> None:
    with open_page(browser, customer="718") as page:
        page.goto(f"{candor_url}/privacy")
        asked = page.locator(".asked > li")

        held = json.loads(save(page, "Get a copy", "One file (JSON)").read_text(encoding="utf-8"))
        assert any(group["name"] == "orders" and group["rows"] for group in held["groups"])
        expect(asked.first).to_contain_text("A copy Done")
        assert "orders.csv" in zipfile.ZipFile(save(page, "Get a copy", "Tables (CSV)")).namelist()
        assert "customers.csv" in zipfile.ZipFile(save(page, "Move to another shop", "Get the files")).namelist()
        expect(asked).to_have_count(3)

        correct = find_right(page, "Correct something")
        correct.get_by_label("Your right name").fill("Edda Right")
        correct.get_by_role("button", name="Send").first.click()
        expect(asked.first).to_contain_text("A correction Open")
        expect(asked.first).to_contain_text("Answer by")
        expect(page.locator("#who")).to_contain_text("Edda Right")

        freeze = find_right(page, "Freeze my data")
        freeze.get_by_role("button", name="Freeze").click()
        expect(page.get_by_text("Your data is frozen.")).to_be_visible()
        expect(page.get_by_role("switch", name="What you bought", exact=True)).to_have_attribute(
            "aria-checked", "false"
        )
        assert find_faults(page) == []
        freeze.get_by_role("button", name="Lift the freeze").click()
        expect(page.get_by_text("Your data is frozen.")).to_have_count(0)

        find_right(page, "Object to every use").get_by_role("button", name="Object").click()
        expect(find_right(page, "Object to every use").get_by_role("status")).to_contain_text("From now on nothing")
        review = find_right(page, "Ask a person to look")
        review.get_by_label("What should a person look at?").fill("The third offer is unfair.")
        review.get_by_role("button", name="Send").click()
        expect(asked.first).to_contain_text("A review Open")
        assert find_faults(page) == []


def test_a_purchase_of_an_order_is_disowned_where_it_stands(browser: Browser, candor_url: str) -> None:
    with open_page(browser, customer="568") as page:
        page.goto(f"{candor_url}/privacy")
        page.locator("#group-orders summary").click()
        line = page.locator("#group-orders dd > p").first
        line.get_by_role("button", name="I did not buy this").click()
        expect(line.get_by_role("status")).to_contain_text("It no longer counts")
        expect(page.locator(".asked > li").first).to_contain_text("A correction Open")
        assert find_faults(page) == []
        page.reload()
        page.locator("#group-orders summary").click()
        expect(page.locator("#group-orders dd > p").first).to_contain_text("does not count")
        assert find_faults(page) == []


def test_erasing_says_first_what_goes_and_is_taken_back_as_easily(browser: Browser, candor_url: str) -> None:
    with open_page(browser, customer="982") as page:
        page.goto(f"{candor_url}/privacy")
        erase = find_right(page, "Erase everything")
        first = erase.get_by_role("button", name="Erase", exact=True)
        first.click()
        expect(erase.get_by_role("status")).to_contain_text("The shop keeps the invoices")
        erase.get_by_role("button", name="Keep it").click()
        expect(first).to_be_focused()
        expect(page.locator("#group-orders")).not_to_contain_text("Nothing is kept")
        first.click()
        assert find_faults(page) == []
        erase.get_by_role("button", name="Erase it now").click()
        expect(page.locator("#banners .banner").first).to_be_focused()
        expect(page.locator("#group-orders")).to_contain_text("Nothing is kept")
        expect(page.locator(".asked > li").first).to_contain_text("An erasure Done")


def test_a_visitor_erases_their_chat(browser: Browser, candor_url: str) -> None:
    with open_page(browser) as page:
        open_chat(page, candor_url)
        page.goto(f"{candor_url}/privacy")
        expect(find_right(page, "Freeze my data")).to_have_count(0)
        erase = find_right(page, "Erase everything")
        erase.get_by_role("button", name="Erase", exact=True).click()
        expect(erase.get_by_role("status")).to_contain_text("This chat goes for good.")
        erase.get_by_role("button", name="Erase it now").click()
        expect(page.get_by_text("You are not signed in.")).to_be_visible()
        expect(page.locator("#banners .banner").first).to_be_focused()


@pytest.mark.parametrize(("width", "scheme"), [(1280, "dark"), (390, "light"), (320, "dark")])
def test_the_rights_fit(browser: Browser, candor_url: str, width: int, scheme: str) -> None:
    with open_page(browser, customer="208", width=width, height=800, color_scheme=scheme) as page:
        page.goto(f"{candor_url}/privacy#rights")
        expect(find_right(page, "Erase everything")).to_be_visible()
        find_right(page, "Erase everything").get_by_role("button", name="Erase", exact=True).click()
        expect(page.get_by_role("button", name="Keep it")).to_be_visible()
        assert find_faults(page) == []
