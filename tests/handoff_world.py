"""A shop in small for `tests/test_handoff_stateful.py`: two customers, five of the staff, a bot and a clock that the schedule moves.

The gateway's own parts run on a real database; only the bot at the far edge and both clocks are the test's. What everybody was told
(acknowledged messages, who owns what, when who was last seen) is kept here, apart from the database, and held against it.
"""

import asyncio
import sqlite3
import uuid
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from data.access import issue_token
from data.clock import ShopClock
from data.conversations import append_messages, change_state, open_conversation, require_conversation
from data.database import Database
from data.errors import AlreadyClaimed, BadInput, Conflict, NotAllowed
from data.handoffs import end_handoff, fetch_watched, note_customer
from data.presence import set_presence, touch_presence
from data.staff import Member, ensure_member
from data.turns import list_owed, list_unanswered
from tests.serving import SECRET, make_settings
from web import handoffs, watch
from web.bot import BotFailed, Reply
from web.house import House, open_house
from web.inbox import MessageIn, Received, receive_message
from web.speech import write_disclosure
from web.turns import Turns
from web.typing import Typing

START = datetime(2026, 3, 2, 17, tzinfo=UTC)
STAFF = [Member(f"agent-{n}", f"Agent {n}", "agent") for n in range(4)] + [Member("super", "Super", "supervisor")]
PRESSED = (
    "/request_human",
    "/cancel_handoff",
    "/leave_message",
    "/keep_waiting",
    "/no_message",
    '/rate_talk{"value": "good"}',
)


class Crash(Exception):
    """The process died before the transaction was committed."""


class Fragile:
    """A database whose next commit may fail."""

    def __init__(self, database: Database) -> None:
        self.inner, self.fails = database, False

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    @contextmanager
    def write(self) -> Iterator[Any]:
        with self.inner.write() as connection:
            yield connection
            if self.fails:
                self.fails = False
                raise Crash()


class SlowBot:
    """Answers when the schedule says so. "person" asks for one; anything else is an answer."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, asyncio.Future[list[Reply]]]] = []

    async def ask(self, conversation_id: str, *, text: str, payload: str | None, **_: Any) -> list[Reply]:
        future: asyncio.Future[list[Reply]] = asyncio.get_running_loop().create_future()
        self.asked.append((conversation_id, text, future))
        try:
            return await future
        finally:
            self.asked = [one for one in self.asked if one[2] is not future]

    def forget(self, *_: str) -> None:
        return

    async def is_up(self) -> bool:
        return True


class StillHouse(House):
    """Works on the loop itself: what happens when is the schedule's alone."""

    async def do(self, work: Callable[[], Any]) -> Any:
        return work()

    async def write(self, work: Callable[[Any], Any]) -> Any:
        with self.database.write() as connection:
            return work(connection)


def run_still(coroutine: Coroutine[Any, Any, Received]) -> Received:
    """The answer of a coroutine that never waits, in a still house."""
    try:
        coroutine.send(None)
    except StopIteration as end:
        received: Received = end.value
        return received
    raise AssertionError("Something waited in a still house.")


@dataclass
class Customer:
    """What a customer knows: what was acknowledged, when they were last there."""

    conversation_id: str
    token: str
    seen_at: float
    said: list[str] = field(default_factory=list)
    heard: list[str] = field(default_factory=list)  # of people
    sent: MessageIn | None = None
    owed_since: float | None = None
    word_at: float = 0.0
    handoff_id: str | None = None
    read: int = 0


