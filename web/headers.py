"""What every answer carries, and what no request may be: security headers, a limit on bodies, the count for /metrics."""

import json
import time
from collections.abc import Collection

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from web.errors import describe_error
from web.figures import request_seconds, requests_seen

LARGEST_BODY = 256 * 1024
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}


def build_policy(picture_origins: Collection[str] = ()) -> str:
    """The Content-Security-Policy; pictures of goods may also come from the origins that the owner has named in shop.toml."""
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            " ".join(("img-src 'self' data:", *picture_origins)),
            "font-src 'self'",
            "connect-src 'self'",
            "form-action 'self'",
            "frame-ancestors 'none'",
            "base-uri 'none'",
        )
    )


class Headers:
    """ASGI middleware: adds headers, refuses huge bodies, counts."""

    def __init__(self, app: ASGIApp, picture_origins: Collection[str] = ()) -> None:
        self.app = app
        self._headers = HEADERS | {"Content-Security-Policy": build_policy(picture_origins)}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started, status = time.perf_counter(), 500
        is_over = False

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if is_over and status != 413:
                status = 413
                await _refuse(send)
            if is_over:
                return
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
                if scope["path"].startswith(("/api/", "/staff/api/", "/demo/")):
                    headers.setdefault("Cache-Control", "no-store")
            await send(message)

        taken = 0

        async def receive_limited() -> Message:
            """Bodies without a stated length are cut off at the limit too."""
            nonlocal taken, is_over
            message = await receive()
            taken += len(message.get("body", b""))
            is_over = taken > LARGEST_BODY
            return {"type": "http.disconnect"} if is_over else message

        length = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
        if not length.isdigit() or int(length) > LARGEST_BODY:
            await _refuse(send_with_headers)
        else:
            await self.app(scope, receive_limited, send_with_headers)
        route = getattr(scope.get("route"), "path", "other")
        requests_seen.labels(route, str(status)).inc()
        if b"wait=" not in scope.get("query_string", b""):
            request_seconds.labels(route).observe(time.perf_counter() - started)


async def _refuse(send: Send) -> None:
    body = json.dumps(describe_error("too_large", f"The body is larger than {LARGEST_BODY} bytes. Send less.")).encode()
    await send({"type": "http.response.start", "status": 413, "headers": [(b"content-type", b"application/json")]})
    await send({"type": "http.response.body", "body": body})
