/** The line below the talk: the assistant looks something up, or a person writes. It says only what is so; no pause is acted. */

import { make } from "../common/dom.js";
import { makeFace } from "./message.js";

const BUSY_AFTER_MS = 400;
const SLOW_AFTER_MS = 8000;
const WRITING_MS = 6000;

export class Busy {
  /** @type {ReturnType<typeof setTimeout>[]} */ #timers = [];

  /** @param {HTMLElement} line @param {import("../common/words.js").Words} words @param {() => void} grown */
  constructor(line, words, grown) {
    this.line = line;
    this.words = words;
    this.grown = grown;
  }

  stop() {
    this.#timers.forEach(clearTimeout);
    this.#timers = [];
    this.line.hidden = true;
  }

  /** While the assistant owes an answer: after a moment that it looks, after a while that it takes long. @param {import("./conversation.js").Conversation | null} conversation */
  showOwed(conversation) {
    this.stop();
    const isOwed = conversation?.messages.at(-1)?.author === "customer" && conversation.isOnline && conversation.state.state !== "human";
    if (!isOwed) return;
    this.#timers = [
      setTimeout(() => this.#fill("bot", "", this.words.say("looking_up")), BUSY_AFTER_MS),
      setTimeout(() => this.#fill("bot", "", this.words.say("looking_up_long")), SLOW_AFTER_MS),
    ];
  }

  /** @param {string} name who writes */
  showWriting(name) {
    this.stop();
    this.#fill("human", name, this.words.say("is_writing", { name }));
    this.#timers = [setTimeout(() => { this.line.hidden = true; }, WRITING_MS)];
  }

  /** @param {"bot" | "human"} who @param {string} name @param {string} said */
  #fill(who, name, said) {
    this.line.replaceChildren(makeFace(who, name), make("span", {}, said), make("span.dots", { "aria-hidden": "true" }, make("i"), make("i"), make("i")));
    this.line.hidden = false;
    this.grown();
  }
}
