/** Single keys for whoever works all day in the console. They rest while something is written, can be switched off, and `?` lists them. */

import { readChoices } from "./notices.js";

/** @param {import("./inbox.js").Inbox} inbox */
export function listenToKeys(inbox) {
  /** @type {Record<string, () => void>} */
  const deeds = {
    c: () => void inbox.claimNext(),
    j: () => inbox.move(1),
    k: () => inbox.move(-1),
    r: () => inbox.writeReply(false),
    n: () => inbox.writeReply(true),
    g: () => inbox.release("bot"),
    t: () => inbox.askTransfer(),
    "/": () => inbox.find(),
    "?": () => inbox.showKeys(),
  };
  inbox.keys?.abort();
  inbox.keys = new AbortController();
  document.addEventListener(
    "keydown",
    (event) => {
      const isWriting = event.target instanceof HTMLElement && event.target.closest("input, textarea, select, dialog");
      if (isWriting || event.ctrlKey || event.metaKey || event.altKey || inbox.element.hidden || !inbox.element.isConnected) return;
      if (readChoices().keys === false) return;
      const deed = deeds[event.key.toLowerCase()];
      if (!deed) return;
      event.preventDefault();
      deed();
    },
    { signal: inbox.keys.signal },
  );
}
