/** Receipts as files: one for a line of what was agreed to, or all at once. Made on this page from what the gateway answers. */

import { make } from "../common/dom.js";

/** @typedef {import("./switches.js").Hands} Hands */

/** @param {Hands} hands @param {(receipt: any) => boolean} [fits] */
async function save({ api }, fits) {
  const { receipts } = await api("/api/me/receipts");
  const chosen = fits ? receipts.find(fits) : receipts;
  if (!chosen) return;
  const name = fits ? chosen["dct:identifier"] : "receipts";
  const address = URL.createObjectURL(new Blob([JSON.stringify(chosen, null, 1)], { type: "application/ld+json" }));
  const link = /** @type {HTMLAnchorElement} */ (make("a", { href: address, download: `${name}.json` }));
  link.click();
  URL.revokeObjectURL(address);
}

/** The button of one line. @param {any} row @param {Hands} hands */
export function makeReceiptButton(row, hands) {
  const button = make("button.link", { type: "button" }, hands.words.say("privacy_receipt"));
  button.addEventListener("click", () => void save(hands, (receipt) => {
    const record = receipt["dpv:hasRecordOfActivity"];
    return record["dpv:hasConsentStatus"]["dpv:isIndicatedAtTime"] === row.at && record["dpv:hasProcess"]["dct:identifier"] === row.category;
  }));
  return button;
}

/** @param {Hands} hands */
export function makeAllReceipts(hands) {
  const button = make("button.button", { type: "button" }, hands.words.say("privacy_receipts_all"));
  button.addEventListener("click", () => void save(hands));
  return make("p.more", {}, button);
}
