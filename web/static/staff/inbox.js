/** The inbox: who waits on the left, the talk in the middle, the customer on the right. */

import { make } from "../common/dom.js";
import { icon } from "../common/icons.js";
import { Beside } from "./beside.js";
import { Found } from "./found.js";
import { drawMarks } from "./marks.js";
import { makeQueue } from "./queue.js";
import { Reply } from "./reply.js";
import { makeSide } from "./side.js";
import { makeTalk } from "./talk.js";
import { Transfer } from "./transfer.js";
import { WrapUp } from "./wrap_up.js";

const DAY_MS = 86_400_000;

/** @typedef {{handoff_id: string, conversation_id: string, state: string, since: string, position: number | null, customer_id: string | null, customer_name: string | null, claimed_by: string | null, claimed_name: string | null, phase: string, team: string | null, has_message: boolean, answer_due: string | null, overdue: boolean, unread?: number, is_typing?: boolean, last_message: string, lang: string, topic: {about?: string, order_id?: string, ordered_on?: string, status?: string, named?: string[], lines?: string[], message?: string, kind?: string} | null}} Handoff */

export class Inbox {
  /** @type {Handoff[]} */ #handoffs = [];
  /** @type {string | null} */ #chosen = null;
  /** @type {any} */ #detail = null;
  /** @type {AbortController | null} */ keys = null;
  #seen = "";
  /** @type {(conversationId: string) => void} */ ontyping = () => {};
  /** @type {(conversationId: string, after: number) => void} */ onwatch = () => {};
  /** @type {(conversationId: string, number: number) => void} */ onseen = () => {};

