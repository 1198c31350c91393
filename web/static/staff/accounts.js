/** For an owner: who of the staff may sign in, as what; adding, changing, shutting out, letting in again. Each asks for the owner's password. */

import { make } from "../common/dom.js";
import { AccountKeys } from "./account_keys.js";
import { askPassword, makeField } from "./ask_password.js";

/** @typedef {{username: string, name: string, role: string, disabled: boolean, temporary: boolean, second_factor: boolean, seen_at: string | null}} Member */

const ROLES = ["agent", "supervisor", "owner"];

export class Accounts {
  /** @param {import("./app.js").Desk} desk */
  constructor(desk) {
    this.desk = desk;
    this.told = make("div"); // a password that is shown once: it stays over a refresh
    this.body = make("div");
    this.element = make("section.middle.models.accounts", { "aria-label": desk.words.say("access_staff"), hidden: true }, make("div.review-body", {}, make("h2", {}, desk.words.say("access_staff")), make("p", {}, desk.words.say("access_staff_lead")), this.told, this.body));
  }

  async refresh() {
    try {
      /** @type {Member[]} */ const accounts = (await this.desk.api("/accounts")).accounts;
      const open = new Set([...this.body.querySelectorAll("details[open]")].map((one) => /** @type {HTMLElement} */ (one).dataset.username));
      this.body.replaceChildren(make("ul", { role: "list" }, ...accounts.map((one) => make("li", {}, this.#drawOne(one, open.has(one.username))))), this.#makeForm());
    } catch (failure) {
      this.desk.say(/** @type {Error} */ (failure).message, ".red");
    }
  }

  /** @param {Member} one @param {boolean} isOpen */
  #drawOne(one, isOpen) {
    const { words, member } = this.desk;
    const labels = [make("span.label", {}, words.say(`access_role_${one.role}`)), one.disabled && make("span.label.red", {}, words.say("access_disabled")), one.temporary && make("span.label.amber", {}, words.say("access_temporary"))];
    const seen = one.seen_at ? words.say("access_seen", { at: words.moment(one.seen_at) }) : words.say("access_never_seen");
    const line = make("summary", {}, make("b", {}, one.name), ` ${one.username} `, ...labels);
    const state = make("p", {}, `${words.say(one.second_factor ? "access_has_factor" : "access_no_factor")} · ${seen}`);
    const deeds = one.username === member.username ? [make("p", {}, words.say("access_self"))] : this.#makeDeeds(one);
    const keys = new AccountKeys(this.desk, one, (title, sentence, path, body, tell) => this.#ask(title, sentence, path, body, tell));
    return make("details.card", { "data-username": one.username, open: isOpen }, line, make("div.inside", {}, state, ...deeds, keys.element));
  }

  /** @param {Member} one */
  #makeDeeds(one) {
    const { words } = this.desk;
    const path = `/accounts/${encodeURIComponent(one.username)}`;
    const facts = { name: one.name };
    const deed = (/** @type {string} */ key, /** @type {() => [string, string, object]} */ tell, method = "POST") => {
      const button = make("button.button", { type: "button" }, words.say(`access_${key}`));
      button.addEventListener("click", () => {
        const [sentence, address, body] = tell();
        this.#ask(words.say(`access_${key}`), sentence, address, body, this.#tellPassword(one.name), method);
      });
      return button;
    };
    const plain = (/** @type {string} */ key, /** @type {string} */ to, /** @type {object} */ body = {}) => deed(key, () => [words.say(`access_ask_${key}`, facts), `${path}/${to}`, body]);
    const role = /** @type {HTMLSelectElement} */ (this.#makeRoles(`role-${one.username}`, one.role));
    const change = deed("change_role", () => [words.say("access_ask_role", { ...facts, role: words.say(`access_role_${role.value}`) }), `${path}/role`, { role: role.value }], "PUT");
    const resets = [plain("reset_password", "reset", { what: "password" }), ...(one.second_factor ? [plain("reset_second_factor", "reset", { what: "second_factor" })] : [])];
    const rest = one.disabled ? [plain("enable", "enable")] : [...resets, plain("disable", "disable")];
    return [make("label", { for: role.id }, words.say("access_role")), make("div.pair", {}, role, change), make("div.pair", {}, ...rest)];
  }

  /** @param {string} id @param {string} chosen */
  #makeRoles(id, chosen) {
    return make("select.field", { id }, ...ROLES.map((value) => make("option", { value, selected: value === chosen }, this.desk.words.say(`access_role_${value}`))));
  }

  #makeForm() {
    const { words } = this.desk;
    const username = makeField(words.say("access_add_username"), { id: "add-username", autocomplete: "off", autocapitalize: "none", spellcheck: "false", maxlength: 32 });
    const name = makeField(words.say("access_add_name"), { id: "add-name", autocomplete: "off", maxlength: 100 });
    const role = /** @type {HTMLSelectElement} */ (this.#makeRoles("add-role", "agent"));
    const form = make("form.contest", {}, make("h3", {}, words.say("access_add")), username.label, username.field, name.label, name.field, make("label", { for: role.id }, words.say("access_role")), role, make("button.button", { type: "submit" }, words.say("access_add")));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const body = { username: username.field.value.trim(), name: name.field.value.trim(), role: role.value };
      this.#ask(words.say("access_add"), words.say("access_ask_add", { name: body.name, role: words.say(`access_role_${body.role}`) }), "/accounts", body, this.#tellPassword(body.name));
    });
    return form;
  }

  /** @param {string} name whom it is about */
  #tellPassword(name) {
    const { words } = this.desk;
    return (/** @type {any} */ { temporary_password: password }) => /** @type {[string, string, string] | null} */ (password ? [words.say("access_told_once", { name }), password, words.say("access_told_once_lead", { name })] : null);
  }

  /**
   * @param {string} title @param {string} sentence @param {string} path @param {object} body
   * @param {(made: any) => [string, string, string] | null} tell what is shown once: its heading, itself, what to do with it @param {string} [method]
   */
  #ask(title, sentence, path, body, tell, method = "POST") {
    const { words, api } = this.desk;
    askPassword(words, this.element, title, sentence, async (password) => {
      const told = tell(await api(path, { method, body: { ...body, password } }));
      this.desk.say(words.say("access_done"));
      await this.refresh();
      if (!told) return null;
      const [named, secret, lead] = told;
      const heading = make("h3", { tabindex: "-1" }, named);
      this.told.replaceChildren(make("div.card", {}, heading, make("p", {}, make("code.factor-key", {}, secret)), make("p", {}, lead)));
      return heading;
    });
  }
}
