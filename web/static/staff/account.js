/** One's own account: password, second step, where one is signed in. Its parts are also what somebody new sees first. */

import { draw, make } from "../common/dom.js";
import { askPassword, makeAlarm, makeField, sayFailure } from "./ask_password.js";

/** @typedef {import("../common/words.js").Words} Words */
/** @typedef {(path: string, options?: any) => Promise<any>} Api */
/** @typedef {{session_id: string, started_at: string, seen_at: string, device: string, current: boolean}} Session */

/** A form that sends, and says in its own place what is wrong. @param {Words} words @param {HTMLElement[]} parts @param {string} button @param {() => Promise<void>} send */
function makeForm(words, parts, button, send) {
  const alarm = make("div", { role: "alert" });
  const form = make("form.contest", {}, ...parts, alarm, make("button.button.main", { type: "submit" }, button));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      await send();
      alarm.replaceChildren();
    } catch (failure) {
      alarm.replaceChildren(makeAlarm(sayFailure(words, failure)));
    }
  });
  return form;
}

/** @param {Words} words @param {Api} api @param {() => void} done */
export function makePasswordForm(words, api, done) {
  const now = makeField(words.say("access_password_current"), { id: "password-current", type: "password", autocomplete: "current-password" });
  const next = makeField(words.say("access_password_new"), { id: "password-new", type: "password", autocomplete: "new-password" });
  return makeForm(words, [now.label, now.field, next.label, next.field], words.say("access_password_change"), async () => {
    await api("/me/password", { method: "PUT", body: { current: now.field.value, new: next.field.value } });
    now.field.value = next.field.value = "";
    done();
  });
}

/** The picture and the key, then a code that proves that the phone has them. @param {Words} words @param {Api} api @param {{secret: string, picture: {size: number, path: string}}} begun @param {(codes: string[]) => void} done */
function makeFactorForm(words, api, { secret, picture }, done) {
  const code = makeField(words.say("access_factor_code"), { id: "factor-code", autocomplete: "one-time-code", spellcheck: "false", autocapitalize: "none" });
  const drawing = draw("svg", { class: "factor-picture", viewBox: `0 0 ${picture.size} ${picture.size}`, role: "img", "aria-label": words.say("access_factor_picture"), "shape-rendering": "crispEdges" }, draw("rect", { width: picture.size, height: picture.size, fill: "#fff" }), draw("path", { d: picture.path, fill: "#000" }));
  const key = make("p", {}, `${words.say("access_factor_key")}: `, make("code.factor-key", {}, secret.match(/.{1,4}/g)?.join(" ")));
  return makeForm(words, [make("p", {}, words.say("access_factor_scan")), /** @type {any} */ (drawing), key, code.label, code.field], words.say("access_factor_confirm"), async () => {
    done((await api("/me/second-factor/confirm", { method: "POST", body: { code: code.field.value } })).recovery_codes);
  });
}

/** @param {Words} words @param {string[]} codes @param {() => void} done */
function makeCodes(words, codes, done) {
  const kept = make("button.button.main", { type: "button" }, words.say("access_recovery_kept"));
  kept.addEventListener("click", done);
  return make("div", {}, make("h3", { tabindex: "-1" }, words.say("access_recovery")), make("p", {}, words.say("access_recovery_lead")), make("ol.recovery", {}, ...codes.map((code) => make("li", {}, make("code", {}, code)))), kept);
}

/** The second step from its picture to its recovery codes, in one place; returns what wants focus. @param {Words} words @param {Api} api @param {HTMLElement} place @param {string} password @param {() => void} done */
async function beginFactor(words, api, place, password, done) {
  const begun = await api("/me/second-factor", { method: "POST", body: { password } });
  place.replaceChildren(makeFactorForm(words, api, begun, (codes) => showCodes(words, place, codes, done)?.focus()));
  return /** @type {HTMLElement | null} */ (place.querySelector("input"));
}

/** @param {Words} words @param {HTMLElement} place @param {string[]} codes @param {() => void} done */
function showCodes(words, place, codes, done) {
  place.replaceChildren(makeCodes(words, codes, done));
  return /** @type {HTMLElement | null} */ (place.querySelector("h3"));
}

