"""The pages as a screen reader is given them: roles, names, states and order from Chromium's accessibility tree, and what is announced."""

from playwright.sync_api import Browser, Locator, expect

from tests.browsing import find_heard, forget_answers, hear, open_chat, open_page, say, sign_in_staff
from tests.house import Customer, House

WEIGHTS = [
    f"{word}{against}" for word in ("most of it", "a good part", "some", "a little") for against in ("", " against")
]
MARK = "log => [...log.children].forEach(one => one.setAttribute('data-stood', ''))"


def check_added_below(log: Locator, text: str) -> None:
    """What is announced is what was added to a live log: the new stands below, and nothing that stood there was drawn again."""
    expect(log.locator(":scope > :not([data-stood])").last).to_contain_text(text)
    assert log.evaluate("log => [...log.children].map(one => one.hasAttribute('data-stood')).lastIndexOf(true)") < (
        log.evaluate("log => [...log.children].map(one => one.hasAttribute('data-stood')).indexOf(false)")
    )


def test_the_chat_is_read_as_who_said_what_in_order(browser: Browser, candor_url: str) -> None:
    with open_page(browser) as page:
        open_chat(page, candor_url)
        say(page, "Are you human?")
        page.get_by_role("button", name="No, go on with you").wait_for()
        find_heard(
            hear(page),
            ("dialog", "Automated assistant"),
            ("heading", "Automated assistant"),
            ("button", "Talk to a person"),
            ("button", "Close the chat"),
            ("StaticText", "You are chatting with a computer program, not a person."),
            ("log", "What was said in this chat"),
            ("StaticText", "Automated assistant"),
            ("StaticText", "I am an automated assistant, not a person."),
            ("StaticText", "You"),
            ("StaticText", "delivered"),
            ("StaticText", "Are you human?"),
            ("StaticText", "Automated assistant"),
            ("StaticText", "computer program"),
            ("button", "Yes, bring in a person"),
            ("button", "No, go on with you"),
            ("StaticText", "In use now: nothing about you"),
            ("button", "Your data"),
            ("textbox", "Write a message"),
            ("button", "Send"),
        )
        languages = page.locator("candor-chat [data-seq]").evaluate_all("all => all.map(one => one.lang)")
        assert languages == ["en"] * 3


def test_an_answer_is_announced_once_in_the_polite_log(browser: Browser, candor_url: str) -> None:
    with open_page(browser) as page:
        open_chat(page, candor_url)
        log = page.locator("candor-chat").get_by_role("log")
        assert find_heard(hear(page), ("log", "What was said in this chat"))[0].states["live"] == "polite"
        log.evaluate(MARK)
        say(page, "Are you human?")
        expect(page.locator("candor-chat .message.bot")).to_have_count(2)
        log.locator(".starters").wait_for(state="detached")
        check_added_below(log, "computer program")
        expect(log.locator("[data-stood]")).to_have_count(1)


def test_an_explanation_is_read_with_words_for_its_bars_and_names_for_its_controls(
    browser: Browser, house: House
) -> None:
    forget_answers(house, "22")
    with open_page(browser, customer="22") as page:
        page.goto(house.url)
        offer = page.locator("candor-offers article").first
        title = offer.get_by_role("heading").inner_text()
        offer.get_by_role("button", name=f"Why am I seeing this? {title}").click()
        card = page.locator("candor-chat .explanation")
        card.wait_for()
        reasons = [reason.locator(".inside > p").first.inner_text() for reason in card.locator(".reason").all()]
        weights = card.locator(".weight span").all_inner_texts()
        headline = card.locator(".headline h3").inner_text()
        assert reasons
        assert len(weights) == len(reasons) + 1
        assert set(weights) <= set(WEIGHTS)
        wanted = [("heading", title), ("heading", headline)]
        for weight, reason in zip(weights, reasons, strict=False):
            wanted += [("StaticText", weight), ("StaticText", reason), ("StaticText", "From: ")]
            wanted += [("group", f"About this reason: {reason}"), ("button", ""), ("button", "This is wrong")]
            wanted += [("button", "Ask a person to look")]
        wanted += [("StaticText", weights[-1]), ("term", "Used"), ("term", "Not used")]
        wanted += [("DisclosureTriangle", "Exact numbers"), ("button", "Why not another one?")]
        wanted += [("button", "What would change it?")]
        heard = hear(page)
        start = next(place for place, one in enumerate(heard) if one.role == "log")
        found = find_heard(heard[start:], *wanted)
        assert found[-3].states["expanded"] is False
        card.locator("summary").click()
        find_heard(hear(page), ("table", "Exact numbers"), ("rowheader", "Start, everybody"), ("rowheader", "Score"))


