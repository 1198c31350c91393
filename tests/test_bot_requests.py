"""Where a message is cut in two, what stands in doubt, and what "the second" chooses (bot/language)."""

from typing import Any

import pytest

from bot.language.caution import asks_for_person, settle_intent
from bot.language.kinds import DEEDS, KINDS, REQUESTS
from bot.language.reference import Listed, pick
from bot.language.requests import Piece, Read, find_doubt, fits_whole, propose_parts, settle_parts


def cut(text: str) -> list[str]:
    return [piece.text for piece in propose_parts(text)]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("where is my order and can I talk to a person", ["where is my order", "can I talk to a person"]),
        ("Where is my order? What are your opening hours?", ["Where is my order?", "What are your opening hours?"]),
        ("show me offers; also how do you choose them?", ["show me offers;", "also how do you choose them?"]),
        ("do you sell eggs, and how much are they", ["do you sell eggs", "how much are they"]),
    ],
)
def test_a_message_is_cut_where_another_request_begins(text: str, parts: list[str]) -> None:
    assert cut(text) == parts


@pytest.mark.parametrize(
    "text",
    [
        "bread and butter",
        "salt and vinegar crisps",
        "do you have mac and cheese",
        "eggs, milk and yogurt",
        "if I stop it, do I still get offers",
        "where is my order",
        "",
        "...",
        "is it? " * 20,
    ],
)
def test_one_request_is_not_cut(text: str) -> None:
    assert cut(text) == []


def test_no_part_is_a_command() -> None:
    assert all(not part.startswith("/") for part in cut("hello. /restart now. / /restart and /ask_price"))


def read(
    text: str, intent: str, *, trust: float = 0.9, share: float = 0.9, is_sentence: bool = True, **named: str
) -> Read:
    entities: list[dict[str, Any]] = [{"entity": name, "value": value} for name, value in named.items()]
    return Read(Piece(text, is_sentence), intent, share, trust, entities)


ORDER = read("where is my order?", "ask_order_status")
HOURS = read("when do you open?", "ask_question")


def settled(*reads: Read) -> list[str]:
    return [one.intent for one in settle_parts(reads)]


def test_clear_requests_are_answered_in_order_and_a_person_last() -> None:
    person = read("get me a person", "request_human", trust=0.0)
    assert settled(ORDER, HOURS) == ["ask_order_status", "ask_question"]
    assert settled(person, ORDER) == ["ask_order_status", "request_human"]


def test_a_courtesy_is_no_request() -> None:
    assert settled(read("hello", "greet"), ORDER) == []
    assert settled(read("hello", "greet"), ORDER, HOURS) == ["ask_order_status", "ask_question"]


@pytest.mark.parametrize(
    "other",
    [
        read("blah is what?", "ask_price", trust=0.1, product_type="x"),
        read("it costs?", "ask_price", share=0.2, product_type="x"),
        read("I bought milk", "ask_order_contents"),
        read("it was sour", "report_missing_item"),
        read("stop,", "ask_consents"),
        read("what nonsense?", "nlu_fallback"),
        read("how much does it cost?", "ask_price"),  # of what?
    ],
    ids=lambda one: str(one.piece.text),
)
def test_what_is_not_clear_leaves_the_message_whole(other: Read) -> None:
    assert settled(ORDER, other) == []


@pytest.mark.parametrize("intent", ["report_emergency", "report_distress", "try_injection"])
def test_some_things_are_answered_alone(intent: str) -> None:
    assert settled(ORDER, HOURS, read("what now?", intent)) == []


@pytest.mark.parametrize("intent", sorted(DEEDS))
def test_a_switch_is_thrown_by_a_whole_sentence_that_asks_nothing(intent: str) -> None:
    assert settled(read("stop using my purchases.", intent), ORDER) == [intent, "ask_order_status"]
    assert settled(read("stop using my purchases", intent, is_sentence=False), ORDER) == []
    assert settled(read("stop using my purchases?", intent), ORDER) == []


def test_giving_and_ending_consent_in_one_message_does_neither() -> None:
    assert settled(read("use my purchases.", "grant_consent"), read("stop using it.", "withdraw_consent"), ORDER) == []


