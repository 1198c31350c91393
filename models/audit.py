"""The fairness audit: what a version of the rankers does to groups of customers. `python -m models.audit` runs it for the shop.

Two moments, one way of looking. At each training the new version is audited on a drawn sample, in seconds, for the gate
(`models/gate.py`); it has learned from the 28 days that it is then judged by, so its quality is only good for comparing. Run by
itself the audit trains the same recipe on what lay before those 28 days, takes everybody who agreed, and is honest about quality.

It assesses. It does not show that a ranking is free of bias: see docs/fairness.md.
"""

import random
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from data.catalogue import fetch_types
from data.clock import read_shop_clock
from data.database import Database, open_database
from data.errors import CandorError
from data.fairness_rows import Groups, count_groups, fetch_groups, record_audit
from data.ranking_rows import fetch_training_rows
from data.shop import Shop, read_shop
from data.texts import Texts, load_texts
from models.audit_report import write_report
from models.fairness import (
    FEWEST_IN_GROUP,
    SEED,
    Comparison,
    Excess,
    Measured,
    compare_excess,
    compare_groups,
    describe,
)
from models.observing import AFTER_DAYS, FREQUENCY, MEASURES, MODEL, Scene, observe, read_scene
from models.ranker import publish_shelf, save_shelf
from models.recommender import Recommender
from models.training import train_shelf
from settings import BadSetting, Settings, read_settings

LIMITED = ("discount", "coupon", "coverage", "ndcg10")
"""What `models.most_difference` of shop.toml limits. A wait has no limit: its hours are the shop's, and it is told."""


@dataclass(frozen=True)
class Finding:
    """One measure over the groups of one attribute, with its limit and personal frequency beside it."""

    attribute: str
    measure: str
    comparison: Comparison
    frequency: Comparison | None
    over_frequency: Excess | None
    limit: float | None

    @property
    def is_over(self) -> bool:
        """Whether the difference is above the limit."""
        return self.limit is not None and self.comparison.difference > self.limit

    @property
    def is_above_frequency(self) -> bool:
        """Whether it is more unequal than personal frequency beyond the interval."""
        return self.limit is not None and self.over_frequency is not None and self.over_frequency.is_worse

    @property
    def is_broken(self) -> bool:
        return self.is_over or self.is_above_frequency


@dataclass(frozen=True)
class Audit:
    """What an audit found. `seen` is per customer and never leaves the process.

    Attributes
    ----------
    held
        How many customers have groups, whether they agreed or not.
    is_held_out
        Whether the version had not learned from the 28 days after `day`.
    notes
        What could not be measured and why, and whatever else limits the findings; whole sentences.
    """

    version: str
    day: date
    is_held_out: bool
    agreeing: int
    people: tuple[int, ...]
    groups: Groups
    findings: tuple[Finding, ...]
    notes: tuple[str, ...]
    scene: Scene | None = None
    seen: dict[str, Measured] = field(default_factory=dict)
    held: int = 0

    @property
    def broken(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.is_broken)

    def describe(self) -> dict[str, Any]:
        """As JSON; figures of groups only."""
        return {
            "version": self.version,
            "day": self.day.isoformat(),
            "held_out": self.is_held_out,
            "held": self.held,
            "agreeing": self.agreeing,
            "audited": len(self.people),
            "fewest_in_group": FEWEST_IN_GROUP,
            "notes": list(self.notes),
            "findings": [
                {
                    "group": finding.attribute,
                    "measure": finding.measure,
                    "limit": finding.limit,
                    "over_limit": finding.is_over,
                    "above_personal_frequency": finding.is_above_frequency,
                    "model": describe(finding.comparison),
                    "personal_frequency": describe(finding.frequency) if finding.frequency else None,
                    "over_personal_frequency": vars(finding.over_frequency) if finding.over_frequency else None,
                }
                for finding in self.findings
            ],
        }


