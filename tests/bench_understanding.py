"""`make bench-understanding`: what the bot's pipeline understands of public sets, inside Rasa, beside Rasa's default and spaCy's.

Prints a table, writes `var/bench/understanding.json`, exits 1 when a limit is broken. The pipeline is bot/config.yml's without the
shop's words and without its rules (IntentGuard, EntityFinder). Nothing is chosen on a test part but the one threshold that says so;
each pipeline's own threshold is chosen by one rule. Beside it, in the same run: Rasa's default with DIET, and spaCy's vectors with
CountVectorsFeaturizer and logistic regression (bot/bench_spacy.py), which gets an environment of its own. DIET needs hours of one core
for CLINC150 and for all of BANKING77, so `--slow` alone trains it on them.
"""

import json
import math
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, median, quantiles

from ops.environments import make_environment
from ops.places import BASELINES, BOT, find_binary
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
OWN, DIET, SPACY = "candor", "diet", "spacy"
TOLD = {DIET: "Rasa's default (DIET)", SPACY: "the spaCy pipeline"}
SLOW = ("banking_all", "clinc")  # sets on which DIET takes hours
AT_ONCE = 2  # of the pipelines whose times are not told


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


@dataclass(frozen=True)
class Part:
    """What a pipeline is trained on, what it reads, and what should be read."""

    train: Pairs
    read: Mapping[str, Pairs]


Results = Mapping[tuple[str, str], Result]


def read_parts() -> dict[str, Part]:
    """Every training set by name."""
    test = read_banking("test")
    typed: dict[str, Pairs] = {"0": test}
    for count in (1, 2, 3):
        drawing = random.Random(TYPO_SEED)
        typed[str(count)] = [(add_typos(text, count, drawing), intent) for text, intent in test]
    known = {text for text, _ in test}
    everything = [pair for pair in read_banking("train") + read_banking("valid") if pair[0] not in known]
    parts = {"banking": Part(read_banking("train_10"), typed)}
    for seed in SEEDS:
        drawn = draw_shots(read_banking("train"), shots=10, seed=seed)
        parts[f"banking_{seed}"] = Part(drawn, {"0": test})
    parts["banking_all"] = Part(everything, {"0": test})
    # trained on `train` alone: no text out of scope is learned from
    parts["clinc"] = Part(
        read_clinc("train"), {name: read_clinc(name) for name in ("oos_train", "oos_val", "test", "oos_test")}
    )
    parts["curekart"] = Part(read_curekart("train"), {"test": read_curekart("test")})
    return parts


def plan_runs(*, with_slow: bool) -> list[tuple[str, str]]:
    """Which pipeline is trained on which set; those whose times are told first."""
    timed = [(name, "banking") for name in (OWN, SPACY, DIET)]
    runs = [(DIET, "curekart")] + [(DIET, part) for part in SLOW if with_slow]  # the longest first
    runs += [(OWN, "clinc"), (OWN, "banking_all"), *((OWN, f"banking_{seed}") for seed in SEEDS), (OWN, "curekart")]
    return [*timed, *runs, *((SPACY, part) for part in ("clinc", "banking_all", "curekart"))]


def run_all(
    runs: Sequence[tuple[str, str]], parts: Mapping[str, Part], run: Callable[[str, str, Part], Result]
) -> Results:
    """Run them: each that is timed alone, then the others, `AT_ONCE` side by side."""
    timed = [one for one in runs if one[1] == "banking"]
    results = {(name, part): run(name, part, parts[part]) for name, part in timed}
    others = [one for one in runs if one not in timed]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        done = pool.map(lambda one: run(one[0], one[1], parts[one[1]]), others)
        return results | dict(zip(others, done, strict=True))


