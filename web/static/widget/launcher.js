/** The launcher: what opens the chat, and who speaks there when it is closed. */

import { make } from "../common/dom.js";
import { makeFace } from "./message.js";

/** @typedef {import("../common/words.js").Words} Words */

/** @param {Words} words @returns {HTMLButtonElement} */
export function makeLauncher(words) {
  const launcher = /** @type {HTMLButtonElement} */ (make("button.launcher", { type: "button", "aria-haspopup": "dialog" }, make("span.face"), make("span", {}, make("b"), make("span.under"))));
  showLauncher(launcher, words, null, 0);
  return launcher;
}

/** @param {HTMLButtonElement} launcher @param {Words} words @param {{state: string, staff_name: string | null} | null} now @param {number} unread */
export function showLauncher(launcher, words, now, unread) {
  const isHuman = now?.state === "human";
  const name = now?.staff_name ?? "";
  const [title, under] = launcher.querySelectorAll("b, .under");
  title.textContent = isHuman ? words.say("author_person", { name }) : words.say(now?.state === "waiting" ? "queue_title" : "launcher_title");
  under.textContent = unread ? words.say(unread === 1 ? "launcher_unread_one" : "launcher_unread", { count: unread }) : words.say(isHuman ? "launcher_human" : "launcher_under");
  launcher.querySelector(".face")?.replaceWith(makeFace(isHuman ? "human" : "bot", name));
  launcher.classList.toggle("human", isHuman);
}
