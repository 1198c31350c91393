"""The parts of `make bench-understanding` that could lie: thresholds, counting, typos, and what it says without its data."""

import random
from difflib import SequenceMatcher
from pathlib import Path

import pytest

from tests.bench_understanding import (
    DIET,
    OWN,
    SPACY,
    TOLD,
    Part,
    Read,
    Result,
    build_rows,
    choose_threshold,
    collect,
    count_right,
    find_best,
    plan_runs,
    run_all,
)
from tests.understanding_data import NOTHING, add_typos, draw_shots, require_data

READ = [Read("a", 0.9), Read("b", 0.6), Read("a", 0.4), Read("b", 0.1)]


def test_what_is_below_the_threshold_counts_as_not_understood() -> None:
    wanted = ["a", "a", NOTHING, NOTHING]
    assert count_right(READ, wanted) == 25
    assert count_right(READ, wanted, threshold=0.5) == 75
    assert find_best(READ, wanted) == 75


@pytest.mark.parametrize(("recall", "below"), [(0.5, 5), (0.85, 9), (1.0, 10)])
def test_a_threshold_leaves_the_wanted_share_below(recall: float, below: int) -> None:
    outside = [Read("x", trust / 10) for trust in range(10)]
    threshold = choose_threshold(outside, recall=recall)
    assert sum(one.trust < threshold for one in outside) == below


def test_each_pipeline_is_measured_on_each_set_and_the_hours_of_diet_only_when_asked() -> None:
    quick, slow = plan_runs(with_slow=False), plan_runs(with_slow=True)
    sets = {"banking", "banking_all", "clinc", "curekart"}
    assert {part for name, part in quick if name == SPACY} == sets
    assert {part for name, part in quick if name == DIET} == {"banking", "curekart"}
    assert {part for name, part in slow if name == DIET} == sets
    assert len(set(slow)) == len(slow) == len(quick) + 2


def test_every_figure_stands_beside_the_others_and_each_threshold_is_its_own() -> None:
    seen = [("x", "a"), ("y", "a"), ("z", NOTHING), ("w", NOTHING)]
    lists = ("0", "1", "2", "3", "oos_train", "oos_val", "test", "oos_test")
    names = ("banking", "banking_1", "banking_2", "banking_all", "clinc", "curekart")
    parts = {name: Part([("x", "a")], dict.fromkeys(lists, seen)) for name in names}
    trust = {OWN: (0.9, 0.8, 0.2, 0.1), SPACY: (0.9, 0.1, 0.2, 0.3), DIET: (0.5, 0.5, 0.5, 0.5)}

    def run(name: str, _: str, part: Part) -> Result:
        outside = [Read("a", one) for one in trust[name]]
        return Result(dict.fromkeys(part.read, outside), 7.0, [5.0, 6.0, 7.0], 100.0)

    results = run_all(plan_runs(with_slow=False), parts, run)
    figures = collect(results, parts)
    rows = {row.measure: row for row in build_rows(figures)}
    assert rows["BANKING77, ten examples an intent"].against == dict.fromkeys(TOLD.values(), 50.0)
    assert rows["HINT3 curekart, best threshold on test"].value == 100
    assert rows["HINT3 curekart, best threshold on test"].against == {TOLD[SPACY]: 75.0, TOLD[DIET]: 50.0}
    assert figures[OWN]["the threshold of CLINC150's validation part"] == pytest.approx(0.9)
    assert set(rows["CLINC150, in scope"].against) == {TOLD[SPACY]}
    assert not rows["CLINC150, in scope"].ok
    assert rows["parse, 95th"].ok


def test_typos_are_slips_in_words_and_the_same_for_one_seed() -> None:
    text = "why was my card payment of 12.50 declined"
    for count in (1, 2, 3):
        typed = add_typos(text, count, random.Random(count))
        assert typed == add_typos(text, count, random.Random(count))
        assert typed != text
        assert "12.50" in typed
        assert SequenceMatcher(None, text, typed).ratio() > 0.9
    assert add_typos("a 12 b", 3, random.Random(1)) == "a 12 b"


def test_each_intent_gives_as_many_examples() -> None:
    pairs = [(f"text {number}", intent) for intent in "xy" for number in range(20)]
    drawn = draw_shots(pairs, shots=10, seed=1)
    assert len(set(drawn)) == 20
    assert [intent for _, intent in drawn] == ["x"] * 10 + ["y"] * 10
    assert drawn != draw_shots(pairs, shots=10, seed=2)


def test_missing_data_is_named(tmp_path: Path) -> None:
    (tmp_path / "clinc150").mkdir()
    (tmp_path / "clinc150" / "data_full.json").write_text("{}", encoding="utf-8")
    with pytest.raises(SystemExit, match=r"banking77/train_10\.tsv.*Put BANKING77") as stopped:
        require_data(tmp_path)
    assert "clinc150/data_full.json" not in str(stopped.value)
