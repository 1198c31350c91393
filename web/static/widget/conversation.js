/**
 * One conversation as the browser sees it: the log so far, what waits to be sent, who speaks for the shop.
 *
 * The log is the truth: the line only says what is newer than the last number. So a broken line is mended by asking again
 * from there, and a message is sent again under the same `client_id` until the log has it; the gateway takes it once.
 * Events: `messages` (detail: the new ones), `state`, `outbox`, `line`, `typing` (detail: author), `refused` (detail: item, message), `gone`.
 */

import { ApiError, call } from "../common/client.js";
import { keepLine } from "./line.js";

/** @typedef {{seq: number, client_id?: string, author: "customer" | "bot" | "human" | "system", author_name: string | null, at: string, lang: string, kind: string, text: string, buttons: {title: string, payload: string}[], offers: any[], explanation?: any, extra?: any}} Message */
/** @typedef {{client_id: string, text: string, payload?: string}} Waiting */

const TYPING_EVERY_MS = 3000;

export class Conversation extends EventTarget {
  /** @type {Message[]} */ messages = [];
  /** @type {Waiting[]} */ outbox = [];
  state = { state: "bot", queue_position: /** @type {number | null} */ (null), staff_name: /** @type {string | null} */ (null) };
  isOnline = true;
  /** The last that was pressed erases this conversation: it is gone because that was wished. */ isErased = false;
  /** Opened by nobody who was signed in: nothing about anybody is used. */ isVisitors = false;
  /** @type {ReturnType<typeof keepLine> | null} */ #line = null;
  #typedAt = 0;

  /** @param {{base: string, id: string, token: string}} where */
  constructor({ base, id, token }) {
    super();
    this.base = base;
    this.id = id;
    this.token = token;
  }

  /** @param {string} base @param {{customer_token?: string, locale: string, page_offers: string[], zone?: string}} body */
  static async open(base, body) {
    const told = await call(new URL("/api/conversations", base).href, { method: "POST", body });
    const conversation = new Conversation({ base, id: told.conversation_id, token: told.token });
    conversation.take(told.messages);
    return conversation;
  }

  get lastSeq() {
    return this.messages.at(-1)?.seq ?? 0;
  }

  /** @param {string} [rest] @param {Parameters<typeof call>[1]} [options] */
  call(rest = "", options = {}) {
    return call(new URL(`/api/conversations/${this.id}${rest}`, this.base).href, { token: this.token, ...options });
  }

  /** Everything said so far and who speaks, then the live line. */
  async start() {
    this.#setState(await this.call());
    for (let more = true; more; ) {
      const page = await this.call(`/messages?after=${this.lastSeq}`);
      this.take(page.messages);
      more = page.messages.length > 0 && page.last_seq > this.lastSeq;
    }
    this.resume();
  }

  resume() {
    this.#line ??= keepLine(this);
  }

  stop() {
    this.#line?.stop();
    this.#line = null;
  }

  /** Try at once instead of after the pause. */
  hurry() {
    this.#line?.hurry();
  }

  /** @param {{text: string, payload?: string}} what for a payload, `text` is the button's title */
  send({ text, payload }) {
    if (payload) this.isErased = payload === "/confirm_erasure";
    this.outbox.push({ client_id: crypto.randomUUID(), text, payload });
    this.#tell("outbox");
    this.#line?.flush();
  }

  sayTyping() {
    if (Date.now() - this.#typedAt < TYPING_EVERY_MS) return;
    this.#typedAt = Date.now();
    this.#line?.sayTyping();
  }

  /** @param {number} seq of a person's message that the customer has before them */
  saySeen(seq) {
    this.#line?.saySeen(seq);
  }

  /** Whether a message of this conversation offered a payload. @param {(payload: string) => boolean} fits @returns {{title: string, payload: string} | null} */
  findOffered(fits) {
    for (const message of [...this.messages].reverse()) {
      const controls = (message.explanation?.reasons ?? []).flatMap((/** @type {any} */ reason) => reason.controls ?? []);
      const found = [...(message.buttons ?? []), ...controls].find((button) => fits(button.payload));
      if (found) return found;
    }
    return null;
  }

  /** New messages of the log. Returns false when one is missing in between. @param {Message[]} messages */
  take(messages) {
    const fresh = messages.filter((message) => message.seq > this.lastSeq);
    if (!fresh.length) return true;
    if (fresh[0].seq !== this.lastSeq + 1) return false;
    this.messages.push(...fresh);
    const arrived = new Set(fresh.map((message) => message.client_id));
    this.outbox = this.outbox.filter((item) => !arrived.has(item.client_id));
    this.#tell("messages", fresh);
    return true;
  }

  /** @param {typeof this.state} state */
  takeState(state) {
    this.#setState(state);
  }

  /** @param {string} author */
  takeTyping(author) {
    this.#tell("typing", author);
  }

  /** @param {boolean} isOnline */
  takeLine(isOnline) {
    if (this.isOnline === isOnline) return;
    this.isOnline = isOnline;
    this.#tell("line");
  }

  /** The gateway will not have it: it leaves the outbox and the customer is told why. @param {string | undefined} clientId @param {string} message */
  takeRefusal(clientId, message) {
    const item = this.outbox.find((one) => one.client_id === clientId);
    if (!item) return;
    this.outbox = this.outbox.filter((one) => one !== item);
    this.#tell("refused", { item, message });
  }

  takeGone() {
    this.stop();
    this.#tell("gone");
  }

  /** @param {any} told */
  #setState({ state, queue_position, staff_name }) {
    const now = { state, queue_position, staff_name };
    if (JSON.stringify(now) === JSON.stringify(this.state)) return;
    this.state = now;
    this.#tell("state");
  }

  /** @param {string} what @param {unknown} [detail] */
  #tell(what, detail) {
    this.dispatchEvent(new CustomEvent(what, { detail }));
  }
}

/** @param {unknown} failure @returns {failure is ApiError} */
export function isGone(failure) {
  return failure instanceof ApiError && failure.status === 401;
}
