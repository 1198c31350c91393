"""What is said around a talk with a person: the place in the queue, what to expect, when somebody is here."""

from datetime import datetime
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from data.clock import format_time, parse_time
from data.conversations import Conversation, Draft
from data.handoffs import Handoff, fetch_recent_waits, find_position
from models.wording import say_place, say_time, say_weekday
from web.house import House
from web.speech import write_disclosure, write_draft


def write_standing(
    connection: Connection, house: House, conversation: Conversation, handoff: Handoff, *, address: str = ""
) -> Draft:
    """How a wait stands: the place and what to expect, or when somebody is here. `address`: instead of the usual words for a queue."""
    vary = f"{conversation.conversation_id}{conversation.last_seq}"
    if handoff.phase == "closed_hours":
        opens = say_opening(house, conversation)
        if opens is None:
            return write_draft(house, "handoff.nobody_here_unknown", vary=vary)
        return write_draft(house, "handoff.nobody_here", vary=vary, opens=opens)
    place = say_place(find_position(connection, handoff), house.texts.lang)
    if handoff.phase == "no_agent":
        return write_draft(house, "handoff.no_agent", vary=vary, place=place)
    return write_draft(house, address or "handoff.queued", vary=vary, place=place, wait=say_wait(connection, house))


def say_wait(connection: Connection, house: House) -> str:
    """What people really waited today; nothing is promised before anybody did."""
    midnight = house.clock.now().astimezone(house.shop.zone).replace(hour=0, minute=0, second=0, microsecond=0)
    waits = fetch_recent_waits(connection, since=format_time(midnight))
    if not waits:
        return house.texts.say("handoff.wait_unknown")
    minutes = round(median((parse_time(claimed) - parse_time(asked)).total_seconds() for asked, claimed in waits) / 60)
    period = house.texts.say("handoff.period_day")
    if minutes <= 1:
        return house.texts.say("handoff.wait_one", period=period)
    return house.texts.say("handoff.wait_known", minutes=minutes, period=period)


def say_opening(house: House, conversation: Conversation) -> str | None:
    """When somebody is here next, in the customer's own time where it is known; None for a shop without hours."""
    now = house.clock.now()
    opening = house.shop.hours.find_next_opening(now.astimezone(house.shop.zone))
    if opening is None:
        return None
    zone = ZoneInfo(conversation.zone) if conversation.zone else house.shop.zone
    own = opening.astimezone(zone)
    said = _say_day(house, own, now.astimezone(zone))
    if own.utcoffset() == opening.utcoffset():
        return said
    return house.texts.say("handoff.opening_own", opening=said)


def _say_day(house: House, opening: datetime, now: datetime) -> str:
    days, time = (opening.date() - now.date()).days, f"{opening.hour}:{opening:%M}"
    if days == 0:
        return time
    key = "handoff.opening_tomorrow" if days == 1 else "handoff.opening_later"
    return house.texts.say(key, day=say_weekday(opening.date(), house.texts.lang), time=time)


def write_notice(house: House, address: str, /, **facts: Any) -> Draft:
    """A word by the system, with the time if the text tells it."""
    time = say_time(house.clock.now(), house.shop.zone)
    return write_draft(house, address, author="system", **{"time": time} | facts)


def write_return(house: House, address: str, name: str, **facts: Any) -> list[Draft]:
    """A person has left: the notice, and who speaks now (P1)."""
    return [write_notice(house, address, name=name, **facts), write_disclosure(house, "disclosure.again", name=name)]
