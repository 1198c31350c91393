/** The demo's chooser of customers: it stands in for a shop's own sign-in. Which one is chosen is kept for the tab, its token is not. */

import { call } from "../common/client.js";
import { loadWords } from "../common/words.js";

const NAME = "candor-demo-customer";

/** @returns {string} the chosen customer's id, empty for a visitor */
export function readChosen() {
  return sessionStorage.getItem(NAME) ?? "";
}

/** A token for a demo customer, as the shop would sign it. @param {string} customerId @returns {Promise<string>} */
export async function fetchToken(customerId) {
  return (await call("/demo/token", { method: "POST", body: { customer_id: customerId } })).customer_token;
}

/** In the demo bar, that signing in failed. */
export async function tellFailure() {
  const words = await loadWords(location.origin, document.documentElement.lang);
  const place = document.querySelector(".demo p");
  if (place) place.textContent = words.say("demo_failed");
}

/** Fill the chooser and tell of every choice. @param {(customerId: string) => void} choose */
export async function startChooser(choose) {
  const select = /** @type {HTMLSelectElement | null} */ (document.querySelector("#demo-customer"));
  if (!select) return;
  const words = await loadWords(location.origin, document.documentElement.lang);
  const fill = async () => {
    const { customers } = await call("/demo/customers");
    for (const { customer_id, name, agreed_to } of customers) {
      const categories = agreed_to.map((/** @type {string} */ category) => words.say(words.has(`short_${category}`) ? `short_${category}` : `in_words_${category}`)).join(", ");
      const option = [...select.options].find(({ value }) => value === customer_id) ?? select.appendChild(new Option("", customer_id));
      option.text = categories ? words.say("demo_agreed", { name, categories }) : words.say("demo_agreed_none", { name });
    }
  };
  await fill();
  document.addEventListener("candor-consents-changed", () => void fill().catch(() => {})); // what stood there was true a moment ago
  select.value = readChosen();
  /** @type {HTMLElement} */ (select.closest(".you")).hidden = false;
  select.addEventListener("change", () => {
    if (select.value) sessionStorage.setItem(NAME, select.value);
    else sessionStorage.removeItem(NAME);
    choose(select.value);
  });
}
