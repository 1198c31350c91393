"""A shop into which the payloads of tests/markup.py went by every door that anybody outside has: the wire, an import's files, staff's calls."""

import csv
import io
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import httpx2

from data.clock import format_time
from data.conversations import Draft, append_messages, require_conversation
from data.database import Database
from data.handoffs import request_handoff
from data.importers import import_shop
from data.shop import read_shop
from data.staff import ensure_member
from tests.databases import open_settings
from tests.house import find_free_ports
from tests.kettles import write_files
from tests.listening import listen
from tests.making import make_consent, make_person
from tests.markup import Grammar, Payload
from tests.serving import PASSWORD, ROOT, SECRET, Agent, Guest, StandIn, make_settings
from web.identity import sign_customer_token
from web.inbox import check_text

SHARES = {  # entrance: (how many, longest text)
    "message": (1073, 1900),
    "queued": (150, 1900),  # the last message of a talk that waits
    "name": (150, 190),
    "address": (21, 400),
    "referrer": (21, 400),
    "seen page": (120, 480),
    "product": (300, 290),
    "offer": (40, 290),
    "question": (40, 190),
    "button": (300, 900),
    "answer": (40, 1900),
    "agent": (200, 1900),
    "note": (300, 1900),
    "left note": (20, 900),
    "left message": (30, 900),
    "review": (60, 1900),
    "decision": (20, 900),
    "request": (60, 1900),
    "request answer": (20, 900),
    "incident": (24, 900),
    "staff name": (10, 95),
    "own name": (1, 190),
}
TALKS = 4
BY_WIRE = 5
MAIN = "main-customer"


def tidy(text: str) -> str:
    """What an import makes of a title (docs/import.md): each run of white space is one space."""
    return re.sub(r"\s+", " ", text).strip()


def tidied(one: Payload) -> Payload:
    """A payload as an import keeps it."""
    return Payload(one.marker, tidy(one.text), one.shape)


@dataclass
class Fair:
    """A shop where all payloads have gone in. `talks` are the conversations with a person, `main` the first, of the signed-in customer."""

    url: str
    database: Database
    payloads: dict[str, list[Payload]]
    talks: list[Guest]
    client: httpx2.Client
    sam: Agent
    olga: Agent

    def pick(self, entrance: str, talk: int) -> list[Payload]:
        """A talk's part of an entrance's payloads."""
        return self.payloads[entrance][talk::TALKS]


def make_payloads() -> dict[str, list[Payload]]:
    grammar = Grammar()
    return {entrance: grammar.make(count, most=most) for entrance, (count, most) in SHARES.items()}


@contextmanager
def open_fair(folder: Path) -> Iterator[Fair]:
    """A gateway on a real socket, into which everything was written."""
    bot, payloads = StandIn(), make_payloads()
    port = find_free_ports(1)[0]
    settings = make_settings(folder, bot_port=bot.port)
    database = open_settings(settings)
    database.migrate()
    bring_goods(database, folder / "files", payloads)
    with database.write() as connection:
        for username, role in (("sam", "agent"), ("olga", "owner")):
            ensure_member(connection, username, name=username.title(), role=role, password=PASSWORD)
        make_consent(connection, make_person(connection, MAIN), "browsing", granted=True)
    bot.script = partial(answer, payloads)
    with listen(settings, port), httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
        sam, olga = (Agent(client, username) for username in ("sam", "olga"))
        opened = Fair(f"http://127.0.0.1:{port}", database, payloads, [], client, sam, olga)
        for fill in (write_talks, write_queue, write_rights, write_staff):
            fill(opened)
        yield opened
    database.close()
    bot.close()


def bring_goods(database: Database, folder: Path, payloads: dict[str, list[Payload]]) -> None:
    """A shop's own files, by its own importer."""

    def write(head: str, rows: list[list[str]]) -> str:
        file = io.StringIO()
        csv.writer(file).writerows([head.split(","), *rows])
        return file.getvalue()

    goods = [[f"p{n}", one.text, f"Goods > Kind {n}", "1.50"] for n, one in enumerate(payloads["product"])]
    offers = [[f"f{n}", one.text, f"p{n}", "2024-01-01", "2034-01-01"] for n, one in enumerate(payloads["offer"])]
    write_files(
        folder,
        products=write("product_id,title,category,price", goods),
        orders="order_id,customer_id,ordered_at,product_id,quantity,unit_price,discount,status\n"
        + "".join(f"o{n},buyer{n},2024-05-01,p{n % 40},1,1.50,,delivered\n" for n in range(80)),
        customers=None,
        offers=write("offer_id,title,product_id,starts_at,ends_at", offers),
        offer_events=None,
    )
    for number, one in enumerate(payloads["question"]):
        text = f"---\ntitle: {quote_yaml(one.text)}\nwordings: [wording {number} of it]\n---\n{tidy(one.text)}\n"
        (folder / "questions" / f"q{number}.md").write_text(text, encoding="utf-8")
    import_shop(database, read_shop(ROOT / "shop.toml"), folder, source="demo", clock_now=None)


