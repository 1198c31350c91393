"""How time and memory grow: the shop 1, 4 and 16 times over, each in a process of its own so that its peak is its own.

`python -m tests.bench_rank_growth 4` measures one size and prints it as JSON; `make bench-rank SCALE="1 4 16"` adds the rows.
"""

import json
import resource
import subprocess
import sys
import time
from typing import Any

import polars as pl

from data.ranking_rows import RankingRows
from models.training import train_shelf
from tests.bench_rank_data import load_shop

DAY = "2018-01-01"
APART = 1_000_000  # between the numbers of a household and of its copy


def measure_growth(sizes: list[int]) -> dict[str, float]:
    """`scale.<n>x.train_s`, `.train_cpu_s` and `.memory_mb` of each size."""
    figures: dict[str, float] = {}
    for size in sizes:
        done = subprocess.run(
            [sys.executable, "-m", "tests.bench_rank_growth", str(size)], capture_output=True, text=True, check=True
        )
        figures |= json.loads(done.stdout.splitlines()[-1])
    return figures


def train_copies(times: int) -> dict[str, float]:
    """Build features and train every ranker for a shop with each household `times` over."""
    shop = load_shop()
    events = _copy(shop.events, times)
    rows = RankingRows(
        frozenset({"purchases", "offers"}),
        _copy(shop.lines, times).rows(),
        events.rows(),
        frozenset(events["event_id"]),
    )
    today = pl.Series([DAY]).str.to_date()[0]
    started, begun = time.perf_counter(), time.process_time()
    shelf = train_shelf(rows, shop.types, today=today, fewest_customers=20, fewest_counted=5)
    seconds, worked = time.perf_counter() - started, time.process_time() - begun
    assert shelf.rankers
    peak: Any = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    unit = 1024 if sys.platform != "darwin" else 1024 * 1024
    return {
        f"scale.{times}x.train_s": round(seconds, 1),
        f"scale.{times}x.train_cpu_s": round(worked, 1),
        f"scale.{times}x.memory_mb": round(peak / unit),
    }


def _copy(frame: pl.DataFrame, times: int) -> pl.DataFrame:
    return pl.concat([frame.with_columns(pl.col("person_id") + APART * number) for number in range(times)])


if __name__ == "__main__":
    print(json.dumps(train_copies(int(sys.argv[1]))))
