"""Calling the owner's webhook, signed as Standard Webhooks has it (standardwebhooks.com): id, time and body under HMAC-SHA256.

The id stays the same however often a call is tried; the time is that of the try. Redirects are not followed.
"""

import asyncio
from datetime import UTC, datetime

import aiohttp
from standardwebhooks import Webhook

from data.outbox import Letter

TIMEOUT_S = 5.0


class CallFailed(Exception):
    """The other side did not take the call."""


def call_webhook(letter: Letter, *, secrets: tuple[str, ...]) -> None:
    """Make one call. Raises `CallFailed`: no answer in five seconds, or one that is not 2xx."""
    asyncio.run(_call(letter.to, letter.text.encode(), build_headers(letter, secrets, datetime.now(UTC))))


def build_headers(letter: Letter, secrets: tuple[str, ...], at: datetime) -> dict[str, str]:
    """The headers of a call: signed with every secret that is set, so that one can be changed for another without a gap."""
    return {
        "Content-Type": "application/json",
        "User-Agent": "Candor",
        "webhook-id": letter.letter_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(Webhook(secret).sign(letter.letter_id, at, letter.text) for secret in secrets),
    }


async def _call(url: str, body: bytes, headers: dict[str, str]) -> None:
    limit = aiohttp.ClientTimeout(total=TIMEOUT_S)
    try:
        async with (
            aiohttp.ClientSession(timeout=limit) as session,
            session.post(url, data=body, headers=headers, allow_redirects=False) as answer,
        ):
            status = answer.status
    except (aiohttp.ClientError, TimeoutError, OSError) as failure:
        raise CallFailed(type(failure).__name__) from failure
    if not 200 <= status < 300:
        raise CallFailed(f"status {status}")
