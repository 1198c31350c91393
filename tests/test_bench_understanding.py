"""The parts of `make bench-understanding` that could lie: thresholds, counting, typos, and what it says without its data."""

import random
from difflib import SequenceMatcher
from pathlib import Path

import pytest

from tests.bench_understanding import Read, choose_threshold, count_right, find_best
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