def test_the_consent_question_and_what_a_yes_did_are_read_in_order(browser: Browser, house: House) -> None:
    forget_answers(house, "1823")
    with open_page(browser, customer="1823") as page:
        open_chat(page, house.url)
        say(page, "Any good offers this week?")
        question = page.locator("candor-chat .ask")
        question.wait_for()
        find_heard(
            hear(page),
            ("log", ""),
            ("heading", "May I use what you bought"),
            ("StaticText", "What:"),
            ("StaticText", "Why:"),
            ("StaticText", "How long:"),
            ("button", "Yes, use it"),
            ("button", "No, don't use it"),
            ("StaticText", "You get offers either way."),
        )
        log = page.locator("candor-chat").get_by_role("log")
        log.evaluate(MARK)
        question.get_by_role("button", name="Yes, use it").click()
        page.locator("candor-chat .done").wait_for()
        check_added_below(log, "Done.")
        page.locator("candor-chat").get_by_text("In use now: what you bought").wait_for()
        find_heard(
            hear(page),
            ("button", "No, don't use it"),
            ("heading", "Done."),
            ("heading", "Before"),
            ("list", ""),
            ("heading", "After"),
            ("StaticText", "new"),
            ("StaticText", "In use now: what you bought"),
        )


def test_waiting_is_announced_and_a_person_is_named_as_one(browser: Browser, candor_url: str) -> None:
    with open_page(browser, customer="982") as page, open_page(browser, width=1440, height=900) as desk:
        open_chat(page, candor_url)
        log = page.locator("candor-chat").get_by_role("log")
        log.evaluate(MARK)
        say(page, "Can I talk to a person, please?")
        page.get_by_role("heading", name="Waiting for a person").wait_for()
        check_added_below(log, "I have asked for a person")
        heard = hear(page)
        find_heard(
            heard,
            ("dialog", "Automated assistant"),
            ("StaticText", "A computer program answers until a person joins."),
            ("heading", "Waiting for a person"),
            ("status", ""),
            ("StaticText", "in the queue. Waiting since"),
            ("button", "Leave a message"),
            ("button", "Stop waiting"),
            ("textbox", "Add something"),
        )
        assert not [one for one in heard if one.role == "button" and one.name == "Talk to a person"]

        sign_in_staff(desk, candor_url)
        desk.locator("button.row").filter(has_text="Dominic Nkosi").last.click()
        desk.get_by_role("button", name="Claim").click()
        desk.get_by_role("textbox", name="Write to Dominic").fill("Hello Dominic.")
        desk.keyboard.press("Control+Enter")
        expect(log).to_contain_text("Hello Dominic.")
        find_heard(
            hear(page),
            ("dialog", "Sam Okafor, a person"),
            ("heading", "Sam Okafor, a person"),
            ("button", "Back to assistant"),
            ("StaticText", "You are talking to a person. The assistant is silent."),
            ("log", ""),
            ("StaticText", "Sam Okafor, a person, joined"),
            ("StaticText", "Sam Okafor, a person"),
            ("StaticText", "Hello Dominic."),
            ("textbox", "Write to Sam Okafor"),
        )
        desk.get_by_role("button", name="Close", exact=True).click()
        expect(log).to_contain_text("closed this chat")


