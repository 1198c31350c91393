/** Rights: what a customer may ask for, done here or opened for a person, and every request with its number, state, due date and outcome. */

import { ApiError } from "../common/client.js";
import { make } from "../common/dom.js";
import { icon } from "../common/icons.js";

/** @typedef {{request_id: string, kind: string, state: string, opened_at: string, due: string, outcome: string}} Asked */
/** @typedef {{words: import("../common/words.js").Words, api: (path: string, options?: any) => Promise<any>, save: (format: string) => Promise<void>, changed: () => Promise<void>, erased: (outcome: string) => Promise<void>}} Hands */
/** @typedef {{answer: (...nodes: (Node | string)[]) => void, ask: (body: Record<string, unknown>) => Promise<Asked>}} Row */

/** @param {Asked[]} asked @param {{isSignedIn: boolean, isFrozen: boolean}} who @param {Hands} hands */
export function makeRequests(asked, who, hands) {
  const { words, api } = hands;
  const list = make("div.card");
  list.replaceChildren(makeList(asked, words));
  const refresh = async () => list.replaceChildren(makeList((await api("/api/me/requests")).requests, words));

  /** @param {string} name @param {string} sign @param {(row: Row) => Node[]} fill */
  const makeRow = (name, sign, fill) => {
    const answer = make("div.answer", { role: "status" });
    /** @type {Row} */
    const row = {
      answer: (...nodes) => answer.replaceChildren(...nodes),
      ask: async (body) => {
        const made = await api("/api/me/requests", { method: "POST", body });
        await refresh();
        return made;
      },
    };
    const told = make("div.told", {}, make("h3", { id: `right-${name}` }, words.say(`right_${name}`)), make("p", {}, words.say(`right_${name}_why`)));
    return make("div.right", { role: "group", "aria-labelledby": `right-${name}` }, make("div.use", {}, make("span.sign", {}, icon(sign)), told, make("div.ways", {}, ...fill(row))), answer);
  };
  /** @param {Row} row @param {string} key @param {(button: HTMLElement) => Promise<unknown>} act */
  const makeButton = (row, key, act) => {
    const button = make("button.button", { type: "button" }, words.say(key));
    button.addEventListener("click", () => void attempt(button, row, words, () => act(button)));
    return button;
  };
  /** @param {Row} row @param {string} kind @param {string} key @param {string} format */
  const makeDownload = (row, kind, key, format) => makeButton(row, key, async () => {
    const { outcome } = await row.ask({ kind });
    await hands.save(format);
    row.answer(make("p", {}, outcome));
  });
  /** @param {Row} row @param {string} kind @param {string} field @param {number} longest */
  const makeForm = (row, kind, field, longest) => {
    const input = /** @type {HTMLInputElement} */ (make("input.field", { id: `say-${kind}-${field}`, required: true, maxlength: longest, autocomplete: "off" }));
    const send = make("button.button", { type: "submit" }, words.say("right_send"));
    const form = make("form.say", {}, make("label", { for: input.id }, words.say(`right_say_${kind}_${field}`)), make("div.line", {}, input, send));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void attempt(send, row, words, async () => {
        const { outcome } = await row.ask({ kind, [field]: input.value.trim() });
        input.value = "";
        row.answer(make("p", {}, outcome));
        if (field === "name") await hands.changed();
      });
    });
    return form;
  };

  const { isSignedIn } = who;
  let { isFrozen } = who;
  const rights = make(
    "div.card.rows",
    {},
    makeRow("copy", "receipt", (row) => [makeDownload(row, "access", "right_as_json", "json"), makeDownload(row, "access", "right_as_csv", "csv")]),
    isSignedIn && makeRow("port", "moved", (row) => [makeDownload(row, "port", "right_as_import", "import")]),
    makeRow("rectify", "check", (row) => [isSignedIn && makeForm(row, "rectify", "name", 200), makeForm(row, "rectify", "text", 2000)].filter((one) => one !== false)),
    isSignedIn && makeRow("restrict", "lock", (row) => [makeButton(row, isFrozen ? "right_lift" : "right_freeze", async (button) => {
      const { outcome } = await row.ask({ kind: "restrict", lift: isFrozen });
      isFrozen = !isFrozen;
      button.textContent = words.say(isFrozen ? "right_lift" : "right_freeze");
      row.answer(make("p", {}, outcome));
      await hands.changed();
    })]),
    isSignedIn && makeRow("object", "never", (row) => [makeButton(row, "right_object_do", async () => {
      row.answer(make("p", {}, (await row.ask({ kind: "object" })).outcome));
      await hands.changed();
    })]),
    makeRow("review", "person", (row) => [makeForm(row, "review", "text", 2000)]),
    makeRow("erase", "close", (row) => [makeButton(row, "right_erase_do", async (first) => {
      const { outcome } = await row.ask({ kind: "erase" });
      const sure = makeButton(row, "right_erase_sure", async () => hands.erased((await api("/api/me/requests", { method: "POST", body: { kind: "erase", confirm: true } })).outcome));
      const keep = makeButton(row, "right_erase_keep", async () => {
        row.answer(make("p", {}, (await row.ask({ kind: "erase", keep: true })).outcome));
        first.focus();
      });
      row.answer(make("p", {}, outcome), make("div.pair", {}, sure, keep));
    })]),
  );
  return make("div.rights", {}, rights, make("h3", {}, words.say("requests_h")), list);
}

/** Do it once at a time, and say it when it fails. @param {HTMLElement} button @param {Row} row @param {import("../common/words.js").Words} words @param {() => Promise<unknown>} act */
async function attempt(button, row, words, act) {
  if (button.getAttribute("aria-disabled")) return;
  button.setAttribute("aria-disabled", "true");
  try {
    await act();
  } catch (failure) {
    if (!(failure instanceof ApiError)) throw failure;
    row.answer(make("p", {}, `${words.say("right_failed")} ${failure.message}`));
  } finally {
    button.removeAttribute("aria-disabled");
  }
}

/** @param {Asked[]} asked @param {import("../common/words.js").Words} words */
export function makeList(asked, words) {
  if (!asked.length) return make("p.nothing", {}, words.say("requests_none"));
  const newest = [...asked].sort((a, b) => b.opened_at.localeCompare(a.opened_at) || b.request_id.localeCompare(a.request_id, "en", { numeric: true }));
  return make("ul.entries.asked", { role: "list" }, ...newest.map((one) => {
    const isOver = ["done", "refused", "withdrawn"].includes(one.state);
    const label = make(isOver ? "span.label.pine" : "span.label.amber", {}, words.say(`request_${one.state}`));
    const dates = [words.say("request_asked", { date: words.day(one.opened_at) }), !isOver && words.say("request_due", { date: words.day(one.due) })];
    return make("li", {}, make("p", {}, make("b", {}, `${one.request_id} `), words.say(`request_kind_${one.kind}`), " ", label), make("p.facts", {}, ...dates.filter(Boolean).map((date) => make("span", {}, String(date)))), make("p", {}, one.outcome));
  }));
}
