"""Handoffs as they are lived: each change of owner with what is said about it, in one transaction.

Functions here run inside the caller's writing transaction and return nothing that was not appended, so that a state and its
words stand or fall together.
"""

from datetime import datetime
from statistics import median
from typing import Any

from sqlalchemy import Connection

from data.audit import record_act
from data.clock import parse_time
from data.conversations import (
    Conversation,
    Draft,
    append_messages,
    change_conversation,
    change_state,
    require_conversation,
)
from data.errors import Conflict, NotAllowed, NotKnown
from data.handoffs import (
    Handoff,
    claim_handoff,
    end_handoff,
    fetch_recent_waits,
    find_open_handoff,
    find_position,
    pass_to,
    request_handoff,
    require_handoff,
    return_to_queue,
)
from data.staff import Member, find_name, has_member
from data.uses import record_use
from models.wording import say_place, say_time, say_weekday
from web.house import House
from web.speech import write_disclosure, write_draft


def ask_for_person(
    connection: Connection, house: House, conversation: Conversation, *, topic: dict[str, Any]
) -> list[Draft]:
    """Open a handoff, or say that one is open; returns what the bot says about it."""
    if conversation.state == "human":
        handoff = find_open_handoff(connection, conversation.conversation_id)
        name = find_name(connection, handoff.claimed_by) if handoff and handoff.claimed_by else ""
        return [write_draft(house, "handoff.with_person", author="system", name=name)]
    handoff, _, is_new = request_handoff(connection, conversation, at=house.clock.stamp(), topic=topic)
    now = house.clock.now().astimezone(house.shop.zone)
    if not house.shop.hours.is_open(now):
        opening = house.shop.hours.find_next_opening(now)
        if opening is None:
            return [write_draft(house, "handoff.nobody_here_unknown")]
        return [write_draft(house, "handoff.nobody_here", opens=_say_opening(opening, now, house))]
    facts: dict[str, Any] = {
        "place": say_place(find_position(connection, handoff), house.texts.lang),
        "wait": _say_wait(connection, house),
    }
    vary = f"{conversation.conversation_id}{conversation.last_seq}"
    return [write_draft(house, "handoff.queued" if is_new else "handoff.already_waiting", vary=vary, **facts)]


def cancel_waiting(connection: Connection, house: House, conversation: Conversation) -> list[Draft]:
    """The customer no longer waits, or takes the word back from a person."""
    handoff = find_open_handoff(connection, conversation.conversation_id)
    if handoff is None:
        return [write_draft(house, "handoff.nothing_to_cancel")]
    at = house.clock.stamp()
    end_handoff(connection, handoff, ended_as="cancelled", at=at)
    was_human = conversation.state == "human"
    change_state(connection, conversation, "bot")
    record_act(connection, at=at, actor="customer", act="handoff_cancelled", object_id=handoff.handoff_id)
    if was_human and handoff.claimed_by:
        name = find_name(connection, handoff.claimed_by)
        return [
            write_draft(
                house, "handoff.left", author="system", name=name, time=say_time(house.clock.now(), house.shop.zone)
            ),
            write_disclosure(house, "disclosure.again", name=name),
        ]
    return [write_draft(house, "handoff.cancelled")]


def claim(connection: Connection, house: House, handoff_id: str, member: Member) -> Handoff:
    """Claim a handoff: from this moment the person owns the conversation and the bot says nothing."""
    at = house.clock.stamp()
    handoff, is_new = claim_handoff(connection, handoff_id, username=member.username, at=at)
    if is_new:
        conversation = require_conversation(connection, handoff.conversation_id)
        house = house.speak(conversation.locale)
        change_state(connection, conversation, "human")
        change_conversation(connection, conversation.conversation_id, owed_seq=None)
        joined = write_draft(
            house,
            "handoff.joined",
            author="system",
            name=member.name,
            time=say_time(house.clock.now(), house.shop.zone),
        )
        append_messages(connection, conversation.conversation_id, [joined], at=at)
        record_act(connection, at=at, actor=f"staff:{member.username}", act="handoff_claimed", object_id=handoff_id)
        if conversation.person_id is not None:
            record_use(
                connection,
                conversation.person_id,
                at=at,
                categories=[],
                what_for="handoff",
                by=member.name,
                detail={"conversation_id": conversation.conversation_id},
            )
    return handoff


def say_as_person(
    connection: Connection,
    house: House,
    conversation_id: str,
    member: Member,
    *,
    text: str,
    private: bool,
    client_key: str,
) -> int:
    """A person's message or private note; returns its seq (a note's: its number)."""
    conversation = require_conversation(connection, conversation_id)
    if not private:
        handoff = find_open_handoff(connection, conversation_id)
        if conversation.state != "human" or handoff is None or handoff.claimed_by != member.username:
            raise NotAllowed("This conversation is not yours. Claim it first; a private note needs no claim.")
    draft = Draft(
        author="human",
        author_name=member.name,
        kind="chat",
        text=text,
        lang=house.speak(conversation.locale).texts.lang,
        private=private,
        client_key=client_key,
    )
    message = append_messages(connection, conversation_id, [draft], at=house.clock.stamp())[0]
    return message.seq if message.seq is not None else message.number


