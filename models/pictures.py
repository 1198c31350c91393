"""Pictures of what reasons weigh: one offer's waterfall, and of many a beeswarm and a dependence.

The values are ours, the exact ones of the groups (`models/shapley.py`); shap draws them and works nothing out. One picture at a time, each in
a process of its own (`models/drawing.py`), since they are asked for by a person who can wait and the gateway cannot.

A picture says nothing that a table does not say in figures; whoever shows one shows the table too.
"""

import json
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any, Literal

from data.errors import BadInput
from data.impressions import Impression, Shown
from data.texts import Texts
from models.stated import is_scored, is_stated
from models.wording import lower_first

ROOT = Path(__file__).resolve().parent.parent
LONGEST_S = 120
Format = Literal["svg", "png"]
_one_at_a_time = threading.Lock()


def list_parts(shown: Impression | Shown, texts: Texts) -> list[tuple[str, float]]:
    """The named groups of an offer's score with their exact values, and everything else together, in log-odds."""
    told = shown.explanation
    words = {"type": lower_first(told["type_title"], texts.lang), "aisle": shown.offer["category"]}
    parts = [
        (texts.say(f"reasons.{reason['reason_id']}_short", **words), float(reason["contribution"]))
        for reason in told["reasons"]
        if not is_stated(reason)
    ]
    return [*parts, (texts.say("reasons.remainder_short"), float(told["remainder"]))]


def draw_waterfall(shown: Impression | Shown, texts: Texts, *, cache: Path, form: Format = "svg") -> bytes:
    """From the base, part by part, to the score of one offer."""
    if not is_scored(shown.explanation):
        raise BadInput("Nothing personal is in the score of this offer, so there are no parts to draw.")
    parts = list_parts(shown, texts)
    picture = {
        "kind": "waterfall",
        "form": form,
        "names": [name for name, _ in parts],
        "values": [value for _, value in parts],
        "base": float(shown.explanation["base"]),
    }
    return draw(picture, cache=cache)


def draw(picture: dict[str, Any], *, cache: Path) -> bytes:
    """Draw in a process of its own. `cache` is where matplotlib keeps its list of fonts."""
    cache.mkdir(parents=True, exist_ok=True)
    with _one_at_a_time:
        done = subprocess.run(
            [sys.executable, "-m", "models.drawing"],
            cwd=ROOT,
            env={"MPLBACKEND": "Agg", "MPLCONFIGDIR": str(cache)},  # and none of ours: it needs no secret
            input=json.dumps(picture).encode(),
            capture_output=True,
            timeout=LONGEST_S,
            check=False,
        )
    if done.returncode != 0:
        raise RuntimeError(f"A picture could not be drawn: {done.stderr.decode(errors='replace')[-2000:]}")
    return done.stdout
