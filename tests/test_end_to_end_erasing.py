"""Erasing with the real three processes: the bot forgets, and neither data nor logs hold a word of it (P7)."""

from tests.house import Customer, House, Staff, call
from tests.needles import find_word

WORD = "Brackenwhistle"


def test_an_erased_customer_is_in_no_file_and_no_log(house: House) -> None:
    customer = Customer(house.url, f"{WORD}-1")
    customer.ask(f"hello, {WORD} here, where is my order {WORD}-77?")
    customer.ask("can I speak to a person please")
    staff = Staff(house.url)
    staff.claim(customer.id)
    staff.say(customer.id, f"Good morning, {WORD}")
    asked = {"kind": "erase", "confirm": True}
    done = call(house.url, "POST", "/api/me/requests", asked, token=customer.customer_token)
    assert done["state"] == "done"
    assert find_word(house.var, WORD) == []
    assert find_word(house.var / "logs", customer.id) == []


def test_rasa_forgets_a_sender_when_told(house: House) -> None:
    message = {"sender": "somebody", "message": "hello", "metadata": {}}
    call(house.bot_url, "POST", "/webhooks/rest/webhook", message)
    assert call(house.bot_url, "POST", "/webhooks/forget/", {"senders": ["somebody", "nobody"]}) == {"forgotten": 1}
    assert call(house.bot_url, "POST", "/webhooks/forget/", {"senders": ["somebody"]}) == {"forgotten": 0}
