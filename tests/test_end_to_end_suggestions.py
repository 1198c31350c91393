"""The shop's answers beside a person's reply field, against the real three processes."""

import json
import urllib.request

from tests.house import Customer, House, Staff


def test_what_a_customer_asks_a_person_brings_up_the_shops_answer(house: House) -> None:
    customer, sam = Customer(house.url), Staff(house.url)
    customer.ask("I want to talk to a person")
    sam.claim(customer.id)
    customer.send("where can I leave my car when I come to shop?")
    found = sam.call("GET", f"/suggestions?conversation_id={customer.id}")["suggestions"]
    assert found[0]["question_id"] == "parking"
    assert "parking" in found[0]["text"]
    customer.send("My grandmother sings in a choir on Tuesdays.")
    assert sam.call("GET", f"/suggestions?conversation_id={customer.id}")["suggestions"] == []


def test_a_command_is_read_as_nothing(house: House) -> None:
    body = json.dumps({"text": "/request_human"}).encode()
    request = urllib.request.Request(f"{house.bot_url}/webhooks/reading/", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        assert json.load(answer) == {"questions": []}
