"""The chat as a file: what its customer can see, all of it, in their language and time, and nobody else's."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from data.conversations import Draft, append_messages
from tests.making import AT
from tests.serving import Agent, Guest, StandIn, make_settings, serve


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    bot = StandIn()
    talk, person = bot.script, [{"custom": {"kind": "handoff", "press": "/request_human"}}]
    bot.script = lambda asked: person if asked["message"] == "a person please" else talk(asked)
    with serve(make_settings(tmp_path, bot_port=bot.port)) as client:
        yield client
    bot.close()


def fetch(client: TestClient, guest: Guest, conversation_id: str | None = None) -> str:
    answer = client.get(f"/api/conversations/{conversation_id or guest.id}/transcript", headers=guest.headers)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="chat-')
    assert answer.headers["Cache-Control"] == "no-store"
    return answer.text


def test_it_holds_everything_that_was_said_and_no_private_note(client: TestClient) -> None:
    guest, sam = Guest(client, zone="Asia/Kathmandu"), Agent(client)
    guest.ask("first line\nsecond line <b>")
    guest.ask("a person please")
    sam.call("POST", f"/staff/api/handoffs/{sam.find_waiting(guest.id)}/claim", {})
    path = f"/staff/api/conversations/{guest.id}/messages"
    sam.call("POST", path, {"client_id": "6d0f9a51-0a44-4a46-8d6f-55f2a1a3c001", "text": "Hello, Sam here"})
    note = {"client_id": "6d0f9a51-0a44-4a46-8d6f-55f2a1a3c002", "text": "a secret note", "private": True}
    sam.call("POST", path, note)
    text = fetch(client, guest)
    assert "Chat at Fernhill Market, begun " in text
    assert "Times are those of Asia/Kathmandu." in text
    assert "] You: first line\nsecond line <b>\n" in text
    assert "] Sam Okafor (a person): Hello, Sam here\n" in text
    assert "(automated): You said first line" in text
    assert "] Notice: Sam Okafor, a person, joined" in text
    assert "secret" not in text
    assert text.count("\n[") == len(guest.read()["messages"])


def test_a_long_chat_is_whole(client: TestClient) -> None:
    guest = Guest(client)
    house = client.app.state.house  # type: ignore[attr-defined]
    with house.database.write() as connection:
        append_messages(connection, guest.id, [Draft("customer", "chat", f"line {n}") for n in range(1200)], at=AT)
    said = [line.rpartition(": ")[2] for line in fetch(client, guest).splitlines() if "] You: line " in line]
    assert said == [f"line {n}" for n in range(1200)]


def test_it_speaks_the_customers_language(client: TestClient) -> None:
    text = fetch(client, Guest(client, locale="de"))
    assert "Chat bei Fernhill Market, begonnen " in text
    assert "(automatisch): " in text


def test_it_is_nobody_elses(client: TestClient) -> None:
    mine, other = Guest(client), Guest(client)
    path = f"/api/conversations/{mine.id}/transcript"
    assert client.get(path).status_code == 401
    assert client.get(path, headers=other.headers).status_code == 401


def test_when_a_talk_with_a_person_ends_it_is_offered_and_saving_it_opens_nothing(client: TestClient) -> None:
    guest, sam = Guest(client), Agent(client)
    guest.ask("a person please")
    handoff_id = sam.find_waiting(guest.id)
    sam.call("POST", f"/staff/api/handoffs/{handoff_id}/claim", {})
    sam.call("POST", f"/staff/api/handoffs/{handoff_id}/release", {"to": "closed"})
    closed = guest.read()["messages"][-1]
    assert "/save_chat" in [button["payload"] for button in closed["buttons"]]
    (said,) = guest.ask(payload="/save_chat")
    assert said["extra"] == {"transcript": True}
    assert "text file" in said["text"]
    assert guest.state()["state"] == "closed"
