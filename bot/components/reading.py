"""A channel that reads one text for which common question it asks, outside of any dialogue: for the person who answers a customer.

No tracker is opened or written, no rule is followed and nothing is said, so that the bot has no part in a talk that a person has.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from components.questions import QUESTIONS
from rasa.core.channels.channel import InputChannel, UserMessage
from sanic import Blueprint, Request, response
from sanic.response import HTTPResponse


class ReadingChannel(InputChannel):
    """`POST /webhooks/reading/ {"text"}` answers `{"questions": [{id, title, confidence}]}`. Loopback only, as all of the bot is."""

    @classmethod
    def name(cls) -> str:
        return "reading"

    def blueprint(self, on_new_message: Callable[[UserMessage], Awaitable[Any]]) -> Blueprint:
        """The one route. Messages never come by this channel."""
        routes = Blueprint("reading_webhook", __name__)

        @routes.route("/", methods=["POST"])
        async def read(request: Request) -> HTTPResponse:
            told = request.json or {}
            text = told.get("text") if isinstance(told, dict) else None
            if not isinstance(text, str) or not text.strip():
                return response.json({"error": 'text is missing; send {"text": "…"}.'}, status=422)
            parsed = await request.app.ctx.agent.parse_message(text)
            return response.json({"questions": (parsed or {}).get(QUESTIONS) or []})

        return routes
