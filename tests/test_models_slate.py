"""A slate: its rules, and that it is full as long as so many may be shown."""

from models.slate import Candidate, fill_slate


def make(count: int, *, aisles: int = 10, known: int | None = None) -> list[Candidate]:
    """Candidates with falling scores; the first `known` were bought before, the others by few."""
    return [
        Candidate(f"t{n:02}", f"a{n % aisles}", -float(n), known is None or n < known, known is not None and n >= known)
        for n in range(count)
    ]


def ids(places: list) -> list[str]:  # type: ignore[type-arg]
    return [place.candidate.type_id for place in places]


def test_the_highest_scores_come_first_when_no_rule_speaks() -> None:
    assert ids(fill_slate(make(20), 5, discoveries=0, most_of_one_category=2)) == ["t00", "t01", "t02", "t03", "t04"]


def test_one_place_in_five_is_kept_for_something_never_bought() -> None:
    places = fill_slate(make(30, known=20), 5, discoveries=0.2, most_of_one_category=2)
    assert ids(places) == ["t00", "t01", "t02", "t20", "t03"]
    assert places[3].rule == "new"
    assert places[3].facts == {"places": 1, "of": 5}


def test_discoveries_have_different_main_reasons() -> None:
    leads = {"t20": "together", "t21": "together", "t22": "aisle"}
    places = fill_slate(make(30, known=20), 5, discoveries=0.4, most_of_one_category=2, leads=leads)
    assert ids(places) == ["t00", "t01", "t02", "t20", "t22"]
    assert [place.rule for place in places[3:]] == ["new", "new"]


def test_without_a_second_reason_the_next_discovery_fills_the_place() -> None:
    places = fill_slate(make(30, known=20), 5, discoveries=0.4, most_of_one_category=2, leads={"t21": "aisle"})
    assert ids(places) == ["t00", "t01", "t02", "t21", "t20"]


def test_what_most_people_bought_is_no_discovery() -> None:
    candidates = make(30, known=20)
    candidates[20] = Candidate("t20", "a0", -20.0, known=False, novel=False)
    places = fill_slate(candidates, 5, discoveries=0.2, most_of_one_category=2)
    assert ids(places) == ["t00", "t01", "t02", "t21", "t03"]


def test_at_most_two_come_from_one_part_of_the_shop() -> None:
    places = fill_slate(make(20, aisles=3), 5, discoveries=0, most_of_one_category=2)
    aisles = [place.candidate.category for place in places]
    assert max(aisles.count(aisle) for aisle in aisles) == 2


def test_a_place_is_never_left_empty_for_a_rule() -> None:
    assert len(fill_slate(make(20, aisles=1), 20, discoveries=0.2, most_of_one_category=2)) == 20
    assert len(fill_slate(make(7, known=0), 20, discoveries=0.2, most_of_one_category=2)) == 7
    assert len(set(ids(fill_slate(make(25, known=5), 20, discoveries=0.2, most_of_one_category=2)))) == 20


def test_an_offer_that_moved_up_for_variety_says_so() -> None:
    candidates = [Candidate(f"t{n}", "same" if n < 4 else f"a{n}", -float(n), True) for n in range(8)]
    places = fill_slate(candidates, 4, discoveries=0, most_of_one_category=2)
    assert ids(places) == ["t0", "t1", "t4", "t5"]
    assert [place.rule for place in places] == [None, None, "category", "category"]


def test_what_was_looked_at_takes_one_place_and_says_so() -> None:
    looked = frozenset({"t15", "t09", "t12"})
    places = fill_slate(make(20), 5, discoveries=0, most_of_one_category=2, looked=looked)
    assert ids(places) == ["t00", "t01", "t02", "t03", "t09"]
    assert [place.rule for place in places] == [None, None, None, None, "looked"]


def test_what_stands_there_anyway_needs_no_place_for_having_been_looked_at() -> None:
    plain = fill_slate(make(30, known=20), 5, discoveries=0.4, most_of_one_category=2)
    for type_id in ("t01", "t20"):
        looked = frozenset({type_id, "t25"})
        assert fill_slate(make(30, known=20), 5, discoveries=0.4, most_of_one_category=2, looked=looked) == plain


def test_a_look_takes_no_place_from_something_new_or_liked() -> None:
    places = fill_slate(
        make(30, known=20),
        5,
        discoveries=0.4,
        most_of_one_category=2,
        liked=frozenset({"t08"}),
        looked=frozenset({"t17"}),
    )
    assert ids(places) == ["t08", "t00", "t17", "t20", "t21"]
    assert [place.rule for place in places] == ["like", None, "looked", "new", "new"]


def test_what_was_looked_at_and_may_not_be_shown_changes_nothing() -> None:
    plain = fill_slate(make(20), 5, discoveries=0, most_of_one_category=2)
    assert fill_slate(make(20), 5, discoveries=0, most_of_one_category=2, looked=frozenset({"wine"})) == plain


def test_what_the_customer_likes_comes_first_and_says_so() -> None:
    places = fill_slate(make(20), 5, discoveries=0, most_of_one_category=2, liked=frozenset({"t09"}))
    assert ids(places)[0] == "t09"
    assert places[0].rule == "like"
