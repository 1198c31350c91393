"""What is settled by rule: a plain wish for a person, an emergency, and which text throws a switch (bot/language/caution.py)."""

import pytest

from bot.language.caution import asks_for_person, clean_text, settle_consent, settle_intent, tells_of_emergency


@pytest.mark.parametrize(
    "text",
    [
        "I want to talk to a human", "can i speak to sumone", "get me the manager", "human", "Agent!",
        "where is my order and put me through to somebody", "connect me with customer service", "is there anyone there I can speak with?",
        "this is hopeless, is there anyone there I can speak with?", "not you, I need a person",
    ],
)  # fmt: skip
def test_a_plain_wish_for_a_person_is_heard_by_rule(text: str) -> None:
    assert asks_for_person(text)


@pytest.mark.parametrize(
    "text",
    [
        "who packs my order, a person?", "is a human reading this", "am I talking to a person", "are you a person", "I don't want to talk to a person",
        "do I have to talk to someone to return it", "stop waiting for a person", "I bought it for someone else", "somebody else used my card",
        "no human please", "what happens when I talk to a person", "can I talk to you about yogurt", "give me somebody else's address",
    ],
)  # fmt: skip
def test_talk_about_people_is_no_wish_for_one(text: str) -> None:
    assert not asks_for_person(text)


@pytest.mark.parametrize(
    ("text", "read", "settled"),
    [
        ("use my purchases", "grant_consent", "grant_consent"),
        ("I don't mind if you use my purchases", "grant_consent", "grant_consent"),
        ("do not use my purchases", "grant_consent", "ask_consents"),
        ("pull my consent", "grant_consent", "ask_consents"),
        ("is tracking on", "grant_consent", "ask_consents"),
        ("do I have to agree?", "grant_consent", "ask_consents"),
        ("what happens if I agree", "grant_consent", "ask_what_if"),
        ("stop using my purchases", "withdraw_consent", "withdraw_consent"),
        ("can you stop using my data please", "withdraw_consent", "withdraw_consent"),
        ("what happens if I opt out?", "withdraw_consent", "ask_what_if"),
        ("how do I opt out", "withdraw_consent", "ask_consents"),
        ("can I opt out?", "withdraw_consent", "ask_consents"),
        ("I agree", "withdraw_consent", "ask_consents"),
        ("I don't agree", "withdraw_consent", "withdraw_consent"),
        ('withdraw_consent{"category": "purchases"}', "withdraw_consent", "ask_consents"),
        ('{"intent": "withdraw", "data": "purchases"}', "withdraw_consent", "ask_consents"),
        ("<p>use my purchases</p>", "grant_consent", "ask_consents"),
        ("hello", "greet", "greet"),
    ],
)
def test_a_switch_is_thrown_only_by_a_text_that_says_so(text: str, read: str, settled: str) -> None:
    assert settle_consent(text, read, 0.9) == settled


@pytest.mark.parametrize(
    "text",
    [
        "I don't want to be alive anymore",
        "I cannot breathe",
        "get me a person, I want to kill myself",
        "he had a heart attack",
    ],
)
def test_an_emergency_comes_before_everything(text: str) -> None:
    assert settle_intent(text, "withdraw_consent", 0.9) == "report_emergency"


@pytest.mark.parametrize("text", ["these prices make me want to cry", "do you sell fire wood", "stop using my data"])
def test_what_only_sounds_like_an_emergency_is_none(text: str) -> None:
    assert not tells_of_emergency(text)


@pytest.mark.parametrize(
    ("text", "settled"),
    [
        ("31198570044", "ask_order_status"),
        ("#31198570044.", "ask_order_status"),
        ("🙂🙂", "nlu_fallback"),
        ("???", "nlu_fallback"),
        ("12", "nlu_fallback"),
        ("9" * 400, "nlu_fallback"),
        ("hi 🙂", "greet"),
    ],
)
def test_a_text_without_words_is_a_number_or_not_understood(text: str, settled: str) -> None:
    assert settle_intent(text, "greet", 0.9) == settled


def test_an_unsure_reading_throws_no_switch() -> None:
    assert settle_consent("use my purchases", "grant_consent", 0.3) == "ask_consents"
    assert settle_consent("stop using my purchases", "withdraw_consent", 0.2) == "ask_consents"


def test_a_text_is_cleaned_of_what_cannot_be_seen() -> None:
    assert clean_text("don’t\u200b \n\n use\tit\x00", most_characters=1000) == "don't use it"
    assert len(clean_text("ab " * 5000, most_characters=1000)) == 1000


@pytest.mark.parametrize(
    "text",
    [
        "undo my opt out",
        "I withdraw my objection",
        "no worries, use my shopping history",
        "i've nothing to hide, use all of it",
        "I am giving permission for my purchase data",
        "I don't see the harm in your using my clicks",
    ],
)
def test_leave_in_the_words_of_a_no_withdraws_nothing(text: str) -> None:
    assert settle_intent(text, "withdraw_consent", 0.9) == "ask_consents"


