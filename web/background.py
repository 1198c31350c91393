"""Work that a gateway does again and again beside answering, as long as it lives."""

import asyncio
import logging
from collections.abc import Callable

from web.house import House


def attempt(house: House, *works: Callable[[], object], step: str, log: logging.Logger) -> bool:
    """Do what is done again if it fails, so that it holds up nothing else, nor one of several the others; returns whether all was done."""
    is_done = True
    for work in works:
        try:
            work()
        except Exception:
            is_done = False
            house.steps.note_failed(step, "The step %s failed; it is tried again", step, log=log)
    if is_done:
        house.steps.note_done(step)
    return is_done


class Background:
    """Does `work`, the step `name`, off the event loop, with a pause after each time, `first` before the first pause.

    Whatever fails is told (`web/steps.py`) and done again at its time: the limits of a talk, the nights' work and the letters all hang on
    this going on.
    """

    def __init__(
        self,
        house: House,
        work: Callable[[House], object],
        *,
        name: str,
        every_s: float,
        log: logging.Logger,
        first: Callable[[House], object] | None = None,
    ) -> None:
        self.house, self._work, self._first, self._every_s, self._log = house, work, first, every_s, log
        self._name = name
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
        await self.house.do(lambda: attempt(self.house, lambda: work(self.house), step=self._name, log=self._log))

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
