"""A person, when a person is wanted (P2): one request, one owner, and no word of the bot while a person owns the conversation."""

import concurrent.futures
import time
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from data.staff import ensure_member
from tests.serving import PASSWORD, Agent, Guest, StandIn, make_settings, serve

FACTS = {
    "about": "Something missing",
    "order_id": "A-1",
    "ordered_on": "4 June",
    "status": "on the way",
    "named": ["Butter"],
    "lines": ["1 × Butter, $2.60", "3 × Yogurt, $2.97"],
}
MISSING = {"kind": "handoff", "handoff": FACTS | {"else": "is not passed on"}}


@pytest.fixture(scope="module")
def bot() -> Iterator[StandIn]:
    stand_in = StandIn()
    talk = stand_in.script

    def script(asked: dict[str, Any]) -> list[dict[str, Any]]:
        if "missing" in asked["message"]:
            return [{"text": "I pass on order A-1."}, {"custom": {"kind": "order"}}, {"custom": MISSING}]
        if "person" in asked["message"]:
            return [{"custom": {"kind": "handoff", "press": "/request_human"}}]
        return talk(asked)

    stand_in.script = script
    yield stand_in
    stand_in.close()


@pytest.fixture(scope="module")
def client(bot: StandIn, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    with serve(make_settings(tmp_path_factory.mktemp("web"), bot_port=bot.port)) as client:
        yield client


@pytest.fixture
def claimed(client: TestClient) -> tuple[Guest, Agent, str]:
    """A conversation that sam has claimed."""
    guest, sam = Guest(client), Agent(client)
    guest.ask("a person please")
    handoff_id = sam.find_waiting(guest.id)
    assert sam.call("POST", f"/staff/api/handoffs/{handoff_id}/claim", {}).status_code == 200
    return guest, sam, handoff_id


def test_asking_opens_one_handoff_and_is_confirmed(client: TestClient) -> None:
    guest = Guest(client)
    heard = guest.ask("a person please")
    assert [m["kind"] for m in heard] == ["handoff"]
    assert guest.state()["state"] == "waiting"
    assert isinstance(guest.state()["queue_position"], int)
    again = guest.ask("where is my person?")
    assert again[0]["kind"] == "handoff"
    waiting = Agent(client).call("GET", "/staff/api/handoffs?state=waiting").json()["handoffs"]
    assert [h["conversation_id"] for h in waiting].count(guest.id) == 1
    assert {"handoff_id", "conversation_id", "state", "since", "position", "last_message"} <= set(waiting[0])


def test_the_bot_goes_on_answering_while_the_customer_waits(client: TestClient) -> None:
    guest = Guest(client)
    guest.ask("a person please")
    assert guest.ask("when do you open?")[-1]["author"] == "bot"


def test_the_bot_is_silent_while_a_person_owns_the_conversation(
    claimed: tuple[Guest, Agent, str], bot: StandIn
) -> None:
    guest, sam, _ = claimed
    assert guest.state() == {"state": "human", "queue_position": None, "staff_name": "Sam Okafor"}
    assert sam.say(guest.id, "Hello, this is Sam.").status_code == 202
    heard_before = len(bot.heard)
    seq = guest.send("where is my order?").json()["seq"]
    time.sleep(0.7)
    messages = guest.read()["messages"]
    joined = next(m["seq"] for m in messages if m["kind"] == "notice")
    assert not [m for m in messages if m["author"] == "bot" and m["seq"] > joined]
    assert len(bot.heard) == heard_before
    assert messages[-1]["seq"] == seq


def test_a_late_answer_of_the_bot_is_dropped_when_a_person_has_claimed(client: TestClient, bot: StandIn) -> None:
    guest, sam = Guest(client), Agent(client)
    guest.ask("a person please")
    quick = bot.script

    def slowly(asked: dict[str, object]) -> list[dict[str, object]]:
        time.sleep(1.0)
        return [{"text": "too late"}, {"custom": {"kind": "answer"}}]

    bot.script = slowly
    guest.send("a slow question")
    time.sleep(0.3)
    assert sam.call("POST", f"/staff/api/handoffs/{sam.find_waiting(guest.id)}/claim", {}).status_code == 200
    time.sleep(1.5)
    bot.script = quick
    assert "too late" not in [m["text"] for m in guest.read()["messages"]]


def test_given_back_the_disclosure_stands_again(claimed: tuple[Guest, Agent, str]) -> None:
    guest, sam, handoff_id = claimed
    guest.send("this was for Sam only")
    sam.say(guest.id, "a note", private=True)
    assert sam.call("POST", f"/staff/api/handoffs/{handoff_id}/release", {"to": "bot"}).status_code == 200
    messages = guest.read()["messages"]
    assert messages[-1]["kind"] == "disclosure"
    assert messages[-1]["author"] == "bot"
    assert guest.state()["state"] == "bot"
    assert "a note" not in [m["text"] for m in messages]
    assert [m["seq"] for m in messages] == list(range(1, len(messages) + 1))
    answered = guest.ask("and now?")
    assert [m["text"] for m in answered] == ["You said and now?"]


def test_who_had_the_talk_is_said_to_have_left_also_when_a_supervisor_gives_it_back(
    claimed: tuple[Guest, Agent, str], client: TestClient
) -> None:
    guest, _, handoff_id = claimed
    with client.app.state.house.database.write() as connection:  # type: ignore[attr-defined]
        ensure_member(connection, "sue", name="Sue Lee", role="supervisor", password=PASSWORD)
    sue = Agent(client, "sue")
    assert sue.call("POST", f"/staff/api/handoffs/{handoff_id}/release", {"to": "bot"}).status_code == 200
    told, disclosed = guest.read()["messages"][-2:]
    assert told["text"].startswith("Sam Okafor left")
    assert "Sue" not in disclosed["text"]


def test_back_in_the_queue_and_closed_and_open_again(claimed: tuple[Guest, Agent, str], client: TestClient) -> None:
    guest, sam, handoff_id = claimed
    sam.call("POST", f"/staff/api/handoffs/{handoff_id}/release", {"to": "queue"})
    assert guest.state()["state"] == "waiting"
    alex = Agent(client, "alex")
    assert alex.call("POST", f"/staff/api/handoffs/{handoff_id}/claim", {}).status_code == 200
    alex.call("POST", f"/staff/api/handoffs/{handoff_id}/release", {"to": "closed"})
    assert guest.state()["state"] == "closed"
    heard = guest.ask("one more thing")
    assert heard[0]["kind"] == "disclosure"
    assert guest.state()["state"] == "bot"


def test_a_colleague_is_told_who_has_it_and_the_holder_may_claim_again(
    claimed: tuple[Guest, Agent, str], client: TestClient
) -> None:
    _, sam, handoff_id = claimed
    refused = Agent(client, "alex").call("POST", f"/staff/api/handoffs/{handoff_id}/claim", {})
    assert refused.status_code == 409
    assert refused.json()["error"]["details"] == {"claimed_by": "sam", "claimed_name": "Sam Okafor"}
    assert sam.call("POST", f"/staff/api/handoffs/{handoff_id}/claim", {}).status_code == 200
    assert Agent(client, "alex").say(claimed[0].id, "not mine").status_code == 403
    assert (
        Agent(client, "alex").call("POST", f"/staff/api/handoffs/{handoff_id}/release", {"to": "bot"}).status_code
        == 403
    )


def test_of_many_who_claim_at_once_one_has_it(client: TestClient) -> None:
    agents = [Agent(client, name) for name in ("sam", "alex")] * 5
    for _ in range(5):
        guest = Guest(client)
        guest.ask("a person please")
        handoff_id = agents[0].find_waiting(guest.id)
        with concurrent.futures.ThreadPoolExecutor(10) as pool:
            path = f"/staff/api/handoffs/{handoff_id}/claim"
            answers = [future.result() for future in [pool.submit(agent.call, "POST", path, {}) for agent in agents]]
        statuses = sorted(answer.status_code for answer in answers)
        assert statuses == [200] * 5 + [409] * 5  # the five calls of whoever was first, and no other


def test_transfer_passes_the_conversation_on_with_a_note(claimed: tuple[Guest, Agent, str], client: TestClient) -> None:
    guest, sam, handoff_id = claimed
    assert sam.call("POST", f"/staff/api/handoffs/{handoff_id}/transfer", {"to": "nobody"}).status_code == 401
    assert (
        sam.call(
            "POST", f"/staff/api/handoffs/{handoff_id}/transfer", {"to": "alex", "note": "about the yogurt"}
        ).status_code
        == 200
    )
    alex = Agent(client, "alex")
    assert alex.say(guest.id, "Alex here").status_code == 202
    seen = alex.call("GET", f"/staff/api/conversations/{guest.id}").json()
    assert "about the yogurt" in [m["text"] for m in seen["messages"] if m["private"]]
    assert "about the yogurt" not in [m["text"] for m in guest.read()["messages"]]


def test_the_same_staff_message_twice_is_one(claimed: tuple[Guest, Agent, str]) -> None:
    guest, sam, _ = claimed
    body = {"client_id": str(uuid.uuid4()), "text": "once"}
    first, again = (sam.call("POST", f"/staff/api/conversations/{guest.id}/messages", body) for _ in range(2))
    assert (first.status_code, again.status_code) == (202, 200)
    assert first.json() == again.json()
    assert [m["text"] for m in guest.read()["messages"]].count("once") == 1


def test_a_button_acts_at_once_while_a_person_owns_the_conversation(client: TestClient, bot: StandIn) -> None:
    guest, sam = Guest(client, "button-1"), Agent(client)
    talk = bot.script
    bot.script = lambda _asked: [
        {"text": "May I?", "buttons": [{"title": "Yes", "payload": '/grant_consent{"category": "purchases"}'}]},
        {"custom": {"kind": "consent"}},
    ]
    guest.ask("offers?")
    bot.script = talk
    guest.ask("a person please")
    sam.call("POST", f"/staff/api/handoffs/{sam.find_waiting(guest.id)}/claim", {})
    done = guest.ask(payload='/grant_consent{"category": "purchases"}')
    assert [(m["author"], m["kind"]) for m in done] == [("system", "notice")]
    granted = client.get("/api/me/consents", headers=guest.headers).json()["categories"]
    assert next(c for c in granted if c["category"] == "purchases")["granted"]


def test_nobody_here_is_said_and_the_message_is_kept(tmp_path_factory: pytest.TempPathFactory, bot: StandIn) -> None:
    folder = tmp_path_factory.mktemp("closed")
    from tests.serving import ROOT

    closed = (ROOT / "shop.toml").read_text().replace("always_open = true", "always_open = false")
    for day in ("monday", "tuesday", "wednesday", "thursday", "friday"):
        closed = closed.replace(f'{day} = "08:00-20:00"', f'{day} = "closed"')
    closed = closed.replace('saturday = "09:00-18:00"', 'saturday = "closed"')
    (folder / "shop.toml").write_text(closed)
    with serve(make_settings(folder, bot_port=bot.port, shop_file=folder / "shop.toml")) as client:
        guest = Guest(client)
        assert "Nobody is here" in guest.ask("a person please")[0]["text"]
        assert guest.state()["state"] == "waiting"
        sam = Agent(client)
        assert sam.call("POST", f"/staff/api/handoffs/{sam.find_waiting(guest.id)}/claim", {}).status_code == 200


@pytest.mark.parametrize(
    "path", ["/staff/api/handoffs", "/staff/api/conversations/x", "/staff/api/reviews", "/staff/api/session"]
)
def test_staff_calls_need_a_session(client: TestClient, path: str) -> None:
    client.cookies.clear()
    assert client.get(path).status_code == 401


def test_a_wrong_password_and_an_unknown_name_are_the_same(client: TestClient) -> None:
    answers = [
        client.post("/staff/api/session", json={"username": name, "password": "wrong-password"})
        for name in ("sam", "nobody")
    ]
    assert [answer.status_code for answer in answers] == [401, 401]
    assert answers[0].text == answers[1].text


def test_another_site_cannot_make_a_browser_act(client: TestClient) -> None:
    sam = Agent(client)
    for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        answer = client.post(
            "/staff/api/handoffs/x/claim",
            json={},
            headers={"Cookie": f"candor_staff={sam.cookies['candor_staff']}", **headers},
        )
        assert answer.status_code == 403


def test_the_queue_is_pushed_to_the_console(client: TestClient) -> None:
    sam = Agent(client)
    with client.websocket_connect(
        "/staff/api/live", headers={"Cookie": f"candor_staff={sam.cookies['candor_staff']}"}
    ) as live:
        assert live.receive_json()["type"] == "queue"
        guest = Guest(client)
        guest.ask("a person please")
        for _ in range(10):
            if guest.id in [h["conversation_id"] for h in live.receive_json()["handoffs"]]:
                break
        else:
            raise AssertionError("the new request never reached the console")


@pytest.mark.parametrize("is_waiting", [False, True])
def test_the_facts_of_a_missing_item_reach_whoever_opens_the_conversation(
    client: TestClient, *, is_waiting: bool
) -> None:
    """Also where a person was asked for before; the queue itself shows no more than the matter and the order."""
    guest, sam = Guest(client), Agent(client)
    if is_waiting:
        guest.ask("a person please")
    heard = guest.ask("butter is missing")
    assert [m["kind"] for m in heard] == ["order", "handoff"]
    waiting = sam.call("GET", "/staff/api/handoffs?state=waiting").json()["handoffs"]
    (queued,) = [one for one in waiting if one["conversation_id"] == guest.id]
    assert queued["topic"] == {"about": "Something missing", "order_id": "A-1"}
    detail = sam.call("GET", f"/staff/api/conversations/{guest.id}").json()
    assert detail["handoff"]["topic"] == FACTS
