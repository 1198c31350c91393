"""Whatever happens in whatever order between customers, staff, bot, clock and crashes (P2, P6): one owner at any time, no message lost or
doubled, no word of the bot while a person has the conversation, and nobody waits without a word past the limit.

A schedule is a list of steps that Hypothesis draws, and makes shorter where it fails; `tests/handoff_world.py` is the shop that it is played in.
"""

import asyncio
import logging
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import web.turns
from tests.handoff_checks import check_logs, check_step
from tests.handoff_world import PRESSED, STAFF, World

WAITS_S = (1.0, 30.0, 61.0, 121.0, 181.0, 301.0, 1_801.0, 8 * 86_400.0)
STEPS = {
    "say": 5,
    "want": 5,
    "press": 5,
    "again": 2,
    "see": 3,
    "answer": 8,
    "fail": 1,
    "pay": 1,
    "claim": 7,
    "tell": 6,
    "note": 1,
    "release": 2,
    "close": 1,
    "queue": 1,
    "transfer": 1,
    "take_over": 1,
    "presence": 2,
    "beat": 3,
    "wait": 5,
    "sit": 2,
    "break": 1,
    "die": 1,
}
step = st.tuples(
    st.sampled_from([name for name, often in STEPS.items() for _ in range(often)]), st.integers(0, 1), st.integers(0, 7)
)
schedules = st.lists(step, min_size=6, max_size=18)


@pytest.fixture
def world() -> Iterator[World]:
    memory = Path("/dev/shm")  # a disk that waits for nothing, where there is one
    with TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        world = World(Path(folder))
        yield world
        world.beside.close()
        world.database.inner.close()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bot that fails has failed for the whole of its time, and a turn that broke is taken up again at once."""
    monkeypatch.setattr(web.turns, "RETRY_PAUSE_S", 1e6)
    monkeypatch.setattr(web.turns, "AGAIN_AFTER_S", 0.0)
    logging.getLogger("candor.turns").setLevel(logging.CRITICAL)


async def play(world: World, schedule: list[tuple[str, int, int]]) -> None:
    world.begin()
    for number, (name, who, which) in enumerate(schedule):
        await take(world, name, who, which, f"{world.counted}.{number}")
        await world.settle()
        check_step(world, watched=name == "wait" and not world.database.fails)
    await world.finish()
    check_logs(world)
    await world.end()


async def take(world: World, name: str, who: int, which: int, mark: str) -> None:
    member = STAFF[which % len(STAFF)]
    match name:
        case "say":
            world.say(who, text=f"text {mark}")
        case "want":
            world.say(who, text=f"a person {mark}")
        case "press":
            world.say(who, payload=PRESSED[which % len(PRESSED)])
        case "again":
            world.say_again(who)
        case "see":
            world.look(who)
        case "answer" | "fail":
            world.answer(which, fails=name == "fail")
        case "pay":
            await world.pay()
        case "claim":
            world.claim(who, member)
        case "tell" | "note":
            held = world.find_handoff(who)
            holder = next((one for one in STAFF if held and one.username == held.claimed_by), member)
            world.tell(who, member if which > 5 else holder, f"word {mark}", private=name == "note")
        case "release" | "close" | "queue":
            world.release(who, member, {"release": "bot", "close": "closed", "queue": "queue"}[name])
        case "transfer":
            world.pass_on(who, STAFF[-1], member)
        case "take_over":
            world.pass_on(who, STAFF[-1], None)
        case "presence":
            world.beat(member, ("available", "away", "off")[which % 3])
        case "beat":
            world.beat(member)
        case "wait":
            world.pass_time(WAITS_S[which])
        case "sit":
            for _ in range(which + 1):
                world.sit()
                check_step(world, watched=not world.database.fails)
        case "break":
            world.database.fails = True
        case "die":
            await world.die()


def play_many(world: World, count: int) -> None:
    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
    )
    @given(schedules)
    def play_one(schedule: list[tuple[str, int, int]]) -> None:
        asyncio.run(play(world, schedule))

    play_one()


@pytest.mark.timeout(900)
def test_two_thousand_schedules(world: World) -> None:
    play_many(world, 2_000)


@pytest.mark.deep
@pytest.mark.timeout(2 * 3600)
@pytest.mark.parametrize("_quarter", range(4))
def test_a_hundred_thousand_schedules(world: World, _quarter: int) -> None:
    play_many(world, 25_000)