def quote_yaml(text: str) -> str:
    """A text as YAML takes it, letters that it does not take by their numbers."""
    return '"' + "".join(one if one.isalnum() else f"\\U{ord(one):08x}" for one in tidy(text)) + '"'


def answer(payloads: dict[str, list[Payload]], asked: dict[str, Any]) -> list[dict[str, Any]]:
    """What the bot says here: buttons, goods, a source, a text, each with payloads in it; or it sends for a person."""
    what, _, number = str(asked["message"]).partition(" ")
    start = int(number) if number.isdigit() else 0
    if what == "person":
        return [{"custom": {"kind": "handoff", "press": "/request_human"}}]
    if what == "buttons":
        titles = enumerate(payloads["button"][start : start + 20], start)
        buttons = [{"title": one.text, "payload": f'/ask_goods{{"number": "{n}"}}'} for n, one in titles]
        return [{"text": "Which one?", "buttons": buttons}, {"custom": {"kind": "answer"}}]
    if what == "goods":
        goods = [{"title": tidy(one.text), "image": "/static/mark.svg"} for one in payloads["product"][:20]]
        return [{"text": "These."}, {"custom": {"kind": "products", "extra": {"products": goods}}}]
    if what == "source":
        source = {"title": tidy(payloads["question"][start].text), "link": f"/questions/q{start}"}
        return [{"text": "From there."}, {"custom": {"kind": "answer", "extra": {"source": source}}}]
    if what == "say":
        return [{"text": payloads["answer"][start].text}, {"custom": {"kind": "answer"}}]
    return [{"text": "Noted."}, {"custom": {"kind": "answer"}}]


