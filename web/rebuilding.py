"""Making the rankers and statistics anew once somebody took back what they rest on: `python -m models` in a process of its own.

At most once a night and one at a time for a folder of models, whatever number of gateways share it. What goes wrong is kept beside the
models, told in `/healthz`, and tried again the next night, or each hour once the day that was promised is nearly over.
"""

import fcntl
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from data.clock import format_time, parse_time
from data.ended_uses import find_first_end
from models.ranker import find_read_at
from web.house import House

LONGEST_S = 3 * 3600.0
LOOK_EVERY_S = 0.5
ROOT = Path(__file__).resolve().parent.parent
LAST = "rebuild.json"
WITHIN = timedelta(days=1)
_NICE = ("nice", "-n", "19")


def find_due(house: House, person_id: int | None = None) -> str | None:
    """By when the rankers that serve are made anew, since a use for them was ended: RFC 3339; None: nothing waits for it."""
    read_at = find_read_at(house.settings.var / "models")
    if read_at is None:
        return None
    with house.database.read() as connection:
        ended = find_first_end(connection, since=read_at, person_id=person_id)
    return None if ended is None else format_time(parse_time(ended) + WITHIN)


def rebuild(house: House, should_stop: Callable[[], bool] = lambda: False) -> bool:
    """Make the rankers anew if anything waits for it; returns whether that was done. Another gateway at it: not."""
    models = house.settings.var / "models"
    if find_due(house) is None:
        return False
    with _hold(models / "rebuild.lock") as is_ours:
        if not is_ours or find_due(house) is None:
            return False
        said = _train(house.settings.describe_environment(), should_stop)
        told = {"at": house.clock.stamp(), "ok": said is None, "said": said}
        (models / LAST).write_text(json.dumps(told), encoding="utf-8")
        return said is None


def find_failure(models: Path) -> str | None:
    """When the last rebuild failed; None if it did not."""
    try:
        told: dict[str, Any] = json.loads((models / LAST).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None
    return None if told["ok"] else str(told["at"])


@contextmanager
def _hold(path: Path) -> Iterator[bool]:
    """The lock, or False at once when another process has it. It goes with the process that holds it."""
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True


def _train(environment: dict[str, str], should_stop: Callable[[], bool]) -> str | None:
    """Run the training; what it said if it failed. Its words hold no data of customers."""
    with tempfile.TemporaryFile("w+") as said:
        command = [*_NICE, sys.executable, "-m", "models"]
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=said)
        started = time.monotonic()
        while process.poll() is None:
            if should_stop() or time.monotonic() - started > LONGEST_S:
                process.terminate()
                process.wait()
                return "It was ended before it was done."
            time.sleep(LOOK_EVERY_S)
        said.seek(0)
        lines = said.read().strip().splitlines()
    return None if process.returncode == 0 else lines[-1][:500] if lines else f"It ended with {process.returncode}."
