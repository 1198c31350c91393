"""Writing at the console in a real browser: `/` finds a written answer by keyboard alone, a suggestion goes in by a click, nothing is sent by itself."""

import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from sqlalchemy import Connection

from data.answers import WrittenAnswer
from data.conversations import Draft, append_messages
from data.handoffs import request_handoff
from data.importers.answers import write_answers
from data.importers.questions import Question, write_questions
from tests.browsing import check_focus, find_faults, open_page, sign_in_staff, take_picture
from tests.desks import SAM, Desk, listen_alone
from tests.making import make_conversation

ANSWERS = [
    WrittenAnswer("hello", "Hello", "Hello {customer_name}, this is {my_name}.", None),
    WrittenAnswer("look", "I look into it", "I look at order {order_id} now, {customer_name}.", None),
    *(WrittenAnswer(f"more-{n}", f"More {n}", f"Answer number {n} of many, and long enough to be cut.", None) for n in range(12)),
]  # fmt: skip
PARKING = Question("parking", "Is there parking?", (), "Yes, for two hours.", "parking.md", None)
AT = "2026-03-02T09:00:00.000000Z"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    def fill(connection: Connection) -> None:
        write_answers(connection, ANSWERS)
        write_questions(connection, [PARKING])

    with listen_alone(tmp_path_factory.mktemp("replies"), SAM, fill=fill) as desk:
        desk.bot.questions = [{"id": "parking", "title": "Is there parking?", "confidence": 0.8}]
        yield desk


@pytest.fixture
def waiting(desk: Desk) -> str:
    """A conversation that waits, with an order in question."""
    with desk.database.write() as connection:
        conversation, _ = make_conversation(connection)
        said = Draft("customer", "chat", "May I park my van?", client_key="customer:1")
        append_messages(connection, conversation.conversation_id, [said], at=AT)
        request_handoff(connection, conversation, at=AT, topic={"order_id": "A-7"}, now=time.time(), phase="queued")
    return conversation.conversation_id


def open_claimed(page: Page, desk: Desk, conversation_id: str) -> None:
    sign_in_staff(page, desk.url)
    page.locator("button.row").filter(has_text=f"Visitor {conversation_id[:4]}").click()
    page.get_by_role("button", name="Claim", exact=True).click()
    expect(page.locator("#reply")).to_be_focused()


def listed(page: Page) -> Locator:
    return page.get_by_role("listbox", name="Answers")


def test_an_answer_is_found_and_put_in_by_keyboard_alone(browser: Browser, desk: Desk, waiting: str) -> None:
    with open_page(browser, width=1440, height=900) as page:
        open_claimed(page, desk, waiting)
        page.keyboard.press("/")
        search = page.get_by_role("combobox", name="Find an answer")
        expect(search).to_be_focused()
        check_focus(page)
        expect(listed(page).get_by_role("option")).to_have_count(len(ANSWERS))
        assert find_faults(page) == []
        take_picture(page, "console-answers")
        page.keyboard.type("look order")
        expect(listed(page).get_by_role("option")).to_have_count(1)
        expect(listed(page).get_by_role("option", selected=True)).to_contain_text("to fill in: the customer's name")
        page.keyboard.press("Enter")
        field = page.locator("#reply")
        expect(field).to_be_focused()
        expect(field).to_have_value("I look at order A-7 now, {customer_name}.")
        expect(page.locator(".hint")).to_have_text("Fill in {customer_name} first, or take it out.")
        page.keyboard.press("Control+Enter")
        expect(field).to_have_value("I look at order A-7 now, {customer_name}.")
        page.keyboard.type("Ann")  # the missing field is selected
        expect(field).to_have_value("I look at order A-7 now, Ann.")
        page.keyboard.press("Control+Enter")
        expect(field).to_have_value("")
        expect(page.get_by_role("log")).to_contain_text("I look at order A-7 now, Ann.")
        expect(page.get_by_role("log")).not_to_contain_text("{customer_name}")


def test_arrows_choose_escape_closes_and_a_slash_in_a_sentence_is_a_slash(
    browser: Browser, desk: Desk, waiting: str
) -> None:
    with open_page(browser, width=1440, height=900) as page:
        open_claimed(page, desk, waiting)
        field, search = page.locator("#reply"), page.get_by_role("combobox", name="Find an answer")
        page.keyboard.type("and/or")
        expect(field).to_have_value("and/or")
        expect(search).to_be_hidden()
        page.keyboard.press("Enter")
        page.keyboard.press("/")
        expect(search).to_be_focused()
        expect(listed(page).get_by_role("option")).to_have_count(len(ANSWERS))
        page.keyboard.press("ArrowUp")
        expect(listed(page).get_by_role("option", selected=True)).to_contain_text("More 9")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("ArrowDown")
        expect(listed(page).get_by_role("option", selected=True)).to_contain_text("I look into it")
        assert search.get_attribute("aria-activedescendant") == listed(page).get_by_role(
            "option", selected=True
        ).get_attribute("id")
        page.keyboard.press("Escape")
        expect(field).to_be_focused()
        expect(search).to_be_hidden()
        expect(field).to_have_value("and/or\n")
        page.get_by_role("button", name="Answers").click()
        page.keyboard.type("no such words")
        expect(page.get_by_text("No answer has these words.")).to_be_visible()
        page.keyboard.press("Enter")
        expect(search).to_be_focused()


def test_a_suggestion_goes_into_the_field_and_no_further(browser: Browser, desk: Desk, waiting: str) -> None:
    with open_page(browser, width=1440, height=900) as page:
        open_claimed(page, desk, waiting)
        suggested = page.get_by_role("group", name="The shop's answers to this")
        suggested.get_by_role("button", name="Is there parking?").click()
        expect(page.locator("#reply")).to_have_value("Yes, for two hours.")
        assert find_faults(page) == []
        take_picture(page, "console-suggestion")
        with desk.database.read() as connection:
            said = connection.exec_driver_sql(
                "SELECT count(*) FROM messages WHERE conversation_id = ? AND author = 'human'", (waiting,)
            ).scalar_one()
        assert said == 0


@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (390, "light"), (1440, "dark")])
def test_it_fits_a_phone_and_both_schemes(browser: Browser, desk: Desk, waiting: str, width: int, scheme: str) -> None:
    with open_page(browser, width=width, height=844, color_scheme=scheme) as page:
        open_claimed(page, desk, waiting)
        expect(page.get_by_role("group", name="The shop's answers to this")).to_be_visible()
        page.get_by_role("button", name="Answers").click()
        option = listed(page).get_by_role("option").first
        expect(option).to_be_visible()
        box = option.bounding_box()
        assert box is not None
        assert box["height"] >= 24
        assert find_faults(page) == []
        take_picture(page, f"console-answers-{width}-{scheme}")
        option.click()
        expect(page.locator("#reply")).to_have_value("Hello {customer_name}, this is Sam Okafor.")
