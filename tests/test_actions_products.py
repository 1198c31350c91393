"""Goods in the chat: found by words and limits, asked about where unclear, priced, in stock, alike; labels quoted, never inferred."""

from collections.abc import Iterator

import pytest

from data.catalogue import find_product
from data.goods import find_similar, measure_likeness
from data.texts import Texts
from tests.goods_shop import LABEL, PICTURES, Deli, open_deli
from web.deeds import parse_payload


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory, texts: Texts) -> Iterator[Deli]:
    with open_deli(tmp_path_factory.mktemp("deli"), texts) as deli:
        yield deli


@pytest.fixture
def deli(shared: Deli) -> Deli:
    """A new conversation for each test."""
    shared.sign_in(None)
    return shared


def say(deli: Deli, intent: str, text: str) -> str:
    (one,) = deli.ask(intent, text)
    return one.text


def list_ids(deli: Deli, intent: str, text: str) -> list[str]:
    """The products of the answers, as a page may draw them."""
    answers = deli.ask(intent, text)
    return [one["product_id"] for a in answers for one in a.custom.get("extra", {}).get("products", [])]


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("do you have yogurt", ["y2", "y1", "y3"]),
        ("greek yogurt please", ["y2", "y1"]),
        ("do you sell dark chocolate", ["x1"]),
        ("dark chocolate in sweets", ["x1"]),
        ("yogurt under 2 dollars", ["y2", "y3"]),
        ("yogurt over 2 dollars", ["y1"]),
        ("yogurt for at most 1.29", ["y2", "y3"]),
        ("yogurt for less than $1.29", ["y3"]),
        ("yogurt between 1 and 2 dollars", ["y2"]),
        ("which yogurts are in stock", ["y1", "y3"]),
        ("Moor yogurt", ["y3"]),
        ("yogurt from Alba in stock", ["y1"]),
        ("cheapest yogurt", ["y3", "y2", "y1"]),
        ("most expensive yogurt", ["y1", "y2", "y3"]),
        ("500 g of greek yogurt", ["y1"]),
        ("half a kilo of ground coffee", ["c3", "c2"]),
        ("a 250 gram ground coffee", ["c1"]),
        ("what is there in dairy under 1 dollar", ["y3"]),
        ("got any yoghurt", ["y2", "y1", "y3"]),
        ("milk chocolate", ["x2"]),
        ("drinking yogurt", ["d1"]),
    ],
)
def test_goods_are_found_by_words_category_price_brand_size_and_stock(deli: Deli, text: str, ids: list[str]) -> None:
    found = list_ids(deli, "search_product", text)
    assert found == ids if "est " in text or "expensive" in text else sorted(found) == sorted(ids)


def test_what_nothing_fits_is_said_before_anything_else_is_shown(deli: Deli) -> None:
    told = say(deli, "search_product", "yogurt under 50 cents")
    assert "at most $0.49" in told
    assert "Greek yogurt, 500 g, $3.49" in told
    assert "in Sauces" in say(deli, "search_product", "ground coffee in sauces")
    assert "“vegan” in the name" in say(deli, "search_product", "vegan yogurt")
    assert "two litres" in say(deli, "search_product", "two litres of drinking yogurt")


def test_an_aisle_alone_shows_the_aisle_and_not_what_was_listed_before(deli: Deli) -> None:
    deli.ask("search_product", "do you have yogurt")
    assert sorted(list_ids(deli, "search_product", "what do you have in sweets")) == ["x1", "x2"]


def test_what_is_gone_is_marked_in_a_list(deli: Deli) -> None:
    assert "Greek yogurt, 150 g, $1.29 (not in stock)" in say(deli, "search_product", "do you have yogurt")


def test_prices_in_other_money_are_left_out_and_that_is_said(deli: Deli) -> None:
    told = say(deli, "search_product", "yogurt under 2 euros")
    assert "Prices here are in USD" in told
    assert "$3.49" in told


def test_what_is_nowhere_is_not_made_up(deli: Deli) -> None:
    (one,) = deli.ask("search_product", "do you have unicorn steaks")
    assert "unicorn" in one.text
    assert one.buttons[0]["payload"] == "/request_human"


def test_a_name_of_several_kinds_is_asked_about_and_the_first_question_is_answered_after_the_choice(deli: Deli) -> None:
    for intent, expected in (
        ("ask_price", "$4.20"),
        ("ask_stock", "8"),
        ("search_product", "Large eggs"),
        ("ask_contents", "I will not guess"),
    ):
        (asked,) = deli.ask(intent, "what about eggs")
        assert "“eggs”" in asked.text
        assert [button["title"] for button in asked.buttons] == ["Jumbo eggs", "Large eggs"]
        assert {parse_payload(button["payload"])[0] for button in asked.buttons} == {intent}
        (told,) = deli.press(asked.buttons[1])
        assert expected in told.text


