"""Retention: what is old goes, what is open, stands, or is frozen stays, and the dry run says beforehand exactly what the run removes."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Table, func, insert, select, update

from data import retention
from data.audit_checks import verify_log
from data.classes import TABLES
from data.clock import ShopClock, format_time
from data.consent import record_consent, record_refusal
from data.conversations import Draft, append_messages, open_conversation, require_conversation
from data.database import Database, write_fact
from data.events import record_page_event
from data.handoffs import request_handoff
from data.outbox import write_letter
from data.requests import Whose, open_request
from data.retention import apply_retention, check_retention
from data.retention_rules import list_rules
from data.reviews import answer_review, open_review
from data.shop import Shop
from data.standings import restrict_use
from data.tables import (
    audit,
    audit_groups,
    consent_events,
    consent_refusals,
    conversations,
    impressions,
    messages,
    metadata,
    offer_events,
    order_lines,
    preferences,
    reviews,
    uses,
)
from data.tables_rights import receipts, requests
from data.uses import record_use
from data.vault import name_conversation
from tests.making import KNOWN, TODAY, make_catalogue, make_coupon_event, make_order, make_person

NOW = datetime(TODAY.year, TODAY.month, TODAY.day, 17, tzinfo=UTC)


class World:
    """A database whose clock stands at `NOW`, and rows of any age."""

    def __init__(self, database: Database, shop: Shop) -> None:
        self.database = database
        self.shop = shop
        self.clock = ShopClock(shop.zone, machine=lambda: NOW)
        with database.write() as connection:
            make_catalogue(connection)
            self.person = make_person(connection, "anna")

    def ago(self, days: int) -> str:
        return format_time(NOW - timedelta(days=days))

    def check(self) -> dict[tuple[str, str], int]:
        with self.database.read() as connection:
            found = check_retention(connection, list_rules(self.shop, self.clock))
        return count(found)

    def apply(self) -> dict[tuple[str, str], int]:
        """Run it; the dry run beforehand said the same, the log is whole, and a second run finds nothing."""
        said = self.check()
        removed = count(apply_retention(self.database, list_rules(self.shop, self.clock), at=self.clock.stamp()))
        assert removed == said
        assert self.check() == {}
        with self.database.read() as connection:
            assert verify_log(connection, Path("none")).fault is None
            acts = connection.execute(select(audit.c.object_id, audit.c.detail).where(audit.c.act == "retention"))
            told: Counter[tuple[str, str]] = Counter()
            for name, detail in acts:
                told.update({(name, table): rows for table, rows in detail.items()})
        assert {key: rows for key, rows in told.items() if rows} == removed
        return removed

    def count(self, table: Table) -> int:
        with self.database.read() as connection:
            return int(connection.execute(select(func.count()).select_from(table)).scalar_one())

    def talk(self, days: int, person_id: int | None = None) -> str:
        with self.database.write() as connection:
            talk = open_conversation(
                connection, person_id=person_id, locale="en", minor=False, page_offers=[], at=self.ago(days)
            )
            append_messages(connection, talk.conversation_id, [Draft("customer", "chat", "hello")], at=self.ago(days))
        return talk.conversation_id

    def show(self, impression_id: str, days: int, *, slate: str | None = None, person_id: int | None = None) -> None:
        with self.database.write() as connection:
            connection.execute(
                insert(impressions).values(
                    impression_id=impression_id,
                    slate_id=slate or impression_id,
                    person_id=person_id,
                    slot="home",
                    position=1,
                    offer_id="o",
                    type_id="type-1",
                    channel="page",
                    consents=[],
                    model_version="none",
                    variant="one",
                    personalized=False,
                    shown_at=self.ago(days),
                    shop_day=TODAY,
                    offer={},
                    explanation={},
                )
            )

    def consent(
        self, category: str, days: int, *, granted: bool, purposes: tuple[str, ...] = ("choose", "train")
    ) -> None:
        with self.database.write() as connection:
            record_consent(
                connection,
                self.person,
                category,
                granted=granted,
                purposes=purposes,
                at=self.ago(days),
                source="page",
                lang="en",
                known=KNOWN,
            )

    def gather(self, days: int) -> None:
        """A row under each consent that something is gathered under."""
        day, at = TODAY - timedelta(days=days), self.ago(days)
        with self.database.write() as connection:
            record_page_event(connection, self.person, kind="viewed", product_id=None, page="/", at=at, day=day)
            make_coupon_event(connection, self.person, day, "type-1", event="shown")
            connection.execute(update(offer_events).values(impression_id="i"))
            make_coupon_event(connection, self.person, day, "type-2")  # imported
            for kind, type_id in (("like", "type-1"), ("never_show", "type-2")):
                row = {"person_id": self.person, "kind": kind, "type_id": type_id, "at": at}
                connection.execute(insert(preferences).values(row))
            for name in ("age", "income"):
                connection.execute(insert(audit_groups).values(person_id=self.person, name=name, value="x"))
            make_order(connection, self.person, day, ["type-1"])


def count(found: list[Any]) -> dict[tuple[str, str], int]:
    counted: Counter[tuple[str, str]] = Counter()
    for one in found:
        counted[one.name, one.table] += one.rows
    return {key: rows for key, rows in counted.items() if rows}


@pytest.fixture
def world(database: Database, shop: Shop) -> World:
    return World(database, shop)


def test_every_table_with_days_has_a_rule_of_that_name(world: World) -> None:
    reached = {
        (rule.name, column.table.name)
        for rule in list_rules(world.shop, world.clock)
        for column in (rule.key, *rule.more)
    }
    for table in metadata.sorted_tables:
        days = TABLES[table.name].retention
        assert days is None or (days, table.name) in reached, table.name


def test_a_conversation_goes_with_all_its_words_and_its_key(world: World) -> None:
    old, new = world.talk(366), world.talk(364)
    assert world.apply() == {("conversations", "conversations"): 1, ("conversations", "messages"): 1}
    with world.database.read() as connection:
        assert list(connection.execute(select(conversations.c.conversation_id)).scalars()) == [new]
        assert list(connection.execute(select(messages.c.conversation_id)).scalars()) == [new]
    assert not has_key(world, old)
    assert has_key(world, new)


def test_a_letter_that_was_never_sent_does_not_hold_its_conversation(world: World) -> None:
    for table in metadata.sorted_tables:
        leads = {key.column.table.name for key in table.foreign_keys}
        assert "conversations" not in leads or TABLES[table.name].retention == "conversations", table.name
    talk = world.talk(400)
    told: dict[str, Any] = {"to": "ann@home.example", "subject": "An answer", "text": "It is there."}
    with world.database.write() as connection:
        write_letter(connection, conversation_id=talk, kind="answer", at=world.ago(400), now=0.0, wanted_s=9.0, **told)
    gone = world.apply()
    assert gone == {("conversations", name): 1 for name in ("conversations", "messages", "outbox")}


def has_key(world: World, conversation_id: str) -> bool:
    with world.database.vault._store.connect() as connection:
        found = connection.exec_driver_sql("SELECT subject FROM keys").scalars()
        return name_conversation(conversation_id) in set(found)


def test_what_is_open_is_not_cut_from_under_anybody(world: World) -> None:
    asked, disputed, requested = (world.talk(400) for _ in range(3))
    with world.database.write() as connection:
        request_handoff(connection, require_conversation(connection, asked), at=world.ago(400), topic={}, now=0.0)
        connection.execute(update(conversations).values(touched_at=world.ago(400)))
        open_review(connection, person_id=None, conversation_id=disputed, impression_id=None, reason_id=None,
                    text="wrong", at=world.ago(400), due_on=TODAY)  # fmt: skip
        open_request(connection, Whose(conversation_id=requested), kind="rectify", now=NOW - timedelta(days=400))
    assert world.apply() == {}
    assert world.count(conversations) == 3


def test_a_review_that_was_answered_can_be_read_after_its_conversation_went_and_then_goes_too(world: World) -> None:
    talk = world.talk(1200)
    with world.database.write() as connection:
        review = open_review(connection, person_id=None, conversation_id=talk, impression_id=None, reason_id=None,
                             text="wrong", at=world.ago(1200), due_on=TODAY)  # fmt: skip
        answer_review(connection, review.review_id, decision="right", username="sam", at=world.ago(1000))
    assert ("receipts", "reviews") not in world.apply()
    assert has_key(world, talk)
    with world.database.write() as connection:
        connection.execute(update(reviews).values(decided_at=world.ago(1100)))
    rules = list_rules(world.shop, world.clock)
    assert count(apply_retention(world.database, rules, at=world.clock.stamp())) == {("receipts", "reviews"): 1}
    assert not has_key(world, talk)


def test_offers_that_were_shown_go_save_the_slate_under_an_open_review(world: World) -> None:
    world.show("old", 396)
    world.show("new", 394)
    world.show("disputed", 396, slate="s")
    world.show("beside", 396, slate="s")
    with world.database.write() as connection:
        review = open_review(connection, person_id=world.person, conversation_id=None, impression_id="disputed",
                             reason_id=None, text="wrong", at=world.ago(390), due_on=TODAY)  # fmt: skip
    assert world.apply() == {("impressions", "impressions"): 1}
    with world.database.write() as connection:
        answer_review(connection, review.review_id, decision="right", username="sam", at=world.ago(0))
    assert world.check() == {("impressions", "impressions"): 2}


def test_what_was_looked_at_goes_after_its_days_and_orders_stay(world: World) -> None:
    world.consent("browsing", 500, granted=True)
    world.gather(31)
    with world.database.write() as connection:
        make_order(connection, world.person, TODAY - timedelta(days=2000), ["type-2"])
    assert world.apply() == {("browsing", "page_events"): 1}
    assert world.count(order_lines) == 2


GATHERED = {
    "browsing": ("page_events", 1),
    "offers": ("offer_events", 1),
    "preferences": ("preferences", 1),
    "fairness": ("audit_groups", 2),
}


@pytest.mark.parametrize("category", GATHERED)
def test_what_was_gathered_under_a_consent_goes_some_days_after_it_was_withdrawn(world: World, category: str) -> None:
    days = {"browsing": 90, "withdrawn": 30}
    world.shop = replace_days(world.shop, days)
    for one in GATHERED:
        world.consent(one, 80, granted=True)
    world.gather(60)
    world.consent(category, 31, granted=False, purposes=("choose",))
    assert world.check() == {}  # still on for training
    world.consent(category, 29, granted=False, purposes=("train",))
    assert world.check() == {}  # not long enough
    world.clock = ShopClock(world.shop.zone, machine=lambda: NOW + timedelta(days=2))
    table, rows = GATHERED[category]
    assert world.check() == {("withdrawn", table): rows}
    world.consent(category, 0, granted=True, purposes=("choose",))
    assert world.check() == {}  # given again
    world.consent(category, 0, granted=False, purposes=("choose",))
    world.clock = ShopClock(world.shop.zone, machine=lambda: NOW + timedelta(days=31))
    found = {key: rows for key, rows in world.check().items() if key[0] == "withdrawn"}
    assert found.get(("withdrawn", table), 0) == (0 if category == "browsing" else rows)
    world.apply()
    assert world.count(preferences) == (1 if category == "preferences" else 2)
    assert world.count(offer_events) == (1 if category == "offers" else 2)


def replace_days(shop: Shop, days: dict[str, int]) -> Shop:
    return replace(shop, retention_days=shop.retention_days | days)


def test_the_ledger_keeps_the_last_word_however_old(world: World) -> None:
    world.consent("purchases", 1300, granted=True)
    world.consent("purchases", 1200, granted=False)
    world.consent("offers", 1300, granted=True)
    with world.database.write() as connection:
        for days in (1100, 1000):
            record_refusal(connection, world.person, "browsing", at=world.ago(days))
            record_use(
                connection, world.person, at=world.ago(days), categories=[], what_for="explain", by="x", detail={}
            )
            open_request(connection, Whose(world.person), kind="access", now=NOW - timedelta(days=days), state="done")
            handed = {"person_id": world.person, "event_ids": [1], "issued_at": world.ago(days), "body": b""}
            connection.execute(insert(receipts).values(receipt_id=f"r-{days}", **handed))
    assert world.apply() == {
        ("receipts", "consent_events"): 2,
        ("receipts", "receipts"): 1,
        ("receipts", "consent_refusals"): 1,
        ("receipts", "uses"): 1,
        ("receipts", "requests"): 1,
    }
    with world.database.read() as connection:
        kept = connection.execute(select(consent_events.c.category, consent_events.c.granted)).all()
    assert sorted(map(tuple, kept)) == [("offers", True), ("offers", True), ("purchases", False), ("purchases", False)]
    assert world.count(consent_refusals) == world.count(uses) == world.count(requests) == 1


def test_a_refusal_stays_as_long_as_the_question_must_rest(world: World) -> None:
    world.shop = replace_days(world.shop, {"receipts": 7})
    with world.database.write() as connection:
        record_refusal(connection, world.person, "browsing", at=world.ago(20))
    assert world.apply() == {}


def test_nothing_of_a_customer_goes_while_their_data_are_frozen(world: World) -> None:
    for category in GATHERED:
        world.consent(category, 1400, granted=True)
        world.consent(category, 1300, granted=False)
    world.gather(1200)
    world.talk(1200, world.person)
    world.show("i", 1200, person_id=world.person)
    with world.database.write() as connection:
        record_use(connection, world.person, at=world.ago(1200), categories=[], what_for="explain", by="x", detail={})
        restrict_use(connection, world.person, at=world.ago(1))
    assert world.apply() == {}
    with world.database.write() as connection:
        restrict_use(connection, world.person, at=world.ago(0), lift=True)
    assert len(world.apply()) == 9


def test_what_opens_while_it_runs_stays(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    talk = world.talk(400)
    remove = retention._remove

    def touch(connection: Any, *told: Any, **named: Any) -> Any:
        at = world.clock.stamp()
        append_messages(connection, talk, [Draft("customer", "chat", "I am back")], at=at)
        return remove(connection, *told, **named)

    monkeypatch.setattr(retention, "_remove", touch)
    rules = list_rules(world.shop, world.clock)
    assert not any(one.rows for one in apply_retention(world.database, rules, at=world.clock.stamp()))
    assert world.count(conversations) == 1


def test_it_goes_in_small_steps_and_stops_when_told(world: World) -> None:
    for number in range(250):
        world.show(f"i-{number}", 400)
    steps: Iterator[bool] = iter([False, True, *[True] * 50])
    rules = list_rules(world.shop, world.clock)
    removed = apply_retention(world.database, rules, at=world.clock.stamp(), should_stop=lambda: next(steps))
    assert count(removed) == {("impressions", "impressions"): retention.AT_ONCE}
    assert world.count(impressions) == 250 - retention.AT_ONCE


def test_the_command_says_what_would_go_and_then_removes_it(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CANDOR_VAR", str(tmp_path))
    monkeypatch.setenv("CANDOR_KEY_FILE", str(tmp_path / "secrets" / "candor.key"))
    with world.database.write() as connection:
        write_fact(connection, "clock_offset_s", (NOW - datetime.now(UTC)).total_seconds())
    world.talk(400)
    for arguments, said, left in (("--dry-run", "would go", 1), (None, "went", 0), (None, "0 rows went", 0)):
        monkeypatch.setattr("sys.argv", ["retention", *([arguments] if arguments else [])])
        assert retention.main() == 0
        told = capsys.readouterr().out
        assert said in told
        assert ("conversations    365 days  messages                     1 rows" in told) == ("0 rows" not in told)
        assert world.count(conversations) == left
