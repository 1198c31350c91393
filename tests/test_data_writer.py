"""Writing together: each piece stands or falls by itself, is answered after the commit, and only what was committed is told."""

import threading
from collections.abc import Callable
from concurrent.futures import Future

import pytest
from sqlalchemy import Connection, event

from data.appended import Appended
from data.conversations import Draft, append_messages, fetch_messages, require_conversation
from data.database import Database
from data.errors import NotKnown
from tests.making import AT, make_conversation

PIECES = 20


def say(conversation_id: str, text: str, *, fails: bool = False) -> Callable[[Connection], str]:
    """A piece of work that appends a message, and then breaks if it is to."""

    def work(connection: Connection) -> str:
        append_messages(connection, conversation_id, [Draft("customer", "chat", text)], at=AT)
        if fails:
            raise NotKnown(text)
        return text

    return work


def open_one(database: Database) -> tuple[str, int]:
    with database.write() as connection:
        conversation, _ = make_conversation(connection)
        last = require_conversation(connection, conversation.conversation_id).last_seq
    return conversation.conversation_id, last


def hold_up(database: Database, submit: Callable[[], list[Future[str]]]) -> list[Future[str]]:
    """Submit while somebody else writes, so that the pieces come together."""
    with database.write():
        first = database.write_together(lambda _connection: "first")
        answers = submit()
        assert not first.done()
    assert first.result(10) == "first"
    return answers


def read_texts(database: Database, conversation_id: str, after: int) -> list[str]:
    with database.read() as connection:
        return [message.text for message in fetch_messages(connection, conversation_id, after=after)]


def test_pieces_stand_or_fall_by_themselves_in_their_order(database: Database) -> None:
    conversation_id, last = open_one(database)
    told: list[Appended] = []
    database.tell_appended = told.append
    answers = hold_up(
        database,
        lambda: [database.write_together(say(conversation_id, str(n), fails=n % 3 == 0)) for n in range(PIECES)],
    )
    for n, answer in enumerate(answers):
        if n % 3 == 0:
            with pytest.raises(NotKnown, match=str(n)):
                answer.result(10)
        else:
            assert answer.result(10) == str(n)
    kept = [str(n) for n in range(PIECES) if n % 3]
    assert read_texts(database, conversation_id, last) == kept
    assert len(told) == 1  # one transaction
    heard = [message for _, messages in told[0] for message in messages]
    assert [message.text for message in heard] == kept
    assert [message.seq for message in heard] == list(range(last + 1, last + 1 + len(kept)))


def test_an_answer_comes_after_its_commit(database: Database) -> None:
    conversation_id, last = open_one(database)
    seen: list[list[str]] = []
    done = threading.Event()

    def look(_answer: Future[str]) -> None:
        seen.append(read_texts(database, conversation_id, last))
        done.set()

    database.write_together(say(conversation_id, "here")).add_done_callback(look)
    assert done.wait(10)
    assert seen == [["here"]]


def test_a_transaction_that_fails_is_nobodys_success(database: Database) -> None:
    conversation_id, last = open_one(database)
    told: list[Appended] = []
    database.tell_appended = told.append

    def break_off(_connection: Connection) -> None:
        raise OSError("The disk is full")

    event.listen(database.engine, "commit", break_off)
    answers = [database.write_together(say(conversation_id, text)) for text in ("one", "two")]
    for answer in answers:
        with pytest.raises(OSError, match="disk"):
            answer.result(10)
    event.remove(database.engine, "commit", break_off)
    assert read_texts(database, conversation_id, last) == []
    assert told == []
    assert database.write_together(say(conversation_id, "again")).result(10) == "again"
    assert read_texts(database, conversation_id, last) == ["again"]


def test_closing_does_what_still_waits(database: Database) -> None:
    conversation_id, last = open_one(database)
    answers = [database.write_together(say(conversation_id, str(n))) for n in range(PIECES)]
    database.close()
    assert [answer.result(0) for answer in answers] == [str(n) for n in range(PIECES)]
    assert read_texts(database, conversation_id, last) == [str(n) for n in range(PIECES)]
