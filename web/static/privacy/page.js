/** The privacy centre: who is asking, then what may be used, each time it was used, what is held. It reads again after each switch. */

import { ApiError, call } from "../common/client.js";
import { make } from "../common/dom.js";
import { icon } from "../common/icons.js";
import { loadWords } from "../common/words.js";
import { findVisitorToken, signInHere } from "./sign-in.js";
import { makeConsentLog, makeTimes } from "./tables.js";
import { makeHeld } from "./held.js";
import { makeSwitches } from "./switches.js";

const $ = (/** @type {string} */ id) => /** @type {HTMLElement} */ (document.getElementById(id));
const words = await loadWords(location.origin, document.documentElement.lang);
/** @type {string | null} */ let token = null;
let turn = 0;

/** @param {string} name @param {string} bold @param {string} [more] @param {string} [tone] */
function makeBanner(name, bold, more = "", tone = "") {
  return make(`div.banner${tone}`, {}, icon(name), make("div", {}, make("strong", {}, bold), more));
}

/** @param {string} id @param {Node | null} body */
function fill(id, body) {
  $(id).hidden = !body;
  const inside = /** @type {HTMLElement} */ ($(id).querySelector(".body"));
  inside.replaceChildren(...(body ? [body] : []));
  const way = document.querySelector(`.parts a[href="#${id}"]`);
  if (way?.parentElement) way.parentElement.hidden = !body;
}

/** @param {string} path @param {any} [options] */
const api = (path, options) => call(path, { token, lang: document.documentElement.lang, ...options });

/** Everything again, from the gateway. @param {{keepSwitches?: boolean}} [how] */
async function show({ keepSwitches = false } = {}) {
  const mine = ++turn;
  if (!token) return showNobody();
  try {
    const held = await api("/api/me/data");
    const groups = new Map(held.groups.map((/** @type {any} */ group) => [group.name, group]));
    const profile = groups.get("profile")?.rows[0]; // a visitor has none: only its chat
    const consents = profile ? await api("/api/me/consents") : null;
    if (mine !== turn) return;
    $("who").textContent = profile ? words.say("privacy_you_are", { name: profile.name ?? profile.customer_id }) : "";
    const banners = [];
    if (consents?.gpc_honoured) banners.push(makeBanner("shield", words.say("privacy_gpc"), words.say("privacy_gpc_more"), ".pine"));
    if (!consents) banners.push(makeBanner("info", words.say("privacy_visitor"), words.say("privacy_visitor_more")));
    $("banners").replaceChildren(...banners);
    if (!keepSwitches) fill("uses", consents && makeSwitches(consents.categories, { words, api, changed: () => void show({ keepSwitches: true }) }));
    fill("times", consents && makeTimes(groups.get("uses")?.rows ?? [], words));
    fill("held", makeHeld(held.groups, words));
    fill("consents", consents && makeConsentLog(groups.get("consents")?.rows ?? [], words));
    document.querySelector(".parts")?.removeAttribute("hidden");
    openNamed();
  } catch (failure) {
    if (mine !== turn) return;
    if (failure instanceof ApiError && failure.status === 401) return showNobody(words.say("privacy_ended"));
    $("banners").replaceChildren(makeBanner("triangle", words.say("privacy_failed"), /** @type {Error} */ (failure).message, ".red"));
  }
}

/** @param {string} [why] */
function showNobody(why) {
  $("who").textContent = "";
  $("banners").replaceChildren(makeBanner("info", words.say("privacy_signed_out"), why ?? words.say("privacy_signed_out_more")));
  for (const id of ["uses", "times", "held", "consents"]) fill(id, null);
  document.querySelector(".parts")?.setAttribute("hidden", "");
}

/** The part that the address names, once it is drawn: a section, or a group of what is held. */
function openNamed() {
  const name = location.hash.slice(1);
  if (!name || document.body.dataset.opened === name) return;
  const target = document.getElementById(`group-${name}`) ?? document.getElementById(name);
  if (!target) return;
  if (target instanceof HTMLDetailsElement) target.open = true;
  document.body.dataset.opened = name;
  target.scrollIntoView();
}

$("banners").replaceChildren(make("p.quiet-line", {}, words.say("privacy_loading")));
await signInHere((given) => {
  token = given ?? findVisitorToken();
  void show();
});
