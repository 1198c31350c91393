/** The staff console: sign in, then the inbox and the reviews, live, and for an owner the models. Each part draws itself; this holds what they share. */

import { ApiError, call } from "../common/client.js";
import { make } from "../common/dom.js";
import { icon } from "../common/icons.js";
import { loadWords } from "../common/words.js";
import { makeFace } from "../widget/message.js";
import { Inbox } from "./inbox.js";
import { listenToKeys } from "./keys.js";
import { watchQueue } from "./live.js";
import { Models } from "./models.js";
import { Reviews } from "./reviews.js";

const $ = (/** @type {string} */ id) => /** @type {HTMLElement} */ (document.getElementById(id));
const words = await loadWords(location.origin, document.documentElement.lang);
/** The shop's clock runs beside the machine's; waiting is counted on the shop's. */
const ahead = Date.parse(document.body.dataset.now ?? "") - Date.now();

/** @typedef {{words: typeof words, member: {username: string, name: string, role: string}, now: () => number, api: (path: string, options?: any) => Promise<any>, open: (conversationId: string) => void, say: (text: string, tone?: string) => void}} Desk */

/** @type {{stop: () => void, say: (what: object) => void} | null} */
let line = null;

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
  $("console").hidden = $("tabs").hidden = $("me").hidden = true;
  $("entry").hidden = false;
  $("console").replaceChildren();
  $("sign-in-failed").replaceChildren(why ? make("p.banner.amber", {}, icon("clock"), why) : "");
  $("username").focus();
}

/** @param {Desk["member"]} member */
function enter(member) {
  const status = make("div.status", { role: "status" });
  const online = make("span.label", {}, words.say("staff_online"));
  /** @type {Desk} */
  const desk = { words, member, api, now: () => Date.now() + ahead, open: (id) => { show("inbox"); inbox.open(id); }, say: (text, tone = "") => status.replaceChildren(text ? make(`p.banner${tone}`, {}, icon(tone ? "triangle" : "check"), make("span", {}, text)) : "") };
  const inbox = new Inbox(desk);
  const reviews = new Reviews(desk);
  const models = member.role === "owner" ? new Models(desk) : null;
  /** @type {Record<string, HTMLElement>} */
  const tabs = { inbox: makeTab("staff_inbox", () => show("inbox")), reviews: makeTab("staff_reviews", () => show("reviews")) };
  if (models) tabs.models = makeTab("staff_models", () => show("models"));

  /** @param {"inbox" | "reviews" | "models"} which */
  function show(which) {
    inbox.element.hidden = which !== "inbox";
    reviews.element.hidden = which !== "reviews";
    if (models) models.element.hidden = which !== "models";
    for (const [name, tab] of Object.entries(tabs)) {
      if (name === which) tab.setAttribute("aria-current", "page");
      else tab.removeAttribute("aria-current");
    }
    if (which === "reviews") void reviews.refresh();
    if (which === "models") void models?.refresh();
  }

  /** @param {HTMLElement} tab @param {number} count */
  const count = (tab, count) => { const number = tab.querySelector(".count"); if (number) number.textContent = String(count); };
  reviews.oncount = (open) => count(tabs.reviews, open);
  if (models) models.oncount = (open) => count(tabs.models, open);
  $("tabs").replaceChildren(...Object.values(tabs));
  const out = make("button.button", { type: "button" }, words.say("staff_sign_out"));
  out.addEventListener("click", () => void call("/staff/api/session", { method: "DELETE" }).then(() => leave(), (failure) => desk.say(failure.message, ".red")));
  $("me").replaceChildren(online, make("span.me", {}, makeFace("human", member.name), make("b", {}, member.name)), out);
  $("console").replaceChildren(make("h1.quiet", {}, document.title), status, inbox.element, reviews.element, ...(models ? [models.element] : []));
  $("entry").hidden = true;
  $("console").hidden = $("tabs").hidden = $("me").hidden = false;
  show("inbox");
  tabs.inbox.focus();
  line = watchQueue(api, {
    queue: (handoffs) => { inbox.takeQueue(handoffs); count(tabs.inbox, handoffs.filter(({ state }) => state === "waiting").length); },
    online: (isOnline) => { online.textContent = words.say(isOnline ? "staff_online" : "staff_offline"); online.className = isOnline ? "label" : "label amber"; },
    ended: () => leave(words.say("staff_session_ended")),
  });
  inbox.ontyping = (id) => line?.say({ type: "typing", conversation_id: id });
  listenToKeys(inbox);
  void reviews.refresh();
  void models?.refresh();
}

/** @param {string} key @param {() => void} act */
function makeTab(key, act) {
  const tab = make("button.tab", { type: "button" }, words.say(key), make("span.count", {}, "0"));
  tab.addEventListener("click", act);
  return tab;
}

$("sign-in").addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = new FormData(/** @type {HTMLFormElement} */ (event.target));
  try {
    const member = await api("/session", { method: "POST", body: { username: form.get("username"), password: form.get("password") } });
    /** @type {HTMLInputElement} */ ($("password")).value = "";
    $("sign-in-failed").replaceChildren();
    enter(member);
  } catch (failure) {
    $("sign-in-failed").replaceChildren(make("p.banner.red", {}, icon("triangle"), make("span", {}, make("strong", {}, words.say("staff_sign_in_failed")), /** @type {Error} */ (failure).message)));
  }
});

if ("signedIn" in document.body.dataset) api("/session").then(enter, () => leave());
else $("username").focus();
