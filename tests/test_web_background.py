"""What runs beside the gateway's answers ends with the gateway, and not before."""

import asyncio
import logging
from collections.abc import Callable
from typing import Any, cast

import pytest

from web.background import Background
from web.house import House
from web.steps import Steps


def test_it_goes_on_after_whatever_failed(caplog: pytest.LogCaptureFixture) -> None:
    done: list[int] = []
    failing: list[list[str]] = []

    def work(_house: House) -> None:
        done.append(len(done))
        if len(done) == 1:
            raise ValueError
        failing.append(InThread.steps.failing)

    class InThread:
        steps = Steps()

        async def do(self, what: Callable[[], Any]) -> Any:
            return await asyncio.to_thread(what)

    async def run() -> None:
        background = Background(
            cast(House, InThread()), work, name="digging", every_s=0.01, log=logging.getLogger("candor.test")
        )
        await background.start()
        while len(done) < 3:
            await asyncio.sleep(0.01)
        await background.stop()

    asyncio.run(asyncio.wait_for(run(), 10))
    assert "The step digging failed" in caplog.text
    assert failing[:2] == [["digging"], []]  # until it is done
