/** The keys with which other systems work as a member of staff: the owner makes one, sees it once, and revokes it. */

import { make } from "../common/dom.js";
import { makeField } from "./ask_password.js";

/** @typedef {{key_id: string, label: string, made_at: string, used_at: string | null}} Key */

export class AccountKeys {
  /**
   * @param {import("./app.js").Desk} desk @param {{username: string, name: string}} one
   * @param {(title: string, sentence: string, path: string, body: object, tell: (made: any) => [string, string, string] | null) => void} ask asks for the owner's password, then posts
   */
  constructor(desk, one, ask) {
    this.desk = desk;
    this.path = `/accounts/${encodeURIComponent(one.username)}/keys`;
    this.list = make("ul", { role: "list" });
    const { words } = desk;
    const label = makeField(words.say("access_key_label"), { id: `key-${one.username}`, autocomplete: "off", maxlength: 60, required: true });
    const form = make("form", {}, label.label, label.field, make("button.button", { type: "submit" }, words.say("access_make_key")));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const named = label.field.value.trim();
      ask(words.say("access_make_key"), words.say("access_ask_make_key", { name: one.name }), this.path, { label: named }, ({ key }) => [words.say("access_key_once", { label: named }), key, words.say("access_key_once_lead")]);
    });
    this.element = make("details.keys", {}, make("summary", {}, words.say("access_keys")), make("p", {}, words.say("access_keys_lead", { name: one.name })), this.list, form);
    this.element.addEventListener("toggle", () => { if (/** @type {HTMLDetailsElement} */ (this.element).open) void this.#refresh(); });
  }

  async #refresh() {
    try {
      /** @type {Key[]} */ const keys = (await this.desk.api(this.path)).keys;
      const none = make("li", {}, this.desk.words.say("access_no_keys"));
      this.list.replaceChildren(...(keys.length ? keys.map((key) => this.#draw(key)) : [none]));
    } catch (failure) {
      this.desk.say(/** @type {Error} */ (failure).message, ".red");
    }
  }

  /** @param {Key} key */
  #draw(key) {
    const { words } = this.desk;
    const used = key.used_at ? words.say("access_key_used", { at: words.moment(key.used_at) }) : words.say("access_key_unused");
    const button = make("button.button", { type: "button", "aria-label": `${words.say("access_revoke_key")}: ${key.label}` }, words.say("access_revoke_key"));
    button.addEventListener("click", () => void this.#revoke(key));
    return make("li.pair", {}, make("span", {}, make("b", {}, key.label), ` ${words.say("access_key_made", { at: words.moment(key.made_at) })} · ${used}`), button);
  }

  /** @param {Key} key */
  async #revoke(key) {
    try {
      await this.desk.api(`${this.path}/${key.key_id}`, { method: "DELETE" });
      this.desk.say(this.desk.words.say("access_key_revoked", { label: key.label }));
      await this.#refresh();
      /** @type {HTMLElement | null} */ (this.element.querySelector("summary"))?.focus();
    } catch (failure) {
      this.desk.say(/** @type {Error} */ (failure).message, ".red");
    }
  }
}
