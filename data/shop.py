"""The owner's settings, read from shop.toml. `read_shop` parses and checks; everything else takes a `Shop`."""

import math
import re
import tomllib
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from data.errors import BadShopFile

TEXTS = Path(__file__).resolve().parent.parent / "texts"
RETENTION = ("conversations", "impressions", "purchases_for_offers", "browsing", "withdrawn", "receipts")
WHOLE_LIMITS = ("message_characters", "bot_reads_characters", "turns_a_sender")
LIMITS = (
    *WHOLE_LIMITS,
    "messages_a_second",
    "conversations_a_minute",
    "offers_a_minute",
    "bot_timeout_s",
    "owed_answer_minutes",
)
FEWEST_DAYS_TOLD_IN_MONTHS = 30  # retention.purchases_for_offers is told in months of thirty days
FEWEST_AUDITED = 40  # two groups of twenty
ORIGIN = re.compile(r"https://[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::[0-9]{1,5})?")
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


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
class Hours:
    """When somebody is there. `days` maps a weekday (0 is Monday) to opening and closing time; absent is closed."""

    always_open: bool
    days: dict[int, tuple[time, time]]

    def is_open(self, moment: datetime) -> bool:
        """Whether somebody is there at this moment, given in the shop's zone."""
        if self.always_open:
            return True
        span = self.days.get(moment.weekday())
        return span is not None and span[0] <= moment.time() < span[1]

    def find_next_opening(self, moment: datetime) -> datetime | None:
        """The next time that somebody is there, or None for a shop without hours."""
        for ahead in range(8):
            day = moment.date() + timedelta(days=ahead)
            span = self.days.get(day.weekday())
            if span is not None:
                opening = datetime.combine(day, span[0], moment.tzinfo)
                if opening > moment:
                    return opening
        return None


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
    except _Unusable as error:
        raise BadShopFile(f"{path.name}: {error}. docs/owner.md tells every setting.") from error


class _Unusable(ValueError):
    """A setting that is missing or cannot be used."""


def _build_shop(top: dict[str, Any], texts: Path) -> Shop:
    _require_known("", top, ("shop", "hours", "retention", "consent", "slate", "models", "limits", "sensitive"))
    shop = _read_table(
        top, "shop", ("name", "controller", "contact", "currency", "zone", "languages", "picture_origins")
    )
    consent = _read_table(top, "consent", ("ask_again_after_days", "fewest_customers", "fewest_counted"))
    slate = _read_table(top, "slate", ("discoveries", "well_known", "most_of_one_category"))
    models = _read_table(top, "models", ("most_difference", "audited_customers"))
    retention = _read_table(top, "retention", RETENTION)
    limits = _read_table(top, "limits", LIMITS)
    fewest_days = {"purchases_for_offers": FEWEST_DAYS_TOLD_IN_MONTHS}
    return Shop(
        name=_read_words(shop, "shop.name"),
        controller=_read_words(shop, "shop.controller"),
        contact=_read_words(shop, "shop.contact"),
        currency=_read(shop, "shop.currency", "three capital letters, such as EUR", _is_currency),
        zone=_read_zone(shop),
        languages=_read_languages(shop, texts),
        hours=_read_hours(_read_table(top, "hours", ("always_open", *DAYS))),
        retention_days={
            name: _read_whole(retention, f"retention.{name}", fewest_days.get(name, 1)) for name in RETENTION
        },
        ask_again_after_days=_read_whole(consent, "consent.ask_again_after_days"),
        fewest_customers=_read_whole(consent, "consent.fewest_customers"),
        fewest_counted=_read_whole(consent, "consent.fewest_counted"),
        discoveries=float(_read(slate, "slate.discoveries", "a share from 0 to 1, such as 0.2", _is_share)),
        well_known=float(_read(slate, "slate.well_known", "a share from 0 to 1, such as 0.25", _is_share)),
        most_of_one_category=_read_whole(slate, "slate.most_of_one_category"),
        most_difference=float(_read(models, "models.most_difference", "a share from 0 to 1, such as 0.05", _is_share)),
        audited_customers=_read_whole(models, "models.audited_customers", FEWEST_AUDITED),
        limits={
            name: float(
                _read_whole(limits, f"limits.{name}")
                if name in WHOLE_LIMITS
                else _read(limits, f"limits.{name}", "a number above 0", _is_above_zero)
            )
            for name in LIMITS
        },
        sensitive=_read_groups(top.get("sensitive", {})),
        picture_origins=_read_origins({"picture_origins": []} | shop),
    )


