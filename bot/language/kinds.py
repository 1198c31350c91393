"""Which kind of message an intent asks for: what the customer sees of it (docs/contract.md, `kind`)."""

KINDS = {
    "disclosure": ["ask_if_bot"],
    "answer": ["ask_question"],
    "order": ["ask_order_status", "ask_order_contents", "list_orders", "ask_return", "report_missing_item"],
    "products": ["search_product", "ask_price", "ask_stock", "ask_contents", "ask_similar"],
    "offers": ["ask_offers"],
    "explanation": ["ask_why_offer", "ask_how_it_works", "ask_how_sure", "ask_more", "ask_meaning"],
    "why_not": ["ask_why_not"],
    "what_if": ["ask_what_if"],
    "consent": ["grant_consent", "withdraw_consent", "ask_consents", "ask_what_is_used", "never_show", "tell_taste"],
    "privacy": ["ask_what_is_held", "request_copy", "request_erasure", "request_correction"],
    "review": ["dispute_reason"],
    "feedback": ["give_praise", "give_blame"],
    "handoff": ["request_human", "cancel_handoff"],
    "chat": [
        "greet",
        "say_goodbye",
        "thank",
        "ask_how_are_you",
        "ask_what_can_you_do",
        "affirm",
        "deny",
        "continue_with_bot",
        "small_talk",
        "say_abuse",
        "tell_health",
        "choose_listed",
    ],
    "fallback": [
        "nlu_fallback",
        "ask_out_of_scope",
        "try_injection",
        "report_distress",
        "report_emergency",
        "speak_other_language",
    ],
}
KIND_OF = {intent: kind for kind, intents in KINDS.items() for intent in intents}
# What may stand beside another request in one message, each with an answer of its own.
REQUESTS = frozenset(
    intent
    for kind, intents in KINDS.items()
    if kind not in ("chat", "feedback", "fallback")
    for intent in intents
    if intent not in ("ask_more", "ask_meaning", "cancel_handoff")
)
# Switches and deletions: never done from half a sentence.
DEEDS = frozenset(("grant_consent", "withdraw_consent", "request_erasure"))
