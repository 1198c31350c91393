"""The fairness audit: figures recomputed in plain Python, chance told apart from difference, and nobody in it who did not agree."""

import dataclasses
import random
from collections.abc import Iterator
from datetime import timedelta
from math import log2
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fairlearn.metrics import demographic_parity_difference, demographic_parity_ratio
from sqlalchemy import select

from data.database import Database
from data.fairness_rows import fetch_bought, fetch_discounts, fetch_groups, fetch_waits
from data.handoffs import claim_handoff, request_handoff
from data.shop import Shop
from data.tables import order_lines, uses
from data.texts import Texts
from models.audit import Audit, audit_recipe, audit_version, draw_people, keep_record, say_finding
from models.audit_report import build_page, write_report
from models.fairness import DRAWS, FEWEST_IN_GROUP, Measured, compare_excess, compare_groups, find_difference
from models.observing import pick_deepest, score_ndcg
from models.recommender import Recommender
from tests.audited_shop import DISCOUNTED, UnfairRecommender, make_audited_shop
from tests.databases import open_file
from tests.making import AT, TODAY, make_consent, make_conversation, make_history, make_order, make_person
from tests.small_shop import train_small_shop


@pytest.fixture(scope="module")
def audited(tmp_path_factory: pytest.TempPathFactory, shop: Shop) -> Iterator[tuple[Database, Path, list[int]]]:
    """The small shop with groups, its rankers in a folder, its people."""
    folder = tmp_path_factory.mktemp("audited")
    database = open_file(folder / "candor.db")
    database.migrate()
    people = make_audited_shop(database)
    train_small_shop(database, folder / "models", shop)
    yield database, folder / "models", people
    database.close()


def run_audit(database: Database, recommender: Recommender, **more: Any) -> Audit:
    day = TODAY - timedelta(days=28)
    return audit_version(database, recommender, version="v", day=day, is_held_out=False, **more)


def make_places(seed: int = 1) -> tuple[Measured, list[str | None]]:
    """Places with a discount, of five, for 30, 45 and 60 customers of three groups, and 7 of a fourth; some have no group."""
    rng = random.Random(seed)
    labels: list[str | None] = ["a"] * 30 + ["b"] * 45 + ["c"] * 60 + ["few"] * 7 + [None] * 10
    share = {"a": 0.2, "b": 0.3, "c": 0.5, "few": 1.0, None: 1.0}
    amount = [sum(rng.random() < share[label] for _ in range(5)) for label in labels]
    return Measured(np.array(amount, float), np.full(len(labels), 5.0)), labels


def rate_plainly(measured: Measured, labels: list[str | None]) -> dict[str, float]:
    """Rates of the groups of 20 or more, in plain Python."""
    found: dict[str, list[int]] = {}
    for number, label in enumerate(labels):
        if label is not None:
            found.setdefault(label, []).append(number)
    return {
        label: sum(measured.amount[n] for n in people) / sum(measured.weight[n] for n in people)
        for label, people in found.items()
        if len(people) >= 20
    }


def test_difference_and_ratio_are_those_of_plain_python_and_of_demographic_parity() -> None:
    measured, labels = make_places()
    found = compare_groups(measured, labels)
    assert found is not None
    rates = rate_plainly(measured, labels)
    assert {group.value: group.rate for group in found.groups} == pytest.approx(rates)
    assert found.difference == pytest.approx(max(rates.values()) - min(rates.values()))
    assert found.ratio == pytest.approx(min(rates.values()) / max(rates.values()))
    places = [
        (label, place < amount)
        for label, amount in zip(labels, measured.amount, strict=True)
        if label in rates
        for place in range(5)
    ]
    names, hits = [label for label, _ in places], [int(hit) for _, hit in places]
    parity = {"y_true": hits, "y_pred": hits, "sensitive_features": names}
    assert found.difference == pytest.approx(demographic_parity_difference(**parity))
    assert found.ratio == pytest.approx(demographic_parity_ratio(**parity))