/** What somebody has to choose before anything else. @param {Words} words @param {Api} api @param {string} owed @param {() => void} done */
export function makeSetUp(words, api, owed, done) {
  const place = make("div.set-up");
  const title = make("h1", { tabindex: "-1" }, words.say("access_set_up"));
  if (owed === "password") {
    place.append(title, make("p", {}, words.say("access_set_up_password")), makePasswordForm(words, api, done));
  } else {
    const steps = make("div");
    const { label, field } = makeField(words.say("access_ask_password"), { id: "set-up-password", type: "password", autocomplete: "current-password" });
    steps.append(makeForm(words, [label, field], words.say("access_factor_begin"), async () => (await beginFactor(words, api, steps, field.value, done))?.focus()));
    place.append(title, make("p", {}, words.say("access_set_up_factor")), steps);
  }
  return place;
}

export class Account {
  /** @param {import("./app.js").Desk} desk */
  constructor(desk) {
    this.desk = desk;
    this.body = make("div.review-body");
    this.element = make("section.middle.models.account", { "aria-label": desk.words.say("access_account"), hidden: true }, this.body);
  }

  async refresh() {
    const { words, api, member } = this.desk;
    try {
      const [factor, { sessions }] = await Promise.all([api("/me/second-factor"), api("/me/sessions")]);
      const password = makePasswordForm(words, api, () => { this.desk.say(words.say("access_password_changed")); void this.refresh(); });
      this.body.replaceChildren(
        make("h2", {}, `${words.say("access_account")}: ${member.name}`),
        make("h3", {}, words.say("access_password")), password,
        make("h3", {}, words.say("access_factor")), this.#drawFactor(factor),
        make("h3", {}, words.say("access_sessions")), ...this.#drawSessions(sessions),
      );
    } catch (failure) {
      this.desk.say(/** @type {Error} */ (failure).message, ".red");
    }
  }

  /** @param {{set_up: boolean, recovery_codes_left: number}} factor */
  #drawFactor({ set_up, recovery_codes_left }) {
    const { words, api } = this.desk;
    const place = make("div");
    const again = () => void this.refresh();
    const ask = (/** @type {string} */ key, /** @type {string} */ sentence, /** @type {(password: string) => Promise<HTMLElement | null | void>} */ act) => {
      const button = make("button.button", { type: "button" }, words.say(key));
      button.addEventListener("click", () => askPassword(words, this.element, words.say(key), words.say(sentence), act));
      return button;
    };
    if (!set_up) {
      place.append(make("p", {}, words.say("access_factor_off")), ask("access_factor_begin", "access_ask_begin", (password) => beginFactor(words, api, place, password, again)));
      return place;
    }
    const renew = ask("access_factor_renew", "access_ask_renew", async (password) => showCodes(words, place, (await api("/me/second-factor/recovery-codes", { method: "POST", body: { password } })).recovery_codes, again));
    const remove = ask("access_factor_remove", "access_ask_remove", async (password) => {
      await api("/me/second-factor/remove", { method: "POST", body: { password } });
      this.desk.say(words.say("access_factor_removed"));
      await this.refresh();
    });
    place.append(make("p", {}, words.say("access_factor_on", { count: recovery_codes_left })), make("div.pair", {}, renew, remove));
    return place;
  }

  /** @param {Session[]} sessions */
  #drawSessions(sessions) {
    const { words } = this.desk;
    const rows = sessions.map(({ session_id, started_at, seen_at, device, current }) => {
      const [what, start] = [device || words.say("access_session_unknown"), words.moment(started_at)];
      const end = make("button.button", { type: "button", "aria-label": words.say("access_session_end_of", { device: what, start }) }, words.say("access_session_end"));
      end.addEventListener("click", () => void this.#end(`/me/sessions/${session_id}`));
      return make("li", {}, make("span", {}, make("b", {}, what), " ", words.say("access_session_since", { start, seen: words.moment(seen_at) })), current ? make("span.label", {}, words.say("access_session_here")) : end);
    });
    const all = make("button.button", { type: "button" }, words.say("access_sessions_end"));
    all.addEventListener("click", () => void this.#end("/me/sessions"));
    return [make("ul.sessions", { role: "list" }, ...rows), ...(sessions.length > 1 ? [all] : [])];
  }

  /** @param {string} path */
  async #end(path) {
    try {
      await this.desk.api(path, { method: "DELETE" });
      this.desk.say(this.desk.words.say("access_sessions_ended"));
    } catch (failure) {
      this.desk.say(/** @type {Error} */ (failure).message, ".red");
    }
    await this.refresh();
  }
}
