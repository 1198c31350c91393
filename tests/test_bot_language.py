"""What the finder, the days and the cautions make of a text."""

import json
from datetime import date
from pathlib import Path

import pytest

from bot.language.asked import Asked, read_asked
from bot.language.catalogue import load_catalogue, read_catalogue
from bot.language.caution import clean_text
from bot.language.days import find_days, resolve_day
from bot.language.finder import Finder
from bot.language.repair import Repairer, count_edits
from bot.prepare import build_examples, list_questions, prepare

SHOP = {
    "types": [
        {"type_id": "yogurt", "title": "Yogurt", "words": ["yoghurt"]},
        {"type_id": "oat-drink", "title": "Oat drinks", "words": ["oat milk"]},
        {"type_id": "milk", "title": "Milk", "words": []},
        {"type_id": "strawberries", "title": "Strawberries", "words": []},
        {"type_id": "coffee-ground", "title": "Ground coffee", "words": ["coffee"]},
        {"type_id": "coffee-beans", "title": "Coffee beans", "words": ["coffee"]},
    ],
    "products": [{"product_id": "p1", "title": "Fernhill Greek Yogurt 500 g", "words": []}],
    "sensitive": [{"group": "alcohol", "words": ["alcohol", "wine"]}],
    "known": ["while", "order", "orders"],
}
TODAY = date(2017, 12, 13)  # a Wednesday


@pytest.fixture(scope="module")
def finder() -> Finder:
    return Finder(read_catalogue(SHOP))


def find(finder: Finder, text: str, kind: str) -> list[str]:
    return [found.value for found in finder.find(text) if found.kind == kind]


@pytest.mark.parametrize(
    ("text", "types"),
    [
        ("do you have yogurt", ["yogurt"]),
        ("YOGURTS please", ["yogurt"]),
        ("any yoghrut left", ["yogurt"]),
        ("a strawberry", ["strawberries"]),
        ("strawberrys", ["strawberries"]),
        ("oat milk", ["oat-drink"]),
        ("one oat drink and milk", ["oat-drink", "milk"]),
        ("coffee", ["coffee-beans", "coffee-ground"]),
        ("any drinks", ["oat-drink"]),
        ("wait a while", []),
        ("nothing of it", []),
    ],
)
def test_kinds_of_products_are_found_in_any_form(finder: Finder, text: str, types: list[str]) -> None:
    assert find(finder, text, "product_type") == types


def test_the_longer_name_wins(finder: Finder) -> None:
    assert find(finder, "is Fernhill Greek Yogurt 500 g there", "product") == ["p1"]
    assert find(finder, "is Fernhill Greek Yogurt 500 g there", "product_type") == []


@pytest.mark.parametrize(
    ("text", "orders"),
    [
        ("where is order 31198570044", ["31198570044"]),
        ("order no. 123 please", ["123"]),
        ("my order #a-4711", ["A-4711"]),
        ("31198570044", ["31198570044"]),
        ("in 2017 I bought two", []),
        ("it cost 12.50 and not 10000.00", []),
        ("I paid $12345", []),
        ("on 2017-11-12", []),
    ],
)
def test_order_numbers_are_told_from_other_figures(finder: Finder, text: str, orders: list[str]) -> None:
    assert find(finder, text, "order_id") == orders


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("what did I buy last week", "2017-12-04", "2017-12-10"),
        ("on 12 November", "2017-11-12", "2017-11-12"),
        ("on the 12th of november", "2017-11-12", "2017-11-12"),
        ("on December 24", "2016-12-24", "2016-12-24"),
        ("in November", "2017-11-01", "2017-11-30"),
        ("in May 2016", "2016-05-01", "2016-05-31"),
        ("since 1 November", "2017-11-01", "2017-12-13"),
        ("since May", "2017-05-01", "2017-12-13"),
        ("from last week", "2017-12-04", "2017-12-10"),
        ("orders from November", "2017-11-01", "2017-11-30"),
        ("from 1 May on", "2017-05-01", "2017-12-13"),
        ("since Christmas", "2016-12-25", "2017-12-13"),
        ("on Halloween", "2017-10-31", "2017-10-31"),
        ("on Christmas Eve", "2016-12-24", "2016-12-24"),
        ("from 1 May to 3 May", "2017-05-01", "2017-05-03"),
        ("between 1 May and 31 May", "2017-05-01", "2017-05-31"),
        ("yesterday", "2017-12-12", "2017-12-12"),
        ("three days ago", "2017-12-10", "2017-12-10"),
        ("two weeks ago", "2017-11-29", "2017-11-29"),
        ("in the last 3 weeks", "2017-11-22", "2017-12-13"),
        ("on Monday", "2017-12-11", "2017-12-11"),
        ("last wednesday", "2017-12-06", "2017-12-06"),
        ("last weekend", "2017-12-09", "2017-12-10"),
        ("last month", "2017-11-01", "2017-11-30"),
        ("this year", "2017-01-01", "2017-12-31"),
        ("2017-02-28", "2017-02-28", "2017-02-28"),
        ("12/25/2016", "2016-12-25", "2016-12-25"),
    ],
)
def test_days_are_read_and_resolved_on_the_shops_clock(text: str, first: str, last: str) -> None:
    (days,) = find_days(text)
    assert resolve_day(days.first, TODAY).isoformat() == first
    assert resolve_day(days.last, TODAY).isoformat() == last


@pytest.mark.parametrize(
    "text", ["3/4/2017", "may I see it", "31 February", "2017-13-01", "the 5 of us", "sat there", "since Easter"]
)
def test_a_day_that_is_not_certain_is_not_read(text: str) -> None:
    assert find_days(text) == []


def test_an_unknown_day_expression_is_refused() -> None:
    with pytest.raises(ValueError, match="is no day expression"):
        resolve_day("moon-1", TODAY)


