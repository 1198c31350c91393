"""What is used and what is held: switching by words, and pointing to the privacy centre.

Switching itself is done by the gateway, by the same deed that a button does (`press`); here only the category is found.
"""

import json
import re

from actions.explanations import list_on
from actions.talk import Answer, CandorAction, Talk, press
from data.held import fetch_held
from models.wording import say_list

ONLY = re.compile(r"\b(?:only|nothing (?:but|except))\b", re.IGNORECASE)
LEVELS = {"preferences": "told", "purchases": "bought"}


class _Switch(CandorAction):
    """Base of the two switches. Not registered: it has no name."""

    deed = ""

    def find_level(self, talk: Talk, categories: list[str]) -> str | None:
        """The level that a sentence means, if it means one rather than a single switch."""
        return None

    def answer(self, talk: Talk) -> list[Answer]:
        """Press the switch of each category that was named; none named asks which."""
        categories = [c for c in talk.find_entities("category") if c in (*talk.desk.shop.categories, "all")]
        if not categories:
            return [press(f"/{self.deed}", kind="consent", text=talk.words(f"privacy.which_{self.deed.split('_')[0]}"))]
        level = self.find_level(talk, categories)
        if level is not None:
            facts = json.dumps({"level": level}, separators=(",", ":"))
            return [press(f"/ask_level{facts}", kind="consent", text="ask_level")]
        return [
            press(
                f"/{self.deed}{json.dumps({'category': category}, separators=(',', ':'))}",
                kind="consent",
                text=self.deed,
            )
            for category in categories
        ]


class ActionGrantConsent(_Switch):
    """Start using something."""

    deed = "grant_consent"

    def name(self) -> str:
        return "action_grant_consent"

    def find_level(self, talk: Talk, categories: list[str]) -> str | None:
        """ "Use only what I tell you": a switch would leave the others on."""
        is_only = ONLY.search(talk.text) is not None
        return LEVELS.get(categories[0]) if is_only and len(categories) == 1 else None


class ActionWithdrawConsent(_Switch):
    """Stop using something."""

    deed = "withdraw_consent"

    def name(self) -> str:
        return "action_withdraw_consent"


class ActionShowConsents(CandorAction):
    """What is on and what is off."""

    def name(self) -> str:
        return "action_show_consents"

    def answer(self, talk: Talk) -> list[Answer]:
        if talk.person_id is None:
            return [talk.say("privacy.state_visitor")]
        name, on = talk.desk.recommender.name_category, list_on(talk)
        plain = [c for c in talk.desk.shop.categories if not c.startswith("sensitive_") and c != "fairness"]
        off = [c for c in plain if c not in on]
        buttons = [
            {
                "title": talk.words(
                    "privacy.button_switch_off" if c in on else "privacy.button_switch_on", category=name(c)
                ),
                "payload": f"/{'withdraw' if c in on else 'grant'}_consent{json.dumps({'category': c}, separators=(',', ':'))}",
            }
            for c in [*on, *off]
        ]
        buttons.append({"title": talk.words("privacy.button_levels"), "payload": "/ask_level"})
        if not on:
            return [talk.say("privacy.state_all_off", buttons=buttons)]
        facts = {"on": say_list([name(c) for c in on], talk.lang), "off": say_list([name(c) for c in off], talk.lang)}
        return [talk.say("privacy.state" if off else "privacy.state_all_on", buttons=buttons, **facts)]


class ActionShowHeldData(CandorAction):
    """What is held, in groups."""

    def name(self) -> str:
        return "action_show_held_data"

    def answer(self, talk: Talk) -> list[Answer]:
        days = talk.desk.shop.retention_days
        if talk.person_id is None:
            return [talk.say("privacy.held_visitor", days=days["conversations"])]
        with talk.read() as connection:
            groups = fetch_held(connection, person_id=talk.person_id, conversation_id=None, retention_days=days)
        told = [
            talk.words("privacy.held_group", title=talk.words(f"privacy.group_{group['name']}"), count=group["count"])
            for group in groups
            if group["count"]
        ]
        return [talk.say("privacy.held", groups=say_list(told, talk.lang))]


class ActionOfferCopy(CandorAction):
    """A copy of everything: the gateway gives it."""

    def name(self) -> str:
        return "action_offer_copy"

    def answer(self, talk: Talk) -> list[Answer]:
        return [press("/give_copy", kind="privacy", text="give_copy")]


class ActionOfferErasure(CandorAction):
    """Erasure is never done from a sentence: the gateway says what would go, and asks."""

    def name(self) -> str:
        return "action_offer_erasure"

    def answer(self, talk: Talk) -> list[Answer]:
        return [press("/ask_erasure", kind="privacy", text="ask_erasure")]


class ActionOfferCorrection(CandorAction):
    """Wrong data: a person corrects it."""

    def name(self) -> str:
        return "action_offer_correction"

    def answer(self, talk: Talk) -> list[Answer]:
        address = "privacy.correct" if talk.person_id is not None else "privacy.correct_visitor"
        return [talk.say(address, contact=talk.desk.shop.contact)]
