"""Turns: each customer message gets its answer, in order, one at a time for a conversation, and none twice.

The message is in the log before its turn begins, and the answer and "this message is answered" are one transaction. So a
crash at any moment is mended by looking at the log again (`resume`). While a person owns the conversation texts never reach
the bot. When the bot fails for 8 seconds the customer is told so and offered a person; the answer is owed for some minutes and
given late, unless the customer has gone on to something else.
"""

import asyncio
import json
import logging
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from data.clock import format_time
from data.conversations import (
    Conversation,
    Draft,
    Message,
    append_messages,
    change_conversation,
    require_conversation,
)
from data.errors import Erased, NotKnown
from data.impressions import access_impression
from data.turns import find_next_turn, list_owed, list_unanswered
from data.uses import record_use
from models.explanation import tell_explanation
from web.asking import ask_fully, find_asked, find_owed
from web.bot import BotFailed, Reply
from web.deed import Say
from web.deeds import is_deed, parse_payload, perform
from web.handoff_deeds import take_awaited
from web.house import House
from web.speech import choose_author, speak_reply, vary_repeated, write_draft
from web.typing import Typing, name_typing
from web.wakeups import QUEUE

RETRY_PAUSE_S = 0.5
OWED_EVERY_S = 1.5
AGAIN_AFTER_S = 1.0
_log = logging.getLogger("candor.turns")

type Turn = tuple[Conversation, Message]


