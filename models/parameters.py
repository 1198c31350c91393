"""What orders offers, and how much each thing weighs: measured at training beside each version, told in public (`/how-it-works`).

The weight of a group of features is the mean size of its exact Shapley value, in log-odds, over drawn candidates of drawn customers who
agreed to `train` (`draw_features`), as a share of the sum over all groups. 0 means that it never moved a score. Such a mean is of the
ranker and of nobody.
"""

import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from data.catalogue import ProductType
from data.ranking_rows import Line, RankingRows
from models.candidates import frame_types
from models.ranker import Ranker, Shelf
from models.statistics import EVENTS, LINES
from models.training import SEED

FILE = "parameters.json"
MOST_PEOPLE = 60
EACH = 20  # candidates a customer: half of them bought before, as far as there are


def measure_parameters(
    shelf: Shelf, rows: RankingRows, types: list[ProductType], *, fewest_customers: int
) -> dict[str, Any]:
    """`{version, people, offers, sets: [{slot, consents, parameters: [{group, share}]}]}`; no sets where too few customers can be drawn from."""
    told = {"version": shelf.version, "people": 0, "offers": 0, "sets": []}
    if not shelf.rankers or len({line[0] for line in rows.lines}) < fewest_customers:
        return told
    features = draw_features(shelf, rows, types)
    sets = [
        {"slot": slot, "consents": sorted(consents), "parameters": _weigh(ranker, features)}
        for slot, rankers in (("any", shelf.rankers), ("coupons", shelf.coupon_rankers))
        for consents, ranker in rankers.items()
    ]
    return told | {"people": features["person_id"].n_unique(), "offers": len(features), "sets": sets}


def _weigh(ranker: Ranker, features: pl.DataFrame) -> list[dict[str, Any]]:
    _, told = ranker.attribute(features)
    sizes = {name: float(np.abs([row[name] for row in told]).mean()) for name in told[0]}
    whole = sum(sizes.values())
    rows = [{"group": name, "share": size / whole if whole else 0.0} for name, size in sizes.items()]
    return sorted(rows, key=lambda row: (-row["share"], row["group"]))


def save_parameters(parameters: dict[str, Any], directory: Path) -> None:
    """Write them beside the version."""
    (directory / FILE).write_text(json.dumps(parameters, indent=1), encoding="utf-8")


def load_parameters(directory: Path) -> dict[str, Any] | None:
    """Read them back; None for a version that was trained before they were measured."""
    try:
        told: dict[str, Any] = json.loads((directory / FILE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return told


def draw_features(shelf: Shelf, rows: RankingRows, types: list[ProductType]) -> pl.DataFrame:
    """Features of drawn candidates of drawn customers, the same draw each time."""
    by_person: dict[int, list[Line]] = {}
    for line in rows.lines:
        by_person.setdefault(line[0], []).append(line)
    rng = random.Random(SEED)
    people = rng.sample(sorted(by_person), min(MOST_PEOPLE, len(by_person)))
    eligible = sorted(thing.type_id for thing in types if thing.sensitive is None)
    pairs = []
    for person_id in people:
        bought = sorted({line[2] for line in by_person[person_id]}.intersection(eligible))
        mine = rng.sample(bought, min(EACH // 2, len(bought)))
        others = [type_id for type_id in eligible if type_id not in bought]
        mine += rng.sample(others, min(EACH - len(mine), len(others)))
        pairs += [(person_id, type_id) for type_id in mine]
    catalogue, drawn = frame_types(types), set(people)
    events = [event for event in rows.events if event[0] in drawn]
    return shelf.builder.build(
        pairs=pl.DataFrame(pairs, schema={"person_id": pl.Int64, "type_id": pl.String}, orient="row").join(
            catalogue, on="type_id", maintain_order="left"
        ),
        lines=pl.DataFrame([one for p in people for one in by_person[p]], schema=LINES, orient="row").join(
            catalogue, on="type_id"
        ),
        events=pl.DataFrame(events, schema=EVENTS, orient="row").join(catalogue, on="type_id"),
        cut=shelf.cut,
    )
