"""Messages that are not one plain request: several at once, one of two, or one that points back to what was said.

Nothing is remembered but the log: what a message of the bot answered stands beside it (`understood`), so that "and yogurt?"
asks the same again of another thing, and "the second" presses what was listed.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from actions.explanations import find_near
from actions.orders import BEFORE
from actions.smalltalk import fall_back
from actions.talk import Answer, CandorAction, Talk, press, write_payload
from bot.language.kinds import KIND_OF
from bot.language.reference import Listed, names_something, pick
from bot.language.requests import points_back

LONGEST_SAID = 300
# Always there, and never what "the second" means; and what is switched by a plain word only.
_STANDING = (
    "/grant_consent",
    "/withdraw_consent",
    "/decline_consent",
    "/request_erasure",
    "/request_human",
    "/continue_with_bot",
    "/cancel_handoff",
    "/ask_what_can_you_do",
    "/try_again",
)
_NAMED = ("product", "product_type", "category", "order_id")
_OF_OFFERS = ("offers", "explanation", "why_not", "what_if")


class ActionAnswerEach(CandorAction):
    """Several requests in one message: each part is asked by itself, knowing what those before it named."""

    def name(self) -> str:
        return "action_answer_each"

    def answer(self, talk: Talk) -> list[Answer]:
        answers: list[Answer] = []
        about: list[dict[str, Any]] = []
        for part in talk.read_parts:
            own = [entity for entity in part["entities"] if entity["entity"] in _NAMED]
            known = [] if own or not points_back(part["text"]) else list(about)
            answers.append(
                Answer(
                    KIND_OF.get(part["intent"], "answer"), part["text"], custom={"ask": part["text"], "about": known}
                )
            )
            about = own or about
        return answers or [fall_back(talk)]


class ActionAskWhich(CandorAction):
    """Could be either of two: ask once which, with both as buttons."""

    def name(self) -> str:
        return "action_ask_which"

    def answer(self, talk: Talk) -> list[Answer]:
        choices = talk.choices
        if len(choices) != 2 or talk.find_understood().get("intent") == talk.intent:
            return [fall_back(talk)]
        labels = [talk.words(f"labels.{intent}") for intent in choices]
        buttons = [
            {"title": label[:1].upper() + label[1:], "payload": _write_request(intent, talk.text, talk.entities)}
            for intent, label in zip(choices, labels, strict=True)
        ]
        told = talk.say("smalltalk.either", buttons=buttons, first=labels[0], second=labels[1])
        return [Answer(KIND_OF[choices[0]], told.text, told.buttons, told.custom)]


class ActionChooseListed(CandorAction):
    """ "The second", "no, the coffee one", "and yogurt?": choose from what was listed, or ask the same of another thing."""

    def name(self) -> str:
        return "action_choose_listed"

    def answer(self, talk: Talk) -> list[Answer]:
        before = str(talk.find_understood().get("intent") or "")
        if KIND_OF.get(before) == "order" and BEFORE.search(talk.text):
            intent = before if before == "ask_order_contents" else "ask_order_status"
            return [press(_write_request(intent, talk.text, []), kind="order", text=talk.text)]
        things = _list_things(talk)
        current = talk.conversation.focus if talk.conversation else None
        chosen = pick(
            talk.text,
            [listed for listed, _ in things],
            current=next((index for index, (_, payload) in enumerate(things) if current and current in payload), None),
        )
        if chosen is not None and (names_something(talk.text) or len(things) > 1):
            return [press(things[chosen][1], kind="chat", text=things[chosen][0].title)]
        named = [entity for entity in talk.entities if entity.get("entity") in _NAMED]
        if named:
            return [press(_ask_again(talk, named), kind="products", text=talk.text)]
        if len(things) > 1 and not names_something(talk.text):
            buttons = [{"title": listed.title, "payload": payload} for listed, payload in things]
            return [talk.say("smalltalk.choose_which", buttons=buttons)]
        if names_something(talk.text):
            return [press(_write_request("search_product", talk.text, []), kind="products", text=talk.text)]
        return [talk.say("smalltalk.nothing_to_choose")]


def _list_things(talk: Talk) -> list[tuple[Listed, str]]:
    """What can be chosen, with what choosing it presses: the newest buttons of choice, else the newest offers."""
    for message in talk.fetch_said(limit=8):
        buttons = [b for b in message.buttons if not b["payload"].startswith(_STANDING)]
        is_choice = "?" in message.text and len(buttons) > 1
        if is_choice:
            return [(Listed(button["title"]), button["payload"]) for button in buttons]
        if listed := message.understood.get("listed"):
            return [(Listed(one["title"], one.get("price_minor")), one["payload"]) for one in listed]
        if len(goods := message.extra.get("products", ())) > 1:
            return [_list_product(one) for one in goods]
        if message.offers and len(message.offers) > 1:
            return _list_offers(message.offers)
    return _list_offers([one.offer | {"impression_id": one.impression_id} for one in find_near(talk)])


def _list_product(told: dict[str, Any]) -> tuple[Listed, str]:
    price = (told.get("price") or {}).get("amount")
    return Listed(str(told["title"]), price), write_payload("search_product", product=str(told["product_id"]))


def _list_offers(offers: Sequence[Mapping[str, Any]]) -> list[tuple[Listed, str]]:
    return [
        (
            Listed(offer["title"], (offer.get("price") or {}).get("amount")),
            write_payload("ask_why_offer", impression_id=offer["impression_id"]),
        )
        for offer in offers
        if offer.get("impression_id")
    ]


def _ask_again(talk: Talk, named: list[dict[str, Any]]) -> str:
    """The request before this one, of what is named now; a plain search when there was none that could take it."""
    before = str(talk.find_understood().get("intent") or "")
    names = {entity["entity"] for entity in named}
    kind = KIND_OF.get(before)
    if names & {"product", "product_type"}:
        if kind in _OF_OFFERS:
            return _write_request("ask_why_not", talk.text, named)
        again = before if kind == "products" or before == "never_show" else "search_product"
        return _write_request(again, talk.text, named)
    if "order_id" in names:
        return _write_request(before if kind == "order" else "ask_order_status", talk.text, named)
    return _write_request("ask_what_if" if kind in _OF_OFFERS else "ask_consents", talk.text, named)


def _write_request(intent: str, said: str, entities: list[dict[str, Any]]) -> str:
    """A payload that asks for an intent with the words and things of a message."""
    facts: dict[str, Any] = {"said": said[:LONGEST_SAID]}
    for name in dict.fromkeys(str(entity["entity"]) for entity in entities):
        values = list(dict.fromkeys(str(entity["value"]) for entity in entities if entity["entity"] == name))
        facts[name] = values[0] if len(values) == 1 else values[:6]
    return write_payload(intent, **facts)
