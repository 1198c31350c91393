"""`make audit`: the fairness audit on the demo shop's data, on a database of its own.

In that copy everybody agreed to `purchases`, `offers` and `fairness`: the demo's own customers have agreed to no audit, and a figure about
the method should not depend on which ones agree. What it audits is trained on what lay before the last 28 days, so the quality of
the ranking is held out. Prints a table, writes `var/bench/audit.json` and `var/reports/audit-<version>.html`; exits 1 when a promised
limit is broken. `make audit-own` audits a shop's own customers under the consents that stand.
"""

import sys
import tempfile
from pathlib import Path

from models.audit import Audit, Finding, audit_recipe
from models.audit_report import write_report
from tests.agreeing import AGREED, open_agreeing_shop
from tests.benching import Row, read_commit, report
from tests.house import ROOT

KIND = {"discount": "dp_", "coupon": "dp_", "coverage": "dp_", "ndcg10": "", "wait_s": ""}
UNIT = {"wait_s": "s", "ndcg10": "NDCG@10"}


def list_rows(audit: Audit) -> list[Row]:
    """The figures in the shape of a benchmark: a difference with its limit, and its ratio."""
    return [row for finding in audit.findings for row in _tell(finding)]


def _tell(finding: Finding) -> list[Row]:
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
        Row(
            f"{name}difference",
            found.difference,
            unit,
            target=finding.limit,
            against=against,
            is_broken_besides=finding.is_above_frequency,
        ),
        Row(f"{name}ratio", found.ratio, "times", against=ratio),
    ]


def _report_progress(what: str, done: int, of: int) -> None:
    if sys.stderr.isatty():
        print(f"\r{what}: {done} of {of}\033[K", end="" if done < of else "\n", file=sys.stderr)


def main() -> int:
    """Audit, print, write."""
    commit = read_commit()
    with (
        tempfile.TemporaryDirectory() as folder,
        open_agreeing_shop(Path(folder), categories=(*AGREED, "fairness")) as shop,
    ):
        audit = audit_recipe(shop.database, shop.shop, shop.texts, today=shop.today, tell=_report_progress)
        page = write_report(
            audit.describe() | {"notes": ["A copy of the demo shop in which everybody agreed.", *audit.notes]},
            ROOT / "var" / "reports",
            shop_name=shop.shop.name,
        )
    about = {
        "data": "a copy of the demo shop in which everybody agreed",
        "day": audit.day.isoformat(),
        "version": audit.version,
        "notes": list(audit.notes),
    }
    status = report("audit", list_rows(audit), command="make audit", commit=commit, about=about)
    print(*audit.notes, f"Report: {page.relative_to(ROOT)}", sep="\n")
    return status


if __name__ == "__main__":
    sys.exit(main())
