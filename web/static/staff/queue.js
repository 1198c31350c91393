/** The queue: who waits longest first, then one's own, then the colleagues'. A guess at anybody's mood is not among the labels. */

import { make } from "../common/dom.js";
import { icon } from "../common/icons.js";

const LONG_HOURS = 48;

/** @typedef {import("./inbox.js").Handoff} Handoff */

/**
 * @param {HTMLElement} list @param {Handoff[]} handoffs
 * @param {{desk: import("./app.js").Desk, chosen: string | null, filter: string, open: (conversationId: string) => void}} view
 */
export function makeQueue(list, handoffs, { desk, chosen, filter, open }) {
  const { words, member } = desk;
  const wanted = filter.trim().toLowerCase();
  const fits = handoffs.filter((one) => `${nameOf(words, one)} ${one.last_message} ${Object.values(one.topic ?? {}).join(" ")}`.toLowerCase().includes(wanted));
  const waiting = fits.filter(({ state }) => state === "waiting").sort((one, other) => (one.position ?? 0) - (other.position ?? 0));
  const mine = fits.filter(({ claimed_by, state }) => state === "claimed" && claimed_by === member.username);
  const others = fits.filter(({ claimed_by, state }) => state === "claimed" && claimed_by !== member.username);
  const row = (/** @type {Handoff} */ one) => makeRow(one, { desk, isChosen: one.conversation_id === chosen, open });
  const empty = wanted ? make("p.nothing", {}, words.say("staff_none_found")) : make("div.nothing", {}, make("b", {}, words.say("staff_empty")), make("p", {}, words.say("staff_empty_more")));
  list.replaceChildren(
    makeGroup(words.say("staff_waiting"), waiting.map(row), words.say("staff_oldest"), "amber"),
    ...(waiting.length ? [] : [empty]),
    ...(mine.length ? [makeGroup(words.say("staff_yours"), mine.map(row))] : []),
    ...(others.length ? [makeGroup(words.say("staff_others"), others.map(row))] : []),
  );
}

/** @param {string} title @param {HTMLElement[]} rows @param {string} [order] @param {string} [tint] */
function makeGroup(title, rows, order = "", tint = "") {
  return make("div.group", {}, make("h2", {}, title, make(`span.count${tint && rows.length ? `.${tint}` : ""}`, {}, String(rows.length)), make("span.order", {}, order)), make("ul", { role: "list" }, ...rows.map((row) => make("li", {}, row))));
}

/** @param {Handoff} one @param {{desk: import("./app.js").Desk, isChosen: boolean, open: (id: string) => void}} view */
function makeRow(one, { desk, isChosen, open }) {
  const { words, member } = desk;
  const isWaiting = one.state === "waiting";
  const labels = [one.topic?.about, one.topic?.order_id].filter(Boolean).map((topic) => make("span.label", {}, String(topic)));
  if (one.unread) labels.unshift(make("span.label.new", {}, words.say("staff_unread", { count: one.unread })));
  if (one.overdue) labels.unshift(make("span.label.red", {}, icon("clock"), words.say("staff_late")));
  if (one.has_message && isWaiting) labels.push(make("span.label.pine", {}, words.say("staff_message_left")));
  else if (words.has(`staff_phase_${one.phase}`)) labels.push(make("span.label", {}, words.say(`staff_phase_${one.phase}`)));
  if (one.team) labels.push(make("span.label", {}, words.say("staff_team", { title: one.team })));
  if (isOther(one.lang)) labels.push(make("span.label", {}, words.say("staff_language", { language: nameLanguage(one.lang) })));
  if (one.claimed_by && one.claimed_by !== member.username) labels.push(make("span.label.plum", {}, words.say("staff_claimed_by", { name: one.claimed_name ?? one.claimed_by })));
  const row = make(
    "button.row",
    { type: "button", "aria-current": isChosen ? "true" : null, "data-id": one.handoff_id },
    make("span.name", {}, nameOf(words, one)),
    make("span.wait", {}, icon(isWaiting ? "clock" : "chat"), sayWait(words, desk.now() - Date.parse(one.since))),
    make("span.last", {}, one.last_message),
    labels.length > 0 && make("span.labels", {}, ...labels),
  );
  row.addEventListener("click", () => open(one.conversation_id));
  return row;
}

/** @param {string} lang whether a conversation is in another language than the console */
function isOther(lang) {
  return lang.split("-")[0] !== document.documentElement.lang.split("-")[0];
}

/** @param {string} lang */
function nameLanguage(lang) {
  try {
    return new Intl.DisplayNames(document.documentElement.lang, { type: "language" }).of(lang) ?? lang;
  } catch {
    return lang; // a locale that a client made up
  }
}

/** @param {import("../common/words.js").Words} words @param {Handoff} one */
function nameOf(words, one) {
  if (one.customer_name) return one.customer_name;
  return one.customer_id ? words.say("staff_customer_id", { id: one.customer_id }) : words.say("staff_visitor", { id: one.conversation_id.slice(0, 4) });
}

/** @param {import("../common/words.js").Words} words @param {number} ms */
function sayWait(words, ms) {
  const minutes = Math.max(0, Math.floor(ms / 60_000));
  const hours = Math.floor(minutes / 60);
  if (hours >= LONG_HOURS) return words.say("staff_days", { days: Math.floor(hours / 24) });
  return minutes < 60 ? words.say("staff_minutes", { minutes }) : words.say("staff_hours", { hours, minutes: minutes % 60 });
}
