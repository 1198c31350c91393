"""`kill -9` of each process in mid-conversation: it comes back by itself, and no message is missing or doubled (P6)."""

import time

import pytest

from tests.house import Customer, House

QUESTIONS = ("what are your opening hours?", "do you take credit cards?", "how do I return something?")


@pytest.mark.parametrize("program", ["actions", "bot", "web"])
def test_a_killed_process_comes_back_and_nothing_is_lost_or_doubled(house: House, program: str) -> None:
    house.wait_until_ok()
    chat = Customer(house.url, "100")
    asked = [chat.send(QUESTIONS[0]), chat.send(QUESTIONS[1])]
    killed = house.kill(program)
    asked.append(chat.send(QUESTIONS[2]))
    house.wait_until_ok()
    assert house.find_pid(program) != killed
    asked.append(chat.send(QUESTIONS[0]))
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        messages = chat.read()
        said = [m for m in messages if m["author"] in ("bot", "system") and m["seq"] > 1]
        if len(said) >= len(asked):
            break
        time.sleep(0.3)
    time.sleep(1)
    messages = chat.read()
    assert [m["seq"] for m in messages] == list(range(1, len(messages) + 1))
    assert [m["seq"] for m in messages if m["author"] == "customer"] == asked
    answers = [
        m for m in messages if m["author"] == "bot" and m["seq"] > 1 and m["kind"] != "notice"
    ]  # "about your question:" goes before a late one
    apologies = [m for m in messages if m["author"] == "system"]
    assert len(answers) + len(apologies) >= len(asked)
    assert len(answers) <= len(asked)
    assert answers[-1]["kind"] == "answer"


def test_while_the_bot_is_down_the_customer_is_told_and_offered_a_person(house: House) -> None:
    house.wait_until_ok()
    chat = Customer(house.url)
    house.kill("bot")
    started = time.monotonic()
    heard = chat.ask("what are your opening hours?", within_s=20)
    if heard[0]["author"] == "system":
        assert time.monotonic() - started < 11
        assert "/request_human" in [button["payload"] for button in heard[0]["buttons"]]
        waiting = chat.ask(payload="/request_human")
        assert "handoff" in [m["kind"] for m in waiting]
    house.wait_until_ok()
