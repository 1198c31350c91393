"""The open talk is told to the console message by message; the queue is worked out once for all consoles (web/live_staff.py)."""

import asyncio
import math
import time
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient
from starlette.websockets import WebSocket

from data.uses import fetch_uses
from tests.serving import Agent, Guest, serve_handoffs
from web.live import run_together
from web.live_staff import Board, wait_for_news
from web.typing import Typing


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    with serve_handoffs(tmp_path_factory.mktemp("web")) as client:
        yield client


def connect(client: TestClient, agent: Agent) -> Any:
    return client.websocket_connect(
        "/staff/api/live", headers={"Cookie": f"candor_staff={agent.cookies['candor_staff']}"}
    )


def hear(live: Any, kind: str) -> dict[str, Any]:
    for _ in range(50):
        frame: dict[str, Any] = live.receive_json()
        if frame["type"] == kind:
            return frame
    raise AssertionError(f"no frame of type {kind}")


def claim(client: TestClient, guest: Guest) -> Agent:
    guest.ask("a person please")
    sam = Agent(client)
    sam.call("POST", f"/staff/api/handoffs/{sam.find_waiting(guest.id)}/claim", {})
    return sam


def test_each_message_of_the_open_talk_is_pushed_notes_too_and_the_look_is_recorded(client: TestClient) -> None:
    guest = Guest(client, "watched-1")
    sam = claim(client, guest)
    with connect(client, sam) as live:
        hear(live, "queue")
        live.send_json({"type": "watch", "conversation_id": guest.id, "after": 0})
        first = hear(live, "message")
        assert (first["conversation_id"], first["message"]["number"]) == (guest.id, 1)
        while first["message"]["number"] < len(guest.read()["messages"]):
            first = hear(live, "message")
        guest.send("where is it?")
        assert hear(live, "message")["message"]["text"] == "where is it?"
        sam.say(guest.id, "a note", private=True)
        noted = hear(live, "message")["message"]
        assert (noted["text"], noted["private"]) == ("a note", True)
    house = client.app.state.house  # type: ignore[attr-defined]
    with house.database.read() as connection:
        person_id = connection.exec_driver_sql(
            "SELECT person_id FROM conversations WHERE conversation_id = ?", (guest.id,)
        ).scalar_one()
        looks = [use for use in fetch_uses(connection, person_id) if use["detail"].get("read")]
    assert [use["by"] for use in looks] == ["Sam Okafor"]


def test_another_talk_takes_its_place_and_an_unknown_one_is_said(client: TestClient) -> None:
    one, other = Guest(client), Guest(client)
    sam = claim(client, one)
    with connect(client, sam) as live:
        live.send_json({"type": "watch", "conversation_id": one.id, "after": 99})
        live.send_json({"type": "watch", "conversation_id": other.id, "after": 0})
        assert hear(live, "message")["conversation_id"] == other.id
        live.send_json({"type": "watch", "conversation_id": "nobody's"})
        assert hear(live, "error")["error"]["code"] == "not_known"


def test_a_person_writes_over_the_socket_as_by_post(client: TestClient) -> None:
    guest = Guest(client)
    sam = claim(client, guest)
    one = {"type": "message", "conversation_id": guest.id, "client_id": str(uuid.uuid4()), "text": "Good morning"}
    with connect(client, sam) as live:
        live.send_json(one)
        taken = hear(live, "ack")
        assert taken["client_id"] == one["client_id"]
        assert (
            guest.read()["messages"][-1] | {"seq": taken["seq"], "text": "Good morning"} == guest.read()["messages"][-1]
        )
        live.send_json(one)
        assert hear(live, "ack") == taken
        path = f"/staff/api/conversations/{guest.id}/messages"
        by_post = sam.call("POST", path, {"client_id": one["client_id"], "text": "Good morning"})
        assert (by_post.status_code, by_post.json()["seq"]) == (200, taken["seq"])
        live.send_json(one | {"text": "Another"})
        assert hear(live, "error")["error"]["code"] == "client_id_reused"
        live.send_json(one | {"client_id": str(uuid.uuid4()), "text": "a note", "private": True})
        hear(live, "ack")
        assert "a note" not in [message["text"] for message in guest.read()["messages"]]
        for wrong in (
            {"client_id": "x"},
            {"text": " "},
            {"text": "x" * 5000},
            {"text": "{order_id} is late"},
            {"text": None},
        ):
            live.send_json(one | {"client_id": str(uuid.uuid4())} | wrong)
            refused = hear(live, "error")
            assert (refused["error"]["code"], refused["client_id"] is None) == ("bad_input", False), wrong


def test_who_does_not_have_the_talk_writes_nothing_over_the_socket(client: TestClient) -> None:
    guest = Guest(client)
    claim(client, guest)
    with connect(client, Agent(client, "alex")) as live:
        body = {"type": "message", "conversation_id": guest.id, "client_id": str(uuid.uuid4()), "text": "mine"}
        live.send_json(body)
        refused = hear(live, "error")
        assert (refused["error"]["code"], refused["client_id"]) == ("not_allowed", body["client_id"])
        live.send_json(body | {"conversation_id": "nobody's", "client_id": str(uuid.uuid4())})
        assert hear(live, "error")["error"]["code"] == "not_known"
    assert "mine" not in [message["text"] for message in guest.read()["messages"]]


def test_a_word_for_a_connection_that_has_just_gone_ends_it_without_an_alarm() -> None:
    async def take() -> dict[str, Any]:
        return {"type": "websocket.connect"}

    async def give(_frame: Any) -> None:
        return

    async def hang_up() -> None:
        socket = WebSocket({"type": "websocket"}, take, give)
        await socket.accept()
        await socket.close()
        await run_together(socket, lambda: socket.send_text("too late"), asyncio.Event().wait)  # type: ignore[arg-type]

    asyncio.run(asyncio.wait_for(hang_up(), 5))


def test_the_queue_is_worked_out_once_for_all_who_ask_at_once(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    worked_out = 0

    def list_open(_house: Any, _typing: Typing) -> list[Any]:
        nonlocal worked_out
        worked_out += 1
        return []

    monkeypatch.setattr("web.live_staff._list_open", list_open)
    house = client.app.state.house  # type: ignore[attr-defined]

    async def ask_all() -> None:
        board = Board()
        since = time.monotonic()
        texts = await asyncio.gather(*(board.read(house, Typing(), since=since) for _ in range(30)))
        assert len(set(texts)) == 1
        assert worked_out == 1
        await board.read(house, Typing(), since=time.monotonic())
        assert worked_out == 2

    asyncio.run(ask_all())


def test_who_waits_is_told_at_once_and_what_they_wrote_once_a_second_to_all_together() -> None:
    async def wait(*, changes: bool, touches: bool) -> tuple[float, float]:
        changed, touched = asyncio.Event(), asyncio.Event()
        began_at = time.monotonic()
        if touches:
            touched.set()
        if changes:
            asyncio.get_running_loop().call_later(0.05, changed.set)
        since = await wait_for_news(changed, touched)
        return since, time.monotonic() - began_at

    async def wait_all() -> None:
        since, took_s = await wait(changes=True, touches=True)
        assert took_s < 0.5
        since, took_s = await wait(changes=False, touches=True)
        assert since == math.floor(since)
        assert took_s < 1.5
        assert (
            len({since for since, _ in await asyncio.gather(*(wait(changes=False, touches=True) for _ in range(5)))})
            == 1
        )

    asyncio.run(wait_all())
