"""Retention: what is held goes when its days are over, by itself, at each start of the gateway and each night.

`check_retention` says what would go and removes nothing; `python -m data.retention` (`make retention`) does either now. The rules: `data/retention_rules.py`.
"""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import batched
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, FromClause, delete, func, select

from data.audit import record_act
from data.clock import read_shop_clock
from data.database import Database, open_database
from data.errors import CandorError
from data.retention_rules import Rule, list_rules
from data.shop import read_shop
from data.tables import conversations, reviews
from data.tables_rights import requests
from data.vault import find_vault, name_conversation
from settings import BadSetting, read_settings

AT_ONCE = 100
"""Rows of a rule that go in one transaction: a writer waits for so few only."""
REST = 3.0
"""How much longer than a transaction the pause after it is: SQLite lets writers in by chance, not in turn."""
SEALED_FOR_TALKS = (conversations.c.conversation_id, reviews.c.conversation_id, requests.c.conversation_id)
"""Rows whose words are sealed with a conversation's key: it goes with the last of them."""


@dataclass(frozen=True)
class Removal:
    """How many rows of a table a rule removes."""

    name: str
    table: str
    rows: int


def check_retention(connection: Connection, rules: list[Rule]) -> list[Removal]:
    """What the rules would remove now; nothing is removed."""
    return [
        Removal(rule.name, column.table.name, _count(connection, column.table, goes))
        for rule in rules
        for column, goes in (*((one, one.in_(rule.select_keys())) for one in rule.more), (rule.key, rule.rows))
    ]


def _count(connection: Connection, table: FromClause, goes: ColumnElement[bool]) -> int:
    return int(connection.execute(select(func.count()).select_from(table).where(goes)).scalar_one())


def apply_retention(
    database: Database, rules: list[Rule], *, at: str, should_stop: Callable[[], bool] = lambda: False
) -> list[Removal]:
    """Remove what the rules name, a little at a time, each time with its row in the audit log; what opened meanwhile stays."""
    removed: Counter[tuple[str, str]] = Counter()
    for rule in rules:
        with database.read() as connection:
            keys = list(connection.execute(rule.select_keys()).scalars())
        for some in batched(keys, AT_ONCE, strict=False):
            if should_stop():
                break
            began = time.monotonic()
            with database.write() as connection:
                for table, rows in _remove(connection, rule, some, at=at).items():
                    removed[rule.name, table] += rows
            time.sleep(REST * (time.monotonic() - began))
    return [Removal(name, table, rows) for (name, table), rows in removed.items()]


def _remove(connection: Connection, rule: Rule, some: tuple[Any, ...], *, at: str) -> dict[str, int]:
    keys = list(connection.execute(rule.select_keys().where(rule.key.in_(some))).scalars())
    talks = _find_talks(connection, rule, keys)
    gone = {
        column.table.name: connection.execute(delete(column.table).where(column.in_(keys))).rowcount
        for column in (*rule.more, rule.key)
    }
    if gone[rule.key.table.name]:
        record_act(connection, at=at, actor="system", act="retention", object_id=rule.name, detail=gone)
    named = {talk for one in SEALED_FOR_TALKS for talk in _keep_named(connection, one, talks)}
    find_vault(connection).forget([name_conversation(talk) for talk in talks if talk not in named])
    return gone


def _find_talks(connection: Connection, rule: Rule, keys: list[Any]) -> list[str]:
    """The conversations whose key may be of no use without these rows."""
    column = next((one for one in SEALED_FOR_TALKS if one.table is rule.key.table), None)
    if column is None:
        return []
    talks = select(column).where(rule.key.in_(keys), column.is_not(None)).distinct()
    return list(connection.execute(talks).scalars())


def _keep_named(connection: Connection, column: Column[Any], talks: list[str]) -> Iterable[str]:
    return connection.execute(select(column).where(column.in_(talks))).scalars()


def main() -> int:
    """Parse, call, say what went or would go."""
    parser = argparse.ArgumentParser(
        prog="make retention", description="Remove what is held for longer than shop.toml says."
    )
    parser.add_argument("--dry-run", action="store_true", help="say what would go, remove nothing")
    dry: bool = parser.parse_args().dry_run
    try:
        settings = read_settings()
        shop = read_shop(settings.shop_file)
        database = open_database(settings.database_url, keys_url=settings.keys_url, key_file=settings.key_file)
    except (BadSetting, CandorError) as error:
        print(str(error), file=sys.stderr)
        return 1
    database.migrate()
    with database.read() as connection:
        clock = read_shop_clock(connection, shop.zone)
        rules = list_rules(shop, clock)
        found = check_retention(connection, rules)
    if not dry:
        found = apply_retention(database, rules, at=clock.stamp())
    database.close()
    for one in found:
        if one.rows:
            print(f"{one.name:14} {shop.retention_days[one.name]:>5} days  {one.table:20} {one.rows:>9,} rows")
    print(f"{sum(one.rows for one in found):,} rows {'would go; nothing was removed' if dry else 'went'}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
