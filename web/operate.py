"""For whoever runs it: health and figures (design.md §3, Operating)."""

import asyncio
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import func, select

from data.errors import NotKnown
from data.outbox import count_waiting
from data.tables import conversations
from data.tables_handoffs import handoffs
from models.standing import read_standing
from web.bot import is_listening
from web.conversations import HouseHere
from web.figures import failing_letters, open_conversations, overdue_requests, registry, waiting_handoffs
from web.house import House
from web.rebuilding import find_failure
from web.staff_requests import count_overdue

router = APIRouter()


@router.get("/healthz")
async def healthz(request: Request, house: HouseHere) -> dict[str, str]:
    """ok, or degraded with what is missing; which version of the rankers serves. To this machine too: a newer one that was refused, and which
    steps in the background failed when they were last tried.
    """
    has_database, has_bot, has_actions = await asyncio.gather(
        house.do(lambda: _has_database(house)), house.bot.is_up(), is_listening(house.settings.actions_port)
    )
    parts = {"db": has_database, "bot": has_bot, "actions": has_actions}
    standing = await house.do(lambda: read_standing(house.settings.var / "models"))
    failing = house.steps.failing
    told = {"status": "ok" if all(parts.values()) and not failing else "degraded"}
    told |= {name: "ok" if up else "down" for name, up in parts.items()}
    told["model"] = standing.serving or "none"
    if standing.refused is not None and _is_local(request):
        told["model_refused"] = standing.refused.version
    failed_at = await house.do(lambda: find_failure(house.settings.var / "models"))
    if failed_at is not None and _is_local(request):
        told["rebuild_failed"] = failed_at
    if failing and _is_local(request):
        told["steps_failed"] = ", ".join(failing)
    return told


def _is_local(request: Request) -> bool:
    return request.client is not None and request.client.host in ("127.0.0.1", "::1") and not is_forwarded(request)


def _has_database(house: House) -> bool:
    with house.database.read() as connection:
        return connection.execute(select(1)).scalar() == 1


@router.get("/metrics")
async def metrics(request: Request, house: HouseHere) -> PlainTextResponse:
    """Prometheus, to this machine only."""
    if not _is_local(request):
        raise NotKnown()
    await house.do(lambda: _count(house))
    return PlainTextResponse(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)


def _count(house: House) -> None:
    with house.database.read() as connection:
        counted = connection.execute(select(conversations.c.state, func.count()).group_by(conversations.c.state))
        states: dict[str, Any] = {row[0]: row[1] for row in counted}
        waiting = connection.execute(
            select(func.count()).select_from(handoffs).where(handoffs.c.state == "waiting")
        ).scalar_one()
        overdue = count_overdue(connection, house.clock.now())
        failing = count_waiting(connection)
    overdue_requests.set(overdue)
    failing_letters.set(failing)
    for state in ("bot", "waiting", "human", "closed"):
        open_conversations.labels(state).set(states.get(state, 0))
    waiting_handoffs.set(waiting)


def is_forwarded(request: Request) -> bool:
    """Whether a proxy stands between: then the address says nothing about who calls."""
    return any(name == "forwarded" or name.startswith("x-forwarded") for name in request.headers)
