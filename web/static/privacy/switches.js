/** The switches: one a category, acting at once, each answered by before and after. Sensitive groups stand behind "Choose". */

import { make } from "../common/dom.js";
import { hasChanged, makeEffect } from "../common/effect.js";
import { icon, iconOf } from "../common/icons.js";

/** @typedef {{category: string, title: string, granted: boolean, choose: boolean, train: boolean, since: string | null, source: string | null, purpose: string, again: boolean, notice: {version: string, text: string}}} Category */
/** @typedef {{words: import("../common/words.js").Words, api: (path: string, options?: any) => Promise<any>, changed: (answer?: Node) => void}} Hands */

/** @param {Category[]} categories @param {Hands} hands */
export function makeSwitches(categories, hands) {
  const { words } = hands;
  const sensitive = categories.filter(({ category }) => category.startsWith("sensitive_"));
  const plain = categories.filter((one) => !sensitive.includes(one));
  const inner = make("div.rows", { id: "sensitive", hidden: !sensitive.some(({ granted }) => granted) }, ...sensitive.map((one) => makeSwitch(one, hands)));
  const choose = make("button.button", { type: "button", "aria-expanded": String(!inner.hidden), "aria-controls": "sensitive" }, words.say(inner.hidden ? "privacy_choose" : "privacy_choose_less"));
  choose.addEventListener("click", () => {
    inner.hidden = !inner.hidden;
    choose.setAttribute("aria-expanded", String(!inner.hidden));
    choose.textContent = words.say(inner.hidden ? "privacy_choose" : "privacy_choose_less");
  });
  const group = make("div.use", {}, make("span.sign", {}, icon("lock")), make("div.told", {}, make("h3", {}, words.say("privacy_sensitive")), make("p", {}, words.say("privacy_sensitive_why"))), choose);
  return make("div.card.rows", {}, ...plain.map((one) => makeSwitch(one, hands)), sensitive.length > 0 && group, inner);
}

/** @param {Category} one @param {Hands} hands */
function makeSwitch(one, hands) {
  const row = make("div.use-row");
  draw(row, one, hands, null);
  return row;
}

/** @param {HTMLElement} row @param {Category} one @param {Hands} hands @param {Node | null} answer */
function draw(row, one, hands, answer) {
  const { words } = hands;
  const id = `use-${one.category}`;
  const slide = makeSlide(one.granted, { labelledby: id, describedby: `${id}-why` });
  slide.addEventListener("click", () => void change(row, one, hands, { granted: !one.granted }));
  const isPartly = one.granted && one.choose !== one.train;
  const facts = [tellSince(one, words), isPartly && words.say("privacy_partly", { purpose: words.say(one.choose ? "privacy_purpose_choose" : "privacy_purpose_train") })];
  const hadFocus = row.contains(document.activeElement);
  row.replaceChildren(
    make(
      "div.use",
      {},
      make(one.granted ? "span.sign.on" : "span.sign", {}, iconOf(one.category)),
      make("div.told", {}, make("h3", { id }, one.title), make("p", { id: `${id}-why` }, one.purpose), make("p.facts", {}, ...facts.filter(Boolean).map((fact) => make("span", {}, String(fact))))),
      make("div.turn", {}, make("span", { "aria-hidden": "true" }, words.say(one.granted ? "privacy_on" : "privacy_off")), slide),
      make("details.purposes", {}, make("summary", {}, words.say("privacy_notice")), make("p", {}, one.notice.text)),
      makePurposes(row, one, hands),
    ),
    make("div.answer", { role: "status" }, ...(answer ? [answer] : [])),
  );
  if (hadFocus) slide.focus();
}

/** @param {boolean} isOn @param {{labelledby: string, describedby: string}} named */
function makeSlide(isOn, { labelledby, describedby }) {
  return make("button.slide", { type: "button", role: "switch", "aria-checked": String(isOn), "aria-labelledby": labelledby, "aria-describedby": describedby }, make("span.thumb", {}, isOn ? icon("check") : ""));
}

/** The two purposes, apart, for whoever wants one without the other. @param {HTMLElement} row @param {Category} one @param {Hands} hands */
function makePurposes(row, one, hands) {
  const { words } = hands;
  if (!one.granted || one.category === "fairness") return null;
  const part = (/** @type {"choose" | "train"} */ purpose) => {
    const id = `use-${one.category}-${purpose}`;
    const slide = makeSlide(one[purpose], { labelledby: id, describedby: `use-${one.category}` });
    slide.addEventListener("click", () => void change(row, one, hands, { granted: !one[purpose], purpose }));
    return make("div.purpose", {}, make("span", { id }, words.say(`privacy_purpose_${purpose}`)), make("div.turn", {}, make("span", { "aria-hidden": "true" }, words.say(one[purpose] ? "privacy_on" : "privacy_off")), slide));
  };
  return make("details.purposes", { open: one.choose !== one.train }, make("summary", {}, words.say("privacy_two_purposes")), part("choose"), part("train"));
}

/** @param {Category} one @param {import("../common/words.js").Words} words */
function tellSince({ granted, since, source, again }, words) {
  if (again) return words.say("privacy_again");
  if (!granted) return words.say("privacy_never");
  if (!since) return words.say("privacy_on");
  const how = source && words.has(`privacy_source_${source}`) ? words.say(`privacy_source_${source}`) : null;
  return how ? words.say("privacy_since_how", { date: words.date(since), how }) : words.say("privacy_since", { date: words.date(since) });
}

/** @param {HTMLElement} row @param {Category} one @param {Hands} hands @param {{granted: boolean, purpose?: string}} body */
async function change(row, one, hands, body) {
  const { words, api, changed } = hands;
  let told;
  try {
    told = await api(`/api/me/consents/${one.category}`, { method: "PUT", body });
  } catch (failure) {
    draw(row, one, hands, make("div.banner.red", {}, icon("triangle"), make("div", {}, make("strong", {}, words.say("privacy_switch_failed")), /** @type {Error} */ (failure).message)));
    return;
  }
  const columns = { granted: body.granted, with: words.say("effect_with", { what: words.say(`in_words_${one.category}`) }), without: words.say("effect_without") };
  const isMoved = hasChanged(told.before, told.after);
  const undo = make("button.button", { type: "button" }, icon("back"), words.say("privacy_undo"));
  undo.addEventListener("click", () => void change(row, told, hands, { ...body, granted: !body.granted }));
  draw(row, told, hands, make("div.effect-card", {}, make("p.note", {}, told.note || words.say("privacy_nothing_changed")), isMoved && makeEffect(words, told.before, told.after, columns), make("div", {}, undo)));
  document.dispatchEvent(new CustomEvent("candor-consents-changed"));
  changed();
}
