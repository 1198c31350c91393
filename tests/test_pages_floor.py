"""A busy desk in a real browser: sixty wait, one is taken, passed on, taken over and wrapped up; a supervisor sees the floor."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import Connection

from data.conversations import Draft, append_messages
from data.handoffs import note_topic, request_handoff
from tests.browsing import find_faults, open_page, sign_in_staff
from tests.desks import ALEX, SAM, SUE, Desk, listen_alone
from tests.making import make_conversation

WAITING = 60
TEAM = '\n[handoff.teams.orders]\ntitle = "Orders"\nmembers = ["alex"]\ntopics = ["order"]\n'
WORDS = ("Where is my parcel?", "The yogurt was warm.", "I was charged twice.", "Please call me back about my order.")


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with listen_alone(
        tmp_path_factory.mktemp("desk"), SAM, ALEX, SUE, change=lambda text: text + TEAM, fill=wait_many
    ) as desk:
        yield desk


def wait_many(connection: Connection) -> None:
    """Sixty who wait, some of them late, some with a message left."""
    for number in range(WAITING):
        conversation, _ = make_conversation(connection)
        said = Draft("customer", "chat", WORDS[number % len(WORDS)], client_key=f"customer:{number}")
        at = f"2026-03-02T09:{number:02d}:00.000000Z"
        append_messages(connection, conversation.conversation_id, [said], at=at)
        now = time.time() - (600 if number < 5 else 0)
        handoff, _, _ = request_handoff(connection, conversation, at=at, topic={}, now=now, phase="queued")
        if number % 20 == 7:
            note_topic(connection, handoff, {"message": "My parcel is wet.\nPlease write to me."}, has_message=True)


def open_console(page: Page, desk: Desk, username: str) -> None:
    sign_in_staff(page, desk.url, username)
    expect(page.locator(".group .row").first).to_be_visible()


def test_a_talk_goes_from_the_queue_over_colleagues_to_its_reason(browser: Browser, desk: Desk) -> None:
    with open_page(browser, width=1440, height=900) as sam, open_page(browser, width=1440, height=900) as sue:
        open_console(sam, desk, "sam")
        expect(sam.locator(".group").first).to_contain_text(str(WAITING))
        expect(sam.locator(".row .label.red").first).to_contain_text("late")
        expect(sam.locator(".row .label.pine").first).to_contain_text("Message left")
        assert find_faults(sam) == []
        left = sam.locator("button.row").filter(has_text="Message left").first
        left.click()
        expect(sam.get_by_text("The message they left")).to_be_visible()
        expect(sam.locator(".matter .said")).to_contain_text("My parcel is wet.")
        sam.get_by_role("button", name="Claim", exact=True).click()
        expect(sam.locator("#console")).to_contain_text("You have claimed this chat.")
        sam.get_by_role("button", name="Transfer", exact=True).click()
        choice = sam.get_by_label("Pass this chat to")
        expect(choice.locator("option")).to_contain_text(
            ["Alex Moreau, off, 0 of 4 talks", "Sue Lee, off, 0 of 4 talks", "Team Orders"]
        )
        assert find_faults(sam) == []
        choice.select_option("sue")
        sam.get_by_label("Note for your colleague").fill("about the lid")
        sam.get_by_role("button", name="Pass it on").click()
        expect(sam.locator(".talk-head")).to_contain_text("With Sue Lee")

        open_console(sue, desk, "sue")
        sue.get_by_role("button", name="Floor").click()
        floor = sue.get_by_role("region", name="Floor")
        expect(floor).to_contain_text("Sue Lee, available, 1 of 4 talks")
        expect(floor).to_contain_text("waits since")
        assert find_faults(sue) == []
        floor.get_by_role("button").first.click()
        expect(sue.get_by_text("about the lid")).to_be_visible()
        sue.get_by_role("button", name="Close", exact=True).first.click()
        expect(sue.get_by_text("What was it about?")).to_be_visible()
        assert find_faults(sue) == []
        sue.get_by_role("button", name="Leave it open").click()
        sue.get_by_role("button", name="1 talk without a reason").click()
        sue.get_by_role("button", name="An order").click()
        expect(sue.locator("#console")).to_contain_text("Noted: An order.")
        expect(sue.locator(".wrap-ups")).to_be_hidden()


def test_a_supervisor_takes_a_talk_over(browser: Browser, desk: Desk) -> None:
    with open_page(browser, width=1440, height=900) as sam, open_page(browser, width=1440, height=900) as sue:
        open_console(sam, desk, "sam")
        sam.keyboard.press("c")
        expect(sam.locator(".talk-head")).to_contain_text("Yours since")
        open_console(sue, desk, "sue")
        sue.locator("button.row").filter(has_text="With Sam Okafor").first.click()
        sue.get_by_role("button", name="Take over").click()
        expect(sue.locator(".talk-head")).to_contain_text("Yours since")
        expect(sam.locator(".talk-head")).to_contain_text("With Sue Lee")


def test_presence_is_said_and_kept(browser: Browser, desk: Desk) -> None:
    with open_page(browser, width=1440, height=900) as page:
        open_console(page, desk, "alex")
        page.get_by_label("Your presence").select_option("away")
        expect(page.locator("#console")).to_contain_text("You are away: no talk comes to you by itself.")
        page.reload()
        expect(page.get_by_label("Your presence")).to_have_value("away")


@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (390, "dark")])
def test_a_busy_queue_is_clean(browser: Browser, desk: Desk, tmp_path: Path, width: int, scheme: str) -> None:
    with open_page(browser, width=width, height=900, color_scheme=scheme) as page:
        open_console(page, desk, "sue")
        assert find_faults(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        page.screenshot(path=tmp_path / "queue.png")
