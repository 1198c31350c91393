/** Asking for one's own password before what lets somebody in or out: what will happen, the field, do it or leave it. A wrong one is said there. */

import { ApiError } from "../common/client.js";
import { make } from "../common/dom.js";
import { icon } from "../common/icons.js";

/** @typedef {import("../common/words.js").Words} Words */

/** A refusal in the shop's language, where it is one of getting in. @param {Words} words @param {unknown} failure */
export function sayFailure(words, failure) {
  if (!(failure instanceof ApiError)) return String(failure);
  const key = `access_${failure.details?.problem ?? failure.code}`;
  return words.has(key) ? words.say(key, { seconds: failure.details?.retry_after_s ?? "" }) : failure.message;
}

/** @param {string} text */
export function makeAlarm(text) {
  return make("p.banner.red", {}, icon("triangle"), make("span", {}, text));
}

/** @param {string} label @param {Record<string, unknown>} traits of the field, its id among them @returns {{label: HTMLElement, field: HTMLInputElement}} */
export function makeField(label, traits) {
  return { label: make("label", { for: traits.id }, label), field: /** @type {HTMLInputElement} */ (make("input.field", { required: true, ...traits })) };
}

/**
 * @param {Words} words @param {HTMLElement} home where the dialog hangs while it is open
 * @param {string} title @param {string} sentence what will happen
 * @param {(password: string) => Promise<HTMLElement | null | void>} act returns what has focus afterwards, if not the button of before
 */
export function askPassword(words, home, title, sentence, act) {
  const { label, field } = makeField(words.say("access_ask_password"), { id: "ask-password", type: "password", autocomplete: "current-password" });
  const alarm = make("div", { role: "alert" });
  const keep = make("button.button", { type: "button" }, words.say("access_ask_keep"));
  const form = make("form", {}, make("h2", { id: "ask-title" }, title), make("p", { id: "ask-what" }, sentence), label, field, alarm, make("div.pair", {}, make("button.button", { type: "submit" }, words.say("access_ask_do")), keep));
  const dialog = /** @type {HTMLDialogElement} */ (make("dialog.ask", { "aria-labelledby": "ask-title", "aria-describedby": "ask-what" }, form));
  keep.addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => dialog.remove());
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      const next = await act(field.value);
      dialog.close();
      next?.focus();
    } catch (failure) {
      alarm.replaceChildren(makeAlarm(sayFailure(words, failure)));
      field.select();
    }
  });
  home.append(dialog);
  dialog.showModal();
  field.focus();
}
