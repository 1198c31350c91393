"""Whatever happens in whatever order, nothing personal is used that is not agreed to at that moment (P3, P8).

Hypothesis drives the real thing (a gateway over a small trained shop) and an independent model of what stands (`tests/consent_model.py`)
side by side: yes, no, levels, the browser's signal, imports, notices that change, freezing, erasing, time, a visitor who signs in,
looking at goods, offers, training. After each step both agree on what stands; each use is held against the model.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy import Connection, delete, func, select
from starlette.testclient import TestClient

from data.clock import ShopClock, format_time
from data.consent import (
    fetch_consents,
    fetch_ledger,
    honour_signal,
    list_agreeing,
    may_ask,
    record_consent,
    record_refusal,
)
from data.database import Database
from data.erasure import erase_person
from data.importers.customers import build_no_customers, write_consents
from data.levels import LEVELS, plan_level
from data.notices import Notice, publish_notices
from data.ranking_rows import count_product_buyers, fetch_own_rows, fetch_training_rows
from data.shop import read_shop
from data.standings import restrict_use
from data.tables import consent_events, impressions, offer_events, order_lines, page_events, uses
from data.tables_rights import notices
from data.texts import Entry, Texts
from tests.consent_model import CATEGORIES, PURPOSES, Model, Person, find_notice
from tests.making import TODAY, count_rows_of, make_order, make_person
from tests.serving import SECRET, Guest, StandIn, make_settings, serve
from tests.small_shop import bearer, make_small_shop
from web.house import House
from web.identity import sign_customer_token

SHOP = read_shop(Path(__file__).resolve().parent.parent / "shop.toml")
KNOWN = SHOP.categories
STEPS_A_RUN = 100
PEOPLE = st.integers(0, 1)
TABLE_OF = {"order_lines": "purchases", "offer_events": "offers", "preferences": "preferences", "page_events": "browsing"}  # fmt: skip
START = datetime(TODAY.year, TODAY.month, TODAY.day, 17, tzinfo=UTC)
both = st.sampled_from([PURPOSES, ("choose",), ("train",)])
category = st.sampled_from(CATEGORIES)


def happens(often: int, **drawn: st.SearchStrategy[Any]) -> Callable[[Any], Any]:
    """A step of a run, so often in a hundred. Hypothesis's own rules would be left out of whole runs, rankings too."""

    def mark(step: Any) -> Any:
        STEPS[step.__name__] = often, drawn
        return step

    return mark


STEPS: dict[str, tuple[int, dict[str, st.SearchStrategy[Any]]]] = {}


class Place:
    """The shop that all runs share: each run brings people of its own, and starts with the notices of the beginning."""

    client: TestClient
    database: Database
    house: House
    runs = steps = 0


@contextmanager
def open_place() -> Iterator[None]:
    with ExitStack() as stack:
        memory = Path("/dev/shm")  # a disk that waits for nothing, where there is one
        kept = stack.enter_context(TemporaryDirectory(dir=memory if memory.is_dir() else None))
        folder, bot = Path(kept), StandIn()
        stack.callback(bot.close)
        Place.database, _ = make_small_shop(folder, SHOP)
        stack.callback(Place.database.close)
        Place.client = stack.enter_context(serve(make_settings(folder, bot_port=bot.port)))
        Place.house = Place.client.app.state.house  # type: ignore[attr-defined]
        yield


@pytest.fixture(scope="module", autouse=True)
def place() -> Iterator[None]:
    with open_place():
        yield


