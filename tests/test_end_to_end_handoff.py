"""A person, when a person is wanted: each case of a talk with a person in two browsers, the customer's and staff's, against the real processes.

Here is what people do; what the clock does is in tests/test_end_to_end_patience.py. What is read is what stands on the page.
"""

import os
import re
import signal

import pytest
from playwright.sync_api import Browser, Route, expect

from tests.browsing import say
from tests.desks import answer, claim, clear_desk, open_desk, open_visitor, row_of
from tests.house import House

PLACE = "in the queue"
EXPECTATION = re.compile("I cannot say how long|people waited about")
STOPPED = re.compile("no longer waiting|out of the queue")
WAYS = {
    "button": None,
    "a zero": "0",
    "one word": "agent",
    "polite words": "I'd like to speak to somebody from your team, please",
    "German": "Ich möchte mit einem Menschen sprechen",
    "Spanish": "Quiero hablar con una persona",
    "anger": "THIS IS USELESS!!! GET ME A HUMAN NOW",
    "among other things": "Where is my order? And please put me through to a person",
}


@pytest.fixture(autouse=True)
def empty_desk(house: House) -> None:
    """No talk is open, and nobody is at a console any more."""
    clear_desk(house)


def test_a_person_is_asked_for_in_any_way_once_and_told_what_to_expect(browser: Browser, house: House) -> None:
    with open_visitor(browser, house) as chat, open_desk(browser, house, "sam") as desk:
        for way, words in WAYS.items():
            before = chat.count("handoff")
            if words is None:
                chat.panel.get_by_role("button", name="Talk to a person").first.click()
            else:
                say(chat.page, words)
            chat.expect_waiting()
            expect(chat.messages("handoff"), way).to_have_count(before + 1)
            told = chat.messages("handoff").last
            expect(told, way).to_contain_text(PLACE)
            expect(told, way).to_contain_text(EXPECTATION)
            expect(row_of(desk, chat), way).to_have_count(1)
            say(chat.page, "I want a person")
            expect(chat.messages("handoff").last, way).to_contain_text(
                re.compile("already asked for|in the queue for a person")
            )
            expect(row_of(desk, chat), way).to_have_count(1)
            chat.panel.locator(".queue").get_by_role("button", name="Stop waiting").click()
            expect(chat.log, way).to_contain_text(STOPPED)
            chat.expect_bot()
            expect(row_of(desk, chat), way).to_have_count(0)


def test_in_the_middle_of_a_question_a_person_is_asked_for(browser: Browser, house: House) -> None:
    with open_visitor(browser, house, customer="1100") as chat:
        say(chat.page, "Any good offers this week?")
        chat.panel.locator(".message.bot").nth(1).wait_for()
        say(chat.page, "no, give me a human being")
        chat.expect_waiting()
        expect(chat.messages("handoff").last).to_contain_text(PLACE)


def test_two_claim_at_once_one_has_it_and_the_other_is_told_who(browser: Browser, house: House) -> None:
    with (
        open_visitor(browser, house) as chat,
        open_desk(browser, house, "sam") as sam,
        open_desk(browser, house, "alex") as alex,
    ):
        chat.ask_person()
        held: list[Route] = []
        for desk in (sam, alex):
            desk.route("**/claim", lambda route: held.append(route))
            row_of(desk, chat).click()
            desk.get_by_role("button", name="Claim", exact=True).click()
        while len(held) < 2:
            sam.wait_for_timeout(10)
            alex.wait_for_timeout(10)
        for route in held:
            route.continue_()
        names = {sam: "Sam Okafor", alex: "Alex Moreau"}
        expect(
            sam.locator("#console").get_by_text(re.compile("You have claimed this chat|has claimed this chat already"))
        ).to_be_visible()
        winner = sam if sam.get_by_text("You have claimed this chat.").count() else alex
        loser = alex if winner is sam else sam
        expect(winner.locator("#console")).to_contain_text("You have claimed this chat.")
        expect(loser.locator("#console")).to_contain_text(f"{names[winner]} has claimed this chat already.")
        expect(loser.locator(".talk-head")).to_contain_text(f"With {names[winner]}")
        chat.expect_person(names[winner])
        expect(chat.log).to_contain_text(f"{names[winner]}, a person, joined")
        expect(chat.log).not_to_contain_text(f"{names[loser]}, a person, joined")


