"""The components that only Rasa's Python can run: `python -m pytest` in bot/, with the bot's own environment."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from components.action_check import check_answers_quickly, stock_check
from components.guard import IntentGuard, MessageGuard
from components.tracker_store import BoundedTrackerStore
from jsonschema import ValidationError
from rasa.core.actions.action import RemoteAction
from rasa.core.tracker_store import TrackerStore
from rasa.core.utils import AvailableEndpoints
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, BotUttered, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.nlu.training_data.message import Message


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def make_store(**options: object) -> tuple[BoundedTrackerStore, Clock]:
    clock = Clock()
    return BoundedTrackerStore(Domain.empty(), clock=clock, **options), clock  # type: ignore[arg-type]


def make_tracker(sender: str, turns: int) -> DialogueStateTracker:
    tracker = DialogueStateTracker(sender, [])
    tracker.update(ActionExecuted("action_session_start"))
    tracker.update(ActionExecuted("action_listen"))
    for turn in range(turns):
        tracker.update(UserUttered(f"text {turn}", {"name": "greet"}))
        tracker.update(ActionExecuted("utter_smalltalk_greet"))
        tracker.update(BotUttered("Hello."))
        tracker.update(ActionExecuted("action_listen"))
    return tracker


def test_a_quiet_sender_is_forgotten() -> None:
    store, clock = make_store(forget_after_s=1800)
    asyncio.run(store.save(make_tracker("a", 1)))
    clock.now = 1799
    assert asyncio.run(store.retrieve("a")) is not None
    clock.now = 1801
    assert asyncio.run(store.retrieve("a")) is None
    assert list(asyncio.run(store.keys())) == []


def test_the_one_quiet_longest_goes_first() -> None:
    store, clock = make_store(most_trackers=2)
    for sender in ("a", "b", "a", "c"):
        clock.now += 1
        asyncio.run(store.save(make_tracker(sender, 1)))
    assert sorted(asyncio.run(store.keys())) == ["a", "c"]


def test_a_sender_is_forgotten_when_told() -> None:
    store, _ = make_store()
    asyncio.run(store.save(make_tracker("a", 1)))
    assert asyncio.run(store.delete("a"))
    assert not asyncio.run(store.delete("a"))
    assert asyncio.run(store.retrieve("a")) is None


def test_a_tracker_keeps_its_last_turns_whole() -> None:
    store, _ = make_store(keep_turns=3)
    asyncio.run(store.save(make_tracker("a", 50)))
    kept = asyncio.run(store.retrieve("a"))
    assert kept is not None
    assert [event.text for event in kept.events if isinstance(event, UserUttered)] == ["text 47", "text 48", "text 49"]
    first = kept.events[0]
    assert isinstance(first, ActionExecuted)
    assert first.action_name == "action_listen"
    assert kept.latest_message is not None
    assert kept.latest_message.text == "text 49"


def test_limits_that_cannot_be_kept_are_refused() -> None:
    with pytest.raises(ValueError, match=r"bot/endpoints\.yml"):
        make_store(most_trackers=0)


def test_rasa_loads_this_store_and_not_its_own() -> None:
    """Rasa only warns, and falls back to its own endless store, when the class cannot be imported."""
    endpoints = AvailableEndpoints.read_endpoints(str(Path(__file__).parent.parent / "endpoints.yml"))
    assert isinstance(TrackerStore.create(endpoints.tracker_store, domain=Domain.empty()), BoundedTrackerStore)


def test_a_long_text_is_cut_and_cleaned() -> None:
    (message,) = MessageGuard(1000).process([Message({"text": "don’t\u200b " * 500})])
    assert len(message.get("text")) <= 1000
    assert message.get("text").startswith("don't don't")


@pytest.mark.parametrize(
    ("text", "read", "settled"),
    [
        ("pull my consent", "grant_consent", "ask_consents"),
        ("where is it, and get me a human", "ask_order_status", "request_human"),
        ("I cannot breathe", "nlu_fallback", "report_emergency"),
        ("use my purchases", "grant_consent", "grant_consent"),
        ("quiero hablar con una persona", "grant_consent", "request_human"),
    ],
)
def test_the_guard_settles_what_must_not_be_guessed(text: str, read: str, settled: str) -> None:
    message = Message(
        {
            "text": text,
            "intent": {"name": read, "confidence": 0.9},
            "intent_ranking": [{"name": read, "confidence": 0.9}],
        }
    )
    (message,) = IntentGuard().process([message])
    assert message.get("intent")["name"] == settled
    assert message.get("intent_ranking")[0]["name"] == settled


def test_the_guard_says_which_other_language_it_is() -> None:
    (message,) = IntentGuard().process([Message({"text": "Wo ist meine Bestellung?", "intent": {"name": "greet"}})])
    assert message.get("intent")["name"] == "speak_other_language"
    assert [(one["entity"], one["value"]) for one in message.get("entities")] == [("language", "de")]


@pytest.mark.parametrize(
    "answer",
    [
        {"events": [], "responses": []},
        {
            "events": [{"event": "slot", "name": "a", "value": 1}],
            "responses": [{"text": "a", "custom": {"kind": "chat"}}],
        },
        {},
        [],
        {"events": "none"},
        {"events": [{"event": "no such event"}]},
        {"events": [], "responses": ["a"]},
    ],
)
def test_an_answer_of_an_action_is_judged_as_rasa_judges_it(answer: object) -> None:
    check_answers_quickly()
    action = RemoteAction("action_answer_question", None)
    assert RemoteAction._validate_action_result is not stock_check
    judged = []
    for check in (stock_check, RemoteAction._validate_action_result):
        try:
            judged.append((check(action, answer), None, None))
        except ValidationError as error:
            judged.append((False, error.message.partition(". ")[0], list(error.absolute_path)))
    assert judged[0] == judged[1]
