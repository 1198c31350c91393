"""A real browser for the tests of the pages: Debian's chromium, driven by Playwright, and what to look at in every state.

Keyboard tests walk by `reach`, which looks at every stop on the way: focus must be seen and nothing may lie over it. Reading tests hear
the page by `hear`, Chromium's own accessibility tree and not a guess from the markup.
"""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import axe_playwright_python
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from data.customers import find_customer
from tests.house import House

ARGUMENTS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
]
AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
PICTURES = Path(__file__).resolve().parent.parent / "var" / "pictures"
LOOK_AT_FOCUS = """() => {
  let on = document.activeElement;
  while (on?.shadowRoot?.activeElement) on = on.shadowRoot.activeElement;
  if (!on || on === document.body) return 'nothing has focus';
  const named = `${on.localName} "${(on.getAttribute('aria-label') ?? on.textContent ?? '').trim().slice(0, 60)}"`;
  const isDrawn = element => { const look = getComputedStyle(element); return (look.outlineStyle !== 'none' && parseFloat(look.outlineWidth) >= 2) || look.boxShadow !== 'none'; };
  const around = [];
  for (let part = on; part; part = part.parentElement) if (part.matches(':focus-within')) around.push(part);
  if (!isDrawn(on) && !around.some(part => part.localName === 'form' && isDrawn(part))) return `focus is not to be seen: ${named}`;
  const box = on.getClientRects()[0];
  if (!box) return `what has focus is not drawn: ${named}`;
  const [left, right] = [Math.max(box.left, 0), Math.min(box.right, innerWidth)];
  const [top, bottom] = [Math.max(box.top, 0), Math.min(box.bottom, innerHeight)];
  if (right <= left || bottom <= top) return `what has focus is outside of the window: ${named}`;
  const [x, y] = [(left + right) / 2, (top + bottom) / 2];
  const points = box.height > innerHeight / 2 ? [[x, y]] : [[x, y], [left + 6, y], [right - 6, y], [x, box.top + 4], [x, box.bottom - 4]];
  for (const [across, down] of points) {
    let hit = document.elementFromPoint(across, down);
    while (hit?.shadowRoot?.elementFromPoint(across, down) && hit.shadowRoot.elementFromPoint(across, down) !== hit) hit = hit.shadowRoot.elementFromPoint(across, down);
    if (!hit || !(on.contains(hit) || hit.closest('label')?.control === on)) return `focus is covered: ${named} at ${Math.round(across)}, ${Math.round(down)} by ${hit?.localName}.${hit?.className}`;
  }
  return '';
}"""
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
    try:
        yield page
    finally:
        context.close()
    assert problems == [], problems


SETTLE = """async () => {
  const roots = [document, ...[...document.querySelectorAll('*')].flatMap((one) => one.shadowRoot ?? [])];
  const moving = roots.flatMap((root) => root.getAnimations()).filter((one) => Number.isFinite(one.effect.getComputedTiming().endTime));
  await Promise.all(moving.map((one) => one.finished.catch(() => null)));
}"""
"""What fades in is looked at when it is there; what moves without an end is not waited for."""


def find_faults(page: Page) -> list[str]:
    """What axe finds in the page and in its shadow roots, and whether it is wider than its window. The page's policy forbids eval, not this."""
    page.evaluate(SETTLE)
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
    page.get_by_role("button", name="Sign in").click()  # not before the page is ready to take it
    expect(page.get_by_role("heading", name="Waiting")).to_be_visible(
        timeout=30_000
    )  # tells what the page shows instead


def take_picture(page: Page, name: str) -> None:
    """A picture for people to look at: var/pictures/<name>.png."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=PICTURES / f"{name}.png", animations="disabled")


def check_focus(page: Page) -> None:
    """Something has focus, one sees where it is, and nothing lies over it."""
    fault = page.evaluate(LOOK_AT_FOCUS)
    assert not fault, fault


def reach(page: Page, wanted: Locator, *, key: str = "Tab", most: int = 80) -> int:
    """Walk to a control by keyboard; every stop on the way is looked at. Returns how many there were."""
    for stops in range(most):
        if wanted.evaluate("one => one.getRootNode().activeElement === one"):
            return stops
        page.keyboard.press(key)
        check_focus(page)
    raise AssertionError(f"{wanted} was not reached by {most} times {key}")


@dataclass(frozen=True)
class Heard:
    """One stop of a screen reader: what it is, what it is called, what more is said of it."""

    role: str
    name: str
    states: dict[str, Any]


def hear(page: Page) -> list[Heard]:
    """What a screen reader is given, in its order: Chromium's accessibility tree without what it leaves out."""
    session = page.context.new_cdp_session(page)
    nodes = session.send("Accessibility.getFullAXTree")["nodes"]
    session.detach()
    known = {node["nodeId"]: node for node in nodes}
    told: list[Heard] = []

    def walk(node: dict[str, Any]) -> None:
        if not node["ignored"] and node["role"]["value"] != "InlineTextBox":
            states = {one["name"]: one["value"].get("value") for one in node.get("properties", [])}
            if "description" in node:
                states["description"] = node["description"].get("value")
            told.append(Heard(str(node["role"]["value"]), str(node.get("name", {}).get("value", "")).strip(), states))
        for child in node.get("childIds", []):
            if child in known:
                walk(known[child])

    walk(nodes[0])
    return told


def find_heard(heard: list[Heard], *wanted: tuple[str, str]) -> list[Heard]:
    """These roles and (parts of) names, in this order, other things in between; says which one is missing."""
    rest = iter(heard)
    found: list[Heard] = []
    for role, name in wanted:
        one = next((one for one in rest if one.role == role and name in one.name), None)
        assert one is not None, (
            f"{role} {name!r} is not heard after {[(f.role, f.name) for f in found]} in {[(h.role, h.name[:80]) for h in heard if h.name]}"
        )
        found.append(one)
    return found


def forget_answers(house: House, customer_id: str) -> None:
    """The customer as the demo's import made it, whatever somebody clicked in the demo of which the house is a copy."""
    opened = house.open_database()
    with opened.read() as connection:
        customer = find_customer(connection, customer_id)
    opened.close()
    assert customer is not None
    found = (customer.person_id,)
    with closing(sqlite3.connect(house.var / "candor.db", timeout=20)) as database, database:
        database.execute("DELETE FROM consent_events WHERE person_id = ? AND source <> 'import'", found)
        database.execute("DELETE FROM consent_refusals WHERE person_id = ?", found)
