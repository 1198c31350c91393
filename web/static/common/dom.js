/** Building elements. Text enters as text: nothing here parses HTML, so no sentence of anybody's can become markup. */

const SVG = "http://www.w3.org/2000/svg";

/**
 * @param {string} tag with classes, as in "p.note"
 * @param {Record<string, unknown>} [traits] attributes; a function under `onclick` and the like becomes a listener
 * @param {...(Node | string | null | undefined | false)} children
 * @returns {HTMLElement}
 */
export function make(tag, traits = {}, ...children) {
  const [name, ...classes] = tag.split(".");
  const element = document.createElement(name);
  if (classes.length) element.className = classes.join(" ");
  setTraits(element, traits);
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** @param {Element} element @param {Record<string, unknown>} traits */
export function setTraits(element, traits) {
  for (const [name, value] of Object.entries(traits)) {
    if (value === null || value === undefined || value === false) element.removeAttribute(name);
    else if (typeof value === "function") element.addEventListener(name.slice(2), /** @type {EventListener} */ (value));
    else element.setAttribute(name, value === true ? "" : String(value));
  }
}

/** @param {string} tag @param {Record<string, unknown>} [traits] @param {...Node} children @returns {SVGElement} */
export function draw(tag, traits = {}, ...children) {
  const element = document.createElementNS(SVG, tag);
  setTraits(element, traits);
  element.append(...children);
  return element;
}

/** A text as paragraphs; a single line break stays a line break. @param {string} text @returns {HTMLElement[]} */
export function makeParagraphs(text) {
  return text
    .split(/\n{2,}/)
    .filter((part) => part.trim())
    .map((part) => make("p", {}, part));
}

/** What has focus, inside of shadow roots too; null when it is nothing but the page. @returns {HTMLElement | null} */
export function findFocused() {
  let active = document.activeElement;
  while (active?.shadowRoot?.activeElement) active = active.shadowRoot.activeElement;
  return active instanceof HTMLElement && active !== document.body ? active : null;
}

/** The sentences of a text. @param {string} text @returns {string[]} */
export function splitSentences(text) {
  return text.match(/[^.?]+(?:[.?](?!\s|$)[^.?]*)*[.?]?(?:\s+|$)/g)?.map((sentence) => sentence.trim()).filter(Boolean) ?? [text];
}