def _read(table: dict[str, Any], key: str, expected: str, fits: Callable[[Any], bool]) -> Any:
    """The value of `key` (written `table.name`) if it fits."""
    name = key.rpartition(".")[2]
    if name not in table:
        raise _Unusable(f"{key} is missing; expected {expected}")
    if not fits(table[name]):
        raise _Unusable(f"{key} is {_show(table[name])}; expected {expected}")
    return table[name]


def _show(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else repr(value)


def _read_table(top: dict[str, Any], name: str, known: Collection[str]) -> dict[str, Any]:
    table: dict[str, Any] = _read(
        top, name, f"a table that begins with [{name}]", lambda value: isinstance(value, dict)
    )
    _require_known(f"{name}.", table, known)
    return table


def _require_known(prefix: str, table: dict[str, Any], known: Collection[str]) -> None:
    for name, value in table.items():
        if name not in known:
            shown = "a table" if isinstance(value, dict) else _show(value)
            raise _Unusable(
                f"{prefix}{name} is {shown}, but no such setting exists; expected one of {', '.join(known)}"
            )


def _is_words(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_currency(value: object) -> bool:
    return isinstance(value, str) and re.fullmatch("[A-Z]{3}", value) is not None


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _is_share(value: Any) -> bool:
    return _is_number(value) and 0 <= value <= 1


def _is_above_zero(value: Any) -> bool:
    return _is_number(value) and value > 0


def _read_words(table: dict[str, Any], key: str) -> str:
    return str(_read(table, key, "some words in quotes", _is_words))


def _read_whole(table: dict[str, Any], key: str, fewest: int = 1) -> int:
    def fits(value: object) -> bool:
        return isinstance(value, int) and not isinstance(value, bool) and value >= fewest

    return int(_read(table, key, f"a whole number, {fewest} or more", fits))


def _read_zone(table: dict[str, Any]) -> ZoneInfo:
    expected = "a time zone, such as Europe/Berlin"
    name = _read(table, "shop.zone", expected, _is_words)
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:  # unknown; a path that leads elsewhere; a folder of zones
        raise _Unusable(f"shop.zone is {name!r}; expected {expected}") from error


def _read_languages(table: dict[str, Any], texts: Path) -> tuple[str, ...]:
    there = sorted(folder.name for folder in texts.iterdir() if folder.is_dir())
    expected = f"a list of at least one language that has a folder in texts/ (there: {', '.join(there)})"
    languages = _read(
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
    return tuple(_read(table, "shop.picture_origins", expected, fits))


def _read_hours(table: dict[str, Any]) -> Hours:
    days: dict[int, tuple[time, time]] = {}
    for index, name in enumerate(DAYS):
        value = table.get(name, "closed")
        if value == "closed":
            continue
        span = _read_span(value)
        if span is None:
            raise _Unusable(
                f'hours.{name} is {_show(value)}; expected "closed" or opening and closing time of one day, such as "08:00-20:00"; '
                "hours over midnight cannot be written, 23:59 is the latest"
            )
        days[index] = span
    always_open = _read({"always_open": False} | table, "hours.always_open", "true or false", _is_switch)
    return Hours(always_open=always_open, days=days)


def _is_switch(value: object) -> bool:
    return isinstance(value, bool)


def _read_span(value: object) -> tuple[time, time] | None:
    found = re.fullmatch(r"(\d\d:\d\d) ?- ?(\d\d:\d\d)", value, re.ASCII) if isinstance(value, str) else None
    if found is None:
        return None
    try:
        opening, closing = time.fromisoformat(found[1]), time.fromisoformat(found[2])
    except ValueError:
        return None
    return (opening, closing) if opening < closing else None


def _read_groups(table: Any) -> dict[str, SensitiveGroup]:
    if not isinstance(table, dict):
        raise _Unusable(f"sensitive is {_show(table)}; expected tables that begin with [sensitive.<group>]")
    groups: dict[str, SensitiveGroup] = {}
    for name in table:
        key = f"sensitive.{name}"
        if re.fullmatch("[a-z][a-z0-9_]*", name) is None:
            raise _Unusable(f"{key} is no name of a group; expected small letters, digits and _")
        group = _read(table, key, "a table with title and words", lambda value: isinstance(value, dict))
        _require_known(f"{key}.", group, ("title", "words", "except"))
        groups[name] = SensitiveGroup(
            name,
            _read_words(group, f"{key}.title"),
            _read_list(group, f"{key}.words", fewest=1),
            _read_list({"except": []} | group, f"{key}.except", fewest=0),
        )
    return groups


def _read_list(table: dict[str, Any], key: str, *, fewest: int) -> tuple[str, ...]:
    def fits(value: object) -> bool:
        return isinstance(value, list) and len(value) >= fewest and all(_is_words(word) for word in value)

    expected = "a list of words" + (", at least one" if fewest else "")
    return tuple(word.lower() for word in _read(table, key, expected, fits))
