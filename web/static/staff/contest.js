/** What can be changed in a review: order lines that were not the customer's, and whether an offer is shown, to this customer or to anybody. */

import { make } from "../common/dom.js";
import { icon } from "../common/icons.js";

/** @typedef {{line_id: number, ordered_on: string, title: string, quantity: number, disputed: boolean}} Evidence */
/** @typedef {{decision_id: number, offer_id: string, title: string, whom: string, decided_by: string | null, why: string}} Decision */
/** @typedef {{offer: {offer_id: string, title: string, shown_at: string} | null, consents_then: string[], consents_now: string[], evidence: Evidence[], decisions: Decision[]}} Told */

/**
 * @param {import("./app.js").Desk} desk @param {import("./reviews.js").Review} one @param {Told} told
 * @param {() => void} done called after each change
 * @returns {HTMLElement[]}
 */
export function makeContest(desk, one, told, done) {
  const { words } = desk;
  const name = (/** @type {string} */ category) => (words.has(`category_${category}`) ? words.say(`category_${category}`) : category);
  const list = (/** @type {string[]} */ categories) => (categories.length ? words.list(categories.map(name)) : words.say("staff_contest_nothing"));
  const parts = [];
  if (told.offer) {
    parts.push(
      make("h3", {}, words.say("staff_contest_offer")),
      make("p", {}, words.say("staff_contest_shown", { title: told.offer.title, at: words.moment(told.offer.shown_at) })),
      make("p.small", {}, words.say("staff_contest_then", { categories: list(told.consents_then) })),
      make("p.small", {}, words.say("staff_contest_now", { categories: list(told.consents_now) })),
    );
  }
  if (told.evidence.length) parts.push(makeEvidence(desk, one, told.evidence, done));
  if (told.decisions.length) parts.push(make("h3", {}, words.say("staff_contest_stands")), make("ul", {}, ...told.decisions.map((decision) => makeStanding(desk, one, decision, done))));
  if (one.state === "open" && told.offer) parts.push(makeDecision(desk, one, told.offer, done));
  return parts;
}

/** @param {import("./app.js").Desk} desk @param {import("./reviews.js").Review} one @param {string} path @param {object} body @param {() => void} done */
async function send(desk, one, path, body, done) {
  try {
    const { changed } = await desk.api(`/reviews/${encodeURIComponent(one.review_id)}/${path}`, { method: "POST", body });
    desk.say(desk.words.say(changed ? "staff_contest_changed" : "staff_contest_same"));
    done();
  } catch (failure) {
    desk.say(/** @type {Error} */ (failure).message, ".red");
  }
}

/** @param {import("./app.js").Desk} desk @param {import("./reviews.js").Review} one @param {Evidence[]} evidence @param {() => void} done */
function makeEvidence(desk, one, evidence, done) {
  const { words } = desk;
  const boxes = evidence.map((line) => {
    const label = words.say("staff_contest_line", { title: line.title, date: words.day(`${line.ordered_on}T12:00:00Z`), quantity: line.quantity });
    const box = /** @type {HTMLInputElement} */ (make("input", { type: "checkbox", value: String(line.line_id), disabled: line.disputed || one.state !== "open" }));
    return make("label.check", {}, box, make("span", {}, label, line.disputed && make("b", {}, ` ${words.say("staff_contest_disputed")}`)));
  });
  const form = make("form.contest", {}, make("fieldset", {}, make("legend", {}, words.say("staff_contest_evidence")), ...boxes), one.state === "open" && evidence.some(({ disputed }) => !disputed) && make("button.button", { type: "submit" }, words.say("staff_contest_correct")));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const chosen = [...form.querySelectorAll("input")].filter((box) => box.checked && !box.disabled).map((box) => Number(box.value));
    if (chosen.length) void send(desk, one, "lines", { line_ids: chosen }, done);
    else desk.say(words.say("staff_contest_choose"), ".amber");
  });
  return form;
}

/** @param {import("./app.js").Desk} desk @param {import("./reviews.js").Review} one @param {Decision} decision @param {() => void} done */
function makeStanding(desk, one, { offer_id, title, whom, decided_by, why }, done) {
  const { words, member } = desk;
  const item = make("li", {}, words.say(`staff_contest_never_${whom}`, { title, name: decided_by ?? "" }), make("span.small", {}, ` “${why}” `));
  if (one.state !== "open" || (whom === "everybody" && member.role === "agent")) return item;
  const again = make("button.button", { type: "button" }, words.say("staff_contest_again"));
  again.addEventListener("click", () => void send(desk, one, "decisions", { kind: "again", whom, why: words.say("staff_contest_again"), offer_id }, done));
  item.append(again);
  return item;
}

/** @param {import("./app.js").Desk} desk @param {import("./reviews.js").Review} one @param {{offer_id: string, title: string}} offer @param {() => void} done */
function makeDecision(desk, one, { offer_id, title }, done) {
  const { words, member } = desk;
  const why = /** @type {HTMLInputElement} */ (make("input.field", { id: "decision-why", maxlength: 1000, required: true }));
  const whom = member.role === "agent" ? ["customer"] : ["customer", "everybody"];
  const form = make(
    "form.contest",
    {},
    make("h3", {}, words.say("staff_contest_decide", { title })),
    make("label", { for: "decision-why" }, words.say("staff_contest_why")),
    why,
    ...whom.map((value) => make("button.button", { type: "submit", value }, icon("close"), words.say(`staff_contest_for_${value}`))),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const { value } = /** @type {HTMLButtonElement} */ (/** @type {SubmitEvent} */ (event).submitter ?? form.querySelector("button"));
    void send(desk, one, "decisions", { kind: "never", whom: value, why: why.value.trim(), offer_id }, done);
  });
  return form;
}
