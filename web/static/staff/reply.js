/** The reply field: to the customer or a private note, told apart in colour, outline and words. A draft is kept for the tab. What is suggested only goes into it. */

import { make } from "../common/dom.js";
import { icon } from "../common/icons.js";
import { Answers } from "./answers.js";
import { Suggestions } from "./suggestions.js";

const TYPING_EVERY_MS = 3000;

export class Reply {
  /** @type {string | null} */ #conversation = null;
  #name = "";
  #mayReply = false;
  #isNote = false;
  #typedAt = 0;
  /** @type {{text: string, id: string} | null} sent, not yet taken: the same id again, so that it is said once */ #pending = null;

  /** @param {import("./app.js").Desk} desk @param {{sent: () => void, typing: () => void, left: () => void}} tell */
  constructor(desk, tell) {
    const { words } = desk;
    this.desk = desk;
    this.tell = tell;
    this.toCustomer = make("button.mode", { type: "button" });
    this.toNote = make("button.mode", { type: "button" }, icon("lock"), words.say("staff_note"));
    this.field = /** @type {HTMLTextAreaElement} */ (make("textarea", { rows: 3, maxlength: 2000, id: "reply" }));
    this.hint = make("span.hint", { role: "status" });
    this.send = make("button.button.main", { type: "submit" }, icon("arrow"), words.say("label_send"));
    this.toAnswers = make("button.mode", { type: "button" }, icon("search"), words.say("staff_answers"), make("kbd", { "aria-hidden": "true" }, "/"));
    this.answers = new Answers(desk, { insert: (text) => this.#insert(text), left: () => this.field.focus() });
    this.suggestions = new Suggestions(desk, (text) => this.#insert(text));
    this.form = /** @type {HTMLFormElement} */ (make("form.reply", {}, make("div.modes", { role: "group", "aria-label": words.say("label_send") }, this.toCustomer, this.toNote, this.toAnswers), make("label.quiet", { for: "reply" }), this.field, make("div.under", {}, this.hint, this.send)));
    this.element = make("div.writing", {}, this.answers.element, this.suggestions.element, this.form);
    this.toCustomer.addEventListener("click", () => this.focus(false));
    this.toNote.addEventListener("click", () => this.focus(true));
    this.toAnswers.addEventListener("click", () => this.#openAnswers());
    this.field.addEventListener("input", () => this.#keepDraft());
    this.field.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); void this.#submit(); }
      if (event.key === "Escape") this.tell.left();
      if (event.key === "/" && this.#isAtLineStart) { event.preventDefault(); this.#openAnswers(); }
    });
    this.form.addEventListener("submit", (event) => { event.preventDefault(); void this.#submit(); });
  }

  /** @param {string} id @param {{name: string, mayReply: boolean, messages: any[]}} now */
  setConversation(id, { name, mayReply, messages }) {
    if (id !== this.#conversation) {
      this.#conversation = id;
      this.field.value = sessionStorage.getItem(this.#draftName) ?? "";
      this.#isNote = !mayReply;
    } else if (mayReply && !this.#mayReply) this.#isNote = false;
    this.#name = name;
    this.#mayReply = mayReply;
    this.#draw();
    void this.suggestions.show(id, messages, mayReply);
  }

  /** @param {boolean} isNote */
  focus(isNote) {
    this.#isNote = isNote;
    this.#draw();
    this.field.focus();
  }

  get #isAtLineStart() {
    const { value, selectionStart } = this.field;
    return selectionStart === 0 || value[selectionStart - 1] === "\n";
  }

  #openAnswers() {
    if (this.#conversation) void this.answers.open(this.#conversation);
  }

  /** Where the caret stands; then what is missing in it is selected, to be written over. @param {string} text */
  #insert(text) {
    const { field } = this;
    field.focus();
    field.setRangeText(text, field.selectionStart, field.selectionEnd, "end");
    this.#keepDraft();
    this.#goToField();
  }

  /** Selects the first field that is not filled; whether there is one. */
  #goToField() {
    const missing = this.answers.findField(this.field.value);
    if (missing) this.field.setSelectionRange(missing.at, missing.at + missing.name.length);
    return missing !== null;
  }

  get #draftName() {
    return `candor-draft ${this.#conversation}`;
  }

  #keepDraft() {
    if (this.field.value) sessionStorage.setItem(this.#draftName, this.field.value);
    else sessionStorage.removeItem(this.#draftName);
    this.#draw();
    if (!this.#isNote && this.#mayReply && Date.now() - this.#typedAt > TYPING_EVERY_MS) {
      this.#typedAt = Date.now();
      this.tell.typing();
    }
  }

  #draw() {
    const { words, member } = this.desk;
    const first = this.#name.split(" ")[0];
    this.toCustomer.textContent = words.say("staff_reply_to", { name: first });
    this.toCustomer.setAttribute("aria-pressed", String(!this.#isNote));
    this.toNote.setAttribute("aria-pressed", String(this.#isNote));
    this.form.classList.toggle("private", this.#isNote);
    const label = this.#isNote ? words.say("staff_write_note") : words.say("staff_write", { name: first });
    this.field.placeholder = label;
    /** @type {HTMLElement} */ (this.form.querySelector("label")).textContent = label;
    const mayNot = !this.#isNote && !this.#mayReply;
    this.send.setAttribute("aria-disabled", String(mayNot));
    const said = mayNot ? words.say("staff_claim_first") : this.#isNote ? words.say("staff_note_only") : words.say("staff_signed", { name: member.name });
    const missing = this.#isNote ? null : this.answers.findField(this.field.value);
    const hint = missing ? words.say("staff_answers_fill", { field: missing.name }) : this.field.value && !mayNot ? `${words.say("staff_draft")} · ${said}` : said;
    if (this.hint.textContent !== hint) this.hint.textContent = hint; // what is set again is spoken again
  }

  async #submit() {
    const { desk } = this;
    const text = this.field.value.trim();
    const id = this.#conversation;
    if (!text || !id || (!this.#isNote && !this.#mayReply)) return;
    if (!this.#isNote && this.#goToField()) return; // a field is never sent as it is
    if (this.#pending?.text !== text) this.#pending = { text, id: crypto.randomUUID() };
    try {
      const body = { client_id: this.#pending.id, text, private: this.#isNote };
      const answer = await desk.write({ ...body, conversation_id: id });
      if (answer?.type === "error") throw new Error(answer.error.message);
      if (!answer) await desk.api(`/conversations/${encodeURIComponent(id)}/messages`, { method: "POST", body });
    } catch (failure) {
      desk.say(desk.words.say("staff_not_sent", { why: /** @type {Error} */ (failure).message }), ".red");
      return;
    }
    this.#pending = null;
    sessionStorage.removeItem(this.#draftName);
    this.field.value = "";
    desk.say("");
    this.#draw();
    this.tell.sent();
  }
}
