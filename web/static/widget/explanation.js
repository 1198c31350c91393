/**
 * The explanation card, in the order of the house: offer, headline, at most three reasons each with its bar, its sentence, its
 * source and its three controls, the rest and the shop's rules, used and not used, exact numbers in a fold.
 * Every sentence is the message's own text; the bars only draw what the words beside them say.
 */

import { make, splitSentences } from "../common/dom.js";
import { icon, iconOf } from "../common/icons.js";
import { hasWeights, isRule, makeNumbers, makeWeight } from "../common/weights.js";
import { makeHead } from "./offer-row.js";

/** What rows of a table are called, and the part of the privacy centre that shows them. @type {Record<string, [string, string]>} */
const PARTS = { order_lines: ["orders", "orders"], offer_events: ["offers", "offer_events"], page_events: ["looks", "browsing"], preferences: ["offers", "preferences"] };

/** @param {import("./conversation.js").Message} message @param {import("./message.js").Hands} hands */
export function makeExplanation(message, hands) {
  const { words } = hands;
  /** @type {import("../common/weights.js").Explanation} */
  const told = message.explanation;
  const offer = message.offers[0];
  const lines = message.text.split("\n");
  const [headline, ...more] = splitSentences(lines[0]);
  const rest = lines.slice(1 + told.reasons.length, -1).join(" ");
  const isWeighed = hasWeights(told);
  return make(
    "div.card.explanation",
    {},
    offer && makeHead(offer, words),
    make("div.headline", {}, make("h3", {}, headline), more.length > 0 && make("p", {}, more.join(" "))),
    ...told.reasons.map((reason) => makeReason(reason, told, isWeighed, hands)),
    (rest || isWeighed) && make("div.rest", {}, isWeighed && makeWeight(words, told, null), rest && make("p", {}, rest)),
    makeUsed(told, words),
    isWeighed && make("details.exact", {}, make("summary", {}, words.say("numbers_title"), icon("fold")), makeNumbers(words, told), make("p.small", {}, words.say("numbers_note"))),
  );
}

/** @param {import("../common/weights.js").Reason} reason @param {import("../common/weights.js").Explanation} told @param {boolean} isWeighed @param {import("./message.js").Hands} hands */
function makeReason(reason, told, isWeighed, { words, press, openPrivacy }) {
  const controls = reason.controls.map((control) => {
    const button = make("button", { type: "button" }, control.title);
    button.addEventListener("click", () => press(control));
    return button;
  });
  const source = reason.category === "shop" ? words.say("from_shop") : words.say("from_you", { what: words.say(`in_words_${reason.category}`) });
  return make(
    "section.reason",
    {},
    make("div.inside", {}, isWeighed && !isRule(reason) && makeWeight(words, told, reason), make("p", {}, reason.text), make("p.source", {}, iconOf(reason.category), make("span", {}, source), makeRowsLink(reason, words, openPrivacy))),
    controls.length > 0 && make("div.controls", { role: "group", "aria-label": words.say("controls_of", { reason: reason.text }) }, ...controls),
  );
}

/** @param {import("../common/weights.js").Reason} reason @param {import("../common/words.js").Words} words @param {(part?: string) => void} openPrivacy */
function makeRowsLink(reason, words, openPrivacy) {
  const { rows } = reason.evidence;
  if (!rows.length || reason.category === "shop") return null;
  const [called, part] = PARTS[rows[0].table] ?? PARTS.offer_events;
  const key = `rows_${called}${rows.length === 1 ? "_one" : ""}`;
  const link = make("button.link", { type: "button" }, words.say(key, { count: rows.length }));
  link.addEventListener("click", () => openPrivacy(part));
  return link;
}

/** @param {import("../common/weights.js").Explanation} told @param {import("../common/words.js").Words} words */
function makeUsed(told, words) {
  const name = (/** @type {string} */ category) => words.say(`in_words_${category}`);
  const isPlain = (/** @type {string} */ category) => !category.startsWith("sensitive_") && category !== "fairness";
  const unused = told.categories_unused.filter(isPlain).map(name);
  if (told.categories_unused.some((category) => category.startsWith("sensitive_"))) unused.push(words.say("sensitive_goods"));
  return make(
    "dl.used",
    {},
    make("dt", {}, words.say("used_label")),
    make("dd", {}, told.categories_used.map(name).join(", ") || words.say("used_nothing")),
    ...(unused.length ? [make("dt", {}, words.say("unused_label")), make("dd", {}, unused.join(", "))] : []),
  );
}
