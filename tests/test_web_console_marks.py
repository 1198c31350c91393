"""Unread counts, and how far the customer has a person's messages (data/marks.py): honest, only forward, only of a person's messages."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from starlette.testclient import TestClient

from data.marks import Marks, fetch_marks
from tests.serving import Agent, Guest, serve_handoffs
from tests.test_web_live_staff import connect, hear


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    with serve_handoffs(tmp_path_factory.mktemp("web")) as client:
        yield client


@pytest.fixture
def talk(client: TestClient) -> tuple[Guest, Agent]:
    """A talk that sam has."""
    guest = Guest(client, "marked-1")
    guest.ask("a person please")
    sam = Agent(client)
    sam.call("POST", f"/staff/api/handoffs/{sam.find_waiting(guest.id)}/claim", {})
    return guest, sam


def find_unread(agent: Agent, conversation_id: str) -> int:
    listed = agent.call("GET", "/staff/api/handoffs").json()["handoffs"]
    unread: int = next(one["unread"] for one in listed if one["conversation_id"] == conversation_id)
    return unread


def read_marks(client: TestClient, conversation_id: str) -> Marks:
    house = client.app.state.house  # type: ignore[attr-defined]
    with house.database.read() as connection:
        return fetch_marks(connection, conversation_id)


@contextmanager
def live(client: TestClient, guest: Guest) -> Iterator[Any]:
    with client.websocket_connect(f"/api/conversations/{guest.id}/live") as socket:
        socket.send_json({"type": "auth", "token": guest.token, "after": 0})
        yield socket


def wait_for_marks(staff: Any, **wanted: int) -> dict[str, int]:
    for _ in range(20):
        frame = hear(staff, "marks")
        if all(frame[name] == value for name, value in wanted.items()):
            return frame
    raise AssertionError(f"never told {wanted}")


def test_sent_is_not_delivered_and_delivered_is_not_read(client: TestClient, talk: tuple[Guest, Agent]) -> None:
    guest, sam = talk
    said = sam.say(guest.id, "Good day.").json()["seq"]
    guest.read()  # asked for without a live connection: nothing is known of it
    assert read_marks(client, guest.id) == Marks(0, 0, said)
    with connect(client, sam) as staff:
        staff.send_json({"type": "watch", "conversation_id": guest.id, "after": 99})
        assert hear(staff, "marks")["delivered"] == 0
        with live(client, guest) as socket:
            wait_for_marks(staff, delivered=said, seen=0)
            socket.send_json({"type": "seen", "seq": said})
            wait_for_marks(staff, delivered=said, seen=said)
    told = sam.call("GET", f"/staff/api/conversations/{guest.id}").json()["marks"]
    assert told == {"delivered": said, "seen": said}


def test_only_a_persons_messages_count_and_a_mark_never_goes_back(
    client: TestClient, talk: tuple[Guest, Agent]
) -> None:
    guest, sam = talk
    with live(client, guest) as socket, connect(client, sam) as staff:
        socket.send_json({"type": "seen", "seq": 3})
        hear(socket, "message")
        first = sam.say(guest.id, "One.").json()["seq"]
        second = sam.say(guest.id, "Two.").json()["seq"]
        guest.send("and mine")
        staff.send_json({"type": "watch", "conversation_id": guest.id, "after": 99})
        socket.send_json(
            {"type": "seen", "seq": 2_000_000}
        )  # further than there is anything: up to the last of a person
        wait_for_marks(staff, seen=second)
        socket.send_json({"type": "seen", "seq": first})
        for odd in (0, -1, 2**40, True, "7", None):
            socket.send_json({"type": "seen", "seq": odd})
            assert hear(socket, "error")["error"]["code"] == "bad_input"
    assert read_marks(client, guest.id).seen == second


def test_unread_counts_what_the_customer_wrote_since_and_falls_when_it_was_before_its_person(
    client: TestClient, talk: tuple[Guest, Agent]
) -> None:
    guest, sam = talk
    assert find_unread(sam, guest.id) == 0
    guest.send("one")
    guest.send("two")
    sam.say(guest.id, "a note", private=True)
    assert find_unread(sam, guest.id) == 2
    number = sam.call("GET", f"/staff/api/conversations/{guest.id}").json()["messages"][-1]["number"]
    with connect(client, Agent(client, "alex")) as other:
        other.send_json({"type": "seen", "conversation_id": guest.id, "number": number})
        other.send_json({"type": "watch", "conversation_id": "nobody's"})  # answered, so what came before it was done
        hear(other, "error")
    assert find_unread(sam, guest.id) == 2, "a colleague's look answers nobody"
    with connect(client, sam) as own:
        own.send_json({"type": "seen", "conversation_id": guest.id, "number": number})
        own.send_json({"type": "watch", "conversation_id": "nobody's"})
        hear(own, "error")
    assert find_unread(sam, guest.id) == 0
    guest.send("three")
    assert find_unread(sam, guest.id) == 1
    sam.say(guest.id, "An answer.")
    assert find_unread(sam, guest.id) == 0


def test_marks_are_the_customers_data_and_tell_them_nothing_of_staff(
    client: TestClient, talk: tuple[Guest, Agent]
) -> None:
    guest, sam = talk
    sam.say(guest.id, "Good day.")
    exported = client.get("/api/me/export", headers=guest.headers).json()
    group = next(one for one in exported["groups"] if one["name"] == "conversations")
    mine = next(row for row in group["rows"] if row["conversation_id"] == guest.id)
    assert mine["read_marks"] == {"delivered": 0, "seen": 0}
    for told in (guest.read(), guest.state()):
        assert "marks" not in str(told)
        assert "unread" not in str(told)
