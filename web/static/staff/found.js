/** Finding a talk that is not in the list: by number, exact mail address or customer id, or by a word of an open talk. Asked only by Enter or the button. */

import { make } from "../common/dom.js";
import { icon } from "../common/icons.js";

export class Found {
  /** @param {import("./app.js").Desk} desk @param {(conversationId: string) => void} open */
  constructor(desk, open) {
    this.desk = desk;
    this.open = open;
    this.button = make("button.button", { type: "button" }, icon("search"), make("span", {}, desk.words.say("staff_search_all")));
    this.hits = make("div", { role: "status" });
    this.element = make("div.found", { hidden: true }, this.button, this.hits);
  }

  /** What was found for other words is no longer told. @param {string} text */
  take(text) {
    this.element.hidden = !text.trim();
    this.hits.replaceChildren();
  }

  /** @param {string} text */
  async search(text) {
    const { words, api, say } = this.desk;
    if (!text.trim()) return;
    try {
      const { hits, more } = await api("/search", { method: "POST", body: { text: text.trim() } });
      const rows = hits.map((/** @type {any} */ hit) => make("li", {}, this.#makeHit(hit)));
      this.hits.replaceChildren(hits.length ? make("ul", { role: "list", "aria-label": words.say("staff_search_found") }, ...rows) : make("p.small", {}, words.say("staff_search_none")), more ? make("p.small", {}, words.say("staff_search_more")) : "");
    } catch (failure) {
      say(/** @type {Error} */ (failure).message, ".red");
    }
  }

  /** @param {any} hit */
  #makeHit({ conversation_id, opened_at, state, customer_id, customer_name }) {
    const { words } = this.desk;
    const who = customer_name ?? (customer_id ? words.say("staff_customer_id", { id: customer_id }) : words.say("staff_visitor", { id: conversation_id.slice(0, 4) }));
    const row = make("button.row", { type: "button" }, make("span.name", {}, who), make("span.last", {}, words.moment(opened_at)), make("span.labels", {}, make("span.label", {}, words.say(`staff_talk_${state}`))));
    row.addEventListener("click", () => this.open(conversation_id));
    return row;
  }
}
