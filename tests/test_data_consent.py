"""The consent ledger: append-only, purpose by purpose, and the one gate before everything personal (P3, P8)."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from data.clock import format_time, parse_time
from data.consent import (
    fetch_consents,
    honour_signal,
    list_agreeing,
    may_ask,
    record_consent,
    record_refusal,
    require_consent,
)
from data.database import Database
from data.errors import BadInput, ConsentRequired
from data.ranking_rows import fetch_own_rows, fetch_training_rows
from data.tables import audit, consent_events
from tests.making import AT, KNOWN, TODAY, make_catalogue, make_consent, make_coupon_event, make_order, make_person

NOW = parse_time(AT)


def switch(database: Database, person_id: int, category: str, granted: bool, **more: object) -> bool:
    """Record a grant or a withdrawal, both purposes unless told otherwise."""
    settings = {"purposes": ("choose", "train"), "at": AT, "source": "page", "lang": "en", "known": KNOWN} | more
    with database.write() as connection:
        return record_consent(connection, person_id, category, granted=granted, **settings)  # type: ignore[arg-type]


@pytest.fixture
def person(database: Database) -> int:
    with database.write() as connection:
        return make_person(connection, "anna")


def test_nothing_is_on_until_it_was_turned_on(database: Database, person: int) -> None:
    with database.read() as connection:
        consents = fetch_consents(connection, person)
    assert consents.choose == frozenset()
    for category in KNOWN:
        with pytest.raises(ConsentRequired, match=category):
            require_consent(consents, category)


def test_the_last_word_stands_and_every_word_is_kept(database: Database, person: int) -> None:
    for granted in (True, False, True, False):
        assert switch(database, person, "purchases", granted)
    with database.read() as connection:
        assert fetch_consents(connection, person).choose == frozenset()
        said = connection.execute(select(consent_events.c.granted).where(consent_events.c.purpose == "choose"))
        assert list(said.scalars()) == [True, False, True, False]


def test_saying_the_same_again_changes_nothing(database: Database, person: int) -> None:
    assert not switch(database, person, "purchases", False)
    assert switch(database, person, "purchases", True)
    assert not switch(database, person, "purchases", True)
    with database.read() as connection:
        assert len(connection.execute(select(consent_events)).all()) == 2


def test_each_purpose_is_withdrawn_alone(database: Database, person: int) -> None:
    switch(database, person, "purchases", True)
    switch(database, person, "purchases", False, purposes=("train",))
    with database.read() as connection:
        consents = fetch_consents(connection, person)
        assert consents.list_granted("choose") == {"purchases"}
        assert consents.list_granted("train") == frozenset()
        assert list_agreeing(connection, "purchases", "choose") == {person}
        assert list_agreeing(connection, "purchases", "train") == set()
        with pytest.raises(ConsentRequired):
            require_consent(consents, "purchases", purpose="train")
        require_consent(consents, "purchases")


def test_one_category_says_nothing_of_another_and_one_person_nothing_of_another(
    database: Database, person: int
) -> None:
    with database.write() as connection:
        other = make_person(connection, "ben")
    switch(database, person, "purchases", True)
    with database.read() as connection:
        assert fetch_consents(connection, person).choose == {"purchases"}
        assert fetch_consents(connection, other).choose == frozenset()


@pytest.mark.parametrize(
    ("category", "purposes", "field"), [("shoe_size", ("choose",), "category"), ("offers", ("sell",), "purpose")]
)
def test_an_unknown_category_or_purpose_is_refused(
    database: Database, person: int, category: str, purposes: tuple[str, ...], field: str
) -> None:
    with pytest.raises(BadInput) as refused:
        switch(database, person, category, True, purposes=purposes)
    assert refused.value.details == {"field": field}
    with database.read() as connection:
        assert connection.execute(select(consent_events)).all() == []


def test_a_word_and_its_audit_row_stand_together(database: Database, person: int) -> None:
    switch(database, person, "offers", True)
    switch(database, person, "offers", False, purposes=("choose",))
    with database.read() as connection:
        acts = connection.execute(select(audit.c.act, audit.c.actor, audit.c.object_id, audit.c.detail)).all()
    assert [(act.act, act.actor, act.object_id) for act in acts] == [
        ("consent_granted", "customer", "offers"),
        ("consent_withdrawn", "customer", "offers"),
    ]
    assert acts[1].detail["purposes"] == ["choose"]


def signal(database: Database, person: int) -> list[str]:
    with database.write() as connection:
        return honour_signal(connection, person, at=AT, lang="en", known=KNOWN)


def test_the_browsers_signal_ends_what_was_granted_without_it(database: Database, person: int) -> None:
    switch(database, person, "purchases", True, source="import")
    switch(database, person, "browsing", True)
    switch(database, person, "offers", True, purposes=("train",))
    assert signal(database, person) == ["browsing", "offers", "purchases"]
    with database.read() as connection:
        consents = fetch_consents(connection, person)
        assert consents.list_granted("choose") | consents.list_granted("train") == frozenset()
        ended = consents.find("purchases", "choose")
        assert ended is not None
        assert ended.source == "signal"
        actors = connection.execute(select(audit.c.actor).where(audit.c.act == "consent_withdrawn")).scalars()
        assert set(actors) == {"system"}
    assert signal(database, person) == []


def test_a_grant_given_while_the_signal_is_sent_stands(database: Database, person: int) -> None:
    switch(database, person, "purchases", True, signal=True)
    switch(database, person, "offers", True)
    assert signal(database, person) == ["offers"]
    with database.read() as connection:
        assert fetch_consents(connection, person).choose == {"purchases"}


def test_a_grant_repeated_under_the_signal_is_the_newer_word(database: Database, person: int) -> None:
    switch(database, person, "purchases", True)
    assert switch(database, person, "purchases", True, signal=True)
    assert signal(database, person) == []
    with database.read() as connection:
        assert fetch_consents(connection, person).choose == {"purchases"}


def ask(database: Database, person: int | None, *, days: int = 0, minor: bool = False) -> bool:
    with database.read() as connection:
        return may_ask(connection, person, "purchases", now=NOW + timedelta(days=days), quiet_days=30, minor=minor)


def test_the_question_is_put_only_to_a_customer_of_age(database: Database, person: int) -> None:
    assert ask(database, person)
    assert not ask(database, None)
    assert not ask(database, person, minor=True)


def test_what_is_on_is_not_asked_for(database: Database, person: int) -> None:
    switch(database, person, "purchases", True)
    assert not ask(database, person, days=400)


def test_nobody_is_asked_again_after_a_no(database: Database, person: int) -> None:
    with database.write() as connection:
        record_refusal(connection, person, "purchases", at=AT)
    assert not ask(database, person)
    assert not ask(database, person, days=30)
    assert ask(database, person, days=31)
    with database.write() as connection:
        record_refusal(connection, person, "purchases", at=format_time(NOW + timedelta(days=31)))
    assert not ask(database, person, days=60)


def test_a_withdrawal_is_a_no_too(database: Database, person: int) -> None:
    switch(database, person, "purchases", True)
    switch(database, person, "purchases", False)
    assert not ask(database, person, days=29)
    assert ask(database, person, days=31)


def test_a_withheld_category_has_no_rows(database: Database) -> None:
    with database.write() as connection:
        make_catalogue(connection)
        anna, ben = make_person(connection, "anna"), make_person(connection, "ben", agrees_to=("purchases",))
        for one in (anna, ben):
            make_order(connection, one, TODAY - timedelta(days=3), ["type-1", "wine"])
            make_coupon_event(connection, one, TODAY - timedelta(days=3), "type-2")
        nothing = fetch_own_rows(connection, anna, fetch_consents(connection, anna), before=TODAY)
        assert (nothing.lines, nothing.events, nothing.categories) == ([], [], frozenset())
        some = fetch_own_rows(connection, ben, fetch_consents(connection, ben), before=TODAY)
        assert [line[2] for line in some.lines] == ["type-1"]
        assert some.events == []
        make_consent(connection, ben, "sensitive_alcohol", granted=True)
        more = fetch_own_rows(connection, ben, fetch_consents(connection, ben), before=TODAY)
        assert sorted(line[2] for line in more.lines) == ["type-1", "wine"]


def test_training_reads_those_who_agreed_to_train_and_nobody_else(database: Database) -> None:
    with database.write() as connection:
        make_catalogue(connection)
        people = {name: make_person(connection, name) for name in ("silent", "choose", "train")}
        for person_id in people.values():
            make_order(connection, person_id, TODAY - timedelta(days=3), ["type-1"])
    switch(database, people["choose"], "purchases", True, purposes=("choose",))
    switch(database, people["train"], "purchases", True, purposes=("train",))
    with database.read() as connection:
        rows = fetch_training_rows(connection, before=TODAY, groups=("alcohol",))
        assert {line[0] for line in rows.lines} == {people["train"]}
        assert fetch_training_rows(connection, before=TODAY - timedelta(days=3), groups=()).lines == []


def test_purchases_count_as_far_back_as_was_said(database: Database) -> None:
    with database.write() as connection:
        make_catalogue(connection)
        ben = make_person(connection, "ben", agrees_to=("purchases",))
        for days in (1, 395, 396):
            make_order(connection, ben, TODAY - timedelta(days=days), ["type-1"])
    with database.read() as connection:
        consents = fetch_consents(connection, ben)
        bounds: list[tuple[int | None, int]] = [(395, 2), (394, 1), (None, 3)]
        for bound, counted in bounds:
            own = fetch_own_rows(connection, ben, consents, before=TODAY, purchase_days=bound)
            learned = fetch_training_rows(connection, before=TODAY, groups=(), purchase_days=bound)
            assert len(own.lines) == len(learned.lines) == counted
