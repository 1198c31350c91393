"""A whole house for end-to-end tests and benchmarks: the real command, the real three processes, data of its own.

What `make demo` made is copied or linked into a folder of the test, so that nothing is trained again and nothing of the demo shop
that a person uses is changed.
"""

import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from data.database import Database
from tests.databases import copy_house, open_file

ROOT = Path(__file__).resolve().parent.parent
LINKED = ("models", "bot", "numba")
LIVED = (  # what people did in the demo shop since it was imported: a test starts without it
    "overrides",
    "incident_notices",
    "incident_people",
    "incidents",
    "control_effects",
    "disclosures",
    "messages",
    "conversation_tokens",
    "handoffs",
    "marks",
    "corrections",
    "reviews",
    "conversations",
    "uses",
    "impressions",
    "preferences",
    "page_events",
    "consent_refusals",
    "staff_sessions",
    "staff_keys",
    "sign_in_tries",
)


@dataclass
class House:
    """A running house."""

    url: str
    bot_url: str
    var: Path
    process: subprocess.Popen[str]

    @property
    def shop_file(self) -> Path:
        """The house's own shop.toml, which a test may change."""
        return self.var.parent / "shop.toml"

    def change_shop(self, *changes: tuple[str, str]) -> None:
        """shop.toml as it comes with Candor but for these texts; the gateway is ended and comes back with it."""
        text = (ROOT / "shop.toml").read_text(encoding="utf-8")
        for old, new in changes:
            assert text.count(old) == 1, old
            text = text.replace(old, new)
        self.shop_file.write_text(text, encoding="utf-8")
        self.kill("web")
        self.wait_until_ok()

    def open_database(self) -> Database:
        """The house's database, with its keys."""
        return open_file(self.var / "candor.db")

    def find_pid(self, program: str) -> int:
        """The process of a program, from the supervisor."""
        control = [
            str(ROOT / "var/env/main/bin/supervisorctl"),
            "-c",
            str(self.var / "run" / "supervisord.conf"),
            "pid",
            program,
        ]
        return int(subprocess.run(control, capture_output=True, text=True, check=True).stdout.strip())

    def kill(self, program: str) -> int:
        """`kill -9`; returns the pid that was killed."""
        pid = self.find_pid(program)
        os.kill(pid, signal.SIGKILL)
        return pid

    def wait_until_ok(self, *, within_s: float = 90) -> None:
        """Wait until all three answer again."""
        deadline = time.monotonic() + within_s
        while time.monotonic() < deadline:
            try:
                if call(self.url, "GET", "/healthz", timeout_s=3)["status"] == "ok":
                    return
            except (OSError, Refused):
                pass
            time.sleep(0.2)
        raise AssertionError(f"not everything came back within {within_s} s")


class Refused(Exception):
    """An answer that is an error, with its body."""

    def __init__(self, status: int, body: Any) -> None:
        super().__init__(f"{status}: {body}")
        self.status, self.body = status, body


def call(
    url: str,
    method: str,
    path: str,
    body: Any = None,
    *,
    token: str | None = None,
    cookie: str | None = None,
    timeout_s: float = 30,
) -> Any:
    """One HTTP call, by the wire contract alone."""
    headers = {"Content-Type": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    if cookie:
        headers["Cookie"] = cookie
    request = urllib.request.Request(
        url + path, None if body is None else json.dumps(body).encode(), headers, method=method
    )
    try:
        with urllib.request.urlopen(request, timeout=timeout_s) as answer:
            return json.loads(answer.read() or b"{}")
    except urllib.error.HTTPError as error:
        with error:
            raise Refused(error.code, json.loads(error.read() or b"{}")) from None


class Customer:
    """A customer's client in a chat, by the wire contract alone; sends again what a crash swallowed, under the same client_id."""

    def __init__(self, url: str, customer_id: str | None = None, **body: Any) -> None:
        self.url = url
        if customer_id is not None:
            body["customer_token"] = self.customer_token = call(
                url, "POST", "/demo/token", {"customer_id": customer_id}
            )["customer_token"]
        opened = call(url, "POST", "/api/conversations", body)
        self.id, self.token, self.opening = opened["conversation_id"], opened["token"], opened["messages"]

    def send(self, text: str | None = None, *, payload: str | None = None, within_s: float = 60) -> int:
        """Send until it is acknowledged; returns its seq."""
        body = {"client_id": str(uuid.uuid4()), **({"text": text} if payload is None else {"payload": payload})}
        deadline = time.monotonic() + within_s
        while True:
            try:
                seq: int = call(self.url, "POST", f"/api/conversations/{self.id}/messages", body, token=self.token)[
                    "seq"
                ]
                return seq
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)

    def read(self, after: int = 0, *, wait_s: float = 0) -> list[dict[str, Any]]:
        """What is newer than a seq."""
        page = call(
            self.url, "GET", f"/api/conversations/{self.id}/messages?after={after}&wait={wait_s}", token=self.token
        )
        messages: list[dict[str, Any]] = page["messages"]
        return messages

    def state(self) -> dict[str, Any]:
        """Who speaks for the shop."""
        state: dict[str, Any] = call(self.url, "GET", f"/api/conversations/{self.id}", token=self.token)
        return state

    def ask(self, text: str | None = None, *, payload: str | None = None, within_s: float = 30) -> list[dict[str, Any]]:
        """Send, and wait for the answers: all that come until it has been quiet for a moment."""
        seq = self.send(text, payload=payload)
        deadline = time.monotonic() + within_s
        heard: list[dict[str, Any]] = []
        while time.monotonic() < deadline:
            new = [
                m
                for m in self.read(heard[-1]["seq"] if heard else seq, wait_s=0.3 if heard else 5)
                if m["author"] != "customer"
            ]
            if heard and not new:
                return heard
            heard += new
        if not heard:
            raise AssertionError(f"no answer to {text or payload!r} within {within_s} s")
        return heard


