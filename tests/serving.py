"""A gateway in the test's own process, with a stand-in at the far edge only: a small server that answers as Rasa's REST channel does."""

import json
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx2
from starlette.testclient import TestClient

from data.staff import ensure_member
from settings import Settings
from tests.databases import open_settings
from web.app import create_app
from web.identity import sign_customer_token

ROOT = Path(__file__).resolve().parent.parent
SECRET = "a secret of the tests, long enough for HS256"
PASSWORD = "demo-password"
Script = Callable[[dict[str, Any]], list[dict[str, Any]]]


class StandIn:
    """Answers as Rasa does, from a script that a test can change."""

    def __init__(self) -> None:
        self.heard: list[dict[str, Any]] = []
        self.forgotten: list[str] = []  # senders that the gateway asked to be forgotten
        self.read: list[str] = []  # texts that it asked to be read outside of a dialogue
        self.questions: list[dict[str, Any]] = []  # what is found in any of them
        self.script: Script = lambda asked: [{"text": f"You said {asked['message']}"}, {"custom": {"kind": "answer"}}]
        stand_in = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self._answer(b"Hello from Rasa")

            def do_POST(self) -> None:
                asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                if self.path == "/webhooks/forget/":
                    stand_in.forgotten += asked["senders"]
                    self._answer(json.dumps({"forgotten": len(asked["senders"])}).encode())
                    return
                if self.path == "/webhooks/reading/":
                    stand_in.read.append(asked["text"])
                    self._answer(json.dumps({"questions": stand_in.questions}).encode())
                    return
                stand_in.heard.append(asked)
                self._answer(json.dumps(stand_in.script(asked)).encode())

            def _answer(self, body: bytes) -> None:
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    @property
    def port(self) -> int:
        return int(self.server.server_address[1])

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


def make_settings(folder: Path, *, bot_port: int, demo: bool = True, shop_file: Path = ROOT / "shop.toml") -> Settings:
    """Settings of a gateway whose data lie in a folder of the test."""
    return Settings(
        host="127.0.0.1",
        port=0,
        database_url=f"sqlite:///{folder / 'candor.db'}",
        keys_url=f"sqlite:///{folder / 'keys.db'}",
        key_file=folder / "secrets" / "candor.key",
        audit_file=folder / "audit.jsonl",
        var=folder,
        shop_file=shop_file,
        texts=ROOT / "texts",
        demo=demo,
        now=None,
        shop_secret=SECRET,
        shop_origins=("https://shop.example",),
        bot_url=f"http://127.0.0.1:{bot_port}",
        actions_port=bot_port,
    )


@contextmanager
def serve(settings: Settings) -> Iterator[TestClient]:
    """A running gateway, with two agents who may sign in."""
    database = open_settings(settings)
    database.migrate()
    with database.write() as connection:
        for username, name in (("sam", "Sam Okafor"), ("alex", "Alex Moreau")):
            ensure_member(connection, username, name=name, role="agent", password=PASSWORD)
    database.close()
    with TestClient(
        create_app(settings, secret=SECRET),
        base_url="http://127.0.0.1",
        raise_server_exceptions=False,
        client=("127.0.0.1", 50000),
    ) as client:
        yield client


@contextmanager
def serve_handoffs(folder: Path) -> Iterator[TestClient]:
    """A gateway where whatever a customer writes asks for a person."""
    bot = StandIn()
    bot.script = lambda _asked: [{"custom": {"kind": "handoff", "press": "/request_human"}}]
    with serve(make_settings(folder, bot_port=bot.port)) as client:
        yield client
    bot.close()


class Guest:
    """A customer's client: knows the wire contract and nothing else."""

    def __init__(self, client: httpx2.Client, customer_id: str | None = None, **body: Any) -> None:
        self.client = client
        if customer_id is not None:
            body["customer_token"] = sign_customer_token(customer_id, SECRET)
        opened = client.post("/api/conversations", json=body)
        assert opened.status_code == 201, opened.text
        self.id, self.token = opened.json()["conversation_id"], opened.json()["token"]
        self.opening = opened.json()["messages"]
        self.last = self.opening[-1]["seq"]

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    def send(self, text: str | None = None, *, client_id: str | None = None, payload: str | None = None) -> Any:
        body: dict[str, Any] = {"client_id": client_id or str(uuid.uuid4())}
        body["text" if payload is None else "payload"] = text if payload is None else payload
        return self.client.post(f"/api/conversations/{self.id}/messages", json=body, headers=self.headers)

    def read(self, after: int = 0) -> dict[str, Any]:
        answer = self.client.get(f"/api/conversations/{self.id}/messages?after={after}", headers=self.headers)
        page: dict[str, Any] = answer.json()
        return page

    def ask(self, text: str | None = None, *, payload: str | None = None, within_s: float = 15) -> list[dict[str, Any]]:
        """Send, and wait for what is said in answer."""
        sent = self.send(text, payload=payload)
        assert sent.status_code == 202, sent.text
        return self.hear(sent.json()["seq"], within_s=within_s)

    def hear(self, after: int, *, within_s: float = 15) -> list[dict[str, Any]]:
        """Wait for something that is not the customer's own."""
        deadline = time.monotonic() + within_s
        while time.monotonic() < deadline:
            heard = [m for m in self.read(after)["messages"] if m["author"] != "customer"]
            if heard:
                return heard
            time.sleep(0.02)
        raise AssertionError(f"nothing was said after {after} within {within_s} s")

    def state(self) -> dict[str, Any]:
        answer: dict[str, Any] = self.client.get(f"/api/conversations/{self.id}", headers=self.headers).json()
        return answer


class Agent:
    """A member of staff's client."""

    def __init__(self, client: httpx2.Client, username: str = "sam") -> None:
        self.client = client
        signed = client.post("/staff/api/session", json={"username": username, "password": PASSWORD})
        assert signed.status_code == 200, signed.text
        self.cookies = {"candor_staff": signed.cookies["candor_staff"]}
        client.cookies.clear()

    def call(self, method: str, path: str, body: Any = None) -> Any:
        headers = {"Cookie": f"candor_staff={self.cookies['candor_staff']}"}
        return self.client.request(method, path, json=body, headers=headers)

    def find_waiting(self, conversation_id: str) -> str:
        waiting = self.call("GET", "/staff/api/handoffs?state=waiting").json()["handoffs"]
        found: str = next(h["handoff_id"] for h in waiting if h["conversation_id"] == conversation_id)
        return found

    def say(self, conversation_id: str, text: str, *, private: bool = False) -> Any:
        body = {"client_id": str(uuid.uuid4()), "text": text, "private": private}
        return self.call("POST", f"/staff/api/conversations/{conversation_id}/messages", body)
