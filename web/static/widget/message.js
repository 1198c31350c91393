/** A message as it looks: who speaks stands above it, what it says stands as text, and cards show the same in more detail. */

import { make, makeParagraphs, splitSentences } from "../common/dom.js";
import { hasChanged, makeEffect } from "../common/effect.js";
import { icon } from "../common/icons.js";
import { makeExplanation } from "./explanation.js";
import { makeOfferRow } from "./offer-row.js";

/** @typedef {import("./conversation.js").Message} Message */
/** @typedef {import("../common/words.js").Words} Words */
/** @typedef {{words: Words, press: (button: {title: string, payload: string}) => void, why: (offer: any, from: HTMLElement) => void, openPrivacy: (part?: string) => void, save: (format: string, from: HTMLElement) => void, base: string}} Hands */

/** Buttons that the frame of the chat always shows, so that a message need not show them too. */
const IN_FRAME = new Set(["/request_human", "/cancel_handoff"]);

/** @param {Message} message @param {Hands} hands @returns {HTMLElement} */
export function makeMessage(message, hands) {
  const parts = message.author === "system" ? [makeSystemLine(message, hands)] : [makeAuthorLine(message, hands.words), makeBody(message, hands)];
  return make(`div.message.${message.author}`, { lang: message.lang, "data-seq": message.seq, "data-kind": message.kind }, ...parts, makeButtons(message, hands));
}

/** @param {{text: string}} item @param {Words} words @param {string} state in words */
export function makeWaiting(item, words, state) {
  return make(
    "div.message.customer",
    {},
    make("p.author", {}, make("b", {}, words.say("author_customer")), make("span.state", {}, state)),
    make("div.bubble", {}, ...makeParagraphs(item.text)),
  );
}

/** @param {string} author @param {string} name @returns {HTMLElement} */
export function makeFace(author, name) {
  if (author === "bot") return make("span.face.bot", { "aria-hidden": "true" }, icon("bot"));
  return make(`span.face.${author}`, { "aria-hidden": "true" }, name.slice(0, 1).toUpperCase());
}

/** @param {Message} message @param {Words} words */
function makeAuthorLine(message, words) {
  const time = make("time", { datetime: message.at }, words.time(message.at));
  if (message.author === "customer") return make("p.author", {}, make("b", {}, words.say("author_customer")), time, make("span.state", { "aria-live": "off" }));
  const name = message.author_name ?? "";
  const said = message.author === "human" ? words.say("author_person", { name }) : words.say("author_bot");
  return make("p.author", {}, makeFace(message.author, name), make("b", {}, said), time);
}

/** @param {Message} message @param {Hands} hands */
function makeSystemLine(message, hands) {
  if (message.extra?.effect) return makeEffectCard(message, hands);
  return make("div.line", {}, make("div", {}, ...makeParagraphs(message.text)));
}

/** @param {Message} message @param {Hands} hands */
function makeBody(message, hands) {
  if (message.explanation) return makeExplanation(message, hands);
  if (message.extra?.effect) return makeEffectCard(message, hands);
  if (message.kind === "consent" && message.buttons.length === 2 && message.text.includes("?")) return makeConsentQuestion(message, hands);
  if (message.offers.length) return makeOffers(message, hands);
  if (message.extra?.products?.some((/** @type {any} */ one) => one.image)) return makeGoods(message, hands);
  if (message.extra?.copy) return makeCopy(message, hands);
  if (message.extra?.transcript) return makeTranscript(message, hands);
  const source = message.extra?.source;
  return make(
    "div.bubble",
    {},
    ...makeParagraphs(message.text).map((paragraph) => (message.author === "bot" ? linkPrivacy(paragraph, hands) : paragraph)), // what a person wrote stands letter by letter
    source?.link && make("p", {}, make("a.link", { href: new URL(source.link, hands.base).href, target: "_blank", rel: "noopener" }, source.title)),
  );
}

/** @param {Message} message @param {Hands} hands */
function makeOffers(message, hands) {
  const text = message.text.split("\n").filter((line) => !/^\d+\. /.test(line)).join("\n");
  return make(
    "div.stack",
    {},
    make("div.bubble", {}, ...makeParagraphs(text)),
    make("ul.offers", { role: "list" }, ...message.offers.map((offer) => make("li", {}, makeOfferRow(offer, hands)))),
  );
}

/** A copy of what is held, to save as one file or as tables. @param {Message} message @param {Hands} hands */
function makeCopy(message, hands) {
  const ways = ["json", "csv"].map((format) => {
    const way = make("button.button", { type: "button" }, hands.words.say(`right_as_${format}`));
    way.addEventListener("click", () => hands.save(format, way));
    return way;
  });
  return make("div.stack", {}, make("div.bubble", {}, ...makeParagraphs(message.text).map((paragraph) => linkPrivacy(paragraph, hands))), make("div.pair", {}, ...ways));
}

/** The chat, to save as a text file. @param {Message} message @param {Hands} hands */
function makeTranscript(message, hands) {
  const way = make("button.button", { type: "button" }, hands.words.say("widget_save_chat"));
  way.addEventListener("click", () => hands.save("chat", way));
  return make("div.stack", {}, make("div.bubble", {}, ...makeParagraphs(message.text)), way);
}

/** Goods with their pictures below the text, which names them all. @param {Message} message @param {Hands} hands */
function makeGoods(message, { words }) {
  const goods = message.extra.products.map((/** @type {any} */ one) =>
    make(
      "li",
      {},
      makeGoodsPicture(one),
      make("span.told", {}, make("b", {}, one.title), one.price && make("span.price", {}, words.money(one.price))),
    ),
  );
  return make("div.stack", {}, make("div.bubble", {}, ...makeParagraphs(message.text)), make("ul.goods", { role: "list" }, ...goods));
}

