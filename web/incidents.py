"""Telling incidents: in public words, and to each customer concerned as a notice by the system, once, in the next chat or in an open one."""

from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, select

from data.clock import format_time
from data.conversations import Conversation, Draft, append_messages
from data.incidents import (
    PUBLISHED,
    RETRACTED,
    Incident,
    fetch_untold,
    is_concerned,
    record_notice,
)
from data.tables import conversations
from data.tables_conduct import incident_people
from models.wording import say_date
from web.house import House

OPEN_MINUTES = 30


def describe_incident(house: House, incident: Incident) -> dict[str, Any]:
    """As anybody may read it. The words are the owner's, in the owner's language."""
    state = "updated" if incident.is_update and incident.state == PUBLISHED else incident.state
    return {
        "incident_id": incident.incident_id,
        "version": incident.version,
        "kind": incident.kind,
        "title": house.texts.say(f"incidents.kind_{incident.kind}"),
        "state": state,
        "state_text": house.texts.say(f"incidents.state_{state}"),
        "since": incident.since.isoformat(),
        "since_text": _say_since(house, incident),
        "published_at": incident.published_at,
        "happened": incident.happened,
        "done": incident.done,
        "advice": incident.advice,
        "lang": incident.lang,
    }


def _say_since(house: House, incident: Incident) -> str:
    return say_date(incident.since, house.clock.today(), house.texts.lang)


def write_notice(house: House, incident: Incident) -> Draft:
    """The notice of an incident in the house's language; what the owner wrote stands in it as it was written."""
    key = "taken_back" if incident.state == RETRACTED else "update" if incident.is_update else "notice"
    text = house.texts.say(
        f"incidents.{key}",
        id=incident.incident_id,
        shop=house.shop.name,
        what=house.texts.say(f"incidents.kind_{incident.kind}"),
        date=_say_since(house, incident),
        happened=incident.happened,
        done=incident.done,
        advice=incident.advice,
        contact=house.shop.contact,
    )
    return Draft(author="system", kind="notice", lang=house.texts.lang, text=text)


def tell_incidents(connection: Connection, house: House, conversation: Conversation) -> int:
    """Append what the conversation's customer has yet to be told; returns how many notices."""
    person_id = conversation.person_id
    if person_id is None or not is_concerned(connection, person_id):
        return 0
    untold, at = fetch_untold(connection, person_id), house.clock.stamp()
    spoken = house.speak(conversation.locale)
    for incident in untold:
        said = append_messages(connection, conversation.conversation_id, [write_notice(spoken, incident)], at=at)
        record_notice(
            connection,
            incident,
            person_id,
            conversation_id=conversation.conversation_id,
            seq=said[0].seq or 0,
            at=at,
        )
    return len(untold)


def tell_open_chats(connection: Connection, house: House, incident: Incident) -> list[str]:
    """Tell whoever is concerned and chats just now, each in their newest chat; the others hear it in their next one. Returns the chats."""
    c, p = conversations.c, incident_people.c
    lately = format_time(house.clock.now() - timedelta(minutes=OPEN_MINUTES))
    concerned = select(p.person_id).where(p.incident_id == incident.incident_id)
    statement = (
        select(conversations)
        .where(c.person_id.in_(concerned), c.state != "closed", c.touched_at >= lately)
        .order_by(c.touched_at.desc())
    )
    newest: dict[int, Conversation] = {}
    for row in connection.execute(statement).all():
        newest.setdefault(row.person_id, Conversation(**row._mapping))
    return [one.conversation_id for one in newest.values() if tell_incidents(connection, house, one)]
