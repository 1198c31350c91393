"""A person, when a person is wanted: what the clock does to a talk, in two browsers, against the real processes with limits of seconds.

What people do is in tests/test_end_to_end_handoff.py. The limits are set in shop.toml, as an owner would; nothing else is shortened.
"""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, expect

from data.clock import parse_time
from data.shop import read_shop
from tests.browsing import say
from tests.desks import answer, claim, clear_desk, open_desk, open_visitor, row_of
from tests.house import Customer, House

LIMITS = (
    ("\nwait_minutes = 3 ", "\nwait_minutes = 0.05 "),
    ("\nanswer_minutes = 5 ", "\nanswer_minutes = 0.1 "),
    ("\noffline_minutes = 2 ", "\noffline_minutes = 0.6 "),
    ("\ncustomer_away_minutes = 30 ", "\ncustomer_away_minutes = 0.5 "),
)
SECONDS_MS = 60_000


@pytest.fixture(scope="module")
def hasty(house: House) -> Iterator[House]:
    """The house with limits of seconds, outside its hours: somebody is here again in half a day."""
    now = parse_time(Customer(house.url).opening[0]["at"])
    opens = (now + timedelta(hours=10)).astimezone(read_shop(house.shop_file).zone).hour
    days = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    usual = dict.fromkeys(days[:5], "08:00-20:00") | {"saturday": "09:00-18:00", "sunday": "closed"}
    hours = [(f'\n{day} = "{usual[day]}"', f'\n{day} = "{opens:02d}:00-{opens:02d}:30"') for day in days]
    house.change_shop(*LIMITS, ("\nalways_open = true", "\nalways_open = false"), *hours)
    yield house
    house.change_shop()


@pytest.fixture(autouse=True)
def empty_desk(hasty: House) -> None:
    clear_desk(hasty)


def test_outside_the_hours_a_message_is_left_and_answered_in_the_same_chat(browser: Browser, hasty: House) -> None:
    with open_visitor(browser, hasty, timezone_id="Asia/Tokyo") as chat:
        chat.ask_person()
        told = chat.messages("handoff").last
        expect(told).to_contain_text(re.compile(r"Nobody is here until .*\d+:00, your time\. Leave a message"))
        chat.panel.locator(".queue").get_by_role("button", name="Leave a message").click()
        expect(chat.log).to_contain_text("Write your message now, in one go.")
        say(chat.page, "My parcel is wet. Please send another.")
        expect(chat.log).to_contain_text(re.compile("Your message is kept for the people here.* by .* at the latest"))
        before = chat.panel.locator(".message.bot").count()
        say(chat.page, "what are your opening hours?")
        expect(chat.panel.locator(".message.bot")).to_have_count(before + 1)  # the assistant goes on
        with open_desk(browser, hasty, "sam") as desk:
            expect(row_of(desk, chat)).to_contain_text("Message left")
            row_of(desk, chat).click()
            expect(desk.locator(".matter .said")).to_contain_text("My parcel is wet. Please send another.")
            claim(desk, chat)
            answer(desk, "Another one is on its way.")
            expect(chat.log).to_contain_text("Another one is on its way.")
            chat.expect_person("Sam Okafor")


def test_who_comes_in_between_is_looked_for_again_at_the_click(browser: Browser, hasty: House) -> None:
    with open_visitor(browser, hasty) as chat:
        chat.ask_person()
        expect(chat.messages("handoff").last).to_contain_text("Nobody is here until")
        with open_desk(browser, hasty, "sam"):
            chat.messages("handoff").last.get_by_role("button", name="Leave a message").click()
            expect(chat.log).to_contain_text("Somebody is here now.")


