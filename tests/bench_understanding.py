"""`make bench-understanding`: what the bot's pipeline understands of public sets, inside Rasa.

Prints a table, writes `var/bench/understanding.json`, exits 1 when a limit is broken. The pipeline is bot/config.yml's without the
shop's words and without its rules (IntentGuard, EntityFinder). Nothing is chosen on a test part but the one threshold that says so.
`--baselines` trains Rasa's default with DIET and the bot's pipeline before the encoder on BANKING77, ten examples an intent,
in the same run; DIET alone takes 12 minutes of two cores.
"""

import json
import math
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, quantiles

from tests.benching import Row, read_commit, report
from tests.house import ROOT
from tests.understanding_data import (
    NOTHING,
    Pairs,
    add_typos,
    draw_shots,
    read_banking,
    read_clinc,
    read_curekart,
    require_data,
)

SEEDS = (1, 2)
TYPO_SEED = 7
VALIDATION_RECALL = 0.9  # the target on test is 0.85; 200 texts leave some doubt
BASELINES = {"diet": "Rasa's default (DIET)", "before": "the bot before the encoder"}
PYTHON = ROOT / "var" / "env" / "bot" / "bin" / "python"


@dataclass(frozen=True)
class Read:
    """What one text was read as; `trust` decides whether it counts as understood."""

    intent: str
    trust: float


@dataclass(frozen=True)
class Result:
    """One pipeline on one training set."""

    lists: Mapping[str, Sequence[Read]]
    train_cpu_s: float
    parse_ms: Sequence[float]
    memory_mb: float


