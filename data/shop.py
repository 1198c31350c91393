"""The owner's settings, read from shop.toml. `read_shop` parses and checks; everything else takes a `Shop`."""

import tomllib
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from data.errors import BadShopFile

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
    most_of_one_category: int
    limits: dict[str, float]
    sensitive: dict[str, SensitiveGroup]

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


def read_shop(path: Path) -> Shop:
    """Read shop.toml; `BadShopFile` says which setting is missing or cannot be used."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadShopFile(f"{path.name} cannot be read ({error.strerror}). It holds the owner's settings.") from error
    except tomllib.TOMLDecodeError as error:
        raise BadShopFile(f"{path.name} is not valid TOML: {error}.") from error
    try:
        return Shop(
            name=table["shop"]["name"],
            controller=table["shop"]["controller"],
            contact=table["shop"]["contact"],
            currency=table["shop"]["currency"],
            zone=ZoneInfo(table["shop"]["zone"]),
            languages=tuple(table["shop"]["languages"]),
            hours=_read_hours(table["hours"]),
            retention_days=dict(table["retention"]),
            ask_again_after_days=int(table["consent"]["ask_again_after_days"]),
            fewest_customers=int(table["consent"]["fewest_customers"]),
            fewest_counted=int(table["consent"]["fewest_counted"]),
            discoveries=float(table["slate"]["discoveries"]),
            most_of_one_category=int(table["slate"]["most_of_one_category"]),
            limits={name: float(value) for name, value in table["limits"].items()},
            sensitive={
                name: SensitiveGroup(
                    name,
                    group["title"],
                    tuple(word.lower() for word in group["words"]),
                    tuple(word.lower() for word in group.get("except", ())),
                )
                for name, group in table.get("sensitive", {}).items()
            },
        )
    except KeyError as error:
        raise BadShopFile(
            f"{path.name} lacks the setting {error}. Compare it with the shop.toml that came with Candor."
        ) from error
    except ZoneInfoNotFoundError as error:
        raise BadShopFile(
            f"{path.name}: zone {table['shop']['zone']!r} is unknown; write one like Europe/Berlin."
        ) from error


def _read_hours(table: dict[str, object]) -> Hours:
    days: dict[int, tuple[time, time]] = {}
    for index, name in enumerate(DAYS):
        value = str(table.get(name, "closed"))
        if value == "closed":
            continue
        opening, _dash, closing = value.partition("-")
        try:
            days[index] = (time.fromisoformat(opening), time.fromisoformat(closing))
        except ValueError as error:
            raise BadShopFile(f'hours.{name} is {value!r}; write "08:00-20:00" or "closed".') from error
    return Hours(always_open=bool(table.get("always_open", False)), days=days)
