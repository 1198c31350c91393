/** An offer as a card: on a page's strip and in the chat. "Why am I seeing this?" is its last row, everywhere. */

import { make } from "../common/dom.js";
import { icon, iconOf } from "../common/icons.js";
import { makePicture } from "../common/pictures.js";

/** @typedef {{offer_id: string, impression_id: string | null, title: string, category: string, price?: {amount: number, currency: string}, discount?: {percent?: number, amount?: number, currency?: string}, price_personalized?: boolean, valid_until?: string, until?: string, personalized: boolean, why: string, label?: string, label_text?: string}} Offer */
/** @typedef {import("../common/words.js").Words} Words */

const PERSONAL = new Set(["purchases", "offers", "preferences", "browsing"]);

/** "$2.29, $1.00 off, until 7 January": what is known of price and time, or nothing. @param {Words} words @param {Offer} offer @returns {string[]} */
export function tellTerms(words, offer) {
  const { price, discount } = offer;
  const terms = [];
  if (price) terms.push(words.money(price));
  if (discount?.percent) terms.push(words.say("offer_percent_off", { percent: discount.percent }));
  else if (discount?.amount) terms.push(words.say("offer_amount_off", { amount: words.money({ amount: discount.amount, currency: discount.currency ?? price?.currency ?? "USD" }) }));
  const until = offer.until ?? (offer.valid_until ? words.date(offer.valid_until) : null);
  if (until) terms.push(words.say("offer_until", { date: until }));
  return terms;
}

/** @param {Offer} offer the label that says where it comes from */
export function makeLabel(offer) {
  if (!offer.label_text) return null;
  const tint = offer.label === "new" ? ".amber" : PERSONAL.has(offer.label ?? "") ? ".pine" : "";
  return make(`span.label${tint}`, {}, iconOf(offer.label ?? "popular"), offer.label_text);
}

/**
 * @param {Words} words @param {Offer} offer
 * @param {{heading: string, onwhy: (offer: Offer, button: HTMLElement) => void, title?: Node | null}} options
 */
export function makeOfferCard(words, offer, { heading, onwhy, title }) {
  const [first, ...rest] = tellTerms(words, { ...offer, until: undefined, valid_until: undefined });
  const until = offer.until ?? (offer.valid_until ? words.date(offer.valid_until) : null);
  const why = make("button.why", { type: "button", "aria-label": words.say("offer_why_named", { title: offer.title }) }, icon("info"), make("span", {}, words.say("offer_why")));
  why.addEventListener("click", () => onwhy(offer, why));
  return make(
    "article.offer.card",
    { "data-offer": offer.offer_id },
    makePicture(offer.category),
    make(
      "div.told",
      {},
      make("div.from", {}, makeLabel(offer)),
      make(heading, {}, title ?? offer.title),
      make("p.aisle", {}, offer.category),
      make("p.reason", {}, offer.why),
      make(
        "div.terms",
        {},
        first && make("p.price", {}, make("strong", {}, first), ...rest.map((term) => make("span", {}, ` ${term}`))),
        until && make("p.until", {}, words.say("offer_until_line", { date: until })),
        offer.price_personalized && make("p.until", {}, words.say("offer_price_personalized")),
      ),
    ),
    why,
  );
}
