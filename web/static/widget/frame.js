/** The frame of the chat: title line, disclosure, banners, log, composer. It says who speaks for the shop, in every state. */

import { make, setTraits } from "../common/dom.js";
import { icon } from "../common/icons.js";
import { makeFace } from "./message.js";

/** @typedef {import("../common/words.js").Words} Words */

const MOST_CHARACTERS = 2000;
const COUNT_FROM = 1800;

/** @param {Words} words @param {string} how the address of "How it works" */
export function makeFrame(words, how) {
  const face = make("span.place");
  const title = make("h2", { tabindex: "-1", id: "title" });
  const under = make("p");
  const person = make("button.button.person", { type: "button" });
  const close = make("button.button.bare", { type: "button", "aria-label": words.say("widget_close") }, icon("close"));
  const head = make("div.title", {}, face, make("div.who", {}, title, under), person, close);
  const told = make("span", { id: "band" });
  const band = make("p.band", {}, told, " ", make("a.link", { href: how, target: "candor-how" }, words.say("how_title")));
  const queue = make("div.queue", { hidden: true });
  const banners = make("div.banners", { role: "status" });
  const log = make("div.log", { role: "log", "aria-live": "polite", "aria-label": words.say("widget_log"), tabindex: "0" });
  const busy = make("p.busy", { hidden: true });
  const lock = make("p.in-use", {}, icon("lock"), make("span"));
  const data = make("button.link", { type: "button" }, words.say("widget_data"));
  const field = /** @type {HTMLTextAreaElement} */ (make("textarea.field", { rows: 1, maxlength: MOST_CHARACTERS, "aria-describedby": "band", enterkeyhint: "send", autocomplete: "off" }));
  const label = make("label.quiet", { for: "field" });
  field.id = "field";
  const count = make("p.count", { role: "status" });
  const send = make("button.button.main", { type: "submit" }, icon("arrow"), words.say("label_send"));
  const form = /** @type {HTMLFormElement} */ (make("form.composer", {}, make("div.row", {}, lock, data), count, make("div.row.write", {}, label, field, send)));
  const scroller = make("div.scroller", {}, make("div.talk", {}, log, busy));
  const dialog = /** @type {HTMLDialogElement} */ (make("dialog.panel", { "aria-labelledby": "title", "aria-describedby": "band" }, head, band, queue, banners, scroller, form));
  return { dialog, head, face, title, under, person, close, told, queue, banners, log, busy, scroller, inUse: /** @type {HTMLElement} */ (lock.lastElementChild), data, field, label, count, form };
}

/** @typedef {ReturnType<typeof makeFrame>} Frame */

/**
 * Who speaks now. Plum stands for people and for nothing else.
 * @param {Frame} frame @param {Words} words @param {{state: string, queue_position: number | null, staff_name: string | null}} now @param {string | null} since when waiting began
 */
export function showState(frame, words, { state, queue_position, staff_name }, since) {
  const name = staff_name ?? "";
  const isHuman = state === "human";
  frame.dialog.dataset.state = state;
  frame.face.replaceChildren(makeFace(isHuman ? "human" : "bot", name));
  frame.title.textContent = isHuman ? words.say("author_person", { name }) : words.say("author_bot");
  frame.under.textContent = isHuman ? words.say("widget_service") : words.say("shop_name");
  frame.told.textContent = words.say({ human: "band_human", waiting: "band_waiting", closed: "band_closed" }[state] ?? "band");
  frame.person.hidden = state === "waiting";
  frame.person.replaceChildren(make("span", {}, words.say(isHuman ? "widget_back" : "widget_person")));
  const hint = state === "waiting" ? words.say("widget_write_waiting") : isHuman ? words.say("widget_write_to", { name }) : words.say("widget_write");
  frame.field.placeholder = hint;
  frame.label.textContent = hint;
  frame.queue.hidden = state !== "waiting";
  const place = frame.queue.querySelector(".number");
  if (place && queue_position) {
    place.textContent = words.has(`place_${queue_position}`) ? words.say(`place_${queue_position}`) : String(queue_position);
    const told = frame.queue.querySelector(".told");
    if (told) told.textContent = [words.say("queue_place", { place: queue_position }), since && words.say("queue_since", { time: words.time(since) })].filter(Boolean).join(" ");
  }
}

/** The waiting place and its two ways. @param {Frame} frame @param {Words} words @param {{leave: () => void, stop: () => void}} ways */
export function fillQueue(frame, words, { leave, stop }) {
  frame.queue.replaceChildren(
    make("div.row", {}, make("span.number", { "aria-hidden": "true" }), make("div", {}, make("h3", {}, words.say("queue_title")), make("p.told", { role: "status" }))),
    make("div.pair", {}, make("button.button", { type: "button", onclick: leave }, words.say("queue_leave")), make("button.button", { type: "button", onclick: stop }, words.say("queue_stop"))),
  );
}

/** The field grows with its text, up to five lines, and counts only near the end. @param {Frame} frame @param {Words} words */
export function fitField({ field, count }, words) {
  field.style.blockSize = "auto";
  field.style.blockSize = `${Math.min(field.scrollHeight + 2, 140)}px`;
  count.textContent = field.value.length >= COUNT_FROM ? words.say("widget_left", { left: MOST_CHARACTERS - field.value.length }) : "";
}

/** A banner by name: shown, changed or taken away. @param {Frame} frame @param {string} name @param {Node | null} banner */
export function setBanner({ banners }, name, banner) {
  banners.querySelector(`[data-name="${name}"]`)?.remove();
  if (!(banner instanceof HTMLElement)) return;
  setTraits(banner, { "data-name": name });
  banners.append(banner);
}

/** @param {string} sign an icon's name @param {string | null} bold @param {string} said @param {string | null} deed @param {(() => void) | null} act */
export function makeBanner(sign, bold, said, deed, act) {
  const button = deed && act ? make("button.button", { type: "button", onclick: act }, deed) : null;
  return make("div.banner.amber", {}, icon(sign), make("div", {}, bold && make("strong", {}, bold), said), button);
}

/** Questions to start with, until something is said; each is sent in the language that the assistant reads. @param {Words} words @param {(text: string) => void} start */
export function makeStarters(words, start) {
  const sent = words.say("sent_starters").split("|");
  const chips = words.say("starters").split("|").map((text, index) => make("button.chip", { type: "button", onclick: () => start(sent[index] ?? text) }, text));
  return make("div.chips.starters", { role: "group", "aria-label": words.say("starters_label") }, ...chips);
}
