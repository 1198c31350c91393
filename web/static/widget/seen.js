/** Up to which message of a person the customer has had the chat open and in view: told to the staff, who see it under their message. Nothing else is told of reading. */

/** @typedef {import("./conversation.js").Conversation} Conversation */

/** @param {() => Conversation | null} find the conversation whose chat is open @param {AbortSignal} signal @returns {() => void} look again: it opened, or something was said */
export function watchSeen(find, signal) {
  const look = () => {
    const conversation = document.visibilityState === "visible" ? find() : null;
    const newest = conversation?.messages.findLast(({ author }) => author === "human");
    if (newest) conversation?.saySeen(newest.seq);
  };
  document.addEventListener("visibilitychange", look, { signal });
  return look;
}
