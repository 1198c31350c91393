"""`make bench-truth`: are the sentences true, the reasons the real ones, and the controls of effect?

On the demo shop with everybody's consent to purchases and offers (tests/agreeing.py), for the five offers of slot `home` of every
n-th customer, as served. "The main reason" is the one that the page names: the largest that counts for the offer and rests on
something the customer did. Each measure is worked out apart from the product's code: facts by SQL (tests/truth_facts.py), values by
brute force (tests/games.py), effects by changing a copy of the database and choosing again.
"""

import json
import sys
import tempfile
import time
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from data.catalogue import ProductType, fetch_types
from data.consent import PURPOSES, fetch_consents, record_consent
from data.impressions import Shown
from data.ranking_rows import fetch_own_rows
from models.candidates import build_own_rows
from models.explanation import find_main_reason
from models.features import FEATURES, GROUPS, SHOP
from models.ranker import Ranker, Shelf
from models.recommender import Recommender, Slate
from models.shapley import attribute
from models.training import RARE_RATE, SAMPLE_RATE
from tests.agreeing import Agreeing, copy_shop, open_agreeing_shop
from tests.benching import Row, read_commit, report
from tests.games import shapley_by_brute_force, value_coalitions, value_interventions
from tests.truth_controls import measure_controls
from tests.truth_facts import check_reason, open_raw

PEOPLE = 120
BRUTE = 100
DELETED = 250  # offers of measure 3
COMPARED = 200  # offers of measure 5
BACKGROUND, SEEDS = 500, (1, 2, 3)
KIND_SHARE = 0.05

_NUMBER = {group.name: number for number, group in enumerate(GROUPS)}
_GROUP_OF = {feature.name: _NUMBER[feature.group] for feature in FEATURES}
_PERSONAL = {number for group, number in _NUMBER.items() if next(g for g in GROUPS if g.name == group).category != SHOP}


@dataclass(frozen=True)
class Offered:
    """One offer as shown to one person, with the row of features it was scored by."""

    person_id: int
    shown: Shown
    row: NDArray[np.float64]

    @property
    def main(self) -> dict[str, Any] | None:
        return find_main_reason(self.shown.explanation)


