"""Rules that rest on what the customer said or looked at, told as reasons of their own: "you told us that you like", "you looked at".

Such a reason says why an offer has its place, and no score is in it: its contribution is 0, so the parts still add up. It comes
first, names its category and rows, and has the controls of any other reason.
"""

from collections.abc import Mapping
from typing import Any

from models.reasons import Evidence, Witness
from models.slate import Place
from models.wording import say_date

CATEGORY_OF_RULE = {"like": "preferences", "looked": "browsing"}


def find_stated(explanation: Mapping[str, Any]) -> dict[str, Any] | None:
    """The reason that is a rule of this kind, if the offer has its place by one."""
    return next((dict(reason) for reason in explanation["reasons"] if is_stated(reason)), None)


def is_stated(reason: Mapping[str, Any]) -> bool:
    """Whether a reason is a rule that rests on what the customer said or looked at, and no part of a score."""
    return reason["reason_id"] in CATEGORY_OF_RULE


def is_scored(explanation: Mapping[str, Any]) -> bool:
    """Whether anything about the customer is in the score."""
    return any(reason["contribution"] for reason in explanation["reasons"])


def add_stated(explanation: dict[str, Any], place: Place, witness: Witness) -> dict[str, Any]:
    """The explanation with the rule as its first reason, and with its category among those used; unchanged without such a rule."""
    if place.rule not in CATEGORY_OF_RULE:
        return explanation
    category = CATEGORY_OF_RULE[place.rule]
    group = witness.types[place.candidate.type_id].sensitive
    categories = [category, *([f"sensitive_{group}"] if group else [])]
    evidence = _TELLERS[place.rule](place.candidate.type_id, witness)
    reason = {
        "reason_id": place.rule,
        "text": evidence.text,
        "category": category,
        "contribution": 0.0,
        "share": 0.0,
        "evidence": {"facts": evidence.facts, "rows": evidence.rows},
    }
    used = explanation["categories_used"]
    return explanation | {
        "categories_used": [*used, *(one for one in categories if one not in used)],
        "categories_unused": [other for other in explanation["categories_unused"] if other not in categories],
        "reasons": [reason, *explanation["reasons"]],
    }


def _tell_like(type_id: str, witness: Witness) -> Evidence:
    rows = [{"table": "preferences", "id": like[2]} for like in witness.own.likes if like[1] == type_id]
    facts = [{"name": "liked_type", "value": type_id}]
    return Evidence(witness.texts.say("reasons.like", type=witness.title(type_id)), facts, rows)


def _tell_looked(type_id: str, witness: Witness) -> Evidence:
    """The date stands beside "today", so that the sentence is as true when it is read later."""
    looks = [look for look in witness.own.looks if look[1] == type_id]
    facts: list[dict[str, Any]] = [
        {"name": "looked_on", "value": witness.today.isoformat()},
        {"name": "looks", "value": len(looks)},
    ]
    text = witness.texts.say(
        "reasons.looked", type=witness.title(type_id), date=say_date(witness.today, witness.today, witness.texts.lang)
    )
    return Evidence(text, facts, [{"table": "page_events", "id": look[2]} for look in looks])


_TELLERS = {"like": _tell_like, "looked": _tell_looked}