def release(connection: Connection, house: House, handoff_id: str, member: Member, *, to: str) -> Handoff:
    """Give the conversation back: to the bot (the disclosure stands again), to the queue, or closed."""
    handoff, conversation = _require_own(connection, handoff_id, member)
    house = house.speak(conversation.locale)
    at, time = house.clock.stamp(), say_time(house.clock.now(), house.shop.zone)
    left = write_draft(house, "handoff.left", author="system", name=member.name, time=time)
    if to == "bot":
        end_handoff(connection, handoff, ended_as="released", at=at)
        change_state(connection, conversation, "bot")
        drafts = [left, write_disclosure(house, "disclosure.again", name=member.name)]
    elif to == "queue":
        return_to_queue(connection, handoff)
        change_state(connection, conversation, "waiting")
        place = say_place(find_position(connection, handoff), house.texts.lang)
        again = write_disclosure(house, "disclosure.again", name=member.name)
        drafts = [write_draft(house, "handoff.back_in_queue", author="system", name=member.name, place=place), again]
    else:
        end_handoff(connection, handoff, ended_as="closed", at=at)
        change_state(connection, conversation, "closed")
        drafts = [write_draft(house, "handoff.closed", author="system", name=member.name, time=time)]
    append_messages(connection, conversation.conversation_id, drafts, at=at, answers=conversation.last_seq)
    record_act(connection, at=at, actor=f"staff:{member.username}", act=f"handoff_released_{to}", object_id=handoff_id)
    return require_handoff(connection, handoff_id)


def transfer(
    connection: Connection, house: House, handoff_id: str, member: Member, *, to: str, note: str | None
) -> Handoff:
    """Pass a claimed conversation to a colleague, with a private note if there is one."""
    handoff, conversation = _require_own(connection, handoff_id, member)
    if not has_member(connection, to) or to == member.username:
        raise NotKnown(f"There is no colleague {to!r} to pass this on to.")
    house, at = house.speak(conversation.locale), house.clock.stamp()
    pass_to(connection, handoff, username=to, at=at)
    change_state(connection, conversation, "human")
    drafts = []
    if note:
        drafts.append(Draft(author="human", author_name=member.name, kind="chat", text=note, private=True))
    drafts.append(
        write_draft(house, "handoff.transferred", author="system", name=member.name, to=find_name(connection, to))
    )
    append_messages(connection, conversation.conversation_id, drafts, at=at)
    record_act(
        connection,
        at=at,
        actor=f"staff:{member.username}",
        act="handoff_transferred",
        object_id=handoff_id,
        detail={"to": to},
    )
    return require_handoff(connection, handoff_id)


def _require_own(connection: Connection, handoff_id: str, member: Member) -> tuple[Handoff, Conversation]:
    handoff = require_handoff(connection, handoff_id)
    if handoff.state != "claimed":
        raise Conflict(f"This handoff is {handoff.state}, not claimed. Claim it first.", state=handoff.state)
    if handoff.claimed_by != member.username and member.role == "agent":
        raise NotAllowed(
            f"{handoff.claimed_by} has this conversation. Ask for a transfer.", claimed_by=handoff.claimed_by
        )
    return handoff, require_conversation(connection, handoff.conversation_id)


def _say_wait(connection: Connection, house: House) -> str:
    """What people really waited today; nothing is promised before anybody did."""
    now = house.clock.now().astimezone(house.shop.zone)
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0).astimezone(house.clock.now().tzinfo)
    waits = fetch_recent_waits(connection, since=midnight.strftime("%Y-%m-%dT%H:%M:%S.%fZ"))
    if not waits:
        return house.texts.say("handoff.wait_unknown")
    minutes = round(median((parse_time(claimed) - parse_time(asked)).total_seconds() for asked, claimed in waits) / 60)
    period = house.texts.say("handoff.period_day")
    if minutes <= 1:
        return house.texts.say("handoff.wait_one", period=period)
    return house.texts.say("handoff.wait_known", minutes=minutes, period=period)


def _say_opening(opening: datetime, now: datetime, house: House) -> str:
    days, time = (opening.date() - now.date()).days, f"{opening.hour}:{opening:%M}"
    if days == 0:
        return f"{opening:%H:%M}"
    key = "handoff.opening_tomorrow" if days == 1 else "handoff.opening_later"
    return house.texts.say(key, day=say_weekday(opening.date(), house.texts.lang), time=time)
