/** Where the talk stands: at its end it stays there whatever comes above or below; a long answer is read from its head. */

const NEAR = 24;
const AIR = 12;

export class Scroll {
  #isAtEnd = true;

  /** @param {import("./frame.js").Frame} frame @param {AbortSignal} signal */
  constructor(frame, signal) {
    this.frame = frame;
    for (const part of [frame.scroller, frame.dialog]) part.addEventListener("scroll", () => this.#look(), { signal });
    const fitting = new ResizeObserver(() => this.follow()); // a banner, the queue or a keyboard came
    fitting.observe(frame.scroller);
    signal.addEventListener("abort", () => fitting.disconnect());
  }

  /** What scrolls: the talk, or on a short screen all of it as one below the title line. */
  get #moving() {
    const { dialog, scroller } = this.frame;
    return getComputedStyle(scroller).overflowY === "visible" ? dialog : scroller;
  }

  #look() {
    const moving = this.#moving;
    this.#isAtEnd = moving.scrollHeight - moving.scrollTop - moving.clientHeight < NEAR;
  }

  /** Stay at the end, for whoever is there. */
  follow() {
    if (this.#isAtEnd) this.toEnd();
  }

  toEnd() {
    this.#moving.scrollTop = this.#moving.scrollHeight;
    this.#isAtEnd = true;
  }

  /** @param {Element | null} message */
  toMessage(message) {
    if (!message) return;
    const moving = this.#moving;
    const above = (moving === this.frame.dialog ? this.frame.head.offsetHeight : 0) + AIR;
    moving.scrollTop += message.getBoundingClientRect().top - moving.getBoundingClientRect().top - above;
    this.#look();
  }
}