def test_at_most_three_and_the_same_of_two_things_stays_whole() -> None:
    offers, held = read("which offers?", "ask_offers"), read("what do you know?", "ask_what_is_held")
    assert settled(ORDER, HOURS, offers, held) == []
    milk, eggs = (read(f"how much is {one}?", "ask_price", product_type=one) for one in ("milk", "eggs"))
    assert settled(milk, eggs) == []
    assert settled(HOURS, read("where can I park?", "ask_question")) == ["ask_question", "ask_question"]


def test_parts_go_with_what_the_whole_was_read_as() -> None:
    assert fits_whole([ORDER, HOURS], "ask_question")
    assert fits_whole([ORDER, HOURS], "nlu_fallback")
    assert not fits_whole([ORDER, HOURS], "ask_price")
    assert not fits_whole([ORDER, HOURS], "report_emergency")


@pytest.mark.parametrize(
    ("ranking", "doubt"),
    [
        ([("ask_price", 0.45), ("ask_offers", 0.42)], ["ask_price", "ask_offers"]),
        ([("ask_price", 0.6), ("ask_offers", 0.3)], []),
        ([("ask_price", 0.2), ("ask_offers", 0.19)], []),
        ([("ask_price", 0.45), ("ask_stock", 0.42)], []),  # the same kind
        ([("nlu_fallback", 0.5), ("ask_price", 0.5)], []),
        ([("request_human", 0.5), ("ask_price", 0.5)], []),
        ([("ask_price", 0.5), ("thank", 0.5)], []),
        ([("ask_price", 1.0)], []),
        ([], []),
    ],
)
def test_doubt_is_between_two_kinds_that_are_near(ranking: list[tuple[str, float]], doubt: list[str]) -> None:
    assert find_doubt(ranking) == doubt


def test_requests_are_intents_of_a_kind() -> None:
    assert {intent for intents in KINDS.values() for intent in intents} > REQUESTS > DEEDS


COFFEE, TEA, MILK = Listed("Ground coffee", 499), Listed("Green tea", 299), Listed("Oat milk")


@pytest.mark.parametrize(
    ("text", "chosen"),
    [
        ("the second", 1),
        ("the second one please", 1),
        ("2", 1),
        ("number two", 1),
        ("the last one", 2),
        ("first", 0),
        ("the cheaper one", 1),
        ("the most expensive", 0),
        ("no, the coffee one", 0),
        ("I meant the teas", 1),
        ("not the coffee, the tea", 1),
        ("the tea, not the coffee", 1),
        ("oat", 2),
        ("the fifth", None),
        ("that one", None),
        ("the other one", None),
        ("cheese", None),
        ("", None),
    ],
)
def test_a_word_chooses_from_a_list(text: str, chosen: int | None) -> None:
    assert pick(text, [COFFEE, TEA, MILK]) == chosen


def test_the_other_of_two_is_not_the_one_spoken_of() -> None:
    assert pick("the other one", [COFFEE, TEA], current=0) == 1
    assert pick("the other one", [COFFEE, TEA], current=1) == 0
    assert pick("not this, the other", [COFFEE, TEA], current=0) == 1
    assert pick("that one", [TEA]) == 0
    assert pick("that one", []) is None


def test_what_is_told_of_health_is_no_taste_and_no_consent() -> None:
    for intent in ("tell_taste", "never_show", "grant_consent"):
        assert settle_intent("I am diabetic, leave out sweets", intent, 0.99) == "tell_health"
    assert settle_intent("leave out sweets", "never_show", 0.99) == "never_show"
    assert settle_intent("I am diabetic, what bread is there?", "search_product", 0.99) == "search_product"


@pytest.mark.parametrize("text", ["2", " 3. ", "1)"])
def test_one_figure_alone_chooses(text: str) -> None:
    assert settle_intent(text, "nlu_fallback", 0.9) == "choose_listed"


@pytest.mark.parametrize(
    "text",
    [
        "is a human around",
        "stop answering and get me a person",
        "can you put me through to the store",
        "call me back please",
        "customer service rep",
        "what do I have to do to get a human here",
        "can a person look at my case",
    ],
)
def test_a_wish_for_a_person_is_heard_by_rule(text: str) -> None:
    assert asks_for_person(text)


@pytest.mark.parametrize(
    "text",
    [
        "do you have staff who speak spanish",
        "I spoke to a person yesterday",
        "no human please",
        "can a colleague of mine use my account",
        "when are people available",
    ],
)
def test_a_guessed_wish_for_a_person_gives_way_to_words_against_it(text: str) -> None:
    assert settle_intent(text, "request_human", 0.9, second="ask_question") == "ask_question"
