"""Work that a gateway does again and again beside answering, as long as it lives."""

import asyncio
import logging
from collections.abc import Callable

from web.house import House


def attempt(work: Callable[[], object], *, what: str, log: logging.Logger) -> bool:
    """Do something that is done again if it fails, so that it holds up nothing else; returns whether it was done."""
    try:
        work()
    except Exception:
        log.exception("%s failed; it is tried again", what)
        return False
    return True


class Background:
    """Does `work` off the event loop, with a pause after each time, `first` before the first pause.

    Whatever fails is logged and done again at its time: the limits of a talk, the nights' work and the letters all hang on this going on.
    """

    def __init__(
        self,
        house: House,
        work: Callable[[House], object],
        *,
        every_s: float,
        log: logging.Logger,
        first: Callable[[House], object] | None = None,
    ) -> None:
        self.house, self._work, self._first, self._every_s, self._log = house, work, first, every_s, log
        self._stop = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    @property
    def is_stopping(self) -> bool:
        """Whether the gateway is ending: long work looks now and then."""
        return self._stop.is_set()

    async def start(self) -> None:
        """Begin."""
        self._task = asyncio.create_task(self._go_on())

    async def stop(self) -> None:
        """End; what was begun is finished."""
        self._stop.set()
        if self._task is not None:
            await self._task

    async def do(self, work: Callable[[House], object]) -> None:
        """Do something once."""
        await self.house.do(lambda: attempt(lambda: work(self.house), what="Background work", log=self._log))

    async def _go_on(self) -> None:
        if self._first is not None:
            await self.do(self._first)
        while not await self._stops_within():
            await self.do(self._work)

    async def _stops_within(self) -> bool:
        try:
            await asyncio.wait_for(self._stop.wait(), self._every_s)
        except TimeoutError:
            return False
        return True
