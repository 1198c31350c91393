/** Reviews: what a customer disputes, soonest due first, and the answer that a person gives by name. */

import { make, makeParagraphs } from "../common/dom.js";
import { icon } from "../common/icons.js";
import { hasWeights } from "../common/weights.js";
import { makeContest } from "./contest.js";
import { makeExact } from "./side.js";

/** @typedef {{line_id: number, order_id: string | null, ordered_on: string | null, title: string | null, quantity: number | null, state: string}} Line */
/** @typedef {{review_id: string, kind: string, conversation_id: string | null, impression_id: string | null, reason_id: string | null, text: string, state: string, opened_at: string, due_on: string, days_left: number, decision: string | null, decided_by: string | null}} Review */

export class Reviews {
  /** @type {Review[]} */ #reviews = [];
  /** @type {string | null} */ #chosen = null;
  /** @type {(open: number) => void} */ oncount = () => {};

  /** @param {import("./app.js").Desk} desk */
  constructor(desk) {
    this.desk = desk;
    this.list = make("div.queue-list");
    this.middle = make("section.middle.review", { "aria-label": desk.words.say("staff_review_chosen") });
    this.element = make("div.inbox.two", { hidden: true }, make("section.left", { "aria-label": desk.words.say("staff_reviews") }, this.list), this.middle);
  }