def test_interval_and_null_are_those_of_a_loop_in_plain_python() -> None:
    measured, labels = make_places()
    found = compare_groups(measured, labels)
    assert found is not None
    rng = random.Random(5)
    kept = [n for n, label in enumerate(labels) if label in ("a", "b", "c")]
    amounts, names = [float(measured.amount[n]) / 5 for n in kept], [labels[n] for n in kept]

    def differ(values: list[float]) -> float:
        rates = []
        for name in ("a", "b", "c"):
            own = [value for value, of in zip(values, names, strict=True) if of == name]
            rates.append(sum(own) / len(own))
        return max(rates) - min(rates)

    pools = {name: [v for v, of in zip(amounts, names, strict=True) if of == name] for name in ("a", "b", "c")}
    drawn = sorted(differ([rng.choice(pools[name or ""]) for name in names]) for _ in range(1500))
    shuffled = sorted(differ(rng.sample(amounts, len(amounts))) for _ in range(1500))
    assert found.low == pytest.approx(2 * found.difference - drawn[int(1500 * 0.975)], abs=0.02)
    assert found.high == pytest.approx(2 * found.difference - drawn[int(1500 * 0.025)], abs=0.02)
    assert found.null_p95 == pytest.approx(shuffled[int(1500 * 0.95)], abs=0.02)
    assert found.chance == 0.0


def test_groups_dealt_out_at_random_stay_within_what_chance_gives() -> None:
    rng = np.random.default_rng(3)
    measured = Measured(rng.binomial(5, 0.4, 400).astype(float), np.full(400, 5.0))
    above = 0
    for _ in range(60):
        found = compare_groups(measured, [str(value) for value in rng.integers(0, 4, 400)])
        assert found is not None
        above += found.difference > found.null_p95
        assert found.null_p95 < 0.12
    assert above <= 8  # three are to be expected; nine or more have a chance of one in 200
    many = Measured(rng.binomial(5, 0.4, 20_000).astype(float), np.full(20_000, 5.0))
    assert find_difference(np.array([[m.mean() for m in np.split(many.amount / 5, 4)]]))[0] < 0.02


def test_a_group_under_twenty_is_not_published_and_moves_nothing() -> None:
    measured, labels = make_places()
    found = compare_groups(measured, labels)
    without = compare_groups(measured, [None if label == "few" else label for label in labels])
    assert found is not None
    assert without is not None
    assert found.withheld == 1
    assert "few" not in {group.value for group in found.groups}
    assert dataclasses.replace(found, withheld=0) == without
    assert compare_groups(measured, ["a"] * 133 + ["b"] * 19) is None


def test_only_customers_who_were_measured_count_towards_a_group() -> None:
    measured, _ = make_places()
    weight = measured.weight.copy()
    weight[:15] = 0.0
    labels = ["a"] * 30 + ["b"] * 122
    assert compare_groups(Measured(measured.amount * (weight > 0), weight), labels) is None


def test_nobody_shown_anything_is_no_difference() -> None:
    found = compare_groups(Measured(np.zeros(60), np.full(60, 5.0)), ["a"] * 30 + ["b"] * 30)
    assert found is not None
    assert (found.difference, found.ratio, found.low, found.high, found.null_p95) == (0.0, 1.0, 0.0, 0.0, 0.0)


def test_the_same_measure_is_never_worse_than_itself_and_a_much_worse_one_is() -> None:
    measured, labels = make_places()
    same = compare_excess(measured, measured, labels)
    assert same is not None
    assert (same.value, same.low, same.high, same.is_worse) == (0.0, 0.0, 0.0, False)
    flat = Measured(np.full(len(labels), 2.0), measured.weight)
    worse = compare_excess(measured, flat, labels)
    assert worse is not None
    assert worse.is_worse
    assert worse.low < worse.value
    better = compare_excess(flat, measured, labels)
    assert better is not None
    assert better.value == -worse.value
    assert not better.is_worse
    assert DRAWS >= 1000


