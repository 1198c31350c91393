"""Handoffs as they are lived: each change of owner with what is said about it, in one transaction.

Functions here run inside the caller's writing transaction and return nothing that was not appended, so that a state and its
words stand or fall together. Each locks the conversation's row first, so that two changes of one talk come one after the other. What the
clock does is in `web/watch.py`; every state and its limits: docs/handoff.md.
"""

from typing import Any

from sqlalchemy import Connection

from data.audit import record_act
from data.conversations import (
    Conversation,
    Draft,
    append_messages,
    change_conversation,
    change_state,
    fetch_newest,
    require_conversation,
)
from data.errors import Conflict, NotAllowed, NotKnown
from data.handoffs import (
    Handoff,
    change_phase,
    claim_handoff,
    end_handoff,
    find_bare_handoff,
    find_conversation_of,
    find_open_handoff,
    find_position,
    note_answered,
    note_told,
    pass_to,
    request_handoff,
    require_handoff,
    return_to_queue,
)
from data.marks import note_staff_mark
from data.outbox import ASKED, write_letter
from data.patience import AWAY_AFTER_S, choose_phase
from data.presence import fetch_colleagues, touch_presence
from data.staff import Member, find_name, has_member
from data.uses import record_use
from models.wording import say_place
from web.handoff_words import write_notice, write_return, write_standing
from web.house import House
from web.reaching import announce
from web.speech import write_draft

ANSWER_WANTED_S = 86_400.0
NO_TOPIC = ("disclosure", "handoff", "notice", "chat", "fallback", "feedback")


def ask_for_person(
    connection: Connection, house: House, conversation: Conversation, *, topic: dict[str, Any]
) -> list[Draft]:
    """Open a handoff, or say that one is open; returns what the bot says about it."""
    if conversation.state == "human":
        handoff = find_open_handoff(connection, conversation.conversation_id)
        name = find_name(connection, handoff.claimed_by) if handoff and handoff.claimed_by else ""
        return [write_draft(house, "handoff.with_person", author="system", name=name)]
    kind = _find_kind(connection, conversation)
    team, now = house.shop.desk.find_team(kind), house.clock.machine_seconds()
    handoff, _, is_new = request_handoff(
        connection,
        conversation,
        at=house.clock.stamp(),
        topic=({"kind": kind} if kind else {}) | topic,
        now=now,
        phase=find_phase(connection, house, team),
        team=team,
    )
    if is_new:
        record_act(
            connection, at=house.clock.stamp(), actor="customer", act="handoff_requested", object_id=handoff.handoff_id
        )
        announce_wait(connection, house, conversation, handoff)
        return [write_standing(connection, house, conversation, handoff)]
    handoff = look_again(connection, house, handoff)
    note_told(connection, handoff, now=now)
    return [write_standing(connection, house, conversation, handoff, address="handoff.already_waiting")]


def announce_wait(
    connection: Connection, house: House, conversation: Conversation, handoff: Handoff, **why: str
) -> None:
    """Tell staff elsewhere that somebody waits. `why`: what is to be told besides of how it came to that."""
    about = {name: getattr(handoff, name) for name in ("handoff_id", "conversation_id", "phase", "team", "since")}
    about |= {"lang": conversation.locale, "kind": handoff.topic.get("kind")}
    about |= {"position": find_position(connection, handoff)} | why
    announce(connection, house, ASKED, about, conversation_id=handoff.conversation_id)


def _find_kind(connection: Connection, conversation: Conversation) -> str | None:
    """What the talk was about until now: the kind of the last answer that was about something."""
    newest = fetch_newest(connection, conversation.conversation_id, limit=10)
    return next((one.kind for one in newest if one.author == "bot" and one.kind not in NO_TOPIC), None)


def find_phase(connection: Connection, house: House, team: str | None) -> str:
    """How a wait for a team stands at this moment."""
    is_open = house.shop.hours.is_open(house.clock.now().astimezone(house.shop.zone))
    colleagues = fetch_colleagues(connection, house.shop.desk, now=house.clock.machine_seconds())
    return choose_phase(is_open=is_open, colleagues=colleagues, team=team)


def look_again(connection: Connection, house: House, handoff: Handoff) -> Handoff:
    """A waiting handoff with its phase as it is at this moment: somebody may have come, or everybody gone."""
    phase = find_phase(connection, house, handoff.team)
    if handoff.state == "waiting" and phase != handoff.phase:
        change_phase(connection, handoff, phase)
        return require_handoff(connection, handoff.handoff_id)
    return handoff


