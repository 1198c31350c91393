"""Keys of other systems: they work as an agent, manage nothing, end at once, and leave no trace by which one could be made again."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.serving import Guest, StandIn, make_settings, serve
from tests.staffing import add_staff

GOOD = "tulip river seven kite"


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    bot = StandIn()
    bot.script = lambda _asked: [{"custom": {"kind": "handoff", "press": "/request_human"}}]
    settings = make_settings(tmp_path, bot_port=bot.port)
    add_staff(settings, ("olga", "owner"), ("desk", "agent"), password=GOOD)
    with serve(settings) as client:
        yield client
    bot.close()


@pytest.fixture
def cookie(client: TestClient) -> dict[str, str]:
    signed = client.post("/staff/api/session", json={"username": "olga", "password": GOOD})
    assert signed.status_code == 200
    client.cookies.clear()
    return {"Cookie": f"candor_staff={signed.cookies['candor_staff']}"}


def make_key(client: TestClient, cookie: dict[str, str], username: str = "desk") -> tuple[str, dict[str, str]]:
    """The key's name, and the headers of a call with it."""
    body = {"label": "Help desk", "password": GOOD}
    made = client.post(f"/staff/api/accounts/{username}/keys", json=body, headers=cookie)
    assert made.status_code == 201, made.text
    return made.json()["key_id"], {"Authorization": f"Bearer {made.json()['key']}"}


def list_keys(client: TestClient, cookie: dict[str, str], username: str = "desk") -> list[dict[str, Any]]:
    keys: list[dict[str, Any]] = client.get(f"/staff/api/accounts/{username}/keys", headers=cookie).json()["keys"]
    return keys


def test_a_key_takes_a_talk_and_answers_in_its_members_name(client: TestClient, cookie: dict[str, str]) -> None:
    key_id, key = make_key(client, cookie)
    (row,) = list_keys(client, cookie)
    assert (row["key_id"], row["label"], row["used_at"]) == (key_id, "Help desk", None)
    assert key["Authorization"].removeprefix("Bearer ") not in str(row)
    guest = Guest(client)
    guest.ask("a person please")
    (handoff,) = client.get("/staff/api/handoffs", headers=key).json()["handoffs"]
    claimed = client.post(f"/staff/api/handoffs/{handoff['handoff_id']}/claim", json={}, headers=key)
    assert claimed.json()["handoff"]["claimed_by"] == "desk"
    body = {"client_id": "0b0c5d2e-6e4f-4a53-9f37-2c7a3f6b1c11", "text": "Good morning"}
    said = client.post(f"/staff/api/conversations/{guest.id}/messages", json=body, headers=key)
    assert said.status_code == 202
    heard = guest.read()["messages"][-1]
    assert (heard["author"], heard["text"]) == ("human", "Good morning")
    assert list_keys(client, cookie)[0]["used_at"] is not None


def test_a_key_manages_nothing_even_an_owners(client: TestClient, cookie: dict[str, str]) -> None:
    key_id, key = make_key(client, cookie, "olga")
    again = {"password": GOOD}
    for method, path, body in (
        ("GET", "/accounts", None),
        ("POST", "/accounts", {"username": "kim", "name": "Kim", "role": "owner", **again}),
        ("GET", "/accounts/olga/keys", None),
        ("POST", "/accounts/olga/keys", {"label": "more", **again}),
        ("DELETE", f"/accounts/olga/keys/{key_id}", None),
        ("POST", "/accounts/desk/disable", again),
        ("GET", "/floor", None),
    ):
        refused = client.request(method, f"/staff/api{path}", json=body, headers=key)
        assert refused.status_code == 403, path
    for method, path in (
        ("GET", "/session"),
        ("DELETE", "/session"),
        ("GET", "/me/sessions"),
        ("POST", "/me/second-factor"),
    ):
        refused = client.request(method, f"/staff/api{path}", json=again if method == "POST" else None, headers=key)
        assert refused.status_code == 401, path


def test_a_revoked_key_is_refused_everywhere_at_once(client: TestClient, cookie: dict[str, str]) -> None:
    key_id, key = make_key(client, cookie)
    with client.websocket_connect("/staff/api/live", headers=key) as socket:
        assert socket.receive_json()["type"] == "queue"
        assert client.delete(f"/staff/api/accounts/desk/keys/{key_id}", headers=cookie).status_code == 204
        while (frame := socket.receive_json())["type"] != "error":
            pass
        assert frame["error"]["code"] == "not_known"
    assert client.delete(f"/staff/api/accounts/desk/keys/{key_id}", headers=cookie).status_code == 401
    for headers in (key, key | cookie):  # a cookie beside it does not help
        assert client.get("/staff/api/handoffs", headers=headers).status_code == 401
        assert client.get("/staff/api/colleagues", headers=headers).status_code == 401
    assert list_keys(client, cookie) == []


def test_a_key_ends_with_its_account_and_a_stranger_has_none(client: TestClient, cookie: dict[str, str]) -> None:
    _, key = make_key(client, cookie)
    assert client.get("/staff/api/handoffs", headers=key).status_code == 200
    shut = client.post("/staff/api/accounts/desk/disable", json={"password": GOOD}, headers=cookie)
    assert shut.status_code == 200
    assert client.get("/staff/api/handoffs", headers=key).status_code == 401
    assert client.get("/staff/api/handoffs", headers={"Authorization": "Bearer ck_"}).status_code == 401
    assert client.get("/staff/api/handoffs", headers={"Authorization": f"Bearer ck_{'x' * 43}"}).status_code == 401


@pytest.mark.parametrize(
    ("username", "body", "status"),
    [
        ("desk", {"label": "x", "password": "not hers"}, 403),
        ("desk", {"label": " ", "password": GOOD}, 422),
        ("desk", {"label": "x" * 61, "password": GOOD}, 422),
        ("nobody", {"label": "x", "password": GOOD}, 401),
    ],
)
def test_a_key_is_not_made_without_a_password_a_purpose_and_a_member(
    client: TestClient, cookie: dict[str, str], username: str, body: dict[str, str], status: int
) -> None:
    assert client.post(f"/staff/api/accounts/{username}/keys", json=body, headers=cookie).status_code == status
    assert list_keys(client, cookie) == []


def test_another_site_gains_nothing_by_a_key_it_does_not_have(client: TestClient, cookie: dict[str, str]) -> None:
    foreign = {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}
    body = {"label": "x", "password": GOOD}
    assert client.post("/staff/api/accounts/desk/keys", json=body, headers=cookie | foreign).status_code == 403
