"""What a browser notices when a payload of tests/markup.py did run, was stopped by the page's policy, or became an element."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, Dialog, Page, Request

from tests.markup import HOST, Payload

HOOKS = """(() => {
  const tell = (what) => { try { window.__tell(String(what)); } catch { /* a frame that is going away */ } };
  for (const name of ['alert', 'confirm', 'prompt', 'print', 'open']) window[name] = (...told) => { tell(`${name} ${told.join(' ')}`); return null; };
  for (const name of ['log', 'info', 'warn', 'error', 'debug']) { const own = console[name]; console[name] = (...told) => { if (/q\\d{5}z/.test(told.join(' '))) tell(`console ${told.join(' ')}`); own.apply(console, told); }; }
  Object.defineProperty(window, '__ran', { set: (value) => tell(`ran ${value}`), get: () => undefined });
  document.addEventListener('securitypolicyviolation', (event) => tell(`policy ${event.violatedDirective} ${event.blockedURI} ${event.sample}`));
})();"""
FIND_NODES = """() => {
  const found = [], roots = [document];
  for (const root of roots) for (const one of root.querySelectorAll('*')) {
    if (one.shadowRoot) roots.push(one.shadowRoot);
    if (one.hasAttribute('data-marked')) found.push(one.outerHTML);
    for (const name of ['href', 'src', 'action', 'formaction', 'srcdoc']) if (/^\\s*(javascript|data:text|vbscript)/i.test(one.getAttribute(name) ?? '')) found.push(one.outerHTML);
  }
  return found.slice(0, 20);
}"""
READ_TEXT = """() => {
  const told = [], roots = [document];
  for (const root of roots) {
    told.push(root === document ? document.documentElement.textContent : root.textContent);
    for (const one of root.querySelectorAll('*')) if (one.shadowRoot) roots.push(one.shadowRoot);
  }
  return told.join('\\n');
}"""


@dataclass
class Watch:
    """What a browser noticed: what ran, what the page's policy stopped, what was asked of the marked host."""

    ran: list[str] = field(default_factory=list)
    stopped: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    @property
    def all(self) -> list[str]:
        return [*self.ran, *self.stopped, *self.asked]


@contextmanager
def watch(context: BrowserContext) -> Iterator[Watch]:
    """Every frame of every page of a context is looked at from before its first script."""
    seen = Watch()

    def tell(_source: object, what: str) -> None:
        (seen.stopped if what.startswith("policy") else seen.ran).append(what)

    context.expose_binding("__tell", tell)
    context.add_init_script(HOOKS)

    def close(dialog: Dialog) -> None:
        seen.ran.append(f"dialog {dialog.message}")
        dialog.dismiss()

    def note(asked: Request) -> None:
        if urlsplit(asked.url).hostname == HOST:
            seen.asked.append(asked.url)

    context.on("dialog", close)
    context.on("request", note)
    context.route(f"**://{HOST}/**", lambda route: route.abort())
    yield seen


def fold(text: str) -> str:
    """As it is looked for in a page: an empty line is a new paragraph there, and no letter of the text."""
    return re.sub(r"\n{2,}", "", text.replace("\r\n", "\n"))


def find_missing(page: Page, payloads: list[Payload]) -> list[str]:
    """Payloads whose text does not stand in the page, letter by letter."""
    shown = fold(page.evaluate(READ_TEXT))
    return [f"{one.shape}: {one.text}" for one in payloads if fold(one.text) not in shown]


def find_nodes(page: Page) -> list[str]:
    """Elements that came out of a payload."""
    nodes: list[str] = page.evaluate(FIND_NODES)
    return nodes
