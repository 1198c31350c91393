"""Notices: what a customer is told before a yes, in versions (`data/notices.yml`; the words are texts, topic `agreements`).

A yes is a yes to one version. As long as no later version takes more, it stands; from the moment that one which does is published,
it does not, for choosing nor for training, and the customer may be asked again. The ledger is never rewritten: `find_floors` says from
which version on a yes stands, and `data/consent.py` is the one place that asks.

A consent that the shop brought with an import was given under the shop's own notice, which we do not know. It stands until the owner
lists that notice in shop.toml (`consent.outgrown_notices`).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import Connection, func, insert, select

from data.audit import record_act
from data.database import read_fact, write_fact
from data.errors import BadNotice
from data.shop import Shop
from data.tables_rights import notices
from data.texts import Texts

FILE = Path(__file__).with_name("notices.yml")
FIRST = 1
OUTGROWN = "outgrown_notices"
DAYS_A_MONTH = 30


@dataclass(frozen=True)
class Notice:
    """One version of what is told of a category."""

    category: str
    version: int
    day: date
    takes_more: bool

    @property
    def address(self) -> str:
        """Where its words are."""
        return f"agreements.{self.category}_{self.version}"


def name_notice(category: str) -> str:
    """The notice of a category: all groups of sensitive goods have one, with the group's name filled in."""
    return "sensitive" if category.startswith("sensitive_") else category


def load_notices(file: Path = FILE) -> list[Notice]:
    """Every version of every notice. Raises `BadNotice` for a list that cannot be used."""
    read = yaml.safe_load(file.read_text(encoding="utf-8"))
    return [notice for category, versions in read.items() for notice in _read_versions(category, versions)]


def _read_versions(category: str, versions: list[dict[str, Any]]) -> list[Notice]:
    made = []
    for number, one in enumerate(versions, start=FIRST):
        if set(one) != {"version", "date", "takes_more"} or one["version"] != number:
            raise BadNotice(
                f"notices.yml: {category} has {one}, expected version {number} with date and takes_more (true or false)."
            )
        if not isinstance(one["takes_more"], bool) or not isinstance(one["date"], date):
            raise BadNotice(f"notices.yml: {category} {number} has {one}; date is a day, takes_more is true or false.")
        made.append(Notice(category, number, one["date"], one["takes_more"]))
    return made


def publish_notices(
    connection: Connection,
    found: Iterable[Notice],
    languages: Mapping[str, Texts],
    *,
    outgrown: tuple[str, ...] = (),
    at: str,
) -> list[Notice]:
    """Take up versions that are new, in order, each with its audit row; returns them. What was published must be unchanged.

    Raises
    ------
    BadNotice
        When a published version has other words now, or says otherwise whether it takes more.
    """
    known = {(row.category, row.version): row for row in connection.execute(select(notices))}
    new = []
    for notice in found:
        words = {lang: texts.entry(notice.address).version for lang, texts in languages.items()}
        row = known.get((notice.category, notice.version))
        if row is None:
            _publish(connection, notice, words, at=at)
            new.append(notice)
        elif row.takes_more != notice.takes_more or any(words.get(k, was) != was for k, was in row.words.items()):
            raise BadNotice(
                f"The notice {notice.category} {notice.version} was published on {row.published_at[:10]} and is different now. "
                "People said yes to it as it was. Put it back, and write the change as the next version."
            )
    if read_fact(connection, OUTGROWN) != list(outgrown):
        write_fact(connection, OUTGROWN, list(outgrown))
        record_act(connection, at=at, actor="system", act="outgrown_notices_set", detail={"count": len(outgrown)})
    return new


def _publish(connection: Connection, notice: Notice, words: dict[str, str], *, at: str) -> None:
    connection.execute(
        insert(notices).values(
            category=notice.category,
            version=notice.version,
            takes_more=notice.takes_more,
            published_at=at,
            words=words,
        )
    )
    record_act(
        connection,
        at=at,
        actor="system",
        act="notice_published",
        object_id=f"{notice.category}_{notice.version}",
        detail={"takes_more": notice.takes_more},
    )


@dataclass(frozen=True)
class Floors:
    """From which version on a yes stands, notice by notice, and which of the shop's own no longer do."""

    versions: Mapping[str, int]
    outgrown: frozenset[str]

    def is_outgrown(self, category: str, *, source: str, notice_version: str) -> bool:
        """Whether a yes under this version no longer stands."""
        if source == "import":
            return notice_version in self.outgrown
        given = int(notice_version) if notice_version.isdecimal() else 0
        return given < self.versions.get(name_notice(category), 0)


def find_floors(connection: Connection) -> Floors:
    """What stands, as of what is published."""
    c = notices.c
    rows = connection.execute(select(c.category, func.max(c.version)).where(c.takes_more).group_by(c.category))
    return Floors({row[0]: row[1] for row in rows}, frozenset(read_fact(connection, OUTGROWN) or ()))


def find_version(connection: Connection, category: str) -> int:
    """The newest published version of a category's notice: what a yes of now is a yes to."""
    c = notices.c
    newest = connection.execute(select(func.max(c.version)).where(c.category == name_notice(category))).scalar()
    return newest or FIRST


def tell_notice(texts: Texts, shop: Shop, category: str, version: int) -> str:
    """The words of a notice."""
    days = shop.retention_days
    group = shop.sensitive.get(category.removeprefix("sensitive_"))
    return texts.say(
        f"agreements.{name_notice(category)}_{version}",
        shop=shop.name,
        group=group.title if group else "",
        purchase_months=days["purchases_for_offers"] // DAYS_A_MONTH,
        offer_months=days["impressions"] // DAYS_A_MONTH,
        browsing_days=days["browsing"],
    )
