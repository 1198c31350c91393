/** What the widget keeps in the browser: the conversation's id and token, after the customer opened the chat. Nothing else. */

/** @param {string} base */
const nameOf = (base) => `candor ${base}`;

/** @param {string} base @returns {{id: string, token: string} | null} */
export function readKept(base) {
  try {
    const kept = JSON.parse(localStorage.getItem(nameOf(base)) ?? "null");
    return kept && typeof kept.id === "string" && typeof kept.token === "string" ? kept : null;
  } catch {
    return null; // storage switched off or spoilt: the chat works, it only does not survive a reload
  }
}

/** @param {string} base @param {{id: string, token: string}} kept */
export function keep(base, { id, token }) {
  try {
    localStorage.setItem(nameOf(base), JSON.stringify({ id, token }));
  } catch {
    // as above
  }
}

/** @param {string} base */
export function forget(base) {
  try {
    localStorage.removeItem(nameOf(base));
  } catch {
    // as above
  }
}
