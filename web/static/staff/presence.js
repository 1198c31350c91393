/** What one says of oneself: available, away or off. It decides where talks go by themselves, never whether one may claim. */

import { make } from "../common/dom.js";

const SAID = ["available", "away", "off"];

/** @param {import("./app.js").Desk} desk */
export function makePresence(desk) {
  const { words, member } = desk;
  const options = SAID.map((one) => make("option", { value: one }, words.say(`staff_presence_${one}`)));
  const select = /** @type {HTMLSelectElement} */ (make("select.field.presence", { "aria-label": words.say("staff_presence") }, ...options));
  select.addEventListener("change", async () => {
    try {
      await desk.api("/me/presence", { method: "PUT", body: { presence: select.value } });
      desk.say(words.say(`staff_presence_now_${select.value}`));
    } catch (failure) {
      desk.say(/** @type {Error} */ (failure).message, ".red");
    }
  });
  void desk.api("/colleagues").then(
    ({ colleagues }) => { select.value = colleagues.find((/** @type {any} */ one) => one.username === member.username)?.presence ?? "available"; },
    () => {}, // what goes wrong with the session is told by whoever shares it
  );
  return select;
}

/** A colleague or a team as a choice. @param {import("../common/words.js").Words} words @param {any} one */
export function sayColleague(words, one) {
  return words.say("staff_colleague", { name: one.name, presence: words.say(`staff_presence_${one.presence}`), load: one.load, most: one.talks_at_once });
}
