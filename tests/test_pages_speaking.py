"""What is spoken by itself: the live regions of the chat and of the console, as text comes into them, in the order in which it comes.

A screen reader speaks what is added to a log, and the whole of a status that changed, once, and nothing of a region that is off or was not
there to be heard before. The order in which a page is read is in tests/test_pages_reading.py.
"""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browsing import open_chat, open_page, say, sign_in_staff
from tests.desks import ALEX, SAM, Desk, listen_alone

LISTEN = """(() => {
  window.__spoken = [];
  const live = (node) => {
    for (let one = node instanceof Element ? node : node.parentElement; one; one = one.parentElement) {
      const how = one.getAttribute('aria-live') ?? {log: 'polite', status: 'polite', alert: 'assertive'}[one.getAttribute('role')];
      if (how) return how === 'off' ? null : one;
    }
    return null;
  };
  const words = (node) => {
    if (node instanceof Element && (node.getAttribute('aria-hidden') === 'true' || node.hidden)) return '';
    return node.nodeType === Node.TEXT_NODE ? node.data : [...node.childNodes].map(words).filter(Boolean).join(' ');
  };
  const known = new WeakSet();
  const look = (root) => {
    if (known.has(root)) return;
    known.add(root);
    new MutationObserver((changes) => {
      const told = new Set();
      for (const {target, addedNodes, type, attributeName} of changes) {
        for (const node of addedNodes) if (node instanceof Element) for (const one of [node, ...node.querySelectorAll('*')]) if (one.shadowRoot) look(one.shadowRoot);
        const region = live(target);
        if (!region || !region.checkVisibility() || type === 'attributes') continue;
        if (region.getAttribute('role') === 'log') { for (const node of addedNodes) { if (live(node) === region && node.isConnected) window.__spoken.push(words(node).replace(/\\s+/g, ' ').trim()); } }
        else if (!told.has(region)) { told.add(region); window.__spoken.push(words(region).replace(/\\s+/g, ' ').trim()); }
      }
      window.__spoken = window.__spoken.filter(Boolean);
    }).observe(root, { childList: true, characterData: true, subtree: true });
  };
  const attach = Element.prototype.attachShadow;
  Element.prototype.attachShadow = function (how) { const root = attach.call(this, how); look(root); return root; };
  look(document);
})();"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    def hurry(text: str) -> str:
        return text.replace("bot_timeout_s = 8.0", "bot_timeout_s = 0.6")

    with listen_alone(tmp_path_factory.mktemp("speaking"), SAM, ALEX, change=hurry) as shop:
        talk, ask = shop.bot.script, [{"custom": {"kind": "handoff", "press": "/request_human"}}]
        shop.bot.script = lambda asked: (
            [] if "nothing" in asked["message"] else ask if "person" in asked["message"] else talk(asked)
        )
        yield shop


def hush(page: Page) -> None:
    page.evaluate("window.__spoken = []")


def expect_spoken(page: Page, *texts: str) -> None:
    """These are spoken, in this order, each once."""
    wanted = list(texts)
    page.wait_for_function("(last) => window.__spoken.some((one) => one.includes(last))", arg=wanted[-1])
    spoken: list[str] = page.evaluate("window.__spoken")
    found = [next((at for at, one in enumerate(spoken) if text in one), -1) for text in wanted]
    assert -1 not in found, (wanted, spoken)
    assert found == sorted(found), (wanted, spoken)
    assert [sum(text in one for one in spoken) for text in wanted] == [1] * len(wanted), (wanted, spoken)


def test_the_chat_speaks_answers_the_person_who_comes_and_what_they_write(browser: Browser, shop: Desk) -> None:
    with open_page(browser) as page, open_page(browser, width=1440, height=900) as desk:
        page.add_init_script(LISTEN)
        open_chat(page, shop.url)
        hush(page)
        say(page, "hello")
        expect_spoken(page, "You said hello")
        spoken = page.evaluate("window.__spoken")
        assert [one for one in spoken if one.startswith("You ")] == [
            spoken[0]
        ]  # one's own words once, not with each step of their way
        assert spoken[0].endswith("hello")
        assert spoken[1].startswith("Automated assistant")
        assert len(spoken) == 2
        hush(page)
        say(page, "a person please")
        expect_spoken(page, "I have asked for a person.")
        sign_in_staff(desk, shop.url)
        hush(page)
        desk.locator("section.left:visible button.row").filter(has_text="a person please").click()
        desk.get_by_role("button", name="Claim", exact=True).click()
        expect_spoken(page, "Sam Okafor, a person, joined")
        hush(page)
        desk.get_by_role("textbox", name="Write to").type("Good morning.")
        expect(page.locator("candor-chat .busy")).to_contain_text("Sam Okafor")
        assert (
            page.evaluate("window.__spoken") == []
        )  # that somebody writes is shown, and not spoken into the reader's ear
        desk.keyboard.press("Control+Enter")
        expect_spoken(page, "Good morning.")
        assert "Sam Okafor, a person" in page.evaluate("window.__spoken.find((one) => one.includes('Good morning.'))")
        hush(page)
        desk.get_by_role("button", name="Give back to assistant").click()
        expect_spoken(page, "Sam Okafor left", "I am the automated assistant again, not a person.")


def test_the_console_speaks_the_claim_the_customer_and_who_took_the_talk(browser: Browser, shop: Desk) -> None:
    with (
        open_page(browser) as page,
        open_page(browser, width=1440, height=900) as sam,
        open_page(browser, width=1440, height=900) as alex,
    ):
        open_chat(page, shop.url)
        say(page, "my lamp is broken, a person please")
        expect(page.locator("candor-chat").get_by_role("heading", name="Waiting for a person")).to_be_visible()
        for desk, username in ((sam, "sam"), (alex, "alex")):
            desk.add_init_script(LISTEN)
            sign_in_staff(desk, shop.url, username)
            desk.locator("section.left:visible button.row").filter(has_text="my lamp is broken").click()
            desk.get_by_role("log").get_by_text("my lamp is broken").wait_for()
            hush(desk)
        sam.get_by_role("button", name="Claim", exact=True).click()
        expect_spoken(sam, "You have claimed this chat.")
        expect_spoken(alex, "Sam Okafor, a person, joined")
        expect_spoken(sam, "Sam Okafor, a person, joined")
        expect_spoken(sam, "Signed")
        hush(sam)
        page.locator("candor-chat textarea").press_sequentially("It flickers.", delay=350)  # a sign every three seconds
        expect(sam.locator(".typing")).to_contain_text("writ", ignore_case=True)
        assert sam.evaluate("window.__spoken") == []
        page.keyboard.press("Enter")
        expect_spoken(sam, "It flickers.")
        hush(sam)
        sam.get_by_role("textbox", name="Write to").fill("I send a new one.")
        sam.keyboard.press("Control+Enter")
        expect_spoken(sam, "I send a new one.")
        hush(sam)
        page.locator("candor-chat").get_by_role("button", name="Back to assistant").click()
        expect_spoken(sam, "I am the automated assistant again")


def test_the_console_speaks_that_the_assistant_is_down_and_the_chat_that_a_message_is_kept(
    browser: Browser, shop: Desk
) -> None:
    with open_page(browser) as page, open_page(browser, width=1440, height=900) as desk:
        desk.add_init_script(LISTEN)
        sign_in_staff(desk, shop.url)
        page.add_init_script(LISTEN)
        open_chat(page, shop.url)
        hush(page)
        hush(desk)
        say(page, "nothing comes of this")
        expect_spoken(page, "Your message is kept.")
        expect_spoken(desk, "The assistant gives no answers at the moment.")
