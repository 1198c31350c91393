"""The gate for new models: whether a version that was just trained may serve (docs/fairness.md).

The first version serves, with its shortfalls told. A later one is refused when a limit is broken AND it is more unequal there than
the version that serves, beyond the interval, on the same customers and the same day. Both together: a limit alone would
refuse what is better than today, and a comparison alone would refuse a harmless step. Never in favour of a version that holds what was taken back. Several broken limits are several chances to be
wrong by accident, so the intervals are widened to hold together at 95 % (Bonferroni).
"""

from pathlib import Path

from models.audit import Audit, Finding, list_labels, say_finding
from models.fairness import SURE, Excess, Measured, compare_excess
from models.ranker import Shelf, UnfitShelf, load_shelf
from models.standing import Verdict


def decide(
    audit: Audit, *, against: str | None = None, serving: dict[str, Measured] | None = None, must_go: bool = False
) -> Verdict:
    """Decide on a candidate.

    `serving` is what was measured of the version that serves, on the people of `audit`; None: there is none, or no need.
    `must_go`: somebody took back what that version rests on since it was trained, so it may serve no longer, whatever is measured.
    """
    worse = find_worse(audit, serving) if serving is not None else []
    notes = audit.notes
    if worse and must_go:
        notes += (
            f"It serves all the same: {against} still holds what customers gave who have taken it back since, and may serve no longer. "
            "Read what follows and act today.",
            *(_say_worse(finding, excess, against) for finding, excess in worse),
        )
        worse = []
    return Verdict(
        version=audit.version,
        serves=not worse,
        against=against,
        refused_for=tuple(_say_worse(finding, excess, against) for finding, excess in worse),
        shortfalls=tuple(say_finding(finding) for finding in audit.broken),
        notes=notes,
    )


def find_worse(audit: Audit, serving: dict[str, Measured]) -> list[tuple[Finding, Excess]]:
    """The broken limits at which the candidate is more unequal than the version that serves, beyond the interval."""
    found = []
    for finding in audit.broken:
        excess = compare_excess(
            audit.seen[finding.measure],
            serving[finding.measure],
            list_labels(audit.groups, finding.attribute, audit.people),
            sure=1 - (1 - SURE) / len(audit.broken),
        )
        if excess is not None and excess.is_worse:
            found.append((finding, excess))
    return found


def load_comparable(directory: Path) -> Shelf | None:
    """A saved version, or None when this code could not serve it."""
    try:
        return load_shelf(directory)
    except UnfitShelf:
        return None


def _say_worse(finding: Finding, excess: Excess, against: str | None) -> str:
    return (
        f"{finding.measure} by {finding.attribute} is more unequal than in {against}: difference {finding.comparison.difference:.3f}, "
        f"{excess.value:.3f} more (interval {excess.low:.3f} to {excess.high:.3f}), and a limit is broken."
    )
