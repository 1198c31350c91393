"""What a member of staff leaves behind who may no longer sign in: their conversations go back to the queue, before all others."""

from sqlalchemy import Connection

from data.audit import record_act
from data.conversations import append_messages, require_conversation
from data.handoffs import fetch_handoffs, require_handoff
from data.staff import Member, find_name
from web.handoffs import put_back
from web.house import House


def give_back_all(connection: Connection, house: House, username: str, *, by: Member) -> list[str]:
    """Return every conversation that somebody has; each customer is told. Returns the conversations, to be rung for."""
    name, at = find_name(connection, username), house.clock.stamp()
    left = [handoff for handoff in fetch_handoffs(connection, state="claimed") if handoff.claimed_by == username]
    returned = []
    for seen in left:
        conversation = require_conversation(connection, seen.conversation_id, lock=True)
        handoff = require_handoff(connection, seen.handoff_id)
        if handoff.state != "claimed" or handoff.claimed_by != username:
            continue  # given back or passed on meanwhile
        spoken = house.speak(conversation.locale)
        drafts = put_back(connection, spoken, handoff, conversation, address="handoff.back_in_queue", name=name)
        append_messages(connection, conversation.conversation_id, drafts, at=at, answers=conversation.last_seq)
        actor = f"staff:{by.username}"
        record_act(connection, at=at, actor=actor, act="handoff_returned", object_id=handoff.handoff_id)
        returned.append(handoff.conversation_id)
    return returned
