"""The limits of a talk with a person, each by the wire: what the customer is told, where the talk goes, what staff see (docs/handoff.md)."""

import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update
from starlette.testclient import TestClient

from data.clock import ShopClock
from data.outbox import take_due
from data.staff import ensure_member
from data.tables_handoffs import handoffs
from tests.serving import PASSWORD, ROOT, Agent, Guest, StandIn, make_settings, serve
from web import watch
from web.house import House

START = datetime(2026, 3, 2, 17, tzinfo=UTC)  # a Monday, noon in New York
TEAM = '\n[handoff.teams.orders]\ntitle = "Orders"\nmembers = ["alex"]\ntopics = ["order"]\n'


class Shop:
    """A gateway whose clock the test moves; the watch looks when the test says so, not by itself."""

    def __init__(self, client: TestClient) -> None:
        self.client = client
        self.house: House = client.app.state.house  # type: ignore[attr-defined]
        self.elapsed_s = 0.0
        self.house.clock = ShopClock(self.house.shop.zone, machine=lambda: START + timedelta(seconds=self.elapsed_s))

    def wait(self, minutes: float) -> None:
        self.elapsed_s += 60 * minutes
        while watch.look(self.house):
            pass

    def be_there(self, guest: Guest) -> None:
        """The customer's page asks for news; more often than a quarter of a minute it need not be noted."""
        self.house.sightings = type(self.house.sightings)()
        guest.state()

    def sign_in(self, username: str = "sam") -> Agent:
        agent = Agent(self.client, username)
        agent.call("PUT", "/staff/api/me/presence", {"presence": "available"})
        return agent


Open = Callable[..., Shop]


@pytest.fixture
def open_shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Open]:
    monkeypatch.setattr(watch, "EVERY_S", 1e6)
    bot = StandIn()
    talk = bot.script

    def script(asked: dict[str, Any]) -> list[dict[str, Any]]:
        if "person" in asked["message"]:
            return [{"custom": {"kind": "handoff", "press": "/request_human"}}]
        if "nothing" in asked["message"]:
            return []
        if "order" in asked["message"]:
            return [{"text": "It is on its way."}, {"custom": {"kind": "order"}}]
        return talk(asked)

    bot.script = script
    running: list[Any] = []

    def open_one(*changes: tuple[str, str], more: str = "") -> Shop:
        text = (ROOT / "shop.toml").read_text(encoding="utf-8")
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        shop_file = tmp_path / "shop.toml"
        shop_file.write_text(text + more, encoding="utf-8")
        serving = serve(make_settings(tmp_path, bot_port=bot.port, shop_file=shop_file))
        running.append(serving)
        shop = Shop(serving.__enter__())
        with shop.house.database.write() as connection:
            ensure_member(connection, "sue", name="Sue Lee", role="supervisor", password=PASSWORD)
        return shop

    yield open_one
    for serving in running:
        serving.__exit__(None, None, None)
    bot.close()


def claim(agent: Agent, guest: Guest) -> str:
    handoff_id = agent.find_waiting(guest.id)
    assert agent.call("POST", f"/staff/api/handoffs/{handoff_id}/claim", {}).status_code == 200
    return handoff_id


def read_handoff(agent: Agent, guest: Guest) -> dict[str, Any]:
    listed = agent.call("GET", "/staff/api/handoffs").json()["handoffs"]
    found: dict[str, Any] = next(one for one in listed if one["conversation_id"] == guest.id)
    return found


def hear_last(guest: Guest) -> dict[str, Any]:
    last: dict[str, Any] = guest.read()["messages"][-1]
    return last


def find_payloads(message: dict[str, Any]) -> list[str]:
    return [button["payload"].partition("{")[0] for button in message["buttons"]]


def test_nobody_at_a_console_is_said_and_that_somebody_came(open_shop: Open) -> None:
    shop = open_shop()
    guest = Guest(shop.client)
    told = guest.ask("a person please")[0]
    assert "Nobody is at the desk" in told["text"]
    assert find_payloads(told) == ["/leave_message", "/cancel_handoff"]
    assert guest.state()["queue_position"] == 1
    sam = shop.sign_in()
    shop.wait(0.1)
    assert "Somebody is here now" in hear_last(guest)["text"]
    assert read_handoff(sam, guest)["phase"] == "queued"


def test_who_waits_for_long_gets_an_apology_and_a_choice(open_shop: Open) -> None:
    shop = open_shop()
    sam, guest = shop.sign_in(), Guest(shop.client)
    guest.ask("a person please")
    said = []
    for _ in range(6):
        shop.elapsed_s += 60
        shop.be_there(guest)
        sam.call("PUT", "/staff/api/me/presence", {"presence": "available"})
        shop.wait(0.1)
        said.append(hear_last(guest)["text"])
    assert sum("sorry" in text for text in dict.fromkeys(said)) == 2  # after three minutes and after six, each once
    assert find_payloads(hear_last(guest)) == ["/keep_waiting", "/leave_message", "/cancel_handoff"]
    kept = guest.ask(payload="/keep_waiting")[0]
    assert kept["kind"] == "handoff"
    assert guest.state()["state"] == "waiting"


