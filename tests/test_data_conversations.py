"""The conversation log: numbered without a gap, once each, and who may get hold of it (P1, P2, P6)."""

import concurrent.futures
import time
import uuid

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from data.access import access_conversation, extend_token, issue_token
from data.buttons import find_button
from data.conversations import (
    Conversation,
    Draft,
    append_messages,
    change_state,
    fetch_messages,
    fetch_newest,
    fetch_transcript,
    find_repeated,
    require_conversation,
)
from data.database import Database
from data.errors import ClientIdReused, NotKnown
from data.handoffs import claim_handoff, end_handoff, find_position, request_handoff, return_to_queue
from data.tables import conversation_tokens, conversations, disclosures, messages
from data.turns import fetch_unanswered, list_unanswered
from tests.making import AT, make_conversation, make_person

LATER = "2026-03-02T10:00:00.000000Z"


@pytest.fixture
def opened(database: Database) -> tuple[Conversation, str]:
    with database.write() as connection:
        return make_conversation(connection)


def say(database: Database, conversation: Conversation, *drafts: Draft, **more: object) -> list[int | None]:
    """Append, and tell the seq of each."""
    with database.write() as connection:
        made = append_messages(connection, conversation.conversation_id, list(drafts), at=AT, **more)  # type: ignore[arg-type]
        return [message.seq for message in made]


def write(text: str, **more: object) -> Draft:
    return Draft("customer", "chat", text, client_key=f"customer:{uuid.uuid4()}", **more)  # type: ignore[arg-type]


def test_the_disclosure_is_number_one_and_recorded(database: Database, opened: tuple[Conversation, str]) -> None:
    with database.read() as connection:
        first = fetch_messages(connection, opened[0].conversation_id)[0]
        recorded = connection.execute(select(disclosures)).one()
    assert (first.seq, first.author, first.kind) == (1, "bot", "disclosure")
    assert (recorded.seq, recorded.text_version, recorded.lang, recorded.at) == (1, "1", "en", AT)


def test_messages_are_numbered_without_a_gap(database: Database, opened: tuple[Conversation, str]) -> None:
    conversation = opened[0]
    assert say(database, conversation, write("a"), Draft("bot", "chat", "b")) == [2, 3]
    assert say(database, conversation) == []
    assert say(database, conversation, write("c")) == [4]
    with database.read() as connection:
        assert [m.text for m in fetch_messages(connection, conversation.conversation_id, after=1)] == ["a", "b", "c"]
        assert [m.text for m in fetch_newest(connection, conversation.conversation_id, limit=2)] == ["c", "b"]


def test_private_notes_stand_outside_what_the_customer_counts(
    database: Database, opened: tuple[Conversation, str]
) -> None:
    conversation = opened[0]
    note = Draft("human", "chat", "a note", author_name="Sam", private=True)
    assert say(database, conversation, write("a"), note, Draft("human", "chat", "b", author_name="Sam")) == [2, None, 3]
    with database.read() as connection:
        seen = fetch_messages(connection, conversation.conversation_id)
        everything = fetch_transcript(connection, conversation.conversation_id)
        now = require_conversation(connection, conversation.conversation_id)
    assert [m.seq for m in seen] == [1, 2, 3]
    assert "a note" not in [m.text for m in seen]
    assert [(m.number, m.seq) for m in everything] == [(1, 1), (2, 2), (3, None), (4, 3)]
    assert (now.last_seq, now.last_number) == (3, 4)


def test_many_writers_at_once_leave_no_gap_and_no_double(database: Database, opened: tuple[Conversation, str]) -> None:
    conversation = opened[0]
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        seqs = list(pool.map(lambda n: say(database, conversation, write(f"m{n}"))[0], range(40)))
    assert sorted(seq for seq in seqs if seq) == list(range(2, 42))
    with database.read() as connection:
        told = fetch_messages(connection, conversation.conversation_id, after=1)
    assert [m.seq for m in told] == list(range(2, 42))
    assert {m.text for m in told} == {f"m{n}" for n in range(40)}


def test_a_batch_that_fails_leaves_nothing(database: Database, opened: tuple[Conversation, str]) -> None:
    conversation, key = opened[0], f"customer:{uuid.uuid4()}"
    say(database, conversation, Draft("customer", "chat", "once", client_key=key))
    with pytest.raises(IntegrityError):
        say(database, conversation, write("new"), Draft("customer", "chat", "twice", client_key=key))
    assert say(database, conversation, write("next")) == [3]


