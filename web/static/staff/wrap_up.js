/** After a talk: what it was about, in one choice. What is put off waits in a line above the queue. */

import { make } from "../common/dom.js";

const REASONS = ["order", "product", "offer", "data", "complaint", "other"];

export class WrapUp {
  /** @type {any[]} */ #left = [];

  /** @param {import("./app.js").Desk} desk */
  constructor(desk) {
    const { words } = desk;
    this.desk = desk;
    this.line = make("button.button.bare.wrap-ups", { type: "button", hidden: true });
    this.line.addEventListener("click", () => this.open());
    this.when = make("p.small", {});
    const choices = REASONS.map((one) => {
      const reason = words.say(`staff_wrap_up_${one}`);
      const button = make("button.button", { type: "button" }, reason);
      button.addEventListener("click", () => void this.#say(reason));
      return button;
    });
    const later = make("button.button.bare", { type: "button" }, words.say("staff_wrap_up_later"));
    this.element = /** @type {HTMLDialogElement} */ (make("dialog.ask", { "aria-labelledby": "wrap-up-title" }, make("h2", { id: "wrap-up-title" }, words.say("staff_wrap_up")), this.when, make("div.reasons", {}, ...choices), later));
    later.addEventListener("click", () => this.element.close());
  }

  /** @param {boolean} [ask] whether the dialog opens by itself: a talk of one's own has just ended */
  async refresh(ask = false) {
    try {
      this.#left = (await this.desk.api("/wrap-ups")).wrap_ups;
    } catch {
      return; // the line stays as it was; the next talk asks again
    }
    this.line.hidden = !this.#left.length;
    this.line.textContent = this.desk.words.say(this.#left.length === 1 ? "staff_wrap_ups_one" : "staff_wrap_ups", { count: this.#left.length });
    if (ask) this.open();
  }

  open() {
    const newest = this.#left.at(-1);
    if (!newest || this.element.open) return;
    this.when.textContent = this.desk.words.say("staff_wrap_up_of", { at: this.desk.words.moment(newest.ended_at) });
    this.element.showModal();
  }

  /** @param {string} reason */
  async #say(reason) {
    const newest = this.#left.at(-1);
    this.element.close();
    if (!newest) return;
    try {
      await this.desk.api(`/handoffs/${newest.handoff_id}/wrap-up`, { method: "POST", body: { reason } });
      this.desk.say(this.desk.words.say("staff_wrapped_up", { reason }));
      await this.refresh();
    } catch (failure) {
      this.desk.say(/** @type {Error} */ (failure).message, ".red");
    }
  }
}
