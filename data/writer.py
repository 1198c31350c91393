"""Writing together: pieces of work that come at the same time share one transaction, and one wait for the disk.

For SQLite, which has one writer anyway. Each piece stands or falls by itself (a savepoint); each is answered only after the commit.
"""

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection

from data.appended import cut_appended, mark_appended

MOST_TOGETHER = 64


@dataclass
class _Piece:
    work: Callable[[Connection], Any]
    answer: Future[Any] = field(default_factory=Future)
    made: Any = None


class Writer:
    """A thread that writes. It starts with the first piece of work."""

    def __init__(self, write: Callable[[], AbstractContextManager[Connection]]) -> None:
        self._write = write
        self._waiting: queue.SimpleQueue[_Piece | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    def submit(self, work: Callable[[Connection], Any]) -> Future[Any]:
        """Have work done in a writing transaction; its answer or its error comes once that is committed or rolled back."""
        piece = _Piece(work)
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="writer", daemon=True)
                self._thread.start()
        self._waiting.put(piece)
        return piece.answer

    def close(self) -> None:
        """Do what still waits, and end."""
        with self._lock:
            thread, self._thread = self._thread, None
        if thread is not None:
            self._waiting.put(None)
            thread.join()

    def _run(self) -> None:
        goes_on = True
        while goes_on:
            pieces = [self._waiting.get()]
            while len(pieces) < MOST_TOGETHER and not self._waiting.empty():
                pieces.append(self._waiting.get())
            goes_on = None not in pieces
            self._write_together([piece for piece in pieces if piece is not None])

    def _write_together(self, pieces: list[_Piece]) -> None:
        if not pieces:
            return
        try:
            with self._write() as connection:
                for piece in pieces:
                    _do(connection, piece, is_alone=len(pieces) == 1)
        except Exception as error:  # the transaction itself failed: nobody's work was done
            for piece in pieces:
                if not piece.answer.done():
                    piece.answer.set_exception(error)
            return
        for piece in pieces:
            if not piece.answer.done():
                piece.answer.set_result(piece.made)


def _do(connection: Connection, piece: _Piece, *, is_alone: bool) -> None:
    if is_alone:
        piece.made = piece.work(connection)
        return
    before, driver = mark_appended(connection), connection.connection
    driver.execute("SAVEPOINT piece")  # the driver's: SQLAlchemy's own costs as much as a small piece of work
    try:
        piece.made = piece.work(connection)
    except Exception as error:
        driver.execute("ROLLBACK TO piece")
        cut_appended(connection, before)
        piece.answer.set_exception(error)
    finally:
        driver.execute("RELEASE piece")
