"""`python -m models`: train the rankers from what the database holds now, and put them into service."""

import sys
from datetime import timedelta

from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from data.catalogue import fetch_types
from data.clock import read_shop_clock
from data.database import Database, read_fact
from data.errors import CandorError
from data.ranking_rows import count_product_buyers, fetch_training_rows
from data.shop import read_shop
from models.ranker import Shelf, publish_shelf, save_shelf
from models.statistics import RECENT_DAYS
from models.training import train_shelf
from settings import BadSetting, Settings, read_settings

FEATURED_DAYS = 3 * RECENT_DAYS


def main() -> int:
    """Parse, call, say what was done."""
    try:
        shelf = train(read_settings())
    except (BadSetting, CandorError) as error:
        print(f"Training stopped: {error}", file=sys.stderr)
        return 1
    print(
        f"Rankers {shelf.version}: {len(shelf.rankers)} forests from {shelf.facts['rows']:,} lines of {shelf.facts['buyers']:,} customers who agreed."
    )
    return 0


def train(settings: Settings) -> Shelf:
    """Train, save and publish a shelf."""
    shop = read_shop(settings.shop_file)
    database = Database(settings.database_url)
    with Progress(TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn()) as progress:
        task = progress.add_task("read what customers agreed to", total=None)

        def report(what: str, done: int, of: int) -> None:
            progress.update(task, description=what, completed=done - 1, total=of)

        with database.read() as connection:
            today = read_shop_clock(connection, shop.zone).today()
            rows = fetch_training_rows(connection, before=today, groups=shop.sensitive)
            types = fetch_types(connection)
            featured = count_product_buyers(
                connection,
                since=today - timedelta(days=FEATURED_DAYS),
                before=today,
                fewest_counted=shop.fewest_counted,
            )
            data_version = read_fact(connection, "data_version")
        shelf = train_shelf(
            rows,
            types,
            today=today,
            fewest_customers=shop.fewest_customers,
            fewest_counted=shop.fewest_counted,
            report=report,
        )
        shelf.facts.update(featured=_keep_first(featured), data_version=data_version)
        report("save the rankers", 1, 1)
    models = settings.var / "models"
    save_shelf(shelf, models / shelf.version)
    publish_shelf(models, shelf.version)
    database.close()
    return shelf


def _keep_first(featured: list[tuple[str, str, int]]) -> list[tuple[str, str, int]]:
    """The product of each type that most people bought."""
    best: dict[str, tuple[str, str, int]] = {}
    for row in featured:
        best.setdefault(row[0], row)
    return list(best.values())


if __name__ == "__main__":
    sys.exit(main())
