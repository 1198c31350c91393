"""The wire to the bot: one POST a turn, and the joining of what Rasa sends apart.

Rasa's REST channel splits a text at blank lines and sends `text`, `buttons` and `custom` as separate entries; a `custom` with a
`kind` closes one reply. An empty answer means that the action server was down, an action raised or a lock expired, so it is a
failure (`BotFailed`), never silence. A sender costs Rasa memory and each turn of a long tracker costs time, so a conversation
gets a fresh random sender every `turns_a_sender` turns; nothing is lost by it, since actions read the conversation from `data`.
"""

import asyncio
import secrets
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from bot.language.asked import Asked, read_asked
from bot.language.caution import clean_text

MOST_SENDERS = 10_000
WEBHOOK, FORGET, READING = "/webhooks/rest/webhook", "/webhooks/forget/", "/webhooks/reading/"
READING_S = 5.0


class BotFailed(Exception):
    """The bot gave no answer that can be said."""


@dataclass
class Reply:
    """What the bot wants to say: one message, before the gateway has filled in what only it may write.

    `lang` is set where it is not the conversation's language. `key` is the address of its text, and `variants` are other wordings of it. `ask` is a part of the message to be asked by itself, with
    what the parts before it were `about`. `understood` is kept for the next message to point back to. `press` asks the gateway to do what a button with that payload does; `offers` and `explanation` are impression ids.
    """

    kind: str
    text: str = ""
    lang: str | None = None
    buttons: list[dict[str, str]] = field(default_factory=list)
    press: str | None = None
    offers: list[str] = field(default_factory=list)
    explanation: str | None = None
    focus: str | None = None
    handoff: dict[str, Any] | None = None
    extra: dict[str, Any] = field(default_factory=dict)
    key: str | None = None
    variants: list[str] = field(default_factory=list)
    ask: str | None = None
    about: list[dict[str, str]] = field(default_factory=list)
    understood: dict[str, Any] = field(default_factory=dict)


def join_replies(entries: list[dict[str, Any]]) -> list[Reply]:
    """Join Rasa's entries into replies."""
    replies: list[Reply] = []
    texts: list[str] = []
    buttons: list[dict[str, str]] = []
    for entry in entries:
        if entry.get("text"):
            texts.append(str(entry["text"]))
        buttons.extend({"title": b["title"], "payload": b["payload"]} for b in entry.get("buttons", []))
        custom = entry.get("custom")
        if isinstance(custom, dict) and "kind" in custom:
            known = {name: value for name, value in custom.items() if name in Reply.__dataclass_fields__}
            replies.append(Reply(**known | {"text": "\n\n".join(texts), "buttons": buttons}))
            texts, buttons = [], []
    if texts or buttons:
        replies.append(Reply(kind="answer", text="\n\n".join(texts), buttons=buttons))
    return replies


class Bot:
    """Speaks to Rasa over loopback. One for a process."""

    def __init__(self, url: str, *, timeout_s: float, reads_characters: int, turns_a_sender: int) -> None:
        self._url, self._timeout = url, aiohttp.ClientTimeout(total=timeout_s)
        self._session: aiohttp.ClientSession | None = None
        self._reads = reads_characters
        self._turns_a_sender = turns_a_sender
        self.is_failing = False  # the last turn that was tried for its whole time had no answer
        self._senders: OrderedDict[str, tuple[str, int]] = OrderedDict()
        self._used: OrderedDict[str, str] = OrderedDict()  # sender: conversation, as long as the bot may remember it

    async def ask(
        self,
        conversation_id: str,
        *,
        text: str | None,
        payload: str | None,
        lang: str,
        speaks: bool,
        part: dict[str, Any] | None = None,
    ) -> list[Reply]:
        """One turn; `part` marks a part of a message, which is cut no further. Raises `BotFailed` when nothing that can be said comes back in time."""
        body = {
            "sender": self._take_sender(conversation_id),
            "message": payload if payload is not None else quote_text(text or "", self._reads),
            "metadata": {"conversation_id": conversation_id, "lang": lang, "speaks": speaks}
            | ({"part": part} if part else {}),
        }
        try:
            async with self._connect().post(self._url + WEBHOOK, json=body) as answer:
                answer.raise_for_status()
                replies = join_replies(await answer.json(content_type=None))
        except (aiohttp.ClientError, TimeoutError, ValueError, TypeError, KeyError) as error:
            raise BotFailed(type(error).__name__) from error
        if not replies:
            raise BotFailed("empty answer")
        return replies

    async def find_questions(self, text: str) -> list[Asked]:
        """The shop's common questions that a text may ask, the likeliest first: read outside of any dialogue, and forgotten."""
        body, timeout = {"text": quote_text(text, self._reads)}, aiohttp.ClientTimeout(total=READING_S)
        try:
            async with self._connect().post(self._url + READING, json=body, timeout=timeout) as answer:
                answer.raise_for_status()
                return read_asked(await answer.json(content_type=None))
        except (aiohttp.ClientError, TimeoutError, ValueError, TypeError, KeyError, AttributeError) as error:
            raise BotFailed(type(error).__name__) from error

    async def is_up(self) -> bool:
        """Whether Rasa answers at all."""
        try:
            async with self._connect().get(self._url + "/", timeout=aiohttp.ClientTimeout(total=2.0)) as answer:
                return answer.status == 200
        except (aiohttp.ClientError, TimeoutError):
            return False

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    def _connect(self) -> aiohttp.ClientSession:
        """The session, opened inside the running loop at its first use."""
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=self._timeout, connector=aiohttp.TCPConnector(limit=64))
        return self._session

    def forget(self, conversation_id: str) -> None:
        """Take a fresh sender at the next turn."""
        self._senders.pop(conversation_id, None)

    async def erase(self, conversation_ids: Iterable[str]) -> bool:
        """Let Rasa forget what it remembers of conversations, now; False when it did not answer (it then forgets within half an hour)."""
        gone = set(conversation_ids)
        senders = [sender for sender, conversation_id in self._used.items() if conversation_id in gone]
        for conversation_id in gone:
            self.forget(conversation_id)
        if not senders:
            return True
        try:
            async with self._connect().post(self._url + FORGET, json={"senders": senders}) as answer:
                answer.raise_for_status()
        except (aiohttp.ClientError, TimeoutError):
            return False
        for sender in senders:
            self._used.pop(sender, None)
        return True

    def _take_sender(self, conversation_id: str) -> str:
        sender, turns = self._senders.pop(conversation_id, ("", self._turns_a_sender))
        if turns >= self._turns_a_sender:
            sender, turns = secrets.token_urlsafe(12), 0
            self._used[sender] = conversation_id
            while len(self._used) > MOST_SENDERS:
                self._used.popitem(last=False)
        self._senders[conversation_id] = (sender, turns + 1)
        while len(self._senders) > MOST_SENDERS:
            self._senders.popitem(last=False)
        return sender


def quote_text(text: str, most: int) -> str:
    """A customer's text as Rasa may see it: cleaned as the bot itself would, cut, and never a command.

    Cleaning comes first: an invisible letter before a "/", or a full-width one, would be cleaned into a command later on.
    """
    return clean_text(text, most_characters=most).lstrip("/ ") or "…"


async def is_listening(port: int) -> bool:
    """Whether something listens on a loopback port."""
    try:
        _reader, writer = await asyncio.wait_for(asyncio.open_connection("127.0.0.1", port), 2.0)
    except (OSError, TimeoutError):
        return False
    writer.close()
    return True
