/**
 * Opening the privacy centre with whoever is signed in here.
 *
 * The centre lives at the gateway's own address, so the token is handed over by message to the window that was opened, and only to
 * that origin: it never stands in a URL. The centre asks as soon as it is ready, and again when its token is about to end.
 */

/** @type {Map<MessageEventSource, {origin: string, give: () => {customer_token: string | null, token: string | null}}>} */
const opened = new Map();

addEventListener("message", ({ data, source, origin }) => {
  const handover = source && opened.get(source);
  if (!handover || data?.type !== "candor-privacy-ready" || origin !== handover.origin) return;
  source.postMessage({ type: "candor-hand-over", ...handover.give() }, { targetOrigin: handover.origin });
});

/** @param {import("./shop.js").Shop} shop @param {{part?: string, conversationToken?: string | null}} [what] */
export function openPrivacy(shop, { part = "", conversationToken = null } = {}) {
  const address = new URL(`/privacy?lang=${encodeURIComponent(shop.lang)}${part ? `#${part}` : ""}`, shop.base);
  const view = window.open(address.href, "candor-privacy");
  if (view) opened.set(view, { origin: address.origin, give: () => ({ customer_token: shop.token, token: conversationToken }) });
  else location.assign(address.href);
}