def cancel_waiting(connection: Connection, house: House, conversation: Conversation) -> list[Draft]:
    """The customer no longer waits, or takes the word back from a person."""
    handoff = find_open_handoff(connection, conversation.conversation_id)
    if handoff is None:
        return [write_draft(house, "handoff.nothing_to_cancel")]
    at = house.clock.stamp()
    end_handoff(connection, handoff, ended_as="cancelled", at=at)
    was_human = conversation.state == "human"
    change_state(connection, conversation, "bot")
    change_conversation(connection, conversation.conversation_id, awaits=None)
    record_act(connection, at=at, actor="customer", act="handoff_cancelled", object_id=handoff.handoff_id)
    if was_human and handoff.claimed_by:
        return write_return(house, "handoff.left", find_name(connection, handoff.claimed_by))
    return [write_draft(house, "handoff.cancelled")]


def claim(connection: Connection, house: House, handoff_id: str, member: Member, *, by: str | None = None) -> Handoff:
    """Claim a handoff: from this moment the person owns the conversation and the bot says nothing. `by`: who gave it to them."""
    at, now = house.clock.stamp(), house.clock.machine_seconds()
    conversation = require_conversation(connection, find_conversation_of(connection, handoff_id), lock=True)
    handoff, is_new = claim_handoff(connection, handoff_id, username=member.username, at=at, now=now)
    if by is None:
        touch_presence(connection, member.username, now=now)
    if is_new:
        house = house.speak(conversation.locale)
        change_state(connection, conversation, "human")
        change_conversation(connection, conversation.conversation_id, owed_seq=None, awaits=None)
        joined = write_notice(house, "handoff.joined", name=member.name)
        append_messages(connection, conversation.conversation_id, [joined], at=at)
        record_act(
            connection, at=at, actor=by or f"staff:{member.username}", act="handoff_claimed", object_id=handoff_id
        )
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
    conversation = require_conversation(connection, conversation_id, lock=True)
    if not private:
        handoff = find_bare_handoff(connection, conversation_id)
        if conversation.state != "human" or handoff is None or handoff.claimed_by != member.username:
            raise NotAllowed("This conversation is not yours. Claim it first; a private note needs no claim.")
        note_answered(connection, handoff, now=house.clock.machine_seconds())
        _mail_answer(connection, house.speak(conversation.locale), handoff, name=member.name, text=text)
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
    if not private:  # whoever answers has read
        note_staff_mark(connection, conversation_id, message.number)
    return message.seq if message.seq is not None else message.number


def _mail_answer(connection: Connection, house: House, handoff: Handoff, *, name: str, text: str) -> None:
    """What a person writes goes by mail too, if the customer agreed to it and is not here to read it."""
    now = house.clock.machine_seconds()
    if house.settings.smtp_url is None or now - handoff.customer_seen_at <= AWAY_AFTER_S:
        return
    address = require_handoff(connection, handoff.handoff_id).topic.get("mail")
    if not address:
        return
    facts = {"shop": house.shop.name, "name": name, "text": text}
    write_letter(
        connection,
        conversation_id=handoff.conversation_id,
        kind="answer",
        to=address,
        subject=house.texts.say("mail.answer_subject", **facts),
        text=house.texts.say("mail.answer_text", **facts),
        at=house.clock.stamp(),
        now=now,
        wanted_s=ANSWER_WANTED_S,
    )


def release(connection: Connection, house: House, handoff_id: str, member: Member, *, to: str) -> Handoff:
    """Give the conversation back: to the bot (the disclosure stands again), to the queue, or closed."""
    handoff, conversation = _require_own(connection, handoff_id, member)
    house, at = house.speak(conversation.locale), house.clock.stamp()
    if to == "bot":
        end_handoff(connection, handoff, ended_as="released", at=at)
        change_state(connection, conversation, "bot")
        drafts = write_return(house, "handoff.left", find_name(connection, handoff.claimed_by or ""))
    elif to == "queue":
        drafts = put_back(connection, house, handoff, conversation, address="handoff.back_in_queue", name=member.name)
    else:
        end_handoff(connection, handoff, ended_as="closed", at=at)
        change_state(connection, conversation, "closed")
        drafts = [write_notice(house, "handoff.closed", name=member.name)]
    append_messages(connection, conversation.conversation_id, drafts, at=at, answers=conversation.last_seq)
    record_act(connection, at=at, actor=f"staff:{member.username}", act=f"handoff_released_{to}", object_id=handoff_id)
    return require_handoff(connection, handoff_id)


