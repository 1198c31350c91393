/**
 * Candor on a shop's page, by one script tag:
 *
 *   <script type="module" src="https://candor.example/static/candor.js"></script>
 *
 * It defines <candor-chat> and <candor-offers>, puts a chat launcher on the page unless the page has one of its own
 * (`data-launcher="none"` leaves it out), and exposes `candor` with `signIn(token)`, `signOut()`, `open()`, `ask(text)` and
 * `look(productId)`.
 * A customer's token is asked for by the event `candor-token-needed` on document and handed over with `candor.signIn`; it never
 * stands in a URL and is not kept. Nothing is stored before the customer opens the chat. docs/widget.md tells it in full.
 */

import { CandorChat } from "./widget/candor-chat.js";
import { CandorOffers } from "./widget/candor-offers.js";
import { Shop } from "./widget/shop.js";

const script = /** @type {HTMLScriptElement | undefined} */ ([...document.scripts].find((one) => one.src === import.meta.url));
const settings = script?.dataset ?? {};
const lang = settings.lang ?? "en";

export const shop = new Shop({ base: new URL("..", import.meta.url).href, lang });

CandorChat.shop = shop;
CandorOffers.shop = shop;
customElements.define("candor-chat", CandorChat);
customElements.define("candor-offers", CandorOffers);

/** @returns {CandorChat | null} */
function findChat() {
  return document.querySelector("candor-chat");
}

if (!findChat() && settings.launcher !== "none") document.body.append(document.createElement("candor-chat"));

export const candor = Object.freeze({
  /** @param {string} token as the shop signs it for its customer */
  signIn: (token) => shop.signIn(token),
  signOut: () => shop.signOut(),
  open: () => findChat()?.open(),
  /** @param {string} text asked in the customer's name: call it only when the customer did something that says so */
  ask: (text) => findChat()?.ask(text),
  /** @param {string} productId a product whose page is being read; kept only under the customer's consent */
  look: (productId) => shop.tellLook(productId),
});

/** @type {any} */ (window).candor = candor;
if (settings.customerToken) shop.signIn(settings.customerToken);
else shop.askForToken("start");
document.dispatchEvent(new CustomEvent("candor-ready", { detail: candor }));
