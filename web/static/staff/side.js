/** The customer's side: what may be used, and why which offer was shown. Sensitive groups show only when they are on. */

import { make } from "../common/dom.js";
import { icon, iconOf } from "../common/icons.js";
import { hasWeights, isRule, makeNumbers, makeWeight } from "../common/weights.js";

const EXACT = 1e-6;

/** @param {any} detail @param {{words: import("../common/words.js").Words, name: string}} view @returns {HTMLElement[]} */
export function makeSide(detail, { words, name }) {
  return [makeCustomer(detail, words, name), ...makeMatter(detail, words), makeConsents(detail, words), ...makeOffers(detail, words)];
}

/** @param {any} detail @param {import("../common/words.js").Words} words @param {string} name */
function makeCustomer({ customer }, words, name) {
  return make(
    "section",
    {},
    make("h2", {}, words.say("staff_side"), customer && make("span.label", {}, icon("eye"), words.say("staff_recorded"))),
    make("p", {}, make("b", {}, name), customer?.since ? `, ${words.say("staff_customer_since", { date: words.day(customer.since) })}` : ""),
    customer && make("p.small", {}, words.say("staff_customer_id", { id: customer.customer_id })),
  );
}

/** What the assistant passed on: the order in question, what was in it, what the customer named. @param {any} detail @param {import("../common/words.js").Words} words */
function makeMatter({ handoff }, words) {
  const topic = handoff?.topic;
  if (topic?.message && !topic.order_id) return [make("section.matter", {}, make("h2", {}, words.say("staff_matter_message")), make("p.said", {}, topic.message))];
  if (!topic?.order_id) return [];
  const list = (/** @type {string[]} */ items) => make("ul", {}, ...items.map((item) => make("li", {}, item)));
  return [
    make(
      "section.matter",
      {},
      make("h2", {}, words.say("staff_matter")),
      topic.about && make("p", {}, topic.about),
      make("p", {}, make("b", {}, words.say("staff_matter_order", { order_id: topic.order_id, date: topic.ordered_on ?? "", status: topic.status ?? "" }))),
      topic.message && make("p.said", {}, topic.message),
      topic.named && make("p.small", {}, words.say("staff_matter_named")),
      topic.named && list(topic.named),
      topic.lines && make("details", {}, make("summary", {}, words.say("staff_matter_lines"), icon("fold")), list(topic.lines)),
    ),
  ];
}

/** @param {any} detail @param {import("../common/words.js").Words} words */
function makeConsents({ consents }, words) {
  const shown = consents.filter((/** @type {any} */ one) => one.granted || !one.category.startsWith("sensitive_"));
  return make(
    "section",
    {},
    make("h2", {}, words.say("staff_consents")),
    make("ul.consents", { role: "list" }, ...shown.map((/** @type {any} */ one) => make("li", {}, iconOf(one.category), make("span", {}, words.has(`staff_${one.category}`) ? words.say(`staff_${one.category}`) : one.title), make("b", {}, one.granted ? words.say("staff_on_since", { date: words.day(one.since) }) : words.say("staff_off"))))),
  );
}

/** @param {any} detail @param {import("../common/words.js").Words} words */
function makeOffers({ offers, focus }, words) {
  if (!offers.length) return [make("section", {}, make("h2", {}, words.say("staff_also")), make("p.small", {}, words.say("staff_no_offers")))];
  const first = offers.find((/** @type {any} */ offer) => offer.impression_id === focus) ?? offers[0];
  const slate = offers.filter((/** @type {any} */ offer) => offer !== first && offer.slate_id === first.slate_id);
  return [
    make("section", {}, make("h2", {}, words.say("staff_why_saw", { title: first.title })), ...makeReasons(first, words)),
    make(
      "section",
      {},
      make("h2", {}, words.say("staff_also")),
      ...slate.map((/** @type {any} */ offer) => make("details", {}, make("summary", {}, make("span.place", {}, String(offer.position)), make("span", {}, offer.title), make("span.small", {}, offer.label_text ?? ""), icon("fold")), ...makeReasons(offer, words))),
    ),
  ];
}

/** @param {any} offer @param {import("../common/words.js").Words} words @returns {HTMLElement[]} */
function makeReasons(offer, words) {
  const told = offer.explanation;
  const shown = make("p.small", {}, words.say("staff_shown_at", { at: words.moment(offer.shown_at), place: offer.position }));
  if (!hasWeights(told)) return [...told.reasons.map((/** @type {any} */ reason) => make("p", {}, reason.text)), make("p.small", {}, words.say("staff_no_weights")), shown];
  const sum = told.reasons.reduce((/** @type {number} */ total, /** @type {any} */ reason) => total + reason.contribution, told.base + told.remainder);
  return [
    ...told.reasons.map((/** @type {any} */ reason) => make("div.why-row", {}, make("p", {}, reason.text), !isRule(reason) && makeWeight(words, told, reason))),
    make("div.why-row", {}, make("p", {}, words.say("staff_everything_else")), makeWeight(words, told, null)),
    make("p.small", {}, words.say(Math.abs(sum - told.score) <= EXACT ? "staff_adds_up" : "staff_adds_not")),
    shown,
    makeExact(offer, words),
  ];
}

/** The exact numbers, and beside them the same as a picture, which is drawn when this is opened. @param {any} offer @param {import("../common/words.js").Words} words */
export function makeExact(offer, words) {
  const numbers = makeNumbers(words, offer.explanation);
  numbers.id = `numbers-${offer.impression_id}`;
  const place = make("div.picture", { role: "status" });
  const fold = /** @type {HTMLDetailsElement} */ (make("details", {}, make("summary", {}, words.say("numbers_title"), icon("fold")), numbers, place));
  fold.addEventListener("toggle", () => {
    if (!fold.open || place.firstChild) return;
    const image = make("img", { alt: words.say("staff_picture_alt", { title: offer.title }), "aria-describedby": numbers.id, hidden: true });
    const drawing = make("p.small", {}, words.say("staff_picture_drawing"));
    place.append(drawing, image);
    image.addEventListener("load", () => { drawing.remove(); image.hidden = false; });
    image.addEventListener("error", () => { drawing.textContent = words.say("staff_picture_failed"); });
    image.setAttribute("src", `/staff/api/impressions/${encodeURIComponent(offer.impression_id)}/waterfall`);
  });
  return fold;
}
