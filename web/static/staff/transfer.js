/** Passing a talk on: to a colleague, with how busy they are, or to a team's queue; with a note that only staff read. */

import { make } from "../common/dom.js";
import { sayColleague } from "./presence.js";

export class Transfer {
  /** @param {import("./app.js").Desk} desk @param {(to: string, note: string | null) => void} pass */
  constructor(desk, pass) {
    const { words } = desk;
    this.desk = desk;
    this.to = /** @type {HTMLSelectElement} */ (make("select.field", { id: "transfer-to", required: true }));
    this.note = /** @type {HTMLTextAreaElement} */ (make("textarea.field", { id: "transfer-note", rows: 3, maxlength: 2000 }));
    const keep = make("button.button", { type: "button" }, words.say("staff_cancel"));
    const form = make(
      "form",
      { method: "dialog" },
      make("h2", { id: "transfer-title" }, words.say("staff_transfer")),
      make("label", { for: "transfer-to" }, words.say("staff_transfer_to")),
      this.to,
      make("label", { for: "transfer-note" }, words.say("staff_handoff_note")),
      this.note,
      make("div.pair", {}, keep, make("button.button", { type: "submit" }, words.say("staff_transfer_do"))),
    );
    this.element = /** @type {HTMLDialogElement} */ (make("dialog.ask", { "aria-labelledby": "transfer-title" }, form));
    keep.addEventListener("click", () => this.element.close());
    form.addEventListener("submit", () => {
      pass(this.to.value, this.note.value.trim() || null);
      this.note.value = "";
    });
  }

  async open() {
    const { words, member, api } = this.desk;
    try {
      const { colleagues, teams } = await api("/colleagues");
      const others = colleagues.filter((/** @type {any} */ one) => one.username !== member.username);
      this.to.replaceChildren(
        ...others.map((/** @type {any} */ one) => make("option", { value: one.username }, sayColleague(words, one))),
        ...teams.map((/** @type {any} */ one) => make("option", { value: `team:${one.team}` }, words.say("staff_team", { title: one.title }))),
      );
      this.element.showModal();
    } catch (failure) {
      this.desk.say(/** @type {Error} */ (failure).message, ".red");
    }
  }
}
