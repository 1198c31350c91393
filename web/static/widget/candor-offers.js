/**
 * <candor-offers slot="home" limit="5">: a strip of offers, each with where it comes from and "Why am I seeing this?".
 *
 * Attributes: `slot` (its name at the shop), `limit` (1 to 20), `heading-level` (2), `link` (an address with {offer_id} for the
 * title; without it the title asks the assistant), `privacy` (address behind "Change what we use").
 * Event: `candor-offer` {offer}, cancelable, when a title is followed.
 */

import { make } from "../common/dom.js";
import { icon } from "../common/icons.js";
import { makeOfferCard } from "./offer.js";
import { openPrivacy } from "./privacy-link.js";
import { measureText } from "./text-size.js";

/** @typedef {import("./offer.js").Offer} Offer */

const SEEN_MS = 1000;
const CONTROLS = [".why", ".title", ".button"];
/** In which order the sentence above the strip counts where the offers come from. */
const ORDER = ["purchases", "offers", "preferences", "browsing", "new", "popular"];

export class CandorOffers extends HTMLElement {
  /** @type {import("./shop.js").Shop} */ static shop;
  #root = this.attachShadow({ mode: "open" });
  /** @type {AbortController | null} */ #life = null;
  /** @type {IntersectionObserver | null} */ #eyes = null;
  /** @type {Map<Element, ReturnType<typeof setTimeout>>} */ #looks = new Map();
  /** @type {Set<string>} */ #seen = new Set();
  #asked = 0;

