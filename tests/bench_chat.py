"""`make bench-chat`: from a customer's message to the screen of the person who has the talk, under 300 durable messages a second.

A gateway process of its own on a SQLite file on the disk; customers and consoles here, each on a live connection of its own. Half of the
messages are customers', half their persons'. A customer's message counts from before it is sent to when the console that has the talk open
has heard it; a person's likewise to the customer. "Durable": acknowledged only once committed with `synchronous=FULL`. Prints a table, writes
`var/bench/chat.json`, exits 1 when a promised limit is broken or a message is lost, doubled or out of order.
"""

import asyncio
import json
import os
import secrets
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import quantiles

import aiohttp
import uvloop

from data.access import issue_token
from data.conversations import Draft, append_messages, change_state
from data.handoffs import claim_handoff, request_handoff
from data.presence import touch_presence
from data.staff import Member, ensure_member
from data.staff_sessions import start_session
from tests.benching import Row, read_commit, report
from tests.databases import open_settings
from tests.house import find_free_ports
from tests.making import AT, make_conversation
from tests.serving import ROOT, StandIn, make_settings

TALKS = 60
A_SECOND = 300
LASTS_S = 20.0
WARMS_S = 3.0
LIMITS_MS = {"p50": 15.0, "p99": 100.0}


@dataclass
class Side:
    """One end of a talk: what it heard, in order, and how long each took."""

    heard: list[str] = field(default_factory=list)
    took_ms: list[float] = field(default_factory=list)


@dataclass
class Chat:
    """A claimed talk, with a token for each side."""

    conversation_id: str
    token: str
    cookie: str
    last: int
    number: int
    customer: Side = field(default_factory=Side)
    person: Side = field(default_factory=Side)
    sent: dict[str, float] = field(default_factory=dict)


def make_chats(folder: Path, bot_port: int) -> list[Chat]:
    """`TALKS` claimed talks, each with a person of its own."""
    database = open_settings(make_settings(folder, bot_port=bot_port))
    database.migrate()
    chats = []
    with database.write() as connection:
        for number in range(TALKS):
            member = Member(f"agent-{number}", f"Agent {number}", "agent")
            ensure_member(connection, member.username, name=member.name, role="agent", password=secrets.token_hex(8))
            touch_presence(connection, member.username, now=time.time())
            conversation, _ = make_conversation(connection)
            handoff, conversation, _ = request_handoff(connection, conversation, at=AT, topic={}, now=time.time())
            claim_handoff(connection, handoff.handoff_id, username=member.username, at=AT, now=time.time())
            change_state(connection, conversation, "human")
            told = append_messages(
                connection, conversation.conversation_id, [Draft("system", "notice", "Hello")], at=AT
            )
            token = issue_token(connection, conversation.conversation_id, speaks_until=None)
            chats.append(
                Chat(
                    conversation.conversation_id,
                    token,
                    start_session(connection, member),
                    told[0].seq or 0,
                    told[0].number,
                )
            )
    database.close()
    return chats


@contextmanager
def run_gateway(folder: Path, bot_port: int) -> Iterator[str]:
    """`python -m web` over that folder; its address."""
    port = find_free_ports(1)[0]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CANDOR_")} | {
        "CANDOR_DEMO": "1",
        "CANDOR_VAR": str(folder),
        "CANDOR_KEY_FILE": str(folder / "secrets" / "candor.key"),
        "CANDOR_PORT": str(port),
        "CANDOR_BOT_PORT": str(bot_port),
        "CANDOR_ACTIONS_PORT": str(bot_port),
    }
    process = subprocess.Popen([sys.executable, "-m", "web"], cwd=ROOT, env=environment)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(20)


async def wait_until_up(session: aiohttp.ClientSession, url: str) -> None:
    for _ in range(600):
        try:
            async with session.get(f"{url}/healthz") as answer:
                if answer.status == 200:
                    return
        except aiohttp.ClientError:
            pass
        await asyncio.sleep(0.1)
    raise TimeoutError("The gateway did not come up within a minute.")


@asynccontextmanager
async def listen(line: aiohttp.ClientWebSocketResponse, chat: Chat, side: Side, author: str) -> AsyncIterator[None]:
    """Hear everything that comes over a line; what the other side wrote is timed."""

    async def hear() -> None:
        async for frame in line:
            now = time.perf_counter()
            if frame.data.startswith('{"type": "queue"'):  # a browser reads it on a machine of its own
                continue
            told = json.loads(frame.data)
            if told["type"] == "message" and told["message"]["author"] == author:
                text = told["message"]["text"]
                side.heard.append(text)
                side.took_ms.append(1000 * (now - chat.sent[text]))

    task = asyncio.create_task(hear())
    yield
    await asyncio.sleep(0)
    task.cancel()


