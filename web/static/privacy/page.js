/** The privacy centre: who is asking, then what may be used, each time it was used, what is held. It reads again after each switch. */

import { ApiError, call } from "../common/client.js";
import { make } from "../common/dom.js";
import { icon } from "../common/icons.js";
import { saveCopy } from "../common/save.js";
import { loadWords } from "../common/words.js";
import { findVisitorToken, signInHere } from "./sign-in.js";
import { makeFrequency, makeLevels } from "./levels.js";
import { makeAllReceipts } from "./receipts.js";
import { makeConsentLog, makeTimes } from "./tables.js";
import { makeHeld } from "./held.js";
import { makeLinkForm, redeemLink } from "./link.js";
import { makeList, makeRequests } from "./requests.js";
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

/** @param {string} format */
const save = (format) => saveCopy(location.origin, token, document.documentElement.lang, format);

/** Everything is gone: what is left is drawn anew, under what came of it. @param {string} outcome */
async function tellErased(outcome) {
  await show();
  const banner = makeBanner("check", outcome, "", ".pine");
  banner.tabIndex = -1;
  $("banners").prepend(banner);
  banner.focus();
}

/** Everything again, from the gateway. @param {{keepSwitches?: boolean, keepRequests?: boolean}} [how] */
async function show({ keepSwitches = false, keepRequests = false } = {}) {
  const mine = ++turn;
  if (!token) return showNobody();
  try {
    const held = await api("/api/me/data");
    const groups = new Map(held.groups.map((/** @type {any} */ group) => [group.name, group]));
    const profile = groups.get("profile")?.rows[0]; // a visitor has none: only its chat
    const consents = profile ? await api("/api/me/consents") : null;
    const asked = keepRequests ? null : await api("/api/me/requests");
    if (mine !== turn) return;
    $("who").textContent = profile ? words.say("privacy_you_are", { name: profile.name ?? profile.customer_id }) : "";
    const banners = [];
    if (consents?.gpc_honoured) banners.push(makeBanner("shield", words.say("privacy_gpc"), words.say("privacy_gpc_more"), ".pine"));
    if (consents?.restricted_since) banners.push(makeBanner("lock", words.say("privacy_frozen"), words.say("privacy_frozen_more"), ".amber"));
    if (held.rebuilt_by) banners.push(makeBanner("info", words.say("privacy_rebuilt"), words.say("privacy_rebuilt_more", { at: words.moment(held.rebuilt_by) })));
    if (!consents) banners.push(makeBanner("info", words.say("privacy_visitor"), words.say("privacy_visitor_more")));
    $("banners").replaceChildren(...banners, ...(consents ? [] : [makeLinkForm(words) ?? ""]));
    const rows = groups.get("consents")?.rows ?? [];
    const hands = { words, api, changed: () => void show({ keepSwitches: true, keepRequests: true }) };
    if (consents) drawLevels(consents, hands);
    if (!keepSwitches) fill("uses", consents && makeUses(consents, hands));
    fill("times", consents && makeTimes(groups.get("uses")?.rows ?? [], words));
    fill("held", makeHeld(held.groups, words, { undo: undoDecision, disown }));
    if (asked) fill("rights", makeRequests(asked.requests, { isSignedIn: !!consents, isFrozen: !!consents?.restricted_since }, { words, api, save, changed: () => show({ keepRequests: true }), erased: tellErased }));
    fill("consents", consents && make("div", {}, makeConsentLog(rows, hands), rows.length > 0 && makeAllReceipts(hands)));
    document.querySelector(".parts")?.removeAttribute("hidden");
    openNamed();
  } catch (failure) {
    if (mine !== turn) return;
    if (failure instanceof ApiError && failure.status === 401) return showNobody(words.say("privacy_ended"));
    $("banners").replaceChildren(makeBanner("triangle", words.say("privacy_failed"), /** @type {Error} */ (failure).message, ".red"));
  }
}

/** "I did not buy this": the line counts no more, and a person looks at it. The requests are read again. @param {number} id @returns {Promise<string>} */
async function disown(id) {
  const { outcome } = await api("/api/me/requests", { method: "POST", body: { kind: "rectify", line_id: id } });
  const { requests } = await api("/api/me/requests");
  const list = document.querySelector(".rights .asked")?.parentElement ?? document.querySelector(".rights > .card:last-child");
  list?.replaceChildren(makeList(requests, words));
  return outcome;
}

/** Take back what staff decided, and say what that did. @param {number} id */
async function undoDecision(id) {
  try {
    const { note } = await api(`/api/me/decisions/${id}/undo`, { method: "POST", body: {} });
    await show();
    $("banners").append(makeBanner("check", note));
  } catch (failure) {
    $("banners").append(makeBanner("triangle", words.say("privacy_failed"), /** @type {Error} */ (failure).message, ".red"));
  }
}

/** The level, the switches, how often. @param {any} consents @param {import("./switches.js").Hands} hands */
function makeUses(consents, hands) {
  const level = make("div.one-level", {}, makeLevels(consents, levelHands(hands)));
  return make("div.uses", {}, level, makeSwitches(consents.categories, hands), makeFrequency(consents.frequency, hands));
}

/** A level that was set moves the switches too: all is drawn again, with what it did. @param {import("./switches.js").Hands} hands */
function levelHands(hands) {
  const changed = async (/** @type {Node | undefined} */ answer) => {
    await show();
    const place = document.querySelector(".one-level .answer");
    if (answer) place?.replaceChildren(answer);
    /** @type {HTMLElement | null} */ (document.querySelector('.one-level [aria-pressed="true"]'))?.focus();
  };
  return { ...hands, changed: (/** @type {Node | undefined} */ answer) => void changed(answer) };
}

/** A switch that was set may be another level. @param {any} consents @param {import("./switches.js").Hands} hands */
function drawLevels(consents, hands) {
  document.querySelector(".one-level")?.replaceChildren(makeLevels(consents, levelHands(hands)));
}

/** @param {string} [why] */
function showNobody(why) {
  $("who").textContent = "";
  $("banners").replaceChildren(makeBanner("info", words.say("privacy_signed_out"), why ?? words.say("privacy_signed_out_more")), makeLinkForm(words) ?? "");
  for (const id of ["uses", "times", "held", "rights", "consents"]) fill(id, null);
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
/** Who opens a mailed link is its customer; anybody else arrives as the shop says. */
async function arrive() {
  try {
    token = await redeemLink();
  } catch {
    return showNobody(words.say("privacy_link_used"));
  }
  if (token) return show();
  await signInHere((given) => {
    token = given ?? findVisitorToken();
    void show();
  });
}

await arrive();