@pytest.mark.parametrize(
    ("text", "categories"),
    [
        ("stop using what I bought", ["purchases"]),
        ("use my browsing history and my purchases", ["browsing", "purchases"]),
        ("don't use the coupons I used", ["offers"]),
        ("forget what I told you", ["preferences"]),
        ("turn everything off, all of it", ["all"]),
        ("stop using my data for offers", []),
        ("allow alcohol", ["sensitive_alcohol"]),
        ("what offers are there", []),
    ],
)
def test_categories_of_personal_data_are_found_where_the_data_are_named(
    finder: Finder, text: str, categories: list[str]
) -> None:
    assert find(finder, text, "category") == categories


def test_without_a_catalogue_everything_else_is_found(tmp_path: Path) -> None:
    found = Finder(load_catalogue(tmp_path / "none.json")).find("milk of order 1234567 last week")
    assert [one.kind for one in found] == ["order_id", "date_from", "date_to"]


def test_a_broken_catalogue_says_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "catalogue.json"
    path.write_text("{", encoding="utf-8")
    with pytest.raises(ValueError, match="make train"):
        load_catalogue(path)


def test_entities_stand_where_the_text_has_them(finder: Finder) -> None:
    text = "is   the yoghrut of order 1234567 fresh"
    assert {text[found.start : found.end] for found in finder.find(text)} == {"yoghrut", "1234567"}


@pytest.mark.parametrize(
    "text", ["", " ", "\u200b", "🙂🙂", "a", "x" * 5000, "1" * 1000, "<b>'\"{}[]", "שלום", "/restart"]
)
def test_strange_texts_do_no_harm(finder: Finder, text: str) -> None:
    finder.find(text)
    assert len(clean_text(text, most_characters=1000)) <= 1000


def test_a_typo_is_mended_only_when_one_word_is_near() -> None:
    repairer = Repairer(["bread", "broad", "yogurt"], known=["break"])
    assert repairer.mend("yogrut") == "yogurt"
    assert repairer.mend("bredd") == "bread"
    assert repairer.mend("brxad") == "brxad"
    assert repairer.mend("break") == "break"
    assert [count_edits(a, b) for a, b in (("ab", "ba"), ("abc", "abd"), ("", "ab"), ("same", "same"))] == [1, 1, 2, 0]


QUESTIONS: list[dict[str, object]] = [
    {
        "question_id": "cost",
        "title": "What does delivery cost?",
        "wordings": ["delivery fee", "is shipping free"],
        "answer": "Delivery is 5 dollars, free from 35.",
    },
    {
        "question_id": "hours",
        "title": "When are you open?",
        "wordings": ["opening hours", "what time do you close"],
        "answer": "Monday to Saturday 8 to 8.",
    },
    {
        "question_id": "pay",
        "title": "How can I pay?",
        "wordings": ["do you take credit cards", "cash"],
        "answer": "Cards, cash and gift cards.",
    },
    {
        "question_id": "back",
        "title": "How do I return something?",
        "wordings": ["send it back", "return policy"],
        "answer": "Within 30 days.",
    },
    {
        "question_id": "jobs",
        "title": "Do you have jobs?",
        "wordings": ["vacancies", "apply for a job"],
        "answer": "See the page Jobs.",
    },
]


def test_prepare_writes_once_and_the_same_every_time(tmp_path: Path) -> None:
    texts, bot, var = tmp_path / "texts", tmp_path / "bot", tmp_path / "var"
    texts.mkdir()
    (texts / "offers.yml").write_text(
        'none:\n  kind: offers\n  say: ["None."]\nline: "{title}"\nfew: {kind: offers, say: "{n} left"}\n',
        encoding="utf-8",
    )
    types = SHOP["types"]
    assert isinstance(types, list)
    asked = [dict(question) for question in QUESTIONS]
    first = prepare(texts, types, asked, bot, var)
    content = [path.read_text(encoding="utf-8") for path in first]
    assert len(first) == 4
    assert prepare(texts, list(reversed(types)), list(reversed(asked)), bot, var) == []
    assert [path.read_text(encoding="utf-8") for path in first] == content
    assert "utter_offers_none" in content[0]
    assert "utter_offers_few" not in content[0]
    assert "- is shipping free" in content[1]
    assert [row["type_id"] for row in json.loads(content[2])["types"]] == sorted(str(row["type_id"]) for row in types)
    asked_of = json.loads(content[3])
    assert [row["id"] for row in asked_of] == ["back", "cost", "hours", "jobs", "pay"]
    assert asked_of[1]["wordings"] == ["delivery fee", "is shipping free"]


def test_a_wish_for_a_person_is_no_example_of_a_question() -> None:
    asked = {"question_id": "c", "title": "How do I complain?", "wordings": ["I want a manager", "a [complaint]"]}
    assert build_examples([asked]) == ["How do I complain?", "a complaint"]


def test_an_answer_is_cut_into_its_sentences_and_a_title_is_no_wording_twice() -> None:
    answer = "Bring it back. We pay at once!\n- with a receipt"
    (row,) = list_questions([{"question_id": "b", "title": "Back?", "wordings": ["Back?", "return"], "answer": answer}])
    assert row == {
        "id": "b",
        "title": "Back?",
        "wordings": ["return"],
        "sentences": ["Bring it back.", "We pay at once!", "- with a receipt"],
    }


def test_what_the_bot_found_is_read_and_anything_else_is_nothing() -> None:
    latest = {"questions": [{"id": "a", "title": "A?", "confidence": 0.7}, "no question"]}
    assert read_asked(latest) == [Asked("a", "A?", 0.7)]
    assert read_asked({}) == read_asked({"questions": None}) == []
