/** A link by mail for who cannot sign in to the shop: asked for here, and redeemed when it is opened. It stands in the fragment, which no server sees. */

import { call } from "../common/client.js";
import { make } from "../common/dom.js";

/** The customer's token for the link that this page was opened with, if it was; the address keeps no trace of it. @returns {Promise<string | null>} */
export async function redeemLink() {
  const found = /^#link=([\w-]+)$/.exec(location.hash);
  if (!found) return null;
  history.replaceState(null, "", location.pathname + location.search);
  return (await call("/api/requests/redeem", { method: "POST", body: { token: found[1] } })).customer_token;
}

/** The form, or nothing where the shop sends no mail. @param {import("../common/words.js").Words} words */
export function makeLinkForm(words) {
  if (!("mails" in document.body.dataset)) return null;
  const email = make("input", { type: "email", id: "link-mail", autocomplete: "email", required: "", maxlength: 254 });
  const said = make("p.quiet-line", { role: "status" });
  const form = make("form.link-form", {}, make("label", { for: "link-mail" }, words.say("privacy_link_mail")), email, make("button.button", { type: "submit" }, words.say("privacy_link_send")), said);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      said.textContent = (await call("/api/requests/link", { method: "POST", body: { email: /** @type {HTMLInputElement} */ (email).value }, lang: document.documentElement.lang })).message;
    } catch (failure) {
      said.textContent = /** @type {Error} */ (failure).message;
    }
  });
  return make("details.card.by-mail", {}, make("summary", {}, words.say("privacy_link_ask")), form);
}
