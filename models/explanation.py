"""Explanations: base + reasons + remainder = score, each part an exact Shapley value, each sentence true of rows.

An explanation is computed when the offer is shown and kept with the impression, so that it says what was true then. What
belongs to the reader (the controls beside each reason) is added when it is told (`tell_explanation`).
"""

import json
from typing import Any

from data.texts import Texts
from models.features import GROUPS, SHOP
from models.reasons import Witness, choose_reasons, tell_group
from models.stated import find_stated

_CATEGORY_OF = {group.name: group.category for group in GROUPS}


def explain_score(
    *,
    type_id: str,
    score: float,
    base: float,
    contributions: dict[str, float],
    used: frozenset[str],
    all_categories: tuple[str, ...],
    witness: Witness,
) -> dict[str, Any]:
    """The explanation of an offer that a ranker scored. `contributions` are log-odds by group; `used` the granted categories in it."""
    named = choose_reasons(contributions)
    rest = [group for group in contributions if group not in named]
    remainder = sum(contributions[group] for group in rest)
    whole = sum(abs(contributions[group]) for group in named) + abs(remainder)
    reasons = []
    for group in named:
        evidence = tell_group(group, type_id, witness)
        reasons.append(
            {
                "reason_id": group,
                "text": evidence.text,
                "category": _CATEGORY_OF[group],
                "contribution": contributions[group],
                "share": abs(contributions[group]) / whole if whole else 0.0,
                "evidence": {"facts": evidence.facts, "rows": evidence.rows},
            }
        )
    return {
        "categories_used": [category for category in all_categories if category in used],
        "categories_unused": [category for category in all_categories if category not in used],
        "base": base,
        "score": score,
        "remainder": remainder,
        "reasons": reasons,
    }


def explain_popularity(
    *, type_id: str, score: float, all_categories: tuple[str, ...], witness: Witness, own_order: bool
) -> dict[str, Any]:
    """The explanation of an offer that nothing personal chose: contributions 0, base = score."""
    if own_order:
        reason: dict[str, Any] = {
            "reason_id": "own_order",
            "text": witness.texts.say("reasons.own_order"),
            "facts": [],
            "rows": [],
        }
    else:
        told = tell_group("popular", type_id, witness)
        reason = {"reason_id": "popular", "text": told.text, "facts": told.facts, "rows": told.rows}
    return {
        "categories_used": [],
        "categories_unused": list(all_categories),
        "base": score,
        "score": score,
        "remainder": 0.0,
        "reasons": [
            {
                "reason_id": reason["reason_id"],
                "text": reason["text"],
                "category": SHOP,
                "contribution": 0.0,
                "share": 0.0,
                "evidence": {"facts": reason["facts"], "rows": reason["rows"]},
            }
        ],
    }


def find_main_reason(explanation: dict[str, Any]) -> dict[str, Any] | None:
    """The rule that gave the offer its place for what the customer said or looked at; else the largest reason that counts for the offer
    and rests on something the customer did; None when none stands out.

    That nothing was bought or no coupon used may count for an offer too, but nobody would call it why they see it.
    """
    stated = find_stated(explanation)
    if stated is not None:
        return stated
    for reason in sorted(explanation["reasons"], key=lambda reason: -float(reason["contribution"])):
        if reason["contribution"] > 0 and reason["category"] != SHOP and reason["evidence"]["rows"]:
            return dict(reason)
    return None


def tell_explanation(
    explanation: dict[str, Any], *, impression_id: str, offer_id: str, model_version: str, texts: Texts
) -> dict[str, Any]:
    """The explanation as the wire contract has it, with the controls of each reason."""
    return {
        "impression_id": impression_id,
        "offer_id": offer_id,
        "model_version": model_version,
        **explanation,
        "reasons": [
            {**reason, "controls": _make_controls(reason, impression_id, texts)} for reason in explanation["reasons"]
        ],
    }


def _make_controls(reason: dict[str, Any], impression_id: str, texts: Texts) -> list[dict[str, str]]:
    about = {"impression_id": impression_id, "reason_id": reason["reason_id"]}
    if reason["category"] == SHOP:
        stop = ("explanations.button_never", _make_payload("never_show", {"impression_id": impression_id}))
    else:
        stop = (
            "explanations.button_stop",
            _make_payload("stop_using", {"category": reason["category"], "impression_id": impression_id}),
        )
    controls = [
        stop,
        ("explanations.button_wrong", _make_payload("not_mine", about)),
        ("explanations.button_review", _make_payload("ask_review", about)),
    ]
    return [{"title": texts.say(key), "payload": payload} for key, payload in controls]


def _make_payload(intent: str, entities: dict[str, str]) -> str:
    return f"/{intent}{json.dumps(entities, separators=(',', ':'))}"
