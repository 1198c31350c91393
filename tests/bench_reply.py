"""`make bench`: a reply to a question, through the gateway and from Rasa directly, side by side in one run.

Prints a table and writes `var/bench/reply.json`. Both clients keep their connection; both speak with the same action server and the
same database; the questions take turns, so that a busy moment of the machine meets both. Exits 1 when a promised limit is broken.
"""

import http.client
import json
import platform
import subprocess
import sys
import tempfile
import time
import uuid
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import urlsplit

from tests.house import ROOT, Customer, House, run_house

QUESTIONS = ("what are your opening hours?", "do you take credit cards?", "how do I return something?")
TURNS = 320
FRESH_SENDER_EVERY = 40
LATE_FROM = 280
LIMITS_MS = {"p50": 60.0, "p95": 150.0}
MOST_TIMES_DIRECT = 1.3


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


def measure(house: House) -> tuple[list[float], list[float]]:
    """Milliseconds of each turn: through the gateway, and from Rasa directly."""
    chat, other = Customer(house.url, "1"), Customer(house.url, "1")
    gateway, rasa = Line(house.url), Line(house.bot_url)
    through: list[float] = []
    direct: list[float] = []
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
        through.append((time.perf_counter() - started) * 1000)
        if turn % FRESH_SENDER_EVERY == 0:
            sender = uuid.uuid4().hex
        started = time.perf_counter()
        asked = {
            "sender": sender,
            "message": question,
            "metadata": {"conversation_id": other.id, "lang": "en", "speaks": True},
        }
        answered = rasa.call("POST", "/webhooks/rest/webhook", asked)
        direct.append((time.perf_counter() - started) * 1000)
        assert answered, "Rasa gave no answer"
    return through[10:], direct[10:]


def find_quantile(values: list[float], share: float) -> float:
    """The value below which a share of all values lies."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def main() -> int:
    """Measure, print, write."""
    with tempfile.TemporaryDirectory() as folder, run_house(Path(folder)) as house:
        through, direct = measure(house)
    rows = []
    parts = {"all": slice(None), "turn_300": slice(LATE_FROM - 10, None)}
    for part, cut in parts.items():
        for name, share in (("p50", 0.5), ("p95", 0.95)):
            mine, theirs = find_quantile(through[cut], share), find_quantile(direct[cut], share)
            rows.append(
                _row(f"reply.{part}.{name}_ms", mine, "ms", LIMITS_MS[name], {"rasa_directly": round(theirs, 1)})
            )
        ratio = median(through[cut]) / median(direct[cut])
        rows.append(_row(f"reply.{part}.times_direct", ratio, "times", MOST_TIMES_DIRECT, {"rasa_directly": 1.0}))
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout.strip()
    report = {
        "command": "make bench",
        "commit": commit,
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": f"{platform.machine()}, {platform.system()}",
        "rows": rows,
    }
    target = ROOT / "var" / "bench" / "reply.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(report, indent=1), encoding="utf-8")
    print(f"{'measure':<32}{'figure':>10}{'target':>10}  against")
    for row in rows:
        print(
            f"{row['measure']:<32}{row['value']:>10}{row['target']:>10}  {row['against']}{'' if row['ok'] else '  MISSED'}"
        )
    return 0 if all(row["ok"] for row in rows) else 1


def _row(measure: str, value: float, unit: str, target: float, against: dict[str, float]) -> dict[str, Any]:
    return {
        "measure": measure,
        "value": round(value, 2),
        "unit": unit,
        "target": target,
        "ok": value <= target,
        "against": against,
    }


if __name__ == "__main__":
    sys.exit(main())