def test_switches_are_read_with_their_state_and_what_they_are_for(browser: Browser, house: House) -> None:
    forget_answers(house, "100")
    with open_page(browser, customer="100") as page:
        page.goto(house.url)
        page.locator("candor-offers article").first.wait_for()
        page.goto(f"{house.url}/privacy")
        switch = page.get_by_role("switch", name="What you bought", exact=True)
        expect(switch).to_have_attribute("aria-checked", "true")
        found = find_heard(
            hear(page),
            ("main", ""),
            ("heading", "Your privacy"),
            ("region", "What may be used"),
            ("switch", "What you bought"),
            ("DisclosureTriangle", ""),
            ("switch", "Offers you saw or used"),
            ("switch", "What you told us"),
            ("switch", "What you looked at"),
            ("region", "Each time it was used"),
            ("table", "Each time it was used"),
            ("columnheader", "When"),
            ("region", "What we hold"),
            ("DisclosureTriangle", "Orders"),
            ("region", "What you agreed to, and when"),
        )
        assert found[3].states["checked"] == "true"
        assert "To choose offers" in found[3].states["description"]
        switch.click()
        expect(switch).to_have_attribute("aria-checked", "false")
        off = find_heard(
            hear(page),
            ("switch", "What you bought"),
            ("status", ""),
            ("heading", "Before"),
            ("heading", "After"),
            ("button", "Put it back"),
        )
        assert off[0].states["checked"] == "false"
        assert off[1].states["live"] == "polite"
        page.get_by_role("button", name="Put it back").click()
        expect(switch).to_have_attribute("aria-checked", "true")


def test_the_console_is_read_as_queue_talk_reply_and_customer(browser: Browser, candor_url: str) -> None:
    customer = Customer(candor_url, "745")
    customer.ask("Are you human?")
    customer.ask("I want to talk to a person")
    with open_page(browser, width=1440, height=900) as desk:
        sign_in_staff(desk, candor_url, "olga")
        row = desk.locator("button.row").filter(has_text="Lin Jackson").last
        row.click()
        log = desk.get_by_role("log")
        log.get_by_text("Are you human?").wait_for()
        find_heard(
            hear(desk),
            ("navigation", ""),
            ("button", "Inbox"),
            ("main", "Inbox"),
            ("heading", "staff"),
            ("region", "Who waits"),
            ("searchbox", "Find a name or a word"),
            ("heading", "Waiting"),
            ("list", ""),
            ("button", "Lin Jackson"),
            ("heading", "Lin Jackson"),
            ("button", "Claim"),
            ("log", "What was said in this chat"),
            ("StaticText", "Automated assistant"),
            ("StaticText", "I am an automated assistant, not a person."),
            ("StaticText", "Lin Jackson, customer"),
            ("StaticText", "Are you human?"),
            ("StaticText", "computer program"),
            ("StaticText", "I want to talk to a person"),
            ("button", "Private note"),
            ("complementary", "Customer"),
            ("heading", "What may be used"),
        )
        expect(row).to_have_attribute("aria-current", "true")
        desk.get_by_role("button", name="Claim").click()
        desk.get_by_role("textbox", name="Write to Lin").wait_for()
        find_heard(hear(desk), ("status", ""), ("heading", "With you"), ("button", "Give back to assistant"))
        assert set(log.locator("[data-number]").evaluate_all("all => all.map(one => one.lang)")) == {"en"}
        log.evaluate(MARK)
        customer.send("Thank you for coming.")
        expect(log).to_contain_text("Thank you for coming.")
        check_added_below(log, "Thank you for coming.")
        desk.get_by_role("button", name="Close", exact=True).click()
        desk.get_by_role("heading", name="With you").wait_for(state="detached")
