/**
 * How a customer arrives here signed in. The shop's page hands the token over by message to the window that it opened; the token never
 * stands in a URL and is kept for this tab only, so that a reload stays signed in. Only our own origin and the shop's own
 * (CANDOR_SHOP_ORIGINS) are listened to. In demo mode the chooser above stands in for a shop's sign-in. Whoever is not signed in
 * sees the chat whose token this browser keeps.
 */

import { fetchToken, readChosen, startChooser } from "../shop/demo.js";
import { readKept } from "../widget/kept.js";

const NAME = "candor-privacy-token";
const WAIT_MS = 400;
const RENEW_MS = 45 * 60_000;

/** @returns {string | null} */
export function findVisitorToken() {
  return readKept(new URL("/", location.origin).href)?.token ?? null;
}

/** @param {(token: string | null) => void} take called at once and whenever somebody else signs in */
export async function signInHere(take) {
  if (document.querySelector("#demo-customer")) return signInDemo(take);
  const handed = await askOpener(take);
  if (!handed) take(sessionStorage.getItem(NAME));
}

/** @param {(token: string | null) => void} take */
async function signInDemo(take) {
  const choose = async (/** @type {string} */ customerId) => take(customerId ? await fetchToken(customerId) : null);
  await choose(readChosen());
  await startChooser((customerId) => void choose(customerId));
  setInterval(() => { if (readChosen()) void choose(readChosen()); }, RENEW_MS);
}

/** Ask the page that opened this one; it answers with its customer's token, or a visitor's. @param {(token: string | null) => void} take */
function askOpener(take) {
  const opener = /** @type {Window | null} */ (window.opener);
  if (!opener) return Promise.resolve(false);
  const origins = new Set([location.origin, ...(document.body.dataset.origins ?? "").split(" ").filter(Boolean)]);
  return new Promise((/** @type {(isHanded: boolean) => void} */ done) => {
    addEventListener("message", ({ data, source, origin }) => {
      if (source !== opener || !origins.has(origin) || data?.type !== "candor-hand-over") return;
      const token = data.customer_token ?? data.token ?? null;
      if (token) sessionStorage.setItem(NAME, token);
      take(token);
      done(true);
    });
    const ask = () => origins.forEach((origin) => opener.postMessage({ type: "candor-privacy-ready" }, origin));
    ask();
    setInterval(ask, RENEW_MS);
    setTimeout(() => done(false), WAIT_MS);
  });
}
