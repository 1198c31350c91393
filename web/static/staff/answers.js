/** The shop's written answers: `/` at the beginning of a line opens a search; what is chosen goes into the reply field, and nothing is ever sent by itself. */

import { make } from "../common/dom.js";
import { icon } from "../common/icons.js";

/** @typedef {{answer_id: string, title: string, text: string, lang: string | null, missing: string[]}} Answer */

export class Answers {
  /** @type {Answer[]} */ #all = [];
  /** @type {Answer[]} */ #shown = [];
  #at = 0;
  /** @type {RegExp | null} */ #fields = null;

  /** @param {import("./app.js").Desk} desk @param {{insert: (text: string) => void, left: () => void}} tell */
  constructor(desk, tell) {
    const { words } = desk;
    this.desk = desk;
    this.tell = tell;
    this.search = /** @type {HTMLInputElement} */ (make("input.field", { type: "text", role: "combobox", "aria-expanded": "true", "aria-controls": "answers-list", "aria-autocomplete": "list", "aria-label": words.say("staff_answers_find"), placeholder: words.say("staff_answers_find"), autocomplete: "off" }));
    this.list = make("ul", { role: "listbox", id: "answers-list", "aria-label": words.say("staff_answers") });
    this.none = make("p.small", { role: "status" });
    this.element = make("div.answers", { role: "group", "aria-label": words.say("staff_answers"), hidden: true }, make("div.find", {}, icon("search"), this.search), this.list, this.none);
    this.search.addEventListener("input", () => { this.#at = 0; this.#draw(); });
    this.search.addEventListener("keydown", (event) => this.#press(event));
    this.element.addEventListener("focusout", ({ relatedTarget }) => { if (!this.element.contains(/** @type {Node | null} */ (relatedTarget))) this.element.hidden = true; });
  }

  /** The first field of a text that nobody has filled, and where it stands. @param {string} text @returns {{at: number, name: string} | null} */
  findField(text) {
    const found = this.#fields?.exec(text);
    return found ? { at: found.index, name: found[0] } : null;
  }

  /** Open at once, so that no letter that is typed goes elsewhere; the answers come a moment later. @param {string} conversationId */
  async open(conversationId) {
    this.search.value = "";
    this.#all = [];
    this.#at = 0;
    this.element.hidden = false;
    this.#draw();
    this.none.textContent = "";
    this.search.focus();
    try {
      const told = await this.desk.api(`/answers?conversation_id=${encodeURIComponent(conversationId)}`);
      this.#all = told.answers;
      this.#fields = new RegExp(`\\{(${told.fields.join("|")})\\}`);
      this.#draw();
    } catch (failure) {
      if (!this.element.hidden) this.#close();
      this.desk.say(/** @type {Error} */ (failure).message, ".red");
    }
  }

  /** @param {KeyboardEvent} event */
  #press(event) {
    const steps = /** @type {Record<string, number>} */ ({ ArrowDown: 1, ArrowUp: -1 });
    if (event.key in steps && this.#shown.length) {
      this.#at = (this.#at + steps[event.key] + this.#shown.length) % this.#shown.length;
      this.#draw();
    } else if (event.key === "Enter") this.#choose(this.#shown[this.#at]);
    else if (event.key === "Escape") this.#close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  #close() {
    this.element.hidden = true;
    this.tell.left();
  }

  /** @param {Answer | undefined} answer */
  #choose(answer) {
    if (!answer) return;
    this.element.hidden = true;
    this.tell.insert(answer.text);
  }

  #draw() {
    const { words } = this.desk;
    const wanted = this.search.value.trim().toLowerCase().split(/\s+/);
    this.#shown = this.#all.filter(({ title, text }) => wanted.every((word) => `${title} ${text}`.toLowerCase().includes(word)));
    this.list.replaceChildren(...this.#shown.map((answer, at) => this.#makeOption(answer, at)));
    this.list.hidden = !this.#shown.length;
    this.none.textContent = this.#shown.length ? "" : words.say(this.#all.length ? "staff_answers_none" : "staff_answers_empty");
    const chosen = /** @type {HTMLElement | undefined} */ (this.list.children[this.#at]);
    this.search.setAttribute("aria-activedescendant", chosen?.id ?? "");
    chosen?.scrollIntoView({ block: "nearest" });
  }

  /** @param {Answer} answer @param {number} at */
  #makeOption(answer, at) {
    const { words } = this.desk;
    const missing = answer.missing.length ? make("span.label.amber", {}, words.say("staff_answers_missing", { fields: words.list(answer.missing.map((name) => words.say(`staff_field_${name}`))) })) : null;
    const option = make("li", { role: "option", id: `answer-${at}`, "aria-selected": String(at === this.#at) }, make("b", {}, answer.title), missing, make("span.small", {}, answer.text));
    option.addEventListener("pointerdown", (event) => event.preventDefault()); // the search keeps focus until the click
    option.addEventListener("click", () => this.#choose(answer));
    return option;
  }
}
