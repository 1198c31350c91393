"""What the gateway does by itself: a checkpoint of the audit log each hour, at its start and each night what retention removes, each night
a check of that log, what keeps the database clean, and the rankers anew where somebody took back what they rest on."""

import logging
from collections.abc import Callable
from datetime import date, timedelta

from data.audit_checks import record_check, verify_log, write_checkpoint
from data.clock import parse_time
from data.erasure import clean, finish_erasures
from data.requests import fetch_requests, finish_erasing, keep_all
from data.retention import apply_retention
from data.retention_rules import list_rules
from web.background import Background, attempt
from web.house import House
from web.reaching import announce_due
from web.rebuilding import find_due, find_failure, rebuild

EVERY_S = 3600.0
NIGHT = timedelta(hours=3)
IN_TIME = timedelta(hours=2)
_log = logging.getLogger("candor.upkeep")


class Upkeep:
    """Runs in the background as long as the gateway does. The shop's clock says when it is night."""

    def __init__(self, house: House) -> None:
        self.house = house
        self._background = Background(
            house,
            lambda _house: self.keep_up(),
            name="upkeep",
            every_s=EVERY_S,
            log=_log,
            first=lambda _house: self.begin(),
        )
        self._night = self.find_night()
        self._owed: list[Callable[[], None]] = []

    async def start(self) -> None:
        """Write the first checkpoint, then go on in the background."""
        await self._background.do(lambda _house: self._take(self.sign_log))
        await self._background.start()

    async def stop(self) -> None:
        """End it; the small step that was begun is finished."""
        await self._background.stop()

    def begin(self) -> None:
        """What cannot wait for the first hour: days that ended, and rankers that were promised, while no gateway was there."""
        self._take(self.remove_old)
        self._take(self.rebuild_in_time)

    def find_night(self) -> date:
        """The day that began at the last end of a night."""
        return (self.house.clock.now().astimezone(self.house.shop.zone) - NIGHT).date()

    def keep_up(self) -> None:
        """One round; the first after three at night takes on the night's work. A step that fails stays owed and holds up no other."""
        if self.find_night() != self._night:
            self._night = self.find_night()
            self._owed = [
                self.end_unconfirmed,
                self.announce_due,
                self.remove_old,
                self.clean,
                self.verify,
                self.rebuild,
            ]
        self._take(self.sign_log)
        self._take(self.finish_erasing)
        self._take(self.rebuild_in_time)
        self._owed = [step for step in self._owed if not self._take(step)]

    def _take(self, step: Callable[[], None]) -> bool:
        return attempt(self.house, step, step=step.__name__, log=_log)

    def finish_erasing(self) -> None:
        """An erasure that was confirmed and failed half-way."""
        house, at = self.house, self.house.clock.stamp()
        with house.database.read() as connection:
            begun = fetch_requests(connection, state="erasing")
        if begun:
            finish_erasures(house.database, at=at)
        for asked in begun:
            with house.database.write() as connection:
                finish_erasing(connection, at=at, request_id=asked.request_id)

    def end_unconfirmed(self) -> None:
        """An erasure that nobody confirmed within its month ends; nothing was erased."""
        with self.house.database.write() as connection:
            keep_all(connection, at=self.house.clock.stamp())

    def announce_due(self) -> None:
        """Requests whose month is almost over, or has passed: staff hear of it."""
        with self.house.database.write() as connection:
            announce_due(connection, self.house)

    def clean(self) -> None:
        """Deleted rows leave the file too."""
        clean(self.house.database)

    def verify(self) -> None:
        """Is the audit log as it was written? The owner reads when it was looked at and what was found."""
        house = self.house
        with house.database.read() as connection:
            verdict = verify_log(connection, house.settings.audit_file)
        if verdict.fault is not None:
            _log.error("The audit log is not as it was written. %s See docs/operate.md", verdict.fault)
        with house.database.write() as connection:
            record_check(connection, verdict, at=house.clock.stamp())

    def rebuild(self) -> None:
        """What rests on data that was taken back since."""
        if rebuild(self.house, lambda: self._background.is_stopping):
            _log.info("The rankers were made anew, since somebody took back what they rested on")
        elif find_failure(self.house.settings.var / "models"):
            _log.error(
                "The rankers could not be made anew; it is tried again at night, or when a day is nearly over. GET /healthz tells more"
            )

    def rebuild_in_time(self) -> None:
        """By day too, where the night was missed or its rebuild failed and the day that was promised is nearly over."""
        due = find_due(self.house)
        if due is not None and parse_time(due) - self.house.clock.now() < IN_TIME:
            self.rebuild()

    def sign_log(self) -> None:
        with self.house.database.write() as connection:
            write_checkpoint(connection, self.house.settings.audit_file, at=self.house.clock.stamp())

    def remove_old(self) -> None:
        """What is held for longer than the owner said."""
        house = self.house
        rules = list_rules(house.shop, house.clock)
        removed = apply_retention(
            house.database, rules, at=house.clock.stamp(), should_stop=lambda: self._background.is_stopping
        )
        _log.info("Retention removed %d rows", sum(one.rows for one in removed))
