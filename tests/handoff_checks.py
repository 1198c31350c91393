"""What always holds of a talk with a person, whatever was done in whatever order: for `tests/test_handoff_stateful.py`."""

import re
from typing import Any

from data.conversations import Message, fetch_transcript, require_conversation
from data.patience import AWAY_AFTER_S
from tests.handoff_world import Customer, World

COMES = ("joined", "transferred")
GOES = ("left", "closed", "back_in_queue", "silent", "gone", "transferred_team", "talk_abandoned")


def match(world: World, name: str) -> re.Pattern[str]:
    """A text of the handoff's as a pattern of what is said."""
    text = world.house.texts.entry(f"handoff.{name}").say[0]
    return re.compile(re.sub(r"\\\{\w+\\\}", ".+", re.escape(text)))


def check_step(world: World, *, watched: bool) -> None:
    world.counted += 1
    for who, customer in enumerate(world.customers):
        handoff, state = world.find_handoff(who), world.find_state(customer)
        expected = {"waiting": "waiting", "claimed": "human"}.get(handoff.state) if handoff else None
        assert state == expected or (handoff is None and state in ("bot", "closed")), (state, handoff)
        sql = "SELECT number, author, seq FROM messages WHERE conversation_id = ? AND number > ?"
        for message in world.fetch(sql, customer.conversation_id, customer.read):
            customer.read = max(customer.read, message.number)
            if message.author != "customer" and message.seq is not None:
                customer.word_at = world.now
        if handoff is not None and handoff.handoff_id != customer.handoff_id:
            customer.handoff_id, customer.seen_at = (
                handoff.handoff_id,
                world.now,
            )  # patience begins when it is opened
        if watched and handoff is not None:
            check_patience(world, customer, handoff)


def check_patience(world: World, customer: Customer, handoff: Any) -> None:
    """Right after the watch has looked nobody is past a limit."""
    desk, is_away = world.house.shop.desk, world.now - customer.seen_at > AWAY_AFTER_S
    if handoff.state == "claimed":
        assert world.now - world.beats[handoff.claimed_by or ""] <= desk.offline_s
        assert customer.owed_since is None or world.now - customer.owed_since <= desk.answer_s
    elif not handoff.has_message:
        assert world.now - customer.seen_at <= desk.customer_away_s
        if handoff.phase == "queued" and not is_away:
            assert world.now - customer.word_at <= desk.wait_s


def check_logs(world: World) -> None:
    """The whole log of each talk: nothing lost, doubled or out of order; the bot silent while a person had the word."""
    patterns = {match(world, name): name in COMES for name in (*COMES, *GOES)}
    for customer in world.customers:
        with world.database.read() as connection:
            log = fetch_transcript(connection, customer.conversation_id)
            conversation = require_conversation(connection, customer.conversation_id)
        assert [one.number for one in log] == list(range(1, len(log) + 1))
        public = [one for one in log if one.seq is not None]
        assert [one.seq for one in public] == list(range(1, len(public) + 1))
        said = [f"{one.client_id}|{one.payload or one.text}" for one in public if one.author == "customer"]
        assert said == customer.said
        assert [one.text for one in public if one.author == "human"] == customer.heard
        last = max((one.seq or 0 for one in public if one.author == "customer"), default=0)
        assert conversation.state == "human" or conversation.answered_seq >= last, "a message without its turn"
        check_silence(public, patterns)


def check_silence(public: list[Message], patterns: dict[re.Pattern[str], bool]) -> None:
    owned = False
    for message in public:
        is_notice = message.author == "system" and message.kind == "notice"
        assert not owned or is_notice or message.author in ("customer", "human"), f"over a person: {message.text}"
        if message.author == "system":
            turned = [comes for pattern, comes in patterns.items() if pattern.fullmatch(message.text)]
            owned = turned[0] if turned else owned
        if message.author == "human":
            assert owned, "a person spoke whom nobody announced"
