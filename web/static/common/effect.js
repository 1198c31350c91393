/** Before and after: what a switch did to the five offers, line by line, with icon and words. */

import { make } from "./dom.js";
import { icon } from "./icons.js";

/** @typedef {{offer_id: string, title: string}} Placed */

/** Whether a switch changed any place. @param {Placed[]} before @param {Placed[]} after */
export function hasChanged(before, after) {
  return before.length !== after.length || before.some((offer, place) => offer.offer_id !== after[place].offer_id);
}

/**
 * @param {import("./words.js").Words} words @param {Placed[]} before @param {Placed[]} after
 * @param {{with: string, without: string, granted: boolean}} told what each column is chosen with
 */
export function makeEffect(words, before, after, told) {
  const [first, second] = told.granted ? [told.without, told.with] : [told.with, told.without];
  return make(
    "div.effect",
    {},
    make("div", {}, make("h4", {}, words.say("effect_before")), make("p", {}, first), makeList(before, (offer, place) => tellBefore(words, after, offer, place))),
    make("div", {}, make("h4", {}, words.say("effect_after")), make("p", {}, second), makeList(after, (offer, place) => tellAfter(words, before, offer, place))),
  );
}

/** @param {Placed[]} offers @param {(offer: Placed, place: number) => [string, string, string] | null} tell */
function makeList(offers, tell) {
  const list = make("ol");
  offers.forEach((offer, index) => {
    const change = tell(offer, index + 1);
    const title = change?.[0] === "gone" ? make("del", {}, offer.title) : make("span", {}, offer.title);
    list.append(make("li", {}, title, change && make(`span.change.${change[0]}`, {}, icon(change[1]), change[2])));
  });
  return list;
}

/** @param {import("./words.js").Words} words @param {Placed[]} after @param {Placed} offer @param {number} place @returns {[string, string, string] | null} */
function tellBefore(words, after, offer, place) {
  const now = after.findIndex((other) => other.offer_id === offer.offer_id) + 1;
  if (!now) return ["gone", "close", words.say("effect_gone")];
  if (now === place) return null;
  return ["moved", now < place ? "up" : "down", words.say("effect_now", { place: now })];
}

/** @param {import("./words.js").Words} words @param {Placed[]} before @param {Placed} offer @param {number} place @returns {[string, string, string] | null} */
function tellAfter(words, before, offer, place) {
  const was = before.findIndex((other) => other.offer_id === offer.offer_id) + 1;
  if (!was) return ["new", "plus", words.say("effect_new")];
  if (was === place) return null;
  return ["moved", place < was ? "up" : "down", words.say(place < was ? "effect_up" : "effect_down", { place: was })];
}
