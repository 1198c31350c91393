"""What can be pressed in a conversation: a client may send the payload of a button that it was shown, and no other."""

from sqlalchemy import Connection, select

from data.conversations import Message, read_message
from data.tables import messages

PAGE = 50


def find_button(connection: Connection, conversation_id: str, payload: str) -> str | None:
    """The title under which a message of this conversation offered the payload, as a button or as a reason's control; else None."""
    after: int | None = None
    while True:
        statement = select(messages).where(
            messages.c.conversation_id == conversation_id, messages.c.author != "customer"
        )
        if after is not None:
            statement = statement.where(messages.c.number < after)
        page = [
            read_message(connection, row)
            for row in connection.execute(statement.order_by(messages.c.number.desc()).limit(PAGE))
        ]
        for message in page:
            for button in list_buttons(message):
                if button["payload"] == payload:
                    return button["title"]
        if len(page) < PAGE:
            return None
        after = page[-1].number


def list_buttons(message: Message) -> list[dict[str, str]]:
    """Everything that can be pressed in a message."""
    reasons = (message.explanation or {}).get("reasons", [])
    return [*message.buttons, *(control for reason in reasons for control in reason.get("controls", []))]
