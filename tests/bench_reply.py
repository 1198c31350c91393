"""`make bench`: a reply to a question, through the gateway and from Rasa directly, side by side in one run.

Prints a table and writes `var/bench/reply.json`. All clients keep their connection and speak with the same action server and the same
database; the questions take turns, so that a busy moment of the machine meets all. Exits 1 when a promised limit is broken.

Rasa is asked twice. `times_direct`, the promise, is against Rasa as it comes, with our model. `times_own_bot` is against our bot process,
which does not check the same JSON schema anew for each answer (bot/components/action_check.py): what the gateway adds to that, for a
durable log, is told in milliseconds (`gateway_adds_ms`). Before that was found, `times_direct` was 1.2 to 1.3 and a reply took 65 ms.
"""

import http.client
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import urlsplit

from tests.benching import Row, read_commit, report
from tests.house import ROOT, Customer, House, find_free_ports, run_house

QUESTIONS = ("what are your opening hours?", "do you take credit cards?", "how do I return something?")
TURNS = 320
FRESH_SENDER_EVERY = 40
LATE_FROM = 280
LIMITS_MS = {"p50": 60.0, "p95": 150.0}
MOST_TIMES_DIRECT = 1.3
STOCK = (
    "from components import guard; guard.check_answers_quickly = lambda: None; from rasa.__main__ import main; main()"
)
START_WITHIN_S = 90


class Line:
    """One kept connection."""

    def __init__(self, url: str) -> None:
        split = urlsplit(url)
        self.connection = http.client.HTTPConnection(split.hostname or "", split.port, timeout=30)
        self.connection.connect()

    def call(self, method: str, path: str, body: Any = None, token: str | None = None) -> Any:
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
        self.connection.request(method, path, None if body is None else json.dumps(body), headers)
        return json.loads(self.connection.getresponse().read())


@contextmanager
def run_stock_rasa(house: House) -> Iterator[str]:
    """Rasa as it comes, with our model and the house's action server; its address."""
    port = find_free_ports(1)[0]
    options = ["-i", "127.0.0.1", "-p", str(port), "-m", str(house.var / "bot" / "candor.tar.gz")]
    options += ["--endpoints", str(house.var / "bot" / "endpoints.yml"), "--credentials", "credentials.yml"]
    python = ROOT / "var" / "env" / "bot" / "bin" / "python"
    quiet = {
        "RASA_TELEMETRY_ENABLED": "false",
        "LOG_LEVEL": "WARNING",
        "SANIC_HOST": "127.0.0.1",
        "OMP_NUM_THREADS": "1",
    }
    process = subprocess.Popen(
        [str(python), "-W", "ignore", "-c", STOCK, "run", *options], cwd=ROOT / "bot", env=os.environ | quiet
    )
    try:
        deadline = time.monotonic() + START_WITHIN_S
        while not _answers(port):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"Rasa did not start within {START_WITHIN_S} s; exit code {process.poll()}.")
            time.sleep(0.2)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=30)


def _answers(port: int) -> bool:
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0


def measure(house: House, stock_url: str) -> dict[str, list[float]]:
    """Milliseconds of each turn: through the `gateway`, from the `stock` Rasa directly, and from our `own` bot process directly."""
    chat, other = Customer(house.url, "1"), Customer(house.url, "1")
    gateway, lines = Line(house.url), {"stock": Line(stock_url), "own": Line(house.bot_url)}
    taken: dict[str, list[float]] = {"gateway": [], "stock": [], "own": []}
    sender = ""
    for turn in range(TURNS):
        question = QUESTIONS[turn % len(QUESTIONS)]
        started = time.perf_counter()
        body = {"client_id": str(uuid.uuid4()), "text": question}
        seq = gateway.call("POST", f"/api/conversations/{chat.id}/messages", body, chat.token)["seq"]
        while True:
            page = gateway.call("GET", f"/api/conversations/{chat.id}/messages?after={seq}&wait=10", token=chat.token)
            if any(message["author"] == "bot" for message in page["messages"]):
                break
        taken["gateway"].append((time.perf_counter() - started) * 1000)
        if turn % FRESH_SENDER_EVERY == 0:
            sender = uuid.uuid4().hex
        for name, rasa in lines.items():
            started = time.perf_counter()
            asked = {
                "sender": sender,
                "message": question,
                "metadata": {"conversation_id": other.id, "lang": "en", "speaks": True},
            }
            answered = rasa.call("POST", "/webhooks/rest/webhook", asked)
            taken[name].append((time.perf_counter() - started) * 1000)
            assert answered, f"The {name} Rasa gave no answer"
    return {name: times[10:] for name, times in taken.items()}


def find_quantile(values: list[float], share: float) -> float:
    """The value below which a share of all values lies."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def main() -> int:
    """Measure, print, write."""
    commit = read_commit()
    with tempfile.TemporaryDirectory() as folder, run_house(Path(folder)) as house, run_stock_rasa(house) as stock_url:
        taken = measure(house, stock_url)
    rows = []
    parts = {"all": slice(None), "turn_300": slice(LATE_FROM - 10, None)}
    for part, cut in parts.items():
        times = {name: values[cut] for name, values in taken.items()}
        for name, share in (("p50", 0.5), ("p95", 0.95)):
            found = {who: find_quantile(values, share) for who, values in times.items()}
            against = {"stock_rasa": found["stock"], "own_bot": found["own"]}
            rows.append(Row(f"reply.{part}.{name}_ms", found["gateway"], "ms", LIMITS_MS[name], against=against))
        middle = {who: median(values) for who, values in times.items()}
        rows += [
            Row(f"reply.{part}.times_direct", middle["gateway"] / middle["stock"], "times", MOST_TIMES_DIRECT),
            Row(f"reply.{part}.times_own_bot", middle["gateway"] / middle["own"], "times"),
            Row(f"reply.{part}.gateway_adds_ms", middle["gateway"] - middle["own"], "ms"),
        ]
    return report("reply", rows, command="make bench", commit=commit)


if __name__ == "__main__":
    sys.exit(main())
