"""Staff for tests: a machine clock that a test turns, a browser that signs in, a phone that shows codes."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyotp
import pytest
import uvicorn
from starlette.testclient import TestClient

import data.second_factor
import data.sign_in_pace
import data.staff
import data.staff_sessions
from data.staff import ensure_member
from settings import Settings
from tests.databases import open_settings
from tests.house import find_free_ports
from tests.serving import PASSWORD, SECRET
from web.app import create_app

MODULES = (data.staff, data.staff_sessions, data.sign_in_pace, data.second_factor)


class Machine:
    """The machine's clock as getting in reads it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = time.time()
        for module in MODULES:
            monkeypatch.setattr(module, "time", self)

    def time(self) -> float:
        return self.now

    def wait(self, seconds: float) -> None:
        self.now += seconds


def add_staff(settings: Settings, *members: tuple[str, str], password: str = PASSWORD) -> None:
    """Members with a role each, besides those of `serve`."""
    database = open_settings(settings)
    database.migrate()
    with database.write() as connection:
        for username, role in members:
            ensure_member(connection, username, name=username.title(), role=role, password=password)
    database.close()


class Browser:
    """A browser at the console: keeps its cookies, sends what a browser sends."""

    def __init__(self, client: TestClient, *, address: str = "127.0.0.1") -> None:
        self.client = TestClient(
            client.app, base_url=str(client.base_url), raise_server_exceptions=False, client=(address, 50000)
        )
        self.client.headers |= {"Sec-Fetch-Site": "same-origin", "User-Agent": "Mozilla/5.0 (X11; Linux) Firefox/140.0"}

    def sign_in(self, username: str, password: str = PASSWORD, code: str | None = None) -> Any:
        body = {"username": username, "password": password} | ({"code": code} if code else {})
        return self.client.post("/staff/api/session", json=body)

    def call(self, method: str, path: str, **body: Any) -> Any:
        return self.client.request(method, f"/staff/api{path}", json=body or None)

    def code(self, path: str = "/handoffs") -> int:
        status: int = self.client.get(f"/staff/api{path}").status_code
        return status


def show_code(secret: str, at: float) -> str:
    """What a phone with this secret shows at a time."""
    return pyotp.TOTP(secret).at(at)


def set_up_phone(browser: Browser, machine: Machine, password: str = PASSWORD) -> tuple[str, list[str]]:
    """A second factor for whoever is signed in; returns its secret and the recovery codes."""
    secret = browser.call("POST", "/me/second-factor", password=password).json()["secret"]
    confirmed = browser.call("POST", "/me/second-factor/confirm", code=show_code(secret, machine.now))
    assert confirmed.status_code == 200, confirmed.text
    return secret, confirmed.json()["recovery_codes"]


SHOP = Path(__file__).resolve().parent.parent / "shop.toml"


def require_second_factor(folder: Path) -> Path:
    """A shop.toml in which everybody needs one."""
    file = folder / "shop.toml"
    text = SHOP.read_text(encoding="utf-8")
    assert 'second_factor = "optional"' in text
    file.write_text(text.replace('second_factor = "optional"', 'second_factor = "required"'), encoding="utf-8")
    return file


@contextmanager
def run_gateway(settings: Settings) -> Iterator[str]:
    """The gateway for a browser, in a thread of the test; returns its address."""
    (port,) = find_free_ports(1)
    config = uvicorn.Config(create_app(settings, secret=SECRET), port=port, log_level="error", ws="websockets-sansio")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.02)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join()
