/** The demo shop's page: signs its chosen customer in to the widget, as any shop's page would, and lets the search field ask the assistant, and tells what goods are looked at. */

import { fetchToken, readChosen, startChooser, tellFailure } from "./demo.js";

/** @returns {any} */
const candor = () => /** @type {any} */ (window).candor;

/** @param {string} customerId */
async function signIn(customerId) {
  try {
    if (customerId) candor().signIn(await fetchToken(customerId));
    else candor().signOut();
  } catch {
    void tellFailure(); // the page stays a visitor's
  }
}

document.addEventListener("candor-token-needed", () => {
  if (readChosen()) void signIn(readChosen());
});

for (const goods of document.querySelectorAll("details[data-product]")) {
  const { product } = /** @type {HTMLElement} */ (goods).dataset;
  goods.addEventListener("toggle", () => { if (/** @type {HTMLDetailsElement} */ (goods).open) void candor()?.look(product); });
}

const search = /** @type {HTMLFormElement | null} */ (document.querySelector(".ask-goods"));
if (search) search.hidden = false;
search?.addEventListener("submit", (event) => {
  event.preventDefault();
  const field = /** @type {HTMLInputElement} */ (search.elements.namedItem("goods"));
  const text = field.value.trim();
  if (!text) return;
  field.value = "";
  candor().ask(text);
});

startChooser((customerId) => void signIn(customerId)).catch(tellFailure);
