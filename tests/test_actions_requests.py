"""Several requests, one of two, and what points back: the actions, over a log as the gateway writes it."""

from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest

from actions.desk import Desk
from actions.requests import ActionAnswerEach, ActionAskWhich, ActionChooseListed
from actions.smalltalk import ActionAnswerAbuse, ActionAnswerDistress, ActionDecline, ActionFallBack
from actions.talk import Answer, Talk, _flatten, keep_understood, point_back
from actions.tastes import ActionNeverShow, ActionNoteTaste
from data.catalogue import fetch_types
from data.consent import PURPOSES, record_consent
from data.conversations import Draft, append_messages, open_conversation, require_conversation
from data.customers import find_customer
from data.database import Database
from data.shop import Shop
from data.texts import Texts
from models.recommender import Recommender
from tests.making import AT
from tests.small_shop import make_small_shop
from web.deeds import parse_payload


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, shop: Shop, texts: Texts) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("actions")
    database, _ = make_small_shop(folder, shop)
    parts = SimpleNamespace(
        shop=shop, texts=texts, database=database, recommender=Recommender(folder / "models", shop, texts)
    )
    yield cast(Desk, parts)
    database.close()


def say(text: str, kind: str = "products", **more: Any) -> Draft:
    return Draft(author="bot", kind=kind, text=text, **more)


def name(kind: str, *values: str, start: int = 0) -> list[dict[str, Any]]:
    return [{"entity": kind, "value": value, "start": start, "end": start + 4} for value in values]


def make_talk(
    desk: Desk,
    text: str,
    *said: Draft,
    intent: str = "choose_listed",
    customer_id: str | None = "c0",
    named: list[dict[str, Any]] | None = None,
    **more: Any,
) -> Talk:
    """A message after what was said."""
    database: Database = desk.database
    with database.write() as connection:
        person = find_customer(connection, customer_id) if customer_id else None
        person_id = person.person_id if person else None
        opened = open_conversation(connection, person_id=person_id, locale="en", minor=False, page_offers=[], at=AT)
        drafts = [*said, Draft(author="customer", kind="answer", text=text)]
        append_messages(connection, opened.conversation_id, drafts, at=AT)
        conversation = require_conversation(connection, opened.conversation_id)
    return Talk(desk, conversation, person_id, text, intent, named or [], **more)


def pressed(answers: list[Answer]) -> tuple[str, dict[str, Any]]:
    (answer,) = answers
    return parse_payload(answer.custom["press"])


OFFERS = [
    {"impression_id": f"i{n}", "title": title, "price": {"amount": price, "currency": "USD"}}
    for n, (title, price) in enumerate([("Ground coffee", 499), ("Green tea", 299), ("Oat milk", 399)])
]
SLATE = say("Here are offers.", "offers", offers=OFFERS, understood={"intent": "ask_offers", "entities": []})
CONSENT = say(
    "May I use what you bought?",
    "consent",
    buttons=[
        {"title": "Yes, use it", "payload": '/grant_consent{"category":"purchases"}'},
        {"title": "No", "payload": '/decline_consent{"category":"purchases"}'},
    ],
)


@pytest.mark.parametrize(
    ("text", "impression_id"),
    [("the second", "i1"), ("no, the coffee one", "i0"), ("the cheaper one", "i1"), ("the last one", "i2")],
)
def test_an_offer_is_chosen_and_no_switch_is_thrown_by_a_place(desk: Desk, text: str, impression_id: str) -> None:
    """The question for consent stands after the offers: "the second" is not its "no"."""
    expected = ("ask_why_offer", {"impression_id": impression_id})
    assert pressed(ActionChooseListed().answer(make_talk(desk, text, SLATE, CONSENT))) == expected


@pytest.mark.parametrize(
    ("state", "key"), [("waiting", "handoff.stop_waiting"), ("bot", "smalltalk.nothing_to_decline")]
)
def test_a_no_while_a_person_is_waited_for_may_mean_the_waiting(desk: Desk, state: str, key: str) -> None:
    """Found by talking to it: "actually no, cancel that" left the customer in the queue without a word."""
    talk = make_talk(desk, "actually no, cancel that", say("I have asked for a person."))
    assert talk.conversation is not None
    (told,) = ActionDecline().answer(replace(talk, conversation=replace(talk.conversation, state=state)))
    assert told.text in desk.texts.entry(key).say


@pytest.mark.parametrize(
    ("text", "product_id"), [("the second", "p1"), ("no, the cheaper one", "p1"), ("the last one", "p2")]
)
def test_a_product_of_the_last_list_is_chosen(desk: Desk, text: str, product_id: str) -> None:
    goods = [
        {"product_id": f"p{n}", "title": f"Coffee, {n} oz", "price": {"amount": price, "currency": "USD"}}
        for n, price in enumerate([499, 199, 399])
    ]
    listed = say("Here is what the shop has.", "products", extra={"products": goods})
    assert pressed(ActionChooseListed().answer(make_talk(desk, text, listed))) == (
        "search_product",
        {"product": product_id},
    )


