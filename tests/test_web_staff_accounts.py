"""Accounts of staff: added, changed, disabled and let in again by an owner; one's own by everybody; every act in the audit log."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from data.tables import audit, staff
from tests.databases import open_settings
from tests.serving import PASSWORD, Agent, Guest, StandIn, make_settings, serve
from tests.staffing import Browser, Machine, add_staff, set_up_phone

GOOD = "tulip river seven kite"
OTHER = "velvet engine forty pond"


@pytest.fixture(scope="module")
def bot() -> Iterator[StandIn]:
    stand_in = StandIn()
    stand_in.script = lambda asked: [{"custom": {"kind": "handoff", "press": "/request_human"}}]
    yield stand_in
    stand_in.close()


@pytest.fixture
def client(bot: StandIn, tmp_path: Path) -> Iterator[TestClient]:
    settings = make_settings(tmp_path, bot_port=bot.port)
    add_staff(settings, ("olga", "owner"), ("vera", "supervisor"), password=GOOD)
    with serve(settings) as client:
        yield client


@pytest.fixture
def olga(client: TestClient) -> Browser:
    browser = Browser(client)
    assert browser.sign_in("olga", GOOD).status_code == 200
    return browser


def find_account(browser: Browser, username: str) -> dict[str, Any]:
    accounts = browser.call("GET", "/accounts").json()["accounts"]
    return next(account for account in accounts if account["username"] == username)


def list_acts(client: TestClient, *acts: str) -> list[tuple[str, str, Any]]:
    house = client.app.state.house  # type: ignore[attr-defined]
    with house.database.read() as connection:
        rows = connection.execute(select(audit).where(audit.c.act.in_(acts)).order_by(audit.c.audit_id)).all()
    return [(row.actor, row.object_id, row.detail) for row in rows]


def test_somebody_new_signs_in_with_a_temporary_password_and_chooses_another(client: TestClient, olga: Browser) -> None:
    added = olga.call("POST", "/accounts", username="kim", name="Kim Ito", role="agent", password=GOOD)
    assert added.status_code == 201
    temporary = added.json()["temporary_password"]
    assert find_account(olga, "kim") == {
        "username": "kim", "name": "Kim Ito", "role": "agent", "disabled": False,
        "temporary": True, "second_factor": False, "seen_at": None,
    }  # fmt: skip
    assert temporary not in olga.call("GET", "/accounts").text
    kim = Browser(client)
    assert kim.sign_in("kim", temporary).json()["owes"] == ["password"]
    assert kim.code() == 403
    for new, problem in (
        (temporary, "password_same"),
        ("short", "password_short"),
        ("password1234", "password_common"),
    ):
        refused = kim.call("PUT", "/me/password", current=temporary, new=new)
        assert (refused.status_code, refused.json()["error"]["details"]["problem"]) == (422, problem)
    assert kim.call("PUT", "/me/password", current=temporary, new=OTHER).status_code == 204
    assert kim.code() == 200
    assert Browser(client).sign_in("kim", temporary).status_code == 401
    assert Browser(client).sign_in("kim", OTHER).status_code == 200
    assert find_account(olga, "kim")["temporary"] is False
    assert find_account(olga, "kim")["seen_at"] is not None
    assert list_acts(client, "account_added", "password_changed") == [
        ("staff:olga", "kim", {"role": "agent"}),
        ("staff:kim", "kim", {}),
    ]


def test_a_name_is_given_once(olga: Browser) -> None:
    refused = olga.call("POST", "/accounts", username="sam", name="Another Sam", role="owner", password=GOOD)
    assert refused.status_code == 409
    assert find_account(olga, "sam")["role"] == "agent"


@pytest.mark.parametrize("username", ["sam", "vera"])
def test_accounts_are_for_an_owner(client: TestClient, username: str) -> None:
    password = PASSWORD if username == "sam" else GOOD
    browser = Browser(client)
    assert browser.sign_in(username, password).status_code == 200
    calls: list[tuple[str, str, dict[str, Any]]] = [
        ("GET", "/accounts", {}),
        ("POST", "/accounts", {"username": "x1", "name": "X", "role": "owner"}),
        ("PUT", f"/accounts/{username}/role", {"role": "owner"}),
        ("POST", "/accounts/olga/disable", {}),
        ("POST", "/accounts/olga/enable", {}),
        ("POST", "/accounts/olga/reset", {"what": "password"}),
    ]
    for method, path, body in calls:
        told = body | ({"password": password} if method != "GET" else {})
        assert browser.call(method, path, **told).status_code == 403, path
    assert Browser(client).sign_in("olga", GOOD).status_code == 200


def test_what_lets_in_or_out_asks_for_the_password_again(client: TestClient, olga: Browser) -> None:
    for method, path, body in (
        ("POST", "/accounts", {"username": "kim", "name": "Kim", "role": "owner"}),
        ("PUT", "/accounts/sam/role", {"role": "owner"}),
        ("POST", "/accounts/sam/disable", {}),
        ("POST", "/accounts/sam/reset", {"what": "password"}),
        ("POST", "/me/second-factor", {}),
    ):
        refused = olga.call(method, path, **body, password="not hers")
        assert (refused.status_code, refused.json()["error"]["code"]) == (403, "password_wrong"), path
        assert olga.call(method, path, **body).status_code == 422
    slowed = olga.call("POST", "/accounts/sam/disable", password=GOOD)
    assert slowed.status_code == 429  # five wrong ones: a stolen session cannot guess on
    assert find_account(olga, "sam") | {"seen_at": None} == {
        "username": "sam", "name": "Sam Okafor", "role": "agent", "disabled": False,
        "temporary": False, "second_factor": False, "seen_at": None,
    }  # fmt: skip
    assert Browser(client).sign_in("olga", GOOD).status_code == 200


def test_whoever_is_disabled_is_out_at_once_and_their_talks_go_back(client: TestClient, olga: Browser) -> None:
    guest, sam = Guest(client), Agent(client)
    guest.ask("a person please")
    handoff_id = sam.find_waiting(guest.id)
    sam.call("POST", f"/staff/api/handoffs/{handoff_id}/claim", {})
    assert guest.state()["staff_name"] == "Sam Okafor"
    seq = guest.read()["last_seq"]
    headers = {"Cookie": f"candor_staff={sam.cookies['candor_staff']}"}
    with client.websocket_connect("/staff/api/live", headers=headers) as socket:
        assert socket.receive_json()["type"] == "queue"
        disabled = olga.call("POST", "/accounts/sam/disable", password=GOOD)
        began = time.monotonic()
        assert disabled.json()["returned"] == 1
        while (frame := socket.receive_json())["type"] != "error":
            pass
        assert frame["error"]["code"] == "not_known"
        assert time.monotonic() - began < 3
    assert sam.call("GET", "/staff/api/handoffs").status_code == 401
    assert guest.state()["state"] == "waiting"
    said = guest.hear(seq)
    assert [message["author"] for message in said] == ["system", "bot"]
    assert "Sam Okafor" in said[0]["text"]
    assert "automated assistant" in said[1]["text"]
    assert Browser(client).sign_in("sam").status_code == 401
    alex = Agent(client, "alex")
    assert alex.find_waiting(guest.id) == handoff_id
    assert alex.call("POST", f"/staff/api/handoffs/{handoff_id}/claim", {}).status_code == 200
    assert olga.call("POST", "/accounts/sam/enable", password=GOOD).json()["account"]["disabled"] is False
    assert Browser(client).sign_in("sam").status_code == 200
    assert [act[1:] for act in list_acts(client, "account_disabled", "handoff_returned", "account_enabled")] == [
        (handoff_id, {}),
        ("sam", {"sessions": 1, "returned": 1}),
        ("sam", {}),
    ]


def test_a_role_counts_from_the_next_call_on(client: TestClient, olga: Browser) -> None:
    sam = Browser(client)
    sam.sign_in("sam")
    assert sam.code("/models") == 403
    assert olga.call("PUT", "/accounts/sam/role", role="owner", password=GOOD).status_code == 200
    assert sam.code("/models") == 200
    assert olga.call("PUT", "/accounts/sam/role", role="agent", password=GOOD).status_code == 200
    assert sam.code("/models") == 403
    for change in ("disable", "role"):
        method, body = ("POST", {}) if change == "disable" else ("PUT", {"role": "agent"})
        refused = olga.call(method, f"/accounts/olga/{change}", password=GOOD, **body)
        assert (refused.status_code, refused.json()["error"]["code"]) == (409, "conflict")
    assert olga.code("/models") == 200
    assert list_acts(client, "account_role")[0] == ("staff:olga", "sam", {"from": "agent", "to": "owner"})


def test_an_owner_resets_what_a_colleague_has_lost(
    client: TestClient, olga: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    sam = Browser(client)
    sam.sign_in("sam")
    set_up_phone(sam, Machine(monkeypatch), PASSWORD)
    assert Browser(client).sign_in("sam").status_code == 401
    assert find_account(olga, "sam")["second_factor"] is True
    answer = olga.call("POST", "/accounts/sam/reset", what="second_factor", password=GOOD).json()
    assert (answer["account"]["second_factor"], answer["temporary_password"]) == (False, None)
    assert sam.code() == 401
    assert sam.sign_in("sam").status_code == 200
    temporary = olga.call("POST", "/accounts/sam/reset", what="password", password=GOOD).json()["temporary_password"]
    assert sam.code() == 401
    assert sam.sign_in("sam").status_code == 401
    assert sam.sign_in("sam", temporary).json()["owes"] == ["password"]
    assert olga.call("POST", "/accounts/olga/reset", what="password", password=GOOD).status_code == 409
    assert olga.call("POST", "/accounts/nobody/reset", what="password", password=GOOD).status_code == 401


def test_a_changed_password_ends_the_other_sessions_and_renews_this_one(client: TestClient, olga: Browser) -> None:
    other = Browser(client)
    other.sign_in("olga", GOOD)
    before = olga.client.cookies["candor_staff"]
    assert olga.call("PUT", "/me/password", current="not hers", new=OTHER).status_code == 403
    assert olga.call("PUT", "/me/password", current=GOOD, new=OTHER).status_code == 204
    assert (olga.code(), other.code()) == (200, 401)
    assert olga.client.cookies["candor_staff"] != before
    assert client.get("/staff/api/handoffs", headers={"Cookie": f"candor_staff={before}"}).status_code == 401


def test_everybody_sees_and_ends_their_own_sessions(client: TestClient, olga: Browser) -> None:
    other, third, sam = Browser(client), Browser(client), Browser(client)
    for browser in (other, third):
        browser.sign_in("olga", GOOD)
    sam.sign_in("sam")
    sessions = olga.call("GET", "/me/sessions").json()["sessions"]
    assert [session["device"] for session in sessions] == ["Firefox, Linux"] * 3
    assert [session["current"] for session in sessions] == [False, False, True]
    assert sam.call("DELETE", f"/me/sessions/{sessions[0]['session_id']}").status_code == 401
    assert third.code() == 200
    assert olga.call("DELETE", f"/me/sessions/{sessions[0]['session_id']}").status_code == 204
    assert (third.code(), other.code()) == (401, 200)
    assert olga.call("DELETE", "/me/sessions").status_code == 204
    assert (olga.code(), other.code(), sam.code()) == (200, 401, 200)


def test_recovery_codes_are_renewed_and_the_second_factor_is_removed(
    client: TestClient, olga: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert olga.call("POST", "/me/second-factor/recovery-codes", password=GOOD).status_code == 422
    _, codes = set_up_phone(olga, Machine(monkeypatch), GOOD)
    assert olga.call("POST", "/me/second-factor", password=GOOD).status_code == 409
    renewed = olga.call("POST", "/me/second-factor/recovery-codes", password=GOOD).json()["recovery_codes"]
    assert Browser(client).sign_in("olga", GOOD, codes[0]).status_code == 401
    assert Browser(client).sign_in("olga", GOOD, renewed[0]).status_code == 200
    assert olga.call("POST", "/me/second-factor/remove", password=GOOD).status_code == 204
    assert Browser(client).sign_in("olga", GOOD).status_code == 200
    acts = ("second_factor_set_up", "recovery_codes_renewed", "second_factor_removed")
    assert [actor for actor, *_ in list_acts(client, *acts)] == ["staff:olga"] * 3


def test_the_picture_holds_the_address_of_the_secret(olga: Browser) -> None:
    begun = olga.call("POST", "/me/second-factor", password=GOOD).json()
    side, path = begun["picture"]["size"], begun["picture"]["path"]
    squares = [tuple(map(int, one.removesuffix("h1v1h-1z").split())) for one in path.split("M")[1:]]
    assert len(set(squares)) == len(squares) > 200
    assert all(4 <= x < side - 4 and 4 <= y < side - 4 for x, y in squares)
    assert len(begun["secret"]) == 32


def test_no_password_lies_readable(client: TestClient, olga: Browser, tmp_path: Path) -> None:
    answer = olga.call("POST", "/accounts", username="kim", name="Kim", role="agent", password=GOOD).json()
    opened = open_settings(make_settings(tmp_path, bot_port=1))
    with opened.read() as connection:
        hashes = connection.execute(select(staff.c.password_hash)).scalars().all()
    opened.close()
    assert all(one.startswith("$argon2id$") for one in hashes)
    for file in (*tmp_path.glob("*.db*"), *tmp_path.glob("*.jsonl")):
        content = file.read_bytes()
        assert GOOD.encode() not in content
        assert answer["temporary_password"].encode() not in content
