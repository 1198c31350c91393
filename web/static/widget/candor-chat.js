/**
 * <candor-chat>: the launcher and the chat. On wide screens it stands beside the page; below 768 px it is the whole screen.
 *
 * It opens a conversation when the customer opens it and never before. Focus goes back to where it came from on close, Escape closes,
 * and everything works by keyboard. What is drawn lives in frame.js and message.js; what is said in conversation.js.
 */

import { findFocused, make } from "../common/dom.js";
import { icon } from "../common/icons.js";
import { saveCopy, saveFile } from "../common/save.js";
import { Busy } from "./busy.js";
import { Conversation, isGone } from "./conversation.js";
import { fillQueue, fitField, makeBanner, makeFrame, makeStarters, setBanner, showState } from "./frame.js";
import { tellInUse } from "./in-use.js";
import { forget, keep, readKept } from "./kept.js";
import { makeMessage, makeWaiting } from "./message.js";
import { makeLauncher, showLauncher } from "./launcher.js";
import { findOwnTalk } from "./own-talk.js";
import { openPrivacy } from "./privacy-link.js";
import { Scroll } from "./scroll.js";
import { watchSeen } from "./seen.js";
import { measureText } from "./text-size.js";

/** @typedef {import("./conversation.js").Message} Message */
/** @typedef {import("../common/words.js").Words} Words */

const WHOLE_SCREEN = "(max-width: 767px)";
const OFFLINE_AFTER_MS = 800;

export class CandorChat extends HTMLElement {
  /** @type {import("./shop.js").Shop} */ static shop;
  #root = this.attachShadow({ mode: "open" });
  /** @type {AbortController | null} */ #life = null;
  /** @type {Words | null} */ #words = null;
  /** @type {import("./frame.js").Frame | null} */ #frame = null;
  /** @type {HTMLButtonElement | null} */ #launcher = null;
  /** @type {Conversation | null} */ #conversation = null;
  /** @type {Promise<void> | null} */ #beginning = null;
  /** @type {HTMLElement | null} */ #from = null;
  /** @type {Promise<void>} */ #ready = Promise.resolve();
  /** @type {Scroll | null} */ #scroll = null;
  /** @type {Busy | null} */ #busy = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #offline;
  #unread = 0;
  #lookSeen = () => {};
  #drawn = 0;

