"""shop.toml: every setting that is missing or cannot be used is a sentence that names it, its value and what was expected (data/shop.py)."""

import re
from datetime import UTC, datetime, time
from pathlib import Path

import pytest

from data.desk import MINUTES
from data.errors import BadShopFile
from data.shop import LIMITS, RETENTION, Shop, read_shop

ROOT = Path(__file__).resolve().parent.parent
GIVEN = (ROOT / "shop.toml").read_text(encoding="utf-8")


def write(folder: Path, text: str) -> Path:
    path = folder / "shop.toml"
    path.write_text(text, encoding="utf-8")
    return path


def replace_line(key: str, line: str) -> str:
    """The shop.toml of the repository with the line of one setting replaced; an empty line takes it away."""
    changed, count = re.subn(rf"(?m)^{key} = .*$", lambda _found: line, GIVEN, count=1)
    assert count == 1, key
    return changed


def read(folder: Path, key: str, value: str) -> Shop:
    return read_shop(write(folder, replace_line(key, f"{key} = {value}")))


def test_the_shop_file_of_the_repository_is_read_whole() -> None:
    shop = read_shop(ROOT / "shop.toml")
    assert set(shop.retention_days) == set(RETENTION)
    assert set(shop.limits) == set(LIMITS)
    assert shop.hours.days[5] == (time(9), time(18))
    assert 6 not in shop.hours.days
    assert shop.sensitive["alcohol"].excepted


@pytest.mark.parametrize(
    "key",
    [
        *("name", "controller", "contact", "currency", "zone", "languages"),
        *RETENTION,
        *(
            "ask_again_after_days",
            "fewest_customers",
            "fewest_counted",
            "discoveries",
            "well_known",
            "most_of_one_category",
            "most_difference",
            "audited_customers",
        ),
        *LIMITS,
        *MINUTES,
        *("message_days", "talks_at_once", "routing"),
        "title",
    ],
)
def test_a_missing_setting_is_named(tmp_path: Path, key: str) -> None:
    with pytest.raises(BadShopFile, match=rf"^shop\.toml: [a-z_]+\.(?:medicine\.)?{key} is missing; expected "):
        read_shop(write(tmp_path, replace_line(key, "")))


@pytest.mark.parametrize("table", ["shop", "hours", "retention", "consent", "slate", "models", "limits"])
def test_a_missing_table_is_named(tmp_path: Path, table: str) -> None:
    text = re.sub(rf"(?ms)^\[{table}\].*?(?=^\[)", "", GIVEN)
    with pytest.raises(BadShopFile, match=rf"{table} is missing; expected a table that begins with \[{table}\]"):
        read_shop(write(tmp_path, text))


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("name", '""', "shop.name is ''; expected some words"),
        ("contact", "7", "shop.contact is 7; expected some words"),
        ("currency", '"dollars"', "shop.currency is 'dollars'; expected three capital letters"),
        ("zone", '""', "shop.zone is ''; expected a time zone"),
        ("zone", '"Europe/Nowhere"', "shop.zone is 'Europe/Nowhere'; expected a time zone"),
        ("zone", '"Europe"', "shop.zone is 'Europe'; expected a time zone"),
        ("zone", '"../etc"', "shop.zone is '../etc'; expected a time zone"),
        ("languages", "[]", "shop.languages is []; expected a list of at least one language"),
        ("languages", '"en"', "shop.languages is 'en'; expected a list"),
        (
            "languages",
            '["en", "xx"]',
            "shop.languages is ['en', 'xx']; expected a list of at least one language that has a",
        ),
        ("languages", '[".."]', "shop.languages is ['..']; expected a list"),
        ("always_open", '"no"', "hours.always_open is 'no'; expected true or false"),
        ("monday", '"20:00-08:00"', "hours.monday is '20:00-08:00'; expected"),
        ("monday", '"08:00-08:00"', "hours.monday is '08:00-08:00'; expected"),
        ("monday", '"08:00-24:00"', "hours.monday is '08:00-24:00'; expected"),
        ("monday", '"8-20"', "hours.monday is '8-20'; expected"),
        ("monday", '"08:00+01:00-20:00"', "hours.monday is '08:00+01:00-20:00'; expected"),
        ("monday", "true", "hours.monday is true; expected"),
        ("conversations", "0", "retention.conversations is 0; expected a whole number, 1 or more"),
        ("browsing", '"30"', "retention.browsing is '30'; expected a whole number"),
        ("withdrawn", "true", "retention.withdrawn is true; expected a whole number"),
        ("purchases_for_offers", "20", "retention.purchases_for_offers is 20; expected a whole number, 30 or more"),
        ("ask_again_after_days", "-1", "consent.ask_again_after_days is -1; expected a whole number"),
        ("fewest_customers", "2.5", "consent.fewest_customers is 2.5; expected a whole number"),
        ("discoveries", "1.1", "slate.discoveries is 1.1; expected a share from 0 to 1"),
        ("discoveries", "-0.1", "slate.discoveries is -0.1; expected a share from 0 to 1"),
        ("discoveries", "nan", "slate.discoveries is nan; expected a share from 0 to 1"),
        ("most_of_one_category", "0", "slate.most_of_one_category is 0; expected a whole number"),
        ("most_difference", "1.1", "models.most_difference is 1.1; expected a share from 0 to 1"),
        ("audited_customers", "39", "models.audited_customers is 39; expected a whole number, 40 or more"),
        ("message_characters", "1.5", "limits.message_characters is 1.5; expected a whole number"),
        ("bot_timeout_s", '"8"', "limits.bot_timeout_s is '8'; expected a number above 0"),
        ("bot_timeout_s", "inf", "limits.bot_timeout_s is inf; expected a number above 0"),
        ("messages_a_second", "0", "limits.messages_a_second is 0; expected a number above 0"),
        ("offers_a_minute", "false", "limits.offers_a_minute is false; expected a number above 0"),
        ("title", "1", "sensitive.medicine.title is 1; expected some words"),
    ],
)
def test_a_setting_that_cannot_be_used_is_said_with_its_value(tmp_path: Path, key: str, value: str, said: str) -> None:
    with pytest.raises(BadShopFile, match=rf"^shop\.toml: {re.escape(said)}"):
        read(tmp_path, key, value)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("[sensitive.Toys]\ntitle = 'T'\nwords = ['toy']", "sensitive.Toys is no name of a group"),
        ("[sensitive.toys]\ntitle = 'T'\nwords = []", "sensitive.toys.words is []; expected a list of words"),
        ("[sensitive.toys]\ntitle = 'T'\nwords = ['a', '']", "sensitive.toys.words is ['a', '']; expected a list"),
        ("[sensitive.toys]\ntitle = 'T'\nwords = ['a']\nexcept = 'b'", "sensitive.toys.except is 'b'; expected a list"),
        ("[sensitive.toys]\ntitle = 'T'\nword = ['a']", "sensitive.toys.word is ['a'], but no such setting exists"),
        ("[handoff.teams.Ours]\ntitle = 'T'\nmembers = ['sam']", "handoff.teams.Ours is no name of a team"),
        ("[handoff.teams.ours]\ntitle = 'T'\nmembers = []", "handoff.teams.ours.members is []; expected a list"),
        ("[handoff.teams.ours]\nmembers = ['sam']", "handoff.teams.ours.title is missing"),
        ("[limit]\nx = 1", "limit is a table, but no such setting exists; expected one of shop, hours"),
    ],
)
def test_a_table_that_cannot_be_used_is_said(tmp_path: Path, more: str, said: str) -> None:
    with pytest.raises(BadShopFile, match=re.escape(said)):
        read_shop(write(tmp_path, f"{GIVEN}\n{more}\n"))


