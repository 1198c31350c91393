"""`python -m models`: train the rankers from what the database holds now, audit them, and put them into service if they may.

Train, audit, decide, publish. A version that is refused stays in its folder, with the verdict beside it, and the one before keeps
serving; that is a success of this command, and it says so.
"""

import sys
from collections.abc import Callable
from datetime import date, timedelta

from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from data.catalogue import fetch_types
from data.clock import read_shop_clock
from data.database import Database, open_database, read_fact
from data.ended_uses import find_first_end
from data.erasure import prepare_database
from data.errors import CandorError
from data.ranking_rows import count_product_buyers, fetch_training_rows
from data.shop import Shop, read_shop
from data.texts import load_texts
from models.audit import Audit, audit_version, keep_record, open_version
from models.audit_report import write_report
from models.backtest import measure_offers
from models.card import write_card
from models.gate import decide, load_comparable
from models.observing import AFTER_DAYS, MODEL, observe
from models.parameters import measure_parameters, save_parameters
from models.ranker import Shelf, find_current, find_read_at, publish_shelf, save_shelf
from models.standing import Verdict, save_verdict, say_verdict
from models.statistics import RECENT_DAYS
from models.training import train_shelf
from settings import BadSetting, Settings, read_settings

FEATURED_DAYS = 3 * RECENT_DAYS


def main() -> int:
    """Parse, call, say what was done."""
    try:
        shelf, verdict = train(read_settings())
    except (BadSetting, CandorError) as error:
        print(f"Training stopped: {error}", file=sys.stderr)
        return 1
    print(
        f"Rankers {shelf.version}: {len(shelf.list_rankers())} forests from {shelf.facts['rows']:,} lines of {shelf.facts['buyers']:,} customers who agreed."
    )
    print("\n".join(say_verdict(verdict)))
    return 0


def train(settings: Settings) -> tuple[Shelf, Verdict]:
    """Train a shelf and save it, audit it, and publish it if it may serve."""
    shop = read_shop(settings.shop_file)
    database = open_database(settings.database_url, keys_url=settings.keys_url, key_file=settings.key_file)
    prepare_database(database, shop.zone)
    with Progress(TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn()) as progress:
        task = progress.add_task("read what customers agreed to", total=None)

        def report(what: str, done: int, of: int) -> None:
            progress.update(task, description=what, completed=done - 1, total=of)

        with database.read() as connection:
            clock = read_shop_clock(connection, shop.zone)
            today, read_at = clock.today(), clock.stamp()
            rows = fetch_training_rows(
                connection, before=today, groups=shop.sensitive, purchase_days=shop.purchase_days
            )
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
            rehearse=True,
            report=report,
        )
        report("test on what was bought later", 1, 1)
        tested = measure_offers(shelf.rehearsal, rows, types, shop) if shelf.rehearsal is not None else None
        shelf.facts.update(featured=_keep_first(featured), data_version=data_version, tested=tested, read_at=read_at)
        report("save the rankers", 1, 1)
        models = settings.var / "models"
        save_shelf(shelf, models / shelf.version)
        report("weigh what orders the offers", 1, 1)
        parameters = measure_parameters(shelf, rows, types, fewest_customers=shop.fewest_customers)
        save_parameters(parameters, models / shelf.version)
        audit, verdict = judge(database, settings, shop, shelf, today=today, report=report)
    first_day = min((line[1] for line in rows.lines), default=None)
    write_card(shelf, audit, verdict, models / shelf.version, shop_name=shop.name, first_day=first_day)
    save_verdict(verdict, models / shelf.version)
    write_report(audit.describe(), settings.var / "reports", shop_name=shop.name)
    keep_record(database, shop, audit)
    if verdict.serves:
        publish_shelf(models, shelf.version)
    database.close()
    return shelf, verdict


def judge(
    database: Database,
    settings: Settings,
    shop: Shop,
    shelf: Shelf,
    *,
    today: date,
    report: Callable[[str, int, int], None] = lambda _what, _done, _of: None,
) -> tuple[Audit, Verdict]:
    """Audit a saved version on a drawn sample, and the one that serves on the same customers if a limit is broken; decide."""
    models, texts = settings.var / "models", load_texts(settings.texts, shop.languages[0])
    with open_version(models / shelf.version, shop, texts) as recommender:
        audit = audit_version(
            database,
            recommender,
            version=shelf.version,
            day=today - timedelta(days=AFTER_DAYS),
            is_held_out=False,
            most_people=shop.audited_customers,
            tell=report,
        )
    current = find_current(models)
    served = None
    if current is not None and current != shelf.version and audit.broken and audit.scene is not None:
        served = load_comparable(models / current)
    if served is None or audit.scene is None:
        return audit, decide(audit)
    with open_version(models / served.version, shop, texts) as recommender:
        seen = observe(database, recommender, audit.scene, tell=report)[MODEL]
    with database.read() as connection:
        ended_at = find_first_end(connection, since=find_read_at(models) or "")
    return audit, decide(audit, against=served.version, serving=seen, must_go=ended_at is not None)


def _keep_first(featured: list[tuple[str, str, int]]) -> list[tuple[str, str, int]]:
    """The product of each type that most people bought."""
    best: dict[str, tuple[str, str, int]] = {}
    for row in featured:
        best.setdefault(row[0], row)
    return list(best.values())


if __name__ == "__main__":
    sys.exit(main())
