/** For supervisors: who is there, with which talks, and whose customer waits longest for an answer. */

import { make } from "../common/dom.js";
import { sayColleague } from "./presence.js";

export class Floor {
  /** @type {(talks: number) => void} */ oncount = () => {};

  /** @param {import("./app.js").Desk} desk */
  constructor(desk) {
    this.desk = desk;
    this.body = make("div.review-body");
    this.element = make("section.middle.models.floor", { "aria-label": desk.words.say("staff_floor"), hidden: true }, this.body);
  }

  async refresh() {
    const { words } = this.desk;
    try {
      /** @type {any[]} */ const colleagues = (await this.desk.api("/floor")).colleagues;
      this.oncount(colleagues.reduce((sum, { talks }) => sum + talks.length, 0));
      const list = make("ul", { role: "list" }, ...colleagues.map((one) => make("li.card", {}, make("h3", {}, sayColleague(words, one)), one.talks.length ? make("ul", { role: "list" }, ...one.talks.map((/** @type {any} */ talk) => make("li", {}, this.#makeTalk(talk)))) : make("p.small", {}, words.say("staff_floor_none")))));
      this.body.replaceChildren(make("h2", {}, words.say("staff_floor")), make("p", {}, words.say("staff_floor_lead")), list);
    } catch (failure) {
      this.desk.say(/** @type {Error} */ (failure).message, ".red");
    }
  }

  /** @param {any} talk */
  #makeTalk(talk) {
    const { words } = this.desk;
    const told = talk.unanswered_since ? words.say("staff_floor_waits", { time: words.time(talk.unanswered_since) }) : words.say("staff_floor_answered");
    const button = make("button.button", { type: "button" }, words.say("staff_floor_open", { id: talk.conversation_id.slice(0, 4) }), " ", make(talk.unanswered_since ? "span.label.amber" : "span.label", {}, told));
    button.addEventListener("click", () => this.desk.open(talk.conversation_id));
    return button;
  }
}
