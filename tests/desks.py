"""The two ends of a talk with a person, in browsers: a customer's chat and a member of staff's console."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Locator, Page, expect
from sqlalchemy import Connection

from data.database import Database
from data.staff import ensure_member
from tests.browsing import open_page, say, sign_in_staff
from tests.databases import open_settings
from tests.house import House, Refused, Staff
from tests.listening import listen
from tests.serving import PASSWORD, ROOT, StandIn, make_settings

SAM, ALEX, SUE = ("sam", "Sam Okafor", "agent"), ("alex", "Alex Moreau", "agent"), ("sue", "Sue Lee", "supervisor")


@dataclass
class Desk:
    """A gateway of a file's tests alone, with a stand-in for the bot."""

    url: str
    database: Database
    bot: StandIn


@contextmanager
def listen_alone(
    folder: Path,
    *staff: tuple[str, str, str],
    change: Callable[[str], str] = str,
    fill: Callable[[Connection], None] | None = None,
) -> Iterator[Desk]:
    """A gateway with these staff, on a shop.toml that `change` made of ours, over what `fill` wrote."""
    bot, shop_file = StandIn(), folder / "shop.toml"
    shop_file.write_text(change((ROOT / "shop.toml").read_text(encoding="utf-8")), encoding="utf-8")
    settings = make_settings(folder, bot_port=bot.port, shop_file=shop_file)
    database = open_settings(settings)
    database.migrate()
    with database.write() as connection:
        for username, name, role in staff:
            ensure_member(connection, username, name=name, role=role, password=PASSWORD)
        if fill is not None:
            fill(connection)
    with listen(settings) as port:
        yield Desk(f"http://127.0.0.1:{port}", database, bot)
    database.close()
    bot.close()


@dataclass
class Chat:
    """A customer's page with the chat open."""

    page: Page
    url: str
    handoff_id: str = ""

    @property
    def panel(self) -> Locator:
        return self.page.locator("candor-chat")

    @property
    def log(self) -> Locator:
        return self.panel.get_by_role("log")

    @property
    def conversation_id(self) -> str:
        found: str = self.page.evaluate("JSON.parse(Object.values(localStorage)[0]).id")
        return found

    def messages(self, kind: str) -> Locator:
        """What the shop's side said of a kind."""
        return self.panel.locator(f".message:not(.customer)[data-kind={kind}]")

    def count(self, kind: str) -> int:
        return self.messages(kind).count()

    def ask_person(self, words: str = "a person please") -> None:
        say(self.page, words)
        self.expect_waiting()

    def leave(self) -> None:
        """No page of the shop is open any more."""
        self.page.goto(f"{self.url}/healthz")

    def come_back(self) -> None:
        """The page anew; a talk that is open is shown on the launcher."""
        self.page.goto(self.url)
        self.panel.locator("button.launcher").click()

    def expect_waiting(self) -> None:
        expect(self.panel.get_by_role("heading", name="Waiting for a person")).to_be_visible(timeout=15_000)
        expect(self.panel.get_by_text("A computer program answers until a person joins.")).to_be_visible()

    def expect_person(self, name: str) -> None:
        expect(self.panel.get_by_role("heading", name=f"{name}, a person")).to_be_visible(timeout=15_000)
        expect(self.panel.get_by_text("You are talking to a person. The assistant is silent.")).to_be_visible()

    def expect_bot(self) -> None:
        expect(self.panel.get_by_role("heading", name="Automated assistant")).to_be_visible(timeout=15_000)
        expect(self.panel.get_by_role("heading", name="Waiting for a person")).to_be_hidden()


@contextmanager
def open_visitor(browser: Browser, house: House, *, customer: str | None = None, **traits: Any) -> Iterator[Chat]:
    """The shop's page with its chat open, for a visitor or a demo customer."""
    with open_page(browser, customer=customer, **traits) as page:
        chat = Chat(page, house.url)
        page.goto(house.url)
        page.locator("candor-offers article").first.wait_for()
        chat.panel.locator("button.launcher").click()
        chat.log.get_by_text("I am an automated assistant, not a person").wait_for()
        yield chat


@contextmanager
def open_desk(browser: Browser, house: House, username: str) -> Iterator[Page]:
    """A console, at which somebody is available."""
    with open_page(browser, width=1440, height=900) as page:
        sign_in_staff(page, house.url, username)
        page.get_by_label("Your presence").select_option("available")
        expect(page.locator("#console")).to_contain_text("Talks may come to you by themselves.")
        yield page


def clear_desk(house: House) -> None:
    """No talk is open, and nobody is at a console."""
    olga = Staff(house.url, "olga")
    for one in olga.call("GET", "/handoffs")["handoffs"]:
        way = "take-over" if one["state"] == "claimed" and one["claimed_by"] != "olga" else "claim"
        try:
            olga.call("POST", f"/handoffs/{one['handoff_id']}/{way}", {})
            olga.call("POST", f"/handoffs/{one['handoff_id']}/release", {"to": "bot"})
        except Refused as refused:  # it may end by itself meanwhile
            if refused.body["error"]["details"].get("state") != "ended":
                raise
    for staff in (olga, Staff(house.url, "sam"), Staff(house.url, "alex")):
        staff.call("PUT", "/me/presence", {"presence": "off"})


FIND = """async (id) => {
  const answer = await fetch('/staff/api/handoffs');
  return (await answer.json()).handoffs.find((one) => one.conversation_id === id)?.handoff_id ?? null;
}"""


def row_of(desk: Page, chat: Chat) -> Locator:
    """A chat's row in a console's queue; after its handoff has ended, where the last one was."""
    chat.handoff_id = desk.evaluate(FIND, chat.conversation_id) or chat.handoff_id
    return desk.locator(f'section.left:visible button.row[data-id="{chat.handoff_id}"]')


def claim(desk: Page, chat: Chat) -> None:
    row_of(desk, chat).click()
    desk.get_by_role("button", name="Claim", exact=True).click()
    expect(desk.locator("#console")).to_contain_text("You have claimed this chat.")
    expect(desk.get_by_role("textbox", name="Write to")).to_be_focused()


def answer(desk: Page, text: str) -> None:
    """Written to the customer, and in the log."""
    desk.get_by_role("textbox", name="Write to").fill(text)
    desk.keyboard.press("Control+Enter")
    expect(desk.get_by_role("log")).to_contain_text(text)
