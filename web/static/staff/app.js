/** The staff console: sign in, then the inbox, the reviews and the requests, live, and for an owner the models and the oversight. Each part draws itself; this holds what they share. */

import { ApiError, call } from "../common/client.js";
import { make } from "../common/dom.js";
import { icon } from "../common/icons.js";
import { loadWords } from "../common/words.js";
import { makeFace } from "../widget/message.js";
import { Account } from "./account.js";
import { Accounts } from "./accounts.js";
import { listenToEntry } from "./entry.js";
import { Floor } from "./floor.js";
import { watchTouches } from "./idle.js";
import { Inbox } from "./inbox.js";
import { listenToKeys } from "./keys.js";
import { watchQueue } from "./live.js";
import { Models } from "./models.js";
import { Notices } from "./notices.js";
import { Oversight } from "./oversight.js";
import { makePresence } from "./presence.js";
import { Requests } from "./requests.js";
import { Reviews } from "./reviews.js";

const $ = (/** @type {string} */ id) => /** @type {HTMLElement} */ (document.getElementById(id));
const words = await loadWords(location.origin, document.documentElement.lang);
/** The shop's clock runs beside the machine's; waiting is counted on the shop's. */
const ahead = Date.parse(document.body.dataset.now ?? "") - Date.now();

/** @typedef {{words: typeof words, member: {username: string, name: string, role: string}, now: () => number, api: (path: string, options?: any) => Promise<any>, write: (message: {client_id: string} & Record<string, unknown>) => Promise<any>, open: (conversationId: string) => void, say: (text: string, tone?: string) => void}} Desk */

/** @type {ReturnType<typeof watchQueue> | null} */
let line = null;
let stopTouches = () => {};
let stopNotices = () => {};

/** @param {string} path @param {any} [options] */
async function api(path, options) {
  try {
    return await call(`/staff/api${path}`, options);
  } catch (failure) {
    if (failure instanceof ApiError && failure.status === 401 && path !== "/session") leave(words.say("staff_session_ended"));
    throw failure;
  }
}

/** @param {string} [why] */
function leave(why = "") {
  line?.stop();
  line = null;
  stopTouches();
  stopNotices();
  $("console").hidden = $("tabs").hidden = $("me").hidden = true;
  $("entry").hidden = $("sign-in-part").hidden = false;
  $("set-up").hidden = true;
  $("console").replaceChildren();
  $("sign-in-failed").replaceChildren(why ? make("p.banner.amber", {}, icon("clock"), why) : "");
  $("username").focus();
}