/** A picture of a fixed size, fetched when it comes into view; one that fails leaves its place empty. @param {{title: string, image?: string}} one */
function makeGoodsPicture({ title, image }) {
  const place = make("span.picture", image ? {} : { "aria-hidden": "true" });
  if (!image) return place;
  const picture = make("img", { alt: title, width: "56", height: "56", loading: "lazy", decoding: "async", referrerpolicy: "no-referrer" });
  picture.addEventListener("error", () => picture.remove());
  picture.setAttribute("src", image);
  place.append(picture);
  return place;
}

/** The question, then what, why and how long, then two answers that weigh the same. @param {Message} message @param {Hands} hands */
function makeConsentQuestion(message, { words, press }) {
  const [question, ...rest] = splitSentences(message.text);
  const labels = words.say("consent_labels").split("|");
  const isFact = (/** @type {string} */ sentence) => labels.some((label) => sentence.startsWith(label));
  const facts = rest.filter(isFact).map((sentence) => {
    const label = labels.find((one) => sentence.startsWith(one)) ?? "";
    return make("span", {}, make("b", {}, label), `${sentence.slice(label.length)} `);
  });
  return make(
    "div.card.ask",
    {},
    make("h3", {}, question),
    facts.length > 0 && make("p", {}, ...facts),
    makePair(message.buttons, press),
    make("p.small", {}, rest.filter((sentence) => !isFact(sentence)).join(" ")),
  );
}

/** What a switch did. @param {Message} message @param {Hands} hands */
function makeEffectCard(message, { words, press, openPrivacy }) {
  const { before, after, category, granted } = message.extra?.effect;
  const sentences = splitSentences(message.text);
  const count = sentences[0].split(" ").length < 3 ? 2 : 1;
  const what = words.say(`in_words_${category}`);
  const record = make("button.link", { type: "button" }, words.say("effect_receipt"));
  record.addEventListener("click", () => openPrivacy("consents"));
  return make(
    "div.card.done",
    {},
    make("div.lead", {}, make("h3", {}, sentences.slice(0, count).join(" ")), make("p", {}, sentences.slice(count).join(" "))),
    hasChanged(before, after) && makeEffect(words, before, after, { granted, with: words.say("effect_with", { what }), without: words.say("effect_without") }),
    make("div.foot", {}, makePair(message.buttons, press)),
    make("p.small", {}, words.say("effect_recorded", { at: words.moment(message.at) }), " ", record),
  );
}

/** Two buttons of the same size, outline and row. @param {{title: string, payload: string}[]} buttons @param {Hands["press"]} press */
function makePair(buttons, press) {
  const isSigned = buttons.every(findIcon); // an icon on one side only would weigh more
  return make("div.pair", {}, ...buttons.map((button) => makeButton("button.button", button, press, isSigned ? findIcon(button) : undefined)));
}

/** @type {Record<string, string>} */
const ICONS = { request_human: "person", try_again: "back", ask_consents: "shield", grant_consent: "back", withdraw_consent: "never" };

/** @param {{payload: string}} button */
const findIcon = ({ payload }) => ICONS[payload.match(/^\/(\w+)/)?.[1] ?? ""];

/** @param {string} tag @param {{title: string, payload: string}} button @param {Hands["press"]} press @param {string} [sign] an icon's name */
function makeButton(tag, button, press, sign) {
  const made = make(tag, { type: "button" }, sign ? icon(sign) : null, make("span", {}, button.title));
  made.addEventListener("click", () => press(button));
  return made;
}

/** @param {Message} message @param {Hands} hands */
function makeButtons(message, { words, press }) {
  const isCard = message.extra?.effect || (message.kind === "consent" && message.buttons.length === 2 && message.text.includes("?") && message.author !== "system");
  const shown = message.kind === "disclosure" || message.kind === "handoff" || message.author === "system" ? message.buttons.filter(({ payload }) => message.buttons.length > 1 || !IN_FRAME.has(payload)) : message.buttons;
  if (isCard || !shown.length) return null;
  if (message.explanation) {
    const isOther = (/** @type {{payload: string}} */ { payload }) => payload.startsWith("/ask_why_offer");
    const others = shown.filter(isOther);
    return make(
      "div.stack",
      {},
      make("div.pair", {}, ...shown.filter((button) => !isOther(button)).map((button) => makeButton("button.button", button, press))),
      others.length > 0 && make("p.small", {}, words.say("explain_others")),
      others.length > 0 && make("div.chips", {}, ...others.map((button) => makeButton("button.chip", button, press))),
    );
  }
  if (shown.length === 2) return makePair(shown, press);
  return make("div.chips", {}, ...shown.map((button) => makeButton("button.chip", button, press)));
}

/** "/privacy" in a sentence becomes a way there. @param {HTMLElement} paragraph @param {Hands} hands */
function linkPrivacy(paragraph, { words, openPrivacy }) {
  const [before, ...after] = (paragraph.textContent ?? "").split(/\s?\(\/privacy\)/);
  if (!after.length) return paragraph;
  const name = words.say("widget_data");
  const way = make("button.link", { type: "button" }, name);
  way.addEventListener("click", () => openPrivacy());
  const named = [`„${name}“`, `«${name}»`, `“${name}”`, name].find((one) => before.endsWith(one));
  paragraph.replaceChildren(named ? before.slice(0, -named.length) : `${before} `, way, after.join(""));
  return paragraph;
}
