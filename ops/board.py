"""What the person who waits sees: a bar for each step that runs, with what it is doing. Without a terminal: a line at each change.

The bar of a step is an estimate from how long it took the last time; it never says that something is done before it is.
"""

import sys
import threading
import time
from typing import TextIO

WIDTH = 20
EVERY_S = 0.2


class Board:
    """Shows steps. Used as a context manager, so that the last picture stays."""

    def __init__(self, out: TextIO | None = None) -> None:
        self.out = out or sys.stdout
        self.is_live = self.out.isatty()
        self._lock = threading.Lock()
        self._running: dict[str, tuple[str, float, float, str]] = {}
        self._drawn = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._redraw, daemon=True)

    def __enter__(self) -> "Board":
        if self.is_live:
            self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        if self.is_live:
            self._thread.join()
            with self._lock:
                self._clear()

    def start(self, name: str, about: str, expected_s: float) -> None:
        """A step begins."""
        with self._lock:
            self._running[name] = (about, time.monotonic(), max(1.0, expected_s), "")
        if not self.is_live:
            self._say(f"... {about} (about {expected_s:.0f} s)")

    def note(self, name: str, text: str) -> None:
        """What a step is doing just now."""
        with self._lock:
            if text and name in self._running:
                about, started, expected_s, _ = self._running[name]
                self._running[name] = (about, started, expected_s, text)

    def skip(self, name: str, about: str) -> None:
        """A step need not be done again."""
        self._say(f" ok {about}: nothing has changed")

    def finish(self, name: str) -> None:
        """A step is done."""
        self._end(name, " ok")

    def fail(self, name: str) -> None:
        """A step failed."""
        self._end(name, "  ✗")

    def _end(self, name: str, mark: str) -> None:
        with self._lock:
            about, started, _, _ = self._running.pop(name, (name, time.monotonic(), 0.0, ""))
        self._say(f"{mark} {about}: {time.monotonic() - started:.0f} s")

    def _say(self, line: str) -> None:
        with self._lock:
            self._clear()
            print(line, file=self.out, flush=True)

    def _redraw(self) -> None:
        while not self._stop.wait(EVERY_S):
            with self._lock:
                self._clear()
                for about, started, expected_s, doing in self._running.values():
                    elapsed = time.monotonic() - started
                    filled = int(WIDTH * min(0.95, elapsed / expected_s))
                    bar = "█" * filled + "░" * (WIDTH - filled)
                    line = f" {bar} {about}: {elapsed:.0f} s" + (f" · {doing}" if doing else "")
                    print(line[:118], file=self.out)
                    self._drawn += 1
                self.out.flush()

    def _clear(self) -> None:
        if self._drawn:
            self.out.write(f"\x1b[{self._drawn}A\x1b[J")
            self._drawn = 0
