"""Getting in at the gateway: the pace, one answer for every wrong try, codes, cookies, sessions on the machine's clock."""

import statistics
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, select
from starlette.testclient import TestClient

from data.staff import Member, change_member, check_password, reset_password
from data.staff_sessions import IDLE_S, LONGEST_S
from data.tables import audit, staff_sessions
from settings import Settings
from tests.serving import PASSWORD, make_settings, serve
from tests.staffing import Browser, Machine, add_staff, require_second_factor, set_up_phone, show_code

GOOD = "tulip river seven kite"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    settings = make_settings(tmp_path, bot_port=1)
    add_staff(settings, ("olga", "owner"), ("gone", "agent"), password=GOOD)
    return settings


@pytest.fixture
def client(settings: Settings) -> Iterator[TestClient]:
    with serve(settings) as client:
        yield client


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(monkeypatch)


def disable(client: TestClient, username: str) -> None:
    olga = Browser(client)
    assert olga.sign_in("olga", GOOD).status_code == 200
    assert olga.call("POST", f"/accounts/{username}/disable", password=GOOD).status_code == 200


def test_every_wrong_try_has_the_same_answer(client: TestClient) -> None:
    disable(client, "gone")
    answers = [Browser(client).sign_in(*who) for who in (("sam", "wrong"), ("nobody", "wrong"), ("gone", GOOD))]
    assert [answer.status_code for answer in answers] == [401] * 3
    assert len({answer.text for answer in answers}) == 1
    assert not [answer for answer in answers if answer.cookies]


def test_a_failed_try_is_in_the_log_and_what_nobody_is_called_is_not(client: TestClient, machine: Machine) -> None:
    Browser(client).sign_in("sam", "wrong")
    Browser(client).sign_in("correct horse battery", "x")  # a password in the wrong field
    with client.app.state.house.database.read() as connection:  # type: ignore[attr-defined]
        rows = connection.execute(select(audit).where(audit.c.act == "sign_in_failed").order_by(audit.c.audit_id)).all()
    assert [(row.actor, row.object_id) for row in rows] == [("nobody", "sam"), ("nobody", None)]
    assert all("password" in str(row.detail) for row in rows)


def test_known_unknown_and_disabled_names_take_the_same_time(client: TestClient, machine: Machine) -> None:
    """The medians of 15 tries each, taken in turns, differ by less than half. Without the work for unknown names it is many times."""
    disable(client, "gone")
    taken: dict[str, list[float]] = {"sam": [], "nobody": [], "gone": []}
    for turn in range(15):
        for username, times in taken.items():
            browser = Browser(client, address=f"10.0.{turn}.1")
            began = time.perf_counter()
            assert browser.sign_in(username, "a wrong password").status_code == 401
            times.append(time.perf_counter() - began)
        machine.wait(60)
    medians = {username: statistics.median(times) for username, times in taken.items()}
    assert max(medians.values()) / min(medians.values()) < 1.5, medians


def test_known_and_unknown_names_are_slowed_alike(client: TestClient, machine: Machine) -> None:
    said = []
    for username in ("sam", "nobody"):
        answers = [Browser(client).sign_in(username, "wrong") for _ in range(7)]
        said.append([(answer.status_code, answer.headers.get("Retry-After"), answer.text) for answer in answers])
    assert said[0] == said[1]
    assert [status for status, *_ in said[0]] == [401] * 5 + [429] * 2
    assert said[0][5][1] is not None


def test_a_right_password_during_the_wait_is_not_looked_at(client: TestClient, machine: Machine) -> None:
    for _ in range(5):
        Browser(client).sign_in("olga", "wrong")
    browser = Browser(client)
    refused = browser.sign_in("olga", GOOD)
    assert refused.status_code == 429
    assert not refused.cookies
    machine.wait(int(refused.headers["Retry-After"]) + 1)
    assert browser.sign_in("olga", GOOD).status_code == 200
    assert [Browser(client).sign_in("olga", "wrong").status_code for _ in range(5)] == [401] * 5  # forgotten


