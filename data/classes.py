"""What every column holds of people. One table, from which export and erasure are derived; a column that is not here fails the tests.

Three classes: *personal* names somebody or holds what they said, and is sealed; *pseudonymous* is about somebody under a random number
and readable to SQL; *none* is about nobody. `tied` are the columns by which a row belongs to a person, and so how it is found to be erased.
"""

from dataclasses import dataclass

from data.tables_reaching import metadata

__all__ = ["TABLES", "Held", "metadata"]


@dataclass(frozen=True)
class Held:
    """What a table holds.

    Attributes
    ----------
    group
        The group of `/api/me/data` in which its rows are told; None: it holds nobody, or what nobody can read (`why`).
    retention
        The key of `[retention]` in shop.toml after which it goes; None: as long as the customer is one.
    tied
        The columns that tie a row to a person: one that fits is enough; none: no row is anybody's.
    kept
        True: its rows stay after an erasure, for `why`.
    """

    personal: str = ""
    pseudonymous: str = ""
    none: str = ""
    group: str | None = None
    retention: str | None = None
    tied: str = ""
    kept: bool = False
    why: str = ""

    def list_columns(self) -> list[str]:
        return [*self.personal.split(), *self.pseudonymous.split(), *self.none.split()]


TABLES: dict[str, Held] = {
    "shop": Held(none="key value", why="facts about the installation"),
    "types": Held(none="type_id title category sensitive added_at", why="the catalogue"),
    "products": Held(
        none="product_id type_id title price_minor brand stock sensitive added_at image contents contents_at",
        why="the catalogue",
    ),
    "offers": Held(
        none="offer_id title type_id product_id discount_percent discount_minor starts_on ends_on price_personalized",
        why="the catalogue",
    ),
    "questions": Held(none="question_id title wordings answer source link", why="the shop's own answers"),
    "answers": Held(none="answer_id title text lang", why="the shop's own answers, for its staff"),
    "customers": Held(
        personal="body",
        pseudonymous="person_id customer_key mail_key since",
        none="invented",
        group="profile",
        tied="person_id",
    ),
    "audit_groups": Held(pseudonymous="person_id name value", group="fairness", tied="person_id"),
    "orders": Held(pseudonymous="order_id person_id ordered_at status tracking", group="orders", tied="person_id"),
    "order_lines": Held(
        pseudonymous="line_id order_id person_id ordered_on product_id quantity unit_price_minor discount_minor offer_id disputed_at",
        group="orders",
        tied="person_id",
    ),
    "offer_events": Held(
        pseudonymous="event_id person_id offer_id type_id event happened_on happened_at impression_id",
        group="offer_events",
        retention="impressions",
        tied="person_id",
    ),
    "page_events": Held(
        pseudonymous="event_id person_id kind product_id page happened_on happened_at",
        group="browsing",
        retention="browsing",
        tied="person_id",
    ),
    "consent_events": Held(
        pseudonymous="event_id person_id category purpose granted at source signal simulated notice_version lang",
        group="consents",
        retention="receipts",
        tied="person_id",
    ),
    "consent_refusals": Held(
        pseudonymous="refusal_id person_id category at", group="refusals", retention="receipts", tied="person_id"
    ),
    "notices": Held(none="category version takes_more published_at words", why="what every customer is told"),
    "receipts": Held(
        personal="body",
        pseudonymous="receipt_id person_id event_ids issued_at",
        group="receipts",
        retention="receipts",
        tied="person_id",
    ),
    "frequencies": Held(pseudonymous="person_id frequency at", group="frequency", tied="person_id"),
    "preferences": Held(pseudonymous="preference_id person_id kind type_id at", group="preferences", tied="person_id"),
    "uses": Held(
        pseudonymous="use_id person_id at categories what_for by detail",
        group="uses",
        retention="receipts",
        tied="person_id",
    ),
    "impressions": Held(
        pseudonymous="impression_id slate_id person_id slot position offer_id type_id channel consents model_version variant "
        "personalized shown_at shop_day offer explanation",
        group="impressions",
        retention="impressions",
        tied="person_id",
    ),
    "conversations": Held(
        pseudonymous="conversation_id person_id locale minor state epoch last_seq last_number answered_seq owed_seq owed_until "
        "page_offers focus zone awaits opened_at touched_at",
        group="conversations",
        retention="conversations",
        tied="person_id conversation_id",
    ),
    "conversation_tokens": Held(
        pseudonymous="token_hash conversation_id speaks_until issued_at",
        retention="conversations",
        tied="conversation_id",
        why="hashes of keys that the customer's own browser holds",
    ),
    "messages": Held(
        personal="body",
        pseudonymous="conversation_id number seq client_key author author_name kind lang at private speaks",
        group="conversations",
        retention="conversations",
        tied="conversation_id",
    ),
    "disclosures": Held(
        pseudonymous="conversation_id seq text_version lang at",
        group="conversations",
        retention="conversations",
        tied="conversation_id",
    ),
    "handoffs": Held(
        personal="body",
        pseudonymous="handoff_id conversation_id state phase team since claimed_by claimed_at ended_at ended_as wrap_up rating "
        "in_front has_message queued_at told_at told_times answered_at unanswered_since customer_seen_at",
        group="conversations",
        retention="conversations",
        tied="conversation_id",
    ),
    "marks": Held(
        pseudonymous="conversation_id delivered seen staff",
        group="conversations",
        retention="conversations",
        tied="conversation_id",
    ),
    "reviews": Held(
        personal="body",
        pseudonymous="review_id person_id conversation_id impression_id reason_id state opened_at due_on decided_by decided_at",
        group="reviews",
        retention="receipts",
        tied="person_id conversation_id",
    ),
    "corrections": Held(
        pseudonymous="review_id line_id order_id product_id state",
        group="reviews",
        retention="receipts",
        tied="review_id",
    ),
    "overrides": Held(
        personal="body",
        pseudonymous="override_id person_id offer_id kind review_id decided_by decided_at",
        none="reason",
        group="decisions",
        tied="person_id",
    ),
    "incidents": Held(
        none="incident_id version kind state concerns since happened done advice lang written_by written_at published_at",
        why="what the shop says in public of what went wrong; whom it concerns is in incident_people",
    ),
    "incident_people": Held(pseudonymous="incident_id person_id", group="incidents", tied="person_id"),
    "incident_notices": Held(
        pseudonymous="incident_id version person_id conversation_id seq at",
        group="incidents",
        tied="person_id",
    ),
    "control_effects": Held(
        none="effect_id kind category acted left came moved day",
        why="counts of what controls did, by day and about nobody",
    ),
    "requests": Held(
        personal="body",
        pseudonymous="request_id person_id customer_key conversation_id kind state opened_at due_at closed_at closed_by outcome review_id",
        group="requests",
        retention="receipts",
        tied="person_id conversation_id",
    ),
    "standings": Held(pseudonymous="person_id restricted_at objected_at", group="standing", tied="person_id"),
    "outbox": Held(
        personal="body",
        pseudonymous="letter_id person_id conversation_id kind written_at due_at ends_at tries",
        retention="conversations",
        tied="person_id conversation_id",
        why="a letter or call on its way, to the customer or about them to staff, gone once it is sent",
    ),
    "mail_links": Held(
        pseudonymous="link_hash person_id until",
        tied="person_id",
        why="hashes of links that the customer's own mail holds, gone within a quarter of an hour",
    ),
    "staff": Held(none="username name role password_hash disabled temporary_until", why="staff, not customers"),
    "staff_keys": Held(none="key_hash username label made_at used_at", why="staff, not customers"),
    "staff_sessions": Held(none="token_hash username created_at seen_at device", why="staff, not customers"),
    "second_factors": Held(none="username secret confirmed_at last_step", why="staff, not customers"),
    "recovery_codes": Held(none="code_hash username used_at", why="staff, not customers"),
    "sign_in_tries": Held(none="try_key failed tried_at wait_until", why="staff, not customers"),
    "presences": Held(none="username presence talks_at_once seen_at given_at", why="staff, not customers"),
    "audit": Held(
        pseudonymous="audit_id at actor act person_id object_id detail mac",
        kept=True,
        why="the proof of what was done, under a random number that leads to nobody once the customer is erased",
    ),
    "audit_head": Held(none="head_id number mac seal", why="where the audit log ends"),
}
