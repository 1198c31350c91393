/** Icons: strokes on a 24 grid, always beside words (Close is the one exception, and it has a name). */

import { draw } from "./dom.js";

/** @type {Record<string, string>} path data */
const PATHS = {
  arrow: "M5 12h14M13 6l6 6-6 6",
  back: "M9 14 4 9l5-5M4 9h10a6 6 0 0 1 0 12h-3",
  basket: "M4 9h16l-2 11H6zM8 9l4-6 4 6",
  bot: "M5 9h14v9a2 2 0 0 1-2 2H7a2 2 0 0 1-2-2zM12 5v4M9 13v2M15 13v2M2.5 13v3M21.5 13v3M11 4.5h2",
  chart: "M4 20h16M7 20v-6M12 20v-10M17 20V7M5 8l4-3 4 1 6-3",
  check: "m5 12.5 4.5 4.5L19 7.5",
  clock: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18M12 7v5l3.5 2",
  close: "M6 6l12 12M18 6 6 18",
  chat: "M4 5h16v11H9l-5 4z",
  down: "M12 5v14M6 13l6 6 6-6",
  eye: "M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12M12 9a3 3 0 1 0 0 6 3 3 0 0 0 0-6",
  fold: "m6 9 6 6 6-6",
  heart: "M12 20S4 15 4 9.2A4.2 4.2 0 0 1 12 7a4.2 4.2 0 0 1 8 2.2C20 15 12 20 12 20",
  info: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18M12 11v5M12 7.8v.2",
  leaf: "M12 20v-9M12 13C7 13 5 10 5 6c4 0 7 2 7 7M12 11c0-4 2-6 6-6 0 4-2 6-6 6",
  lock: "M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3",
  moved: "M7 4v16M3 8l4-4 4 4M17 20V4M13 16l4 4 4-4",
  never: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18M5.6 5.6l12.8 12.8",
  pass: "M4 9h15M15 5l4 4-4 4M20 16H5M9 12l-4 4 4 4",
  people: "M9 4.5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7M2.5 20c0-4 3-6 6.5-6s6.5 2 6.5 6M16 4.8a3.4 3.4 0 0 1 0 6.5M18 14.4c2.2.7 3.5 2.7 3.5 5.6",
  person: "M12 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8M4.5 21c0-4.5 3.5-6.5 7.5-6.5s7.5 2 7.5 6.5",
  plus: "M12 5v14M5 12h14",
  receipt: "M6 3h12v18l-2.4-1.6L13.2 21 12 19.6 10.8 21l-2.4-1.6L6 21zM9 8h6M9 12h6",
  scales: "M12 4v16M8 20h8M5 7h14M5 7l-2.5 6a2.6 2.6 0 0 0 5 0zM19 7l-2.5 6a2.6 2.6 0 0 0 5 0z",
  search: "M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13M15.5 15.5 20.5 20.5",
  shield: "M12 3 5 6v5c0 5 3 8 7 10 4-2 7-5 7-10V6zM9 12l2 2 4-4",
  star: "M12 4l1.8 5.2L19 11l-5.2 1.8L12 18l-1.8-5.2L5 11l5.2-1.8zM19 4v3M17.5 5.5h3",
  tag: "M4 4h8l8 8-8 8-8-8zM8.3 8.3v.1",
  triangle: "M12 4 2.5 20h19zM12 10v4.5M12 17.3v.1",
  up: "M12 19V5M6 11l6-6 6 6",
};

/** @param {keyof typeof PATHS & string} name @returns {SVGElement} */
export function icon(name) {
  return draw("svg", { class: "icon", viewBox: "0 0 24 24", "aria-hidden": "true", focusable: "false" }, draw("path", { d: PATHS[name] }));
}

/** The icon of a category of data or of an offer's label. @param {string} what @returns {SVGElement} */
export function iconOf(what) {
  /** @type {Record<string, string>} */
  const names = { purchases: "receipt", offers: "tag", preferences: "heart", browsing: "eye", fairness: "scales", new: "star", shop: "people" };
  return icon(what.startsWith("sensitive_") ? "lock" : (names[what] ?? "chart"));
}