def test_a_choice_keeps_what_else_was_said(deli: Deli) -> None:
    (asked,) = deli.ask("search_product", "eggs under 3 dollars")
    assert parse_payload(asked.buttons[1]["payload"])[1]["price_to"] == "<3.00 $"
    (told,) = deli.press(asked.buttons[1])
    assert "at most $2.99" in told.text
    assert list_ids(deli, "search_product", "eggs under 4 dollars") == ["e2"]  # only one kind is left to ask about
    (many,) = deli.ask("ask_price", "how much are 3 eggs")
    (told,) = deli.press(many.buttons[1])
    assert "3 of it cost $12.60" in told.text


def test_a_word_that_no_kind_has_is_not_dropped_in_silence(deli: Deli) -> None:
    """ "Gluten free eggs" must not end in a list of eggs as if they were."""
    (asked,) = deli.ask("search_product", "gluten free eggs")
    assert "gluten free" in asked.text
    assert len(asked.buttons) == 2


def test_a_word_that_fits_one_kind_settles_which(deli: Deli) -> None:
    assert list_ids(deli, "search_product", "jumbo eggs") == ["e2"]


def test_several_goods_in_one_question_are_each_answered(deli: Deli) -> None:
    told = [one.text for one in deli.ask("ask_price", "price of butter and ketchup")]
    assert len(told) == 2
    assert "$2.60" in told[0]
    assert "$2.10" in told[1]
    mixed = deli.ask("ask_stock", "are butter and eggs in stock")
    assert "5" in mixed[0].text
    assert "“eggs”" in mixed[1].text


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("how much is butter", ["$2.60", "same for everybody"]),
        ("how much would 4 butters be", ["$2.60", "4 of it cost $10.40"]),
        ("how much for a dozen butter", ["12 of it cost $31.20"]),
        ("how much is yogurt", ["between $0.99 and $3.49"]),
        ("which yogurt is the cheapest", ["$0.99", "Strawberry yogurt, 150 g"]),
        ("what is the dearest ground coffee", ["$9.40", "Dark roast"]),
    ],
)
def test_prices_are_the_catalogues(deli: Deli, text: str, parts: list[str]) -> None:
    told = say(deli, "ask_price", text)
    for part in parts:
        assert part in told


def test_it_and_the_second_one_are_what_was_told_last(deli: Deli) -> None:
    assert "kind of product" in say(deli, "ask_price", "how much is it")  # nothing was told yet
    ids = list_ids(deli, "search_product", "show me ground coffee")
    assert list_ids(deli, "ask_price", "how much is the second one") == [ids[1]]
    deli.ask("search_product", "do you have butter")
    assert "$2.60" in say(deli, "ask_price", "how much is it")
    assert "counts 5" in say(deli, "ask_stock", "is it in stock?")
    assert list_ids(deli, "ask_price", "how much is the 2 pack of ketchup") == ["k1"]  # a size, no place


def test_a_brand_or_a_size_alone_narrows_what_was_listed(deli: Deli) -> None:
    """As the list itself suggests; of the whole kind and not only of the few that were told."""
    deli.ask("search_product", "cheapest ground coffee")
    assert sorted(list_ids(deli, "search_product", "500 g")) == ["c2", "c3"]
    assert sorted(list_ids(deli, "search_product", "from Alba please")) == ["c1", "c3"]
    assert list_ids(deli, "search_product", "under 6 dollars") == ["c1"]
    assert sorted(list_ids(deli, "search_product", "which of these are in stock")) == ["c1"]


def test_stock_is_told_as_counted_and_what_is_gone_leads_to_what_is_alike(deli: Deli) -> None:
    assert "counts 5" in say(deli, "ask_stock", "is butter in stock")
    assert "fewer than 9" in say(deli, "ask_stock", "do you have 9 butters")
    assert "cannot see" in say(deli, "ask_stock", "are jumbo eggs in stock")
    (gone,) = deli.ask("ask_stock", "is ketchup in stock")
    assert parse_payload(gone.buttons[0]["payload"]) == ("ask_similar", {"product": "k1"})


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("something like it", ["y2", "y3"]),
        ("a cheaper one", ["y3", "y2"]),
        ("it is sold out, what else is there", ["y2", "y3"]),
        ("alternatives", ["y2", "y3"]),
        ("anything like that but cheaper", ["y3", "y2"]),
    ],
)
def test_alternatives_are_of_the_same_kind_and_not_gone(deli: Deli, text: str, ids: list[str]) -> None:
    deli.ask("search_product", "500 g greek yogurt")
    found = list_ids(deli, "ask_similar", text)
    assert sorted(found) == sorted(one for one in ids if one != "y2")  # y2 is not in stock


