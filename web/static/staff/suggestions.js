/** What the shop answers to the customer's last message, as the assistant would find it: up to three, put into the reply field by a click. The person decides. */

import { make } from "../common/dom.js";

export class Suggestions {
  #asked = "";

  /** @param {import("./app.js").Desk} desk @param {(text: string) => void} insert */
  constructor(desk, insert) {
    this.desk = desk;
    this.insert = insert;
    this.element = make("div.suggestions", { role: "group", "aria-label": desk.words.say("staff_suggestions"), hidden: true });
  }

  /** Asked again only when the customer has written something more. @param {string} conversationId @param {any[]} messages @param {boolean} isWanted */
  async show(conversationId, messages, isWanted) {
    const newest = messages.findLast(({ author }) => author === "customer");
    const asked = isWanted && newest ? `${conversationId} ${newest.number}` : "";
    if (asked === this.#asked) return;
    this.#asked = asked;
    this.element.hidden = true;
    if (!asked) return;
    try {
      const { suggestions } = await this.desk.api(`/suggestions?conversation_id=${encodeURIComponent(conversationId)}`);
      if (this.#asked === asked) this.#draw(suggestions);
    } catch {
      // without a suggestion one writes by oneself
    }
  }

  /** @param {{title: string, text: string, link: string | null}[]} suggestions */
  #draw(suggestions) {
    const { words } = this.desk;
    const buttons = suggestions.map(({ title, text, link }) => {
      const button = make("button.button", { type: "button", title: text }, title);
      button.addEventListener("click", () => this.insert(link?.startsWith("http") ? `${text}\n${link}` : text));
      return button;
    });
    this.element.replaceChildren(make("span.small", {}, words.say("staff_suggestions")), ...buttons);
    this.element.hidden = !buttons.length;
  }
}
