"""An explanation in words that stand alone: who reads only the text misses nothing."""

from collections.abc import Callable
from typing import Any

from data.impressions import Impression
from data.texts import Texts
from models.explanation import find_main_reason
from models.stated import find_stated, is_scored, is_stated
from models.wording import lower_first, say_list

MOSTLY, GOOD_PART, SOME = 0.5, 0.25, 0.1


def say_share(reason: dict[str, Any], texts: Texts) -> str:
    """The weight of a reason in words: most of it, a good part, some, a little; "against" when it counted against."""
    share = float(reason["share"])
    key = "most" if share >= MOSTLY else "good" if share >= GOOD_PART else "some" if share >= SOME else "little"
    words = texts.say(f"explanations.share_{key}")
    return texts.say("explanations.share_against", share=words) if reason["contribution"] < 0 else words


def tell_in_words(impression: Impression, texts: Texts, *, name_category: Callable[[str], str]) -> str:
    """Headline, reasons, the rest, rules, what was used and what not."""
    told = impression.explanation
    title = impression.offer["title"]
    lines = [_say_headline(impression, title, texts)]
    if impression.personalized:
        lines += [_say_reason(reason, told, texts) for reason in told["reasons"]]
        rules = " ".join(told["rules"]) if told["rules"] else texts.say("explanations.rules_none")
        lines.append(f"{_say_rest(told, texts)} {rules}" if is_scored(told) else rules)
    else:
        lines += [reason["text"] for reason in told["reasons"]]
    used = [name_category(category) for category in told["categories_used"]]
    unused = [name_category(c) for c in told["categories_unused"] if not c.startswith("sensitive_") and c != "fairness"]
    lines.append(
        texts.say("explanations.used", categories=say_list(used, texts.lang))
        if used
        else texts.say("explanations.used_nothing")
    )
    if unused:
        lines[-1] += f" {texts.say('explanations.unused', categories=say_list(unused, texts.lang))}"
    return "\n".join(lines)


def _say_headline(impression: Impression, title: str, texts: Texts) -> str:
    told = impression.explanation
    if not impression.personalized:
        own_order = told["reasons"][0]["reason_id"] == "own_order"
        return texts.say(
            "explanations.headline_own_order" if own_order else "explanations.headline_popular", title=title
        )
    if impression.offer.get("label") == "new":
        return texts.say("explanations.headline_new_place", title=title)
    stated = find_stated(told)
    if stated is not None:
        type_title = lower_first(told["type_title"], texts.lang)
        return texts.say(f"explanations.headline_{stated['reason_id']}", title=title, type=type_title)
    main = find_main_reason(told)
    if main is None:
        return texts.say("explanations.headline_no_reason", title=title)
    short = texts.say(
        f"reasons.{main['reason_id']}_short",
        type=lower_first(told["type_title"], texts.lang),
        aisle=impression.offer["category"],
    )
    key = "headline_mostly" if main["share"] >= MOSTLY else "headline_partly"
    return texts.say(f"explanations.{key}", title=title, reason=short)


def _say_reason(reason: dict[str, Any], told: dict[str, Any], texts: Texts) -> str:
    """The sentence with its weight in the score; a rule has none, nor has what is popular for everybody."""
    text: str = reason["text"]
    return f"{text} ({say_share(reason, texts)})" if is_scored(told) and not is_stated(reason) else text


def _say_rest(told: dict[str, Any], texts: Texts) -> str:
    largest = max(abs(reason["contribution"]) for reason in told["reasons"])  # a rule has 0
    if abs(told["remainder"]) < 1e-9:
        return texts.say("explanations.rest_none")
    if abs(told["remainder"]) > largest:
        return texts.say("explanations.rest_large")
    return texts.say("explanations.rest_for" if told["remainder"] > 0 else "explanations.rest_against")
