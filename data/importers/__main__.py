"""`python -m data.importers DIR [--demo]`: import a shop's files, with progress and plain errors."""

import argparse
import sys
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from data.database import open_database
from data.demo.source import DEMO_NOW
from data.erasure import prepare_database
from data.errors import BadImport, BadKey, BadShopFile
from data.importers import ImportSummary, import_shop
from data.importers.problems import Problem
from data.shop import read_shop
from settings import BadSetting, Settings, read_settings

SHOWN = (
    "products",
    "types",
    "sensitive_types",
    "customers",
    "orders",
    "order_lines",
    "offers",
    "offer_events",
    "consents",
    "questions",
    "answers",
)


def main(arguments: list[str] | None = None) -> int:
    """Import, print what came in, and give back the exit code."""
    parser = argparse.ArgumentParser(prog="python -m data.importers", description="Import a shop's files into Candor.")
    parser.add_argument(
        "directory", type=Path, metavar="DIR", help="holds products.csv, orders.csv and what else there is"
    )
    parser.add_argument(
        "--demo", action="store_true", help="the files are the demo shop's: names invented, consents simulated"
    )
    options = parser.parse_args(arguments)
    out, err = Console(highlight=False, markup=False), Console(stderr=True, highlight=False, markup=False)
    try:
        summary = run_import(read_settings(), options.directory, is_demo=options.demo, console=out)
    except BadImport as error:
        print_problems(err, error)
    except (BadKey, BadSetting, BadShopFile) as error:
        err.print(str(error))
    except ArgumentError:
        err.print(
            "CANDOR_DATABASE_URL is no address of a database; write one like sqlite:///var/candor.db or postgresql://..."
        )
    except SQLAlchemyError as error:
        err.print(
            f"The database refused the import ({str(error.__cause__ or error).splitlines()[0]}). Nothing was imported."
        )
    except OSError as error:
        err.print(f"{Path(error.filename or 'a file').name} cannot be used ({error.strerror}). Nothing was imported.")
    else:
        print_summary(out, summary)
        return 0
    return 1


def run_import(settings: Settings, directory: Path, *, is_demo: bool, console: Console) -> ImportSummary:
    """Bring the database up to date and import, with a progress bar."""
    shop = read_shop(settings.shop_file)
    database = open_database(settings.database_url, keys_url=settings.keys_url, key_file=settings.key_file)
    bar = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
        transient=True,
    )
    now = settings.now or (DEMO_NOW if is_demo else None)
    try:
        prepare_database(database, shop.zone)
        with bar:
            task = bar.add_task("reading", total=None)

            def report(step: str, done: int, total: int) -> None:
                bar.update(task, description=step, completed=done, total=total)

            return import_shop(
                database, shop, directory, source="demo" if is_demo else "own", clock_now=now, report=report
            )
    finally:
        database.close()


def print_summary(console: Console, summary: ImportSummary) -> None:
    """What came in, one line a kind, and then what there is to know about it."""
    for name in SHOWN:
        console.print(f"{getattr(summary, name):>12,}  {name.replace('_', ' ')}")
    for notice in summary.notices:
        console.print(notice, soft_wrap=True)


def print_problems(console: Console, error: BadImport) -> None:
    """Each problem as a sentence, with its place."""
    problems = error.details.get("problems", [])
    if len(problems) < 2 or "count" not in error.details:
        console.print(error.message, soft_wrap=True)
        return
    for problem in problems:
        console.print(Problem(**problem).describe(), soft_wrap=True)
    rest = error.details["count"] - len(problems)
    console.print((f"And {rest:,} more. " if rest > 0 else "") + "Nothing was imported.")


if __name__ == "__main__":
    sys.exit(main())
