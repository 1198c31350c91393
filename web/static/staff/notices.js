/** New messages: counted in the page's title; a sound and a notice of the desktop only for who switched them on, on this device. A notice names nobody. */

import { make } from "../common/dom.js";

const KEPT = "candor-console";
const PITCH_HZ = 660;
const SOUND_S = 0.25;

/** What was chosen on this device. @returns {{sound?: boolean, desktop?: boolean, keys?: boolean}} */
export function readChoices() {
  try {
    return JSON.parse(localStorage.getItem(KEPT) ?? "{}");
  } catch {
    return {}; // somebody else's, or spoiled: as if nothing was chosen
  }
}

/** @param {object} change */
function choose(change) {
  localStorage.setItem(KEPT, JSON.stringify({ ...readChoices(), ...change }));
}

export class Notices {
  /** @type {Map<string, number> | null} */ #known = null;
  #title = document.title;
  /** @type {AudioContext | null} */ #audio = null;

  /** @param {import("./app.js").Desk} desk */
  constructor(desk) {
    const { words } = desk;
    this.desk = desk;
    this.failed = make("p.small", { role: "status" });
    const rows = [this.#makeSwitch("sound", "staff_notice_sound", (isOn) => this.#chooseSound(isOn)), this.#makeSwitch("desktop", "staff_notice_desktop", (isOn, box) => this.#chooseDesktop(isOn, box)), this.#makeSwitch("keys", "staff_notice_keys", (isOn) => choose({ keys: isOn }), true)];
    this.element = make("section.review-body.device", { "aria-labelledby": "device-title" }, make("h3", { id: "device-title" }, words.say("staff_device")), make("p.small", {}, words.say("staff_device_more")), ...rows, this.failed);
  }

  /** What waits for an answer of one's own, or of anybody. @param {any[]} handoffs */
  take(handoffs) {
    const concern = handoffs.filter(({ state, claimed_by }) => state === "waiting" || claimed_by === this.desk.member.username);
    const count = concern.reduce((sum, { unread }) => sum + (unread ?? 0), 0);
    document.title = count ? `(${count}) ${this.#title}` : this.#title;
    const now = new Map(concern.map(({ handoff_id, last_written }) => [handoff_id, last_written]));
    const known = this.#known;
    this.#known = now;
    if (!known) return; // what was there when the console opened is no news
    const isNew = concern.some(({ handoff_id, state }) => !known.has(handoff_id) && state === "waiting");
    const isMore = concern.some(({ handoff_id, last_written, unread }) => unread && last_written > (known.get(handoff_id) ?? 0)); // it may have been read and written again since the last look
    if (isNew || isMore) this.#tell(isMore ? "staff_notice_message" : "staff_notice_waiting");
  }

  stop() {
    document.title = this.#title;
    void this.#audio?.close();
  }

  /** @param {string} key */
  #tell(key) {
    const { sound, desktop } = readChoices();
    if (sound) void this.#sound();
    if (desktop && document.visibilityState !== "visible" && "Notification" in window && Notification.permission === "granted") new Notification(this.#title, { body: this.desk.words.say(key), tag: KEPT });
  }

  async #sound() {
    this.#audio ??= new AudioContext();
    await this.#audio.resume();
    const { currentTime: now, destination } = this.#audio;
    const tone = new OscillatorNode(this.#audio, { frequency: PITCH_HZ });
    const loudness = new GainNode(this.#audio, { gain: 0.15 });
    loudness.gain.exponentialRampToValueAtTime(0.001, now + SOUND_S);
    tone.connect(loudness).connect(destination);
    tone.start(now);
    tone.stop(now + SOUND_S);
  }

  /** Heard once when it is switched on, so that one knows it. @param {boolean} isOn */
  #chooseSound(isOn) {
    choose({ sound: isOn });
    if (isOn) void this.#sound();
  }

  /** The browser asks for its permission only now. @param {boolean} isOn @param {HTMLInputElement} box */
  async #chooseDesktop(isOn, box) {
    const may = isOn && "Notification" in window ? await Notification.requestPermission() : "denied";
    this.failed.textContent = isOn && may !== "granted" ? this.desk.words.say("staff_notice_refused") : "";
    box.checked = isOn && may === "granted";
    choose({ desktop: box.checked });
  }

  /** @param {"sound" | "desktop" | "keys"} name @param {string} key @param {(isOn: boolean, box: HTMLInputElement) => void} act @param {boolean} [isOn] unless something else was chosen */
  #makeSwitch(name, key, act, isOn = false) {
    const box = /** @type {HTMLInputElement} */ (make("input", { type: "checkbox", id: `device-${name}` }));
    box.checked = readChoices()[name] ?? isOn;
    box.addEventListener("change", () => void act(box.checked, box));
    return make("label.check", { for: box.id }, box, make("span", {}, this.desk.words.say(key)));
  }
}
