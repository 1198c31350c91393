"""The customer's side of the wire contract, against a real gateway with a stand-in for Rasa."""

import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import jwt
import pytest
from starlette.testclient import TestClient

from tests.serving import SECRET, Guest, StandIn, make_settings, serve
from web.identity import sign_customer_token


@pytest.fixture(scope="module")
def bot() -> Iterator[StandIn]:
    stand_in = StandIn()
    yield stand_in
    stand_in.close()


@pytest.fixture(scope="module")
def client(bot: StandIn, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    with serve(make_settings(tmp_path_factory.mktemp("web"), bot_port=bot.port)) as client:
        yield client


def is_refusal(answer: object, status: int, code: str | None = None) -> bool:
    """An error in the one shape."""
    body = answer.json()  # type: ignore[attr-defined]
    assert answer.status_code == status, body  # type: ignore[attr-defined]
    assert set(body) == {"error"}
    assert set(body["error"]) == {"code", "message", "details"}
    assert code in (None, body["error"]["code"])
    return True


def test_a_conversation_opens_with_the_disclosure(client: TestClient) -> None:
    guest = Guest(client)
    assert [(m["seq"], m["author"], m["kind"]) for m in guest.opening] == [(1, "bot", "disclosure")]
    assert guest.opening[0]["text"].startswith("I am an automated assistant")
    assert guest.read()["messages"] == guest.opening


def test_the_disclosure_stands_while_the_bot_is_away(tmp_path: Path) -> None:
    with serve(make_settings(tmp_path, bot_port=1)) as client:
        assert Guest(client).opening[0]["kind"] == "disclosure"
        health = {"status": "degraded", "db": "ok", "bot": "down", "actions": "down", "model": "none"}
        assert client.get("/healthz").json() == health


def test_a_message_is_answered_in_order_without_a_gap(client: TestClient) -> None:
    guest = Guest(client)
    for number in range(5):
        assert guest.send(f"number {number}").status_code == 202
    deadline = time.monotonic() + 10
    while len(guest.read()["messages"]) < 11 and time.monotonic() < deadline:
        time.sleep(0.02)
    messages = guest.read()["messages"]
    assert [m["seq"] for m in messages] == list(range(1, 12))
    assert [m["text"] for m in messages if m["author"] == "bot"][1:] == [f"You said number {n}" for n in range(5)]


def test_the_same_client_id_twice_is_one_message(client: TestClient) -> None:
    guest, client_id = Guest(client), str(uuid.uuid4())
    first, again = guest.send("hello", client_id=client_id), guest.send("hello", client_id=client_id.upper())
    assert (first.status_code, again.status_code) == (202, 200)
    assert first.json() == again.json()
    guest.hear(first.json()["seq"])
    assert [m["text"] for m in guest.read()["messages"] if m["author"] == "customer"] == ["hello"]
    assert is_refusal(guest.send("something else", client_id=client_id), 409, "client_id_reused")


@pytest.mark.parametrize(
    "body",
    [
        {"client_id": "11111111-2222-3333-4444-55555555555x", "text": "hello"},
        {"client_id": "11111111-2222-3333-4444-555555555555", "text": ""},
        {"client_id": "11111111-2222-3333-4444-555555555555", "text": "  \n "},
        {"client_id": "11111111-2222-3333-4444-555555555555", "text": "x" * 2001},
        {"client_id": "11111111-2222-3333-4444-555555555555", "text": 7},
        {"client_id": "11111111-2222-3333-4444-555555555555", "text": None},
        {"client_id": "11111111-2222-3333-4444-555555555555"},
        {"client_id": "11111111-2222-3333-4444-555555555555", "text": "a", "payload": "/request_human"},
        {"text": "no id"},
        {"client_id": "11111111-2222-3333-4444-555555555555", "payload": "/never_offered"},
        {"client_id": "11111111-2222-3333-4444-555555555555", "text": "\ud800"},
        [],
        "text",
        7,
        None,
    ],
)
def test_a_body_that_does_not_fit_is_refused_and_nothing_is_kept(client: TestClient, body: object) -> None:
    guest = Guest(client)
    import json

    answer = client.post(
        f"/api/conversations/{guest.id}/messages",
        content=json.dumps(body),
        headers=guest.headers | {"Content-Type": "application/json"},
    )
    assert is_refusal(answer, 422)
    assert len(guest.read()["messages"]) == 1


@pytest.mark.parametrize("raw", [b"", b"{", b"\xff\xfe", b'{"client_id": NaN}', b"null"])
def test_what_is_not_json_is_refused(client: TestClient, raw: bytes) -> None:
    guest = Guest(client)
    answer = client.post(
        f"/api/conversations/{guest.id}/messages",
        content=raw,
        headers=guest.headers | {"Content-Type": "application/json"},
    )
    assert is_refusal(answer, 422)


def test_a_huge_body_is_refused_at_the_door(client: TestClient) -> None:
    guest = Guest(client)
    answer = client.post(f"/api/conversations/{guest.id}/messages", content=b"x" * 300_000, headers=guest.headers)
    assert is_refusal(answer, 413, "too_large")


def test_an_unknown_conversation_and_a_wrong_token_are_the_same_refusal(client: TestClient) -> None:
    guest = Guest(client)
    answers = [
        client.get(f"/api/conversations/{guest.id}/messages", headers={"Authorization": "Bearer wrong"}),
        client.get("/api/conversations/nonesuch/messages", headers=guest.headers),
        client.get(f"/api/conversations/{guest.id}/messages"),
        client.get(f"/api/conversations/{Guest(client).id}", headers=guest.headers),
    ]
    assert all(is_refusal(answer, 401, "not_known") for answer in answers)
    assert len({answer.text for answer in answers}) == 1


def test_a_text_that_begins_with_a_slash_is_no_command(client: TestClient, bot: StandIn) -> None:
    guest = Guest(client)
    guest.ask("/restart")
    guest.ask(" / /request_human")
    assert [asked["message"] for asked in bot.heard[-2:]] == ["restart", "request_human"]
    assert guest.read()["messages"][1]["text"] == "/restart"
    assert guest.state()["state"] == "bot"


def test_the_bot_reads_the_first_thousand_characters(client: TestClient, bot: StandIn) -> None:
    guest = Guest(client)
    guest.ask("a" * 2000)
    assert len(bot.heard[-1]["message"]) == 1000
    assert len(guest.read()["messages"][1]["text"]) == 2000


def test_a_conversation_gets_a_fresh_sender_every_forty_turns(client: TestClient, bot: StandIn) -> None:
    guest = Guest(client)
    before = len(bot.heard)
    for number in range(41):
        guest.ask(f"turn {number}")
    senders = [asked["sender"] for asked in bot.heard[before:]]
    assert len(set(senders)) == 2
    assert senders.count(senders[0]) == 40
    assert guest.id not in senders


def test_rasas_parts_become_one_message(client: TestClient, bot: StandIn) -> None:
    script, bot.script = (
        bot.script,
        lambda _asked: [
            {"recipient_id": "x", "text": "One."},
            {"recipient_id": "x", "text": "Two.", "buttons": [{"title": "A", "payload": "/ask_offers"}]},
            {"recipient_id": "x", "custom": {"kind": "order"}},
            {"recipient_id": "x", "text": "Three."},
            {"recipient_id": "x", "custom": {"kind": "chat"}},
        ],
    )
    guest = Guest(client)
    heard = guest.ask("two things")
    bot.script = script
    assert [(m["text"], m["kind"]) for m in heard] == [("One.\n\nTwo.", "order"), ("Three.", "chat")]
    assert heard[0]["buttons"] == [{"title": "A", "payload": "/ask_offers"}]
    pressed = guest.send(payload="/ask_offers")
    assert pressed.status_code == 202
    assert guest.read(pressed.json()["seq"] - 1)["messages"][0]["text"] == "A"


def test_an_empty_answer_is_a_failure_that_is_said_and_the_answer_comes_late(tmp_path: Path) -> None:
    shop_file = tmp_path / "shop.toml"
    shop_file.write_text(
        (Path(__file__).parent.parent / "shop.toml").read_text().replace("bot_timeout_s = 8.0", "bot_timeout_s = 1.0")
    )
    stand_in = StandIn()
    good, stand_in.script = stand_in.script, lambda _asked: []
    with serve(make_settings(tmp_path, bot_port=stand_in.port, shop_file=shop_file)) as client:
        guest = Guest(client)
        heard = guest.ask("are you there?", within_s=5)
        assert [(m["author"], m["kind"]) for m in heard] == [("system", "notice")]
        assert "/request_human" in {button["payload"] for button in heard[0]["buttons"]}
        stand_in.script = good
        late = guest.hear(heard[-1]["seq"], within_s=10)
        assert late[-1]["text"] == "You said are you there?"
        assert [m["text"] for m in guest.read()["messages"]].count("You said are you there?") == 1
    stand_in.close()


def test_an_owed_answer_is_dropped_when_the_customer_has_gone_on(tmp_path: Path) -> None:
    shop_file = tmp_path / "shop.toml"
    shop_file.write_text(
        (Path(__file__).parent.parent / "shop.toml").read_text().replace("bot_timeout_s = 8.0", "bot_timeout_s = 0.5")
    )
    stand_in = StandIn()
    good = stand_in.script
    stand_in.script = lambda asked: [] if asked["message"] == "first" else good(asked)
    with serve(make_settings(tmp_path, bot_port=stand_in.port, shop_file=shop_file)) as client:
        guest = Guest(client)
        guest.ask("first", within_s=5)
        assert guest.ask("second")[-1]["text"] == "You said second"
        stand_in.script = good
        time.sleep(3)
        assert "You said first" not in [m["text"] for m in guest.read()["messages"]]
    stand_in.close()


def test_what_a_crash_left_unanswered_is_answered_after_the_restart(tmp_path: Path) -> None:
    with serve(make_settings(tmp_path, bot_port=1)) as client:
        guest = Guest(client)
        seq = guest.send("still there?").json()["seq"]
    stand_in = StandIn()
    with serve(make_settings(tmp_path, bot_port=stand_in.port)) as client:
        guest.client = client
        assert guest.hear(seq)[-1]["text"] == "You said still there?"
    stand_in.close()


def test_waiting_for_a_message_answers_as_soon_as_there_is_one(client: TestClient) -> None:
    guest = Guest(client)
    seq = guest.send("hello").json()["seq"]
    started = time.monotonic()
    page = client.get(f"/api/conversations/{guest.id}/messages?after={seq}&wait=20", headers=guest.headers).json()
    assert page["messages"][0]["author"] == "bot"
    assert time.monotonic() - started < 5
    assert is_refusal(client.get(f"/api/conversations/{guest.id}/messages?wait=26", headers=guest.headers), 422)


def test_a_visitor_signs_in_and_another_customer_is_refused(client: TestClient) -> None:
    guest = Guest(client)
    first, other = sign_customer_token("visitor-1", SECRET), sign_customer_token("visitor-2", SECRET)
    signed = client.put(
        f"/api/conversations/{guest.id}/customer", json={"customer_token": first}, headers=guest.headers
    )
    assert signed.status_code == 200
    again = client.put(f"/api/conversations/{guest.id}/customer", json={"customer_token": other}, headers=guest.headers)
    assert is_refusal(again, 409, "another_customer")
    mine = client.get("/api/me/conversations", headers={"Authorization": f"Bearer {first}"}).json()["conversations"]
    assert [c["conversation_id"] for c in mine] == [guest.id]


def test_a_new_token_is_issued_for_ones_own_conversation_only(client: TestClient) -> None:
    guest = Guest(client, "token-1")
    path = f"/api/me/conversations/{guest.id}/token"
    own, other = ({"Authorization": f"Bearer {sign_customer_token(c, SECRET)}"} for c in ("token-1", "token-2"))
    issued = client.post(path, headers=own)
    assert issued.status_code == 201
    new = {"Authorization": f"Bearer {issued.json()['token']}"}
    assert client.get(f"/api/conversations/{guest.id}", headers=new).status_code == 200
    assert is_refusal(client.post(path, headers=other), 401)


@pytest.mark.parametrize(
    "claims",
    [
        {"sub": "1", "exp": time.time() - 60},
        {"sub": "1", "exp": time.time() + 7200},
        {"sub": "1"},
        {"exp": time.time() + 60},
        {"sub": "", "exp": time.time() + 60},
        {"sub": "x" * 300, "exp": time.time() + 60},
        {"sub": "1", "exp": time.time() + 60, "name": "x" * 301},
    ],
    ids=["expired", "too long", "without an end", "without a customer", "empty", "endless", "an endless name"],
)
def test_a_bad_customer_token_is_refused(client: TestClient, claims: dict[str, object]) -> None:
    token = jwt.encode(claims, SECRET, algorithm="HS256")
    assert is_refusal(client.post("/api/conversations", json={"customer_token": token}), 401)


def test_a_token_signed_otherwise_is_refused(client: TestClient) -> None:
    claims = {"sub": "1", "exp": time.time() + 60}
    for token in (
        jwt.encode(claims, "another secret, also long enough!!", algorithm="HS256"),
        jwt.encode(claims, "", algorithm="none"),
    ):
        assert is_refusal(client.post("/api/conversations", json={"customer_token": token}), 401)


def test_live_pushes_what_is_written_and_acknowledges_it(client: TestClient) -> None:
    guest = Guest(client)
    with client.websocket_connect(f"/api/conversations/{guest.id}/live") as live:
        live.send_json({"type": "auth", "token": guest.token, "after": 0})
        frames = [live.receive_json(), live.receive_json()]
        assert [f["type"] for f in frames] == ["message", "state"]
        client_id = str(uuid.uuid4())
        live.send_json({"type": "message", "client_id": client_id, "text": "hello"})
        seen: dict[str, list[object]] = {"ack": [], "message": []}
        while len(seen["message"]) < 2 or not seen["ack"]:
            frame = live.receive_json()
            if frame["type"] in seen:
                seen[frame["type"]].append(frame)
        assert seen["ack"] == [{"type": "ack", "client_id": client_id, "seq": 2}]
        assert [m["message"]["seq"] for m in seen["message"]] == [2, 3]  # type: ignore[index]
        live.send_json({"type": "message", "client_id": "no uuid", "text": "hello"})
        while (frame := live.receive_json())["type"] not in ("error",):
            pass
        assert frame["error"]["code"] == "bad_input"


def test_live_refuses_a_wrong_token(client: TestClient) -> None:
    guest = Guest(client)
    with client.websocket_connect(f"/api/conversations/{guest.id}/live") as live:
        live.send_json({"type": "auth", "token": "wrong", "after": 0})
        assert live.receive_json()["error"]["code"] == "not_known"
