"""What stands: the verdict on each version, which one serves, and whether a newer one was refused. For the owner's page, the operator and /healthz.

Read from the files that a training leaves beside each version, so that asking loads neither a ranker nor the audit.
"""

import json
import logging
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models.ranker import find_current
from settings import BadSetting, read_settings

VERDICT = "verdict.json"
_log = logging.getLogger("candor.models")


@dataclass(frozen=True)
class Verdict:
    """Whether a version serves.

    Attributes
    ----------
    against
        The version that served when it was decided; None: there was none that could be compared.
    refused_for
        Whole sentences; empty when it serves.
    shortfalls
        Every broken limit, in whole sentences, whether it serves or not.
    """

    version: str
    serves: bool
    against: str | None
    refused_for: tuple[str, ...]
    shortfalls: tuple[str, ...]
    notes: tuple[str, ...]

    def describe(self) -> dict[str, Any]:
        """As JSON."""
        return {key: list(value) if isinstance(value, tuple) else value for key, value in vars(self).items()}


@dataclass(frozen=True)
class Standing:
    """What serves, and the last version that was refused in its favour.

    Attributes
    ----------
    serving
        The version that serves; None before the first training.
    verdict
        The verdict on it; None where it was made before verdicts were kept.
    refused
        The newest version refused because of `serving`; None if there is none.
    """

    serving: str | None
    verdict: Verdict | None
    refused: Verdict | None


def save_verdict(verdict: Verdict, directory: Path) -> None:
    """Keep it beside the version that it is about."""
    whole = directory / f"{VERDICT}.new"
    whole.write_text(json.dumps(verdict.describe(), indent=1), encoding="utf-8")
    whole.replace(directory / VERDICT)


def load_verdict(directory: Path) -> Verdict | None:
    """The verdict on a version, if it has one that can be read."""
    try:
        told: dict[str, Any] = json.loads((directory / VERDICT).read_text(encoding="utf-8"))
        return Verdict(
            version=told["version"],
            serves=told["serves"],
            against=told["against"],
            refused_for=tuple(told["refused_for"]),
            shortfalls=tuple(told["shortfalls"]),
            notes=tuple(told["notes"]),
        )
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as error:
        _log.warning("%s cannot be read (%s); make train writes another.", directory / VERDICT, error)
        return None


def read_standing(models: Path) -> Standing:
    """What the folder of models says. A refusal by a version that serves no more is history and left out."""
    serving = find_current(models)
    if serving is None:
        return Standing(None, None, None)
    refused: Verdict | None = None
    for path in sorted(models.glob(f"*/{VERDICT}"), key=lambda path: (path.stat().st_mtime_ns, path)):
        verdict = load_verdict(path.parent)
        if verdict is not None and not verdict.serves and verdict.against == serving:
            refused = verdict
    return Standing(serving, load_verdict(models / serving), refused)


def say_verdict(verdict: Verdict) -> list[str]:
    """What the owner is told, line by line."""
    if verdict.serves:
        head = f"{verdict.version} serves."
    else:
        head = f"{verdict.version} is refused; {verdict.against} keeps serving. docs/fairness.md says what can be done."
    lines = [head, *(f"Refused: {sentence}" for sentence in verdict.refused_for)]
    lines += [f"Shortfall: {sentence}" for sentence in verdict.shortfalls]
    return [*lines, *verdict.notes]


def say_standing(standing: Standing) -> list[str]:
    """The same of what stands."""
    if standing.serving is None:
        return ["No version serves yet: the shop's own order is shown. Run `make train`."]
    told = (
        say_verdict(standing.verdict)
        if standing.verdict is not None
        else [f"{standing.serving} serves. It has no verdict: it was trained before verdicts were kept."]
    )
    if standing.refused is None:
        return [*told, "No newer version was refused."]
    return [*told, *say_verdict(standing.refused)]


def main() -> int:
    """Print what stands."""
    try:
        print("\n".join(say_standing(read_standing(read_settings().var / "models"))))
    except BadSetting as error:
        print(str(error), file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