class Consenting(RuleBasedStateMachine):
    """One run: two people, and some time."""

    def __init__(self) -> None:
        super().__init__()
        Place.runs += 1
        self.model, self.now = Model(), START
        Place.house.clock = ShopClock(SHOP.zone, machine=lambda: self.now)
        self.names = [f"run{Place.runs}-{number}" for number in range(2)]
        with self.write() as connection:
            connection.execute(delete(notices))
            self.people = [self.meet(connection, name) for name in self.names]
        self.publish_all()

    def meet(self, connection: Connection, name: str) -> int:
        person_id = make_person(connection, name)
        for day, goods in ((3, ["type-1", "wine"]), (12, ["type-1", "type-2"]), (25, ["type-4"])):
            make_order(connection, person_id, TODAY - timedelta(days=day), goods)
        self.model.people[person_id] = Person()
        return person_id

    def write(self) -> Any:
        """A transaction, a second later than the one before."""
        self.now += timedelta(seconds=1)
        return Place.database.write()

    @property
    def at(self) -> str:
        return format_time(self.now)

    def call(self, who: int, method: str, path: str, *, gpc: bool = False, body: Any = None) -> Any:
        self.now += timedelta(seconds=1)
        headers = bearer(self.names[who]) | ({"Sec-GPC": "1"} if gpc else {})
        if gpc:
            self.model.hear_signal(self.people[who], at=self.now)
        answer = Place.client.request(method, path, headers=headers, json=body)
        assert answer.status_code < 300, answer.text
        return answer.json()

    # --- what people say ------------------------------------------------------------------------------------------------
    @happens(24, who=PEOPLE, category=category, purposes=both, granted=st.booleans(), signal=st.booleans())
    def say(self, who: int, category: str, purposes: tuple[str, ...], granted: bool, signal: bool) -> None:
        with self.write() as connection:
            record_consent(
                connection,
                self.people[who],
                category,
                granted=granted,
                purposes=purposes,
                at=self.at,
                source="page",
                lang="en",
                known=KNOWN,
                signal=signal,
            )
        for purpose in purposes:
            self.model.say(self.people[who], category, purpose, granted, at=self.now, signal=signal)

    @happens(6, who=PEOPLE, level=st.sampled_from(LEVELS))
    def set_level(self, who: int, level: Any) -> None:
        """As the gateway does it, without the offers before and after."""
        with self.write() as connection:
            plan = plan_level(fetch_ledger(connection, self.people[who]), level, KNOWN)
            for granted, categories in ((False, plan.off), (True, plan.on)):
                for one in categories:
                    record_consent(
                        connection,
                        self.people[who],
                        one,
                        granted=granted,
                        purposes=PURPOSES,
                        at=self.at,
                        source="page",
                        lang="en",
                        known=KNOWN,
                    )
        self.model.set_level(self.people[who], level, at=self.now)

    @happens(4, who=PEOPLE)
    def send_signal(self, who: int) -> None:
        with self.write() as connection:
            honour_signal(connection, self.people[who], at=self.at, lang="en", known=KNOWN)
        self.model.hear_signal(self.people[who], at=self.now)

    @happens(3, who=PEOPLE, category=category)
    def refuse(self, who: int, category: str) -> None:
        with self.write() as connection:
            record_refusal(connection, self.people[who], category, at=self.at)
        self.model.people[self.people[who]].refused[category] = self.now

    @happens(4, who=PEOPLE, lift=st.booleans())
    def freeze(self, who: int, lift: bool) -> None:
        with self.write() as connection:
            restrict_use(connection, self.people[who], at=self.at, lift=lift)
        self.model.people[self.people[who]].frozen = not lift

    @happens(1, who=PEOPLE)
    def erase(self, who: int) -> None:
        """Nothing of them is left to use; signed in again they are new, and have agreed to nothing."""
        self.now, gone = self.now + timedelta(seconds=1), self.people[who]
        erase_person(Place.database, gone, at=self.at)
        with Place.database.read() as connection:
            assert count_rows_of(connection, gone) == 0
        del self.model.people[gone]
        with self.write() as connection:
            self.people[who] = self.meet(connection, self.names[who])

    # --- what the shop does ---------------------------------------------------------------------------------------------
    @happens(6, who=PEOPLE, category=category, days=st.integers(0, 3), version=st.sampled_from(["1", "2024", "2025"]))
    def bring(self, who: int, category: str, days: int, version: str) -> None:
        """An import with a consent of some days ago."""
        given = self.now - timedelta(days=days) + timedelta(microseconds=1)
        told = {"customer_id": self.names[who], "category": category, "at": format_time(given), "notice": version}
        people = pl.DataFrame({"customer_id": [self.names[who]], "person_id": [self.people[who]]})
        with self.write() as connection:
            write_consents(
                connection, replace(build_no_customers(), consents=pl.DataFrame([told])), people, SHOP, simulated=False
            )
        self.model.bring(self.people[who], category, version, at=given)

    def publish_all(self) -> None:
        for one in sorted({find_notice(one) for one in CATEGORIES}):
            self.publish(one, False)

    @happens(5, category=category, takes_more=st.booleans())
    def change_notice(self, category: str, takes_more: bool) -> None:
        self.publish(find_notice(category), takes_more)

    def publish(self, name: str, takes_more: bool) -> None:
        version = self.model.newest.get(name, 0) + 1
        notice = Notice(name, version, date(2026, 3, 2), takes_more)
        languages = {"en": Texts("en", {notice.address: Entry(notice.address, ("May I?",))})}
        with self.write() as connection:
            publish_notices(connection, [notice], languages, outgrown=tuple(sorted(self.model.outgrown)), at=self.at)
        self.model.newest[name] = version
        if takes_more:
            self.model.floor[name] = version

    @happens(3, outgrown=st.sets(st.sampled_from(["1", "2024", "2025"])))
    def outgrow(self, outgrown: set[str]) -> None:
        with self.write() as connection:
            publish_notices(connection, [], {}, outgrown=tuple(sorted(outgrown)), at=self.at)
        self.model.outgrown = outgrown

    @happens(6, hours=st.sampled_from([1, 30, 24 * 20, 24 * 31]))
    def pass_time(self, hours: int) -> None:
        if self.now < START + timedelta(days=200):
            self.now += timedelta(hours=hours)

    # --- uses -------------------------------------------------------------------------------------------------------------
    @happens(6, who=PEOPLE, gpc=st.booleans())
    def rank(self, who: int, gpc: bool) -> None:
        """Offers on a page: chosen, explained, recorded and counted under exactly what stands."""
        person_id, before = self.people[who], self.count_events(who)
        offers = self.call(who, "GET", "/api/offers", gpc=gpc)["offers"]
        on = self.model.list_on(person_id, "choose")
        made = impressions.c.impression_id.in_([offer["impression_id"] for offer in offers])
        with Place.database.read() as connection:
            shown = connection.execute(select(impressions).where(made)).all()
            used = select(uses.c.categories, uses.c.at).where(uses.c.person_id == person_id)
            newest = connection.execute(used.order_by(uses.c.use_id.desc())).first()
        assert len(shown) == 5
        assert self.count_events(who) - before == (5 if "offers" in on else 0)
        for one in shown:
            assert set(one.consents) == on
            assert "sensitive_alcohol" in on or one.type_id != "wine"
            assert set(one.explanation["categories_used"]) <= on
            rows = [row for reason in one.explanation["reasons"] for row in reason["evidence"]["rows"]]
            assert {TABLE_OF[row["table"]] for row in rows if row["table"] in TABLE_OF} <= on
            self.check_sensitive(rows, on)
        if not on:
            assert not any(one.personalized for one in shown)
        if newest is not None and newest.at == self.at:
            assert set(newest.categories) <= on

    def count_events(self, who: int) -> int:
        with Place.database.read() as connection:
            of = offer_events.c.person_id == self.people[who]
            return int(connection.execute(select(func.count()).select_from(offer_events).where(of)).scalar_one())

    def check_sensitive(self, rows: list[dict[str, Any]], on: set[str]) -> None:
        lines = [row["id"] for row in rows if row["table"] == "order_lines"]
        with Place.database.read() as connection:
            goods = connection.execute(select(order_lines.c.product_id).where(order_lines.c.line_id.in_(lines)))
            assert "sensitive_alcohol" in on or "p-wine" not in set(goods.scalars())

    @happens(14, who=PEOPLE)
    def read_own_rows(self, who: int) -> None:
        """The door to a ranking lets through what stands, and all of it."""
        person_id = self.people[who]
        on = self.model.list_on(person_id, "choose")
        with Place.database.read() as connection:
            own = fetch_own_rows(connection, person_id, fetch_consents(connection, person_id), before=TODAY)
        wine = {"wine"} if "sensitive_alcohol" in on else set()
        bought = {"type-1", "type-2", "type-4"} | wine if "purchases" in on else set()
        assert {line[2] for line in own.lines} == bought
        assert "offers" in on or not own.events
        assert "browsing" in on or not own.looks
        assert "preferences" in on or not own.likes

    @happens(3)
    def train(self) -> None:
        """Rankers and statistics read those who agree, and nobody else."""
        agreed = {c: {p for p in self.people if c in self.model.list_on(p, "train")} for c in CATEGORIES}
        with Place.database.read() as connection:
            rows = fetch_training_rows(connection, before=TODAY, groups=SHOP.sensitive)
            counted = count_product_buyers(connection, since=TODAY - timedelta(days=90), before=TODAY, fewest_counted=1)
            buyers = list_agreeing(connection, "purchases", "train")
        mine = set(self.people)
        assert {line[0] for line in rows.lines} & mine == agreed["purchases"]
        assert {line[0] for line in rows.lines if line[2] == "wine"} & mine == agreed["purchases"] & agreed["sensitive_alcohol"]  # fmt: skip
        assert {event[0] for event in rows.events} & mine <= agreed["offers"]
        assert max((people for *_, people in counted), default=0) <= len(buyers)

    @happens(7, who=PEOPLE, product=st.sampled_from(["p-type-3", "p-wine"]))
    def look_at(self, who: int, product: str) -> None:
        on = self.model.list_on(self.people[who], "choose")
        needed = {"browsing"} | ({"sensitive_alcohol"} if product == "p-wine" else set())
        stored = self.call(who, "POST", "/api/events", body={"kind": "viewed", "product_id": product, "page": "/"})
        assert stored == {"stored": needed <= on}
        newest = select(func.max(page_events.c.happened_at)).where(page_events.c.person_id == self.people[who])
        with Place.database.read() as connection:
            assert (connection.execute(newest).scalar() == self.at) == (needed <= on)

    @happens(1, who=PEOPLE)
    def sign_in_as_a_visitor_who_looked_around(self, who: int) -> None:
        """What a visitor saw stays nobody's when they sign in."""
        before = self.count_events(who)
        shown = Place.client.get("/api/offers").json()["offers"]
        guest = Guest(Place.client, page_offers=[one["impression_id"] for one in shown])
        told = {"customer_token": sign_customer_token(self.names[who], SECRET)}
        signed = Place.client.put(f"/api/conversations/{guest.id}/customer", json=told, headers=guest.headers)
        assert signed.status_code == 200, signed.text
        assert self.count_events(who) == before
        with Place.database.read() as connection:
            mine = impressions.c.impression_id.in_([one["impression_id"] for one in shown])
            assert set(connection.execute(select(impressions.c.person_id).where(mine)).scalars()) == {None}

    @rule(data=st.data())
    def go_on(self, data: st.DataObject) -> None:
        """The next step."""
        name = data.draw(st.sampled_from([name for name, (often, _) in STEPS.items() for _ in range(often)]))
        Place.steps += 1
        getattr(self, name)(**{key: data.draw(drawn, label=key) for key, drawn in STEPS[name][1].items()})

    # --- what always holds ----------------------------------------------------------------------------------------------
    @invariant()
    def both_agree_on_what_stands(self) -> None:
        with Place.database.read() as connection:
            for person_id in self.people:
                standing = fetch_consents(connection, person_id)
                for purpose in PURPOSES:
                    assert standing.list_granted(purpose) == self.model.list_on(person_id, purpose)

    @happens(8, category=category, who=PEOPLE)
    def ask(self, category: str, who: int) -> None:
        with Place.database.read() as connection:
            person_id = self.people[who]
            may = may_ask(connection, person_id, category, now=self.now, quiet_days=30, minor=False)
            agreeing = {purpose: list_agreeing(connection, category, purpose) for purpose in PURPOSES}
        assert may == self.model.may_ask(person_id, category, now=self.now)
        for purpose, people in agreeing.items():
            on = {one for one in self.people if category in self.model.list_on(one, purpose)}
            assert people & set(self.people) == on

    def teardown(self) -> None:
        """The next run's training reads no words of this one."""
        with Place.database.write() as connection:
            connection.execute(delete(consent_events).where(consent_events.c.person_id.in_(self.people)))


def run(*, at_least: int) -> None:
    """So many steps, in runs of a hundred. A failure is told as it came: to make it shorter would take longer than to read it."""
    end = Place.steps + at_least
    while Place.steps < end:
        run_state_machine_as_test(
            Consenting,
            settings=settings(
                max_examples=max(1, (end - Place.steps) // STEPS_A_RUN),
                stateful_step_count=STEPS_A_RUN,
                deadline=None,
                suppress_health_check=list(HealthCheck),
                database=None,
                phases=[Phase.generate],
            ),
        )


@pytest.mark.timeout(300)
def test_nothing_personal_is_used_without_a_consent_that_stands_at_that_moment() -> None:
    run(at_least=5_000)


@pytest.mark.deep
@pytest.mark.timeout(6 * 3600)
def test_the_same_over_two_hundred_thousand_steps() -> None:
    run(at_least=200_000)