def test_a_talk_whose_step_fails_holds_up_no_other(open_shop: Open) -> None:
    shop = open_shop()
    sam, broken, guest = shop.sign_in(), Guest(shop.client), Guest(shop.client)
    broken.ask("a person please")
    guest.ask("a person please")
    with shop.house.database.write() as connection:
        mine = handoffs.c.conversation_id == broken.id
        connection.execute(update(handoffs).where(mine).values(body=b"\x03changed outside Candor"))
    shop.elapsed_s += 200
    shop.be_there(broken)
    shop.be_there(guest)
    sam.call("PUT", "/staff/api/me/presence", {"presence": "available"})
    shop.wait(0.1)
    assert "sorry" in hear_last(guest)["text"]
    assert shop.house.steps.failing == ["handoffs"]


def test_a_message_is_left_kept_and_answered_in_the_same_talk(open_shop: Open) -> None:
    shop = open_shop(("always_open = true", "always_open = false"), ('monday = "08:00-20:00"', 'monday = "closed"'))
    guest = Guest(shop.client, zone="Europe/Berlin")
    told = guest.ask("a person please")[0]
    assert "tomorrow, Tuesday, 14:00, your time" in told["text"]
    asked_for = guest.ask(payload="/leave_message")[0]
    assert find_payloads(asked_for) == ["/no_message"]
    kept = guest.ask("My parcel is wet. Please call me.")[0]
    assert "by 9 March at the latest" in kept["text"]
    assert guest.ask("what are your hours?")[0]["text"] == "You said what are your hours?"  # the bot goes on
    shop.wait(60 * 20)
    sam = shop.sign_in()
    found = read_handoff(sam, guest)
    assert (found["state"], found["has_message"]) == ("waiting", True)
    claim(sam, guest)
    seen = sam.call("GET", f"/staff/api/conversations/{guest.id}").json()
    assert seen["handoff"]["topic"]["message"] == "My parcel is wet. Please call me."
    assert sam.say(guest.id, "We send a new one.").status_code == 202
    assert hear_last(guest)["text"] == "We send a new one."


def test_the_answer_goes_by_mail_too_where_the_customer_agreed_and_is_away(open_shop: Open) -> None:
    shop = open_shop()
    shop.house.settings = replace(shop.house.settings, smtp_url="smtp://127.0.0.1:1", mail_from="shop@shop.example")
    guest = Guest(shop.client)
    guest.ask("a person please")
    guest.ask(payload="/leave_message")
    assert find_payloads(guest.ask("My parcel is wet.")[0])[0] == "/answer_by_mail"
    assert "Write it here" in guest.ask(payload="/answer_by_mail")[0]["text"]
    assert "no mail address" in guest.ask("later")[0]["text"]
    assert "goes to ann@home.example" in guest.ask(" ann@home.example ")[0]["text"]
    sam = shop.sign_in()
    claim(sam, guest)
    sam.say(guest.id, "While you are here.")
    shop.elapsed_s += 90
    sam.say(guest.id, "A new one is on its way.")
    with shop.house.database.write() as connection:
        letters = take_due(connection, now=shop.house.clock.machine_seconds())
    assert [letter.to for letter in letters] == ["ann@home.example"]
    assert "A new one is on its way." in letters[0].text


def test_at_the_click_it_is_looked_at_again_whether_somebody_is_here(open_shop: Open) -> None:
    shop = open_shop()
    guest = Guest(shop.client)
    guest.ask("a person please")
    shop.sign_in()
    heard = guest.ask(payload="/leave_message")
    assert "Somebody is here now" in heard[0]["text"]
    assert find_payloads(heard[-1]) == ["/no_message"]
    assert guest.ask(payload="/no_message")[0]["text"] == "All right, nothing is kept."
    assert guest.ask("hello")[0]["text"] == "You said hello"


def test_a_message_that_nobody_answers_is_said_to_be_so(open_shop: Open) -> None:
    shop = open_shop()
    guest = Guest(shop.client)
    guest.ask("a person please")
    guest.ask(payload="/leave_message")
    guest.ask("call me")
    shop.wait(60 * 24 * 7 - 5)
    assert guest.state()["state"] == "waiting"
    shop.wait(10)
    assert "Nobody answered your message within 7 days" in hear_last(guest)["text"]
    assert guest.state()["state"] == "bot"


