"""`make audit`: the fairness audit on the demo shop's data, on a database of its own.

In that copy everybody agreed to `purchases`, `offers` and `fairness`: the demo's own customers have agreed to no audit, and a figure about
the method should not depend on which ones agree. What it audits is trained on what lay before the last 28 days, so the quality of
the ranking is held out. Prints a table, writes `var/bench/audit.json` and `var/reports/audit-<version>.html`; exits 1 when a promised
limit is broken. `make audit-own` audits a shop's own customers under the consents that stand.
"""

import json
import platform
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select

from data.clock import read_shop_clock
from data.consent import PURPOSES, record_consent
from data.database import Database
from data.shop import Shop, read_shop
from data.tables import customers
from data.texts import load_texts
from models.audit import Audit, Finding, audit_recipe
from models.audit_report import write_report

ROOT = Path(__file__).resolve().parent.parent
AGREED = ("purchases", "offers", "fairness")
KIND = {"discount": "dp_", "coupon": "dp_", "coverage": "dp_", "ndcg10": "", "wait_s": ""}
UNIT = {"wait_s": "s", "ndcg10": "NDCG@10"}


def copy_with_consent(shop: Shop, folder: Path) -> Database:
    """A copy of the imported demo shop in which everybody agreed."""
    with closing(sqlite3.connect(ROOT / "var" / "candor.db")) as demo:
        demo.execute("VACUUM INTO ?", (str(folder / "candor.db"),))
    database = Database(f"sqlite:///{folder / 'candor.db'}")
    with database.write() as connection:
        at = read_shop_clock(connection, shop.zone).stamp()
        for person_id in sorted(connection.execute(select(customers.c.person_id)).scalars()):
            for category in AGREED:
                record_consent(
                    connection,
                    person_id,
                    category,
                    granted=True,
                    purposes=PURPOSES,
                    at=at,
                    source="page",
                    lang="en",
                    known=shop.categories,
                )
    return database


def list_rows(audit: Audit) -> list[dict[str, Any]]:
    """The figures in the shape of a benchmark: a difference with its limit, and its ratio."""
    return [row for finding in audit.findings for row in _tell(finding)]


def _tell(finding: Finding) -> list[dict[str, Any]]:
    found, plain = finding.comparison, finding.frequency
    name = f"audit.{finding.attribute}.{finding.measure}_{KIND[finding.measure]}"
    against = {"low": found.low, "high": found.high, "null_p95": found.null_p95, "chance": found.chance}
    if plain is not None and finding.over_frequency is not None:
        against |= {
            "personal_frequency": plain.difference,
            "personal_frequency_null_p95": plain.null_p95,
            "over_personal_frequency": finding.over_frequency.value,
            "over_personal_frequency_low": finding.over_frequency.low,
            "over_personal_frequency_high": finding.over_frequency.high,
        }
    ratio = {"low": found.ratio_low, "high": found.ratio_high} | (
        {"personal_frequency": plain.ratio} if plain is not None else {}
    )
    unit = UNIT.get(finding.measure, "share")
    return [
        _row(f"{name}difference", found.difference, unit, finding.limit, not finding.is_broken, against),
        _row(f"{name}ratio", found.ratio, "times", None, True, ratio),
    ]


def _row(
    measure: str, value: float, unit: str, target: float | None, ok: bool, against: dict[str, float]
) -> dict[str, Any]:
    return {
        "measure": measure,
        "value": round(value, 4),
        "unit": unit,
        "target": target,
        "ok": ok,
        "against": {who: round(figure, 4) for who, figure in against.items()},
    }


def _say(figure: float | None) -> str:
    return "" if figure is None else f"{figure:.3f}"


def _say_missed(row: dict[str, Any]) -> str:
    if row["ok"]:
        return ""
    return "  MISSED" if row["value"] > row["against"]["null_p95"] else "  MISSED, within chance"


def _report_progress(what: str, done: int, of: int) -> None:
    if sys.stderr.isatty():
        print(f"\r{what}: {done} of {of}\033[K", end="" if done < of else "\n", file=sys.stderr)


def main() -> int:
    """Audit, print, write."""
    shop = read_shop(ROOT / "shop.toml")
    texts = load_texts(ROOT / "texts", shop.languages[0])
    with tempfile.TemporaryDirectory() as folder:
        database = copy_with_consent(shop, Path(folder))
        with database.read() as connection:
            today = read_shop_clock(connection, shop.zone).today()
        audit = audit_recipe(database, shop, texts, today=today, tell=_report_progress)
        database.close()
    rows = list_rows(audit)
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout.strip()
    told = {
        "command": "make audit",
        "commit": commit,
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": f"{platform.machine()}, {platform.system()}",
        "data": "a copy of the demo shop in which everybody agreed",
        "day": audit.day.isoformat(),
        "version": audit.version,
        "notes": list(audit.notes),
        "rows": rows,
    }
    target = ROOT / "var" / "bench" / "audit.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(told, indent=1), encoding="utf-8")
    page = write_report(
        audit.describe() | {"notes": ["A copy of the demo shop in which everybody agreed.", *audit.notes]},
        ROOT / "var" / "reports",
        shop_name=shop.name,
    )
    print(f"{'measure':<46}{'figure':>8}{'interval':>16}{'by chance':>11}{'frequency':>11}{'limit':>7}")
    for row in rows:
        against = row["against"]
        print(
            f"{row['measure']:<46}{row['value']:>8.3f}{against['low']:>9.3f}–{against['high']:.3f}"
            f"{_say(against.get('null_p95')):>11}{_say(against.get('personal_frequency')):>11}{_say(row['target']):>7}{_say_missed(row)}"
        )
    for note in told["notes"]:
        print(note)
    print(f"Report: {page.relative_to(ROOT)}")
    return 0 if all(row["ok"] for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