def test_an_answer_of_an_older_epoch_is_dropped(database: Database, opened: tuple[Conversation, str]) -> None:
    conversation = opened[0]
    with database.write() as connection:
        human = change_state(connection, conversation, "human")
    assert (human.state, human.epoch) == ("human", conversation.epoch + 1)
    assert say(database, conversation, Draft("bot", "answer", "too late"), epoch=conversation.epoch) == []
    assert say(database, conversation, Draft("human", "chat", "in time"), epoch=human.epoch) == [2]
    with database.write() as connection, pytest.raises(ValueError, match="asleep"):
        change_state(connection, human, "asleep")


def test_a_message_to_no_conversation_is_not_known(database: Database) -> None:
    with database.write() as connection, pytest.raises(NotKnown):
        append_messages(connection, "nowhere", [write("a")], at=AT)


def test_a_client_id_sent_twice_is_one_message_and_with_another_body_refused(
    database: Database, opened: tuple[Conversation, str]
) -> None:
    conversation, key = opened[0], f"customer:{uuid.uuid4()}"
    seq = say(database, conversation, Draft("customer", "chat", "hello", client_key=key))[0]
    pressed = f"customer:{uuid.uuid4()}"
    say(database, conversation, Draft("customer", "chat", "Title", payload="/ask_offers", client_key=pressed))
    with database.read() as connection:
        cid = conversation.conversation_id
        assert find_repeated(connection, cid, key, "hello", None) == seq
        assert find_repeated(connection, cid, pressed, None, "/ask_offers") == 3
        assert find_repeated(connection, cid, f"customer:{uuid.uuid4()}", "hello", None) is None
        with pytest.raises(ClientIdReused):
            find_repeated(connection, cid, key, "other", None)
        with pytest.raises(ClientIdReused):
            find_repeated(connection, cid, key, None, "hello")


def test_the_client_id_comes_back_as_the_client_wrote_it(database: Database, opened: tuple[Conversation, str]) -> None:
    client_id = str(uuid.uuid4())
    say(database, opened[0], Draft("customer", "chat", "hello", client_key=f"customer:{client_id}"))
    with database.read() as connection:
        told = fetch_messages(connection, opened[0].conversation_id, after=1)[0].describe()
    assert told["client_id"] == client_id
    assert {"seq", "author", "author_name", "at", "lang", "kind", "text", "buttons", "offers"} <= set(told)
    assert "payload" not in told


def test_a_body_survives_the_codec(database: Database, opened: tuple[Conversation, str]) -> None:
    """Short ones are kept as they are, long ones deflated; both come back whole."""
    for text in ("é“ 漢字", "long " * 400):
        draft = Draft(
            "bot",
            "offers",
            text,
            buttons=[{"title": "Yes", "payload": "/a"}],
            offers=[{"offer_id": "o"}],
            explanation={"base": 0.1, "reasons": []},
            extra={"effect": {"before": []}},
        )
        say(database, opened[0], draft)
        with database.read() as connection:
            read = fetch_newest(connection, opened[0].conversation_id, limit=1)[0]
        assert (read.text, read.buttons, read.offers, read.explanation, read.extra) == (
            text,
            draft.buttons,
            draft.offers,
            draft.explanation,
            draft.extra,
        )


def test_a_token_opens_its_conversation_and_no_other(database: Database, opened: tuple[Conversation, str]) -> None:
    conversation, token = opened
    with database.write() as connection:
        other, other_token = make_conversation(connection)
        assert access_conversation(connection, token).conversation.conversation_id == conversation.conversation_id
        for wrong, of in ((token, other), (other_token, conversation), ("guess", conversation), ("", conversation)):
            with pytest.raises(NotKnown):
                access_conversation(connection, wrong, of.conversation_id)
        with pytest.raises(NotKnown):
            access_conversation(connection, token, "nowhere")


def test_only_the_hash_of_a_token_is_stored(database: Database, opened: tuple[Conversation, str]) -> None:
    with database.read() as connection:
        stored = [str(value) for row in connection.execute(select(conversation_tokens)) for value in row]
    assert not [value for value in stored if opened[1] in value]


def test_a_token_speaks_for_its_customer_until_its_own_end(database: Database) -> None:
    with database.write() as connection:
        anna = make_person(connection, "anna")
        conversation, token = make_conversation(connection, anna, speaks_until=time.time() + 60)
        ended = issue_token(connection, conversation.conversation_id, speaks_until=time.time() - 1)
        silent = issue_token(connection, conversation.conversation_id, speaks_until=None)
        assert access_conversation(connection, token).person_id == anna
        for other in (ended, silent):
            access = access_conversation(connection, other)
            assert access.person_id is None
            assert access.conversation.person_id == anna  # it still reads and writes the conversation
        extend_token(connection, ended, speaks_until=time.time() + 60)
        assert access_conversation(connection, ended).person_id == anna
        assert access_conversation(connection, silent).person_id is None


