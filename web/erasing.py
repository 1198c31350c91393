"""Erasing whoever asks: everything of a signed-in customer, or a visitor's one conversation; and what a shop must keep in its own books."""

from sqlalchemy import Connection

from data.erasure import bury, erase_conversation, erase_person
from data.vault import name_conversation, name_person
from web.house import House
from web.identity import Caller
from web.wakeups import QUEUE

BOT_WITHIN_S = 3.0


def bury_caller(connection: Connection, caller: Caller, *, at: str) -> None:
    """Remember that a caller is to be erased, whatever happens from here on."""
    if caller.person_id is not None:
        bury(connection, name_person(caller.person_id), at=at)
    elif caller.access is not None:
        bury(connection, name_conversation(caller.access.conversation.conversation_id), at=at)


def erase_caller(house: House, caller: Caller) -> str:
    """Erase, tell everybody who has one of the conversations open, let the bot forget them; returns the outcome in words.

    The rows and keys are gone when this returns. Call it off the event loop.
    """
    at = house.clock.stamp()
    if caller.person_id is not None:
        gone = erase_person(house.database, caller.person_id, at=at)
        outcome = house.texts.say("privacy.erased", contact=house.shop.contact)
    elif caller.access is not None:
        gone = erase_conversation(house.database, caller.access.conversation.conversation_id, at=at)
        outcome = house.texts.say("privacy.erased_visitor")
    else:
        raise ValueError("Nobody to erase: the caller is neither a customer nor a visitor with a conversation.")
    house.wakeups.ring(QUEUE, *gone.talks)
    house.wakeups.wait_for(house.bot.erase(gone.talks), within_s=BOT_WITHIN_S)
    return outcome
