"""Features, written once: Ibis expressions over five small tables, the same for training and for serving.

Each feature declares every category of personal data that it derives from; a ranker for a set of consents has only the
columns whose categories lie inside that set. Features that a person would call one thing share a group, and a group is what
is explained: naive columns split "how often" from "how lately" and then name one of the two by chance.

Everything counts whole days before `cut`, so that a slate does not change by the second and nothing leaks from the day that
is to be predicted. Nobody's age, income or household is here (P10).
"""

import math
from dataclasses import dataclass

import ibis
from ibis import _
from ibis.expr.types import Table, Value

SHOP = "shop"
DIMENSIONS = 24  # of what is bought together; those of what comes after have numbers from there on
CONSTANT_TYPE = ""  # stands in `factors` for the constant term: everybody has "bought" it


@dataclass(frozen=True)
class Feature:
    """A column of the ranker. `categories` is empty for what derives from nobody in particular."""

    name: str
    group: str
    categories: frozenset[str]


@dataclass(frozen=True)
class Group:
    """Features that a person would call one thing. `category` is the consent to name beside the reason."""

    name: str
    category: str


_BOUGHT = frozenset({"purchases"})
_OFFERS = frozenset({"offers"})
_NOBODY: frozenset[str] = frozenset()

FEATURES = (
    Feature("days_28", "habit", _BOUGHT),  # days with a purchase of the type in the last 28
    Feature("days_84", "habit", _BOUGHT),
    Feature("days_364", "habit", _BOUGHT),
    Feature("days_since", "habit", _BOUGHT),  # since the last purchase of the type; missing: never bought
    Feature("usual_gap", "habit", _BOUGHT),  # mean days between purchases; missing: fewer than two
    Feature("gaps_passed", "habit", _BOUGHT),  # days_since / usual_gap
    Feature("visits_since", "habit", _BOUGHT),  # days with any purchase after the last one of the type
    Feature("weight_40", "habit", _BOUGHT),  # days with a purchase of the type, each halved for every 40 days of age
    Feature("weight_100", "habit", _BOUGHT),
    Feature("share_of_visits", "habit", _BOUGHT),  # weight_100 of the type / weight_100 of all days with a purchase
    Feature("expected", "habit", _BOUGHT),  # share_of_visits x days with a purchase in a usual 28 of the last 84
    Feature("aisle_days_84", "aisle", _BOUGHT),  # days with a purchase of another type of the aisle
    Feature("aisle_share", "aisle", _BOUGHT),  # of all lines in 364 days, 0 to 1
    Feature("aisle_types_84", "aisle", _BOUGHT),  # other types of the aisle bought in 84 days
    Feature("aisle_types_364", "aisle", _BOUGHT),
    Feature("aisle_new_84", "aisle", _BOUGHT),  # other types of the aisle bought first in the last 84 of 364 days
    Feature("visits_28", "visits", _BOUGHT),
    Feature("visits_84", "visits", _BOUGHT),
    Feature("together", "together", _BOUGHT),  # sum of similarities to the types bought in the last 84 days
    Feature("together_best", "together", _BOUGHT),
    Feature("together_all", "together", _BOUGHT),  # expected by the shop's item-item regression from all of 364 days
    Feature("after_all", "together", _BOUGHT),  # expected for the next 28 days from all other types of 364 days
    Feature("redeemed_type", "coupons", _OFFERS),  # coupons redeemed for the type in 364 days
    Feature("redeemed_aisle", "coupons", _OFFERS),
    Feature("redeemed_all", "coupons", _OFFERS),
    Feature("shown_type", "coupons", _OFFERS),
    Feature("clicked_type", "coupons", _OFFERS),
    Feature("buyers_28", "popular", _NOBODY),  # share of agreeing customers who bought it in 28 days, 0 to 1
    Feature("buyers_364", "popular", _NOBODY),
    Feature("again_rate", "popular", _NOBODY),  # share of its buyers who bought it on a second day
    Feature("trend", "popular", _NOBODY),  # buyers of the last 28 days / a usual 28 days
    Feature("buyers_84", "popular", _NOBODY),
    Feature("first_28", "popular", _NOBODY),  # share who bought it in the last 28 days and not before
    Feature("bought_after_0", "popular", _NOBODY),  # of those who had not bought it 28 days ago, who has since
    Feature("bought_after_1", "popular", _NOBODY),  # of those who had on one day of the 84 before that
    Feature("bought_after_2", "popular", _NOBODY),  # on two
    Feature("bought_after_3", "popular", _NOBODY),  # on three or more
)

GROUPS = (
    Group("habit", "purchases"),
    Group("aisle", "purchases"),
    Group("visits", "purchases"),
    Group("together", "purchases"),
    Group("coupons", "offers"),
    Group("popular", SHOP),
)