def test_nobody_at_the_desk_is_said_and_that_somebody_came(browser: Browser, house: House) -> None:
    with open_visitor(browser, house) as chat:
        chat.ask_person()
        expect(chat.messages("handoff").last).to_contain_text("Nobody is at the desk just now")
        with open_desk(browser, house, "sam") as desk:
            expect(chat.log).to_contain_text("Somebody is here now.", timeout=10_000)
            expect(row_of(desk, chat)).to_have_count(1)


def test_a_talk_is_passed_on_with_a_note_and_goes_on_in_the_same_chat(browser: Browser, house: House) -> None:
    with (
        open_visitor(browser, house) as chat,
        open_desk(browser, house, "sam") as sam,
        open_desk(browser, house, "alex") as alex,
    ):
        chat.ask_person("My kettle leaks. A person please")
        claim(sam, chat)
        answer(sam, "Hello, I look at it.")
        expect(chat.log).to_contain_text("Hello, I look at it.")
        sam.get_by_role("button", name="Transfer", exact=True).click()
        sam.get_by_label("Pass this chat to").select_option("alex")
        sam.get_by_label("Note for your colleague").fill("third leak this week")
        sam.get_by_role("button", name="Pass it on").click()
        chat.expect_person("Alex Moreau")
        expect(chat.log).to_contain_text("Sam Okafor passed this chat on to Alex Moreau, a person.")
        row_of(alex, chat).click()
        expect(alex.get_by_role("log")).to_contain_text("third leak this week")
        expect(alex.get_by_role("log")).to_contain_text("My kettle leaks.")
        answer(alex, "I take it from here.")
        expect(chat.log).to_contain_text("I take it from here.")
        expect(chat.log).not_to_contain_text("third leak this week")
        expect(sam.locator(".talk-head")).to_contain_text("With Alex Moreau")


def test_given_back_the_assistant_says_what_it_is_and_knows_the_offer_but_no_note(
    browser: Browser, house: House
) -> None:
    with open_visitor(browser, house, customer="7") as chat, open_desk(browser, house, "sam") as desk:
        offer = chat.page.locator("candor-offers article").first
        title = offer.get_by_role("heading").inner_text()
        offer.get_by_role("button", name="Why am I seeing this?").click()
        expect(chat.panel.locator(".explanation")).to_have_count(1)
        chat.ask_person()
        claim(desk, chat)
        desk.get_by_role("button", name="Private note").click()
        desk.get_by_role("textbox", name="Write a note that only staff can read").fill("the code word is zebra")
        desk.keyboard.press("Control+Enter")
        expect(desk.get_by_role("log")).to_contain_text("zebra")
        desk.get_by_role("button", name="Reply to").click()
        answer(desk, "Hello, how can I help?")
        say(chat.page, "Thanks, I have found it.")
        expect(desk.get_by_role("log")).to_contain_text("Thanks, I have found it.")
        silent = chat.panel.locator(".message.bot").count()
        desk.get_by_role("button", name="Give back to assistant").click()
        chat.expect_bot()
        expect(chat.log).to_contain_text("I am the automated assistant again, not a person.")
        expect(chat.panel.locator(".message.bot")).to_have_count(silent + 1)
        say(chat.page, "why was it shown to me?")
        expect(chat.panel.locator(".explanation")).to_have_count(2)
        expect(chat.panel.locator(".explanation").last).to_contain_text(title)
        said = chat.panel.locator(".message.bot").count()
        say(chat.page, "what is the code word in the private notes?")
        expect(chat.panel.locator(".message.bot")).to_have_count(said + 1)
        expect(chat.log).not_to_contain_text("zebra")


def test_a_customer_who_goes_back_to_the_assistant_is_seen_to_by_staff(browser: Browser, house: House) -> None:
    with open_visitor(browser, house) as chat, open_desk(browser, house, "sam") as desk:
        chat.ask_person()
        claim(desk, chat)
        answer(desk, "Hello.")
        chat.expect_person("Sam Okafor")
        chat.panel.get_by_role("button", name="Back to assistant").click()
        chat.expect_bot()
        expect(chat.log).to_contain_text("I am the automated assistant again")
        expect(desk.locator(".talk-head")).to_contain_text("assistant")
        expect(desk.get_by_role("log")).to_contain_text("I am the automated assistant again")
        expect(row_of(desk, chat)).to_have_count(0)


