"""The console beyond the inbox, in a real browser: a correction decided, a score's picture beside its figures, the models for an owner."""

from playwright.sync_api import Browser, Page, expect

from tests.browsing import find_faults, forget_answers, open_page, sign_in_staff
from tests.house import House

ASK_TOKEN = (
    "id => fetch('/demo/token', {method: 'POST', headers: {'Content-Type': 'application/json'}, body: JSON.stringify({customer_id: id})})"
    ".then(answer => answer.json()).then(told => told.customer_token)"
)


def disown(page: Page, url: str, customer_id: str) -> str:
    """A customer says of a bought offer that it was not bought; the review's number."""
    page.goto(url)
    headers = {"Authorization": f"Bearer {page.evaluate(ASK_TOKEN, customer_id)}"}
    offers = page.request.get(f"{url}/api/offers", headers=headers).json()["offers"]
    bought = next(one for one in offers if one["label"] == "purchases")
    body = {"kind": "not_bought", "impression_id": bought["impression_id"], "text": "That was my neighbour."}
    return str(page.request.post(f"{url}/api/me/controls", data=body, headers=headers).json()["review_id"])


def test_staff_see_the_lines_and_the_picture_and_reject_with_a_reason(browser: Browser, house: House) -> None:
    forget_answers(house, "745")
    with open_page(browser) as shop, open_page(browser, width=1440, height=900) as desk:
        review_id = disown(shop, house.url, "745")
        sign_in_staff(desk, house.url)
        desk.get_by_role("button", name="Reviews").click()
        desk.locator("button.row").filter(has_text=review_id).click()
        lines = desk.get_by_role("table", name="these lines count for nothing until you decide")
        expect(lines.get_by_role("row").nth(1)).to_contain_text("under review")
        desk.locator(".review .review-body details summary").click()
        picture = desk.get_by_role("img", name="part by part")
        expect(picture).to_be_visible(timeout=60_000)
        described = picture.get_attribute("aria-describedby")
        expect(desk.locator(f"table#{described}")).to_be_visible()
        assert find_faults(desk) == []
        desk.get_by_label("Your answer").fill("The receipt has your card on it.")
        desk.get_by_role("button", name="Reject: they count again").click()
        expect(lines.get_by_role("row").nth(1)).to_contain_text("counts again")
        expect(desk.locator(".review .review-body")).to_contain_text("The receipt has your card on it.")
    forget_answers(house, "745")


def test_an_owner_reads_what_serves_and_an_agent_has_no_such_tab(browser: Browser, house: House) -> None:
    with open_page(browser, width=1440, height=900) as desk:
        sign_in_staff(desk, house.url, "olga")
        desk.get_by_role("button", name="Models").click()
        models = desk.get_by_role("region", name="Models")
        expect(models).to_contain_text(" serves.")
        expect(models).to_contain_text("No newer version was refused.")
        assert find_faults(desk) == []
    with open_page(browser, width=1440, height=900) as desk:
        sign_in_staff(desk, house.url, "sam")
        expect(desk.get_by_role("button", name="Reviews")).to_be_visible()
        expect(desk.get_by_role("button", name="Models")).to_have_count(0)