  get #shop() {
    return CandorChat.shop;
  }

  get isOpen() {
    return Boolean(this.#frame?.dialog.open);
  }

  connectedCallback() {
    this.#life = new AbortController();
    this.#ready = this.#build(this.#life.signal);
  }

  disconnectedCallback() {
    this.#life?.abort();
    this.#conversation?.stop();
    clearTimeout(this.#offline);
    this.#busy?.stop();
  }

  /** @param {AbortSignal} signal */
  async #build(signal) {
    const [words, sheets] = await Promise.all([this.#shop.loadWords(), this.#shop.loadStyles("tokens", "parts", "widget/chat")]);
    if (signal.aborted) return;
    this.#words = words;
    this.#root.adoptedStyleSheets = sheets;
    measureText(this);
    const frame = (this.#frame = makeFrame(words, new URL(`/how-it-works?lang=${encodeURIComponent(this.#shop.lang)}`, this.#shop.base).href));
    this.#scroll = new Scroll(frame, signal);
    this.#busy = new Busy(frame.busy, words, () => this.#scroll?.follow());
    this.#launcher = makeLauncher(words);
    fillQueue(frame, words, { leave: () => this.#leaveMessage(), stop: () => this.#cancelHandoff() });
    showState(frame, words, { state: "bot", queue_position: null, staff_name: null }, null);
    this.#root.replaceChildren(this.#launcher, frame.dialog);
    this.#listen(frame, signal);
    this.#lookSeen = watchSeen(() => (this.isOpen ? this.#conversation : null), signal);
    void this.#lookIn();
  }

  /** @param {import("./frame.js").Frame} frame @param {AbortSignal} signal */
  #listen(frame, signal) {
    const on = (/** @type {EventTarget} */ target, /** @type {string} */ what, /** @type {(event: any) => void} */ act) => target.addEventListener(what, act, { signal });
    on(/** @type {HTMLButtonElement} */ (this.#launcher), "click", () => this.open());
    on(frame.close, "click", () => this.close());
    on(frame.person, "click", () => (this.#conversation?.state.state === "human" ? this.#cancelHandoff() : this.#requestPerson()));
    on(frame.data, "click", () => this.#openPrivacy());
    on(frame.dialog, "cancel", (event) => { event.preventDefault(); this.close(); });
    on(frame.dialog, "keydown", (event) => { if (event.key === "Escape" && !event.isComposing) { event.stopPropagation(); this.close(); } });
    on(frame.form, "submit", (event) => { event.preventDefault(); this.#sendField(); });
    on(frame.field, "keydown", (event) => { if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); this.#sendField(); } });
    on(frame.field, "input", () => { fitField(frame, /** @type {Words} */ (this.#words)); this.#conversation?.sayTyping(); });
    on(matchMedia(WHOLE_SCREEN), "change", () => { if (this.isOpen) this.#place(); });
    on(window, "beforeunload", (event) => { if (this.#conversation?.outbox.length) event.preventDefault(); });
    on(this.#shop, "signed", ({ detail }) => void this.#takeSignIn(detail));
    on(this.#shop, "ending", () => this.#showEnding(false));
    on(this.#shop, "ended", () => this.#showEnding(true));
    on(this.#shop, "consents", () => void this.#showInUse());
  }

  // Opening and closing

  async open() {
    await this.#ready;
    if (!this.#frame || this.isOpen) return;
    this.#from = findFocused(); // the launcher, or what on the page asked, such as an offer's "Why am I seeing this?"
    this.#place();
    if (this.#launcher) this.#launcher.hidden = true;
    this.#unread = 0;
    this.#focusInside();
    await this.#begin();
    this.#lookSeen();
  }

  close() {
    if (!this.#frame?.dialog.open) return;
    this.#frame.dialog.close();
    if (this.#launcher) this.#launcher.hidden = false;
    const back = this.#from?.isConnected ? this.#from : this.#launcher;
    this.#from = null;
    back?.focus();
    this.#showLauncher();
  }

  /** Beside the page, or above all of it. */
  #place() {
    const { dialog } = /** @type {import("./frame.js").Frame} */ (this.#frame);
    const hadFocus = this.#root.activeElement;
    if (dialog.open) dialog.close();
    if (matchMedia(WHOLE_SCREEN).matches) dialog.showModal();
    else dialog.show();
    if (hadFocus instanceof HTMLElement) hadFocus.focus();
  }

  #focusInside() {
    const frame = /** @type {import("./frame.js").Frame} */ (this.#frame);
    if (matchMedia(WHOLE_SCREEN).matches) frame.title.focus(); // the field would bring the keyboard up over the disclosure
    else frame.field.focus();
  }

  /** @param {string} text asked in the customer's name, on a deed of the customer's */
  async ask(text) {
    await this.open();
    this.#conversation?.send({ text });
  }

  /** The explanation of an offer that the page or the chat shows. @param {{impression_id: string | null, title: string}} offer */
  async askWhy(offer) {
    await this.open();
    const conversation = this.#conversation;
    if (!conversation) return;
    const offered = offer.impression_id && conversation.findOffered((payload) => payload.startsWith("/ask_why_offer") && payload.includes(`"${offer.impression_id}"`));
    const text = /** @type {Words} */ (this.#words).say("sent_ask_why", { title: offer.title });
    conversation.send(offered ? { text: offered.title, payload: offered.payload } : { text });
  }

  // The conversation

  /** Take up the conversation that is kept, or open a new one; once at a time. */
  #begin() {
    if (this.#conversation) return Promise.resolve();
    this.#beginning ??= this.#beginNow().finally(() => { this.#beginning = null; });
    return this.#beginning;
  }

  async #beginNow() {
    const frame = /** @type {import("./frame.js").Frame} */ (this.#frame);
    const words = /** @type {Words} */ (this.#words);
    frame.log.setAttribute("aria-busy", "true");
    try {
      const conversation = (await this.#takeUp()) ?? (await this.#openNew());
      setBanner(frame, "failed", null);
      this.#attach(conversation);
      if (this.#shop.isEnding) this.#showEnding(false);
      keep(this.#shop.base, conversation);
      void this.#showInUse();
    } catch (failure) {
      setBanner(frame, "failed", makeBanner("triangle", words.say("open_failed"), words.say("open_failed_more"), words.say("label_try_again"), () => void this.#begin()));
      console.info(`candor: the chat could not be opened: ${/** @type {Error} */ (failure).message}`);
    } finally {
      frame.log.removeAttribute("aria-busy");
    }
  }

  /** @returns {Promise<Conversation | null>} the kept conversation, if it is still there and this customer's; else one with a person, begun on another device */
  async #takeUp() {
    const kept = readKept(this.#shop.base) ?? (await findOwnTalk(this.#shop).catch(() => null)); // a new chat is better than none
    if (!kept) return null;
    const conversation = new Conversation({ base: this.#shop.base, ...kept });
    try {
      await this.#signInto(conversation);
      await conversation.start();
      return conversation;
    } catch (failure) {
      conversation.stop();
      if (!isGone(failure) && /** @type {any} */ (failure).code !== "another_customer") throw failure;
      forget(this.#shop.base);
      return null;
    }
  }

  async #openNew() {
    const { base, token, lang, pageOffers } = this.#shop;
    const conversation = await Conversation.open(base, { ...(token ? { customer_token: token } : {}), locale: lang, page_offers: pageOffers, zone: Intl.DateTimeFormat().resolvedOptions().timeZone });
    conversation.isVisitors = !token;
    conversation.resume();
    return conversation;
  }

  /** @param {Conversation} conversation */
  async #signInto(conversation) {
    const { token } = this.#shop;
    if (token) await conversation.call("/customer", { method: "PUT", body: { customer_token: token } });
  }

  /** @param {Conversation} conversation */
  #attach(conversation) {
    this.#conversation = conversation;
    this.#drawn = 0;
    this.#frame?.log.replaceChildren();
    const on = (/** @type {string} */ what, /** @type {(detail: any) => void} */ act) => conversation.addEventListener(what, (event) => { if (this.#conversation === conversation) act(/** @type {CustomEvent} */ (event).detail); });
    on("messages", (fresh) => this.#showNew(fresh));
    on("outbox", () => this.#showOutbox(true));
    on("state", () => this.#showState());
    on("line", () => this.#showLine());
    on("typing", (author) => { if (author !== "bot") this.#busy?.showWriting(author); }); // of the assistant the log tells
    on("refused", ({ item, message }) => this.#showRefused(item, message));
    on("gone", () => this.#dropConversation(conversation.isErased ? "erased" : "gone"));
    this.#drawLog();
    this.#showState();
  }

  /** @param {"gone" | "erased" | "other" | "out"} why */
  #dropConversation(why) {
    this.#conversation?.stop();
    this.#conversation = null;
    forget(this.#shop.base);
    this.#frame?.log.replaceChildren();
    if (!this.#frame || !this.#words) return;
    showState(this.#frame, this.#words, { state: "bot", queue_position: null, staff_name: null }, null);
    this.#showLauncher();
    if (this.isOpen) void this.#begin().then(() => { if (why !== "out") this.#addLine(/** @type {Words} */ (this.#words).say(`new_chat_${why}`)); });
  }

  /** On page load: a talk that waits for a person or is with one goes on, and the launcher says so. */
  async #lookIn() {
    const kept = readKept(this.#shop.base);
    if (!kept) return;
    try {
      const state = await new Conversation({ base: this.#shop.base, ...kept }).call();
      if (state.state === "waiting" || state.state === "human") await this.#begin();
      this.#showLauncher();
    } catch (failure) {
      if (isGone(failure)) forget(this.#shop.base);
    }
  }

  /** @param {{changed: boolean, out?: boolean}} how */
  async #takeSignIn({ changed, out }) {
    const words = /** @type {Words} */ (this.#words);
    if (this.#frame) setBanner(this.#frame, "ending", null);
    if (out) {
      if (changed) this.#dropConversation("out");
      return;
    }
    const conversation = this.#conversation;
    if (!conversation) return;
    try {
      await this.#signInto(conversation);
      if (!changed && this.isOpen) this.#addLine(words.say("session_renewed", { time: words.time(Date.now()) }));
    } catch (failure) {
      if (/** @type {any} */ (failure).code === "another_customer") this.#dropConversation("other");
      else if (isGone(failure)) this.#dropConversation("gone");
    }
    void this.#showInUse();
  }

  // Sending

  #sendField() {
    const frame = /** @type {import("./frame.js").Frame} */ (this.#frame);
    const text = frame.field.value.trim();
    if (!text || !this.#conversation) return;
    this.#conversation.send({ text });
    frame.field.value = "";
    fitField(frame, /** @type {Words} */ (this.#words));
    frame.field.focus();
  }

  /** @param {string} text a question to start with */
  #start(text) {
    this.#conversation?.send({ text });
    this.#frame?.field.focus();
  }

  /** @param {{title: string, payload: string}} button */
  #press({ title, payload }) {
    this.#conversation?.send({ text: title, payload });
    const isByKeyboard = this.#root.activeElement?.matches(":focus-visible"); // then no keyboard comes up over the answer
    if (isByKeyboard || !matchMedia(WHOLE_SCREEN).matches) this.#frame?.field.focus();
  }

  /** A payload where one was offered, else the same in words: asking for a person works at any moment. @param {string} payload @param {string} text */
  #pressOrSay(payload, text) {
    const offered = this.#conversation?.findOffered((one) => one === payload);
    this.#conversation?.send(offered ? { text: offered.title, payload } : { text });
  }

  async #requestPerson() {
    await this.#begin();
    this.#pressOrSay("/request_human", /** @type {Words} */ (this.#words).say("sent_ask_person"));
  }

  #leaveMessage() {
    const offered = this.#conversation?.findOffered((one) => one === "/leave_message");
    if (offered) this.#conversation?.send({ text: offered.title, payload: offered.payload });
    this.#frame?.field.focus();
  }

  #cancelHandoff() {
    const isHuman = this.#conversation?.state.state === "human";
    this.#pressOrSay("/cancel_handoff", /** @type {Words} */ (this.#words).say(isHuman ? "sent_ask_back" : "sent_ask_stop_waiting"));
    this.#frame?.field.focus();
  }

  // Showing

  get #hands() {
    return {
      words: /** @type {Words} */ (this.#words),
      base: this.#shop.base,
      press: (/** @type {{title: string, payload: string}} */ button) => this.#press(button),
      why: (/** @type {any} */ offer) => void this.askWhy(offer),
      openPrivacy: (/** @type {string | undefined} */ part) => this.#openPrivacy(part),
      save: (/** @type {string} */ format, /** @type {HTMLElement} */ from) => void this.#save(format, from),
    };
  }

  /** @param {string} format @param {HTMLElement} from the button, which waits */
  async #save(format, from) {
    from.setAttribute("aria-disabled", "true");
    try {
      const { base, lang } = this.#shop;
      const token = this.#conversation?.token ?? null;
      if (format === "chat") await saveFile(base, `/api/conversations/${this.#conversation?.id}/transcript`, token, lang, "chat.txt");
      else await saveCopy(base, token, lang, format);
    } catch (failure) {
      this.#addLine(/** @type {Error} */ (failure).message);
    } finally {
      from.removeAttribute("aria-disabled");
    }
  }

  #drawLog() {
    const { log } = /** @type {import("./frame.js").Frame} */ (this.#frame);
    const messages = this.#conversation?.messages ?? [];
    for (const message of messages.filter(({ seq }) => seq > this.#drawn)) {
      log.querySelectorAll(".starters").forEach((starters) => starters.remove());
      log.append(makeMessage(message, this.#hands));
      this.#drawn = message.seq;
      if (message.kind === "disclosure" && message.seq === 1 && messages.length === 1) log.append(makeStarters(/** @type {Words} */ (this.#words), (text) => this.#start(text)));
    }
    this.#showOutbox(false);
    this.#scroll?.toEnd();
  }

  /** @param {Message[]} fresh */
  #showNew(fresh) {
    const frame = /** @type {import("./frame.js").Frame} */ (this.#frame);
    this.#drawLog();
    this.#busy?.showOwed(this.#conversation);
    const answer = fresh.find((message) => message.author !== "customer");
    if (answer) this.#scroll?.toMessage(frame.log.querySelector(`[data-seq="${answer.seq}"]`));
    if (!this.isOpen) this.#unread += fresh.filter((message) => message.author === "human" || message.author === "bot").length;
    this.#showLauncher();
    this.#lookSeen();
    if (fresh.some((message) => message.kind === "consent" || message.extra?.effect || message.kind === "notice" || message.kind === "review")) this.#shop.tellConsentsChanged();
  }

  /** @param {boolean} isNew */
  #showOutbox(isNew) {
    const { log } = /** @type {import("./frame.js").Frame} */ (this.#frame);
    const words = /** @type {Words} */ (this.#words);
    log.querySelectorAll(".waiting-item").forEach((item) => item.remove());
    for (const item of this.#conversation?.outbox ?? []) {
      const made = makeWaiting(item, words, words.say("state_sending"));
      made.classList.add("waiting-item");
      made.setAttribute("aria-live", "off"); // spoken once, when it is in the log
      log.append(made);
    }
    const own = [...log.querySelectorAll(".message.customer:not(.waiting-item)")];
    own.forEach((message, place) => {
      const state = message.querySelector(".state");
      if (state) state.textContent = place === own.length - 1 ? words.say("state_delivered") : "";
    });
    if (isNew) this.#scroll?.toEnd();
  }

  #showState() {
    const frame = /** @type {import("./frame.js").Frame} */ (this.#frame);
    const conversation = /** @type {Conversation} */ (this.#conversation);
    const asked = [...conversation.messages].reverse().find((message) => message.kind === "handoff");
    const wasQueue = !frame.queue.hidden;
    const hadPerson = this.#root.activeElement === frame.person;
    showState(frame, /** @type {Words} */ (this.#words), conversation.state, asked?.at ?? null);
    if (wasQueue && frame.queue.hidden && !this.#root.activeElement && this.isOpen) frame.field.focus();
    if (hadPerson && frame.person.hidden) this.#focusInside(); // the button that was pressed is gone
    this.#showLauncher();
    this.#busy?.showOwed(this.#conversation);
  }

  #showLine() {
    const frame = /** @type {import("./frame.js").Frame} */ (this.#frame);
    const words = /** @type {Words} */ (this.#words);
    clearTimeout(this.#offline);
    this.#busy?.showOwed(this.#conversation);
    if (this.#conversation?.isOnline) setBanner(frame, "offline", null);
    else this.#offline = setTimeout(() => setBanner(frame, "offline", makeBanner("triangle", null, words.say("offline"), null, null)), OFFLINE_AFTER_MS);
  }

  /** @param {{text: string}} item @param {string} message */
  #showRefused(item, message) {
    const frame = /** @type {import("./frame.js").Frame} */ (this.#frame);
    const words = /** @type {Words} */ (this.#words);
    this.#showOutbox(false);
    const refused = makeWaiting(item, words, words.say("state_refused"));
    refused.append(make("p.banner.red", {}, icon("triangle"), make("span", {}, message)));
    frame.log.append(refused);
    if (!frame.field.value) frame.field.value = item.text;
    fitField(frame, words);
    this.#scroll?.toEnd();
  }

  /** @param {boolean} isOver */
  #showEnding(isOver) {
    const frame = /** @type {import("./frame.js").Frame} */ (this.#frame);
    const words = /** @type {Words} */ (this.#words);
    if (!frame || !this.#shop.customer || !this.#conversation) return;
    const time = words.time(this.#shop.customer.until);
    const said = isOver ? words.say("session_over") : words.say("session_ending", { minutes: Math.max(1, Math.round((this.#shop.customer.until - Date.now()) / 60_000)), time });
    const deed = words.say(isOver ? "session_again" : "session_stay");
    setBanner(frame, "ending", makeBanner("clock", said, words.say("session_kept"), deed, () => this.#shop.askForToken("renew")));
    if (isOver) void this.#showInUse();
  }

  async #showInUse() {
    if (!this.#frame || !this.#words || !this.#conversation) return;
    const said = await tellInUse(this.#shop, this.#conversation, this.#words);
    if (said) this.#frame.inUse.textContent = said;
  }

  #showLauncher() {
    if (!this.#words || !this.#launcher) return;
    showLauncher(this.#launcher, this.#words, this.#conversation?.state ?? null, this.#unread);
  }

  /** @param {string} text */
  #addLine(text) {
    this.#frame?.log.append(make("div.message.system", {}, make("div.line", {}, make("div", {}, make("p", {}, text)))));
    this.#scroll?.toEnd();
  }

  /** @param {string} [part] */
  #openPrivacy(part) {
    openPrivacy(this.#shop, { part, conversationToken: this.#conversation?.token ?? null });
  }
}
