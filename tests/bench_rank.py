"""`make bench-rank`: the ranker against what it has to beat, each tuned on the same validation cut.

Task A: at a cut, for every household active in the last 84 days, rank the product types that at least 20 households had
bought by what it will buy in the next 28 days, from what happened before the cut only. The rankers are trained as for
serving (`train_shelf` with the cut as today): the recipe was chosen on the validation cut, and at a test cut it learns from
windows that had closed by then, the validation cut's among them. The row `lightgbm_until_validation` leaves that window out.

Task B, coupon campaigns, is in `bench_rank_campaigns.py`.

Prints a table, writes `var/bench/rank.json`, and exits 1 when a promised limit is broken. Sizes as arguments (`SCALE="1 4 16"`)
add how time and memory grow.
"""

import sys
import time
from datetime import date

import numpy as np
import polars as pl
from numpy.typing import NDArray

from data.ranking_rows import RankingRows
from models.evaluation import TopTen, average, bootstrap_difference, measure_calibration, measure_top
from models.ranker import Ranker, Shelf
from models.statistics import EVENTS, LINES
from models.training import train_shelf
from tests.bench_rank_baselines import Tuned, list_allowed, tune
from tests.bench_rank_campaigns import measure_campaigns
from tests.bench_rank_data import BenchShop, Cut, load_shop
from tests.bench_rank_growth import measure_growth
from tests.benching import Row, read_commit, report

VALIDATION = date(2017, 10, 8)
LAST_OF_TRAINING = date(2017, 9, 10)
TESTS = (date(2017, 11, 5), date(2017, 12, 3))
SEGMENTS = ("all", "repeat", "explore")
EVERYTHING = frozenset({"purchases", "offers"})
OURS = "lightgbm"
PEOPLE_AT_ONCE = 400
TIMES_HEURISTIC = 1.03
TIMES_FILTER = 1.20
CALIBRATION_OFF = 0.05
DATA = "the demo's source package; frames of the benchmark's own in which everybody has agreed"

Figures = dict[str, dict[str, TopTen]]
"""by model and segment"""


def main() -> int:
    """Measure, print, write."""
    commit = read_commit()
    started = time.perf_counter()
    shop = load_shop()
    tell(f"{shop.lines.height:,} lines of {shop.lines['person_id'].n_unique():,} households; everybody has agreed")
    baselines = tune(Cut(shop, VALIDATION))
    for baseline in baselines:
        tell(f"{baseline.name} {baseline.settings} on validation: {baseline.validation:.4f}")
    rows: list[Row] = []
    for day in TESTS:
        rows += measure_cut(shop, Cut(shop, day), baselines)
        tell(f"{day} after {time.perf_counter() - started:.0f} s")
    rows += measure_campaigns()
    tell(f"campaigns after {time.perf_counter() - started:.0f} s")
    sizes = [int(size) for size in sys.argv[1:]]
    rows += [Row(name, value, "s" if name.endswith("_s") else "MB") for name, value in measure_growth(sizes).items()]
    about = {"data": DATA, "seconds": round(time.perf_counter() - started)}
    return report("rank", rows, command="make bench-rank", commit=commit, about=about)


def tell(what: str) -> None:
    """A line of progress."""
    print(what, flush=True)


