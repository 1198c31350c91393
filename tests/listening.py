"""Both ends of a wire in a test's own process: a gateway on a real socket, and a mail server that keeps what it is handed."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

import uvicorn
from aiosmtpd.controller import Controller

from settings import Settings
from tests.house import find_free_ports
from tests.serving import SECRET
from web.app import create_app


@contextmanager
def listen(settings: Settings, port: int | None = None) -> Iterator[int]:
    """A gateway on a real socket; its port."""
    port = port or find_free_ports(1)[0]
    server = uvicorn.Server(uvicorn.Config(create_app(settings, secret=SECRET), port=port, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        thread.join(0.05)
        assert thread.is_alive()
    yield port
    server.should_exit = True
    thread.join()


class Box:
    """Keeps what a mail server was handed; refuses while `is_down`."""

    def __init__(self) -> None:
        self.letters: list[EmailMessage] = []
        self.port = find_free_ports(1)[0]
        self.is_down = False

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        if self.is_down:
            return "451 later"
        self.letters.append(message_from_bytes(envelope.content, _class=EmailMessage, policy=default))
        return "250 taken"


@contextmanager
def open_box() -> Iterator[Box]:
    box = Box()
    controller = Controller(box, hostname="127.0.0.1", port=box.port)
    controller.start()
    yield box
    controller.stop()
