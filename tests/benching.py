"""What all benchmarks share: a row, the table on the screen, and `var/bench/<name>.json` (design.md §3)."""

import json
import platform
import subprocess
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.house import ROOT


@dataclass(frozen=True)
class Row:
    """A figure with what was promised. `target` is None for a figure that is only told.

    `is_most` says that the target is the most that is allowed; else it is the least. `is_broken_besides` says that a promise about
    the figure which no target can hold is broken.
    """

    measure: str
    value: float
    unit: str
    target: float | None = None
    is_most: bool = True
    against: Mapping[str, float] = field(default_factory=dict)
    is_broken_besides: bool = False

    @property
    def ok(self) -> bool:
        """Whether the promise is kept. Not a number keeps none."""
        if self.is_broken_besides:
            return False
        if self.target is None:
            return True
        return self.value <= self.target if self.is_most else self.value >= self.target


def read_commit() -> str:
    """What is checked out now. Read it first: whatever is committed while a benchmark runs is not what it measured."""
    command = ["git", "rev-parse", "--short", "HEAD"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip()


def report(
    name: str, rows: list[Row], *, command: str, commit: str, about: Mapping[str, Any] | None = None, root: Path = ROOT
) -> int:
    """Print the table, write the file; 1 when a promise is broken, else 0. `about` stands in the file before the rows.

    `commit` is the one at the run's start (`read_commit`).
    """
    told = {
        "command": command,
        "commit": commit,
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": f"{platform.machine()}, {platform.system()}",
        **(about or {}),
        "rows": [
            {key: value for key, value in asdict(row).items() if key not in ("is_most", "is_broken_besides")}
            | {"value": _round(row.value), "ok": row.ok, "against": {k: _round(v) for k, v in row.against.items()}}
            for row in rows
        ],
    }
    target = root / "var" / "bench" / f"{name}.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(told, indent=1), encoding="utf-8")
    width = max(len(row.measure) for row in rows) + 2
    print(f"{'measure':<{width}}{'figure':>12}{'target':>12}  against")
    for row in rows:
        wanted = "" if row.target is None else f"{'≤' if row.is_most else '≥'} {row.target:g}"
        against = ", ".join(f"{who} {_round(value):g}" for who, value in row.against.items())
        print(f"{row.measure:<{width}}{_round(row.value):>12g}{wanted:>12}  {against}{'' if row.ok else '  MISSED'}")
    return 0 if all(row.ok for row in rows) else 1


def _round(value: float) -> float:
    """Four digits that count."""
    return float(f"{value:.4g}")