def measure_cut(shop: BenchShop, cut: Cut, baselines: list[Tuned]) -> list[Row]:
    """Every row of one test cut."""
    own, some = shop.before(cut.day), shop.before(cut.day, people=shop.agreed)
    shelf = train(own, shop, cut.day)
    tell(f"{cut.day}: {len(shelf.rankers)} rankers trained")
    earlier = train(own, shop, cut.day, last_cut=LAST_OF_TRAINING)
    few = train(some, shop, cut.day)
    forests = [shelf.rankers[consents] for consents in sorted(shelf.rankers, key=sorted)]
    matrices = score_all([*forests, earlier.rankers[EVERYTHING]], shelf, own, cut)
    scores = dict(zip(sorted(shelf.rankers, key=sorted), matrices, strict=False))
    all_scores = {
        OURS: scores[EVERYTHING],
        "lightgbm_until_validation": matrices[-1],
        "lightgbm_of_70_percent": score_all([few.rankers[EVERYTHING]], few, own, cut)[0],
    }
    all_scores |= {baseline.name: baseline.score(cut) for baseline in baselines}
    allowed = list_allowed(cut)
    figures: Figures = {
        name: {segment: measure_top(matrix, cut.happened, allowed[segment]) for segment in SEGMENTS}
        for name, matrix in all_scores.items()
    }
    label = f"a.{cut.day:%m%d}"
    rows = []
    for segment in SEGMENTS:
        for measure in ("ndcg10", "recall10", "hit10"):
            values = {name: average(getattr(by[segment], measure)) for name, by in figures.items()}
            rows += [Row(f"{label}.{measure}.{segment}.{name}", value, "") for name, value in values.items()]
    rows += compare(figures, label, "all", ("popularity", "frequency", "heuristic"), TIMES_HEURISTIC)
    rows += compare(figures, label, "explore", ("knn", "als"), TIMES_FILTER)
    for consents, matrix in scores.items():
        value, name = measure_calibration(matrix, cut.happened), "+".join(sorted(consents))
        rows.append(Row(f"{label}.calibration.all.{name}", value, "times"))
        rows.append(Row(f"{label}.calibration_off.all.{name}", abs(value - 1), "", target=CALIBRATION_OFF))
    return rows


def compare(figures: Figures, label: str, segment: str, others: tuple[str, ...], times: float) -> list[Row]:
    """Our NDCG over the best of the others, and the interval of the difference."""
    ours = figures[OURS][segment].ndcg10
    best = max(others, key=lambda name: average(figures[name][segment].ndcg10))
    theirs = figures[best][segment].ndcg10
    low, high = bootstrap_difference(ours, theirs)
    ratio = average(ours) / average(theirs)
    against = {best: average(theirs)}
    return [
        Row(f"{label}.ndcg10_times.{segment}.{OURS}", ratio, "times", target=times, is_most=False, against=against),
        Row(f"{label}.ndcg10_gain_low.{segment}.{OURS}", low, "", target=0.0, is_most=False, against=against),
        Row(f"{label}.ndcg10_gain_high.{segment}.{OURS}", high, "", against=against),
    ]


def train(rows: RankingRows, shop: BenchShop, day: date, *, last_cut: date | None = None) -> Shelf:
    """A shelf as for serving, with a cut as today."""
    return train_shelf(rows, shop.types, today=day, fewest_customers=20, fewest_counted=5, last_cut=last_cut)


def score_all(rankers: list[Ranker], shelf: Shelf, own: RankingRows, cut: Cut) -> list[NDArray[np.float32]]:
    """What each ranker gives every household and type of a cut, in log-odds, beside the statistics of a shelf."""
    catalogue = cut.shop.catalogue
    ranked = catalogue.filter(pl.col("type_id").is_in(cut.kinds.implode()))
    lines = pl.DataFrame(own.lines, schema=LINES, orient="row").join(catalogue, on="type_id")
    events = pl.DataFrame(own.events, schema=EVENTS, orient="row").join(catalogue, on="type_id")
    found: list[list[NDArray[np.float32]]] = [[] for _ in rankers]
    for start in range(0, len(cut.people), PEOPLE_AT_ONCE):
        people = pl.DataFrame({"person_id": cut.people[start : start + PEOPLE_AT_ONCE]})
        rows = shelf.builder.build(
            pairs=people.join(ranked, how="cross"),
            lines=lines.join(people, on="person_id", how="semi"),
            events=events.join(people, on="person_id", how="semi"),
            cut=cut.day,
        )
        for scores, ranker in zip(found, rankers, strict=True):
            scores.append(ranker.score(rows).reshape(-1, ranked.height).astype(np.float32))
    return [np.vstack(scores) for scores in found]


if __name__ == "__main__":
    sys.exit(main())
