"""`make weights`: what the groups of features weigh in the version that serves, over many offers: a page with two pictures and their tables.

Candidates of customers who agreed to `train` are scored by the ranker with the most columns, and the exact value of each group is drawn: a
beeswarm of all groups, and for the group that weighs most how its value depends on its leading column. The colour is the leading column of
each group, one of several that the group is made of. The points are of nobody by name, but each is of somebody: the page is for the owner.
"""

import base64
import sys
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from jinja2 import Environment
from markupsafe import Markup
from numpy.typing import NDArray

from data.catalogue import ProductType, fetch_types
from data.clock import read_shop_clock
from data.database import open_database
from data.errors import CandorError
from data.ranking_rows import RankingRows, fetch_training_rows
from data.shop import read_shop
from data.texts import load_texts
from models.parameters import draw_features, measure_parameters, save_parameters
from models.pictures import draw, draw_waterfall
from models.ranker import Ranker, Shelf, find_current, load_shelf
from models.reasons import RESTS_ON
from models.recommender import Recommender
from settings import BadSetting, Settings, read_settings

LEADING = {group: columns[0] for group, columns in RESTS_ON.items()} | {"popular": "buyers_28"}
QUANTILES = (0.05, 0.5, 0.95)
BINS = 5


class NothingToDraw(CandorError):
    """No version serves, or too few customers agreed."""


@dataclass(frozen=True)
class Weights:
    """Values of groups over many candidates.

    Attributes
    ----------
    values
        Exact Shapley values in log-odds, a row a candidate, a column a group of `names`.
    leading
        The leading column of each group, in the same shape.
    """

    version: str
    people: int
    names: tuple[str, ...]
    base: float
    values: NDArray[np.float64]
    leading: NDArray[np.float64]


def find_widest(shelf: Shelf) -> Ranker | None:
    """The ranker with the most columns: the one that the pictures are of."""
    return max(shelf.rankers.values(), key=lambda one: len(one.columns), default=None)


def measure_weights(shelf: Shelf, rows: RankingRows, types: list[ProductType], *, fewest_customers: int) -> Weights:
    """Attribute the scores of drawn candidates of drawn customers."""
    ranker, buyers = find_widest(shelf), {line[0] for line in rows.lines}
    if ranker is None or len(buyers) < fewest_customers:
        raise NothingToDraw(f"{len(buyers):,} customers can be drawn from, and {fewest_customers} are needed.")
    features = draw_features(shelf, rows, types)
    base, told = ranker.attribute(features)
    names = tuple(told[0])
    values = np.array([[row[name] for name in names] for row in told], np.float64)
    leading = features.select(LEADING[name] for name in names).cast(pl.Float64).fill_null(0.0).to_numpy()
    return Weights(shelf.version, features["person_id"].n_unique(), names, base, values, leading)


def list_weights(weights: Weights) -> list[dict[str, Any]]:
    """A row a group, the heaviest first: its mean size and the middle nine tenths of its values."""
    rows = [
        {"group": name, "size": float(np.abs(values).mean()), "quantiles": np.quantile(values, QUANTILES).tolist()}
        for name, values in zip(weights.names, weights.values.T, strict=True)
    ]
    return sorted(rows, key=lambda row: -row["size"])


def list_dependence(weights: Weights, group: str) -> list[dict[str, Any]]:
    """How a group's value goes with its leading column: so many candidates in each range, and the median value there."""
    column = weights.names.index(group)
    by, values = weights.leading[:, column], weights.values[:, column]
    edges = np.unique(np.quantile(by, np.linspace(0, 1, BINS + 1)))
    if len(edges) == 1:
        return [{"low": float(by[0]), "high": float(by[0]), "count": len(by), "median": float(np.median(values))}]
    rows = []
    for low, high in pairwise(edges):
        inside = (by >= low) & ((by <= high) if high == edges[-1] else (by < high))
        if inside.any():
            median = float(np.median(values[inside]))
            rows.append({"low": float(low), "high": float(high), "count": int(inside.sum()), "median": median})
    return rows


