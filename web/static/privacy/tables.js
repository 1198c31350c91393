/** Tables that become small blocks on a phone, in the order what, why, when, who. */

import { make } from "../common/dom.js";
import { icon, iconOf } from "../common/icons.js";
import { makeReceiptButton } from "./receipts.js";

const FIRST = 8;

/** @typedef {import("../common/words.js").Words} Words */

/** Each time data was used. @param {any[]} rows newest first @param {Words} words */
export function makeTimes(rows, words) {
  if (!rows.length) return make("p.card.nothing", {}, words.say("privacy_when_none"));
  const head = ["privacy_when", "privacy_what", "privacy_what_for", "privacy_by"].map((key) => words.say(key));
  const cells = rows.map((row) => [
    { text: words.moment(row.at), kind: "when" },
    { text: tellWhat(row, words), kind: "what", sign: row.categories.length ? iconOf(row.categories.includes("purchases") ? "purchases" : row.categories[0]) : icon("person") },
    { text: tellWhatFor(row, words), kind: "why" },
    { text: words.has(`by_${row.by}`) ? words.say(`by_${row.by}`) : words.say("by_person", { name: row.by }), kind: "by" },
  ]);
  return makeFolding(head, cells, words, words.say("privacy_when_h"));
}

/** Each yes and no, newest first, with its receipt. @param {any[]} rows @param {import("./switches.js").Hands} hands */
export function makeConsentLog(rows, hands) {
  const { words } = hands;
  if (!rows.length) return make("p.card.nothing", {}, words.say("privacy_count_none"));
  const sorted = joinPurposes([...rows].sort((a, b) => b.event_id - a.event_id));
  const head = ["privacy_when", "privacy_what", "privacy_what_for", "column_granted", "privacy_receipt"].map((key) => words.say(key));
  const cells = sorted.map((row) => [
    { text: words.moment(row.at), kind: "when" },
    { text: nameCategory(row.category, words), kind: "what", sign: iconOf(row.category) },
    { text: words.list(row.purposes.map((/** @type {string} */ purpose) => words.say(`privacy_purpose_${purpose}`))), kind: "why" },
    { text: [words.say(row.granted ? "privacy_switched_on" : "privacy_switched_off"), words.has(`privacy_source_${row.source}`) && row.granted ? words.say(`privacy_source_${row.source}`) : ""].filter(Boolean).join(", "), kind: "by" },
    { text: "", kind: "receipt", act: makeReceiptButton(row, hands) },
  ]);
  return makeFolding(head, cells, words, words.say("privacy_consents_h"));
}

/** One yes for both purposes is one line. @param {any[]} rows @returns {any[]} */
function joinPurposes(rows) {
  /** @type {any[]} */
  const joined = [];
  for (const row of rows) {
    const last = joined.at(-1);
    if (last && last.at === row.at && last.category === row.category && last.granted === row.granted) last.purposes.unshift(row.purpose);
    else joined.push({ ...row, purposes: [row.purpose] });
  }
  return joined;
}

/** @param {string} category @param {Words} words */
export function nameCategory(category, words) {
  return words.has(`category_${category}`) ? words.say(`category_${category}`) : category;
}

/** @param {any} row @param {Words} words */
function tellWhat(row, words) {
  if (row.categories.length) {
    const said = words.list(row.categories.map((/** @type {string} */ category) => (words.has(`in_words_${category}`) ? words.say(`in_words_${category}`) : category)));
    return said[0].toUpperCase() + said.slice(1);
  }
  if (words.has(`use_${row.what_for}_rows`)) return words.say(`use_${row.what_for}_rows`);
  return words.say(row.what_for === "handoff" ? "use_chat" : "use_nothing_special");
}

/** @param {any} row @param {Words} words */
function tellWhatFor(row, words) {
  if (row.what_for === "explain") return row.detail?.title ? words.say("use_explain", { title: row.detail.title }) : words.say("use_explain_offer");
  return words.has(`use_${row.what_for}`) ? words.say(`use_${row.what_for}`) : row.what_for;
}

/** @param {string[]} head @param {{text: string, kind: string, sign?: SVGElement, act?: HTMLElement}[][]} rows @param {Words} words @param {string} caption */
function makeFolding(head, rows, words, caption) {
  const body = make("tbody");
  /** @param {typeof rows} some */
  const add = (some) => body.append(...some.map((cells) => make("tr", {}, ...cells.map(({ text, kind, sign, act }) => make(`td.${kind}`, {}, sign ?? null, act ?? make("span", {}, text))))));
  add(rows.slice(0, FIRST));
  const table = make("table.told", {}, make("caption.quiet", {}, caption), make("thead", {}, make("tr", {}, ...head.map((title) => make("th", { scope: "col" }, title)))), body);
  const card = make("div.card.table", {}, table);
  if (rows.length > FIRST) {
    const all = make("button.link", { type: "button" }, words.say("privacy_when_all", { count: rows.length }));
    all.addEventListener("click", () => { add(rows.slice(FIRST)); all.parentElement?.remove(); });
    card.append(make("p.more", {}, all));
  }
  return card;
}