def draw_people(groups: Groups, most: int | None) -> tuple[int, ...]:
    """Who is audited: all with a group, or `most` of them by a fixed seed, the same ones each time."""
    everybody = sorted(set().union(*groups.values())) if groups else []
    if most is None or len(everybody) <= most:
        return tuple(everybody)
    return tuple(sorted(random.Random(SEED).sample(everybody, most)))


def audit_version(
    database: Database,
    recommender: Recommender,
    *,
    version: str,
    day: date,
    is_held_out: bool,
    most_people: int | None = None,
    tell: Callable[[str, int, int], None] = lambda _what, _done, _of: None,
) -> Audit:
    """Audit what `recommender` serves on a day. Without anybody who agreed it says so and finds nothing."""
    with database.read() as connection:
        groups = fetch_groups(connection)
        people, agreeing = draw_people(groups, most_people), len(draw_people(groups, None))
        held = count_groups(connection)
        if agreeing < FEWEST_IN_GROUP:
            return _find_nothing(version, day, is_held_out=is_held_out, agreeing=agreeing, held=held)
        scene = read_scene(connection, people, recommender.shop, day=day)
    seen = observe(database, recommender, scene, tell=tell)
    findings = find_differences(seen, groups, people, limit=recommender.shop.most_difference)
    notes = tuple(_list_notes(seen[MODEL], findings, groups, is_held_out=is_held_out, agreeing=agreeing, people=people))
    return Audit(version, day, is_held_out, agreeing, people, groups, findings, notes, scene, seen[MODEL], held)


def find_differences(
    seen: dict[str, dict[str, Measured]], groups: Groups, people: tuple[int, ...], *, limit: float
) -> tuple[Finding, ...]:
    """Every measure over every attribute that has two groups to publish."""
    findings = []
    for attribute in sorted(groups):
        labels = list_labels(groups, attribute, people)
        for measure in MEASURES:
            measured, plain = seen[MODEL][measure], seen.get(FREQUENCY, {}).get(measure)
            comparison = compare_groups(measured, labels)
            if comparison is not None:
                findings.append(
                    Finding(
                        attribute,
                        measure,
                        comparison,
                        compare_groups(plain, labels) if plain else None,
                        compare_excess(measured, plain, labels) if plain else None,
                        limit if measure in LIMITED else None,
                    )
                )
    return tuple(findings)


def list_labels(groups: Groups, attribute: str, people: tuple[int, ...]) -> list[str | None]:
    """The value of each customer, None without one."""
    return [groups[attribute].get(person_id) for person_id in people]


@contextmanager
def open_version(directory: Path, shop: Shop, texts: Texts) -> Iterator[Recommender]:
    """A recommender that serves a saved version, whether that is published or not."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / directory.name).symlink_to(directory.resolve(), target_is_directory=True)
        publish_shelf(Path(folder), directory.name)
        yield Recommender(Path(folder), shop, texts)


def audit_recipe(
    database: Database,
    shop: Shop,
    texts: Texts,
    *,
    today: date,
    tell: Callable[[str, int, int], None] = lambda _what, _done, _of: None,
) -> Audit:
    """Train on what lay 28 days back and before, and audit the slates of that day against what was bought since."""
    day = today - timedelta(days=AFTER_DAYS)
    with database.read() as connection:
        agreeing = len(draw_people(fetch_groups(connection), None))
        if agreeing < FEWEST_IN_GROUP:
            held = count_groups(connection)
            return _find_nothing("none", day, is_held_out=True, agreeing=agreeing, held=held)
        rows = fetch_training_rows(connection, before=day, groups=shop.sensitive, purchase_days=shop.purchase_days)
        types = fetch_types(connection)
    shelf = train_shelf(
        rows,
        types,
        today=day,
        fewest_customers=shop.fewest_customers,
        fewest_counted=shop.fewest_counted,
        report=tell,
    )
    with tempfile.TemporaryDirectory() as folder:
        save_shelf(shelf, Path(folder) / shelf.version)
        publish_shelf(Path(folder), shelf.version)
        recommender = Recommender(Path(folder), shop, texts)
        return audit_version(database, recommender, version=shelf.version, day=day, is_held_out=True, tell=tell)


def keep_record(database: Database, shop: Shop, audit: Audit) -> None:
    """Note in the data of each audited customer that they were, so that they can read it."""
    if audit.seen:
        with database.write() as connection:
            at = read_shop_clock(connection, shop.zone).stamp()
            record_audit(connection, audit.people, at=at, detail={"model_version": audit.version})


def read_today(connection: Connection, shop: Shop) -> date:
    """The shop's day."""
    return read_shop_clock(connection, shop.zone).today()


