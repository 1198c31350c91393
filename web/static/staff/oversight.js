/** For an owner: how reviews end, what controls did, whether the audit log is as it was written, and incidents, written, looked at and then published. */

import { make, makeParagraphs } from "../common/dom.js";

/** @typedef {{opened: number, open: number, overdue: number, answered: number, overturned: number, overturned_share: number | null, median_hours: number | null}} Figures */
/** @typedef {{kind: string, category: string | null, used: number, changed: number, already: number, left: number, came: number, moved: number}} Control */
/** @typedef {{at: string, rows: number, is_right: boolean, row: number | null}} Check */
/** @typedef {{incident_id: string, version: number, title: string, state: string, state_text: string, since_text: string, people: number, told: number, preview: string}} Incident */

const KINDS = ["breach", "lapse", "error"];
const WORDS = ["happened", "done", "advice"];

export class Oversight {
  /** Drafts that wait to be published. @type {(open: number) => void} */ oncount = () => {};

  /** @type {string[]} */ #categories = [];

  /** @param {import("./app.js").Desk} desk */
  constructor(desk) {
    this.desk = desk;
    this.body = make("div.review-body");
    this.element = make("section.middle.models", { "aria-label": desk.words.say("staff_oversight"), hidden: true }, this.body);
  }

  async refresh() {
    try {
      const [figures, { controls }, { checked }, { incidents, categories }] = await Promise.all([this.desk.api("/reviews/figures"), this.desk.api("/controls"), this.desk.api("/audit"), this.desk.api("/incidents")]);
      this.#categories = categories;
      this.oncount(incidents.filter((/** @type {Incident} */ { state }) => state === "draft").length);
      this.body.replaceChildren(...this.#drawFigures(figures), ...this.#drawControls(controls), ...this.#drawCheck(checked), ...this.#drawIncidents(incidents));
    } catch (failure) {
      this.desk.say(/** @type {Error} */ (failure).message, ".red");
    }
  }

  /** @param {Figures} figures */
  #drawFigures({ opened, open, overdue, answered, overturned, overturned_share, median_hours }) {
    const { words } = this.desk;
    const lines = [words.say("staff_oversight_counts", { opened, open, overdue })];
    if (overturned_share !== null) lines.push(words.say("staff_oversight_overturned", { overturned, answered, percent: Math.round(100 * overturned_share) }));
    if (median_hours !== null) lines.push(words.say("staff_oversight_time", { hours: median_hours.toFixed(1) }));
    return [make("h2", {}, words.say("staff_oversight_reviews")), ...lines.map((line) => make("p", {}, line))];
  }

