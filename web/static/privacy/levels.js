/** How much may be used, in one step: each level tells what it switches before it acts. And how often offers may come unasked. */

import { make } from "../common/dom.js";
import { hasChanged, makeEffect } from "../common/effect.js";
import { icon } from "../common/icons.js";

const FREQUENCIES = ["never", "visit", "day", "always"];

/** @typedef {{level: string, title: string, on: string[], off: string[], text: string}} Level */
/** @typedef {import("./switches.js").Hands} Hands */

/** A row of choices, one of which may stand. @param {string} labelledby @param {{name: string, title: string}[]} choices @param {string | null} standing @param {(name: string, button: HTMLElement) => void} take */
function makeChoices(labelledby, choices, standing, take) {
  const buttons = choices.map(({ name, title }) => {
    const button = make("button.button.step", { type: "button", "aria-pressed": String(name === standing) }, name === standing && icon("check"), title);
    button.addEventListener("click", () => take(name, button));
    return button;
  });
  return make("div.steps", { role: "group", "aria-labelledby": labelledby }, ...buttons);
}

/** @param {{level: string | null, levels: Level[]}} told @param {Hands} hands */
export function makeLevels({ level, levels }, hands) {
  const { words } = hands;
  const answer = make("div.answer", { role: "status" });
  const choices = levels.map((one) => ({ name: one.level, title: one.title }));
  const steps = makeChoices("level-h", choices, level, (name, button) => {
    const plan = /** @type {Level} */ (levels.find((one) => one.level === name));
    answer.replaceChildren(makePlan(plan, hands, { answer, button }));
  });
  return make("div.card.level", {}, make("h3", { id: "level-h" }, words.say("privacy_level_h")), make("p", {}, words.say(level ? "privacy_level_lead" : "privacy_level_mixed")), steps, answer);
}

/** What a level would change, and the two ways on, alike in size. @param {Level} plan @param {Hands} hands @param {{answer: HTMLElement, button: HTMLElement}} place */
function makePlan(plan, hands, { answer, button }) {
  const { words } = hands;
  const told = make("p.note", {}, plan.text);
  if (!plan.on.length && !plan.off.length) return make("div.effect-card", {}, told);
  const yes = make("button.button", { type: "button" }, words.say("privacy_level_yes"));
  const no = make("button.button", { type: "button" }, words.say("privacy_level_no"));
  no.addEventListener("click", () => { answer.replaceChildren(); button.focus(); });
  yes.addEventListener("click", () => void act(plan, hands, answer));
  return make("div.effect-card", {}, told, make("div.pair", {}, yes, no));
}

/** @param {Level} plan @param {Hands} hands @param {HTMLElement} answer */
async function act(plan, hands, answer) {
  const { words, api, changed } = hands;
  let told;
  try {
    told = await api("/api/me/level", { method: "PUT", body: { level: plan.level } });
  } catch (failure) {
    answer.replaceChildren(make("div.banner.red", {}, icon("triangle"), make("div", {}, make("strong", {}, words.say("privacy_switch_failed")), /** @type {Error} */ (failure).message)));
    return;
  }
  const columns = { granted: true, with: words.say("privacy_level_after"), without: words.say("privacy_level_before") };
  document.dispatchEvent(new CustomEvent("candor-consents-changed"));
  changed(make("div.effect-card", {}, make("p.note", {}, told.note), hasChanged(told.before, told.after) && makeEffect(words, told.before, told.after, columns)));
}

/** @param {string} frequency @param {Hands} hands */
export function makeFrequency(frequency, hands) {
  const { words, api } = hands;
  const card = make("div.card.level");
  const draw = (/** @type {string} */ standing, /** @type {string} */ said) => {
    const choices = FREQUENCIES.map((name) => ({ name, title: words.say(`privacy_frequency_${name}`) }));
    const steps = makeChoices("frequency-h", choices, standing, (name) => void keep(name));
    card.replaceChildren(make("h3", { id: "frequency-h" }, words.say("privacy_frequency_h")), make("p", {}, words.say("privacy_frequency_lead")), steps, make("p.note", { role: "status" }, said));
  };
  const keep = async (/** @type {string} */ name) => {
    try {
      await api("/api/me/frequency", { method: "PUT", body: { frequency: name } });
      draw(name, words.say("privacy_frequency_kept"));
      /** @type {HTMLElement | null} */ (card.querySelector('[aria-pressed="true"]'))?.focus();
    } catch (failure) {
      draw(frequency, `${words.say("privacy_switch_failed")} ${/** @type {Error} */ (failure).message}`);
    }
  };
  draw(frequency, "");
  return card;
}