def test_a_person_who_falls_silent_loses_the_talk_to_the_front_of_the_queue(open_shop: Open) -> None:
    shop = open_shop()
    sam, first, second = shop.sign_in(), Guest(shop.client), Guest(shop.client)
    first.ask("a person please")
    claim(sam, first)
    sam.say(first.id, "Hello, this is Sam.")
    second.ask("a person please")
    first.send("where is my order?")
    for _ in range(4):
        shop.elapsed_s += 60
        sam.call("PUT", "/staff/api/me/presence", {"presence": "available"})
        shop.wait(0.1)
    assert first.state()["state"] == "human"
    assert read_handoff(sam, first)["overdue"]
    shop.elapsed_s += 60
    sam.call("PUT", "/staff/api/me/presence", {"presence": "available"})
    shop.wait(0.1)
    assert (first.state()["state"], first.state()["queue_position"]) == ("waiting", 1)
    assert second.state()["queue_position"] == 2
    texts = [(m["author"], m["kind"], m["text"]) for m in first.read()["messages"][-2:]]
    assert texts[0][:2] == ("system", "notice")
    assert "Sam Okafor has not answered for 5 minutes" in texts[0][2]
    assert texts[1][:2] == ("bot", "disclosure")
    seen = sam.call("GET", f"/staff/api/conversations/{first.id}").json()["messages"]
    assert any(m["private"] and "did not answer in time" in m["text"] for m in seen)
    assert sam.say(first.id, "I am back").status_code == 403


def test_a_console_that_is_gone_loses_the_talk_sooner(open_shop: Open) -> None:
    shop = open_shop()
    sam, guest = shop.sign_in(), Guest(shop.client)
    guest.ask("a person please")
    claim(sam, guest)
    sam.say(guest.id, "Hello")
    shop.wait(1.5)
    alex = shop.sign_in("alex")
    assert read_handoff(alex, guest)["phase"] == "customer_away"
    shop.be_there(guest)
    shop.wait(0.1)
    assert read_handoff(alex, guest)["phase"] == "agent_away"
    shop.wait(1)
    assert "is no longer connected" in guest.read()["messages"][-2]["text"]
    assert guest.state()["state"] == "waiting"


def test_a_customer_who_left_is_not_waited_for(open_shop: Open) -> None:
    shop = open_shop()
    guest = Guest(shop.client)
    guest.ask("a person please")
    shop.wait(31)
    assert "You were away for a while" in hear_last(guest)["text"]
    assert guest.state()["state"] == "bot"


def test_a_talk_whose_customer_left_ends_and_what_was_written_is_there(open_shop: Open) -> None:
    shop = open_shop()
    sam, guest = shop.sign_in(), Guest(shop.client)
    guest.ask("a person please")
    handoff_id = claim(sam, guest)
    sam.say(guest.id, "It comes tomorrow.")
    for _ in range(31):
        shop.elapsed_s += 60
        sam.call("PUT", "/staff/api/me/presence", {"presence": "available"})
        shop.wait(0.01)
    messages = guest.read()["messages"]
    assert "It comes tomorrow." in [m["text"] for m in messages]
    assert "ended at 12:30, since you were away" in messages[-2]["text"]
    assert messages[-1]["kind"] == "disclosure"
    assert [one["handoff_id"] for one in sam.call("GET", "/staff/api/wrap-ups").json()["wrap_ups"]] == [handoff_id]
    said = sam.call("POST", f"/staff/api/handoffs/{handoff_id}/wrap-up", {"reason": "delivery"})
    assert said.json() == {"handoff_id": handoff_id, "wrap_up": "delivery"}
    assert sam.call("GET", "/staff/api/wrap-ups").json()["wrap_ups"] == []


def test_round_robin_gives_talks_to_whoever_had_none_for_longest(open_shop: Open) -> None:
    shop = open_shop(('routing = "pick"', 'routing = "round_robin"'), ("talks_at_once = 4", "talks_at_once = 2"))
    sam, alex = shop.sign_in(), shop.sign_in("alex")
    guests = [Guest(shop.client) for _ in range(5)]
    for guest in guests:
        shop.elapsed_s += 1
        guest.ask("a person please")
        shop.wait(0.01)
    names = [guest.state()["staff_name"] for guest in guests]
    assert sorted(names[:2]) == sorted(names[2:4]) == ["Alex Moreau", "Sam Okafor"]
    assert names[4] is None  # both have two
    assert alex.call("PUT", "/staff/api/me/presence", {"presence": "away"}).json()["colleague"]["load"] == 2
    assert sam.call("PUT", "/staff/api/me/presence", {"presence": "available", "talks_at_once": 3}).status_code == 200
    shop.wait(0.01)
    assert guests[4].state()["staff_name"] == "Sam Okafor"


