"""Offers in the chat: a slate with its reasons, and the question for consent where it would first help."""

from typing import Any

from actions.talk import Answer, CandorAction, Talk
from data.catalogue import fetch_running_offers, find_type
from data.consent import fetch_ledger, may_ask
from data.notices import find_version, tell_notice
from models.showing import choose_slate, record_shown
from models.wording import lower_first, say_list, say_money

SLOT = "chat"
LIMIT = 5
WANTED = "purchases"  # what would first help


class ActionShowOffers(CandorAction):
    """Which offers there are."""

    def name(self) -> str:
        return "action_show_offers"

    def answer(self, talk: Talk) -> list[Answer]:
        desk = talk.desk
        minor = talk.conversation.minor if talk.conversation else False
        choice = choose_slate(
            desk.database, desk.recommender, clock=desk.clock, person_id=talk.person_id, limit=LIMIT, minor=minor
        )
        with desk.database.write() as connection:
            shown = record_shown(connection, choice, clock=desk.clock, slot=SLOT, channel="chat")
            asks = may_ask(
                connection,
                talk.person_id,
                WANTED,
                now=desk.clock.now(),
                quiet_days=desk.shop.ask_again_after_days,
                minor=minor,
            )
            notice = tell_notice(talk.desk.texts, desk.shop, WANTED, find_version(connection, WANTED))
            before = fetch_ledger(connection, talk.person_id).find(WANTED, "choose") if talk.person_id else None
        if not shown:
            return [talk.say("offers.none")]
        used = shown[0].explanation["categories_used"]
        if any(impression.personalized for impression in shown):
            told = talk.say(
                "offers.personal", categories=say_list([desk.recommender.name_category(c) for c in used], talk.lang)
            )
        else:
            told = talk.say("offers.popular_minor" if minor else "offers.popular")
        lines = "\n".join(f"{i.position}. {_tell_offer(talk, i.offer)}" for i in shown)
        asked = _tell_type(talk)
        text = "\n".join(part for part in (asked, told.text, lines, *choice.slate.decisions) if part)
        answers = [Answer("offers", text, custom={"offers": [i.impression_id for i in shown]})]
        if asks and not self._was_asked(talk):
            key = "offers.ask_consent_again" if before and before.is_outgrown else "offers.ask_consent"
            answers.append(talk.say(key, notice=notice, days=desk.shop.ask_again_after_days))
        return answers

    def _was_asked(self, talk: Talk) -> bool:
        """Never twice in one conversation (P8)."""
        return any(
            button["payload"].startswith("/decline_consent")
            for message in talk.fetch_said()
            for button in message.buttons
        )


def _tell_offer(talk: Talk, offer: dict[str, Any]) -> str:
    """One offer in a line that stands alone: what, price, discount, until when, whether the price is personal, and why."""
    terms = [offer["title"]]
    if price := offer.get("price"):
        terms.append(say_money(price["amount"], price["currency"], talk.lang))
    if discount := offer.get("discount"):
        worth = (
            talk.words("offers.discount_percent", percent=f"{discount['percent']:g}")
            if "percent" in discount
            else say_money(discount["amount"], discount["currency"], talk.lang)
        )
        terms.append(talk.words("offers.discount", discount=worth))
    if until := offer.get("until"):
        terms.append(talk.words("offers.valid_until", date=until))
    notice = talk.words("offers.price_personalized") if offer.get("price_personalized") else ""
    return " ".join(part for part in (f"{', '.join(terms)}.", notice, offer["why"]) if part)


def _tell_type(talk: Talk) -> str:
    """What there is on the kind of thing that was asked about."""
    type_id = talk.find_entity("product_type")
    if type_id is None:
        return ""
    with talk.read() as connection:
        thing = find_type(connection, type_id)
        running = [
            offer for offer in fetch_running_offers(connection, talk.desk.clock.today()) if offer.type_id == type_id
        ]
    if thing is None:
        return ""
    key = "offers.there_is" if running else "offers.none_of_type"
    return talk.words(key, type=lower_first(thing.title, talk.lang), title=running[0].title if running else "")
