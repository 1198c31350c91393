"""Which messages still want an answer: what a turn takes up, a restart too, and what is owed after a failure."""

from sqlalchemy import Connection, select

from data.conversations import Conversation, Message, read_conversation, read_message, require_conversation
from data.tables import conversations, messages


def list_unanswered(connection: Connection) -> list[str]:
    """Conversations in which no person has the word and a customer's message still waits for its turn: what a restart takes up again."""
    waiting = (
        select(messages.c.conversation_id)
        .join(conversations, conversations.c.conversation_id == messages.c.conversation_id)
        .where(
            conversations.c.state.in_(("bot", "waiting", "closed")),
            messages.c.author == "customer",
            messages.c.seq > conversations.c.answered_seq,
        )
        .distinct()
    )
    return list(connection.execute(waiting).scalars())


def list_owed(connection: Connection) -> list[Conversation]:
    """Conversations in which an answer failed and is still owed."""
    return [
        read_conversation(row)
        for row in connection.execute(select(conversations).where(conversations.c.owed_seq.is_not(None)))
    ]


def find_next_turn(connection: Connection, conversation_id: str) -> tuple[Conversation, Message] | None:
    """The oldest message that has not had its turn, and its conversation as it stands now; None when all have."""
    conversation = require_conversation(connection, conversation_id)
    unanswered = fetch_unanswered(connection, conversation)
    return (conversation, unanswered[0]) if unanswered else None


def fetch_unanswered(connection: Connection, conversation: Conversation) -> list[Message]:
    """The customer's messages that have not had their turn, in order."""
    statement = (
        select(messages)
        .where(
            messages.c.conversation_id == conversation.conversation_id,
            messages.c.author == "customer",
            messages.c.seq > conversation.answered_seq,
        )
        .order_by(messages.c.seq)
    )
    return [read_message(connection, row) for row in connection.execute(statement)]
