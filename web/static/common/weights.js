/** The bars of an explanation with their words, drawn alike for customers and for staff. */

import { make } from "./dom.js";

/** @typedef {import("./words.js").Words} Words */
/** @typedef {{reason_id: string, text: string, category: string, contribution: number, share: number, evidence: {facts: any[], rows: {table: string, id: unknown}[]}, controls: {title: string, payload: string}[]}} Reason */
/** @typedef {{impression_id: string, offer_id: string, model_version: string, categories_used: string[], categories_unused: string[], base: number, score: number, remainder: number, reasons: Reason[], rules?: string[], type_title?: string}} Explanation */

const STEPS = /** @type {[number, string][]} */ ([[0.5, "share_most"], [0.25, "share_good"], [0.1, "share_some"], [0, "share_little"]]);

/** "most of it", "some against". @param {Words} words @param {number} share of the whole, 0 to 1 @param {number} contribution in log-odds */
export function sayShare(words, share, contribution) {
  const said = words.say(STEPS.find(([least]) => share >= least)?.[1] ?? "share_little");
  return contribution < 0 ? words.say("share_against", { share: said }) : said;
}

/** Whether an explanation has weights to draw: what is popular for everybody has none. @param {Explanation} explanation */
export function hasWeights(explanation) {
  return explanation.reasons.some((reason) => reason.contribution !== 0);
}

/** Whether a reason is a rule for what the customer said or looked at: it has no part in the score. @param {Reason} reason */
export function isRule(reason) {
  return reason.contribution === 0 && reason.category !== "shop";
}

/**
 * A bar and its word. All bars of an explanation stand on one scale: the sum of the named reasons.
 * @param {Words} words @param {Explanation} explanation @param {Reason | null} reason null for everything else together
 */
export function makeWeight(words, explanation, reason) {
  const named = explanation.reasons.reduce((sum, one) => sum + Math.abs(one.contribution), 0);
  const part = reason ? reason.contribution : explanation.remainder;
  const whole = named + Math.abs(explanation.remainder);
  const share = reason ? reason.share : whole ? Math.abs(part) / whole : 0;
  const bar = make(`div.bar${part < 0 ? ".against" : reason ? "" : ".rest"}`.replace(/\.$/, ""));
  bar.style.inlineSize = `${Math.min(100, named ? (100 * Math.abs(part)) / named : 0)}%`;
  return make("div.weight", {}, make("div.track", { "aria-hidden": "true" }, bar), make("span", {}, sayShare(words, share, part)));
}

/** A signed number with a true minus sign and four places. @param {number} value */
export function sayNumber(value) {
  return `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(4)}`;
}

/** The exact numbers as a table that adds up. @param {Words} words @param {Explanation} explanation */
export function makeNumbers(words, explanation) {
  /** @type {[string, number, boolean][]} */
  const rows = [
    [words.say("numbers_start"), explanation.base, false],
    ...explanation.reasons.filter((reason) => !isRule(reason)).map((reason) => /** @type {[string, number, boolean]} */ ([reason.text, reason.contribution, false])),
    [words.say("numbers_rest"), explanation.remainder, false],
    [words.say("numbers_score"), explanation.score, true],
  ];
  const body = make("tbody");
  for (const [what, value, isSum] of rows) {
    body.append(make(isSum ? "tr.sum" : "tr", {}, make("th", { scope: "row" }, what), make("td", {}, sayNumber(value))));
  }
  return make("table.numbers", {}, make("caption.quiet", {}, words.say("numbers_title")), body);
}