def run_pipeline(name: str, train: Pairs, lists: Mapping[str, Sequence[str]]) -> Result:
    """Train and read in processes of their own (bot/bench_pipeline.py)."""
    print(f"... {name}: {len(train)} examples, {sum(map(len, lists.values()))} texts", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "train.json").write_text(json.dumps(train), encoding="utf-8")
        (Path(folder) / "read.json").write_text(json.dumps(lists), encoding="utf-8")
        settings = dict.fromkeys(
            ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"), "1"
        ) | {
            "RASA_TELEMETRY_ENABLED": "false",
            "RASA_CACHE_DIRECTORY": str(Path(folder) / "cache"),
            "TF_CPP_MIN_LOG_LEVEL": "3",
        }
        done = subprocess.run(
            [PYTHON, "-W", "ignore", "bench_pipeline.py", name, folder],
            cwd=ROOT / "bot",
            env={**os.environ, **settings},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise SystemExit(f"The pipeline {name!r} failed:\n{done.stderr[-2000:]}")
        result = json.loads((Path(folder) / "result.json").read_text(encoding="utf-8"))
    return Result(
        {key: [Read(intent, trust) for intent, _, trust in verdicts] for key, verdicts in result["verdicts"].items()},
        result["train_cpu_s"],
        result["parse_ms"],
        result["memory_mb"],
    )


def count_right(read: Sequence[Read], wanted: Sequence[str], *, threshold: float = 0.0) -> float:
    """Percent read as wanted, where `NOTHING` is wanted of what is out of scope and read below the threshold."""
    heard = [one.intent if one.trust >= threshold else NOTHING for one in read]
    return 100 * mean(intent == right for intent, right in zip(heard, wanted, strict=True))


def choose_threshold(outside: Sequence[Read], *, recall: float) -> float:
    """The lowest threshold below which at least `recall` of what is out of scope falls; give it no test part."""
    found = sorted(one.trust for one in outside)
    return found[min(len(found), math.ceil(recall * len(found))) - 1] + 1e-9


def find_best(read: Sequence[Read], wanted: Sequence[str]) -> float:
    """The best percent right of all thresholds, on the very texts that are counted."""
    return max(count_right(read, wanted, threshold=one.trust) for one in read)


def measure_banking(*, with_baselines: bool) -> list[Row]:
    """Ten examples an intent, all, typos, and what it costs."""
    test = read_banking("test")
    texts, wanted = [text for text, _ in test], [intent for _, intent in test]
    lists: dict[str, Sequence[str]] = {"0": texts}
    for count in (1, 2, 3):
        drawing = random.Random(TYPO_SEED)
        lists[str(count)] = [add_typos(text, count, drawing) for text in texts]
    few = run_pipeline("candor", read_banking("train_10"), lists)
    right = {count: count_right(read, wanted) for count, read in few.lists.items()}
    others = {
        told: run_pipeline(name, read_banking("train_10"), lists)
        for name, told in (BASELINES.items() if with_baselines else ())
    }

    def beside(count: str) -> dict[str, float]:
        return {told: count_right(other.lists[count], wanted) for told, other in others.items()}

    drawn = [
        count_right(
            run_pipeline("candor", draw_shots(read_banking("train"), shots=10, seed=seed), {"0": texts}).lists["0"],
            wanted,
        )
        for seed in SEEDS
    ]
    known = set(texts)
    everything = [pair for pair in read_banking("train") + read_banking("valid") if pair[0] not in known]
    full = run_pipeline("candor", everything, {"0": texts})
    rows = [
        Row("BANKING77, ten examples an intent", right["0"], "%", 88, False, beside("0")),
        Row("BANKING77, ten, the published and two other drawings, mean", mean([right["0"], *drawn]), "%"),
        Row("BANKING77, all examples", count_right(full.lists["0"], wanted), "%", 93.7, False),
    ]
    for typos, most in (("1", 1.0), ("2", 2.0), ("3", None)):
        lost = {told: beside("0")[told] - share for told, share in beside(typos).items()}
        rows.append(Row(f"lost at {typos} typos a message", right["0"] - right[typos], "points", most, True, lost))
    return [
        *rows,
        Row(
            "parse, 95th", find_95th(few.parse_ms), "ms", 8, True, {k: find_95th(v.parse_ms) for k, v in others.items()}
        ),
        Row("parse, median", sorted(few.parse_ms)[len(few.parse_ms) // 2], "ms"),
        Row(
            "training, ten examples an intent",
            few.train_cpu_s,
            "CPU s",
            60,
            True,
            {k: v.train_cpu_s for k, v in others.items()},
        ),
        Row("memory with the model alone", few.memory_mb, "MB", 700, True, {k: v.memory_mb for k, v in others.items()}),
    ]


def measure_scope() -> list[Row]:
    """CLINC150 with its out-of-scope texts, and curekart at the threshold that CLINC150's validation part gave and at the best."""
    parts = ("oos_train", "oos_val", "test", "oos_test")  # trained on `train` alone
    pairs = {part: read_clinc(part) for part in parts}
    clinc = run_pipeline(
        "candor", read_clinc("train"), {part: [text for text, _ in pairs[part]] for part in parts}
    ).lists
    threshold = choose_threshold([*clinc["oos_val"], *clinc["oos_train"]], recall=VALIDATION_RECALL)
    inside = count_right(clinc["test"], [intent for _, intent in pairs["test"]], threshold=threshold)
    fallen = sum(one.trust < threshold for one in clinc["oos_test"])
    fallen_inside = sum(one.trust < threshold for one in clinc["test"])
    cure = read_curekart("test")
    read = run_pipeline("candor", read_curekart("train"), {"test": [text for text, _ in cure]}).lists["test"]
    wanted = [intent for _, intent in cure]
    return [
        Row("CLINC150, in scope", inside, "%", 95.5, False),
        Row("CLINC150, out of scope recall", 100 * fallen / len(clinc["oos_test"]), "%", 85, False),
        Row("CLINC150, out of scope precision", 100 * fallen / max(1, fallen + fallen_inside), "%", 88, False),
        Row("HINT3 curekart, best threshold on test", find_best(read, wanted), "%", 80, False),
        Row(
            "HINT3 curekart, threshold of CLINC150's validation part",
            count_right(read, wanted, threshold=threshold),
            "%",
        ),
        Row("the threshold", threshold, "trust"),
    ]


def find_95th(took_ms: Sequence[float]) -> float:
    """The 95th percentile."""
    return quantiles(took_ms, n=20)[-1]


def main(words: list[str]) -> int:
    """Measure, print, write, and say by the exit code whether the limits hold."""
    commit = read_commit()
    if words not in ([], ["--baselines"]):
        print("usage: python -m tests.bench_understanding [--baselines]", file=sys.stderr)
        return 2
    require_data()
    rows = measure_banking(with_baselines=bool(words)) + measure_scope()
    command = "make bench-understanding" + (" BASELINES=1" if words else "")
    return report("understanding", rows, command=command, commit=commit)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