def test_whoever_fails_on_purpose_does_not_keep_a_colleague_out(client: TestClient, machine: Machine) -> None:
    olga = Browser(client, address="192.0.2.7")
    assert olga.sign_in("olga", GOOD).status_code == 200
    for number in range(40):
        Browser(client, address=f"10.0.0.{number}").sign_in("olga", "wrong")
    assert olga.sign_in("olga", GOOD).status_code == 200
    elsewhere = Browser(client, address="192.0.2.8").sign_in("olga", GOOD)
    assert elsewhere.status_code == 429
    assert int(elsewhere.headers["Retry-After"]) <= 31


def test_the_pace_is_the_same_for_two_gateways(settings: Settings, machine: Machine) -> None:
    with serve(settings) as one, serve(settings) as other:
        for client in (one, other, one, other, one):
            assert Browser(client).sign_in("sam", "wrong").status_code == 401
        assert Browser(other).sign_in("sam", "wrong").status_code == 429


def test_the_code_is_asked_for_only_where_there_is_one(client: TestClient, machine: Machine) -> None:
    olga = Browser(client)
    assert olga.sign_in("olga", GOOD).json() == {"username": "olga", "role": "owner", "name": "Olga", "owes": []}
    secret, codes = set_up_phone(olga, machine, GOOD)
    fresh = Browser(client)
    asked = fresh.sign_in("olga", GOOD)
    assert asked.status_code == 401
    assert asked.json()["error"]["code"] == "second_factor_needed"
    assert not asked.cookies
    assert fresh.sign_in("olga", "wrong").json()["error"]["code"] == "not_known"
    assert fresh.sign_in("olga", "wrong", "123456").json()["error"]["code"] == "not_known"
    machine.wait(60)
    code = show_code(secret, machine.now)
    assert fresh.sign_in("olga", GOOD, f" {code[:3]} {code[3:]} ").status_code == 200
    replayed = Browser(client).sign_in("olga", GOOD, code)
    assert replayed.json()["error"]["code"] == "second_factor_wrong"
    assert Browser(client).sign_in("olga", GOOD, codes[0]).status_code == 200
    assert Browser(client).sign_in("olga", GOOD, codes[0]).status_code == 401
    assert fresh.call("GET", "/me/second-factor").json() == {"set_up": True, "recovery_codes_left": 9}


def test_codes_cannot_be_guessed_by_who_has_the_password(client: TestClient, machine: Machine) -> None:
    set_up_phone_of_olga = Browser(client)
    set_up_phone_of_olga.sign_in("olga", GOOD)
    secret, _ = set_up_phone(set_up_phone_of_olga, machine, GOOD)
    machine.wait(60)
    looked_at = 0
    for number in range(300):
        thief = Browser(client, address=f"10.0.0.{number % 50}")
        looked_at += thief.sign_in("olga", GOOD, f"{number:06d}").status_code == 401
        thief.sign_in("olga", GOOD)  # a right password alone clears no failed code
        machine.wait(12)
    assert looked_at <= 5 + 12  # an hour: five at once, then 2, 4, 8, ... 512, 900 seconds apart
    machine.wait(900)
    assert Browser(client).sign_in("olga", GOOD, show_code(secret, machine.now)).status_code == 200