def write_talks(fair: Fair) -> None:
    """Talks with a person: what the bot said before, then messages, answers and private notes."""
    for talk in range(TALKS):
        own = {"customer_token": sign_customer_token(MAIN, SECRET)} if talk == 0 else {}
        guest = Guest(fair.client, **own)
        fair.talks.append(guest)
        asks = [f"say {n}" for n in range(talk, len(fair.payloads["answer"]), TALKS)]
        asks += [f"buttons {n}" for n in range(20 * talk, len(fair.payloads["button"]), 20 * TALKS)]
        for text in [*asks, "goods 0", f"source {talk}"]:
            guest.ask(text)
        guest.ask("person")
        handoff_id = fair.sam.find_waiting(guest.id)
        assert fair.sam.call("POST", f"/staff/api/handoffs/{handoff_id}/claim", {}).status_code == 200
        write_long(fair, guest, talk)
    for number, one in enumerate(fair.payloads["left note"]):  # passed on with a note, and taken back
        guest = fair.talks[number % TALKS]
        handoff_id = guest_handoff(fair, guest)
        passed = {"to": "sam" if number // TALKS % 2 else "olga", "note": one.text}
        by = fair.olga if number // TALKS % 2 else fair.sam
        assert by.call("POST", f"/staff/api/handoffs/{handoff_id}/transfer", passed).status_code == 200


def write_long(fair: Fair, guest: Guest, talk: int) -> None:
    """The first of each kind over the wire, the others at once by the same check into the same log."""
    agent, note, message = (fair.pick(kind, talk) for kind in ("agent", "note", "message"))
    for at in range(BY_WIRE):
        assert fair.sam.say(guest.id, agent[at].text).status_code == 202
        assert fair.sam.say(guest.id, note[at].text, private=True).status_code == 202
        assert guest.send(message[at].text).status_code == 202
    own = Draft("human", "chat", "", author_name="Sam")
    drafts = [replace(own, text=check_text(one.text, 2000)) for one in agent[BY_WIRE:]]
    drafts += [replace(own, text=check_text(one.text, 2000), private=True) for one in note[BY_WIRE:]]
    drafts += [Draft("customer", "chat", check_text(one.text, 2000)) for one in message[BY_WIRE:]]
    with fair.database.write() as connection:
        append_messages(connection, guest.id, drafts, at=stamp(), answers=10_000)


def stamp() -> str:
    return format_time(datetime.now(UTC))


def guest_handoff(fair: Fair, guest: Guest) -> str:
    found: str = fair.sam.call("GET", f"/staff/api/conversations/{guest.id}").json()["handoff"]["handoff_id"]
    return found


def write_queue(fair: Fair) -> None:
    """Customers with names, who wait; the last thing each wrote stands in the queue."""
    for number, (name, last) in enumerate(zip(fair.payloads["name"], fair.payloads["queued"], strict=True)):
        token = sign_customer_token(f"named-{number}", SECRET, name=name.text)
        guest = Guest(fair.client, customer_token=token)
        with fair.database.write() as connection:
            drafts = [Draft("customer", "chat", check_text(last.text, 2000))]
            append_messages(connection, guest.id, drafts, at=stamp(), answers=10)
            waiting = require_conversation(connection, guest.id)
            request_handoff(connection, waiting, at=stamp(), topic={}, now=time.time(), phase="queued")


def write_rights(fair: Fair) -> None:
    """What a signed-in customer gives: pages looked at, requests by right, a name of their own; and messages left for a person."""
    headers = {"Authorization": f"Bearer {sign_customer_token(MAIN, SECRET)}"}

    def post(path: str, body: dict[str, Any]) -> dict[str, Any]:
        told = fair.client.post(path, json=body, headers=headers)
        assert told.status_code in (201, 202), told.text
        answer: dict[str, Any] = told.json()
        return answer

    for one in fair.payloads["seen page"]:
        event = {"kind": "viewed", "product_id": "p1", "page": f"/{one.text}"}
        assert post("/api/events", event) == {"stored": True}
    for kind in ("review", "request"):
        for one in fair.payloads[kind]:
            post("/api/me/requests", {"kind": "review" if kind == "review" else "rectify", "text": one.text})
    for number in range(len(fair.payloads["request answer"])):
        post("/api/me/requests", {"kind": "rectify", "text": f"plain {number}"})
    for one in fair.payloads["own name"]:
        post("/api/me/requests", {"kind": "rectify", "name": one.text})
    for one in fair.payloads["left message"]:
        guest = Guest(fair.client)
        guest.ask("person")
        guest.ask(payload="/leave_message")
        guest.ask(one.text)


def write_staff(fair: Fair) -> None:
    """What staff give: decisions, answers, incidents, colleagues' names."""
    olga = fair.olga
    reviews = olga.call("GET", "/staff/api/reviews").json()["reviews"]
    for review, one in zip(reviews, fair.payloads["decision"], strict=False):
        body = {"review_id": review["review_id"], "decision": one.text}
        assert olga.call("POST", "/staff/api/reviews", body).is_success
    requests = olga.call("GET", "/staff/api/requests").json()["requests"]
    plain = [one for one in requests if read_request(olga, one["request_id"]).startswith("plain")]
    for request, one in zip(plain, fair.payloads["request answer"], strict=True):
        body = {"state": "done", "answer": one.text}
        assert olga.call("POST", f"/staff/api/requests/{request['request_id']}", body).is_success
    for happened, done, advice in zip(*(fair.payloads["incident"][n::3] for n in range(3)), strict=True):
        account = {"happened": happened.text, "done": done.text, "advice": advice.text}
        body = account | {"kind": "lapse", "since": "2024-01-01", "concerns": {"who": "everybody"}}
        made = olga.call("POST", "/staff/api/incidents", body)
        assert made.is_success, made.text
        path = f"/staff/api/incidents/{made.json()['incident_id']}/publish"
        assert olga.call("POST", path, {"version": made.json()["version"]}).is_success
    for number, one in enumerate(fair.payloads["staff name"]):
        body = {"password": PASSWORD, "username": f"s{number}", "name": one.text, "role": "agent"}
        assert olga.call("POST", "/staff/api/accounts", body).is_success


def read_request(agent: Agent, request_id: str) -> str:
    text: str = agent.call("GET", f"/staff/api/requests/{request_id}").json()["text"]
    return text
