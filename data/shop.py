"""The owner's settings, read from shop.toml. `read_shop` parses and checks; everything else takes a `Shop`."""

import re
import tomllib
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from data.desk import Desk, read_desk
from data.errors import BadShopFile
from data.hours import DAYS, Hours, read_hours
from data.mail_address import ADDRESS
from data.shop_values import (
    Unusable,
    is_above_zero,
    is_currency,
    is_share,
    is_words,
    read,
    read_list,
    read_table,
    read_whole,
    read_words,
    require_known,
    show,
)

TEXTS = Path(__file__).resolve().parent.parent / "texts"
RETENTION = ("conversations", "impressions", "purchases_for_offers", "browsing", "withdrawn", "receipts")
WHOLE_LIMITS = ("message_characters", "bot_reads_characters", "turns_a_sender")
LIMITS = (
    *WHOLE_LIMITS,
    "messages_a_second",
    "conversations_a_minute",
    "offers_a_minute",
    "changes_a_minute",
    "bot_timeout_s",
    "owed_answer_minutes",
)
FEWEST_DAYS_TOLD_IN_MONTHS = 30  # retention.purchases_for_offers is told in months of thirty days
FEWEST_AUDITED = 40  # two groups of twenty
SECTIONS = ("shop", "hours", "handoff", "retention", "consent", "slate", "models", "limits", "sensitive", "staff")
SECOND_FACTOR = ("optional", "required")
ORIGIN = re.compile(r"https://[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::[0-9]{1,5})?")


@dataclass(frozen=True)
class SensitiveGroup:
    """Goods that are not personalized unless the customer turns them on: by name, title and the words that mark them.

    `excepted` are the words in which one of `words` means something else ("ginger ale"); see `importers/sensitive.py`.
    """

    name: str
    title: str
    words: tuple[str, ...]
    excepted: tuple[str, ...] = ()


@dataclass(frozen=True)
class Shop:
    """One shop, as its owner describes it in shop.toml."""

    name: str
    controller: str
    contact: str
    currency: str
    zone: ZoneInfo
    languages: tuple[str, ...]
    hours: Hours
    desk: Desk
    retention_days: dict[str, int]
    ask_again_after_days: int
    fewest_customers: int
    fewest_counted: int
    discoveries: float
    well_known: float
    most_of_one_category: int
    most_difference: float
    audited_customers: int
    limits: dict[str, float]
    sensitive: dict[str, SensitiveGroup]
    picture_origins: tuple[str, ...] = ()
    outgrown_notices: tuple[str, ...] = ()
    second_factor_required: bool = False
    staff_mail: tuple[str, ...] = ()
    webhook_words: bool = False

    @property
    def categories(self) -> tuple[str, ...]:
        """Every category of personal data, in the order in which they are shown."""
        return (
            "purchases",
            "offers",
            "preferences",
            "browsing",
            "fairness",
            *(f"sensitive_{g}" for g in self.sensitive),
        )

    @property
    def purchase_days(self) -> int:
        """How far back purchases count."""
        return self.retention_days["purchases_for_offers"]

    def find_day(self, moment: datetime) -> date:
        """The shop's calendar day of a moment."""
        return moment.astimezone(self.zone).date()


