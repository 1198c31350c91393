/** Requests by right: soonest due first, the customer's words when one is opened, and an answer in writing. */

import { make } from "../common/dom.js";
import { icon } from "../common/icons.js";

/** @typedef {{request_id: string, kind: string, state: string, opened_at: string, due: string, days_left: number, overdue: boolean, text?: string, name?: string | null, customer_id?: string}} Asked */

export class Requests {
  /** @type {(open: number) => void} */ oncount = () => {};

  /** @param {import("./app.js").Desk} desk */
  constructor(desk) {
    this.desk = desk;
    this.body = make("div.review-body");
    this.element = make("section.middle.models", { "aria-label": desk.words.say("staff_requests"), hidden: true }, this.body);
  }

  async refresh() {
    const { words } = this.desk;
    try {
      /** @type {Asked[]} */ const asked = (await this.desk.api("/requests")).requests;
      this.oncount(asked.length);
      const late = asked.filter(({ overdue }) => overdue).length;
      const alarm = late > 0 && make("p.banner.red", {}, icon("triangle"), make("span", {}, words.say("staff_requests_late", { count: late })));
      const list = asked.length ? make("ul", { role: "list" }, ...asked.map((one) => make("li", {}, this.#makeOne(one)))) : make("div.nothing", {}, make("b", {}, words.say("staff_requests_empty")));
      this.body.replaceChildren(make("h2", {}, words.say("staff_requests")), make("p", {}, words.say("staff_requests_lead")), ...(alarm ? [alarm] : []), list);
    } catch (failure) {
      this.desk.say(/** @type {Error} */ (failure).message, ".red");
    }
  }

  /** @param {Asked} one */
  #makeOne(one) {
    const { words } = this.desk;
    const left = one.overdue ? words.say("staff_overdue") : words.say(one.days_left === 1 ? "staff_day_left" : "staff_days_left", { days: one.days_left });
    const inside = make("div.inside");
    const line = make("summary", {}, make("b", {}, `${one.request_id} `), words.say(`request_kind_${one.kind}`), " ", make(one.overdue ? "span.label.red" : "span.label.amber", {}, left));
    const whole = /** @type {HTMLDetailsElement} */ (make("details.card", {}, line, inside));
    whole.addEventListener("toggle", () => { if (whole.open && !inside.firstChild) void this.#open(one.request_id, inside); });
    return whole;
  }

  /** @param {string} id @param {HTMLElement} inside */
  async #open(id, inside) {
    const { words, api } = this.desk;
    try {
      /** @type {Asked} */ const one = await api(`/requests/${id}`);
      const field = /** @type {HTMLTextAreaElement} */ (make("textarea.field", { id: `answer-${id}`, rows: 3, maxlength: 2000 }));
      const send = (/** @type {string} */ state, /** @type {string} */ key) => {
        const button = make("button.button", { type: "button" }, words.say(key));
        button.addEventListener("click", () => void this.#answer(id, state, field));
        return button;
      };
      inside.replaceChildren(
        make("p", {}, words.say("staff_request_who", { name: one.name ?? one.customer_id ?? words.say("staff_visitor") }), " ", words.say("staff_review_opened", { at: words.moment(one.opened_at) })),
        make("p.said", {}, one.text ? `“${one.text}”` : words.say("staff_request_no_words")),
        make("label", { for: field.id }, words.say("staff_request_answer")),
        field,
        make("div.pair", {}, send("done", "staff_request_done"), send("refused", "staff_request_refuse")),
      );
    } catch (failure) {
      this.desk.say(/** @type {Error} */ (failure).message, ".red");
    }
  }

  /** @param {string} id @param {string} state @param {HTMLTextAreaElement} field */
  async #answer(id, state, field) {
    const { words, api } = this.desk;
    const answer = field.value.trim();
    if (!answer) { this.desk.say(words.say("staff_request_needs_words"), ".red"); field.focus(); return; }
    try {
      await api(`/requests/${id}`, { method: "POST", body: { state, answer } });
      this.desk.say(words.say("staff_request_answered", { id }));
      await this.refresh();
    } catch (failure) {
      this.desk.say(/** @type {Error} */ (failure).message, ".red");
    }
  }
}