class Staff:
    """A member of staff's client."""

    def __init__(self, url: str, username: str = "sam") -> None:
        self.url = url
        body = json.dumps({"username": username, "password": "demo-password"}).encode()
        request = urllib.request.Request(f"{url}/staff/api/session", body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=30) as answer:
            self.cookie = answer.headers["Set-Cookie"].split(";")[0]

    def call(self, method: str, path: str, body: Any = None) -> Any:
        return call(self.url, method, f"/staff/api{path}", body, cookie=self.cookie)

    def claim(self, conversation_id: str) -> str:
        """Claim the handoff of a conversation."""
        waiting = self.call("GET", "/handoffs?state=waiting")["handoffs"]
        handoff_id: str = next(h["handoff_id"] for h in waiting if h["conversation_id"] == conversation_id)
        self.call("POST", f"/handoffs/{handoff_id}/claim", {})
        return handoff_id

    def say(self, conversation_id: str, text: str) -> int:
        seq: int = self.call(
            "POST", f"/conversations/{conversation_id}/messages", {"client_id": str(uuid.uuid4()), "text": text}
        )["seq"]
        return seq


@contextmanager
def run_house(folder: Path) -> Iterator[House]:
    """`python -m ops run` on ports of its own, with data of its own in `folder`."""
    var = folder / "var"
    var.mkdir(parents=True)
    copy_house(ROOT / "var", var, master=ROOT / "secrets" / "candor.key")
    copied = open_file(var / "candor.db")
    copied.migrate()  # the demo may have been made by an older version
    copied.close()
    with closing(sqlite3.connect(var / "candor.db")) as own, own:
        for table in LIVED:
            own.execute(f"DELETE FROM {table}")
        own.execute("DELETE FROM consent_events WHERE source != 'import'")
        own.execute("DELETE FROM offer_events WHERE impression_id IS NOT NULL")
        own.execute("UPDATE order_lines SET disputed_at = NULL WHERE disputed_at IS NOT NULL")
    for name in LINKED:
        (var / name).symlink_to(ROOT / "var" / name)
    shutil.copy(ROOT / "var" / "state.json", var / "state.json")
    web, bot, actions = find_free_ports(3)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CANDOR_")}
    environment |= {
        "CANDOR_VAR": str(var),
        "CANDOR_KEY_FILE": str(var / "secrets" / "candor.key"),
        "CANDOR_SHOP_FILE": str(shutil.copy(ROOT / "shop.toml", folder)),
        "CANDOR_PORT": str(web),
        "CANDOR_BOT_PORT": str(bot),
        "CANDOR_ACTIONS_PORT": str(actions),
    }
    log = (folder / "run.log").open("w+", encoding="utf-8")
    process = subprocess.Popen(
        [sys.executable, "-m", "ops", "run"], cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT, text=True
    )
    house = House(f"http://127.0.0.1:{web}", f"http://127.0.0.1:{bot}", var, process)
    try:
        house.wait_until_ok(within_s=150)
        yield house
    except AssertionError:
        log.seek(0)
        print(log.read())
        raise
    finally:
        process.terminate()
        process.wait(timeout=60)
        log.close()


def find_free_ports(count: int) -> list[int]:
    """Ports that nothing listens on now."""
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [int(one.getsockname()[1]) for one in sockets]
    for one in sockets:
        one.close()
    return ports