/** @param {Desk["member"]} member */
function enter(member) {
  const status = make("div.status", { role: "status" });
  const botDown = make("div", { role: "status" }); // always there: what comes into it is spoken, what is shown with it is not
  const online = make("span.label", {}, words.say("staff_online"));
  /** @type {Desk} */
  const desk = { words, member, api, now: () => Date.now() + ahead, write: async (message) => (await line?.send(message)) ?? null, open: (id) => { show("inbox"); inbox.open(id); }, say: (text, tone = "") => status.replaceChildren(text ? make(`p.banner${tone}`, {}, icon(tone ? "triangle" : "check"), make("span", {}, text)) : "") };
  const inbox = new Inbox(desk);
  const reviews = new Reviews(desk);
  const requests = new Requests(desk);
  const floor = member.role === "agent" ? null : new Floor(desk);
  const models = member.role === "owner" ? new Models(desk) : null;
  const oversight = member.role === "owner" ? new Oversight(desk) : null;
  const accounts = member.role === "owner" ? new Accounts(desk) : null;
  const account = new Account(desk);
  const notices = new Notices(desk);
  account.element.append(notices.element);
  stopNotices = () => notices.stop();
  /** @type {Record<string, HTMLElement>} */
  const tabs = { inbox: makeTab("staff_inbox", () => show("inbox")), reviews: makeTab("staff_reviews", () => show("reviews")), requests: makeTab("staff_requests", () => show("requests")) };
  if (floor) tabs.floor = makeTab("staff_floor", () => show("floor"));
  if (models) tabs.models = makeTab("staff_models", () => show("models"));
  if (oversight) tabs.oversight = makeTab("staff_oversight", () => show("oversight"));
  if (accounts) tabs.accounts = makePlainTab("access_staff", () => show("accounts"));
  tabs.account = makePlainTab("access_account", () => show("account"));

  /** @param {"inbox" | "reviews" | "requests" | "floor" | "models" | "oversight" | "accounts" | "account"} which */
  function show(which) {
    inbox.element.hidden = which !== "inbox";
    reviews.element.hidden = which !== "reviews";
    requests.element.hidden = which !== "requests";
    if (floor) floor.element.hidden = which !== "floor";
    if (models) models.element.hidden = which !== "models";
    if (oversight) oversight.element.hidden = which !== "oversight";
    if (accounts) accounts.element.hidden = which !== "accounts";
    account.element.hidden = which !== "account";
    for (const [name, tab] of Object.entries(tabs)) {
      if (name === which) tab.setAttribute("aria-current", "page");
      else tab.removeAttribute("aria-current");
    }
    if (which === "reviews") void reviews.refresh();
    if (which === "requests") void requests.refresh();
    if (which === "floor") void floor?.refresh();
    if (which === "models") void models?.refresh();
    if (which === "oversight") void oversight?.refresh();
    if (which === "accounts") void accounts?.refresh();
    if (which === "account") void account.refresh();
  }

  /** @param {HTMLElement} tab @param {number} count */
  const count = (tab, count) => { const number = tab.querySelector(".count"); if (number) number.textContent = String(count); };
  reviews.oncount = (open) => count(tabs.reviews, open);
  requests.oncount = (open) => count(tabs.requests, open);
  if (floor) floor.oncount = (talks) => count(tabs.floor, talks);
  if (models) models.oncount = (open) => count(tabs.models, open);
  if (oversight) oversight.oncount = (open) => count(tabs.oversight, open);
  $("tabs").replaceChildren(...Object.values(tabs));
  const out = make("button.button", { type: "button" }, words.say("staff_sign_out"));
  out.addEventListener("click", () => void call("/staff/api/session", { method: "DELETE" }).then(() => leave(), (failure) => desk.say(failure.message, ".red")));
  $("me").replaceChildren(online, makePresence(desk), make("span.me", {}, makeFace("human", member.name), make("b", {}, member.name)), out);
  $("console").replaceChildren(make("h1.quiet", {}, document.title), botDown, status, inbox.element, reviews.element, requests.element, ...(floor ? [floor.element] : []), ...(models ? [models.element] : []), ...(oversight ? [oversight.element] : []), ...(accounts ? [accounts.element] : []), account.element);
  $("entry").hidden = true;
  $("console").hidden = $("tabs").hidden = $("me").hidden = false;
  show("inbox");
  tabs.inbox.focus();
  line = watchQueue(api, {
    queue: (handoffs) => { inbox.takeQueue(handoffs); notices.take(handoffs); count(tabs.inbox, handoffs.filter(({ state }) => state === "waiting").length); },
    message: (id, message) => inbox.takeMessage(id, message),
    marks: (id, marks) => inbox.takeMarks(id, marks),
    open: () => inbox.watch(),
    bot: (isUp) => { if (isUp === Boolean(botDown.firstChild)) botDown.replaceChildren(...(isUp ? [] : [make("p.banner.amber", {}, icon("triangle"), make("span", {}, words.say("staff_bot_down")))])); },
    online: (isOnline) => { online.textContent = words.say(isOnline ? "staff_online" : "staff_offline"); online.className = isOnline ? "label" : "label amber"; },
    ended: () => leave(words.say("staff_session_ended")),
  });
  stopTouches = watchTouches({
    active: () => line?.say({ type: "active" }),
    idle: () => void call("/staff/api/session", { method: "DELETE" }).catch(() => null).then(() => leave(words.say("staff_session_ended"))),
  });
  inbox.ontyping = (id) => line?.say({ type: "typing", conversation_id: id });
  inbox.onwatch = (id, after) => line?.say({ type: "watch", conversation_id: id, after });
  inbox.onseen = (id, number) => line?.say({ type: "seen", conversation_id: id, number });
  listenToKeys(inbox);
  void reviews.refresh();
  void requests.refresh();
  void floor?.refresh();
  void models?.refresh();
  void oversight?.refresh();
}

/** @param {string} key @param {() => void} act */
function makePlainTab(key, act) {
  const tab = make("button.tab", { type: "button" }, words.say(key));
  tab.addEventListener("click", act);
  return tab;
}

/** @param {string} key @param {() => void} act */
function makeTab(key, act) {
  const tab = make("button.tab", { type: "button" }, words.say(key), make("span.count", {}, "0"));
  tab.addEventListener("click", act);
  return tab;
}

const goOn = listenToEntry(words, api, enter);
if ("signedIn" in document.body.dataset) api("/session").then(goOn, () => leave());
else $("username").focus();