async def talk(session: aiohttp.ClientSession, url: str, chat: Chat, number: int, begins_at: float) -> None:
    """Both sides of one talk, each writing at its own even pace."""
    pause_s = 2 * TALKS / A_SECOND
    socket = url.replace("http", "ws", 1)
    headers = {"Cookie": f"candor_staff={chat.cookie}"}
    async with (
        session.ws_connect(f"{socket}/api/conversations/{chat.conversation_id}/live") as shop,
        session.ws_connect(f"{socket}/staff/api/live", headers=headers) as desk,
        listen(shop, chat, chat.customer, "human"),
        listen(desk, chat, chat.person, "customer"),
    ):
        await shop.send_json({"type": "auth", "token": chat.token, "after": chat.last})
        await desk.send_json({"type": "watch", "conversation_id": chat.conversation_id, "after": chat.number})
        await asyncio.sleep(max(0.0, begins_at - time.perf_counter()) + pause_s * number / TALKS)
        turns = round((WARMS_S + LASTS_S) / pause_s)
        for turn in range(turns):
            due = begins_at + pause_s * (turn + number / TALKS)
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            text = f"customer {number} {turn}"
            chat.sent[text] = time.perf_counter()
            await shop.send_json({"type": "message", "client_id": str(uuid.uuid4()), "text": text})
            await asyncio.sleep(max(0.0, due + pause_s / 2 - time.perf_counter()))
            text = f"person {number} {turn}"
            chat.sent[text] = time.perf_counter()
            said = {"conversation_id": chat.conversation_id, "client_id": str(uuid.uuid4()), "text": text}
            await desk.send_json({"type": "message", **said})
        for _ in range(100):
            if len(chat.person.heard) >= turns and len(chat.customer.heard) >= turns:
                break
            await asyncio.sleep(0.1)


async def read_cpu(session: aiohttp.ClientSession, url: str) -> float:
    """CPU seconds that the gateway has used so far."""
    async with session.get(f"{url}/metrics") as answer:
        lines = (await answer.text()).splitlines()
    return next(float(line.split()[1]) for line in lines if line.startswith("process_cpu_seconds_total"))


async def run(url: str, chats: list[Chat]) -> tuple[float, float]:
    """Play all talks at once; returns the messages a second that were heard on both sides, and the gateway's CPU ms a message."""
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        await wait_until_up(session, url)
        begins_at = time.perf_counter() + 3.0
        used_s = await read_cpu(session, url)
        await asyncio.gather(*(talk(session, url, chat, number, begins_at) for number, chat in enumerate(chats)))
        used_s = await read_cpu(session, url) - used_s
        heard = sum(len(chat.person.heard) + len(chat.customer.heard) for chat in chats)
        return heard / (WARMS_S + LASTS_S), 1000 * used_s / heard


def find_faults(chats: list[Chat]) -> int:
    """Messages that were lost, doubled or heard out of order."""
    faults = 0
    for chat in chats:
        for side, author in ((chat.person, "customer"), (chat.customer, "person")):
            sent = [text for text in chat.sent if text.startswith(author)]
            faults += len(set(sent) ^ set(side.heard)) + len(side.heard) - len(set(side.heard))
            faults += sum(one != other for one, other in zip(sent, side.heard, strict=False))
    return faults


def cut_warm_up(side: Side) -> list[float]:
    return side.took_ms[round(len(side.took_ms) * WARMS_S / (WARMS_S + LASTS_S)) :]


def main() -> int:
    """Play, measure, report."""
    commit = read_commit()
    with ExitStack() as stack:
        bot = StandIn()
        stack.callback(bot.close)
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=ROOT / "var")))
        chats = make_chats(folder, bot.port)
        url = stack.enter_context(run_gateway(folder, bot.port))
        a_second, cpu_ms = uvloop.run(run(url, chats))
    rows = [
        Row("chat.messages_a_second", a_second, "/s", target=0.95 * A_SECOND, is_most=False),
        Row("chat.faults", find_faults(chats), "messages", target=0),
        Row("chat.gateway_cpu", cpu_ms, "ms a message"),
    ]
    for name, sides in (
        ("to_person", [chat.person for chat in chats]),
        ("to_customer", [chat.customer for chat in chats]),
    ):
        cuts = quantiles([ms for side in sides for ms in cut_warm_up(side)], n=100)
        for quantile, value in (("p50", cuts[49]), ("p95", cuts[94]), ("p99", cuts[98])):
            limit = LIMITS_MS.get(quantile) if name == "to_person" else None
            rows.append(Row(f"chat.{name}.{quantile}", value, "ms", target=limit))
    return report("chat", rows, command="make bench-chat", commit=commit)


if __name__ == "__main__":
    sys.exit(main())