def test_a_payload_counts_only_where_a_message_offered_it(database: Database, opened: tuple[Conversation, str]) -> None:
    conversation = opened[0]
    control = {"title": "Stop using this", "payload": '/stop_using{"category":"purchases"}'}
    explanation = {"reasons": [{"reason_id": "habit", "controls": [control]}]}
    say(
        database,
        conversation,
        Draft("bot", "explanation", "Because", explanation=explanation),
        Draft("bot", "chat", "?", buttons=[{"title": "Yes", "payload": "/affirm"}]),
        *(write(f"filler {n}") for n in range(120)),
        write("/mine", payload="/smuggled"),
    )
    with database.write() as connection:
        other, _ = make_conversation(connection)
        assert find_button(connection, conversation.conversation_id, "/affirm") == "Yes"
        assert find_button(connection, conversation.conversation_id, control["payload"]) == "Stop using this"
        assert find_button(connection, conversation.conversation_id, "/smuggled") is None
        assert find_button(connection, other.conversation_id, "/affirm") is None


def test_what_has_had_no_turn_is_found_after_a_crash(database: Database, opened: tuple[Conversation, str]) -> None:
    conversation = opened[0]
    say(database, conversation, write("first"), write("second"))
    with database.read() as connection:
        now = require_conversation(connection, conversation.conversation_id)
        assert list_unanswered(connection) == [conversation.conversation_id]
        assert [m.text for m in fetch_unanswered(connection, now)] == ["first", "second"]
    say(database, conversation, Draft("bot", "answer", "to the first"), answers=2)
    with database.read() as connection:
        now = require_conversation(connection, conversation.conversation_id)
        assert [m.text for m in fetch_unanswered(connection, now)] == ["second"]
    with database.write() as connection:
        change_state(connection, now, "human")
        assert list_unanswered(connection) == []  # a person answers


def test_a_handoff_changes_owner_and_epoch_together(database: Database, opened: tuple[Conversation, str]) -> None:
    conversation = opened[0]
    with database.write() as connection:
        handoff, waiting, is_new = request_handoff(connection, conversation, at=AT, topic={}, now=0.0)
        assert (waiting.state, waiting.epoch, is_new) == ("waiting", 1, True)
        again, _, is_new = request_handoff(connection, waiting, at=LATER, topic={}, now=0.0)
        assert (again.handoff_id, is_new) == (handoff.handoff_id, False)
        claimed, is_new = claim_handoff(connection, handoff.handoff_id, username="sam", at=AT, now=0.0)
        assert (claimed.state, claimed.claimed_by, is_new) == ("claimed", "sam", True)
        assert claim_handoff(connection, handoff.handoff_id, username="sam", at=AT, now=0.0)[1] is False
        end_handoff(connection, claimed, ended_as="released", at=LATER)
        fresh, reopened, is_new = request_handoff(connection, waiting, at=LATER, topic={}, now=0.0)
        assert is_new
        assert fresh.handoff_id != handoff.handoff_id
        assert reopened.state == "waiting"


def test_back_in_the_queue_is_the_old_place(database: Database, opened: tuple[Conversation, str]) -> None:
    with database.write() as connection:
        first, _, _ = request_handoff(connection, opened[0], at=AT, topic={}, now=0.0)
        other, _ = make_conversation(connection)
        second, _, _ = request_handoff(connection, other, at=LATER, topic={}, now=0.0)
        assert (find_position(connection, first), find_position(connection, second)) == (1, 2)
        claimed, _ = claim_handoff(connection, first.handoff_id, username="sam", at=LATER, now=0.0)
        assert find_position(connection, second) == 1
        return_to_queue(connection, claimed, now=0.0)
        assert find_position(connection, second) == 2


def test_closed_and_written_to_again_is_the_same_conversation(
    database: Database, opened: tuple[Conversation, str]
) -> None:
    """Reopening keeps history and numbers; the gateway adds the disclosure (tests/test_web_handoffs.py)."""
    conversation = opened[0]
    with database.write() as connection:
        closed = change_state(connection, conversation, "closed")
    assert say(database, closed, write("still here")) == [2]
    with database.write() as connection:
        assert change_state(connection, closed, "bot").epoch == 2
        rows = connection.execute(select(messages.c.seq).order_by(messages.c.seq)).scalars()
        assert list(rows) == [1, 2]
        assert connection.execute(select(conversations.c.last_seq)).scalar() == 2
