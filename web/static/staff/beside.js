/** Beside the talk: what this customer has asked by right or disputes, and their earlier talks, each to be opened and read. */

import { make } from "../common/dom.js";
import { makeTalk } from "./talk.js";

export class Beside {
  #shown = "";

  /** @param {import("./app.js").Desk} desk */
  constructor(desk) {
    const { words } = desk;
    this.desk = desk;
    this.element = make("div.beside");
    this.title = make("h2", { id: "earlier-title" });
    this.talk = make("div.talk", { tabindex: "0", role: "group", "aria-labelledby": "earlier-title" });
    const close = make("button.button", { type: "button" }, words.say("staff_earlier_close"));
    this.dialog = /** @type {HTMLDialogElement} */ (make("dialog.ask.earlier", { "aria-labelledby": "earlier-title" }, this.title, make("p.small", {}, words.say("staff_recorded")), this.talk, close));
    close.addEventListener("click", () => this.dialog.close());
  }

  /** Asked for once, when the talk is opened. @param {any} detail */
  async show(detail) {
    const id = detail.customer ? detail.conversation_id : "";
    if (id === this.#shown) return;
    this.#shown = id;
    this.element.replaceChildren();
    if (!id) return;
    try {
      const told = await this.desk.api(`/conversations/${encodeURIComponent(id)}/beside`);
      if (this.#shown === id) this.#draw(told);
    } catch (failure) {
      this.#shown = "";
      this.desk.say(/** @type {Error} */ (failure).message, ".red");
    }
  }

  /** @param {{requests: any[], reviews: any[], earlier: any[]}} told */
  #draw({ requests, reviews, earlier }) {
    const { words } = this.desk;
    const due = (/** @type {any} */ one) => words.say("staff_review_due", { date: words.day(one.due) });
    const open = [...requests.map((one) => `${words.say("staff_beside_request", { id: one.request_id })}, ${due(one)}`), ...reviews.map((one) => `${words.say("staff_beside_review", { id: one.review_id })}, ${due(one)}`)];
    const talks = earlier.map((one) => {
      const button = make("button.button", { type: "button" }, words.moment(one.opened_at), ", ", words.say(`staff_talk_${one.state}`));
      button.addEventListener("click", () => void this.#open(one));
      return make("li", {}, button);
    });
    this.element.replaceChildren(
      ...(open.length ? [make("section", {}, make("h2", {}, words.say("staff_beside_open")), make("ul", {}, ...open.map((one) => make("li", {}, one))))] : []),
      make("section", {}, make("h2", {}, words.say("staff_earlier")), talks.length ? make("ul", { role: "list" }, ...talks) : make("p.small", {}, words.say("staff_earlier_none"))),
    );
  }

  /** @param {{conversation_id: string, opened_at: string}} one */
  async #open({ conversation_id, opened_at }) {
    const { words, api, say } = this.desk;
    try {
      const detail = await api(`/conversations/${encodeURIComponent(conversation_id)}`);
      const name = detail.customer?.name ?? words.say("staff_customer_id", { id: detail.customer?.customer_id ?? "" });
      this.title.textContent = words.say("staff_earlier_of", { at: words.moment(opened_at) });
      makeTalk(this.talk, detail, { desk: this.desk, name });
      this.dialog.showModal();
    } catch (failure) {
      say(/** @type {Error} */ (failure).message, ".red");
    }
  }
}
