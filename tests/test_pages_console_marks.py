"""Two real browsers: what the person sees of reading and writing, counts, the switches of a device, and keys that can be switched off."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browsing import find_faults, open_chat, open_page, say, sign_in_staff, take_picture
from tests.desks import SAM, listen_alone

NOTICES = """window.noticed = []; window.asked = 0;
class Notification extends EventTarget {
  static permission = 'default';
  static requestPermission() { window.asked++; Notification.permission = window.grants ?? 'granted'; return Promise.resolve(Notification.permission); }
  constructor(title, { body }) { super(); window.noticed.push(`${title}: ${body}`); }
}
window.Notification = Notification;"""
HIDE = "Object.defineProperty(document, 'visibilityState', {value: %r, configurable: true}); document.dispatchEvent(new Event('visibilitychange'))"


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with listen_alone(tmp_path_factory.mktemp("marks"), SAM) as desk:
        desk.bot.script = lambda _asked: [{"custom": {"kind": "handoff", "press": "/request_human"}}]
        yield desk.url


def meet(shop: Page, desk: Page, url: str) -> None:
    """A visitor's chat that sam has, both live."""
    open_chat(shop, url)
    say(shop, "a person please")
    sign_in_staff(desk, url)
    desk.locator("button.row").first.click()
    desk.get_by_role("button", name="Claim", exact=True).click()
    expect(desk.locator("#reply")).to_be_focused()
    expect(shop.get_by_role("log")).to_contain_text("Sam Okafor")


def end(desk: Page) -> None:
    desk.get_by_role("button", name="Close", exact=True).first.click()
    desk.get_by_role("button", name="Leave it open").click()


def write(desk: Page, text: str) -> None:
    desk.locator("#reply").fill(text)
    desk.keyboard.press("Control+Enter")


@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (390, "dark")])
def test_delivered_and_read_are_said_as_they_are(browser: Browser, url: str, width: int, scheme: str) -> None:
    with (
        open_page(browser) as shop,
        open_page(browser, width=width, height=900, color_scheme=scheme) as desk,
    ):
        meet(shop, desk, url)
        write(desk, "Good day.")
        expect(desk.locator(".item").filter(has_text="Good day.").locator(".mark")).to_have_text("Read up to here")
        shop.evaluate(HIDE % "hidden")
        write(desk, "Are you there?")
        expect(desk.locator(".item").filter(has_text="Are you there?").locator(".mark")).to_have_text("Delivered")
        expect(desk.locator(".item").filter(has_text="Good day.").locator(".mark")).to_have_text("Read up to here")
        assert find_faults(desk) == []
        take_picture(desk, f"console-marks-{width}-{scheme}")
        shop.evaluate(HIDE % "visible")
        expect(desk.locator(".mark")).to_have_text(["Read up to here"])
        expect(desk.locator(".item").filter(has_text="Are you there?").locator(".mark")).to_be_visible()
        shop.locator("candor-chat textarea").press_sequentially(
            "I write to you", delay=300
        )  # a sign of writing goes out every 3 s
        expect(desk.locator(".typing")).to_contain_text("is writing")
        desk.locator("#reply").press_sequentially("So do I")
        expect(shop.locator("candor-chat")).to_contain_text("Sam Okafor is writing")
        end(desk)


def test_new_messages_are_counted_in_the_list_and_in_the_title(browser: Browser, url: str) -> None:
    with open_page(browser) as shop, open_page(browser, width=1440, height=900) as desk:
        meet(shop, desk, url)
        plain = desk.title()
        desk.evaluate(HIDE % "hidden")
        say(shop, "one")
        say(shop, "two")
        expect(desk.locator(".row .label.new")).to_have_text("2 new")
        expect(desk).to_have_title(f"(2) {plain}")
        assert find_faults(desk) == []
        take_picture(desk, "console-unread")
        desk.evaluate(HIDE % "visible")
        expect(desk.locator(".row .label.new")).to_have_count(0)
        expect(desk).to_have_title(plain)
        end(desk)


def test_notices_are_off_until_switched_on_and_name_nobody(browser: Browser, url: str) -> None:
    with open_page(browser) as shop, open_page(browser, width=1440, height=900) as desk:
        desk.add_init_script(NOTICES)
        meet(shop, desk, url)
        desk.evaluate(HIDE % "hidden")
        say(shop, "one")
        expect(desk.locator(".row .label.new")).to_have_text("1 new")
        assert desk.evaluate("[noticed.length, asked]") == [0, 0]
        desk.evaluate(HIDE % "visible")
        desk.get_by_role("button", name="Your account").click()
        box = desk.get_by_label("A notice of the computer, while the console is in the background")
        expect(box).not_to_be_checked()
        assert find_faults(desk) == []
        desk.evaluate("window.grants = 'denied'")
        box.click()
        expect(box).not_to_be_checked()
        expect(desk.get_by_text("The browser does not allow notices.")).to_be_visible()
        desk.evaluate("window.grants = 'granted'")
        box.click()
        expect(box).to_be_checked()
        desk.get_by_label("A sound when a customer writes or waits").check()
        target = desk.locator(".device .check").first.bounding_box()
        assert target is not None
        assert target["height"] >= 24
        take_picture(desk, "console-device")
        desk.evaluate(HIDE % "hidden")
        say(shop, "my name is Ann")
        desk.wait_for_function("() => noticed.length > 0")
        expect(desk).to_have_title(re.compile(r"^\([12]\) "))
        (noticed,) = desk.evaluate("noticed")
        assert noticed.endswith(": A customer has written.")
        assert "Ann" not in noticed
        desk.evaluate(HIDE % "visible")
        desk.reload()
        desk.get_by_role("button", name="Your account").click()
        expect(box).to_be_checked()
        desk.get_by_role("button", name="Inbox").click()
        desk.locator("button.row").first.click()
        end(desk)


def test_single_keys_can_be_switched_off(browser: Browser, url: str) -> None:
    with open_page(browser) as shop, open_page(browser, width=1440, height=900) as desk:
        meet(shop, desk, url)
        end(desk)
        desk.get_by_role("button", name="Your account").click()
        switch = desk.get_by_label("Single keys, such as C to claim")
        expect(switch).to_be_checked()
        switch.uncheck()
        desk.get_by_role("button", name="Inbox").click()
        desk.keyboard.press("/")
        expect(desk.locator("#find")).not_to_be_focused()
        desk.get_by_role("button", name="Your account").click()
        switch.check()
        desk.get_by_role("button", name="Inbox").click()
        desk.keyboard.press("/")
        expect(desk.locator("#find")).to_be_focused()