@pytest.mark.parametrize("what", ["reset", "disabled"])
def test_what_an_owner_does_while_a_password_is_looked_at_counts(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    house: Any = client.app.state.house  # type: ignore[attr-defined]

    def check_slowly(connection: Connection, username: str, password: str) -> Member:
        member = check_password(connection, username, password)
        with house.database.write() as other:
            if what == "reset":
                reset_password(other, username)
            else:
                change_member(other, username, disabled=True)
        return member

    monkeypatch.setattr("web.staff_signin.check_password", check_slowly)
    refused = client.post("/staff/api/session", json={"username": "sam", "password": PASSWORD})
    assert (refused.status_code, refused.json()["error"]["code"]) == (401, "not_known")
    assert not refused.cookies
    with house.database.read() as connection:
        assert connection.execute(select(staff_sessions)).first() is None


def test_a_session_of_before_is_worth_nothing_after_signing_in(client: TestClient) -> None:
    """Session fixation: a token that was planted, or was there, is not the one that signing in gives."""
    olga = Browser(client)
    olga.client.cookies.set("candor_staff", "planted", domain="127.0.0.1")
    assert olga.sign_in("olga", GOOD).status_code == 200
    first = olga.client.cookies["candor_staff"]
    assert first != "planted"
    olga.sign_in("olga", GOOD)
    assert olga.client.cookies["candor_staff"] != first
    for token in ("planted", first):
        assert client.get("/staff/api/handoffs", headers={"Cookie": f"candor_staff={token}"}).status_code == 401


def test_a_session_ends_idle_and_after_12_hours(client: TestClient, machine: Machine) -> None:
    olga = Browser(client)
    olga.sign_in("olga", GOOD)
    machine.wait(IDLE_S - 5)
    assert olga.code() == 200
    machine.wait(IDLE_S - 5)
    assert olga.code() == 200
    machine.wait(IDLE_S + 1)
    assert olga.code() == 401
    olga.sign_in("olga", GOOD)
    began = machine.now
    while machine.now < began + LONGEST_S:
        assert olga.code() == 200
        machine.wait(600)
    assert olga.code() == 401


def test_an_open_console_alone_keeps_no_session(client: TestClient, machine: Machine) -> None:
    olga = Browser(client)
    olga.sign_in("olga", GOOD)
    headers = {"Cookie": f"candor_staff={olga.client.cookies['candor_staff']}"}
    with client.websocket_connect("/staff/api/live", headers=headers) as socket:
        assert socket.receive_json()["type"] == "queue"
        machine.wait(IDLE_S - 60)
        socket.send_json({"type": "active"})  # somebody is at the keys
        assert olga.call("GET", "/session").status_code == 200
        machine.wait(IDLE_S + 60)
        assert socket.receive_json()["error"]["code"] == "not_known"


@pytest.mark.parametrize(("scheme", "name"), [("http", "candor_staff"), ("https", "__Host-candor_staff")])
def test_the_cookies_are_as_strict_as_the_connection_allows(client: TestClient, scheme: str, name: str) -> None:
    client.base_url = f"{scheme}://127.0.0.1"
    olga = Browser(client)
    signed = olga.sign_in("olga", GOOD)
    cookies = signed.headers.get_list("set-cookie")
    assert [cookie.partition("=")[0] for cookie in cookies] == [name, f"{name}_device"]
    for cookie in cookies:
        traits = {part.strip().lower() for part in cookie.split(";")[1:]}
        assert {"httponly", "samesite=strict", "path=/"} <= traits
        assert ("secure" in traits) == (scheme == "https")
        assert not [trait for trait in traits if trait.startswith("domain")]
    assert olga.code() == 200
    if scheme == "https":  # one that another host of the domain may have set
        token = olga.client.cookies[name]
        assert client.get("/staff/api/handoffs", headers={"Cookie": f"candor_staff={token}"}).status_code == 401


def test_where_the_shop_requires_a_second_factor_nothing_goes_before_it(tmp_path: Path, machine: Machine) -> None:
    settings = make_settings(tmp_path, bot_port=1, demo=False, shop_file=require_second_factor(tmp_path))
    add_staff(settings, ("olga", "owner"), password=GOOD)
    with serve(settings) as client:
        olga = Browser(client)
        assert olga.sign_in("olga", GOOD).json()["owes"] == ["second_factor"]
        refused = olga.call("GET", "/handoffs")
        assert (refused.status_code, refused.json()["error"]["code"]) == (403, "set_up_needed")
        assert refused.json()["error"]["details"] == {"owes": ["second_factor"]}
        assert [olga.code(path) for path in ("/accounts", "/reviews", "/conversations/x")] == [403] * 3
        headers = {"Cookie": f"candor_staff={olga.client.cookies['candor_staff']}"}
        with client.websocket_connect("/staff/api/live", headers=headers) as socket:
            assert socket.receive_json()["type"] == "error"
        set_up_phone(olga, machine, GOOD)
        assert olga.code() == 200


def test_the_demo_asks_for_none(tmp_path: Path) -> None:
    settings = make_settings(tmp_path, bot_port=1, demo=True, shop_file=require_second_factor(tmp_path))
    with serve(settings) as client:
        sam = Browser(client)
        assert sam.sign_in("sam").json()["owes"] == []
        assert sam.code() == 200
