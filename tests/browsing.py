"""A real browser for the tests of the pages: Debian's chromium, driven by Playwright, and what to look at in every state."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import axe_playwright_python
from playwright.sync_api import Browser, Page, sync_playwright

ARGUMENTS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
]
AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
ASK_AXE = """async () => {
  const told = await axe.run(document, {resultTypes: ['violations']});
  return told.violations.map(one => `${one.id}: ${one.nodes.map(node => JSON.stringify(node.target)).join(' ')}`);
}"""
NETWORK = (
    "Failed to load resource",
    "WebSocket connection to",
)  # the browser's own note of a refused or a broken call; what the page made of it is looked at


@contextmanager
def open_browser() -> Iterator[Browser]:
    """Chromium without a window."""
    found = shutil.which("chromium")
    if found is None:
        raise RuntimeError("No chromium on this machine. Install Debian's package `chromium`; .ci/run does it.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=ARGUMENTS)
        yield browser
        browser.close()


@contextmanager
def open_page(
    browser: Browser, *, customer: str | None = None, width: int = 1280, height: int = 800, **traits: Any
) -> Iterator[Page]:
    """A page in a browser profile of its own, as a demo customer or a visitor. A script's error on it fails the test."""
    context = browser.new_context(viewport={"width": width, "height": height}, **traits)
    page = context.new_page()
    page.set_default_timeout(15_000)
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on(
        "console",
        lambda said: problems.append(said.text) if said.type == "error" and not said.text.startswith(NETWORK) else None,
    )
    if customer is not None:
        page.add_init_script(f"sessionStorage.setItem('candor-demo-customer', '{customer}')")
    yield page
    context.close()
    assert problems == []


def find_faults(page: Page) -> list[str]:
    """What axe finds in the page and in its shadow roots, and whether it is wider than its window. The page's policy forbids eval, not this."""
    page.evaluate(f"{AXE}; 0")
    faults: list[str] = page.evaluate(ASK_AXE)
    if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth + 1"):
        faults.append("the page is wider than its window")
    return faults


def open_chat(page: Page, url: str) -> None:
    """The shop's page with its chat open."""
    page.goto(url)
    page.locator("candor-chat").get_by_role("button", name="Ask the assistant").click()
    page.get_by_role("log").get_by_text("I am an automated assistant, not a person").wait_for()


def say(page: Page, text: str) -> None:
    """Write a message by keyboard, as most do."""
    page.locator("candor-chat textarea").fill(text)
    page.keyboard.press("Enter")


def sign_in_staff(page: Page, url: str, username: str = "sam") -> None:
    """The console, signed in."""
    page.goto(f"{url}/staff")
    page.get_by_label("Name").fill(username)
    page.get_by_label("Password").fill("demo-password")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Waiting").wait_for()