def test_a_button_of_the_last_question_is_chosen(desk: Desk) -> None:
    buttons = [
        {"title": title, "payload": f'/ask_price{{"product_type":"{n}"}}'}
        for n, title in enumerate(["Soy milk", "Oat milk"])
    ]
    asked = say("Which of these do you mean?", buttons=buttons)
    assert pressed(ActionChooseListed().answer(make_talk(desk, "the oat one", SLATE, asked))) == (
        "ask_price",
        {"product_type": "1"},
    )


@pytest.mark.parametrize(
    ("before", "again"),
    [
        ("ask_price", "ask_price"),
        ("ask_stock", "ask_stock"),
        ("never_show", "never_show"),
        ("greet", "search_product"),
        ("ask_offers", "ask_why_not"),
    ],
)
def test_another_thing_asks_the_same_again(desk: Desk, before: str, again: str) -> None:
    said = say("It costs $2.", understood={"intent": before, "entities": name("product_type", "milk")})
    talk = make_talk(desk, "and yogurt?", said, named=name("product_type", "yogurt"))
    intent, facts = pressed(ActionChooseListed().answer(talk))
    assert (intent, facts["product_type"], facts["said"]) == (again, "yogurt", "and yogurt?")


def test_with_nothing_to_choose_from_it_says_so(desk: Desk, texts: Texts) -> None:
    (answer,) = ActionChooseListed().answer(make_talk(desk, "the second one"))
    assert answer.text in texts.entry("smalltalk.nothing_to_choose").say


def test_a_place_that_is_not_there_lists_what_is(desk: Desk, texts: Texts) -> None:
    (answer,) = ActionChooseListed().answer(make_talk(desk, "the fifth one", SLATE))
    assert answer.text in texts.entry("smalltalk.choose_which").say
    assert [button["title"] for button in answer.buttons] == [offer["title"] for offer in OFFERS]


def test_each_part_is_asked_with_what_the_one_before_it_named(desk: Desk) -> None:
    milk = [{"entity": "product_type", "value": "milk"}]
    parts = [
        {"text": "how much is milk", "intent": "ask_price", "entities": milk},
        {"text": "is it in stock?", "intent": "ask_stock", "entities": []},
        {"text": "when do you open?", "intent": "ask_question", "entities": []},
    ]
    answers = ActionAnswerEach().answer(make_talk(desk, "x", intent="ask_several", read_parts=parts))
    assert [(answer.custom["ask"], answer.custom["about"]) for answer in answers] == [
        ("how much is milk", []),
        ("is it in stock?", milk),
        ("when do you open?", []),
    ]


def test_unsure_between_two_it_asks_once_and_then_says_that_it_does_not_understand(desk: Desk, texts: Texts) -> None:
    choices = ["ask_price", "ask_offers"]
    named = name("product_type", "milk", "cream")
    talk = make_talk(desk, "milk offers price", intent="ask_either", choices=choices, named=named)
    (answer,) = ActionAskWhich().answer(talk)
    assert answer.kind == "products"
    assert "a price or which offers there are?" in answer.text
    facts = {"said": "milk offers price", "product_type": ["milk", "cream"]}
    assert [parse_payload(b["payload"]) for b in answer.buttons] == [("ask_price", facts), ("ask_offers", facts)]
    again = make_talk(
        desk, "milk", say("Do you mean …?", understood={"intent": "ask_either"}), intent="ask_either", choices=choices
    )
    (answer,) = ActionAskWhich().answer(again)
    assert answer.text in texts.entry("smalltalk.fallback").say


def test_it_means_what_was_named_before(desk: Desk) -> None:
    said = say("It costs $2.", understood={"intent": "ask_price", "entities": name("product_type", "milk")})
    for text, about, found in (
        ("is it in stock?", [], ["milk"]),
        ("is it in stock?", name("product_type", "eggs"), ["eggs"]),
        ("what is in stock?", [], []),
    ):
        talk = make_talk(desk, text, said, intent="ask_stock")
        point_back(talk, about)
        assert talk.find_entities("product_type") == found
    talk = make_talk(desk, "do you have it?", said, intent="ask_question")
    point_back(talk, [])
    assert talk.entities == []


def test_what_is_kept_for_the_next_message_are_goods_orders_and_categories_alone() -> None:
    latest = {
        "intent": {"name": "ask_price"},
        "entities": [{"entity": "product_type", "value": ["a", "b"]}, {"entity": "said", "value": "secret words"}],
    }
    assert [one["value"] for one in _flatten(latest)] == ["a", "b", "secret words"]
    assert keep_understood(latest) == {
        "intent": "ask_price",
        "entities": [{"entity": "product_type", "value": "a"}, {"entity": "product_type", "value": "b"}],
    }
    assert keep_understood({}) == {}