def test_a_topic_finds_its_team_and_a_talk_can_be_passed_to_one(open_shop: Open) -> None:
    shop = open_shop(more=TEAM)
    sam, guest, other = shop.sign_in(), Guest(shop.client), Guest(shop.client)
    guest.ask("where is my order?")
    told = guest.ask("a person please")[0]
    assert "Nobody is at the desk" in told["text"]  # sam is not of that team
    assert read_handoff(sam, guest)["team"] == "orders"
    other.ask("a person please")
    handoff_id = claim(sam, other)
    path = f"/staff/api/handoffs/{handoff_id}/transfer"
    assert sam.call("POST", path, {"to": "team:none"}).status_code == 401
    assert sam.call("POST", path, {"to": "team:orders", "note": "about the lid"}).status_code == 200
    assert any("another team: Orders" in m["text"] for m in other.read()["messages"])
    assert other.state()["queue_position"] == 1
    assert guest.state()["queue_position"] == 2
    assert sam.call("GET", "/staff/api/colleagues").json()["teams"] == [{"team": "orders", "title": "Orders"}]


def test_a_supervisor_sees_the_floor_and_takes_over(open_shop: Open) -> None:
    shop = open_shop()
    sam, sue, guest = shop.sign_in(), shop.sign_in("sue"), Guest(shop.client)
    guest.ask("a person please")
    handoff_id = claim(sam, guest)
    assert sam.call("GET", "/staff/api/floor").status_code == 403
    assert sam.call("POST", f"/staff/api/handoffs/{handoff_id}/take-over", {}).status_code == 403
    floor = {one["username"]: one for one in sue.call("GET", "/staff/api/floor").json()["colleagues"]}
    assert [talk["handoff_id"] for talk in floor["sam"]["talks"]] == [handoff_id]
    assert sue.say(guest.id, "ask for the receipt", private=True).status_code == 202  # a whisper
    assert sue.call("POST", f"/staff/api/handoffs/{handoff_id}/take-over", {}).status_code == 200
    assert guest.state()["staff_name"] == "Sue Lee"
    assert sam.say(guest.id, "still me").status_code == 403
    assert "ask for the receipt" not in [m["text"] for m in guest.read()["messages"]]


def test_afterwards_one_tap_and_one_line_and_a_closed_talk_stays_closed(open_shop: Open) -> None:
    shop = open_shop()
    sam, guest = shop.sign_in(), Guest(shop.client)
    guest.ask("a person please")
    handoff_id = claim(sam, guest)
    sam.say(guest.id, "Done.")
    sam.call("POST", f"/staff/api/handoffs/{handoff_id}/release", {"to": "closed"})
    assert find_payloads(hear_last(guest)) == ["/rate_talk", "/rate_talk", "/save_chat"]
    assert "Thank you" in guest.ask(payload='/rate_talk{"value": "good"}')[0]["text"]
    assert guest.ask("Quick and kind.")[0]["text"] == "Thank you. Your line is kept with your answer."
    assert guest.state()["state"] == "closed"
    wrap = sam.call("GET", "/staff/api/wrap-ups").json()["wrap_ups"]
    assert [(one["ended_as"], one["rating"]) for one in wrap] == [("closed", "good")]
    heard = guest.ask("one more thing")
    assert heard[0]["kind"] == "disclosure"
    assert guest.state()["state"] == "bot"


def test_a_rating_needs_a_talk(open_shop: Open) -> None:
    shop = open_shop()
    guest = Guest(shop.client)
    body = {"client_id": str(uuid.uuid4()), "payload": '/rate_talk{"value": "good"}'}
    path = f"/api/conversations/{guest.id}/messages"
    assert shop.client.post(path, json=body, headers=guest.headers).status_code == 422  # nothing offered it


def test_a_bot_that_gives_no_answer_is_said_to_customer_and_console(open_shop: Open) -> None:
    shop = open_shop(("bot_timeout_s = 8.0", "bot_timeout_s = 0.6"))
    sam, guest = shop.sign_in(), Guest(shop.client)
    with shop.client.websocket_connect(
        "/staff/api/live", headers={"Cookie": f"candor_staff={sam.cookies['candor_staff']}"}
    ) as live:
        assert live.receive_json()["bot"] == "ok"
        told = guest.ask("nothing comes of this")[0]
        assert find_payloads(told) == ["/try_again", "/request_human"]
        assert live.receive_json()["bot"] == "down"
        guest.ask("hello")
        assert live.receive_json()["bot"] == "ok"


def test_presence_that_is_none_is_refused(open_shop: Open) -> None:
    shop = open_shop()
    sam = shop.sign_in()
    for body in ({"presence": "busy"}, {"presence": "available", "talks_at_once": 0}, {}):
        assert sam.call("PUT", "/staff/api/me/presence", body).status_code == 422
