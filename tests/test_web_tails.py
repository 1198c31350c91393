"""Tails: a shortcut past the log that never leaves a message out, and keeps nothing once nobody listens."""

from data.conversations import Draft, Message, append_messages, require_conversation
from data.database import Database
from tests.making import AT, make_conversation
from web.tails import KEEPS, Tails


def append(database: Database, conversation_id: str, *texts: str, private: bool = False) -> list[Message]:
    with database.write() as connection:
        drafts = [Draft("human", "chat", text, private=private) for text in texts]
        return append_messages(connection, conversation_id, drafts, at=AT)


def open_one(database: Database) -> tuple[str, int]:
    with database.write() as connection:
        conversation, _ = make_conversation(connection)
        last = require_conversation(connection, conversation.conversation_id).last_seq
    return conversation.conversation_id, last


def test_news_comes_in_order_whatever_commits_first(database: Database) -> None:
    one, last = open_one(database)
    tails = Tails()
    first, second, third = append(database, one, "a", "b", "c")
    with tails.listen(one):
        tails.hear([(one, [second])])
        assert tails.read(one, after=last, by="seq") is None  # the first is missing: ask the log
        tails.hear([(one, [first])])
        tails.hear([(one, [third])])
        assert tails.read(one, after=last, by="seq") == [first, second, third]
        assert tails.read(one, after=last + 1, by="seq") == [second, third]
        assert tails.read(one, after=last + 3, by="seq") == []


def test_a_private_note_is_no_gap_for_the_customer_and_a_message_for_staff(database: Database) -> None:
    one, last = open_one(database)
    tails = Tails()
    with tails.listen(one):
        said = [*append(database, one, "a"), *append(database, one, "note", private=True), *append(database, one, "b")]
        tails.hear([(one, said)])
        seen = tails.read(one, after=last, by="seq")
        assert seen is not None
        assert [message.text for message in seen] == ["a", "b"]
        assert tails.read(one, after=said[0].number - 1, by="number") == said


def test_marks_only_move_on_and_only_while_somebody_listens() -> None:
    tails = Tails()
    tails.move_marks("one", delivered=9)
    with tails.listen("one"):
        known = {"delivered": 2, "seen": 1}
        assert tails.read_marks("one", known) == known
        tails.move_marks("one", delivered=3)
        tails.move_marks("one", delivered=1, seen=2)
        assert tails.read_marks("one", known) == {"delivered": 3, "seen": 2}
        assert tails.read_marks("one", {"delivered": 5, "seen": 0}) == {"delivered": 5, "seen": 2}
        assert tails.read_marks("one", {}) == {}
    assert not tails._tails


def test_only_the_newest_are_kept_and_only_while_somebody_listens(database: Database) -> None:
    one, last = open_one(database)
    tails = Tails()
    said = append(database, one, *(str(n) for n in range(KEEPS + 5)))
    tails.hear([(one, said)])
    with tails.listen(one), tails.listen(one):
        assert tails.read(one, after=last, by="seq") == []  # came before anybody listened
        tails.hear([(one, said)])
        assert tails.read(one, after=last, by="seq") is None
        assert tails.read(one, after=last + 5, by="seq") == said[5:]
    assert not tails._tails
