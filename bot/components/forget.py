"""A channel that says nothing: the gateway names senders whose dialogue is to be forgotten now, when somebody is erased."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from rasa.core.channels.channel import InputChannel, UserMessage
from sanic import Blueprint, Request, response
from sanic.response import HTTPResponse


class ForgetChannel(InputChannel):
    """`POST /webhooks/forget/ {"senders": [...]}` answers `{"forgotten": how many were known}`. Loopback only, as all of the bot is."""

    @classmethod
    def name(cls) -> str:
        return "forget"

    def blueprint(self, on_new_message: Callable[[UserMessage], Awaitable[Any]]) -> Blueprint:
        """The one route. Messages never come by this channel."""
        routes = Blueprint("forget_webhook", __name__)

        @routes.route("/", methods=["POST"])
        async def forget(request: Request) -> HTTPResponse:
            told = request.json or {}
            senders = told.get("senders") if isinstance(told, dict) else None
            if not isinstance(senders, list) or not all(isinstance(sender, str) for sender in senders):
                return response.json({"error": 'senders is missing; send {"senders": ["…"]}.'}, status=422)
            store = request.app.ctx.agent.tracker_store
            while hasattr(store, "_tracker_store"):  # Rasa puts a fail-safe around ours, which cannot forget
                store = store._tracker_store
            return response.json({"forgotten": sum([await store.delete(sender) for sender in senders])})

        return routes
