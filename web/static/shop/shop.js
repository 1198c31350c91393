/** The demo shop's page: signs its chosen customer in to the widget, as any shop's page would, and lets the search field ask the assistant. */

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

const search = /** @type {HTMLFormElement} */ (document.querySelector(".ask-goods"));
search.hidden = false;
search.addEventListener("submit", (event) => {
  event.preventDefault();
  const field = /** @type {HTMLInputElement} */ (search.elements.namedItem("goods"));
  const text = field.value.trim();
  if (!text) return;
  field.value = "";
  candor().ask(text);
});

startChooser((customerId) => void signIn(customerId)).catch(tellFailure);
