/** A signed-in customer who comes on another device: a talk that waits for a person, or is with one, goes on there. */

/** @param {import("./shop.js").Shop} shop @returns {Promise<{id: string, token: string} | null>} */
export async function findOwnTalk(shop) {
  const { token } = shop;
  if (!token) return null;
  const { conversations } = await shop.call("/api/me/conversations", { token });
  const open = conversations.find((/** @type {{state: string}} */ { state }) => state === "waiting" || state === "human");
  if (!open) return null;
  const issued = await shop.call(`/api/me/conversations/${encodeURIComponent(open.conversation_id)}/token`, { method: "POST", token });
  return { id: issued.conversation_id, token: issued.token };
}