  async refresh() {
    try {
      this.#reviews = (await this.desk.api("/reviews")).reviews;
    } catch (failure) {
      this.desk.say(/** @type {Error} */ (failure).message, ".red");
      return;
    }
    this.oncount(this.#reviews.filter(({ state }) => state === "open").length);
    this.#drawList();
    void this.#drawOne();
  }

  #drawList() {
    const { words } = this.desk;
    const open = this.#reviews.filter(({ state }) => state === "open");
    const answered = this.#reviews.filter(({ state }) => state !== "open");
    const group = (/** @type {string} */ title, /** @type {Review[]} */ reviews, order = "") =>
      make("div.group", {}, make("h2", {}, title, make("span.count", {}, String(reviews.length)), make("span.order", {}, order)), make("ul", { role: "list" }, ...reviews.map((one) => make("li", {}, this.#makeRow(one)))));
    const empty = make("div.nothing", {}, make("b", {}, words.say("staff_reviews_empty")), make("p", {}, words.say("staff_reviews_empty_more")));
    this.list.replaceChildren(group(words.say("staff_reviews"), open, words.say("staff_reviews_lead")), ...(open.length ? [] : [empty]), ...(answered.length ? [group(words.say("staff_review_answered"), answered)] : []));
  }

  /** @param {Review} one */
  #makeRow(one) {
    const { words } = this.desk;
    const isOpen = one.state === "open";
    const row = make(
      "button.row",
      { type: "button", "aria-current": one.review_id === this.#chosen ? "true" : null },
      make("span.name", {}, this.#sayName(one)),
      make("span.wait", {}, icon(isOpen ? (one.days_left < 3 ? "triangle" : "clock") : "check"), isOpen ? this.#sayLeft(one) : words.say("staff_review_answered")),
      make("span.last", {}, one.text || words.say("staff_review_nothing")),
    );
    row.addEventListener("click", () => { this.#chosen = one.review_id; this.element.dataset.view = "talk"; this.#drawList(); void this.#drawOne(); });
    return row;
  }

  /** @param {Review} one */
  #sayLeft({ days_left }) {
    const { words } = this.desk;
    return days_left < 0 ? words.say("staff_overdue") : words.say(days_left === 1 ? "staff_day_left" : "staff_days_left", { days: days_left });
  }

  async #drawOne() {
    const { words } = this.desk;
    const one = this.#reviews.find(({ review_id }) => review_id === this.#chosen);
    if (!one) {
      this.middle.replaceChildren();
      return;
    }
    const [told, whole] = await Promise.all([this.#findExplanation(one), this.#findWhole(one)]);
    const lines = whole?.lines ?? [];
    const reason = told && (told.reasons.find((reason) => reason.reason_id === one.reason_id)?.text ?? told.reasons[0]?.text);
    if (one.review_id !== this.#chosen) return;
    const open = make("button.button", { type: "button" }, icon("chat"), words.say("staff_review_chat"));
    open.addEventListener("click", () => { if (one.conversation_id) this.desk.open(one.conversation_id); });
    const back = make("button.button.bare.to-list", { type: "button", "aria-label": words.say("staff_back") }, icon("back"));
    back.addEventListener("click", () => { this.element.dataset.view = "list"; });
    this.middle.replaceChildren(
      make("div.talk-head", {}, back, make("div.who", {}, make("h2", {}, this.#sayName(one)), make("p", {}, `${words.say("staff_review_opened", { at: words.moment(one.opened_at) })} · ${words.say("staff_review_due", { date: words.date(`${one.due_on}T12:00:00Z`) })}`)), make("div.deeds", {}, one.state === "open" && make("span.label.amber", {}, icon("clock"), this.#sayLeft(one)), one.conversation_id && open)),
      make(
        "div.review-body",
        {},
        make("h3", {}, words.say("staff_review_says")),
        make("p.said", {}, one.text ? `“${one.text}”` : words.say("staff_review_nothing")),
        reason && make("h3", {}, words.say("staff_review_reason")),
        reason && make("p", {}, reason),
        told && hasWeights(told) && makeExact({ impression_id: told.impression_id, title: told.type_title, explanation: told }, words),
        lines.length > 0 && make("h3", {}, words.say("staff_correction_lines")),
        lines.length > 0 && this.#makeLines(lines),
        ...(whole ? makeContest(this.desk, one, whole, () => void this.refresh()) : []),
        ...(one.state === "open" ? [this.#makeForm(one)] : [make("h3", {}, words.say("staff_decided_by", { name: one.decided_by })), ...makeParagraphs(one.decision ?? "")]),
      ),
    );
  }

  /** @param {Review} one */
  #sayName({ review_id, kind }) {
    return kind === "correction" ? this.desk.words.say("staff_correction", { id: review_id }) : review_id;
  }

  /** All that is known of it: the order lines it is about, the offer, its consents and data, the decisions. @param {Review} one @returns {Promise<(import("./contest.js").Told & {lines: Line[]}) | null>} */
  async #findWhole({ review_id }) {
    try {
      return await this.desk.api(`/reviews/${encodeURIComponent(review_id)}`);
    } catch (failure) {
      this.desk.say(/** @type {Error} */ (failure).message, ".red");
      return null;
    }
  }

  /** @param {Line[]} lines */
  #makeLines(lines) {
    const { words } = this.desk;
    const head = ["staff_line_order", "staff_line_day", "staff_line_product", "staff_line_quantity", "staff_line_state"];
    const rows = lines.map((line) => [line.order_id ?? words.say("staff_line_gone"), line.ordered_on ? words.day(`${line.ordered_on}T12:00:00Z`) : "", line.title ?? "", line.quantity === null ? "" : String(line.quantity), words.say(`staff_line_${line.state}`)]);
    return make(
      "table.numbers",
      {},
      make("caption.quiet", {}, words.say("staff_correction_lines")),
      make("thead", {}, make("tr", {}, ...head.map((key) => make("th", { scope: "col" }, words.say(key))))),
      make("tbody", {}, ...rows.map((row) => make("tr", {}, ...row.map((cell) => make("td", {}, cell))))),
    );
  }

  /** The explanation that is disputed. @param {Review} one @returns {Promise<import("../common/weights.js").Explanation | null>} */
  async #findExplanation({ impression_id }) {
    if (!impression_id) return null;
    try {
      const answer = await fetch(`/api/impressions/${encodeURIComponent(impression_id)}/explanation`);
      return answer.ok ? await answer.json() : null;
    } catch {
      return null; // the review can be answered without it; the chat shows it too
    }
  }

  /** @param {Review} one */
  #makeForm(one) {
    const { words, member } = this.desk;
    const name = `candor-draft ${one.review_id}`;
    const field = /** @type {HTMLTextAreaElement} */ (make("textarea.field", { id: "decision", rows: 6, maxlength: 2000, required: true, "aria-describedby": "decision-ends" }));
    field.value = sessionStorage.getItem(name) ?? "";
    field.addEventListener("input", () => sessionStorage.setItem(name, field.value));
    const form = make("form.decide", {}, make("label", { for: "decision" }, words.say("staff_review_answer")), field, make("p.small", { id: "decision-ends" }, words.say("staff_review_ends", { name: member.name })), ...(one.kind === "correction" ? [make("button.button.main", { type: "submit", value: "approve" }, icon("check"), words.say("staff_correction_approve")), make("button.button", { type: "submit", value: "reject" }, icon("back"), words.say("staff_correction_reject"))] : [make("button.button.main", { type: "submit" }, icon("check"), words.say("staff_review_decide"))]));
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const { value } = /** @type {HTMLButtonElement} */ (event.submitter ?? form.querySelector("button"));
      const approve = one.kind === "correction" ? { approve: value === "approve" } : {};
      try {
        await this.desk.api("/reviews", { method: "POST", body: { review_id: one.review_id, decision: field.value.trim(), ...approve } });
        sessionStorage.removeItem(name);
        await this.refresh();
      } catch (failure) {
        this.desk.say(/** @type {Error} */ (failure).message, ".red");
      }
    });
    return form;
  }
}
