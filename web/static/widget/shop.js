/** What the elements of a page share: the gateway's address, the words, and who is signed in. Holds the token in memory only. */

import { call } from "../common/client.js";
import { loadWords } from "../common/words.js";

/** Said this long before the customer's hour ends. */
const WARN_MS = 3 * 60_000;

/**
 * Events: `signed` (somebody signed in, renewed or signed out; `detail.changed` says whether it is another person), `ending` (the hour is nearly over),
 * `ended`, `consents` (a use was switched on or off).
 */
export class Shop extends EventTarget {
  /** @type {string | null} */ #token = null;
  /** @type {ReturnType<typeof setTimeout>[]} */ #timers = [];
  /** @type {{id: string, name: string | null, minor: boolean, until: number} | null} */ customer = null;
  /** @type {Map<object, string[]>} what the page shows now, by the strip that shows it */ #shown = new Map();
  /** @type {Map<string, Promise<CSSStyleSheet>>} */ #sheets = new Map();

  /** @param {{base: string, lang: string}} where */
  constructor({ base, lang }) {
    super();
    this.base = base;
    this.lang = lang;
  }

  get token() {
    return this.customer && this.customer.until > Date.now() ? this.#token : null;
  }

  /** Whether the customer's hour is nearly over. */
  get isEnding() {
    return this.token !== null && /** @type {NonNullable<typeof this.customer>} */ (this.customer).until - Date.now() < WARN_MS;
  }

  /** @returns {Promise<import("../common/words.js").Words>} */
  loadWords() {
    return loadWords(this.base, this.lang);
  }

  /** @param {string} path @param {Parameters<typeof call>[1]} [options] */
  call(path, options) {
    return call(new URL(path, this.base).href, { lang: this.lang, ...options });
  }

  /** Style sheets as constructed ones: they pass a strict policy for styles and are shared by all shadow roots. @param {...string} names */
  loadStyles(...names) {
    return Promise.all(
      names.map((name) => {
        const sheet = this.#sheets.get(name) ?? this.#loadSheet(name);
        this.#sheets.set(name, sheet);
        return sheet;
      }),
    );
  }

  /** @param {string} name */
  async #loadSheet(name) {
    const answer = await fetch(new URL(`static/${name}.css`, this.base));
    return new CSSStyleSheet().replace(await answer.text());
  }

  /** @param {string} token */
  signIn(token) {
    const before = this.customer?.id ?? null;
    this.customer = readClaims(token);
    this.#token = token;
    this.#setTimers();
    this.#tell("signed", { changed: before !== this.customer.id });
  }

  signOut() {
    const was = this.customer;
    this.customer = null;
    this.#token = null;
    this.#setTimers();
    this.#tell("signed", { changed: was !== null, out: true });
  }

  /** Ask the page for a token: it answers with `candor.signIn`. @param {"start" | "renew"} reason */
  askForToken(reason) {
    document.dispatchEvent(new CustomEvent("candor-token-needed", { detail: { reason } }));
  }

  /** To the parts of the widget, and to the page by an event that says no more than that. */
  tellConsentsChanged() {
    this.#tell("consents");
    document.dispatchEvent(new CustomEvent("candor-consents-changed"));
  }

  /** Told to the gateway only for a signed-in customer; it keeps it only under the consent `browsing`. @param {string} productId */
  async tellLook(productId) {
    const { token } = this;
    if (!token) return;
    const body = { kind: "viewed", product_id: productId, page: location.pathname };
    try {
      const { stored } = await this.call("/api/events", { method: "POST", token, body, keepalive: true });
      document.dispatchEvent(new CustomEvent("candor-looked", { detail: { product_id: productId, stored } }));
    } catch (failure) {
      console.info(`candor: a look was not taken: ${/** @type {Error} */ (failure).message}`);
    }
  }

  /** @param {object} strip @param {string[]} impressionIds */
  setShown(strip, impressionIds) {
    if (impressionIds.length) this.#shown.set(strip, impressionIds);
    else this.#shown.delete(strip);
  }

  get pageOffers() {
    return [...this.#shown.values()].flat().slice(0, 40);
  }

  #setTimers() {
    this.#timers.forEach(clearTimeout);
    this.#timers = [];
    if (!this.customer) return;
    const left = this.customer.until - Date.now();
    this.#timers = [setTimeout(() => this.#tell("ending"), Math.max(0, left - WARN_MS)), setTimeout(() => this.#tell("ended"), Math.max(0, left))];
  }

  /** @param {string} what @param {Record<string, unknown>} [detail] */
  #tell(what, detail = {}) {
    this.dispatchEvent(new CustomEvent(what, { detail }));
  }
}

/** The claims of a token, for its name and its end. The gateway checks it; here nothing is believed that matters. @param {string} token */
function readClaims(token) {
  const part = token.split(".")[1] ?? "";
  const bytes = Uint8Array.from(atob(part.replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0));
  const claims = JSON.parse(new TextDecoder().decode(bytes));
  return { id: String(claims.sub), name: claims.name ?? null, minor: claims.minor === true, until: Number(claims.exp) * 1000 };
}