PERSONAL = frozenset().union(*(feature.categories for feature in FEATURES))
"""Categories that any ranker can have a column of."""


def select_features(consents: frozenset[str]) -> tuple[Feature, ...]:
    """The features of the ranker for a set of consents: those that need nothing outside it."""
    return tuple(feature for feature in FEATURES if feature.categories <= consents)


@dataclass(frozen=True)
class Inputs:
    """The tables that features are built from.

    Attributes
    ----------
    pairs
        `person_id, type_id, category`: the rows to build.
    lines
        `person_id, ordered_on, type_id, category`: what was bought, returns and disputed lines left out.
    events
        `person_id, happened_on, type_id, category, event`: offers shown, clicked, redeemed.
    statistics
        `type_id` and the columns of group popular: made from those who agreed, at the cut.
    similar
        `type_id, other_id, similarity`: which types go together, made from those who agreed, at the cut.
    factors
        `type_id, dimension, gives, often, takes`: the regressions in few dimensions (`models/regressions.py`), made from those who
        agreed, at the cut.
    moment
        One row, `cut`: the day before which everything happened.
    """

    pairs: Table
    lines: Table
    events: Table
    statistics: Table
    similar: Table
    factors: Table
    moment: Table


def make_inputs() -> Inputs:
    """Inputs without a database behind them, to compile the expression once."""
    person: dict[str, str] = {"person_id": "int64"}
    thing = {"type_id": "string", "category": "string"}
    rates = {feature.name: "float64" for feature in FEATURES if feature.group == "popular"}
    return Inputs(
        pairs=ibis.table(person | thing, name="pairs"),
        lines=ibis.table(person | {"ordered_on": "date"} | thing, name="lines"),
        events=ibis.table(person | {"happened_on": "date"} | thing | {"event": "string"}, name="events"),
        statistics=ibis.table({"type_id": "string"} | rates, name="statistics"),
        similar=ibis.table({"type_id": "string", "other_id": "string", "similarity": "float64"}, name="similar"),
        factors=ibis.table(
            {"type_id": "string", "dimension": "int64", "gives": "float64", "often": "float64", "takes": "float64"},
            name="factors",
        ),
        moment=ibis.table({"cut": "date"}, name="moment"),
    )


def build_features(inputs: Inputs) -> Table:
    """The features of every pair: `person_id, type_id` and one column a feature. Missing means "there is none"."""
    lines = _age(inputs.lines, inputs.moment, "ordered_on")
    events = _age(inputs.events, inputs.moment, "happened_on")
    bought = _count_bought(lines)
    coupons, aisle_coupons, all_coupons = _count_coupons(events)

    table = inputs.pairs
    table = _look_up(table, bought.drop("category"), "person_id", "type_id")
    table = _look_up(table, _count_aisle(lines), "person_id", "category")
    table = _look_up(table, _count_aisle_types(bought), "person_id", "category")
    table = _look_up(table, _count_visits(lines), "person_id")
    table = _look_up(table, _sum_together(lines, inputs.similar), "person_id", "type_id")
    table = _look_up(table, coupons, "person_id", "type_id")
    table = _look_up(table, aisle_coupons, "person_id", "category")
    table = _look_up(table, all_coupons, "person_id")
    table = _look_up(table, inputs.statistics, "type_id")
    table = _look_up(table, _expect(inputs.pairs, bought, inputs.factors), "person_id", "type_id")

    zero = ["days_28", "days_84", "days_364", "weight_40", "weight_100", "together", "together_best"]
    zero += ["aisle_types_84", "aisle_types_364", "aisle_new_84"]
    zero += ["visits_28", "visits_84"]
    zero += ["redeemed_type", "redeemed_aisle", "redeemed_all", "shown_type", "clicked_type"]
    table = table.mutate(**{name: table[name].fill_null(0) for name in zero})
    gap = table.span / (table.days_ever - 1)
    share = table.weight_100 / table.all_weight_100
    table = table.mutate(
        usual_gap=(table.days_ever >= 2).ifelse(gap, None),
        gaps_passed=((table.days_ever >= 2) & (table.span > 0)).ifelse(table.days_since / gap, None),
        share_of_visits=share,
        expected=share * table.visits_84 / 3,
        aisle_days_84=(table.aisle_days.fill_null(0) - table.days_84).cast("float64"),
        aisle_share=table.aisle_lines.fill_null(0) / table.all_lines,
        aisle_types_84=table.aisle_types_84 - _flag(table.days_84 > 0),
        aisle_types_364=table.aisle_types_364 - _flag(table.days_364 > 0),
        aisle_new_84=table.aisle_new_84 - _flag((table.days_since + table.span <= 84).fill_null(False)),
        after_all=table.after_all - table.after_own.fill_null(0),
    )
    columns = {feature.name: table[feature.name].cast("float64") for feature in FEATURES}
    return table.select("person_id", "type_id", **columns)


