/** Getting in: name and password, the code where one is needed, and what a new account has to choose first. What was typed stays. */

import { ApiError } from "../common/client.js";
import { makeSetUp } from "./account.js";
import { makeAlarm, sayFailure } from "./ask_password.js";

const $ = (/** @type {string} */ id) => /** @type {HTMLElement} */ (document.getElementById(id));
const field = (/** @type {string} */ id) => /** @type {HTMLInputElement} */ ($(id));

/**
 * @param {import("../common/words.js").Words} words
 * @param {(path: string, options?: any) => Promise<any>} api
 * @param {(member: any) => void} enter
 */
export function listenToEntry(words, api, enter) {
  /** Go in, or set up what is owed first. @param {{owes?: string[]}} member */
  function goOn(member) {
    const owed = member.owes?.[0];
    $("set-up").replaceChildren();
    $("set-up").hidden = $("sign-in-part").hidden = false;
    if (!owed) {
      $("set-up").hidden = true;
      enter(member);
      return;
    }
    $("entry").hidden = false;
    $("sign-in-part").hidden = true;
    $("set-up").replaceChildren(makeSetUp(words, api, owed, () => void api("/session").then(goOn)));
    $("set-up").querySelector("h1")?.focus();
  }

  /** @param {boolean} isAsked */
  function askCode(isAsked) {
    $("code-part").hidden = !isAsked;
    field("code").required = isAsked;
    if (isAsked) field("code").select();
  }

  $("sign-in").addEventListener("submit", async (event) => {
    event.preventDefault();
    const code = field("code").value.trim();
    const body = { username: field("username").value, password: field("password").value, ...($("code-part").hidden || !code ? {} : { code }) };
    try {
      const member = await api("/session", { method: "POST", body });
      field("password").value = field("code").value = "";
      askCode(false);
      $("sign-in-failed").replaceChildren();
      goOn(member);
    } catch (failure) {
      const why = failure instanceof ApiError ? failure.code : "";
      const isNeeded = why === "second_factor_needed";
      $("sign-in-failed").replaceChildren(makeAlarm(isNeeded ? words.say("access_code_needed") : `${words.say("staff_sign_in_failed")} ${sayFailure(words, failure)}`));
      if (isNeeded) $("sign-in-failed").firstElementChild?.classList.replace("red", "amber");
      askCode(isNeeded || why === "second_factor_wrong");
    }
  });
  for (const button of $("sign-in").querySelectorAll("button")) button.disabled = false; // pressed sooner, the form would go out as a plain one
  return goOn;
}