class Turns:
    """Runs the turns of all conversations of this process."""

    def __init__(self, house: House, typing: Typing) -> None:
        self.house, self.typing = house, typing
        self._running: dict[str, asyncio.Task[None]] = {}
        self._again: set[str] = set()
        self._background: asyncio.Task[None] | None = None

    def take(self, conversation_id: str, turn: Turn | None = None) -> None:
        """There is something to answer in a conversation: `turn` if it was read already, else what the log says."""
        if conversation_id in self._running:
            self._again.add(conversation_id)
            return
        task = asyncio.create_task(self._run(conversation_id, turn))
        self._running[conversation_id] = task
        task.add_done_callback(lambda _task: self._finish(conversation_id))

    def _finish(self, conversation_id: str) -> None:
        self._running.pop(conversation_id, None)
        if conversation_id in self._again:
            self._again.discard(conversation_id)
            self.take(conversation_id)

    async def start(self) -> None:
        """Take up what a crash left, and start giving owed answers."""
        self._background = asyncio.create_task(self._pay_debts())
        for conversation_id in await self.house.do(lambda: self._read(list_unanswered)):
            self.take(conversation_id)

    async def stop(self) -> None:
        """End all turns; what is unanswered stays in the log for the next start."""
        tasks = [task for task in (self._background, *self._running.values()) if task is not None]
        self._again.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _read(self, fetch: Any) -> Any:
        with self.house.database.read() as connection:
            return fetch(connection)

    async def _run(self, conversation_id: str, turn: Turn | None) -> None:
        """Answer until nothing is unanswered. What fails is tried again after a pause: no message is left behind."""
        while True:
            try:
                turn = turn or await self._find_turn(conversation_id)
                while turn is not None:
                    turn = await self._answer(*turn)
            except (Erased, NotKnown):
                _log.info("Conversation %s is no longer there", conversation_id)  # erased meanwhile: nobody waits
            except Exception:
                turn = None
                self.house.steps.note_failed("turns", "A turn in conversation %s failed", conversation_id, log=_log)
                await self._apologise(conversation_id)
                await asyncio.sleep(AGAIN_AFTER_S)
                continue
            self.house.steps.note_done("turns")
            return

    async def _apologise(self, conversation_id: str) -> None:
        """Something broke in the gateway itself: say so, and take the message as answered, so that it is not said for ever."""
        try:
            turn = await self._find_turn(conversation_id)
            if turn is not None:
                conversation, message = turn
                await self._append(conversation, message, self._say_error)
        except Exception:
            told = "The apology in conversation %s failed too; trying again"
            self.house.steps.note_failed("turns", told, conversation_id, log=_log)

    def _say_error(self, _connection: Connection, now: Conversation) -> list[Draft]:
        return [write_draft(self.house.speak(now.locale), "notices.error", author="system")]

    async def _find_turn(self, conversation_id: str) -> Turn | None:
        turn: Turn | None = await self.house.do(lambda: self._read(lambda c: find_next_turn(c, conversation_id)))
        return turn

    async def _answer(self, conversation: Conversation, message: Message) -> Turn | None:
        """Answer a message. Returns the next one, as the answer's own transaction saw the log."""
        payload = message.payload
        if payload is not None and is_deed(payload):
            return await self._append(conversation, message, await self._perform(conversation, message, payload))
        if conversation.state == "human":
            return await self._append(conversation, message, lambda _connection, _now: [])
        if conversation.awaits is not None and payload is None:
            asked_for = take_awaited(self.house, conversation.awaits, message)
            return await self._append(conversation, message, asked_for, epoch=conversation.epoch)
        asked = await self._find_asked(conversation, message)
        replies = await self._ask(conversation, asked) if asked is not None else None
        if asked is None or replies is None:
            return await self._owe(conversation, message, asked or message)
        return await self._append_replies(conversation, message, asked, replies)

    async def _find_asked(self, conversation: Conversation, message: Message) -> Message | None:
        """The message itself; for "try again" the question whose answer failed."""
        if message.payload is None or parse_payload(message.payload)[0] != "try_again":
            return message
        asked: Message | None = await self.house.do(lambda: self._read(lambda c: find_asked(c, conversation, message)))
        return asked

    async def _perform(self, conversation: Conversation, message: Message, payload: str) -> Say:
        speaker, house = _find_speaker(conversation, message), self.house.speak(conversation.locale)
        return await house.do(
            lambda: perform(house, conversation, speaker, payload, words=message.text, signal=message.signal)
        )

    async def _ask(self, conversation: Conversation, message: Message) -> list[Reply] | None:
        """The bot's replies, or None after it has failed for the whole of its time."""
        house = self.house
        deadline = time.monotonic() + house.shop.limits["bot_timeout_s"]
        self.typing.start(conversation.conversation_id, "bot")
        house.wakeups.ring(name_typing(conversation.conversation_id))
        try:
            while True:
                try:
                    async with asyncio.timeout(max(0.1, deadline - time.monotonic())):
                        replies = await ask_fully(house.bot, conversation, message)
                        house.bot.is_failing = False
                        return replies
                except (BotFailed, TimeoutError) as failure:
                    house.bot.forget(conversation.conversation_id)
                    if time.monotonic() + RETRY_PAUSE_S >= deadline:
                        _log.warning(
                            "No answer to message %s in %s: %s",
                            message.seq,
                            conversation.conversation_id,
                            failure or "too late",
                        )
                        house.bot.is_failing = True
                        return None
                    await asyncio.sleep(RETRY_PAUSE_S)
        finally:
            self.typing.stop(conversation.conversation_id, "bot")

    async def _append_replies(
        self,
        conversation: Conversation,
        message: Message,
        asked: Message,
        replies: list[Reply],
        *,
        pays: int | None = None,
    ) -> Turn | None:
        """Say what the bot wants to say. A deed that it asked for is done, so its words are said in any case."""
        spoken: list[Say] = []
        done: list[Say] = []
        for reply in replies:
            if reply.text and not reply.press:
                spoken.append(self._say_reply(reply, _find_speaker(conversation, asked)))
            press = reply.press or (f"/request_human{json.dumps(reply.handoff)}" if reply.handoff is not None else None)
            if press is not None and is_deed(press):
                say = _remember(await self._perform(conversation, asked, press), reply)
                spoken.append(say)
                done.append(say)
        return await self._append(
            conversation,
            message,
            _join(spoken),
            epoch=conversation.epoch,
            otherwise=_join(done) if done else None,
            pays=pays,
        )

    def _say_reply(self, reply: Reply, person_id: int | None) -> Say:
        def say(connection: Connection, now: Conversation) -> list[Draft]:
            house = self.house.speak(now.locale)
            said = speak_reply(house, reply, first=self.house.texts)
            draft = Draft(
                author=choose_author(now),
                author_name=house.texts.say("disclosure.author_bot"),
                kind=reply.kind,
                text=said.text,
                lang=reply.lang or house.texts.lang,
                buttons=said.buttons,
                extra=reply.extra,
                understood=reply.understood,
                variants=tuple(said.variants),
                text_version=_find_version(house, reply),
            )
            offers = [
                access_impression(connection, impression_id, person_id=person_id).describe_offer()
                for impression_id in reply.offers
            ]
            if reply.focus or reply.explanation:
                change_conversation(connection, now.conversation_id, focus=reply.focus or reply.explanation)
            if reply.explanation is None:
                return [replace(draft, offers=offers)]
            impression = access_impression(connection, reply.explanation, person_id=person_id)
            told = tell_explanation(
                impression.explanation,
                impression_id=impression.impression_id,
                offer_id=impression.offer_id,
                model_version=impression.model_version,
                texts=house.texts,
            )
            if impression.person_id is not None and impression.personalized:
                record_use(
                    connection,
                    impression.person_id,
                    at=self.house.clock.stamp(),
                    categories=told["categories_used"],
                    what_for="explain",
                    by="assistant",
                    detail={"impression_id": impression.impression_id, "title": impression.offer["title"]},
                )
            return [replace(draft, offers=offers or [impression.describe_offer()], explanation=told)]

        return say

    async def _append(
        self,
        conversation: Conversation,
        message: Message,
        say: Say,
        *,
        epoch: int | None = None,
        otherwise: Say | None = None,
        pays: int | None = None,
        owes: tuple[int, str] | None = None,
    ) -> Turn | None:
        """Append an answer; the message counts as answered in the same transaction.

        Parameters
        ----------
        epoch
            If somebody else has taken the word since, nothing is appended but `otherwise`; without it the
            message has its turn again, with whoever has the word.
        pays
            The debt that this answer pays; if it no longer stands, nothing is appended.
        owes
            The seq that is owed from now on, and until when. Without it an older debt ends: the customer has gone on.
        """
        house = self.house

        def append() -> Turn | None:
            with house.database.write() as connection:
                now = require_conversation(connection, conversation.conversation_id, lock=True)
                if pays is not None and now.owed_seq != pays:
                    return None
                speaker = say if epoch is None or now.epoch == epoch else otherwise
                if speaker is None:
                    return find_next_turn(connection, now.conversation_id)
                drafts = vary_repeated(
                    connection, house.speak(now.locale), now.conversation_id, speaker(connection, now)
                )
                answers = max(now.answered_seq, message.seq or 0)
                append_messages(connection, now.conversation_id, drafts, at=house.clock.stamp(), answers=answers)
                owed_seq, owed_until = owes or (None, None)
                if owed_seq != now.owed_seq:
                    change_conversation(connection, now.conversation_id, owed_seq=owed_seq, owed_until=owed_until)
                return find_next_turn(connection, now.conversation_id)

        turn = await house.do(append)
        house.wakeups.ring(conversation.conversation_id, QUEUE)
        return turn

    async def _owe(self, conversation: Conversation, message: Message, owed: Message) -> Turn | None:
        """Say that it failed, keep the question, and go on trying."""
        minutes = self.house.shop.limits["owed_answer_minutes"]
        until = format_time(datetime.now(UTC) + timedelta(minutes=minutes))
        return await self._append(
            conversation, message, self._say_error, epoch=conversation.epoch, owes=(owed.seq or 0, until)
        )

    async def _pay_debts(self) -> None:
        """Give answers that failed before, when the bot is back and they are still wanted."""
        while True:
            await asyncio.sleep(OWED_EVERY_S)
            try:
                debts = await self.house.do(lambda: self._read(list_owed))
                if debts and await self.house.bot.is_up():
                    paid = await asyncio.gather(*(self._pay_alone(debt) for debt in debts))
                    if failures := [failure for failure in paid if failure is not None]:
                        raise ExceptionGroup("Some owed answers failed", failures)
                self.house.steps.note_done("owed_answers")
            except Exception:
                self.house.steps.note_failed("owed_answers", "Owed answers could not be given; trying again", log=_log)

    async def _pay_alone(self, conversation: Conversation) -> Exception | None:
        """Pay one debt while no turn of the conversation runs; returns what went wrong, so that it does not hold up the others."""
        if conversation.conversation_id in self._running:
            return None
        task = asyncio.ensure_future(self._pay_debt(conversation))
        self._running[conversation.conversation_id] = task
        task.add_done_callback(lambda _task: self._finish(conversation.conversation_id))
        outcome = (await asyncio.gather(task, return_exceptions=True))[0]
        if not isinstance(outcome, Exception) or isinstance(outcome, BotFailed | Erased | NotKnown):
            return None
        outcome.add_note(f"The answer was owed in {conversation.conversation_id}")
        return outcome

    async def _pay_debt(self, conversation: Conversation) -> None:
        owed: Message | None = await self.house.do(lambda: self._read(lambda c: find_owed(c, conversation)))
        if owed is None:
            await self.house.do(lambda: self._forgive(conversation))
            return
        replies = await ask_fully(self.house.bot, conversation, owed)
        self.house.bot.is_failing = False
        texts = self.house.speak(conversation.locale).texts
        late = Reply(kind="notice", text=texts.say("notices.still_there", question=owed.text))
        await self._append_replies(conversation, owed, owed, [late, *replies], pays=owed.seq)

    def _forgive(self, conversation: Conversation) -> None:
        with self.house.database.write() as connection:
            change_conversation(connection, conversation.conversation_id, owed_seq=None, owed_until=None)


def _join(says: list[Say]) -> Say:
    """One after the other; each sees the conversation as the ones before it left it."""
    return lambda connection, now: [
        draft for say in says for draft in say(connection, require_conversation(connection, now.conversation_id))
    ]


def _remember(say: Say, reply: Reply) -> Say:
    """What a sentence did, with what was understood in it."""
    return lambda connection, now: [replace(draft, understood=reply.understood) for draft in say(connection, now)]


def _find_version(house: House, reply: Reply) -> str | None:
    """Which wording of a disclosure was said, for the record (P1)."""
    if reply.kind != "disclosure":
        return None
    return house.texts.entry(reply.key or "disclosure.asked_if_human").version


def _find_speaker(conversation: Conversation, message: Message) -> int | None:
    """Whom a message speaks for: nobody once its token had outlived its customer's."""
    return conversation.person_id if message.speaks else None