def put_back(
    connection: Connection,
    house: House,
    handoff: Handoff,
    conversation: Conversation,
    *,
    address: str,
    name: str,
    team: str | None = None,
    **facts: Any,
) -> list[Draft]:
    """To the front of the queue, of another team if one is named; returns what is said, the disclosure with it."""
    return_to_queue(connection, handoff, now=house.clock.machine_seconds(), team=team)
    change_state(connection, conversation, "waiting")
    standing = look_again(connection, house, require_handoff(connection, handoff.handoff_id))
    place = say_place(find_position(connection, standing), house.texts.lang)
    drafts = write_return(house, address, name, place=place, **facts)
    if standing.phase != "queued":
        drafts.append(write_standing(connection, house, conversation, standing))
    return drafts


def transfer(
    connection: Connection, house: House, handoff_id: str, member: Member, *, to: str, note: str | None
) -> Handoff:
    """Pass a claimed conversation to a colleague, or to a team as `team:<name>`; with a private note if there is one."""
    handoff, conversation = _require_own(connection, handoff_id, member)
    spoken, at = house.speak(conversation.locale), house.clock.stamp()
    kind, _, team = to.partition(":")
    drafts = []
    if note:
        drafts.append(Draft(author="human", author_name=member.name, kind="chat", text=note, private=True))
    if kind == "team" and team in house.shop.desk.teams:
        title = house.shop.desk.teams[team].title
        address, name = "handoff.transferred_team", member.name
        drafts += put_back(
            connection, spoken, handoff, conversation, address=address, name=name, team=team, title=title
        )
    elif has_member(connection, to) and to != handoff.claimed_by:
        _hand_over(connection, house, handoff, conversation, to)
        drafts.append(write_notice(spoken, "handoff.transferred", name=member.name, to=find_name(connection, to)))
    else:
        raise NotKnown(f"There is no colleague or team {to!r} to pass this on to.")
    append_messages(connection, conversation.conversation_id, drafts, at=at, answers=conversation.last_seq)
    record_act(
        connection,
        at=at,
        actor=f"staff:{member.username}",
        act="handoff_transferred",
        object_id=handoff_id,
        detail={"to": to},
    )
    return require_handoff(connection, handoff_id)


def take_over(connection: Connection, house: House, handoff_id: str, member: Member) -> Handoff:
    """A supervisor takes a talk from whoever has it."""
    if member.role == "agent":
        raise NotAllowed("Only a supervisor or an owner takes a talk over. Ask for a transfer.")
    handoff, conversation = _require_own(connection, handoff_id, member)
    if handoff.claimed_by == member.username:
        return handoff
    spoken, at = house.speak(conversation.locale), house.clock.stamp()
    left = find_name(connection, handoff.claimed_by or "")
    _hand_over(connection, house, handoff, conversation, member.username)
    touch_presence(connection, member.username, now=house.clock.machine_seconds())
    notice = write_notice(spoken, "handoff.transferred", name=left, to=member.name)
    append_messages(connection, conversation.conversation_id, [notice], at=at)
    record_act(
        connection,
        at=at,
        actor=f"staff:{member.username}",
        act="handoff_taken_over",
        object_id=handoff_id,
        detail={"from": handoff.claimed_by},
    )
    return require_handoff(connection, handoff_id)


def _hand_over(
    connection: Connection, house: House, handoff: Handoff, conversation: Conversation, username: str
) -> None:
    now = house.clock.machine_seconds()
    pass_to(connection, handoff, username=username, at=house.clock.stamp(), now=now)
    change_state(connection, conversation, "human")


def _require_own(connection: Connection, handoff_id: str, member: Member) -> tuple[Handoff, Conversation]:
    conversation = require_conversation(connection, find_conversation_of(connection, handoff_id), lock=True)
    handoff = require_handoff(connection, handoff_id)
    if handoff.state != "claimed":
        raise Conflict(f"This handoff is {handoff.state}, not claimed. Claim it first.", state=handoff.state)
    if handoff.claimed_by != member.username and member.role == "agent":
        raise NotAllowed(
            f"{handoff.claimed_by} has this conversation. Ask for a transfer.", claimed_by=handoff.claimed_by
        )
    return handoff, conversation