def _look_up(table: Table, other: Table, *keys: str) -> Table:
    return table.left_join(other, list(keys)).drop(*(f"{key}_right" for key in keys))


def _age(rows: Table, moment: Table, day: str) -> Table:
    """Rows before the cut and within 364 days of it, with `age` in days (1 is the day before)."""
    joined = rows.cross_join(moment)
    joined = joined.mutate(age=joined.cut.delta(joined[day], unit="day"))
    return joined.filter((joined.age >= 1) & (joined.age <= 364))


def _count_bought(lines: Table) -> Table:
    days = lines.select("person_id", "type_id", "category", "age").distinct()
    days = days.mutate(visit=ibis.dense_rank().over(group_by=days.person_id, order_by=days.age))  # the latest is 0
    return days.group_by("person_id", "type_id", "category").agg(
        days_28=_.count(where=_.age <= 28),
        days_84=_.count(where=_.age <= 84),
        days_364=_.count(),
        days_ever=_.count(),
        days_since=_.age.min(),
        visits_since=_.visit.min(),
        weight_40=_weigh(days.age, 40),
        weight_100=_weigh(days.age, 100),
        span=_.age.max() - _.age.min(),
    )


def _weigh(age: Value, half_days: int) -> Value:
    """How many days, each halved for every `half_days` of its age."""
    return (age.cast("float64") * (-math.log(2) / half_days)).exp().sum()


def _count_aisle(lines: Table) -> Table:
    return lines.group_by("person_id", "category").agg(
        aisle_days=_.age.nunique(where=_.age <= 84), aisle_lines=_.count()
    )


def _count_aisle_types(bought: Table) -> Table:
    return bought.group_by("person_id", "category").agg(
        aisle_types_84=_.count(where=_.days_84 > 0),
        aisle_types_364=_.count(),
        aisle_new_84=_.count(where=_.days_since + _.span <= 84),
    )


def _count_visits(lines: Table) -> Table:
    days = lines.group_by("person_id", "age").agg(lines=_.count())
    return days.group_by("person_id").agg(
        visits_28=_.count(where=_.age <= 28),
        visits_84=_.count(where=_.age <= 84),
        all_weight_100=_weigh(days.age, 100),
        all_lines=_.lines.sum(),
    )


def _sum_together(lines: Table, similar: Table) -> Table:
    lately = lines.filter(lines.age <= 84).select("person_id", other_id="type_id").distinct()
    near = lately.inner_join(similar, "other_id")
    return near.group_by("person_id", "type_id").agg(together=_.similarity.sum(), together_best=_.similarity.max())


def _expect(pairs: Table, bought: Table, factors: Table) -> Table:
    """What each regression expects of a type; `after_own` is what of it the type's own purchases bring."""
    often = (bought.weight_100 + 1.0).ln()
    had = bought.select("person_id", "type_id", often_bought=often).inner_join(factors, "type_id")
    had = had.mutate(given=had.gives + had.often_bought * had.often)
    constant = factors.filter(factors.type_id == CONSTANT_TYPE).select("dimension", given="gives")
    everybody = bought.select("person_id").distinct().cross_join(constant)
    given = had.select("person_id", "dimension", "given").union(everybody)
    sums = given.group_by("person_id", "dimension").agg(total=_.given.sum())
    wanted = pairs.select("person_id", "type_id").inner_join(factors.select("type_id", "dimension", "takes"), "type_id")
    each = wanted.inner_join(sums, ["person_id", "dimension"])
    is_after = each.dimension >= DIMENSIONS
    expected = each.group_by("person_id", "type_id").agg(
        together_all=(each.total * each.takes).sum(where=~is_after),
        after_all=(each.total * each.takes).sum(where=is_after),
    )
    own = had.filter(had.dimension >= DIMENSIONS)
    own = own.group_by("person_id", "type_id").agg(after_own=(own.given * own.takes).sum())
    return _look_up(expected, own, "person_id", "type_id")


def _flag(condition: Value) -> Value:
    return condition.ifelse(1, 0).cast("float64")


def _count_coupons(events: Table) -> tuple[Table, Table, Table]:
    by_type = events.group_by("person_id", "type_id").agg(
        redeemed_type=_.count(where=_.event == "redeemed"),
        shown_type=_.count(where=_.event == "shown"),
        clicked_type=_.count(where=_.event == "clicked"),
    )
    by_aisle = events.group_by("person_id", "category").agg(redeemed_aisle=_.count(where=_.event == "redeemed"))
    by_person = events.group_by("person_id").agg(redeemed_all=_.count(where=_.event == "redeemed"))
    return by_type, by_aisle, by_person


def compile_features() -> str:
    """The SQL of `build_features` for DuckDB, over tables named like the fields of `Inputs`."""
    return str(ibis.to_sql(build_features(make_inputs()), dialect="duckdb"))
