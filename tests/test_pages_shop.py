"""The demo shop's own pages in a real browser: what is looked at there reaches the offers and their explanation."""

from playwright.sync_api import Browser, expect

from tests.browsing import check_focus, find_faults, forget_answers, open_page
from tests.house import House


def test_a_look_on_a_page_takes_a_place_and_says_so(browser: Browser, house: House) -> None:
    forget_answers(house, "22")
    with open_page(browser, customer="22") as page:
        page.add_init_script(
            "document.addEventListener('candor-looked', ({detail}) => { document.documentElement.dataset.kept = detail.stored; })"
        )
        page.goto(house.url)
        page.locator("candor-offers article").first.wait_for()
        with page.expect_response("**/demo/token"):  # a look is told for who is signed in
            page.get_by_role("region", name="Aisles").get_by_role("link").first.click()
        page.wait_for_load_state()
        goods = page.locator("details[data-product] summary")
        goods.last.press("Enter")
        check_focus(page)
        expect(page.locator("html")).to_have_attribute("data-kept", "false")  # not agreed to, so not kept
        token = page.evaluate(
            "fetch('/demo/token', {method: 'POST', headers: {'Content-Type': 'application/json'}, body: JSON.stringify({customer_id: '22'})})"
            ".then(answer => answer.json()).then(told => told.customer_token)"
        )
        headers = {"Authorization": f"Bearer {token}"}
        answer = page.request.put(f"{house.url}/api/me/consents/browsing", data={"granted": True}, headers=headers)
        assert answer.ok
        goods.last.press("Enter")
        goods.last.press("Enter")
        expect(page.locator("html")).to_have_attribute("data-kept", "true")
        assert find_faults(page) == []
        page.get_by_role("link", name="All aisles").click()
        offer = page.locator("candor-offers article").filter(has_text="Chosen from what you looked at")
        expect(offer).to_have_count(1)
        expect(offer.locator("p.reason")).to_contain_text("You looked at")
        offer.get_by_role("button", name="Why am I seeing this?").click()
        reason = page.locator("candor-chat .explanation .reason").first
        expect(reason).to_contain_text("From: what you looked at")
        expect(reason).to_contain_text("see the look")
        expect(reason.locator(".weight")).to_have_count(0)
        reason.get_by_role("button", name="Stop using this").click()
        expect(page.locator("candor-offers article").filter(has_text="Chosen from what you looked at")).to_have_count(0)
    forget_answers(house, "22")