  get #shop() {
    return CandorOffers.shop;
  }

  async connectedCallback() {
    this.#life = new AbortController();
    const { signal } = this.#life;
    this.#root.adoptedStyleSheets = await this.#shop.loadStyles("tokens", "parts", "widget/offers");
    measureText(this);
    this.#eyes = new IntersectionObserver((entries) => entries.forEach((entry) => this.#look(entry)), { threshold: 0.6 });
    for (const what of ["signed", "consents"]) {
      this.#shop.addEventListener(what, (event) => { if (what === "consents" || /** @type {CustomEvent} */ (event).detail.changed) void this.refresh(); }, { signal });
    }
    await this.refresh();
  }

  disconnectedCallback() {
    this.#life?.abort();
    this.#eyes?.disconnect();
    this.#looks.forEach(clearTimeout);
    this.#shop.setShown(this, []);
  }

  /** Ask for the slate again and draw it. */
  async refresh() {
    const turn = ++this.#asked;
    const shop = this.#shop;
    const [words, told] = await Promise.all([shop.loadWords(), this.#fetch()]);
    if (turn !== this.#asked || !this.isConnected) return;
    const focused = this.#root.activeElement;
    const place = focused && { offer: focused.closest(".offer")?.getAttribute("data-offer"), control: CONTROLS.find((control) => focused.matches(control)) };
    this.#root.replaceChildren(...("offers" in told ? this.#draw(words, told.offers, told.since, told.decisions) : this.#drawFailure(words)));
    this.#shop.setShown(this, "offers" in told ? told.offers.map((offer) => String(offer.impression_id)) : []);
    if (place) this.#focusAgain(place);
  }

  /** Whoever was here by keyboard stays here: on the same control of the same offer, or on the strip's first. @param {{offer?: string | null, control?: string}} place */
  #focusAgain({ offer, control }) {
    const card = [...this.#root.querySelectorAll(".offer")].find((one) => one.getAttribute("data-offer") === offer);
    const next = (control && (card ?? this.#root).querySelector(control)) ?? this.#root.querySelector(CONTROLS.join());
    /** @type {HTMLElement | null} */ (next)?.focus();
  }

  /** @returns {Promise<{offers: Offer[], since: string | null, decisions: string[]} | {failed: true}>} */
  async #fetch() {
    const { token } = this.#shop;
    const query = new URLSearchParams({ slot: this.getAttribute("slot") ?? "home", limit: this.getAttribute("limit") ?? "5" });
    try {
      const { offers, decisions = [] } = await this.#shop.call(`/api/offers?${query}`, { token });
      const isPersonal = offers.some((/** @type {Offer} */ offer) => offer.label === "purchases");
      const consents = isPersonal ? await this.#shop.call("/api/me/consents", { token }) : null;
      const purchases = consents?.categories.find((/** @type {any} */ one) => one.category === "purchases");
      return { offers, decisions, since: purchases?.granted ? purchases.since : null };
    } catch {
      return { failed: true };
    }
  }

  /** @param {import("../common/words.js").Words} words @param {Offer[]} offers @param {string | null} since @param {string[]} decisions what people decided, where it changed these offers */
  #draw(words, offers, since, decisions) {
    const level = Number(this.getAttribute("heading-level") ?? 2);
    this.#eyes?.disconnect();
    const cards = offers.map((offer) => {
      const card = makeOfferCard(words, offer, { heading: `h${level + 1}`, title: this.#makeTitle(words, offer), onwhy: (one) => this.#why(one) });
      this.#eyes?.observe(card);
      return make("li", { role: "listitem" }, card);
    });
    const change = make("button.button", { type: "button" }, words.say("offers_change"));
    change.addEventListener("click", () => openPrivacy(this.#shop));
    return [
      make("div.head", {}, make("div", {}, make(`h${level}`, {}, this.#tellHeading(words, offers)), make("p", { role: "status" }, tellMixture(words, offers, since)), ...decisions.map((decision) => make("p", {}, decision))), change),
      make("ul.strip", { role: "list" }, ...cards),
    ];
  }

  /** @param {import("../common/words.js").Words} words */
  #drawFailure(words) {
    const again = make("button.button", { type: "button" }, words.say("label_try_again"));
    again.addEventListener("click", () => void this.refresh());
    return [make("div.banner.amber", { role: "status" }, icon("triangle"), make("div", {}, make("strong", {}, words.say("offers_failed")), words.say("offers_failed_more")), again)];
  }

  /** @param {import("../common/words.js").Words} words @param {Offer[]} offers */
  #tellHeading(words, offers) {
    if (!offers.some((offer) => offer.personalized)) return words.say("offers_popular");
    const name = this.#shop.customer?.name?.split(" ")[0];
    const count = words.count(offers.length);
    const said = words.say(name ? "offers_for_name" : "offers_for_you", { count, name });
    return said[0].toUpperCase() + said.slice(1);
  }

  /** @param {import("../common/words.js").Words} words @param {Offer} offer */
  #makeTitle(words, offer) {
    const pattern = this.getAttribute("link");
    const title = pattern
      ? make("a.title", { href: pattern.replace("{offer_id}", encodeURIComponent(offer.offer_id)) }, offer.title)
      : make("button.title", { type: "button", "aria-label": words.say("offer_ask_named", { title: offer.title }) }, offer.title);
    title.addEventListener("click", (event) => {
      this.#tellEvent(offer, "clicked");
      const isFree = this.dispatchEvent(new CustomEvent("candor-offer", { detail: { offer }, bubbles: true, composed: true, cancelable: true }));
      if (!isFree) event.preventDefault();
      else if (!pattern) findChat()?.ask(words.say("sent_offer_ask", { title: offer.title }));
    });
    return title;
  }

  /** @param {Offer} offer */
  #why(offer) {
    findChat()?.askWhy(offer);
  }

  /** Seen: more than half of a card for a second. @param {IntersectionObserverEntry} entry */
  #look({ target, isIntersecting }) {
    clearTimeout(this.#looks.get(target));
    if (!isIntersecting) return;
    this.#looks.set(target, setTimeout(() => this.#tellEvent({ offer_id: /** @type {HTMLElement} */ (target).dataset.offer }, "viewed"), SEEN_MS));
  }

  /** Told to the gateway only for a signed-in customer; it keeps it only under the consent it falls under. @param {{offer_id?: string}} offer @param {"viewed" | "clicked"} kind */
  #tellEvent({ offer_id }, kind) {
    const { token, pageOffers } = this.#shop;
    const place = [...this.#root.querySelectorAll(".offer")].findIndex((card) => /** @type {HTMLElement} */ (card).dataset.offer === offer_id);
    const impression_id = pageOffers[place];
    if (!token || !impression_id || (kind === "viewed" && this.#seen.has(impression_id))) return;
    this.#seen.add(impression_id);
    const body = { kind, impression_id, page: location.pathname };
    this.#shop.call("/api/events", { method: "POST", token, body, keepalive: true }).catch((failure) => console.info(`candor: an event was not taken: ${failure.message}`));
  }
}

/** @returns {import("./candor-chat.js").CandorChat | null} */
function findChat() {
  return document.querySelector("candor-chat");
}

/** "Three from what you bought, as you allowed on 3 October. One new to you, one popular in the shop." @param {import("../common/words.js").Words} words @param {Offer[]} offers @param {string | null} since */
function tellMixture(words, offers, since) {
  if (!offers.some((offer) => offer.personalized)) return words.say("offers_popular_why");
  /** @type {Map<string, number>} */
  const counts = new Map();
  for (const label of ORDER) if (offers.some((offer) => offer.label === label)) counts.set(label, 0);
  for (const { label } of offers) counts.set(label ?? "popular", (counts.get(label ?? "popular") ?? 0) + 1);
  const parts = [...counts].map(([label, count]) => words.say(words.has(`mixture_${label}`) ? `mixture_${label}` : "mixture_popular", { count: words.count(count) }));
  const said = words.list(parts);
  const allowed = since ? words.say("mixture_since", { date: words.date(since) }) : "";
  return `${said[0].toUpperCase()}${said.slice(1)}.${allowed ? ` ${allowed}` : ""}`;
}