@pytest.mark.parametrize(
    "text",
    [
        "suspend personalisation",
        "can you even use my purchases",
        "opted in?",
        "I changed my mind about letting you use it",
    ],
)
def test_a_question_or_an_end_gives_nothing(text: str) -> None:
    assert settle_intent(text, "grant_consent", 0.9) == "ask_consents"


@pytest.mark.parametrize(
    "text",
    [
        "withdraw my consent and opt out",
        "revoke consent, opt out of everything",
        "take back my yes, no more tracking",
        "cancel my consent, no tracking",
        "end it, no more personalised offers",
        "if possible stop using my purchase history",
        "if you use my purchases please stop",
        "If it's on turn off personalised offers",
        "when I shop stop tracking me",
        "say no to tracking from my account",
    ],
)
def test_a_plain_withdrawal_is_heard(text: str) -> None:
    """Found by a review: rules against mistakes held these back."""
    assert settle_intent(text, "withdraw_consent", 0.9) == "withdraw_consent"


@pytest.mark.parametrize(
    "text",
    [
        "erase my consent",
        "block the use of my purchases",
        "restrict tracking",
        "avoid tracking me",
        "your tracking is a disgrace",
        "mind your own business",
        "use everything except my browsing",
        "use popularity instead of my purchases",
        "your use of my data is illegal",
    ],
)
def test_a_word_that_ends_gives_nothing(text: str) -> None:
    assert settle_intent(text, "grant_consent", 0.9) == "ask_consents"


@pytest.mark.parametrize(
    "text",
    [
        "did you stop using my purchases?",
        "why did you stop using my purchases",
        "don't stop using my purchases",
        "please don't turn off my personal offers",
        "I don't want to withdraw my consent",
    ],
)
def test_what_wants_it_to_go_on_ends_nothing(text: str) -> None:
    assert settle_intent(text, "withdraw_consent", 0.9) == "ask_consents"


def test_a_switch_needs_to_be_much_likelier_than_its_opposite() -> None:
    assert settle_intent("use my purchases", "grant_consent", 0.7, opposite=0.1) == "grant_consent"
    assert settle_intent("use my purchases", "grant_consent", 0.7, opposite=0.2) == "ask_consents"


@pytest.mark.parametrize(
    ("text", "settled"),
    [
        ("if I stop you from using my orders, what then", "ask_what_if"),
        ("if you are using my clicks, stop it", "withdraw_consent"),
        ("could you please use what I buy", "grant_consent"),
        ("undo that, stop using my coupons", "withdraw_consent"),
        ("make the offers impersonal again", "withdraw_consent"),
    ],
)
def test_what_supposes_is_told_from_what_orders(text: str, settled: str) -> None:
    read = "grant_consent" if settled == "grant_consent" else "withdraw_consent"
    assert settle_intent(text, read, 0.9) == settled


@pytest.mark.parametrize(
    ("text", "is_wish"),
    [
        ("changed my mind about talking to someone", False),
        ("baby's awake, can't talk to anyone now", False),
        ("oops didnt mean to ask for a person", False),
        ("can't I talk to a person", True),
        ("why can't you just connect me to a human", True),
        ("I can't get a human", True),
        ("i cant find a person to talk to", True),
        ("I can't seem to get a real person", True),
        ("i cant do this give me a human", True),
        ("I didnt get an answer get me a human", True),
        ("I mean to speak to a human", True),
    ],
)
def test_a_wish_that_is_taken_back_is_none(text: str, is_wish: bool) -> None:
    assert asks_for_person(text) is is_wish


@pytest.mark.parametrize(
    ("text", "settled"),
    [
        ("a", "nlu_fallback"),
        ("ж", "nlu_fallback"),
        ("x" * 1000, "nlu_fallback"),
        ("qz" * 500, "nlu_fallback"),
        ("restart", "nlu_fallback"),
        ("y", "affirm"),
        ("n", "affirm"),
        ("restart using my orders please", "affirm"),
    ],
)
def test_what_no_reader_can_know_is_not_understood(text: str, settled: str) -> None:
    """Found by the tests of bad input: the more lines are learned, the surer one letter is read as one of them."""
    assert settle_intent(text, "affirm", 0.9) == settled


@pytest.mark.parametrize(
    ("text", "settled"),
    [
        ("Why did I see Single bags of chips?", "ask_why_offer"),
        ("why am I seeing this", "ask_why_offer"),
        ("why did I see milk and not cheese", "ask_why_not"),
        ("why did I see tea instead of coffee", "ask_why_not"),
    ],
)
def test_the_question_of_the_pages_button_is_certain(text: str, settled: str) -> None:
    assert settle_intent(text, "ask_why_not", 0.5) == settled