class World:
    """The shop, and what is known of it from outside."""

    def __init__(self, folder: Path) -> None:
        house = open_house(make_settings(folder, bot_port=1), secret=SECRET)
        self.database = Fragile(house.database)
        self.beside = sqlite3.connect(house.database.engine.url.database or "")
        self.bot = SlowBot()
        parts = vars(house) | {"database": self.database, "bot": self.bot}
        self.house = StillHouse(**parts)
        self.elapsed = 0.0
        self.house.clock = ShopClock(self.house.shop.zone, machine=lambda: START + timedelta(seconds=self.elapsed))
        with self.house.database.write() as connection:
            for member in STAFF:
                ensure_member(
                    connection, member.username, name=member.name, role=member.role, password="a password of tests"
                )
        self.customers: list[Customer] = []
        self.beats: dict[str, float] = {}
        self.turns = Turns(self.house, Typing())
        self.counted = 0

    @property
    def now(self) -> float:
        return self.house.clock.machine_seconds()

    # --- a schedule begins and ends -----------------------------------------------------------------------------------
    def begin(self) -> None:
        """Two new customers; the staff as they were."""
        self.customers = []
        self.turns = Turns(self.house, Typing())
        with self.database.inner.write() as connection:
            for _ in range(2):
                conversation = open_conversation(
                    connection, person_id=None, locale="en", minor=False, page_offers=[], at=self.house.clock.stamp()
                )
                token = issue_token(connection, conversation.conversation_id, speaks_until=None)
                opening = write_disclosure(self.house)
                append_messages(connection, conversation.conversation_id, [opening], at=self.house.clock.stamp())
                self.customers.append(Customer(conversation.conversation_id, token, self.now, word_at=self.now, read=1))

    async def finish(self) -> None:
        """Let everything that is under way end."""
        self.database.fails = False
        for _ in range(60):
            if not self.bot.asked and not self.turns._running:
                break
            while self.bot.asked:
                self.answer(0)
                await self.settle()
            await self.settle()

    async def end(self) -> None:
        """Leave nothing open for the next schedule."""
        await self.turns.stop()
        with self.database.inner.write() as connection:
            for handoff in fetch_watched(connection):
                end_handoff(connection, handoff, ended_as="closed", at=self.house.clock.stamp())
                conversation = require_conversation(connection, handoff.conversation_id)
                change_state(connection, conversation, "bot")

    async def settle(self) -> None:
        """Until all that can go on has gone on: what is left waits for the bot."""
        for _ in range(400):
            await asyncio.sleep(0)
            waiting = {one for one, _text, _future in self.bot.asked}
            if set(self.turns._running) <= waiting:
                return

    # --- what customers do ---------------------------------------------------------------------------------------------
    def say(self, who: int, *, text: str | None = None, payload: str | None = None) -> None:
        customer = self.customers[who]
        customer.sent = MessageIn(client_id=str(uuid.uuid4()), text=text, payload=payload)
        self._send(customer, customer.sent)

    def say_again(self, who: int) -> None:
        """The same once more, as a client does that got no answer."""
        customer = self.customers[who]
        if customer.sent is not None:
            self._send(customer, customer.sent)

    def _send(self, customer: Customer, body: MessageIn) -> None:
        known = (body.client_id, body.text or body.payload) in [tuple(one.split("|", 1)) for one in customer.said]
        before = self.find_state(customer)
        try:
            received = run_still(receive_message(self.house, customer.token, customer.conversation_id, body))
        except (BadInput, Crash):
            return
        assert received.is_new is not known
        customer.seen_at = customer.seen_at if known else self.now
        if known:
            return
        customer.said.append(f"{body.client_id}|{body.text or body.payload}")
        if before == "human" and body.payload is None and customer.owed_since is None:
            customer.owed_since = self.now
        if received.turn is not None:
            self.turns.take(customer.conversation_id, received.turn)

    def look(self, who: int) -> None:
        """The customer's page asks for news."""
        customer = self.customers[who]
        try:
            with self.house.database.write() as connection:
                note_customer(connection, customer.conversation_id, now=self.now)
            customer.seen_at = self.now
        except Crash:
            return

    # --- what staff do --------------------------------------------------------------------------------------------------
    def find_handoff(self, who: int) -> Any:
        """The open handoff as its row stands, read past the code under test."""
        sql = "SELECT * FROM handoffs WHERE conversation_id = ? AND state != 'ended'"
        open_ones = self.fetch(sql, self.customers[who].conversation_id)
        assert len(open_ones) <= 1, "one open handoff a conversation"
        return open_ones[0] if open_ones else None

    def find_state(self, customer: Customer) -> str:
        sql = "SELECT state FROM conversations WHERE conversation_id = ?"
        return str(self.fetch(sql, customer.conversation_id)[0].state)

    def fetch(self, sql: str, *values: Any) -> Sequence[Any]:
        found = self.beside.execute(sql, values)
        return [SimpleNamespace(zip((column[0] for column in found.description), row, strict=True)) for row in found]

    def act(self, who: int, member: Member, work: Callable[[Any, Any], Any]) -> Any:
        """Something that a person does with a handoff; None when it was refused or lost."""
        handoff = self.find_handoff(who)
        if handoff is None:
            return None
        try:
            with self.house.database.write() as connection:
                touch_presence(connection, member.username, now=self.now)
                done = work(connection, handoff)
        except AlreadyClaimed:
            raise
        except (NotAllowed, Conflict, Crash):
            return None
        self.beats[member.username] = self.now
        return done

    def claim(self, who: int, member: Member) -> None:
        before = self.find_handoff(who)
        if before is not None and before.claimed_by not in (None, member.username):
            with pytest.raises(AlreadyClaimed) as refusal:
                self.act(who, member, lambda c, h: handoffs.claim(c, self.house, h.handoff_id, member))
            holder = next(one for one in STAFF if one.username == before.claimed_by)
            assert refusal.value.details == {"claimed_by": holder.username, "claimed_name": holder.name}
            return
        done = self.act(who, member, lambda c, h: handoffs.claim(c, self.house, h.handoff_id, member))
        if done is None or before is None:
            return
        assert done.claimed_by == member.username
        if before.state == "waiting":
            self.customers[who].owed_since = self.now
        else:
            assert before.claimed_by == member.username, "a second owner"

    def tell(self, who: int, member: Member, text: str, *, private: bool) -> None:
        customer, before = self.customers[who], self.find_handoff(who)
        key = f"staff.{member.username}:{uuid.uuid4()}"
        done = self.act(
            who,
            member,
            lambda c, h: handoffs.say_as_person(
                c, self.house, h.conversation_id, member, text=text, private=private, client_key=key
            ),
        )
        if done is None or private:
            return
        assert before is not None
        assert before.claimed_by == member.username, "who does not own it speaks"
        customer.heard.append(text)
        customer.owed_since = None

    def release(self, who: int, member: Member, to: str) -> None:
        done = self.act(who, member, lambda c, h: handoffs.release(c, self.house, h.handoff_id, member, to=to))
        if done is not None:
            self.customers[who].owed_since = None

    def pass_on(self, who: int, member: Member, to: Member | None) -> None:
        """To a colleague, or taken over by a supervisor where nobody is named."""
        before = self.find_handoff(who)
        if to is not None and before is not None and before.claimed_by == to.username:
            return
        done = self.act(
            who,
            member,
            lambda c, h: (
                handoffs.transfer(c, self.house, h.handoff_id, member, to=to.username, note=None)
                if to is not None
                else handoffs.take_over(c, self.house, h.handoff_id, member)
            ),
        )
        if done is not None and before is not None and done.claimed_by != before.claimed_by:
            self.customers[who].owed_since = self.now
            self.beats[done.claimed_by] = self.now  # has as long to appear as one who left

    def beat(self, member: Member, presence: str | None = None) -> None:
        try:
            with self.house.database.write() as connection:
                if presence is None:
                    touch_presence(connection, member.username, now=self.now)
                else:
                    set_presence(connection, member.username, presence, now=self.now)
            self.beats[member.username] = self.now
        except Crash:
            return

    # --- what the bot, the clock and the power supply do -----------------------------------------------------------------
    def answer(self, which: int, *, fails: bool = False) -> None:
        if not self.bot.asked:
            return
        _, text, future = self.bot.asked[which % len(self.bot.asked)]
        if future.done():
            return
        if fails:
            future.set_exception(BotFailed())
        elif "person" in text:
            future.set_result([Reply(kind="handoff", press="/request_human")])
        else:
            future.set_result([Reply(kind="answer", text=f"Answer to {text}")])

    async def pay(self) -> None:
        with self.database.read() as connection:
            debts = list_owed(connection)
        own = {one.conversation_id for one in self.customers}
        for debt in debts:
            if debt.conversation_id in own:
                task = asyncio.ensure_future(self.turns._pay_alone(debt))
                await self.settle()
                while self.bot.asked:
                    self.answer(0)
                    await self.settle()
                await task

    async def die(self) -> None:
        """kill -9 of the gateway, and a new one takes up what the log says."""
        await self.turns.stop()
        self.database.fails = False
        self.turns = Turns(self.house, Typing())
        with self.database.read() as connection:
            left = list_unanswered(connection)
        for conversation_id in left:
            self.turns.take(conversation_id)

    def sit(self) -> None:
        """Half a minute in which everybody is there and nobody says anything."""
        for who in range(len(self.customers)):
            self.look(who)
        for member in STAFF:
            self.beat(member)
        self.pass_time(30.0)

    def pass_time(self, seconds: float) -> None:
        """The clock goes on; the watch looks, more than once, since a step may make another one due."""
        self.elapsed += seconds
        for _ in range(10):
            fails = self.database.fails
            try:
                done = watch.look(self.house)
            except Crash:
                continue
            if not done and fails == self.database.fails:  # else a step broke: it is taken again
                break
        for customer in self.customers:
            if self.find_state(customer) != "human":
                customer.owed_since = None
