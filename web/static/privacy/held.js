/** What is held, group by group: what for, how long, how many, and every row of it in a fold. */

import { make } from "../common/dom.js";
import { icon } from "../common/icons.js";

const AT_ONCE = 20;
/** Shown elsewhere on the page in words of their own. */
const ELSEWHERE = new Set(["uses", "consents", "receipts", "frequency", "requests"]);
/** What a reader of a group looks for, in order; other columns are ids that tell a person nothing. */
/** @type {Record<string, string[]>} */
const COLUMNS = {
  profile: ["name", "customer_id", "email", "since", "invented"],
  orders: ["order_id", "ordered_at", "status", "tracking", "lines", "total_minor"],
  offer_events: ["happened_at", "event", "type_id"],
  impressions: ["shown_at", "title", "label_text", "why", "slot", "position"],
  conversations: ["opened_at", "state", "messages"],
  preferences: ["title", "kind", "at"],
  browsing: ["happened_at", "kind", "product_id", "page"],
  refusals: ["category", "at"],
  reviews: ["review_id", "kind", "opened_at", "due_on", "state", "text", "lines", "decision", "decided_by"],
  standing: ["restricted_at", "objected_at"],
  decisions: ["title", "kind", "decided_at", "decided_by", "why", "stands"],
  incidents: ["incident_id", "kind", "state", "since", "happened", "done", "advice"],
  fairness: ["name", "value"],
};

/** Words of our own, with "_" for a space. */
const CODES = new Set(["event", "kind", "slot", "state", "status"]);

/** @typedef {import("../common/words.js").Words} Words */

/** @typedef {{undo: (id: number) => Promise<void>, disown: (id: number) => Promise<string>}} Ways to take back a decision of staff; to say that a line was not bought, which returns what came of it */

/** @param {{name: string, title: string, purpose: string, retention_days: number | null, count: number, rows: any[]}[]} groups @param {Words} words @param {Ways} ways */
export function makeHeld(groups, words, ways) {
  return make("div.card.rows", {}, ...groups.filter(({ name }) => !ELSEWHERE.has(name)).map((group) => makeGroup(group, words, ways)));
}

/** @param {any} group @param {Words} words @param {Ways} ways */
function makeGroup({ name, title, purpose, retention_days, count, rows }, words, ways) {
  const kept = count ? words.say(retention_days ? "privacy_kept_days" : "privacy_kept_account", { days: retention_days }) : "";
  const said = count ? words.say(count === 1 ? "privacy_count_one" : "privacy_count", { count }) : words.say("privacy_count_none");
  const head = [make("span.what", {}, make("h3", {}, title), make("span", {}, purpose)), make("span.much", {}, make("b", {}, said), make("span", {}, kept))];
  if (!count) return make("div.held.empty", { id: `group-${name}` }, ...head);
  const body = make("div.inside");
  const fold = /** @type {HTMLDetailsElement} */ (make("details.held", { id: `group-${name}` }, make("summary", {}, ...head, icon("fold")), body));
  fold.addEventListener("toggle", () => { if (fold.open && !body.firstChild) body.append(...makeRows(name, rows, words, ways)); });
  return fold;
}

/** @param {string} name @param {any[]} rows @param {Words} words @param {Ways} ways */
function makeRows(name, rows, words, ways) {
  const columns = (COLUMNS[name] ?? Object.keys(rows[0])).filter((column) => rows.some((row) => !isEmpty(row[column])));
  const newest = [...rows].sort((a, b) => String(b[columns.find(isTime) ?? ""] ?? "").localeCompare(String(a[columns.find(isTime) ?? ""] ?? "")));
  const list = make("ul.entries", { role: "list" });
  let shown = 0;
  const more = make("button.link", { type: "button" });
  const add = () => {
    for (const row of newest.slice(shown, shown + AT_ONCE)) list.append(make("li", {}, makeRow(columns, row, words, ways), row.stands && makeUndo(row.decision_id, words, ways)));
    shown = Math.min(newest.length, shown + AT_ONCE);
    more.hidden = shown >= newest.length;
    more.textContent = words.say("privacy_more_rows", { count: Math.min(AT_ONCE, newest.length - shown) });
  };
  more.addEventListener("click", add);
  add();
  return [list, more];
}

/** The way back from what staff decided. @param {number} id @param {Words} words @param {Ways} ways */
function makeUndo(id, words, ways) {
  const button = make("button.button", { type: "button" }, words.say("privacy_undo_decision"));
  button.addEventListener("click", () => void ways.undo(id));
  return button;
}

/** @param {any} value */
const isEmpty = (value) => value === null || value === undefined || value === "" || (Array.isArray(value) && !value.length);

/** @param {string} column */
const isTime = (column) => column === "at" || column.endsWith("_at") || column === "since";

/** A line of an order, and the way to say that it is not one's own. @param {any} line @param {Words} words @param {Ways} ways */
function makeLine(line, words, ways) {
  const said = words.say("held_line_bought", line);
  if (line.disputed_at) return make("p", {}, said, " ", make("span.label.amber", {}, words.say("held_line_disputed")));
  const answer = make("span", { role: "status" });
  const button = make("button.link", { type: "button", "aria-label": words.say("held_not_bought_what", line) }, words.say("held_not_bought"));
  button.addEventListener("click", async () => {
    if (button.getAttribute("aria-disabled")) return;
    button.setAttribute("aria-disabled", "true");
    try {
      answer.textContent = await ways.disown(line.line_id);
      button.hidden = true;
    } catch (failure) {
      answer.textContent = `${words.say("right_failed")} ${/** @type {Error} */ (failure).message}`;
      button.removeAttribute("aria-disabled");
    }
  });
  return make("p", {}, said, " ", button, answer);
}

/** @param {string[]} columns @param {any} row @param {Words} words @param {Ways} ways */
function makeRow(columns, row, words, ways) {
  const list = make("dl");
  for (const column of columns) {
    const value = row[column];
    if (isEmpty(value)) continue;
    list.append(make("div", {}, make("dt", {}, words.has(`column_${column}`) ? words.say(`column_${column}`) : column), make("dd", {}, ...tell(column, value, words, ways))));
  }
  return list;
}

/** @param {string} column @param {any} value @param {Words} words @param {Ways} ways @returns {(Node | string)[]} */
function tell(column, value, words, ways) {
  if (column === "messages") return value.map((/** @type {any} */ message) => make("p.message-line", { lang: message.lang }, make("b", {}, `${message.author === "customer" ? words.say("author_customer") : (message.author_name ?? "")} ${words.time(message.at)} `), message.text));
  if (column === "lines" && Array.isArray(value)) return value.map((line) => (line.ordered_on ? makeLine(line, words, ways) : make("p", {}, words.say(line.order_id ? `held_line_${line.state}` : "held_line_gone", line))));
  if (column === "stands") return [words.say(value ? "privacy_stands" : "privacy_stands_no")];
  if (column === "invented") return [words.say("privacy_invented")];
  if (column === "total_minor") return [words.money({ amount: value, currency: words.say("shop_currency") })];
  if (isTime(column)) return [words.date(value)];
  if (column === "category") return [words.has(`category_${value}`) ? words.say(`category_${value}`) : String(value)];
  if (column === "type_id") return [String(value).split("--").pop()?.replaceAll("-", " ") ?? ""];
  return [CODES.has(column) ? String(value).replaceAll("_", " ") : String(value)]; // what somebody wrote stands letter by letter
}
