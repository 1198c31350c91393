"""Goods with pictures in the chat's list, drawn in a real browser from the shop's named origin and from nowhere else."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from web.headers import build_policy

STATIC = Path(__file__).resolve().parent.parent / "web" / "static"
SHOP, NAMED, ELSEWHERE = "https://shop.example", "https://pictures.example", "https://elsewhere.example"
PICTURE = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9" fill="#0e5f52"/></svg>'
)
PAGE = '<!doctype html><meta charset="utf-8"><title>Goods</title><main></main><script type="module" src="/draw.js"></script>'
DRAW = """
import { makeMessage } from "/static/widget/message.js";
const words = { say: (key) => key, time: (at) => at, money: (price) => `$${price.amount / 100}` };
window.draw = (message) => document.querySelector("main").replaceChildren(makeMessage(message, { words, press() {}, why() {}, openPrivacy() {} }));
"""


@pytest.fixture
def page(browser: Browser) -> Iterator[tuple[Page, list[tuple[str, str | None]]]]:
    """A page of the shop that draws a message, and every picture that was asked for, with the page that it was told of."""
    asked: list[tuple[str, str | None]] = []

    def answer(route: Route) -> None:
        url = route.request.url
        path = url.split(".example", 1)[1]
        if path.endswith((".svg", ".jpg")):
            asked.append((url, route.request.headers.get("referer")))
            if "gone" in path:
                route.fulfill(status=404)
            else:
                route.fulfill(content_type="image/svg+xml", body=PICTURE)
        elif path == "/draw.js":
            route.fulfill(content_type="text/javascript", body=DRAW)
        elif path.startswith("/static/"):
            route.fulfill(path=STATIC / path.removeprefix("/static/"))
        else:
            route.fulfill(
                content_type="text/html", body=PAGE, headers={"Content-Security-Policy": build_policy([NAMED])}
            )

    opened = browser.new_page()
    opened.route("**/*", answer)
    opened.goto(SHOP)
    opened.wait_for_function("Boolean(window.draw)")
    yield opened, asked
    opened.close()


def draw(page: Page, *images: str | None) -> None:
    goods = [
        {"product_id": f"p{n}", "title": f"Good {n}", "price": {"amount": 199, "currency": "USD"}}
        | ({"image": image} if image else {})
        for n, image in enumerate(images)
    ]
    message: dict[str, Any] = {
        "seq": 2, "author": "bot", "author_name": "Assistant", "at": "2024-06-05T12:00:00Z", "lang": "en", "kind": "products",
        "text": "I found: Good 0, $1.99; Good 1, $1.99.", "buttons": [], "offers": [], "extra": {"products": goods},
    }  # fmt: skip
    page.evaluate("message => window.draw(message)", message)


def test_pictures_are_sized_named_and_fetched_without_telling_the_page(
    page: tuple[Page, list[tuple[str, str | None]]],
) -> None:
    opened, asked = page
    draw(opened, "/own.svg", f"{NAMED}/named.svg", None)
    pictures = opened.locator(".goods img")
    expect(pictures).to_have_count(2)
    expect(opened.locator(".goods li")).to_have_count(3)
    opened.wait_for_function("[...document.images].every(one => one.complete && one.naturalWidth)")
    for n, picture in enumerate(pictures.all()):
        assert picture.get_attribute("alt") == f"Good {n}"
        assert picture.get_attribute("loading") == "lazy"
        assert (picture.get_attribute("width"), picture.get_attribute("height")) == ("56", "56")
    assert sorted(asked) == [(f"{NAMED}/named.svg", None), (f"{SHOP}/own.svg", None)]
    expect(opened.locator(".bubble")).to_contain_text("Good 0, $1.99; Good 1, $1.99.")  # the text stands alone


def test_a_picture_from_elsewhere_is_not_even_asked_for(page: tuple[Page, list[tuple[str, str | None]]]) -> None:
    opened, asked = page
    draw(opened, f"{ELSEWHERE}/spy.svg", "/own.svg")
    expect(opened.locator(".goods img")).to_have_count(1)
    opened.wait_for_function("[...document.images].every(one => one.complete)")
    assert [url for url, _ in asked] == [f"{SHOP}/own.svg"]


def test_a_picture_that_is_gone_leaves_its_place_and_the_words(page: tuple[Page, list[tuple[str, str | None]]]) -> None:
    opened, _ = page
    draw(opened, "/gone.jpg")
    expect(opened.locator(".goods img")).to_have_count(0)
    expect(opened.locator(".goods li")).to_contain_text("Good 0")


def test_without_pictures_there_is_only_the_text(page: tuple[Page, list[tuple[str, str | None]]]) -> None:
    opened, _ = page
    draw(opened, None, None)
    expect(opened.locator(".goods")).to_have_count(0)
    expect(opened.locator(".bubble")).to_have_count(1)
