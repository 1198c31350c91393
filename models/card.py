"""The model card of a version (Mitchell et al. 2019, "Model Cards for Model Reporting"), written from the run itself."""

from datetime import date
from pathlib import Path
from typing import Any

from models.audit import Audit
from models.audit_report import NAMES, say_figure
from models.features import FEATURES
from models.ranker import Shelf
from models.standing import Verdict

CARD = "card.md"


def write_card(
    shelf: Shelf, audit: Audit, verdict: Verdict, directory: Path, *, shop_name: str, first_day: date | None
) -> Path:
    """Write `card.md` beside the version."""
    path = directory / CARD
    path.write_text(build_card(shelf, audit, verdict, shop_name=shop_name, first_day=first_day), encoding="utf-8")
    return path


def build_card(shelf: Shelf, audit: Audit, verdict: Verdict, *, shop_name: str, first_day: date | None) -> str:
    """The card as Markdown."""
    parts = [
        f"# Model card: {shelf.version}",
        f"Rankers of {shop_name}. {' '.join(_say_status(verdict))}",
        "## What it is for",
        "Ordering the shop's offers for one customer at a time, by the log-odds that they buy the kind of goods within 28 days, from what this customer agreed to. "
        "The shop's rules of a slate stand above it, and every place is explained by the exact contributions of its score.",
        "## What it must not be used for",
        "Prices, discounts, credit, or who may have an offer; anything about health, beliefs, origin or family; judging a customer or staff; any other shop's data. "
        "Its scores are no probabilities of anything but a purchase in this shop.",
        "## Data",
        _say_data(shelf, first_day),
        "## Columns, by the consent they need",
        _list_columns(shelf),
        "## How it was trained",
        _say_training(shelf),
        "## How often it is right",
        _say_tested(shelf.facts.get("tested")),
        "## Fairness audit",
        *_tell_audit(audit, verdict),
        "## Limits",
        "Customers who agreed to little are shown what is popular. The audit sees only groups that customers told the shop of "
        "and agreed to have looked at, none smaller than "
        f"{audit.describe()['fewest_in_group']}, one attribute at a time; it cannot show that the ranking is free of bias. docs/fairness.md.",
    ]
    return "\n\n".join(parts) + "\n"


def _say_status(verdict: Verdict) -> list[str]:
    if verdict.serves:
        return ["It serves until a later one does."]
    return [f"It was refused; {verdict.against} kept serving.", *verdict.refused_for]


def _say_data(shelf: Shelf, first_day: date | None) -> str:
    facts = shelf.facts
    since = f"from {first_day.isoformat()} " if first_day else ""
    return (
        f"{facts['rows']:,} lines bought {since}until the day before {shelf.cut.isoformat()}, by {facts['buyers']:,} customers who agreed to "
        f"`purchases` for the shop's rankers; offers seen or used by {facts['coupon_users']:,} who agreed to `offers`. Returns, disputed lines and sensitive goods "
        "that were not turned on are left out. Nobody else's rows are in it, and no age, income, household or other group of the audit."
    )


def _list_columns(shelf: Shelf) -> str:
    if not shelf.rankers:
        return "None: too few customers agreed, so there is no ranker, and the shop's own order is shown."
    used = {column for ranker in shelf.rankers.values() for column in ranker.columns}
    by_consent: dict[str, list[str]] = {}
    for feature in FEATURES:
        if feature.name in used:
            needs = (
                " and ".join(f"`{category}`" for category in sorted(feature.categories))
                or "none: the shop's statistics"
            )
            by_consent.setdefault(needs, []).append(f"`{feature.name}`")
    rows = [f"| {needs} | {', '.join(columns)} |" for needs, columns in by_consent.items()]
    return "\n".join(["| consent | columns |", "|---|---|", *rows])


def _say_training(shelf: Shelf) -> str:
    if not shelf.rankers:
        return "Nothing was trained."
    rows = [
        f"| {' and '.join(f'`{category}`' for category in sorted(consents))} | {len(ranker.columns)} | {ranker.booster.num_trees()} |"
        for consents, ranker in shelf.rankers.items()
    ]
    if shelf.coupon_rankers:
        trees = next(iter(shelf.coupon_rankers.values())).booster.num_trees()
        coupons = (
            f"The slot `coupons` has one more for each, on the same columns, of {trees} trees: pairs of customers and offers that they were shown; "
            "the label is that the offer was redeemed in the 28 days after."
        )
    else:
        coupons = "Too few coupons were redeemed to learn from: the same forests order the slot `coupons`."
    return "\n".join(
        [
            "LightGBM, one forest for each set of consents, on pairs of customers and kinds of goods at past days; the label is a purchase in the 28 days after.",
            "",
            "| consents | columns | trees |",
            "|---|---|---|",
            *rows,
            "",
            coupons,
        ]
    )


def _say_told(counted: dict[str, Any]) -> str:
    """What the scores stood for, and what is to be expected by the test."""
    told = f"the scores stood for {counted['told']:.1%} on average"
    return told if counted.get("low") is None else f"{counted['low']:.1%} to {counted['high']:.1%}; {told}"


def _say_tested(tested: dict[str, Any] | None) -> str:
    if tested is None:
        return "Not measured: too little was bought before the newest 28 days, or by too few customers."
    names = {"usual": "chosen by score", "new": "in places kept for something new"}
    parts = [
        f"of {tested[kind]['offers']:,} offers {words} {'few' if tested[kind]['bought'] is None else format(tested[kind]['bought'], ',')} were bought ({_say_told(tested[kind])})"
        for kind, words in names.items()
        if kind in tested
    ]
    return (
        f"Five offers for each of {tested['people']:,} customers on {tested['day']}, by the ranker for purchases fitted without the newest {tested['days_after']} days: "
        f"{'; '.join(parts)} by the same customer within {tested['days_after']} days."
    )


def _tell_audit(audit: Audit, verdict: Verdict) -> list[str]:
    told = list(audit.notes)
    if audit.findings:
        kind = "had not" if audit.is_held_out else "had"
        told.append(
            f"Slates of {audit.day.isoformat()}, {len(audit.people):,} customers; the rankers {kind} learned from the 28 days after it. "
            '"By chance" is what 5 % of shuffles of the groups reach.'
        )
        head = ["| groups of | measure | difference | 95 % interval | by chance | limit |", "|---|---|---|---|---|---|"]
        rows = [
            f"| {f.attribute} | {NAMES[f.measure]} | {say_figure(f.comparison.difference)} | {say_figure(f.comparison.low)} to {say_figure(f.comparison.high)} "
            f"| {say_figure(f.comparison.null_p95)} | {'none' if f.limit is None else f'{f.limit:g}'}{', broken' if f.is_broken else ''} |"
            for f in audit.findings
        ]
        told.append("\n".join([*head, *rows]))
    told += [f"Shortfall: {sentence}" for sentence in verdict.shortfalls]
    return told