def test_ndcg_is_that_of_the_formula() -> None:
    order = [f"t{n}" for n in range(30)]
    bought = frozenset({"t0", "t3", "t20"})
    ideal = sum(1 / log2(place + 1) for place in (1, 2, 3))
    assert score_ndcg(order, bought) == pytest.approx((1 / log2(2) + 1 / log2(5)) / ideal)
    assert score_ndcg(order, frozenset({"t25"})) == 0.0
    assert score_ndcg(order, frozenset(order[:15])) == pytest.approx(1.0)


def test_deep_discounts_are_a_quarter_of_what_is_bought() -> None:
    assert pick_deepest({"a": (0.5, 10), "b": (0.4, 15), "c": (0.3, 1), "d": (0.0, 74)}) == {"a", "b"}
    assert pick_deepest({"a": (0.0, 10)}) == frozenset()
    assert pick_deepest({}) == frozenset()


def test_a_ranking_made_unfair_on_purpose_is_caught(
    audited: tuple[Database, Path, list[int]], shop: Shop, texts: Texts
) -> None:
    database, models, people = audited
    plain = run_audit(database, Recommender(models, shop, texts))
    unfair = UnfairRecommender(models, shop, texts)
    unfair.favoured = frozenset(people[::2])
    caught = run_audit(database, unfair)
    found = {(finding.attribute, finding.measure): finding for finding in caught.findings}
    discount = found["age", "discount"]
    assert discount.is_over
    assert discount.is_above_frequency
    assert discount.comparison.low > 0.05
    assert discount.comparison.difference > discount.comparison.null_p95
    assert discount.comparison.chance == 0.0
    assert discount in caught.broken
    assert "above what shuffled groups give" in say_finding(discount)
    before = next(f for f in plain.findings if (f.attribute, f.measure) == ("age", "discount"))
    assert before.comparison.difference < discount.comparison.difference / 2


def test_exposure_is_that_of_the_slates_as_served(
    audited: tuple[Database, Path, list[int]], shop: Shop, texts: Texts
) -> None:
    database, models, people = audited
    recommender = Recommender(models, shop, texts)
    audit = run_audit(database, recommender)
    assert audit.scene is not None
    assert audit.scene.running == {"type-4"}
    assert audit.scene.discounted <= set(DISCOUNTED)
    shown: dict[str, list[str]] = {"young": [], "old": []}
    with database.read() as connection:
        for number, person_id in enumerate(people):
            slate = recommender.choose(connection, person_id=person_id, today=TODAY - timedelta(days=28), limit=5)
            shown["old" if number % 2 else "young"] += [one.offer_id for one in slate.shown]
    coupon = next(f for f in audit.findings if (f.attribute, f.measure) == ("age", "coupon"))
    rates = {group.value: group.rate for group in coupon.comparison.groups}
    assert rates == pytest.approx({age: ids.count("c-1") / len(ids) for age, ids in shown.items()})


def test_only_who_agreed_is_in_the_audit_and_a_withdrawal_acts_at_once(database: Database) -> None:
    people = make_audited_shop(database, agree_to_audit=50)
    with database.write() as connection:
        assert set(fetch_groups(connection)["age"]) == set(people[:50])
        make_consent(connection, people[0], "fairness", granted=False)
        assert set(fetch_groups(connection)["age"]) == set(people[1:50])


def test_with_too_few_who_agreed_the_audit_says_so_and_breaks_nothing(
    database: Database, tmp_path: Path, shop: Shop, texts: Texts
) -> None:
    make_audited_shop(database, agree_to_audit=FEWEST_IN_GROUP - 1)
    audit = audit_recipe(database, shop, texts, today=TODAY)
    assert audit.notes == (
        "Nothing was audited: of 80 customers with groups 19 agreed to the fairness audit, and 20 are needed.",
    )
    assert not audit.broken
    assert audit.people == ()
    page = write_report(audit.describe(), tmp_path, shop_name=shop.name).read_text(encoding="utf-8")
    assert "no limit is broken and none is shown to be kept" in page


def test_a_shop_without_groups_says_so(database: Database, shop: Shop, texts: Texts) -> None:
    with database.write() as connection:
        make_history(connection)
    audit = audit_recipe(database, shop, texts, today=TODAY)
    assert audit.notes[0].startswith("Nothing was audited: the shop has no audit groups.")
    assert audit.findings == ()