def test_a_misspelt_setting_is_said_and_not_ignored(tmp_path: Path) -> None:
    with pytest.raises(BadShopFile, match=r"hours\.sonday is 'closed', but no such setting exists; .*sunday"):
        read_shop(write(tmp_path, replace_line("sunday", 'sonday = "closed"')))


def test_what_is_no_toml_is_said(tmp_path: Path) -> None:
    with pytest.raises(BadShopFile, match="not valid TOML"):
        read_shop(write(tmp_path, "[shop"))
    (tmp_path / "shop.toml").write_bytes(b'name = "\xff"')
    with pytest.raises(BadShopFile, match="not valid TOML"):
        read_shop(tmp_path / "shop.toml")
    with pytest.raises(BadShopFile, match="cannot be read"):
        read_shop(tmp_path / "none.toml")


def test_a_shop_without_sensitive_groups_and_with_few_days_may_be(tmp_path: Path) -> None:
    text = GIVEN[: GIVEN.index("[sensitive.medicine]")].replace("always_open = true", "")
    text = re.sub(r'(?m)^(?!monday)[a-z]+day = ".*"$', "", text)
    shop = read_shop(write(tmp_path, text))
    assert shop.sensitive == {}
    assert list(shop.hours.days) == [0]
    assert not shop.hours.is_open(datetime(2024, 1, 7, 12, tzinfo=UTC))
    opening = shop.hours.find_next_opening(datetime(2024, 1, 7, 12, tzinfo=UTC))
    assert opening == datetime(2024, 1, 8, 8, tzinfo=UTC)


def test_a_holiday_is_unlike_its_weekday(tmp_path: Path) -> None:
    days = '{"2024-01-08" = "closed", "2024-01-07" = "10:00-11:00"}'
    text = replace_line("holidays", f"holidays = {days}").replace("always_open = true", "")
    hours = read_shop(write(tmp_path, text)).hours
    assert hours.is_open(datetime(2024, 1, 7, 10, tzinfo=UTC))
    assert not hours.is_open(datetime(2024, 1, 8, 10, tzinfo=UTC))
    assert hours.find_next_opening(datetime(2024, 1, 7, 12, tzinfo=UTC)) == datetime(2024, 1, 9, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    "days", ['{"Christmas" = "closed"}', '{"2024-13-01" = "closed"}', '{"2024-01-01" = "late"}', "3"]
)
def test_a_holiday_that_cannot_be_used_is_said(tmp_path: Path, days: str) -> None:
    with pytest.raises(BadShopFile, match=r"hours\.holidays"):
        read(tmp_path, "holidays", days)


def test_a_topic_finds_its_team(tmp_path: Path) -> None:
    more = "[handoff.teams.orders]\ntitle = 'Orders'\nmembers = ['sam']\ntopics = ['order']"
    desk = read_shop(write(tmp_path, f"{GIVEN}\n{more}\n")).desk
    assert (desk.find_team("order"), desk.find_team("offers"), desk.find_team(None)) == ("orders", None, None)
