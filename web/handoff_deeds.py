"""The customer's side of a talk with a person: ask, wait, leave a message, stop, and say afterwards how it was."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection

from data.audit import record_act
from data.conversations import Conversation, Draft, Message, change_conversation
from data.customers import find_person
from data.handoffs import (
    RATINGS,
    Handoff,
    find_last_handoff,
    find_open_handoff,
    note_rating,
    note_told,
    note_topic,
)
from data.mail_address import ADDRESS
from models.wording import say_date
from web.deed import Deed, Say
from web.deed import say_deed as _say
from web.deed import write_deed as _write
from web.handoff_words import write_standing
from web.handoffs import ask_for_person, cancel_waiting, look_again
from web.house import House
from web.speech import write_draft

TOPIC = ("about", "order_id", "ordered_on", "status", "named", "lines")
LONGEST_LINE = 500


def request_human(deed: Deed) -> Say:
    """Ask for a person, with what the assistant knows of the matter."""
    topic = {name: value for name, value in deed.facts.items() if name in TOPIC}
    return lambda connection, now: ask_for_person(connection, deed.house, now, topic=topic)


def cancel_handoff(deed: Deed) -> Say:
    """Stop waiting, or go back to the assistant."""
    return lambda connection, now: cancel_waiting(connection, deed.house, now)


def continue_with_bot(deed: Deed) -> Say:
    """ "No" to a person: go on."""
    return _say(deed, "handoff.continue")


def keep_waiting(deed: Deed) -> Say:
    """Go on waiting: how it stands now."""

    def say(connection: Connection, now: Conversation) -> list[Draft]:
        handoff = find_open_handoff(connection, now.conversation_id)
        if handoff is None or handoff.state != "waiting":
            return [_write(deed.house, now, "handoff.nothing_to_cancel")]
        handoff = look_again(connection, deed.house, handoff)
        note_told(connection, handoff, now=deed.house.clock.machine_seconds())
        return [write_standing(connection, deed.house, now, handoff, address="handoff.keep_waiting")]

    return say


def leave_message(deed: Deed) -> Say:
    """Ask for the message: the next text is taken as it. Whether somebody is here is looked at once more, at this moment."""

    def say(connection: Connection, now: Conversation) -> list[Draft]:
        house = deed.house
        if now.state == "human":
            return ask_for_person(connection, house, now, topic={})
        handoff = find_open_handoff(connection, now.conversation_id)
        said = ask_for_person(connection, house, now, topic={}) if handoff is None else []
        handoff = find_open_handoff(connection, now.conversation_id)
        if handoff is None:
            return said
        before, handoff = handoff.phase, look_again(connection, house, handoff)
        if handoff.phase == "queued" != before:
            said = [write_standing(connection, house, now, handoff, address="handoff.somebody_here")]
        change_conversation(connection, now.conversation_id, awaits="message")
        return [*said, _write(house, now, "handoff.leave_message")]

    return say


def no_message(deed: Deed) -> Say:
    """No message, and no line, after all."""

    def say(connection: Connection, now: Conversation) -> list[Draft]:
        change_conversation(connection, now.conversation_id, awaits=None)
        return [_write(deed.house, now, "handoff.no_message")]

    return say


def rate_talk(deed: Deed) -> Say:
    """How the last talk was: one tap. A line may be added by writing it."""

    def say(connection: Connection, now: Conversation) -> list[Draft]:
        rating, handoff = deed.facts.get("value"), find_last_handoff(connection, now.conversation_id)
        if rating not in RATINGS or handoff is None or handoff.claimed_by is None or handoff.state != "ended":
            return [_write(deed.house, now, "handoff.nothing_to_rate")]
        note_rating(connection, handoff, rating=rating)
        at = deed.house.clock.stamp()
        record_act(connection, at=at, actor="customer", act="handoff_rated", object_id=handoff.handoff_id)
        change_conversation(connection, now.conversation_id, awaits="line")
        return [_write(deed.house, now, "handoff.rated")]

    return say


def answer_by_mail(deed: Deed) -> Say:
    """The answer to a message shall come by mail too: to the address that the shop holds, or to one that is asked for."""

    def say(connection: Connection, now: Conversation) -> list[Draft]:
        handoff, house = find_open_handoff(connection, now.conversation_id), deed.house
        if handoff is None or house.settings.smtp_url is None:
            return [_write(house, now, "handoff.nothing_to_cancel")]
        person = find_person(connection, deed.person_id) if deed.person_id is not None else None
        if person is not None and person.email:
            return [_agree(connection, house, now, handoff, person.email)]
        change_conversation(connection, now.conversation_id, awaits="mail")
        return [_write(house, now, "handoff.mail_which")]

    return say


def _agree(connection: Connection, house: House, now: Conversation, handoff: Handoff, address: str) -> Draft:
    note_topic(connection, handoff, {"mail": address})
    at = house.clock.stamp()
    record_act(connection, at=at, actor="customer", act="handoff_mail_agreed", object_id=handoff.handoff_id)
    return _write(house, now, "handoff.mail_kept", mail=address)


def _take_address(connection: Connection, house: House, now: Conversation, message: Message) -> list[Draft]:
    handoff, address = find_open_handoff(connection, now.conversation_id), message.text.strip()
    if handoff is None:
        return [write_draft(house, "handoff.nothing_to_cancel")]
    if ADDRESS.fullmatch(address) is None:
        change_conversation(connection, now.conversation_id, awaits="mail")
        return [write_draft(house, "handoff.mail_bad")]
    return [_agree(connection, house, now, handoff, address)]


def save_chat(deed: Deed) -> Say:
    """The chat as a file: the page fetches it (`/api/conversations/{id}/transcript`)."""

    def say(_connection: Connection, now: Conversation) -> list[Draft]:
        return [replace(_write(deed.house, now, "handoff.save_chat"), extra={"transcript": True})]

    return say


TALKS: tuple[Callable[[Deed], Say], ...] = (
    request_human,
    cancel_handoff,
    continue_with_bot,
    keep_waiting,
    leave_message,
    no_message,
    answer_by_mail,
    rate_talk,
    save_chat,
)


def take_awaited(house: House, awaits: str, message: Message) -> Say:
    """What the customer wrote is what they were asked for: their message to the staff, or a line about the talk."""
    take = {"message": _take_message, "mail": _take_address, "line": _take_line}[awaits]

    def say(connection: Connection, now: Conversation) -> list[Draft]:
        change_conversation(connection, now.conversation_id, awaits=None)
        return take(connection, house.speak(now.locale), now, message)

    return say


def _take_message(connection: Connection, house: House, now: Conversation, message: Message) -> list[Draft]:
    handoff = find_open_handoff(connection, now.conversation_id)
    if handoff is None or handoff.state != "waiting":
        return [write_draft(house, "handoff.nothing_to_cancel")]
    note_topic(connection, handoff, {"message": _join(handoff, message.text)}, has_message=True)
    at = house.clock.stamp()
    record_act(connection, at=at, actor="customer", act="handoff_message_left", object_id=handoff.handoff_id)
    kept = write_draft(house, "handoff.message_kept", **_say_until(house))
    by_mail = {"title": house.texts.say("handoff.button_mail"), "payload": "/answer_by_mail"}
    return [replace(kept, buttons=[by_mail, *kept.buttons]) if house.settings.smtp_url is not None else kept]


def _join(handoff: Handoff, text: str) -> str:
    earlier = handoff.topic.get("message")
    return f"{earlier}\n\n{text}" if earlier else text


def _say_until(house: House) -> dict[str, Any]:
    now = house.clock.now()
    last = house.shop.find_day(now + house.shop.desk.message_time)
    return {"due": say_date(last, house.clock.today(), house.texts.lang)}


def _take_line(connection: Connection, house: House, now: Conversation, message: Message) -> list[Draft]:
    handoff = find_last_handoff(connection, now.conversation_id)
    if handoff is None or handoff.state != "ended":
        return [write_draft(house, "handoff.nothing_to_rate")]
    note_rating(connection, handoff, line=message.text[:LONGEST_LINE])
    draft = write_draft(house, "handoff.line_kept")
    return [replace(draft, author="system") if now.state == "closed" else draft]