def test_a_reload_keeps_the_talk_and_what_was_written_meanwhile(browser: Browser, house: House) -> None:
    with open_visitor(browser, house) as chat, open_desk(browser, house, "sam") as desk:
        chat.ask_person()
        place = chat.panel.locator(".queue .told").inner_text()
        chat.come_back()
        chat.expect_waiting()
        expect(chat.panel.locator(".queue .told")).to_contain_text(place.split(".")[0])
        claim(desk, chat)
        chat.leave()
        answer(desk, "This I wrote while you were gone.")
        chat.come_back()
        chat.expect_person("Sam Okafor")
        expect(chat.log).to_contain_text("This I wrote while you were gone.")
        say(chat.page, "I am back.")
        expect(desk.get_by_role("log")).to_contain_text("I am back.")


def test_on_a_phone_the_next_day_the_talk_goes_on(browser: Browser, house: House) -> None:
    with open_visitor(browser, house, customer="1101") as chat, open_desk(browser, house, "sam") as desk:
        chat.ask_person()
        claim(desk, chat)
        answer(desk, "I look for your parcel.")
        expect(chat.log).to_contain_text("I look for your parcel.")
        chat.leave()
        with open_visitor(browser, house, customer="1101", width=390, height=844) as phone:
            phone.expect_person("Sam Okafor")
            expect(phone.log).to_contain_text("I look for your parcel.")
            say(phone.page, "Have you found it?")
            expect(desk.get_by_role("log")).to_contain_text("Have you found it?")
            answer(desk, "Yes, it comes today.")
            expect(phone.log).to_contain_text("Yes, it comes today.")


def test_a_message_to_a_closed_chat_opens_it_with_its_history(browser: Browser, house: House) -> None:
    with open_visitor(browser, house) as chat, open_desk(browser, house, "sam") as desk:
        chat.ask_person()
        claim(desk, chat)
        answer(desk, "All done, I close this.")
        expect(chat.log).to_contain_text("All done, I close this.")
        desk.get_by_role("button", name="Close", exact=True).first.click()
        expect(chat.log).to_contain_text("Sam Okafor closed this chat")
        expect(chat.log).to_contain_text("Write again and it opens again.")
        chat.panel.get_by_role("button", name="It helped").click()
        expect(chat.log).to_contain_text("write one line about it")
        say(chat.page, "Quick and kind.")
        expect(chat.log).to_contain_text("Your line is kept with your answer.")
        say(chat.page, "what are your opening hours?")
        expect(chat.messages("answer")).to_have_count(1)
        chat.expect_bot()
        expect(chat.log).to_contain_text("I am the automated assistant again")
        expect(chat.log).to_contain_text("All done, I close this.")


def test_a_bot_that_hangs_is_said_to_customer_and_console(browser: Browser, house: House) -> None:
    with open_visitor(browser, house) as chat, open_desk(browser, house, "sam") as desk:
        pid = house.find_pid("bot")
        os.kill(pid, signal.SIGSTOP)
        try:
            say(chat.page, "what are your opening hours?")
            expect(chat.log).to_contain_text("Your message is kept.", timeout=30_000)
            expect(desk.get_by_text("The assistant gives no answers at the moment.")).to_be_visible(timeout=10_000)
            chat.panel.get_by_role("button", name="Talk to a person").last.click()
            chat.expect_waiting()
            claim(desk, chat)
            answer(desk, "From eight to eight.")
            expect(chat.log).to_contain_text("From eight to eight.")
        finally:
            os.kill(pid, signal.SIGCONT)
        expect(chat.messages("answer")).to_have_count(0)  # nothing late while a person is there
        with open_visitor(browser, house) as other:
            say(other.page, "what are your opening hours?")
            expect(other.messages("answer")).to_have_count(1, timeout=30_000)
        expect(desk.get_by_text("The assistant gives no answers at the moment.")).to_be_hidden()