def main() -> int:
    """Audit the shop's recipe under the consents that stand, write the report, say where it lies."""
    try:
        audit = run(read_settings())
    except (BadSetting, CandorError) as error:
        print(f"The audit stopped: {error}", file=sys.stderr)
        return 1
    for note in audit.notes:
        print(note)
    for finding in audit.broken:
        print(say_finding(finding))
    return 1 if audit.broken else 0


def run(settings: Settings) -> Audit:
    """Audit everybody who agreed and write `reports/audit-<version>.html` and `.json`."""
    shop = read_shop(settings.shop_file)
    database = open_database(settings.database_url, keys_url=settings.keys_url, key_file=settings.key_file)
    with database.read() as connection:
        today = read_today(connection, shop)
    audit = audit_recipe(database, shop, load_texts(settings.texts, shop.languages[0]), today=today)
    keep_record(database, shop, audit)
    print(f"Report: {write_report(audit.describe(), settings.var / 'reports', shop_name=shop.name)}")
    database.close()
    return audit


def say_finding(finding: Finding) -> str:
    """A broken limit in one sentence, with what chance alone would give."""
    found = finding.comparison
    against = []
    if finding.is_over:
        against.append(f"the limit is {finding.limit:.3f}")
    if finding.is_above_frequency and finding.frequency is not None:
        against.append(f"personal frequency has {finding.frequency.difference:.3f}")
    chance = "above" if found.difference > found.null_p95 else "within"
    return (
        f"{finding.measure} by {finding.attribute}: difference {found.difference:.3f} "
        f"(interval {found.low:.3f} to {found.high:.3f}); {' and '.join(against)}; "
        f"it is {chance} what shuffled groups give ({found.null_p95:.3f})."
    )


def _find_nothing(version: str, day: date, *, is_held_out: bool, agreeing: int, held: int) -> Audit:
    """The audit of a shop without groups, or in which too few agreed: it says so and breaks no limit."""
    note = (
        f"Nothing was audited: of {held:,} customers with groups {agreeing:,} agreed to the fairness audit, and {FEWEST_IN_GROUP} are needed."
        if held
        else "Nothing was audited: the shop has no audit groups. customers.csv may bring them (columns audit_…)."
    )
    return Audit(version, day, is_held_out, agreeing, (), {}, (), (note,), held=held)


def _list_notes(
    seen: dict[str, Measured],
    findings: tuple[Finding, ...],
    groups: Groups,
    *,
    is_held_out: bool,
    agreeing: int,
    people: tuple[int, ...],
) -> Iterator[str]:
    if len(people) < agreeing:
        yield f"{len(people):,} of the {agreeing:,} customers who agreed were drawn."
    if not is_held_out:
        yield "The version has learned from the days that its ranking is judged by: compare its NDCG, do not read it as quality."
    for measure in MEASURES:
        count = int((seen[measure].weight > 0).sum())
        if not any(finding.measure == measure for finding in findings):
            seen_of = "nobody" if not count else "one customer" if count == 1 else f"{count:,} customers"
            yield f"{measure} is not told: there was something to measure for {seen_of}, and two groups of {FEWEST_IN_GROUP} are needed."
    for attribute in sorted(groups):
        withheld = max((f.comparison.withheld for f in findings if f.attribute == attribute), default=0)
        if withheld:
            yield f"{attribute}: groups of fewer than {FEWEST_IN_GROUP} customers are left out, {withheld} of them in some measure."


if __name__ == "__main__":
    sys.exit(main())
