/** The talk as staff read it: customer on the left, one's own words in plum on the right, private notes amber and dashed. */

import { make, makeParagraphs } from "../common/dom.js";
import { icon } from "../common/icons.js";
import { makeFace } from "../widget/message.js";

/**
 * @param {HTMLElement} talk @param {any} detail
 * @param {{desk: import("./app.js").Desk, name: string}} view
 */
export function makeTalk(talk, detail, { desk, name }) {
  const known = new Map([...talk.querySelectorAll("[data-number]")].map((one) => [one.getAttribute("data-number"), one]));
  if (talk.dataset.conversation !== detail.conversation_id) known.clear();
  talk.dataset.conversation = detail.conversation_id;
  const items = detail.messages.map((/** @type {any} */ message) => known.get(String(message.number)) ?? makeItem(message, desk, name));
  if (known.size && items.length >= known.size) items.slice(known.size).forEach((/** @type {Node} */ item) => talk.append(item)); // appended, so that it is announced
  else talk.replaceChildren(...items);
}

/** @param {any} message @param {import("./app.js").Desk} desk @param {string} name */
function makeItem(message, { words, member }, name) {
  const time = make("time", { datetime: message.at }, words.time(message.at));
  const traits = { "data-number": message.number, lang: message.lang };
  if (message.private) return make("div.item.note", traits, make("div.bubble", {}, icon("lock"), make("div", {}, make("b", {}, words.say("staff_note_only")), " ", message.text, make("p.by", {}, `${message.author_name}, `, time))));
  if (message.author === "system") return make("div.item.system", traits, make("div.line", {}, make("div", {}, message.text)));
  const isOwn = message.author === "human" && message.author_name === member.name;
  const who = message.author === "customer" ? words.say("staff_customer", { name }) : message.author === "bot" ? words.say("author_bot") : isOwn ? words.say("staff_you", { name: message.author_name }) : words.say("author_person", { name: message.author_name });
  return make(
    `div.item.${message.author}${isOwn ? ".own" : ""}`,
    traits,
    make("p.author", {}, makeFace(message.author, message.author === "customer" ? name : (message.author_name ?? "")), make("b", {}, who), time),
    make("div.bubble", {}, ...makeBody(message, words)),
  );
}

/** What the assistant said in many lines stands as its first, with what is drawn beside it. @param {any} message @param {import("../common/words.js").Words} words */
function makeBody(message, words) {
  const count = message.explanation?.reasons.length;
  if (count) return [make("p", {}, message.text.split("\n")[0]), make("p.small", {}, words.say(count === 1 ? "staff_explained_one" : "staff_explained", { count }))];
  if (message.offers?.length > 1) return [make("p", {}, message.text.split("\n")[0]), make("p.small", {}, words.say("staff_offers_shown", { count: message.offers.length }))];
  return makeParagraphs(message.text);
}
