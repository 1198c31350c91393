"""The audit for the owner's eyes: one HTML page without a script, with tables and pictures, and the same figures as JSON.

Pictures are SVG written here: a dot and an interval a group. The table below each says the same in figures.
"""

import json
from itertools import groupby
from pathlib import Path
from typing import Any

from jinja2 import Environment
from markupsafe import Markup, escape

NAMES = {
    "discount": "Places with a deep discount",
    "coupon": "Places with a coupon",
    "coverage": "Offers with a personal reason",
    "ndcg10": "Quality of the ranking (NDCG@10)",
    "wait_s": "Wait for a person, seconds",
}
MEANINGS = {
    "discount": "Share of the five places of slot home that held an offer with a stated discount, or one of the kinds of goods with the deepest discounts of the last 28 days, which together make up a quarter of what is bought.",
    "coupon": "Share of the five places of slot home that held a row of offers.csv valid on that day.",
    "coverage": 'Share of the personalized offers whose main reason rests on something the customer did, rather than on "popular".',
    "ndcg10": "How high the ranking put what the customer bought in the 28 days after: 0 for nothing of it among the first ten, 1 for nothing else before it.",
    "wait_s": "Mean time from asking for a person to being answered by one.",
}
_WIDTH, _LEFT, _ROW = 640, 190, 26


def write_report(audit: dict[str, Any], folder: Path, *, shop_name: str) -> Path:
    """Write `audit-<version>.html` and `.json`; returns the page."""
    folder.mkdir(parents=True, exist_ok=True)
    page = folder / f"audit-{audit['version']}.html"
    page.write_text(build_page(audit, shop_name=shop_name), encoding="utf-8")
    page.with_suffix(".json").write_text(json.dumps(audit, indent=1), encoding="utf-8")
    return page


def build_page(audit: dict[str, Any], *, shop_name: str) -> str:
    """The page as text. `audit` is `Audit.describe()`."""
    environment = Environment(autoescape=True, trim_blocks=True)
    environment.filters |= {"figure": say_figure, "verdict": say_verdict, "picture": draw_rates}
    template = environment.from_string((Path(__file__).parent / "audit_report.html").read_text(encoding="utf-8"))
    by_group = [(name, list(found)) for name, found in groupby(audit["findings"], key=lambda f: str(f["group"]))]
    return template.render(
        audit=audit, shop_name=shop_name, by_group=by_group, names=NAMES, meanings=MEANINGS, summary=say_summary(audit)
    )


def say_summary(audit: dict[str, Any]) -> str:
    """The outcome in one sentence."""
    limited = [finding for finding in audit["findings"] if finding["limit"] is not None]
    broken = [finding for finding in limited if finding["over_limit"] or finding["above_personal_frequency"]]
    if not limited:
        return "No difference could be measured, so no limit is broken and none is shown to be kept."
    if not broken:
        return f"None of {len(limited)} limits is broken."
    return f"{len(broken)} of {len(limited)} limits are broken; each is marked below."


def say_figure(value: float) -> str:
    """Three places for shares, whole numbers for seconds."""
    return f"{value:,.0f}" if abs(value) >= 10 else f"{value:.3f}"


def say_verdict(finding: dict[str, Any]) -> Markup:
    """What is to be said of a finding's limit, and whether chance alone would do."""
    if finding["limit"] is None:
        return Markup("told, no limit")
    said = []
    if finding["over_limit"]:
        beyond = finding["model"]["difference"] > finding["model"]["null_p95"]
        said.append("over the limit" + ("" if beyond else ", but no more than by chance"))
    if finding["above_personal_frequency"]:
        said.append("more unequal than personal frequency")
    return Markup('<strong class="over">{}</strong>').format("; ".join(said)) if said else Markup("kept")


def draw_rates(finding: dict[str, Any]) -> Markup:
    """A dot and an interval a group, on one scale from 0."""
    groups = finding["model"]["groups"]
    most = max((group["high"] for group in groups), default=0.0) or 1.0
    height = len(groups) * _ROW + 34

    def place(value: float) -> float:
        return _LEFT + (_WIDTH - _LEFT - 20) * value / most

    title = f"{NAMES[finding['measure']]} by {finding['group']}"
    parts = [
        f'<svg role="img" aria-label="{escape(title)}; the table below has the figures" viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}">'
    ]
    for number, group in enumerate(groups):
        y = number * _ROW + 16
        parts.append(
            f'<text x="{_LEFT - 10}" y="{y + 4}" text-anchor="end">{escape(group["value"])}</text>'
            f'<line class="bar" x1="{place(group["low"]):.1f}" x2="{place(group["high"]):.1f}" y1="{y}" y2="{y}"/>'
            f'<circle class="dot" cx="{place(group["rate"]):.1f}" cy="{y}" r="5"/>'
        )
    base = len(groups) * _ROW + 8
    parts.append(f'<line class="axis" x1="{_LEFT}" x2="{_WIDTH - 20}" y1="{base}" y2="{base}"/>')
    for value in (0.0, most / 2, most):
        parts.append(f'<text x="{place(value):.1f}" y="{base + 18}" text-anchor="middle">{say_figure(value)}</text>')
    return Markup("".join([*parts, "</svg>"]))