def test_the_recipe_is_audited_on_days_that_it_has_not_seen(
    audited: tuple[Database, Path, list[int]], shop: Shop, texts: Texts
) -> None:
    database = audited[0]
    audit = audit_recipe(database, shop, texts, today=TODAY)
    assert audit.is_held_out
    assert audit.version.startswith((TODAY - timedelta(days=28)).isoformat())
    assert {finding.measure for finding in audit.findings} == {"discount", "coupon", "coverage", "ndcg10"}
    assert {finding.attribute for finding in audit.findings} == {"age"}  # of `team` one group may be published
    assert "wait_s is not told: there was something to measure for nobody, and two groups of 20 are needed." in (
        audit.notes
    )


def test_the_same_customers_are_drawn_each_time() -> None:
    groups = {"age": dict.fromkeys(range(100), "a"), "income": dict.fromkeys(range(50, 150), "b")}
    assert draw_people(groups, None) == tuple(range(150))
    drawn = draw_people(groups, 40)
    assert len(set(drawn)) == 40
    assert drawn == draw_people(groups, 40)
    assert draw_people({}, 40) == ()


def test_what_was_bought_after_a_day_comes_from_those_who_agreed_to_purchases(database: Database) -> None:
    people = make_audited_shop(database)
    day = TODAY - timedelta(days=28)
    with database.write() as connection:
        make_consent(connection, people[1], "purchases", granted=False)
        make_order(connection, people[0], TODAY - timedelta(days=1), ["wine"])
        bought = fetch_bought(connection, people, since=day, before=TODAY)
        rows = connection.execute(
            select(order_lines.c.product_id).where(
                order_lines.c.person_id == people[0], order_lines.c.ordered_on >= day
            )
        )
        assert bought[people[0]] == {row[0].removeprefix("p-") for row in rows} - {"wine"}
        assert people[1] not in bought
        discounts = fetch_discounts(connection, since=day, before=TODAY, fewest_counted=5)
    assert discounts["type-0"][0] == pytest.approx(50 / 150)
    assert discounts["type-3"][0] == 0.0
    assert "wine" not in discounts  # one buyer


def test_a_wait_is_from_asking_to_being_answered(database: Database) -> None:
    with database.write() as connection:
        person_id, other = make_person(connection, "anna"), make_person(connection, "ben")
        for of, seconds in ((person_id, 30), (other, 50)):
            conversation, _ = make_conversation(connection, of)
            handoff, _, _ = request_handoff(connection, conversation, at=AT, topic={}, now=0.0)
            claim_handoff(
                connection, handoff.handoff_id, username="sam", at=AT.replace("00.000", f"{seconds}.000"), now=0.0
            )
        assert fetch_waits(connection, [person_id]) == {person_id: [30.0]}


def test_each_audited_customer_can_read_that_they_were(
    audited: tuple[Database, Path, list[int]], shop: Shop, texts: Texts
) -> None:
    database, models, _ = audited
    audit = run_audit(database, Recommender(models, shop, texts), most_people=40)
    keep_record(database, shop, audit)
    with database.read() as connection:
        rows = connection.execute(select(uses.c.person_id, uses.c.what_for, uses.c.categories)).all()
    assert sorted(row.person_id for row in rows) == list(audit.people)
    assert {row.what_for for row in rows} == {"audit"}
    assert rows[0].categories == ["fairness"]


def test_the_report_has_figures_of_groups_and_no_script(
    audited: tuple[Database, Path, list[int]], shop: Shop, texts: Texts
) -> None:
    database, models, people = audited
    told = run_audit(database, Recommender(models, shop, texts)).describe()
    page = build_page(told, shop_name="Tom & Co")
    assert "Tom &amp; Co" in page
    assert "<script" not in page
    assert 'lang="en"' in page
    assert page.count("<svg") == len(told["findings"])
    assert page.count("<h1>") == 1
    for person_id in people:
        assert str(person_id) not in page
    for finding in told["findings"]:
        assert f"{finding['model']['difference']:.3f}" in page