def test_not_understood_twice_offers_a_person(desk: Desk, texts: Texts) -> None:
    first = say("I did not understand that.", "fallback", understood={"intent": "ask_out_of_scope"})
    again = make_talk(desk, "what is the moon", first, intent="ask_out_of_scope")
    (answer,) = ActionFallBack().answer(again)
    assert answer.text in texts.entry("smalltalk.fallback_again").say
    assert answer.buttons[0]["payload"] == "/request_human"
    assert again.conversation is not None
    waiting = replace(again, conversation=replace(again.conversation, state="waiting"))
    (answer,) = ActionFallBack().answer(waiting)
    assert answer.text in texts.entry("smalltalk.fallback_waiting").say
    assert [button["payload"] for button in answer.buttons] == ["/ask_what_can_you_do"]  # a person is asked for already
    other = say("I follow only what the shop has set.", "fallback", understood={"intent": "try_injection"})
    (answer,) = ActionFallBack().answer(make_talk(desk, "what is the moon", other, intent="ask_out_of_scope"))
    assert answer.text in texts.entry("smalltalk.out_of_scope").say


def test_abuse_twice_offers_a_person(desk: Desk, texts: Texts) -> None:
    (answer,) = ActionAnswerAbuse().answer(make_talk(desk, "idiot", intent="say_abuse"))
    assert (answer.kind, answer.text in texts.entry("smalltalk.abuse").say) == ("chat", True)
    before = say("I am a program.", "chat", understood={"intent": "say_abuse"})
    (answer,) = ActionAnswerAbuse().answer(make_talk(desk, "idiot", before, intent="say_abuse"))
    assert answer.text in texts.entry("smalltalk.abuse_again").say


@pytest.mark.parametrize(
    ("text", "number"), [("I feel so alone", "988"), ("I have no money for food", "211"), ("my wife died", "988")]
)
def test_distress_is_told_where_help_is_and_offered_a_person(desk: Desk, text: str, number: str) -> None:
    (answer,) = ActionAnswerDistress().answer(make_talk(desk, text, intent="report_distress"))
    assert answer.kind == "fallback"
    assert number in answer.text
    assert "program" in answer.text
    assert answer.buttons[0]["payload"] == "/request_human"


def find_type_ids(desk: Desk) -> list[str]:
    with desk.database.read() as connection:
        return [one.type_id for one in fetch_types(connection)]


def test_goods_that_are_named_are_left_out_by_the_gateway(desk: Desk) -> None:
    type_id, other = find_type_ids(desk)[:2]
    talk = make_talk(desk, "never show me this thing", intent="never_show", named=name("product_type", type_id))
    assert pressed(ActionNeverShow().answer(talk)) == ("never_show", {"product_type": type_id})
    unclear = name("product_type", type_id, other)
    (asked,) = ActionNeverShow().answer(make_talk(desk, "never show me that", intent="never_show", named=unclear))
    assert [parse_payload(b["payload"])[1]["product_type"] for b in asked.buttons] == [type_id, other]
    (asked,) = ActionNeverShow().answer(make_talk(desk, "never show me stuff", intent="never_show"))
    assert "press" not in asked.custom


def test_a_visitors_taste_is_not_noted(desk: Desk, texts: Texts) -> None:
    type_id = find_type_ids(desk)[0]
    for action, text in (
        (ActionNeverShow(), "never show me x"),
        (ActionNoteTaste(), "I love x"),
        (ActionNoteTaste(), "I hate x"),
    ):
        talk = make_talk(desk, text, customer_id=None, named=name("product_type", type_id))
        (answer,) = action.answer(talk)
        assert answer.text in texts.entry("privacy.taste_sign_in").say


def test_a_liking_needs_its_consent_and_a_dislike_does_not(desk: Desk) -> None:
    named = name("product_type", find_type_ids(desk)[0])
    (asked,) = ActionNoteTaste().answer(make_talk(desk, "I love it", customer_id="c7", named=named))
    assert parse_payload(asked.buttons[0]["payload"]) == ("grant_consent", {"category": "preferences"})
    assert (
        pressed(ActionNoteTaste().answer(make_talk(desk, "I don't like it", customer_id="c7", named=named)))[0]
        == "dislike"
    )
    with desk.database.write() as connection:
        person = find_customer(connection, "c7")
        assert person is not None
        record_consent(
            connection, person.person_id, "preferences", granted=True, purposes=PURPOSES, at=AT, source="page", lang="en",
            known=desk.shop.categories,
        )  # fmt: skip
    assert pressed(ActionNoteTaste().answer(make_talk(desk, "I love it", customer_id="c7", named=named)))[0] == "like"


def test_how_somebody_lives_is_not_noted(desk: Desk, texts: Texts) -> None:
    (answer,) = ActionNoteTaste().answer(make_talk(desk, "we are vegetarian"))
    assert answer.text in texts.entry("privacy.taste_which").say
