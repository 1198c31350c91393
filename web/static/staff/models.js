/** For an owner: which version of the rankers serves, what it falls short of, and a newer one that was refused with the reasons. */

import { make } from "../common/dom.js";
import { icon } from "../common/icons.js";

/** @typedef {{version: string, serves: boolean, against: string | null, refused_for: string[], shortfalls: string[], notes: string[]}} Verdict */
/** @typedef {{serving: string | null, verdict: Verdict | null, refused: Verdict | null}} Standing */

export class Models {
  /** What wants looking at: shortfalls, and a refusal. @type {(open: number) => void} */ oncount = () => {};

  /** @param {import("./app.js").Desk} desk */
  constructor(desk) {
    this.desk = desk;
    this.body = make("div.review-body");
    this.element = make("section.middle.models", { "aria-label": desk.words.say("staff_models"), hidden: true }, this.body);
  }

  async refresh() {
    try {
      /** @type {Standing} */
      const standing = await this.desk.api("/models");
      this.oncount((standing.verdict?.shortfalls.length ?? 0) + (standing.refused ? 1 : 0));
      this.body.replaceChildren(...this.#draw(standing));
    } catch (failure) {
      this.desk.say(/** @type {Error} */ (failure).message, ".red");
    }
  }

  /** @param {Standing} standing @returns {HTMLElement[]} */
  #draw({ serving, verdict, refused }) {
    const { words } = this.desk;
    const said = serving === null ? words.say("staff_models_none") : words.say("staff_models_version", { version: serving });
    const parts = [make("h2", {}, words.say("staff_models_serving")), make("p", {}, said)];
    if (serving !== null && !verdict) parts.push(make("p", {}, words.say("staff_models_no_verdict")));
    if (verdict) parts.push(...this.#drawVerdict(verdict));
    if (!refused) return [...parts, make("p", {}, words.say("staff_models_nothing_refused"))];
    parts.push(make("h2", {}, icon("triangle"), words.say("staff_models_refused", { version: refused.version })), ...this.#drawList("staff_models_refused_for", refused.refused_for));
    return [...parts, ...this.#drawVerdict(refused)];
  }

  /** @param {Verdict} verdict */
  #drawVerdict({ shortfalls, notes }) {
    const kept = make("p", {}, this.desk.words.say("staff_models_kept"));
    return [...(shortfalls.length ? this.#drawList("staff_models_shortfalls", shortfalls) : [kept]), ...this.#drawList("staff_models_notes", notes)];
  }

  /** @param {string} key @param {string[]} sentences */
  #drawList(key, sentences) {
    if (!sentences.length) return [];
    return [make("h3", {}, this.desk.words.say(key)), make("ul", {}, ...sentences.map((sentence) => make("li", {}, sentence)))];
  }
}
