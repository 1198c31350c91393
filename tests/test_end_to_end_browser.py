"""The main journey as people live it: a customer and an agent, two browser windows side by side, from the first visit to the way back.

Each stage leaves a picture in var/pictures; docs/pictures/shop-chat.png, which the README shows, is one of them.
"""

from playwright.sync_api import expect

from tests.browsing import forget_answers, open_browser, open_chat, open_page, say, sign_in_staff, take_picture
from tests.house import House

CUSTOMER, NAME = "1229", "Cedric Morris"


def test_a_customer_agrees_asks_why_talks_to_a_person_and_comes_back(house: House) -> None:
    forget_answers(house, CUSTOMER)
    with (
        open_browser() as browser,
        open_page(browser, height=900) as shop,
        open_page(browser, width=1440, height=900) as desk,
    ):
        chat, offers = shop.locator("candor-chat"), shop.locator("candor-offers")
        log = chat.get_by_role("log")

        # Signed in, agreed to nothing: what is popular, and said to be that.
        shop.goto(house.url)
        shop.get_by_label("You are").select_option(CUSTOMER)
        expect(shop.get_by_label("You are")).to_have_value(CUSTOMER)
        expect(offers.get_by_role("heading", name="Popular in the shop")).to_be_visible()
        expect(offers.locator("article")).to_have_count(5)
        take_picture(shop, "shop-popular")

        # The chat says what it is, asks before it uses anything, and shows what a yes did.
        open_chat(shop, house.url)
        expect(chat.get_by_text("You are chatting with a computer program, not a person.")).to_be_visible()
        say(shop, "Any good offers this week?")
        question = chat.locator(".ask")
        expect(question.get_by_role("heading", name="May I use what you bought")).to_be_visible()
        take_picture(shop, "shop-consent-question")
        question.get_by_role("button", name="Yes, use it").click()
        expect(chat.locator(".done").get_by_role("heading", name="After")).to_be_visible()
        expect(chat.get_by_text("In use now: what you bought")).to_be_visible()
        expect(offers.get_by_role("heading", name="offers for you, Cedric")).to_be_visible()
        expect(offers.get_by_text("Chosen from what you bought").first).to_be_visible()
        take_picture(shop, "shop-personal")

        # Why: a headline, reasons with bars of which each also stands in words.
        personal = offers.locator("article").filter(has_text="Chosen from what you bought").first
        title = personal.get_by_role("heading").inner_text()
        personal.get_by_role("button", name="Why am I seeing this?").click()
        card = chat.locator(".explanation")
        expect(card.get_by_role("heading", name=title, exact=True)).to_be_visible()
        expect(card.locator(".headline")).to_contain_text("You see")
        assert card.locator(".reason .bar").count() >= 1
        for bar in card.locator(".reason .bar").all():
            assert (bar.bounding_box() or {"width": 0})["width"] >= 14
        take_picture(shop, "shop-chat")

        # A person, asked for in words; the agent sees who waits and takes the chat.
        said_by_bot = chat.locator(".message.bot")
        say(shop, "Could I speak to a human being, please?")
        expect(chat.get_by_role("heading", name="Waiting for a person")).to_be_visible()
        take_picture(shop, "shop-waiting")
        sign_in_staff(desk, house.url)
        row = desk.locator("button.row").filter(has_text=NAME).last
        expect(row).to_contain_text("Could I speak to a human being, please?")
        row.click()
        transcript = desk.get_by_role("log")
        expect(transcript).to_contain_text("Any good offers this week?")
        expect(desk.get_by_role("heading", name="was shown")).to_be_visible()
        take_picture(desk, "staff-waiting")
        desk.get_by_role("button", name="Claim").click()
        expect(chat.get_by_role("heading", name="Sam Okafor, a person")).to_be_visible()
        expect(chat.get_by_text("You are talking to a person. The assistant is silent.")).to_be_visible()

        # Both talk, and the assistant says nothing.
        silent_at = said_by_bot.count()
        desk.get_by_role("textbox", name="Write to Cedric").fill("Hello Cedric, I have read your chat. How can I help?")
        desk.keyboard.press("Control+Enter")
        expect(log).to_contain_text("Hello Cedric, I have read your chat.")
        say(shop, "Where is my order?")
        expect(transcript).to_contain_text("Where is my order?")
        desk.get_by_role("textbox", name="Write to Cedric").fill("It is packed and leaves the shop this afternoon.")
        desk.keyboard.press("Control+Enter")
        expect(log).to_contain_text("leaves the shop this afternoon")
        say(shop, "Thank you, that is all.")
        expect(transcript).to_contain_text("Thank you, that is all.")
        expect(said_by_bot).to_have_count(silent_at)
        take_picture(shop, "shop-person")
        take_picture(desk, "staff-talk")

        # Given back: the assistant says again what it is, and answers.
        desk.get_by_role("button", name="Give back to assistant").click()
        expect(chat.get_by_role("heading", name="Automated assistant")).to_be_visible()
        expect(chat.get_by_text("You are chatting with a computer program, not a person.")).to_be_visible()
        expect(log).to_contain_text("I am the automated assistant again, not a person.")
        before = said_by_bot.count()
        say(shop, "Are you human?")
        expect(said_by_bot).to_have_count(before + 1)
        expect(said_by_bot.last).to_contain_text("computer program")
        take_picture(shop, "shop-back")
        take_picture(desk, "staff-given-back")
