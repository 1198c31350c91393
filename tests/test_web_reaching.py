"""Reaching staff elsewhere: signed calls that are tried again, never doubled by name, never about somebody who was erased; and few letters."""

import base64
import hashlib
import hmac
import json
import re
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from starlette.testclient import TestClient

from data.clock import ShopClock
from data.outbox import DUE, LEASE_S, write_letter
from data.requests import Whose, open_request
from data.tables_reaching import outbox
from settings import BadSetting, read_settings
from tests.listening import Box, open_box
from tests.making import make_person
from tests.serving import Agent, Guest, StandIn, make_settings, serve
from web import post, watch
from web.controls import Dispute, open_dispute
from web.erasing import erase_caller
from web.identity import identify_caller
from web.reaching import announce_due

SECRET = "whsec_" + base64.b64encode(b"a secret of the tests, 32 bytes!").decode()
OLDER = "whsec_" + base64.b64encode(b"an older secret, of 31 bytes ok").decode()


@dataclass
class Call:
    """A call as it came over the wire."""

    headers: dict[str, str]
    body: bytes

    @property
    def told(self) -> dict[str, Any]:
        told: dict[str, Any] = json.loads(self.body)
        return told


@dataclass
class Receiver:
    """The other side; answers with `status`."""

    port: int
    calls: list[Call] = field(default_factory=list)
    status: int = 204


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            made.calls.append(Call({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(made.status)
            if made.status == 302:
                self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made = Receiver(int(server.server_address[1]))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield made
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def box() -> Iterator[Box]:
    with open_box() as box:
        yield box


@pytest.fixture
def client(receiver: Receiver, box: Box, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    monkeypatch.setattr(post, "EVERY_S", 1e6)  # the test sends
    monkeypatch.setattr(watch, "EVERY_S", 1e6)
    bot = StandIn()
    talk, person = bot.script, [{"custom": {"kind": "handoff", "press": "/request_human"}}]
    bot.script = lambda asked: person if asked["message"] == "a person please" else talk(asked)
    settings = replace(
        make_settings(tmp_path, bot_port=bot.port),
        webhook_url=f"http://127.0.0.1:{receiver.port}/candor",
        webhook_secrets=(SECRET, OLDER),
        smtp_url=f"smtp://127.0.0.1:{box.port}",
        mail_from="shop@shop.example",
        public_url="https://chat.shop.example",
    )
    with serve(settings) as client:
        house = find_house(client)
        house.shop = replace(house.shop, staff_mail=("desk@shop.example",))
        yield client
    bot.close()


def find_house(client: TestClient) -> Any:
    return client.app.state.house  # type: ignore[attr-defined]


def pass_time(client: TestClient, **more: float) -> None:
    house = find_house(client)
    before = house.clock
    house.clock = ShopClock(before.zone, machine=lambda: before.machine() + timedelta(**more))


def count_rows(client: TestClient) -> int:
    with find_house(client).database.read() as connection:
        return int(connection.execute(select(func.count()).select_from(outbox)).scalar_one())


def is_signed(call: Call, secret: str) -> bool:
    """What docs/integrate.md tells a receiver to do."""
    signed = f"{call.headers['webhook-id']}.{call.headers['webhook-timestamp']}.".encode() + call.body
    key = base64.b64decode(secret.removeprefix("whsec_"))
    wanted = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    is_fresh = abs(time.time() - int(call.headers["webhook-timestamp"])) < 300
    return is_fresh and any(hmac.compare_digest(wanted, one) for one in call.headers["webhook-signature"].split())


def test_staff_hear_that_somebody_waits_and_writes_and_not_what(client: TestClient, receiver: Receiver) -> None:
    guest = Guest(client)
    guest.ask("a person please")
    guest.send("my secret is purple")
    assert post.empty_outbox(find_house(client)) == 3  # two calls, one letter
    asked, wrote = receiver.calls
    assert asked.told["type"] == "handoff.requested"
    waiting = Agent(client).find_waiting(guest.id)
    assert asked.told["data"] | {"handoff_id": waiting, "conversation_id": guest.id} == asked.told["data"]
    assert asked.told["data"]["position"] == 1
    assert wrote.told["type"] == "handoff.message"
    assert wrote.told["data"]["handoff_id"] == waiting
    assert b"purple" not in asked.body + wrote.body
    for call in receiver.calls:
        assert is_signed(call, SECRET)
        assert is_signed(call, OLDER)
        assert not is_signed(Call(call.headers, call.body + b" "), SECRET)
        assert not is_signed(Call(call.headers | {"webhook-id": "another"}, call.body), SECRET)
    assert count_rows(client) == 0


def test_staff_hear_of_a_colleague_who_fell_silent(client: TestClient, receiver: Receiver) -> None:
    house, guest, sam = find_house(client), Guest(client), Agent(client)
    guest.ask("a person please")
    sam.call("POST", f"/staff/api/handoffs/{sam.find_waiting(guest.id)}/claim", {})
    post.empty_outbox(house)
    heard = len(receiver.calls)
    pass_time(client, minutes=3)
    guest.state()
    while watch.look(house):
        pass
    assert post.empty_outbox(house) == 2  # a call and a letter
    (call,) = receiver.calls[heard:]
    assert call.told["type"] == "handoff.requested"
    wanted = {"conversation_id": guest.id, "taken_from": "sam", "why": "gone", "position": 1}
    assert call.told["data"] | wanted == call.told["data"]


def test_the_owner_may_let_the_words_go_with_it(client: TestClient, receiver: Receiver) -> None:
    house = find_house(client)
    house.shop = replace(house.shop, webhook_words=True)
    guest = Guest(client)
    guest.ask("a person please")
    guest.send("where is my order?")
    post.empty_outbox(house)
    assert receiver.calls[-1].told["data"]["text"] == "where is my order?"


@pytest.mark.parametrize("status", [302, 404, 500])
def test_a_call_that_is_not_taken_is_made_again_under_the_same_id(
    client: TestClient, receiver: Receiver, status: int
) -> None:
    house = find_house(client)
    house.shop = replace(house.shop, staff_mail=())
    Guest(client).ask("a person please")
    receiver.status = status
    post.empty_outbox(house)
    post.empty_outbox(house)  # not at once
    assert len(receiver.calls) == 1
    assert "candor_letters_failing 0.0" in client.get("/metrics").text
    pass_time(client, seconds=60)
    post.empty_outbox(house)
    assert "candor_letters_failing 1.0" in client.get("/metrics").text
    receiver.status = 200
    pass_time(client, seconds=120)
    post.empty_outbox(house)
    assert [call.headers["webhook-id"] for call in receiver.calls] == [receiver.calls[0].headers["webhook-id"]] * 3
    assert count_rows(client) == 0


def test_what_nobody_took_for_a_day_is_given_up_and_told(
    client: TestClient, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    house = find_house(client)
    house.shop = replace(house.shop, staff_mail=(), webhook_words=True)
    receiver.status = 500
    before = count_given_up(client)
    guest = Guest(client)
    guest.ask("a person please")
    guest.send("my secret is purple")
    post.empty_outbox(house)
    pass_time(client, hours=25)
    assert post.empty_outbox(house) == 0
    assert (len(receiver.calls), count_rows(client)) == (2, 0)
    assert count_given_up(client) == before + 2
    told = [record.getMessage() for record in caplog.records if "given up" in record.getMessage()]
    assert told == [
        f"call {call.headers['webhook-id']} was given up after 1 tries: its time is over" for call in receiver.calls
    ]
    assert "purple" not in caplog.text


def count_given_up(client: TestClient) -> float:
    found = re.search(r"^candor_letters_given_up_total (.+)$", client.get("/metrics").text, re.MULTILINE)
    assert found is not None
    return float(found[1])


def test_a_letter_is_somebodys(client: TestClient) -> None:
    with find_house(client).database.write() as connection, pytest.raises(ValueError, match="Say whose"):
        write_letter(
            connection, kind="call", to="there", subject=DUE, text="due", at="2026-03-09", now=0.0, wanted_s=9.0
        )
    assert count_rows(client) == 0


def test_who_dies_between_the_call_and_the_note_calls_again_under_the_same_id(
    client: TestClient, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = find_house(client)
    Guest(client).ask("a person please")

    def die(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(post, "note_sent", die)
        with pytest.raises(KeyboardInterrupt):
            post.empty_outbox(house)
    post.empty_outbox(house)  # the other letters; this one is leased
    first = receiver.calls[0].headers["webhook-id"]
    assert [call.headers["webhook-id"] for call in receiver.calls].count(first) == 1
    pass_time(client, seconds=LEASE_S + 1)
    post.empty_outbox(house)
    assert [call.headers["webhook-id"] for call in receiver.calls].count(first) == 2
    assert count_rows(client) == 0


def test_nothing_is_sent_of_who_was_erased_meanwhile(client: TestClient, receiver: Receiver, box: Box) -> None:
    guest = Guest(client, "c1")
    guest.ask("a person please")
    assert count_rows(client) == 2
    house = find_house(client)
    erase_caller(house, identify_caller(house, guest.token))
    assert post.empty_outbox(house) == 0
    assert (receiver.calls, box.letters) == ([], [])


def test_mail_comes_at_once_and_then_at_most_once_a_minute(client: TestClient, box: Box) -> None:
    house = find_house(client)
    for _ in range(4):
        Guest(client).ask("a person please")
    post.empty_outbox(house)
    assert [letter["To"] for letter in box.letters] == ["desk@shop.example"]
    assert "https://chat.shop.example/staff" in box.letters[0].get_content()
    pass_time(client, seconds=61)
    post.empty_outbox(house)
    assert len(box.letters) == 2
    pass_time(client, seconds=61)
    post.empty_outbox(house)
    assert len(box.letters) == 2


def test_a_review_is_told_when_it_is_opened_and_not_again(client: TestClient, receiver: Receiver) -> None:
    house = find_house(client)
    guest = Guest(client)
    dispute = Dispute(impression_id=None, conversation_id=guest.id, reason_id=None, text="unfair")
    with house.database.write() as connection:
        review = open_dispute(connection, house, None, dispute)
    post.empty_outbox(house)
    (call,) = receiver.calls
    assert (call.told["type"], call.told["data"]["review_id"]) == ("review.opened", review.review_id)
    assert b"unfair" not in call.body


def test_a_request_is_told_a_week_before_its_day_and_the_day_after(client: TestClient, receiver: Receiver) -> None:
    house = find_house(client)
    with house.database.write() as connection:
        person_id = make_person(connection, "c9")
        asked = open_request(connection, Whose(person_id=person_id), kind="access", now=house.clock.now())
        announce_due(connection, house)
    for _ in range(45):
        pass_time(client, days=1)
        with house.database.write() as connection:
            announce_due(connection, house)
            announce_due(connection, house)
        post.empty_outbox(house)
    told = [call.told["data"] for call in receiver.calls]
    assert [(one["request_id"], one["days_left"]) for one in told] == [(asked.request_id, 7), (asked.request_id, -1)]


def test_a_shop_without_either_writes_nothing(tmp_path: Path) -> None:
    bot = StandIn()
    with serve(make_settings(tmp_path, bot_port=bot.port)) as client:
        guest = Guest(client)
        guest.ask("a person please")
        guest.send("hello")
        assert count_rows(client) == 0
    bot.close()


@pytest.mark.parametrize(
    "env",
    [
        {"CANDOR_WEBHOOK_URL": "https://hook.example"},
        {"CANDOR_WEBHOOK_SECRET": SECRET},
        {"CANDOR_WEBHOOK_URL": "http://hook.example", "CANDOR_WEBHOOK_SECRET": SECRET},
        {"CANDOR_WEBHOOK_URL": "http://8.8.8.8/x", "CANDOR_WEBHOOK_SECRET": SECRET},
        {"CANDOR_WEBHOOK_URL": "https://me:pw@hook.example", "CANDOR_WEBHOOK_SECRET": SECRET},
        {"CANDOR_WEBHOOK_URL": "file:///etc/passwd", "CANDOR_WEBHOOK_SECRET": SECRET},
        {"CANDOR_WEBHOOK_URL": "https://hook.example", "CANDOR_WEBHOOK_SECRET": "whsec_c2hvcnQ="},
        {"CANDOR_WEBHOOK_URL": "https://hook.example", "CANDOR_WEBHOOK_SECRET": SECRET.removeprefix("whsec_")},
        {"CANDOR_WEBHOOK_URL": "https://hook.example", "CANDOR_WEBHOOK_SECRET": f"{SECRET} whsec_!"},
    ],
)
def test_a_webhook_that_is_set_up_by_half_is_refused_at_the_start(env: dict[str, str]) -> None:
    with pytest.raises(BadSetting, match="CANDOR_WEBHOOK"):
        read_settings(env)


@pytest.mark.parametrize(
    "url", ["https://hook.example/x", "http://127.0.0.1:8", "http://10.0.0.7/x", "http://zammad/x"]
)
def test_where_a_webhook_may_lead(url: str) -> None:
    settings = read_settings({"CANDOR_WEBHOOK_URL": url, "CANDOR_WEBHOOK_SECRET": f"{SECRET} {OLDER}"})
    assert (settings.webhook_url, settings.webhook_secrets) == (url, (SECRET, OLDER))
