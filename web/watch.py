"""The clock of talks with a person: each second whatever limit was reached is acted on, in a transaction of its own.

Every step is decided twice: from a look at all open handoffs, and again with the conversation's row locked, so that any number of gateways
may watch and each step is done once. What is due when: `data/patience.py`.
"""

import logging
from functools import partial

from sqlalchemy import Connection

from data.audit import record_act
from data.conversations import (
    Conversation,
    Draft,
    append_messages,
    change_conversation,
    change_state,
    require_conversation,
)
from data.errors import Erased, NotKnown
from data.handoffs import Handoff, change_phase, end_handoff, fetch_watched, note_told, require_handoff
from data.patience import Step, find_step
from data.presence import Colleague, fetch_colleagues, note_given
from data.staff import Member, find_name
from models.wording import say_count
from web.background import Background, attempt
from web.handoff_words import write_notice, write_return, write_standing
from web.handoffs import announce_wait, claim, put_back
from web.house import House
from web.speech import vary_repeated
from web.wakeups import QUEUE

EVERY_S = 1.0
_log = logging.getLogger("candor.watch")


def make_watch(house: House) -> Background:
    """What looks each second as long as the gateway lives."""
    return Background(house, look, name="watch", every_s=EVERY_S, log=_log)


def look(house: House) -> int:
    """One look at all open handoffs; returns how many steps were done."""
    with house.database.read() as connection:
        watched = fetch_watched(connection)
        now = house.clock.machine_seconds()
        colleagues = fetch_colleagues(connection, house.shop.desk, now=now) if watched else []
    due = [handoff for handoff in watched if _decide(house, handoff, colleagues) is not None]
    done: list[bool] = []
    attempt(house, *(partial(_try, house, handoff, done) for handoff in due), step="handoffs", log=_log)
    return sum(done)


def _try(house: House, handoff: Handoff, done: list[bool]) -> None:
    """Act; what goes wrong names the handoff."""
    try:
        done.append(_act(house, handoff))
    except BaseException as failure:
        failure.add_note(f"In the step of handoff {handoff.handoff_id}")
        raise


def _decide(house: House, handoff: Handoff, colleagues: list[Colleague]) -> Step | None:
    is_open = house.shop.hours.is_open(house.clock.now().astimezone(house.shop.zone))
    now = house.clock.machine_seconds()
    return find_step(handoff, house.shop.desk, now=now, is_open=is_open, colleagues=colleagues)


def _act(house: House, seen: Handoff) -> bool:
    try:
        with house.database.write() as connection:
            conversation = require_conversation(connection, seen.conversation_id, lock=True)
            handoff = require_handoff(connection, seen.handoff_id)
            colleagues = fetch_colleagues(connection, house.shop.desk, now=house.clock.machine_seconds())
            step = _decide(house, handoff, colleagues)
            if step is None:
                return False
            _do(connection, house.speak(conversation.locale), handoff, conversation, step)
    except (Erased, NotKnown):
        return False  # erased meanwhile
    house.wakeups.ring(seen.conversation_id, QUEUE)
    return True


def _do(connection: Connection, house: House, handoff: Handoff, conversation: Conversation, step: Step) -> None:
    if step.what == "mark":
        change_phase(connection, handoff, step.phase)
        return
    if step.what == "give_to":
        _give_to(connection, house, handoff, step.username)
        return
    drafts = _STEPS[step.what](connection, house, handoff, conversation, step)
    drafts = vary_repeated(connection, house, conversation.conversation_id, drafts)
    answers = (
        conversation.last_seq if conversation.state == "human" else None
    )  # what was written to the person was theirs
    append_messages(connection, conversation.conversation_id, drafts, at=house.clock.stamp(), answers=answers)


def _give_to(connection: Connection, house: House, handoff: Handoff, username: str) -> None:
    member = Member(username, find_name(connection, username), "agent")
    claim(connection, house, handoff.handoff_id, member, by="system")
    note_given(connection, username, now=house.clock.machine_seconds())


def _tell_wait(
    connection: Connection, house: House, handoff: Handoff, conversation: Conversation, _step: Step
) -> list[Draft]:
    note_told(connection, handoff, now=house.clock.machine_seconds())
    return [write_standing(connection, house, conversation, handoff, address="handoff.nobody_yet")]


def _rephase(
    connection: Connection, house: House, handoff: Handoff, conversation: Conversation, step: Step
) -> list[Draft]:
    change_phase(connection, handoff, step.phase)
    if handoff.has_message:  # it was said by when an answer comes; nothing else is worth a word
        return []
    handoff = require_handoff(connection, handoff.handoff_id)
    note_told(connection, handoff, now=house.clock.machine_seconds())
    return [write_standing(connection, house, conversation, handoff, address="handoff.somebody_here")]


def _give_back(
    connection: Connection, house: House, handoff: Handoff, conversation: Conversation, step: Step
) -> list[Draft]:
    username = handoff.claimed_by or ""
    name, at = find_name(connection, username), house.clock.stamp()
    minutes = round((house.shop.desk.answer_s if step.why == "silent" else house.shop.desk.offline_s) / 60)
    said = put_back(
        connection,
        house,
        handoff,
        conversation,
        address=f"handoff.{step.why}",
        name=name,
        minutes=say_count(minutes, house.texts.lang),
    )
    note = Draft(
        author="system", kind="notice", text=house.texts.say(f"handoff.note_{step.why}", name=name), private=True
    )
    record_act(
        connection,
        at=at,
        actor="system",
        act=f"handoff_taken_back_{step.why}",
        object_id=handoff.handoff_id,
        detail={"from": username},
    )
    waiting = require_handoff(connection, handoff.handoff_id)
    announce_wait(connection, house, conversation, waiting, taken_from=username, why=step.why)
    return [*said, note]


def _abandon(
    connection: Connection, house: House, handoff: Handoff, conversation: Conversation, _step: Step
) -> list[Draft]:
    _end(connection, house, handoff, conversation, "abandoned")
    if handoff.claimed_by is not None:
        return write_return(house, "handoff.talk_abandoned", find_name(connection, handoff.claimed_by))
    return [write_notice(house, "handoff.wait_abandoned")]


def _time_out(
    connection: Connection, house: House, handoff: Handoff, conversation: Conversation, _step: Step
) -> list[Draft]:
    _end(connection, house, handoff, conversation, "timed_out")
    days = say_count(house.shop.desk.message_time.days, house.texts.lang)
    return [write_notice(house, "handoff.message_unanswered", days=days)]


def _end(connection: Connection, house: House, handoff: Handoff, conversation: Conversation, ended_as: str) -> None:
    end_handoff(connection, handoff, ended_as=ended_as, at=house.clock.stamp())
    change_state(connection, conversation, "bot")
    change_conversation(connection, conversation.conversation_id, awaits=None)
    at, act = house.clock.stamp(), f"handoff_{ended_as}"
    record_act(connection, at=at, actor="system", act=act, object_id=handoff.handoff_id)


_STEPS = {
    "tell_wait": _tell_wait,
    "rephase": _rephase,
    "give_back": _give_back,
    "abandon": _abandon,
    "time_out": _time_out,
}