  /** @param {import("./app.js").Desk} desk */
  constructor(desk) {
    const { words } = desk;
    this.desk = desk;
    this.filter = /** @type {HTMLInputElement} */ (make("input.field", { type: "search", id: "find", "aria-label": words.say("staff_filter"), placeholder: words.say("staff_filter"), autocomplete: "off" }));
    this.found = new Found(desk, (id) => this.open(id));
    this.beside = new Beside(desk);
    this.filter.addEventListener("input", () => { this.found.take(this.filter.value); this.#drawQueue(); });
    this.filter.addEventListener("keydown", ({ key, isComposing }) => { if (key === "Enter" && !isComposing) void this.found.search(this.filter.value); });
    this.found.button.addEventListener("click", () => void this.found.search(this.filter.value));
    this.list = make("div.queue-list");
    this.head = make("div.talk-head");
    this.talk = make("div.talk", { role: "log", "aria-label": words.say("widget_log"), tabindex: "0" });
    this.typing = make("p.typing.small", { "aria-live": "off" });
    this.side = make("aside.side", { "aria-label": words.say("staff_side"), tabindex: "0" });
    this.reply = new Reply(desk, { sent: () => void this.#refresh(), left: () => this.talk.focus(), typing: () => { if (this.#chosen) this.ontyping(this.#chosen); } });
    this.wrapUp = new WrapUp(desk);
    this.middle = make("section.middle", { "aria-label": words.say("staff_inbox") }, this.head, this.talk, this.typing, this.reply.element, this.#makeKeyLine());
    this.element = make("div.inbox", {}, make("section.left", { "aria-label": words.say("staff_queue") }, make("div.find", {}, icon("search"), this.filter), this.found.element, this.wrapUp.line, this.list), this.middle, this.side);
    this.transfer = new Transfer(desk, (to, note) => { if (this.#handoff) void this.#act(`/handoffs/${this.#handoff.handoff_id}/transfer`, { to, note }); });
    this.keyDialog = this.#makeKeys();
    this.element.append(this.transfer.element, this.wrapUp.element, this.beside.dialog, this.keyDialog);
    void this.wrapUp.refresh();
    this.#drawDetail();
    setInterval(() => this.#drawQueue(), 15_000); // the times go on
    document.addEventListener("visibilitychange", () => this.#tellSeen());
  }

  get #handoff() {
    return this.#handoffs.find(({ conversation_id }) => conversation_id === this.#chosen) ?? null;
  }

  /** What the queue says of the open talk, without what changes by reading and typing. */
  get #look() {
    return JSON.stringify({ ...this.#handoff, unread: 0, is_typing: false });
  }

  get #isMine() {
    return (this.#detail?.handoff ?? this.#handoff)?.claimed_by === this.desk.member.username; // the talk is newer than the list
  }

  /** @param {Handoff[]} handoffs */
  takeQueue(handoffs) {
    this.#handoffs = handoffs;
    this.#drawQueue();
    this.#drawTyping();
    const now = this.#look;
    if (this.#chosen && now !== this.#seen) void this.#refresh(); // each look is recorded for the customer, so only when something happened
  }

  /** The open talk is told message by message from here on: after another was opened, and on each new connection. */
  watch() {
    if (this.#chosen && this.#detail) this.onwatch(this.#chosen, this.#detail.messages.at(-1)?.number ?? 0);
  }

  /** How far the customer has the open talk. @param {string} conversationId @param {import("./marks.js").Marks} marks */
  takeMarks(conversationId, marks) {
    if (this.#detail?.conversation_id !== conversationId) return;
    this.#detail.marks = marks;
    this.#drawMarks();
  }

  #drawMarks() {
    drawMarks(this.talk, this.#detail.messages, this.#detail.marks, this.desk.words);
  }

  /** The open talk is before somebody's eyes: so it is read, if it is one's own or nobody's. */
  #tellSeen() {
    const newest = this.#detail?.messages.at(-1);
    if (newest && document.visibilityState === "visible" && this.element.checkVisibility()) this.onseen(this.#detail.conversation_id, newest.number);
  }

  #drawTyping() {
    this.typing.textContent = this.#detail && this.#handoff?.is_typing ? this.desk.words.say("is_writing", { name: this.#nameOf(this.#detail) }) : "";
  }

  /** A message of the open talk, as soon as it is in the log. @param {string} conversationId @param {any} message */
  takeMessage(conversationId, message) {
    const detail = this.#detail;
    if (detail?.conversation_id !== conversationId || detail.messages.some((/** @type {any} */ one) => one.number === message.number)) return;
    detail.messages.push(message);
    this.#drawDetail();
    this.talk.scrollTo({ top: this.talk.scrollHeight });
  }

  /** @param {string} conversationId */
  open(conversationId) {
    this.#chosen = conversationId;
    this.#detail = null;
    this.element.dataset.view = "talk";
    this.#drawQueue();
    void this.#refresh().then(() => this.talk.scrollTo({ top: this.talk.scrollHeight }));
  }

  /** @param {number} step */
  move(step) {
    const shown = [...this.list.querySelectorAll("button.row")];
    const at = shown.findIndex((row) => row.getAttribute("aria-current") === "true");
    const next = /** @type {HTMLElement | undefined} */ (shown[Math.max(0, Math.min(shown.length - 1, at + step))]);
    next?.click();
    next?.focus();
  }

  async claimNext() {
    const waiting = this.#handoffs.filter(({ state }) => state === "waiting");
    const chosen = this.#handoff?.state === "waiting" ? this.#handoff : waiting[0];
    if (chosen) await this.claim(chosen);
  }

  /** @param {Handoff} handoff */
  async claim(handoff) {
    const { desk } = this;
    try {
      const { handoff: claimed } = await desk.api(`/handoffs/${handoff.handoff_id}/claim`, { method: "POST" });
      this.#handoffs = this.#handoffs.map((one) => (one.handoff_id === claimed.handoff_id ? claimed : one));
      desk.say(desk.words.say("staff_claimed_now"));
      this.#chosen = handoff.conversation_id;
      this.element.dataset.view = "talk";
      this.#drawQueue();
      await this.#refresh();
      this.reply.focus(false);
    } catch (failure) {
      const holder = /** @type {any} */ (failure).details?.claimed_name;
      desk.say(holder ? desk.words.say("staff_taken", { name: holder }) : /** @type {Error} */ (failure).message, ".amber");
    }
  }

  /** @param {"bot" | "queue" | "closed"} to */
  async release(to) {
    const handoff = this.#handoff;
    if (!handoff || !this.#isMine) return;
    await this.#act(`/handoffs/${handoff.handoff_id}/release`, { to });
    if (to !== "queue") await this.wrapUp.refresh(true);
  }

  askTransfer() {
    if (this.#isMine) void this.transfer.open();
  }

  /** @param {boolean} isNote */
  writeReply(isNote) {
    if (this.#chosen) this.reply.focus(isNote);
  }

  find() {
    this.filter.focus();
  }

  showKeys() {
    this.keyDialog.showModal();
  }

  /** @param {string} path @param {object} body */
  async #act(path, body) {
    try {
      await this.desk.api(path, { method: "POST", body });
      this.desk.say("");
      await this.#refresh();
    } catch (failure) {
      this.desk.say(/** @type {Error} */ (failure).message, ".red");
    }
  }

  async #refresh() {
    const id = this.#chosen;
    if (!id) return;
    this.#seen = this.#look;
    try {
      const detail = await this.desk.api(`/conversations/${encodeURIComponent(id)}`);
      if (this.#chosen !== id) return;
      const isNew = detail.messages.length !== this.#detail?.messages.length;
      const isOther = this.#detail?.conversation_id !== id;
      this.#detail = detail;
      this.#drawDetail();
      if (isOther) this.watch();
      if (isNew) this.talk.scrollTo({ top: this.talk.scrollHeight });
    } catch (failure) {
      this.desk.say(/** @type {Error} */ (failure).message, ".red");
    }
  }

  #drawQueue() {
    const focused = /** @type {HTMLElement | null} */ (document.activeElement?.closest?.("button.row"))?.dataset.id;
    makeQueue(this.list, this.#handoffs, { desk: this.desk, chosen: this.#chosen, filter: this.filter.value, open: (id) => this.open(id) });
    if (focused) /** @type {HTMLElement | null} */ (this.list.querySelector(`[data-id="${focused}"]`))?.focus();
  }

  #drawDetail() {
    const { words } = this.desk;
    const detail = this.#detail;
    this.reply.element.hidden = this.side.hidden = this.head.hidden = !detail;
    if (!detail) {
      this.talk.replaceChildren(make("div.nothing", {}, make("h2", {}, words.say("staff_choose")), make("p", {}, words.say("staff_choose_more"))));
      return;
    }
    const name = this.#nameOf(detail);
    this.#drawHead(name, detail);
    makeTalk(this.talk, detail, { desk: this.desk, name });
    this.#drawMarks();
    this.#drawTyping();
    this.#tellSeen();
    this.side.replaceChildren(...makeSide(detail, { words, name }), this.beside.element);
    void this.beside.show(detail);
    this.reply.setConversation(detail.conversation_id, { name, mayReply: detail.handoff?.claimed_by === this.desk.member.username, messages: detail.messages });
  }

  /** The time of day; with its day, once that is longer ago. @param {string} at */
  #sayWhen(at) {
    const { words, now } = this.desk;
    return now() - Date.parse(at) < DAY_MS ? words.time(at) : words.moment(at);
  }

  /** @param {any} detail */
  #nameOf({ customer, conversation_id }) {
    const { words } = this.desk;
    return customer?.name ?? (customer ? words.say("staff_customer_id", { id: customer.customer_id }) : words.say("staff_visitor", { id: conversation_id.slice(0, 4) }));
  }

  /** @param {string} name @param {any} detail */
  #drawHead(name, detail) {
    const { words } = this.desk;
    const { handoff } = detail;
    const isMine = handoff?.claimed_by === this.desk.member.username;
    const under = isMine
      ? words.say("staff_yours_since", { time: this.#sayWhen(handoff.since) })
      : handoff?.state === "waiting"
        ? words.say("staff_waits_since", { time: this.#sayWhen(handoff.since) })
        : handoff?.claimed_by
          ? words.say("staff_claimed_by", { name: handoff.claimed_name ?? handoff.claimed_by })
          : words.say(detail.state === "closed" ? "staff_closed" : "staff_with_bot");
    const deed = (/** @type {string} */ key, /** @type {string | null} */ sign, /** @type {() => void} */ act, main = "") => {
      const button = make(`button.button${main}`, { type: "button" }, sign ? icon(sign) : null, make("span", {}, words.say(key)));
      button.addEventListener("click", act);
      return button;
    };
    const back = make("button.button.bare.to-list", { type: "button", "aria-label": words.say("staff_back") }, icon("back"));
    back.addEventListener("click", () => { this.element.dataset.view = "list"; });
    const customer = deed("staff_side", "person", () => { this.element.dataset.view = this.element.dataset.view === "side" ? "talk" : "side"; });
    customer.classList.add("to-side");
    const deeds = isMine
      ? [deed("staff_transfer", "pass", () => this.askTransfer()), deed("staff_give_back", "back", () => void this.release("bot")), deed("staff_to_queue", null, () => void this.release("queue")), deed("staff_close", null, () => void this.release("closed"))]
      : handoff?.state === "waiting"
        ? [deed("staff_claim", "check", () => void this.claim(handoff), ".main")]
        : handoff && this.desk.member.role !== "agent"
          ? [deed("staff_take_over", "check", () => void this.#act(`/handoffs/${handoff.handoff_id}/take-over`, {}))]
          : [];
    const hadFocus = this.head.contains(document.activeElement);
    this.head.replaceChildren(back, make("span.face.customer", { "aria-hidden": "true" }, name.slice(0, 1)), make("div.who", {}, make("h2", {}, name), make("p", {}, under)), make("div.deeds", {}, customer, ...deeds));
    if (hadFocus) this.talk.focus(); // the button that was pressed is gone
  }

  #makeKeyLine() {
    const { words } = this.desk;
    const shown = /** @type {[string, string][]} */ ([["C", "staff_key_claim"], ["J K", "staff_key_move"], ["N", "staff_key_note"], ["T", "staff_key_transfer"], ["G", "staff_key_back"]]);
    const all = make("button.button.bare", { type: "button" }, make("kbd", { "aria-hidden": "true" }, "?"), words.say("staff_key_all"));
    all.addEventListener("click", () => this.showKeys());
    return make("p.keys", {}, make("span", { "aria-hidden": "true" }, ...shown.map(([keys, what]) => make("span", {}, ...keys.split(" ").map((key) => make("kbd", {}, key)), words.say(what)))), all);
  }

  #makeKeys() {
    const { words } = this.desk;
    const all = /** @type {[string, string][]} */ ([["C", "staff_key_claim"], ["J K", "staff_key_move"], ["R", "staff_key_reply"], ["N", "staff_key_note"], ["T", "staff_key_transfer"], ["G", "staff_key_back"], ["/", "staff_key_find"], ["/", "staff_key_answers"], ["Ctrl Enter", "staff_key_send"], ["?", "staff_key_all"]]);
    const close = make("button.button", { type: "button" }, words.say("staff_close"));
    const rows = all.flatMap(([keys, what]) => [make("dt", {}, ...keys.split(" ").map((key) => make("kbd", {}, key))), make("dd", {}, words.say(what))]);
    const dialog = /** @type {HTMLDialogElement} */ (make("dialog.ask", { "aria-labelledby": "keys-title" }, make("h2", { id: "keys-title" }, words.say("staff_keys")), make("dl.all-keys", {}, ...rows), make("p.small", {}, words.say("staff_keys_more")), close));
    close.addEventListener("click", () => dialog.close());
    return dialog;
  }
}
