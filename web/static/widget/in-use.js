/** "In use now": which of the customer's data chooses offers at this moment, as the gateway says and not as the page thinks. */

import { isGone } from "./conversation.js";

/**
 * @param {import("./shop.js").Shop} shop @param {import("./conversation.js").Conversation} conversation @param {import("../common/words.js").Words} words
 * @returns {Promise<string | null>} null when it is not known just now: what stands there stays
 */
export async function tellInUse(shop, conversation, words) {
  if (conversation.isVisitors && !shop.customer) return words.say("widget_in_use_nothing");
  try {
    const { categories } = await shop.call("/api/me/consents", { token: conversation.token });
    const used = categories.filter((/** @type {any} */ one) => one.choose).map((/** @type {any} */ one) => words.say(`in_words_${one.category}`));
    return used.length ? words.say("widget_in_use", { categories: used.join(", ") }) : words.say("widget_in_use_nothing");
  } catch (failure) {
    return isGone(failure) ? words.say("widget_in_use_nothing") : null;
  }
}
