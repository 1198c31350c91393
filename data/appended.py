"""What a transaction appended to the log, for who listens to it in this process: told once it is committed, and not otherwise."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from sqlalchemy import Connection

if TYPE_CHECKING:
    from data.conversations import Message

type Appended = list[tuple[str, list[Message]]]  # conversation id, its new messages in order
type Listener = Callable[[Appended], None]

OPTION = "candor_appended"


def note_appended(connection: Connection, conversation_id: str, made: "list[Message]") -> None:
    """Messages were appended in this transaction."""
    noted: Appended | None = connection.get_execution_options().get(OPTION)
    if noted is not None:
        noted.append((conversation_id, made))


def mark_appended(connection: Connection) -> int:
    """How much was appended so far in this transaction."""
    return len(connection.get_execution_options().get(OPTION, ()))


def cut_appended(connection: Connection, mark: int) -> None:
    """Forget what was appended after a mark: that part was rolled back."""
    del connection.get_execution_options().get(OPTION, [])[mark:]
