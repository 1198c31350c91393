"""The figures on the wordings kept apart: counted by hand here, and limits that break."""

from __future__ import annotations

from pathlib import Path

import pytest
from measure import (
    Figures,
    Wording,
    count_figures,
    find_broken,
    find_interval,
    leave_learned_out,
    load_wordings,
    read_parsed,
)


def read(label: str, *intents: str) -> Wording:
    return Wording(label, "x", intents)


GOOD = [read("request_human", "request_human")] * 100 + [read("ask_price", "ask_price")] * 100


def test_what_keeps_the_limits_breaks_none() -> None:
    assert find_broken(count_figures(GOOD)) == []


@pytest.mark.parametrize(
    ("wordings", "broken"),
    [
        ([read("ask_price", "ask_offers")] * 7, "kind right"),
        ([read("request_human", "ask_price")] * 2, "a person asked for"),
        ([read("near_human", "request_human")] * 3, "a person heard"),
        ([read("ask_price", "ask_price", "request_human")] * 3, "a person heard"),
        ([read("grant_consent", "withdraw_consent")], "consent taken"),
        ([read("consent_question", "withdraw_consent")], "a switch thrown"),
        ([read("health_told", "grant_consent")], "a switch thrown"),
    ],
)
def test_each_limit_breaks(wordings: list[Wording], broken: str) -> None:
    assert [limit for limit in find_broken(count_figures([*GOOD, *wordings])) if limit.startswith(broken)]


def test_what_was_not_measured_is_not_kept() -> None:
    assert len(find_broken(count_figures([read("ask_stock", "ask_price")]))) == 1
    assert find_broken(count_figures([]))


def test_a_kind_is_right_where_another_intent_leads_to_it() -> None:
    figures = count_figures([read("ask_stock", "ask_price"), read("ask_stock", "ask_offers")])
    assert (figures.intent, figures.kind) == ((0, 2), (1, 2))


def test_labels_that_are_no_intents_say_what_must_not_be_read() -> None:
    figures: Figures = count_figures(
        [
            read("near_human", "ask_question"),
            read("other_language", "speak_other_language"),
            read("other_language", "nlu_fallback"),
            read("other_language", "ask_price"),
            read("health_told", "tell_taste"),
        ]
    )
    assert figures.kind == (3, 4)
    assert figures.intent == (0, 0)
    assert dict(figures.confusions) == {("other_language", "ask_price"): 1, ("health_told", "tell_taste"): 1}


def test_parts_and_two_meanings_are_read_from_what_rasa_says() -> None:
    several = {"intent": {"name": "ask_several"}, "parts": [{"intent": "ask_price"}, {"intent": "request_human"}]}
    assert read_parsed(several) == (("ask_price", "request_human"), ())
    either = {"intent": {"name": "ask_either"}, "choices": ["ask_why_not", "ask_why_offer"]}
    assert read_parsed(either) == (("ask_why_not",), ("ask_why_not", "ask_why_offer"))
    assert read_parsed({"intent": {"name": "greet"}}) == (("greet",), ())


@pytest.mark.parametrize(
    ("hits", "of", "low", "high"), [(25, 25, 0.8668, 1.0), (0, 10, 0.0, 0.2775), (50, 100, 0.4038, 0.5962)]
)
def test_the_interval_is_wilsons(hits: int, of: int, low: float, high: float) -> None:
    assert find_interval(hits, of) == pytest.approx((low, high), abs=1e-4)


def test_a_training_line_measures_nothing(tmp_path: Path) -> None:
    lines = 'version: "3.1"\nnlu:\n  - intent: greet\n    examples: |\n      - Good morning!\n'
    (tmp_path / "smalltalk.yml").write_text(lines, encoding="utf-8")
    (tmp_path / "none.yml").write_text('version: "3.1"\nnlu: []\n', encoding="utf-8")
    other = Wording("greet", "good day to all")
    assert leave_learned_out([Wording("greet", "good morning"), other], tmp_path) == [other]
    with pytest.raises(ValueError, match="no wording"):
        load_wordings(tmp_path / "none.yml")