def run_pipeline(name: str, part_name: str, part: Part) -> Result:
    """Train and read in processes of their own (bot/bench_pipeline.py)."""
    texts = {key: [text for text, _ in pairs] for key, pairs in part.read.items()}
    print(f"... {name}, {part_name}: {len(part.train)} examples, {sum(map(len, texts.values()))} texts", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "train.json").write_text(json.dumps(part.train), encoding="utf-8")
        (Path(folder) / "read.json").write_text(json.dumps(texts), encoding="utf-8")
        settings = dict.fromkeys(
            ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"), "1"
        ) | {
            "RASA_TELEMETRY_ENABLED": "false",
            "RASA_CACHE_DIRECTORY": str(Path(folder) / "cache"),
            "TF_CPP_MIN_LOG_LEVEL": "3",
        }
        python = find_binary(BASELINES if name == SPACY else BOT, "python")
        done = subprocess.run(
            [python, "-W", "ignore", "bench_pipeline.py", name, folder],
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


def measure(result: Result, part_name: str, part: Part) -> dict[str, float]:
    """The figures of one pipeline on one set."""

    def count(name: str, threshold: float = 0.0) -> float:
        return count_right(result.lists[name], [intent for _, intent in part.read[name]], threshold=threshold)

    if part_name == "banking":
        right = {typos: count(typos) for typos in part.read}
        return {
            "BANKING77, ten examples an intent": right["0"],
            **{f"lost at {typos} typos a message": right["0"] - right[typos] for typos in ("1", "2", "3")},
            "parse, 95th": quantiles(result.parse_ms, n=20)[-1],
            "parse, median": median(result.parse_ms),
            "training, ten examples an intent": result.train_cpu_s,
            "memory with the model alone": result.memory_mb,
        }
    if part_name == "banking_all":
        return {"BANKING77, all examples": count("0"), "training, BANKING77, all": result.train_cpu_s}
    if part_name == "clinc":
        threshold = choose_threshold([*result.lists["oos_val"], *result.lists["oos_train"]], recall=VALIDATION_RECALL)
        fallen = sum(one.trust < threshold for one in result.lists["oos_test"])
        fallen_inside = sum(one.trust < threshold for one in result.lists["test"])
        return {
            "CLINC150, in scope": count("test", threshold),
            "CLINC150, out of scope recall": 100 * fallen / len(result.lists["oos_test"]),
            "CLINC150, out of scope precision": 100 * fallen / max(1, fallen + fallen_inside),
            "the threshold of CLINC150's validation part": threshold,
            "training, CLINC150": result.train_cpu_s,
        }
    if part_name == "curekart":
        wanted = [intent for _, intent in part.read["test"]]
        return {"HINT3 curekart, best threshold on test": find_best(result.lists["test"], wanted)}
    return {part_name: count("0")}


def collect(results: Results, parts: Mapping[str, Part]) -> dict[str, dict[str, float]]:
    """Each pipeline's figures."""
    figures: dict[str, dict[str, float]] = {}
    for (name, part), result in results.items():
        figures.setdefault(name, {}).update(measure(result, part, parts[part]))
    for name, found in figures.items():
        threshold = found.get("the threshold of CLINC150's validation part")
        if threshold is not None:
            cure = results[name, "curekart"].lists["test"]
            wanted = [intent for _, intent in parts["curekart"].read["test"]]
            found["HINT3 curekart, threshold of CLINC150's"] = count_right(cure, wanted, threshold=threshold)
    drawn = [figures[OWN].pop(f"banking_{seed}") for seed in SEEDS]
    figures[OWN]["BANKING77, ten, the published and two other drawings, mean"] = mean(
        [figures[OWN]["BANKING77, ten examples an intent"], *drawn]
    )
    return figures


def build_rows(figures: Mapping[str, Mapping[str, float]]) -> list[Row]:
    """The table: each figure of the bot's beside the others'."""
    wanted: list[tuple[str, str, float | None, bool]] = [
        ("BANKING77, ten examples an intent", "%", 88, False),
        ("BANKING77, ten, the published and two other drawings, mean", "%", None, True),
        ("BANKING77, all examples", "%", 93.7, False),
        ("CLINC150, in scope", "%", 95.5, False),
        ("CLINC150, out of scope recall", "%", 85, False),
        ("CLINC150, out of scope precision", "%", 88, False),
        ("the threshold of CLINC150's validation part", "trust", None, True),
        ("HINT3 curekart, best threshold on test", "%", 80, False),
        ("HINT3 curekart, threshold of CLINC150's", "%", None, True),
        ("lost at 1 typos a message", "points", 1, True),
        ("lost at 2 typos a message", "points", 2, True),
        ("lost at 3 typos a message", "points", None, True),
        ("parse, 95th", "ms", 8, True),
        ("parse, median", "ms", None, True),
        ("training, ten examples an intent", "CPU s", 60, True),
        ("training, BANKING77, all", "CPU s", None, True),
        ("training, CLINC150", "CPU s", None, True),
        ("memory with the model alone", "MB", 700, True),
    ]
    return [
        Row(
            name,
            figures[OWN][name],
            unit,
            target,
            is_most,
            {told: figures[other][name] for other, told in TOLD.items() if name in figures.get(other, {})},
        )
        for name, unit, target, is_most in wanted
    ]


def main(words: list[str]) -> int:
    """Measure, print, write, and say by the exit code whether the limits hold."""
    commit = read_commit()
    if words not in ([], ["--slow"]):
        print("usage: python -m tests.bench_understanding [--slow]", file=sys.stderr)
        return 2
    require_data()
    make_environment(BASELINES)
    parts = read_parts()
    figures = collect(run_all(plan_runs(with_slow=bool(words)), parts, run_pipeline), parts)
    command = "make bench-understanding" + (" SLOW=1" if words else "")
    code = report("understanding", build_rows(figures), command=command, commit=commit)
    if not words:
        print(
            f"{TOLD[DIET]} is not trained on CLINC150 or all of BANKING77 (hours of one core): make bench-understanding SLOW=1"
        )
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