def show_offers(
    shop: Agreeing, recommender: Recommender, ranker: Ranker, shelf: Shelf
) -> tuple[list[Offered], NDArray[np.float64]]:
    """Five offers for every n-th customer, and rows of candidates as training draws them."""
    people = shop.list_people()
    offered, candidates = [], []
    with shop.database.read() as connection:
        types = [one for one in fetch_types(connection) if one.sensitive is None]
        for person_id in people[:: max(1, len(people) // PEOPLE)]:
            slate = recommender.choose(connection, person_id=person_id, today=shop.today, limit=5)
            if not slate.personalized:
                continue
            frame = _build_rows(shop, connection, person_id, types, shelf)
            candidates.append(ranker.make_matrix(_draw(frame, person_id)))
            for shown in slate.shown:
                one = ranker.make_matrix(frame.filter(pl.col("type_id") == shown.type_id))[0]
                offered.append(Offered(person_id, shown, one))
    return offered, np.concatenate(candidates)


def _draw(frame: pl.DataFrame, seed: int) -> pl.DataFrame:
    """As training does: what was bought often, a part of what was bought seldom, a sample of the rest."""
    often, never = pl.col("days_364") > 2, pl.col("days_364") == 0
    seldom = frame.filter(~often & ~never).sample(fraction=RARE_RATE, seed=seed)
    return pl.concat([frame.filter(often), seldom, frame.filter(never).sample(fraction=SAMPLE_RATE, seed=seed)])


def _build_rows(
    shop: Agreeing, connection: Any, person_id: int, types: list[ProductType], shelf: Shelf
) -> pl.DataFrame:
    own = fetch_own_rows(connection, person_id, fetch_consents(connection, person_id), before=shop.today)
    return build_own_rows(types, own, shelf, shop.today, types=types)


def measure_sums(ranker: Ranker, offered: list[Offered]) -> float:
    """1: the parts add up to the score, and each group's value is the one of brute force."""
    dump = ranker.booster.dump_model()
    groups = [_GROUP_OF[column] for column in ranker.columns]
    errors = []
    for one in offered:
        told = one.shown.explanation
        parts = told["base"] + sum(reason["contribution"] for reason in told["reasons"]) + told["remainder"]
        errors += [abs(parts - told["score"]), abs(told["score"] - _predict(ranker, one.row[None, :])[0])]
    incomplete = sorted(offered, key=lambda one: -int(np.isnan(one.row).sum()))[:BRUTE]
    for one, values in zip(
        incomplete, attribute(ranker.forest, np.array([one.row for one in incomplete])), strict=True
    ):
        exact = shapley_by_brute_force(value_coalitions(dump, one.row, groups))
        errors += [abs(values[group] - value) for group, value in exact.items()]
        named = {_NUMBER[reason["reason_id"]] for reason in one.shown.explanation["reasons"]}
        rest = sum(value for group, value in exact.items() if group not in named)
        errors.append(abs(rest - one.shown.explanation["remainder"]))
    return float(max(errors))


def measure_facts(shop: Agreeing, offered: list[Offered]) -> tuple[float, list[str]]:
    """2: share of reasons of which every fact, row and word is true, and what was false."""
    faults: list[str] = []
    true = total = 0
    with closing(open_raw(shop.folder / "candor.db")) as base:
        for one in offered:
            for reason in one.shown.explanation["reasons"]:
                found = check_reason(base, reason, person_id=one.person_id, type_id=one.shown.type_id, today=shop.today)
                total += 1
                true += not found
                faults += found
    return true / total, faults


def measure_deletion(shop: Agreeing, offered: list[Offered]) -> tuple[float, Counter[str]]:
    """3: share of offers that leave the slate once the rows behind their main reason are gone, and which kinds stayed."""
    led = [one for one in offered if one.main is not None]
    led = led[:: max(1, len(led) // DELETED)]
    left = 0
    stayed: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        copy = copy_shop(shop, Path(folder))
        recommender = copy.make_recommender()
        for one in led:
            main = one.main or {}
            with copy.database.engine.connect() as connection:
                transaction = connection.begin()
                for row in main["evidence"]["rows"]:
                    table, key = row["table"], {"order_lines": "line_id", "offer_events": "event_id"}[row["table"]]
                    connection.exec_driver_sql(f"DELETE FROM {table} WHERE {key} = ?", (row["id"],))
                slate = recommender.choose(connection, person_id=one.person_id, today=copy.today, limit=5)
                transaction.rollback()
            if one.shown.type_id in {shown.type_id for shown in slate.shown}:
                stayed[main["reason_id"]] += 1
            else:
                left += 1
        copy.database.close()
    return left / len(led), stayed


def measure_faithfulness(ranker: Ranker, offered: list[Offered]) -> tuple[float, float]:
    """4: how much more the score drops without the main reason than without one at random (comprehensiveness), and how much
    less is lost by keeping the two largest than two at random (sufficiency); DeYoung et al. 2020, ERASER, with the forest's own
    expectation for what is taken away."""
    dump = ranker.booster.dump_model()
    groups = [_GROUP_OF[column] for column in ranker.columns]
    led = [one for one in offered if one.main is not None]
    top = other = kept = kept_other = 0.0
    for one in led[:: max(1, len(led) // BRUTE)]:
        worth = value_coalitions(dump, one.row, groups)
        everything = max(worth, key=len)
        whole = worth[everything]
        values = shapley_by_brute_force(worth)
        main = _NUMBER[(one.main or {})["reason_id"]]
        top += whole - worth[everything - {main}]
        other += float(np.mean([whole - worth[everything - {group}] for group in everything]))
        two = frozenset(sorted(values, key=lambda group: -abs(values[group]))[:2])
        pairs = [frozenset(pair) for pair in combinations(sorted(everything), 2)]
        kept += abs(whole - worth[two])
        kept_other += float(np.mean([abs(whole - worth[pair]) for pair in pairs]))
    return top / other, kept / kept_other


def measure_agreement(ranker: Ranker, offered: list[Offered], candidates: NDArray[np.float64]) -> tuple[float, float]:
    """5: share of offers whose main reason is the same by the path-dependent and the interventional game; the same over backgrounds."""
    groups = [_GROUP_OF[column] for column in ranker.columns]
    led = [one for one in offered if one.main is not None]
    led = led[:: max(1, len(led) // COMPARED)]
    same = alike = 0
    for one in led:
        names = []
        for seed in SEEDS:
            drawn = np.random.default_rng(seed).choice(len(candidates), BACKGROUND, replace=False)
            worth = value_interventions(ranker.booster, one.row, candidates[drawn], groups)
            names.append(_find_main(shapley_by_brute_force(worth), one))
        same += names[0] == (one.main or {})["reason_id"]
        alike += len(set(names)) == 1
    return float(same / len(led)), float(alike / len(led))


def measure_jitter(ranker: Ranker, offered: list[Offered]) -> float:
    """6a: share of offers with the same main reason when every number of the row is off by about 1 %."""
    led = [one for one in offered if one.main is not None]
    rng = np.random.default_rng(7)
    rows = np.array([one.row for one in led])
    shaken = attribute(ranker.forest, rows * (1 + 0.01 * rng.standard_normal(rows.shape)))
    names = [_find_main(dict(enumerate(values)), one) for values, one in zip(shaken, led, strict=True)]
    return float(np.mean([name == (one.main or {})["reason_id"] for name, one in zip(names, led, strict=True)]))


def measure_retraining(shop: Agreeing, offered: list[Offered], older: Shelf) -> float:
    """6b: share of offers with the same main reason by the shelf of a week before."""
    ranker = older.rankers[max(older.rankers, key=len)]
    same = []
    with shop.database.read() as connection:
        types = [one for one in fetch_types(connection) if one.sensitive is None]
        people = sorted({one.person_id for one in offered})
        frames = {person: _build_rows(shop, connection, person, types, older) for person in people}
    for one in offered:
        if one.main is None:
            continue
        row = ranker.make_matrix(frames[one.person_id].filter(pl.col("type_id") == one.shown.type_id))
        same.append(_find_main(dict(enumerate(attribute(ranker.forest, row)[0])), one) == one.main["reason_id"])
    return float(np.mean(same))


def measure_withheld(shop: Agreeing, offered: list[Offered], shelf: Shelf) -> float:
    """7: share of people for whom a withheld category is no column, is not told as used, and changes nothing when its tables are emptied."""
    tables = {"purchases": "order_lines", "offers": "offer_events"}
    people = sorted({one.person_id for one in offered})[::4]
    kept = checked = 0
    for withheld, table in tables.items():
        with tempfile.TemporaryDirectory() as folder:
            copy = copy_shop(shop, Path(folder))
            recommender = copy.make_recommender()
            with copy.database.write() as connection:
                for person_id in people:
                    record_consent(
                        connection,
                        person_id,
                        withheld,
                        granted=False,
                        purposes=PURPOSES,
                        at="2018-01-01T15:00:00.000000Z",
                        source="page",
                        lang="en",
                        known=copy.shop.categories,
                    )
            before = _choose_all(recommender, copy, people)
            with copy.database.write() as connection:
                connection.exec_driver_sql(f"DELETE FROM {table}")
            after = _choose_all(recommender, copy, people)
            copy.database.close()
        for old, new in zip(before, after, strict=True):
            checked += 1
            mentioned = any(
                withheld in shown.explanation["categories_used"]
                or any(reason["category"] == withheld for reason in shown.explanation["reasons"])
                for shown in old.shown
            )
            kept += _dump(old) == _dump(new) and not mentioned
    columns = {feature.name: feature.categories for feature in FEATURES}
    clean = all(columns[name] <= ranker.consents for ranker in shelf.list_rankers() for name in ranker.columns)
    return kept / checked if clean else 0.0


def _choose_all(recommender: Recommender, shop: Agreeing, people: list[int]) -> list[Slate]:
    with shop.database.read() as connection:
        return [recommender.choose(connection, person_id=one, today=shop.today, limit=5) for one in people]


def _dump(slate: Slate) -> str:
    return json.dumps([[shown.offer, shown.explanation] for shown in slate.shown], sort_keys=True)


def _find_main(values: dict[int, float], one: Offered) -> str:
    """The group that would lead, by other values: the largest that counts for it, of those that rest on rows."""
    rows = {reason["reason_id"]: reason["evidence"]["rows"] for reason in one.shown.explanation["reasons"]}
    may = [
        group.name
        for number, group in enumerate(GROUPS)
        if number in _PERSONAL and values.get(number, 0.0) > 0 and rows.get(group.name, True)
    ]
    return max(may, key=lambda name: values[_NUMBER[name]], default="")


def _predict(ranker: Ranker, rows: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(ranker.booster.predict(rows, raw_score=True, num_threads=1))


def main() -> int:
    """Measure, print, write."""
    commit = read_commit()
    with tempfile.TemporaryDirectory() as folder, open_agreeing_shop(Path(folder)) as shop:
        print("Everybody agreed to purchases and offers here; training twice first, a week apart.", flush=True)
        older = shop.train(shop.today - timedelta(days=7))
        shelf = shop.train()
        ranker = shelf.rankers[max(shelf.rankers, key=len)]
        recommender = shop.make_recommender()
        offered, candidates = show_offers(shop, recommender, ranker, shelf)
        kinds = Counter(one.main["reason_id"] for one in offered if one.main is not None)
        say = _Clock()
        truth, faults = measure_facts(shop, offered)
        say("facts")
        for fault in faults[:20]:
            print(f"  false: {fault}")
        left, stayed = measure_deletion(shop, offered)
        say("deletion")
        comprehensive, sufficient = measure_faithfulness(ranker, offered)
        say("faithfulness")
        agreed, alike = measure_agreement(ranker, offered, candidates)
        say("agreement")
        error = measure_sums(ranker, offered)
        say("sums")
        jitter, retrained = measure_jitter(ranker, offered), measure_retraining(shop, offered, older)
        say("jitter and retraining")
        withheld = measure_withheld(shop, offered, shelf)
        say("withheld categories")
        controls = measure_controls(shop, offered_to=sorted({one.person_id for one in offered}))
        say("controls")
        rows = [
            Row("truth.1", error, "log-odds", 1e-9),
            Row("truth.2", truth, "share of reasons", 1.0, is_most=False, against={"reasons": _count_reasons(offered)}),
            Row("truth.3", left, "share of offers", 0.95, is_most=False, against=_share(stayed, sum(kinds.values()))),
            Row("truth.4", comprehensive, "times a random reason", 3.0, is_most=False),
            Row("truth.4.sufficiency", sufficient, "of two random reasons' loss", 0.40),
            Row("truth.5", agreed, "share of offers", 0.95, is_most=False),
            Row("truth.5.backgrounds", alike, "share of offers", 0.95, is_most=False),
            Row("truth.6", jitter, "share of offers", 0.98, is_most=False),
            Row("truth.6.retrained", retrained, "share of offers", 0.90, is_most=False),
            Row("truth.7", withheld, "share of people", 1.0, is_most=False),
            Row("truth.coverage", sum(kinds.values()) / len(offered), "share of offers", 0.80, is_most=False),
            Row(
                "truth.kinds",
                float(sum(count >= KIND_SHARE * sum(kinds.values()) for count in kinds.values())),
                "kinds",
                4.0,
                is_most=False,
                against=_share(kinds, sum(kinds.values())),
            ),
            *controls,
            Row("truth.offers", float(len(offered)), "offers"),
        ]
    return report("truth", rows, command="make bench-truth", commit=commit)


class _Clock:
    """Says what is done, and how long it took."""

    def __init__(self) -> None:
        self._since = time.monotonic()

    def __call__(self, what: str) -> None:
        print(f"  {what}: {time.monotonic() - self._since:.0f} s", flush=True)
        self._since = time.monotonic()


def _count_reasons(offered: list[Offered]) -> float:
    return float(sum(len(one.shown.explanation["reasons"]) for one in offered))


def _share(counts: Counter[str], of: int) -> dict[str, float]:
    return {name: count / of for name, count in counts.most_common()}


if __name__ == "__main__":
    sys.exit(main())