def read_shop(path: Path, *, texts: Path = TEXTS) -> Shop:
    """Read shop.toml; `BadShopFile` says which setting is missing or cannot be used, what it is, and what was expected."""
    try:
        top = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadShopFile(f"{path.name} cannot be read ({error.strerror}). It holds the owner's settings.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadShopFile(f"{path.name} is not valid TOML: {error}.") from error
    try:
        return _build_shop(top, texts)
    except Unusable as error:
        raise BadShopFile(f"{path.name}: {error}. docs/owner.md tells every setting.") from error


def _build_shop(top: dict[str, Any], texts: Path) -> Shop:
    require_known("", top, SECTIONS)
    shop = read_table(
        top, "shop", ("name", "controller", "contact", "currency", "zone", "languages", "picture_origins")
    )
    consent = read_table(
        top, "consent", ("ask_again_after_days", "fewest_customers", "fewest_counted", "outgrown_notices")
    )
    slate = read_table(top, "slate", ("discoveries", "well_known", "most_of_one_category"))
    models = read_table(top, "models", ("most_difference", "audited_customers"))
    retention = read_table(top, "retention", RETENTION)
    limits = read_table(top, "limits", LIMITS)
    fewest_days = {"purchases_for_offers": FEWEST_DAYS_TOLD_IN_MONTHS}
    return Shop(
        name=read_words(shop, "shop.name"),
        controller=read_words(shop, "shop.controller"),
        contact=read_words(shop, "shop.contact"),
        currency=read(shop, "shop.currency", "three capital letters, such as EUR", is_currency),
        zone=_read_zone(shop),
        languages=_read_languages(shop, texts),
        hours=read_hours(read_table(top, "hours", ("always_open", "holidays", *DAYS))),
        desk=read_desk(top),
        retention_days={
            name: read_whole(retention, f"retention.{name}", fewest_days.get(name, 1)) for name in RETENTION
        },
        ask_again_after_days=read_whole(consent, "consent.ask_again_after_days"),
        fewest_customers=read_whole(consent, "consent.fewest_customers"),
        fewest_counted=read_whole(consent, "consent.fewest_counted"),
        discoveries=float(read(slate, "slate.discoveries", "a share from 0 to 1, such as 0.2", is_share)),
        well_known=float(read(slate, "slate.well_known", "a share from 0 to 1, such as 0.25", is_share)),
        most_of_one_category=read_whole(slate, "slate.most_of_one_category"),
        most_difference=float(read(models, "models.most_difference", "a share from 0 to 1, such as 0.05", is_share)),
        audited_customers=read_whole(models, "models.audited_customers", FEWEST_AUDITED),
        limits={
            name: float(
                read_whole(limits, f"limits.{name}")
                if name in WHOLE_LIMITS
                else read(limits, f"limits.{name}", "a number above 0", is_above_zero)
            )
            for name in LIMITS
        },
        sensitive=_read_groups(top.get("sensitive", {})),
        picture_origins=_read_origins({"picture_origins": []} | shop),
        outgrown_notices=read_list({"outgrown_notices": []} | consent, "consent.outgrown_notices", fewest=0),
        **_read_staff(top),
    )


def _read_staff(top: dict[str, Any]) -> dict[str, Any]:
    """A shop.toml from before there was the table leaves a second factor to everybody, and mails nobody."""
    table = {"second_factor": "optional", "mail_to": [], "webhook_words": False} | read_table(
        {"staff": {}} | top, "staff", ("second_factor", "mail_to", "webhook_words")
    )
    expected = f"one of {', '.join(SECOND_FACTOR)}"
    second_factor = read(table, "staff.second_factor", expected, lambda value: value in SECOND_FACTOR)
    mail_to = read_list(table, "staff.mail_to", fewest=0)
    if not all(ADDRESS.fullmatch(one) for one in mail_to):
        raise Unusable(f"staff.mail_to is {list(mail_to)!r}; expected a list of addresses, such as desk@shop.example")
    words = read(table, "staff.webhook_words", "true or false", lambda value: isinstance(value, bool))
    return {
        "second_factor_required": second_factor == "required",
        "staff_mail": mail_to,
        "webhook_words": words,
    }


def _read_zone(table: dict[str, Any]) -> ZoneInfo:
    expected = "a time zone, such as Europe/Berlin"
    name = read(table, "shop.zone", expected, is_words)
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:  # unknown; a path that leads elsewhere; a folder of zones
        raise Unusable(f"shop.zone is {name!r}; expected {expected}") from error


def _read_languages(table: dict[str, Any], texts: Path) -> tuple[str, ...]:
    there = sorted(folder.name for folder in texts.iterdir() if folder.is_dir())
    expected = f"a list of at least one language that has a folder in texts/ (there: {', '.join(there)})"
    languages = read(
        table,
        "shop.languages",
        expected,
        lambda value: isinstance(value, list) and bool(value) and all(language in there for language in value),
    )
    return tuple(languages)


def _read_origins(table: dict[str, Any]) -> tuple[str, ...]:
    def fits(value: object) -> bool:
        return isinstance(value, list) and all(isinstance(one, str) and ORIGIN.fullmatch(one) for one in value)

    expected = 'a list of origins, such as "https://pictures.shop.example", each without a path'
    return tuple(read(table, "shop.picture_origins", expected, fits))


def _read_groups(table: Any) -> dict[str, SensitiveGroup]:
    if not isinstance(table, dict):
        raise Unusable(f"sensitive is {show(table)}; expected tables that begin with [sensitive.<group>]")
    groups: dict[str, SensitiveGroup] = {}
    for name in table:
        key = f"sensitive.{name}"
        if re.fullmatch("[a-z][a-z0-9_]*", name) is None:
            raise Unusable(f"{key} is no name of a group; expected small letters, digits and _")
        group = read(table, key, "a table with title and words", lambda value: isinstance(value, dict))
        require_known(f"{key}.", group, ("title", "words", "except"))
        groups[name] = SensitiveGroup(
            name,
            read_words(group, f"{key}.title"),
            _lower(read_list(group, f"{key}.words", fewest=1)),
            _lower(read_list({"except": []} | group, f"{key}.except", fewest=0)),
        )
    return groups


def _lower(words: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(word.lower() for word in words)