def test_who_waits_too_long_reads_an_apology_and_may_wait_write_or_go_on(browser: Browser, hasty: House) -> None:
    with open_visitor(browser, hasty) as chat, open_desk(browser, hasty, "sam") as desk:
        chat.ask_person()
        sorry = chat.messages("handoff").filter(has_text=re.compile("sorry", re.IGNORECASE))
        expect(sorry.first).to_contain_text("nobody is free", ignore_case=True, timeout=SECONDS_MS)
        for name in ("Keep waiting", "Leave a message", "Stop waiting"):
            expect(sorry.first.get_by_role("button", name=name)).to_be_visible()
        sorry.first.get_by_role("button", name="Keep waiting").click()
        expect(chat.log).to_contain_text(re.compile("All right. You are|Good, your place is kept"))
        chat.expect_waiting()
        expect(row_of(desk, chat)).to_have_count(1)
        sorry.first.get_by_role("button", name="Leave a message").click()
        expect(chat.log).to_contain_text("Write your message now, in one go.")
        say(chat.page, "Please call me.")
        expect(row_of(desk, chat)).to_contain_text("Message left")
        sorry.first.get_by_role("button", name="Stop waiting").click()
        chat.expect_bot()
        expect(row_of(desk, chat)).to_have_count(0)


def test_a_person_who_falls_silent_loses_the_talk_to_the_front_of_the_queue(browser: Browser, hasty: House) -> None:
    with (
        open_visitor(browser, hasty) as chat,
        open_visitor(browser, hasty) as later,
        open_desk(browser, hasty, "sam") as sam,
        open_desk(browser, hasty, "olga") as olga,
    ):
        chat.ask_person()
        claim(sam, chat)
        answer(sam, "Hello, this is Sam.")
        later.ask_person()
        say(chat.page, "Where is my parcel?")
        expect(chat.log).to_contain_text("Sam Okafor has not answered", timeout=SECONDS_MS)
        expect(chat.log).to_contain_text("Another person takes this chat; you are first in the queue.")
        chat.expect_waiting()
        row_of(olga, chat).click()
        first = olga.locator("section.left:visible .group").first.locator("button.row").first
        expect(first).to_have_attribute("data-id", chat.handoff_id)  # before who has waited all the while
        expect(olga.get_by_role("log")).to_contain_text("Sam Okafor did not answer in time.")
        claim(olga, chat)
        answer(olga, "Sorry, I take over.")
        expect(chat.log).to_contain_text("Sorry, I take over.")
        sam.get_by_role("button", name="Reply to").click()
        expect(sam.locator(".reply .hint")).to_contain_text("Claim this chat to write to the customer.")


def test_whoever_leaves_is_not_waited_for(browser: Browser, hasty: House) -> None:
    """A person whose console is gone, a customer who waits, and one who talks: each limit at once."""
    with (
        open_visitor(browser, hasty) as kept,
        open_visitor(browser, hasty) as waiter,
        open_visitor(browser, hasty) as talker,
        open_desk(browser, hasty, "olga") as olga,
    ):
        with open_desk(browser, hasty, "alex") as alex:
            kept.ask_person()
            claim(alex, kept)
            answer(alex, "Hello, this is Alex.")
            expect(kept.log).to_contain_text("Hello, this is Alex.")
        talker.ask_person()
        claim(olga, talker)
        answer(olga, "Your parcel comes today.")
        waiter.ask_person()
        row_of(olga, waiter)
        for gone in (waiter, talker):
            gone.leave()
        expect(kept.log).to_contain_text("Alex Moreau is no longer connected.", timeout=2 * SECONDS_MS)
        kept.expect_waiting()
        row_of(olga, kept).click()
        expect(olga.get_by_role("log")).to_contain_text("Alex Moreau's console was gone.")
        for gone in (waiter, talker):
            expect(olga.locator(f'button.row[data-id="{gone.handoff_id}"]')).to_have_count(0, timeout=SECONDS_MS)
            gone.come_back()
            gone.expect_bot()
        expect(waiter.log).to_contain_text("You were away for a while")
        expect(talker.log).to_contain_text("Your parcel comes today.")
        expect(talker.log).to_contain_text("since you were away. Write again at any time.")
        expect(talker.log).to_contain_text("I am the automated assistant again")