def draw_weights(weights: Weights, *, cache: Path) -> dict[str, bytes]:
    """The beeswarm of all groups, and the dependence of the heaviest, as PNG."""
    heaviest = str(list_weights(weights)[0]["group"])
    common = {
        "form": "png",
        "names": weights.names,
        "values": weights.values.tolist(),
        "data": weights.leading.tolist(),
        "base": weights.base,
    }
    column = weights.names.index(heaviest)
    depends = {"column": column, "x": f"{LEADING[heaviest]}", "y": f"value of {heaviest} (log-odds)"}
    swarm = {"x": "value of the group (log-odds)", "bar": "leading column of the group"}
    return {
        "beeswarm": draw(common | {"kind": "beeswarm"} | swarm, cache=cache),
        "dependence": draw(common | {"kind": "dependence"} | depends, cache=cache),
    }


def build_page(weights: Weights, pictures: dict[str, bytes], *, shop_name: str) -> str:
    """The page as text, each picture beside the table that says the same."""
    environment = Environment(autoescape=True, trim_blocks=True)
    environment.filters["picture"] = _embed
    template = environment.from_string((Path(__file__).parent / "weights_report.html").read_text(encoding="utf-8"))
    rows = list_weights(weights)
    heaviest = rows[0]["group"]
    return template.render(
        weights=weights,
        count=len(weights.values),
        rows=rows,
        heaviest=heaviest,
        leading=LEADING,
        dependence=list_dependence(weights, heaviest),
        pictures=pictures,
        shop_name=shop_name,
    )


def _embed(picture: bytes) -> Markup:
    return Markup("data:image/png;base64,{}").format(base64.b64encode(picture).decode())


def run(settings: Settings, *, with_example: bool = False) -> tuple[Path, dict[str, bytes]]:
    """Write `reports/weights-<version>.html` about the version that serves; gives back the page and its pictures.

    With an example there is a waterfall too: the first offer of the first customer to whom something personal is shown today.
    """
    shop = read_shop(settings.shop_file)
    version = find_current(settings.var / "models")
    if version is None:
        raise NothingToDraw("No version serves yet. Run `make train` first.")
    shelf = load_shelf(settings.var / "models" / version)
    database = open_database(settings.database_url, keys_url=settings.keys_url, key_file=settings.key_file)
    with database.read() as connection:
        today = read_shop_clock(connection, shop.zone).today()
        rows = fetch_training_rows(
            connection, before=min(today, shelf.cut), groups=shop.sensitive, purchase_days=shop.purchase_days
        )
        types = fetch_types(connection)
    cache = settings.var / "matplotlib"
    save_parameters(
        measure_parameters(shelf, rows, types, fewest_customers=shop.fewest_customers),
        settings.var / "models" / version,
    )
    weights = measure_weights(shelf, rows, types, fewest_customers=shop.fewest_customers)
    pictures = draw_weights(weights, cache=cache)
    folder = settings.var / "reports"
    folder.mkdir(parents=True, exist_ok=True)
    page = folder / f"weights-{version}.html"
    page.write_text(build_page(weights, pictures, shop_name=shop.name), encoding="utf-8")
    if with_example:
        texts = load_texts(settings.texts, shop.languages[0])
        recommender = Recommender(settings.var / "models", shop, texts)
        with database.read() as connection:
            slates = (
                recommender.choose(connection, person_id=person_id, today=today, limit=1)
                for person_id in sorted({line[0] for line in rows.lines})
            )
            shown = next(slate.shown[0] for slate in slates if slate.personalized)
        pictures["waterfall"] = draw_waterfall(shown, texts, cache=cache, form="png")
    database.close()
    return page, pictures


def main() -> int:
    """Draw, write, say where it lies; with a folder named, put the pictures there too."""
    try:
        page, pictures = run(read_settings(), with_example=len(sys.argv) > 1)
    except (BadSetting, CandorError) as error:
        print(f"Nothing was drawn: {error}", file=sys.stderr)
        return 1
    for folder in sys.argv[1:]:
        for name, picture in pictures.items():
            (Path(folder) / f"{name}.png").write_bytes(picture)
    print(f"Report: {page}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