  /** @param {Control[]} controls */
  #drawControls(controls) {
    const { words } = this.desk;
    const title = make("h2", {}, words.say("staff_oversight_controls"));
    if (!controls.length) return [title, make("p", {}, words.say("staff_oversight_controls_none"))];
    const name = (/** @type {Control} */ { kind, category }) => [words.say(`staff_control_${kind}`), category && (words.has(`category_${category}`) ? words.say(`category_${category}`) : category)].filter(Boolean).join(": ");
    const heads = ["staff_control_kind", "staff_control_used", "staff_control_changed", "staff_control_already", "staff_control_left", "staff_control_moved"];
    const rows = controls.map((one) => [name(one), one.used, one.changed, one.already, one.left.toFixed(1), one.moved.toFixed(1)]);
    return [
      title,
      make("p.small", {}, words.say("staff_oversight_controls_lead")),
      make("div.wide-table", { tabindex: 0, role: "region", "aria-label": words.say("staff_oversight_controls") }, make("table.numbers", {}, make("thead", {}, make("tr", {}, ...heads.map((key) => make("th", { scope: "col" }, words.say(key))))), make("tbody", {}, ...rows.map((row) => make("tr", {}, ...row.map((cell) => make("td", {}, String(cell)))))))),
    ];
  }

  /** @param {Check | null} checked */
  #drawCheck(checked) {
    const { words } = this.desk;
    const values = checked && { at: words.moment(checked.at), rows: checked.rows };
    const said = !values ? words.say("staff_oversight_log_none") : words.say(checked.is_right ? "staff_oversight_log_right" : "staff_oversight_log_wrong", values);
    return [make("h2", {}, words.say("staff_oversight_log")), make(checked && !checked.is_right ? "p.red" : "p", {}, said)];
  }

  /** @param {Incident[]} incidents */
  #drawIncidents(incidents) {
    const { words } = this.desk;
    const none = make("p", {}, words.say("staff_incidents_none"));
    return [make("h2", {}, words.say("staff_incidents")), make("p.small", {}, words.say("staff_incidents_lead")), ...(incidents.length ? incidents.map((one) => this.#drawIncident(one)) : [none]), this.#makeForm()];
  }

  /** @param {Incident} one */
  #drawIncident(one) {
    const { words } = this.desk;
    const path = `/incidents/${encodeURIComponent(one.incident_id)}`;
    const card = make("article.card.incident", {}, make("h3", {}, `${one.incident_id} · ${one.title} · ${one.state_text}`), make("p.small", {}, words.say("staff_incident_reach", { people: one.people, told: one.told })), make("div.preview", {}, ...makeParagraphs(one.preview)));
    if (one.state === "draft") {
      const publish = make("button.button.main", { type: "button" }, words.say("staff_incident_publish", { people: one.people }));
      publish.addEventListener("click", () => void this.#send(`${path}/publish`, { version: one.version }));
      card.append(publish);
    } else if (one.state !== "retracted") {
      const why = /** @type {HTMLInputElement} */ (make("input.field", { id: `why-${one.incident_id}`, maxlength: 2000, required: true }));
      const form = make("form.contest", {}, make("label", { for: why.id }, words.say("staff_incident_why")), why, make("button.button", { type: "submit" }, words.say("staff_incident_retract")));
      form.addEventListener("submit", (event) => { event.preventDefault(); void this.#send(`${path}/retract`, { version: one.version, why: why.value.trim() }); });
      card.append(make("details", {}, make("summary", {}, words.say("staff_incident_retract")), form));
    }
    if (one.state !== "retracted") card.append(make("details", {}, make("summary", {}, words.say("staff_incident_change")), this.#makeForm(one)));
    return card;
  }

  /** A new incident, or another wording of one. @param {Incident} [one] */
  #makeForm(one) {
    const { words } = this.desk;
    const at = one ? `-${one.incident_id}` : "";
    const kind = /** @type {HTMLSelectElement} */ (make("select.field", { id: `kind${at}` }, ...KINDS.map((value) => make("option", { value }, words.say(`staff_incident_${value}`)))));
    const since = /** @type {HTMLInputElement} */ (make("input.field", { id: `since${at}`, type: "date", required: true }));
    const fields = WORDS.map((name) => /** @type {HTMLTextAreaElement} */ (make("textarea.field", { id: `${name}${at}`, rows: 3, maxlength: 2000, required: true })));
    const categories = this.#categories.map((value) => make("option", { value }, words.say("staff_incident_who_category", { category: words.say(`category_${value}`) })));
    const who = /** @type {HTMLSelectElement} */ (make("select.field", { id: `who${at}` }, make("option", { value: "everybody" }, words.say("staff_incident_who_everybody")), make("option", { value: "customers" }, words.say("staff_incident_who_customers")), ...categories));
    const ids = /** @type {HTMLTextAreaElement} */ (make("textarea.field", { id: `ids${at}`, rows: 2 }));
    const label = (/** @type {string} */ key, /** @type {HTMLElement} */ field) => make("label", { for: field.id }, words.say(key));
    const form = make(
      "form.contest",
      {},
      !one && make("h3", {}, words.say("staff_incident_new")),
      label("staff_incident_kind", kind), kind,
      label("staff_incident_since", since), since,
      ...fields.flatMap((field, number) => [label(`staff_incident_${WORDS[number]}`, field), field]),
      ...(one ? [] : [label("staff_incident_who", who), who, label("staff_incident_ids", ids), ids]),
      make("button.button", { type: "submit" }, words.say("staff_incident_look")),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const account = { kind: kind.value, since: since.value, ...Object.fromEntries(fields.map((field, number) => [WORDS[number], field.value.trim()])) };
      const isKnown = ["everybody", "customers"].includes(who.value);
      const concerns = { who: isKnown ? who.value : "category", ...(isKnown ? {} : { category: who.value }), ...(who.value === "customers" ? { customer_ids: ids.value.split(/[\s,]+/).filter(Boolean) } : {}) };
      void (one ? this.#send(`/incidents/${encodeURIComponent(one.incident_id)}`, account, "PUT") : this.#send("/incidents", { ...account, concerns }));
    });
    return form;
  }

  /** @param {string} path @param {object} body @param {"POST" | "PUT"} [method] */
  async #send(path, body, method = "POST") {
    try {
      await this.desk.api(path, { method, body });
      await this.refresh();
    } catch (failure) {
      this.desk.say(/** @type {Error} */ (failure).message, ".red");
    }
  }
}