def test_the_most_alike_comes_first_by_words_and_price(deli: Deli) -> None:
    with deli.database.read() as connection:
        coffee = find_product(connection, "c2")
        assert coffee is not None
        found = find_similar(connection, coffee)
        assert {one.product_id for one in found} == {"c1", "c3"}
        scores = [measure_likeness(coffee, one) for one in found]
        assert scores == sorted(scores, reverse=True)
        by_hand = 2 / 4 + 1 - (9.40 - 8.90) / 9.40  # ground, coffee of dark, roast, ground, coffee
        assert measure_likeness(coffee, next(one for one in found if one.product_id == "c3")) == pytest.approx(by_hand)
        assert find_similar(connection, coffee, is_cheaper=True)[0].product_id == "c1"


def test_kinds_of_a_like_name_are_offered_for_a_kind(deli: Deli) -> None:
    (told,) = deli.ask("ask_similar", "an alternative to drinking yogurt")
    assert [button["title"] for button in told.buttons] == ["Yogurt"]
    (shown,) = deli.press(told.buttons[0])
    assert "Strawberry yogurt" in shown.text


def test_nothing_alike_is_said(deli: Deli) -> None:
    (told,) = deli.ask("ask_similar", "what can I take instead of butter")
    assert "like butter" in told.text.lower()
    assert told.buttons[0]["payload"] == "/request_human"
    deli.ask("search_product", "cheapest ground coffee under $6")
    assert "costs less" in say(deli, "ask_similar", "a cheaper one")


def test_no_substitute_is_named_for_sensitive_goods(deli: Deli) -> None:
    (told,) = deli.ask("ask_similar", "something like the painkillers")
    assert "substitute" in told.text
    assert "gel" not in told.text
    assert told.buttons[0]["payload"] == "/request_human"


def test_the_label_is_quoted_word_for_word_with_its_day_and_row(deli: Deli) -> None:
    (asked,) = deli.ask("ask_contents", "what is in the greek yogurt")
    assert [button["title"] for button in asked.buttons] == ["Greek yogurt, 500 g"]
    (told,) = deli.press(asked.buttons[0])
    assert f"“{LABEL}”" in told.text
    assert "5 June" in told.text
    assert told.custom["extra"]["source"] == {
        "title": "Greek yogurt, 500 g", "link": None, "table": "products", "id": "y1",
    }  # fmt: skip
    assert told.buttons[0]["payload"] == "/request_human"


@pytest.mark.parametrize(
    "text",
    [
        "is there milk in the butter",
        "does butter contain nuts",
        "is butter gluten free",
        "are there nuts in the strawberry yogurt",
        "can I eat eggs with a nut allergy",
    ],
)
def test_without_a_label_nothing_is_said_of_the_contents(deli: Deli, text: str) -> None:
    for told in deli.ask("ask_contents", text):
        assert "label says" not in told.text
        assert "“Milk" not in told.text


def test_a_label_is_never_taken_from_another_pack(deli: Deli) -> None:
    deli.ask("search_product", "strawberry yogurt")
    (told,) = deli.ask("ask_contents", "does it contain milk")
    assert LABEL not in told.text
    assert "will not guess" in told.text
    (quoted,) = deli.ask("ask_contents", "is there sugar in the ketchup")
    assert "“Tomatoes, sugar, vinegar.”" in quoted.text


def test_goods_that_the_shop_does_not_name_are_not_taken_for_what_was_told_before(deli: Deli) -> None:
    """Found by talking to it: "is your hummus vegan" was answered about the yogurt before."""
    deli.ask("search_product", "strawberry yogurt")
    (told,) = deli.ask("ask_contents", "is your hummus vegan")
    assert "yogurt" not in told.text.lower()
    assert told.text in deli.desk.texts.entry("products.contents_which").say


def test_pictures_go_with_the_text_and_only_where_there_are_any(deli: Deli) -> None:
    (told,) = deli.ask("search_product", "do you have yogurt")
    drawn = {one["product_id"]: one for one in told.custom["extra"]["products"]}
    assert drawn["y1"]["image"] == "/pictures/y1.jpg"
    assert drawn["y3"]["image"] == f"{PICTURES}/y3.jpg"
    assert "image" not in drawn["y2"]
    assert drawn["y3"]["price"] == {"amount": 99, "currency": "USD"}
    for one in drawn.values():
        assert one["title"] in told.text
