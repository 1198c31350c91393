"""Notices in versions: what a yes is a yes to, what a change takes, and that nothing published changes behind anybody's back."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from data.clock import format_time, parse_time
from data.consent import fetch_consents, fetch_ledger, honour_signal, list_agreeing, may_ask, record_consent
from data.database import Database
from data.errors import BadNotice
from data.notices import Notice, load_notices, publish_notices, tell_notice
from data.shop import Shop
from data.tables import audit, consent_events
from data.texts import Entry, Texts
from tests.making import AT, KNOWN, make_consent, make_imported_consent, make_person

DAY = date(2026, 3, 2)
NOW = parse_time(AT)


def words(*addresses: str, text: str = "May I?") -> dict[str, Texts]:
    """English in which these notices have words."""
    return {"en": Texts("en", {f"agreements.{one}": Entry(f"agreements.{one}", (text,)) for one in addresses})}


def publish(database: Database, category: str, *takes_more: bool, outgrown: tuple[str, ...] = ()) -> list[Notice]:
    """Publish a notice in so many versions."""
    found = [Notice(category, number, DAY, more) for number, more in enumerate(takes_more, start=1)]
    languages = words(*(f"{category}_{notice.version}" for notice in found))
    with database.write() as connection:
        return publish_notices(connection, found, languages, outgrown=outgrown, at=AT)


@pytest.fixture
def person(database: Database) -> int:
    with database.write() as connection:
        return make_person(connection, "anna", agrees_to=("purchases", "offers"))


def list_on(database: Database, person_id: int) -> tuple[set[str], set[str]]:
    """What may be used, by both ways of asking."""
    with database.read() as connection:
        agreeing = {one for one in KNOWN if person_id in list_agreeing(connection, one, "choose")}
        return set(fetch_consents(connection, person_id).choose), agreeing


def test_a_yes_stands_while_no_later_notice_takes_more(database: Database, person: int) -> None:
    publish(database, "purchases", False, False, False)
    assert list_on(database, person) == ({"purchases", "offers"}, {"purchases", "offers"})


def test_a_notice_that_takes_more_ends_what_it_is_about_at_once_and_rewrites_nothing(
    database: Database, person: int
) -> None:
    before = rows(database)
    publish(database, "purchases", False, True)
    assert list_on(database, person) == ({"offers"}, {"offers"})
    with database.read() as connection:
        assert person not in list_agreeing(connection, "purchases", "train")
    assert rows(database) == before


def rows(database: Database) -> list[tuple[object, ...]]:
    with database.read() as connection:
        return [tuple(row) for row in connection.execute(select(consent_events))]


def test_a_yes_to_the_newer_notice_counts_and_is_a_new_word(database: Database, person: int) -> None:
    publish(database, "purchases", False, True, False)
    with database.write() as connection:
        assert make_consent(connection, person, "purchases", granted=True)
        assert not make_consent(connection, person, "purchases", granted=True)
        grant = fetch_ledger(connection, person).find("purchases", "choose")
    assert grant is not None
    assert (grant.notice_version, grant.is_outgrown) == ("3", False)
    assert "purchases" in list_on(database, person)[0]


def test_an_outgrown_yes_can_still_be_withdrawn_and_is_ended_by_the_signal(database: Database, person: int) -> None:
    publish(database, "purchases", False, True)
    publish(database, "offers", False, True)
    with database.write() as connection:
        assert make_consent(connection, person, "purchases", granted=False)
        assert honour_signal(connection, person, at=AT, lang="en", known=KNOWN) == ["offers"]


def test_whoever_said_yes_to_less_may_be_asked_again_and_whoever_said_no_has_rest(
    database: Database, person: int
) -> None:
    def may(who: int, days: int) -> bool:
        with database.read() as connection:
            now = NOW + timedelta(days=days)
            return may_ask(connection, who, "purchases", now=now, quiet_days=30, minor=False)

    with database.write() as connection:
        other = make_person(connection, "ben", agrees_to=("purchases",))
        make_consent(connection, other, "purchases", granted=False)
    assert not may(person, 0)
    publish(database, "purchases", False, True)
    assert may(person, 0)
    assert not may(other, 30)
    assert may(other, 31)


def test_a_group_of_sensitive_goods_stands_under_the_notice_of_all(database: Database) -> None:
    with database.write() as connection:
        one = make_person(connection, "cleo", agrees_to=("sensitive_alcohol",))
    publish(database, "sensitive", False, True)
    assert list_on(database, one) == (set(), set())


def test_an_imported_consent_stands_under_the_shops_own_notice_until_the_owner_lists_that(database: Database) -> None:
    with database.write() as connection:
        people = {version: make_person(connection, version) for version in ("2024-05", "1")}
        for version, one in people.items():
            make_imported_consent(connection, one, "purchases", notice_version=version)
    publish(database, "purchases", False, True)
    assert all(list_on(database, one)[0] == {"purchases"} for one in people.values())
    publish(database, "purchases", False, True, outgrown=("2024-05",))
    assert list_on(database, people["2024-05"]) == (set(), set())
    assert list_on(database, people["1"])[0] == {"purchases"}
    publish(database, "purchases", False, True)
    assert list_on(database, people["2024-05"])[0] == {"purchases"}


def test_what_was_published_is_published_once_and_audited(database: Database) -> None:
    assert [notice.version for notice in publish(database, "purchases", False, True)] == [1, 2]
    assert publish(database, "purchases", False, True) == []
    with database.read() as connection:
        acts = connection.execute(select(audit.c.object_id, audit.c.detail).where(audit.c.act == "notice_published"))
        assert [tuple(act) for act in acts] == [
            ("purchases_1", {"takes_more": False}),
            ("purchases_2", {"takes_more": True}),
        ]


@pytest.mark.parametrize(("takes_more", "text"), [(True, "May I?"), (False, "May I use more?")])
def test_a_published_version_stays_as_it_is(database: Database, takes_more: bool, text: str) -> None:
    publish(database, "purchases", False)
    changed = [Notice("purchases", 1, DAY, takes_more)]
    with database.write() as connection, pytest.raises(BadNotice, match=r"purchases 1 was published on 2026-03-02"):
        publish_notices(connection, changed, words("purchases_1", text=text), at=AT)


@pytest.mark.parametrize(
    ("listed", "told"),
    [
        ("offers: [{version: 2, date: 2026-03-02, takes_more: false}]", "expected version 1"),
        ("offers: [{version: 1, date: 2026-03-02}]", "expected version 1 with date and takes_more"),
        ("offers: [{version: 1, date: 2026-03-02, takes_more: perhaps}]", "takes_more is true or false"),
        ("offers: [{version: 1, date: soon, takes_more: false}]", "date is a day"),
    ],
)
def test_a_list_that_cannot_be_used_is_refused(tmp_path: Path, listed: str, told: str) -> None:
    file = tmp_path / "notices.yml"
    file.write_text(listed, encoding="utf-8")
    with pytest.raises(BadNotice, match=told):
        load_notices(file)


def test_every_category_of_the_shop_has_a_notice_whose_facts_are_known(shop: Shop, texts: Texts) -> None:
    newest = {notice.category: notice.version for notice in load_notices()}
    for category in shop.categories:
        kind = "sensitive" if category.startswith("sensitive_") else category
        told = tell_notice(texts, shop, category, newest[kind])
        assert shop.name in told
        assert "{" not in told


def test_a_withdrawal_is_recorded_under_the_notice_of_its_time(database: Database, person: int) -> None:
    publish(database, "offers", False, False)
    with database.write() as connection:
        record_consent(
            connection,
            person,
            "offers",
            granted=False,
            purposes=("choose", "train"),
            at=format_time(NOW + timedelta(days=1)),
            source="page",
            lang="de",
            known=KNOWN,
        )
        ended = fetch_ledger(connection, person).find("offers", "train")
    assert ended is not None
    assert (ended.notice_version, ended.granted, ended.is_outgrown) == ("2", False, False)
