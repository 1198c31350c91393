/** An offer in the chat: the same facts as on the page, in one row. */

import { make } from "../common/dom.js";
import { icon } from "../common/icons.js";
import { makePicture } from "../common/pictures.js";
import { makeLabel, tellTerms } from "./offer.js";

/** @param {import("./offer.js").Offer} offer @param {import("./message.js").Hands} hands */
export function makeOfferRow(offer, { words, why }) {
  const ask = make("button.why", { type: "button", "aria-label": words.say("offer_why_named", { title: offer.title }) }, icon("info"), make("span", {}, words.say("offer_why")));
  ask.addEventListener("click", () => why(offer, ask));
  return make(
    "article.card.offer-row",
    {},
    makeHead(offer, words),
    make("div.told", {}, makeLabel(offer), make("p", {}, offer.why), offer.price_personalized && make("p.small", {}, words.say("offer_price_personalized"))),
    offer.impression_id ? ask : null,
  );
}

/** Picture, name and terms. @param {import("./offer.js").Offer} offer @param {import("../common/words.js").Words} words */
export function makeHead(offer, words) {
  const terms = tellTerms(words, offer);
  return make("div.what", {}, makePicture(offer.category), make("div", {}, make("h3", {}, offer.title), make("p", {}, [offer.category, ...terms].join(" · "))));
}
