/** Under the messages of staff: up to where the customer's chat showed them ("Read up to here"), and how the newest stands. Told as it is known, never guessed. */

import { make } from "../common/dom.js";

/** @typedef {{delivered: number, seen: number}} Marks */

/** @param {HTMLElement} talk @param {any[]} messages @param {Marks} marks @param {import("../common/words.js").Words} words */
export function drawMarks(talk, messages, marks, words) {
  const ours = messages.filter(({ author, seq }) => author === "human" && seq);
  const newest = ours.at(-1);
  const seen = ours.findLast(({ seq }) => seq <= marks.seen);
  talk.querySelectorAll(".mark").forEach((mark) => mark.remove());
  /** @param {any} message @param {string} key */
  const put = (message, key) => talk.querySelector(`[data-number="${message.number}"]`)?.append(make("p.mark", { "aria-live": "off" }, words.say(key)));
  if (seen) put(seen, "staff_mark_seen");
  if (newest && newest !== seen) put(newest, newest.seq <= marks.delivered ? "staff_mark_delivered" : "staff_mark_sent");
}
