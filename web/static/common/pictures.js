/** Small honest drawings, one an aisle, in its tile: decoration, so hidden from screen readers. Flat shapes, no product, no brand. */

import { draw, make } from "./dom.js";

/** @typedef {[string, Record<string, unknown>]} Shape */

/** @type {Record<string, Shape[]>} */
const DRAWINGS = {
  carton: [
    ["path", { d: "M34 34 44 20h20l10 14v46a4 4 0 0 1-4 4H38a4 4 0 0 1-4-4z", fill: "#fbfaf6", stroke: "#bfb9aa" }],
    ["path", { d: "M34 48h40v20H34z", fill: "#4e86b5" }],
    ["path", { d: "M44 20h20v-6H44z", fill: "#2f5f8f" }],
    ["ellipse", { cx: 54, cy: 58, rx: 9, ry: 5, fill: "#fbfaf6" }],
  ],
  loaf: [
    ["path", { d: "M22 62c0-20 14-30 32-30s32 10 32 30v8a6 6 0 0 1-6 6H28a6 6 0 0 1-6-6z", fill: "#c98a4b" }],
    ["path", { d: "M22 66h64v4a6 6 0 0 1-6 6H28a6 6 0 0 1-6-6z", fill: "#a86a32" }],
    ["path", { d: "m36 40 9 15m3-19 9 15m3-16 9 15", stroke: "#f6dfc0", "stroke-width": 5, "stroke-linecap": "round", fill: "none" }],
  ],
  apple: [
    ["path", { d: "M54 38c-8-7-26-4-26 16 0 17 11 29 18 29 4 0 5-2 8-2s4 2 8 2c7 0 18-12 18-29 0-20-18-23-26-16z", fill: "#c8503f" }],
    ["path", { d: "M54 38c0-8 2-13 6-17", stroke: "#6b4a2b", "stroke-width": 4, "stroke-linecap": "round", fill: "none" }],
    ["path", { d: "M58 30c2-8 10-11 18-9-2 8-10 12-18 9z", fill: "#6f9a4b" }],
  ],
  jar: [
    ["path", { d: "M36 34h36v44a6 6 0 0 1-6 6H42a6 6 0 0 1-6-6z", fill: "#b5533c" }],
    ["path", { d: "M34 20h40v12H34z", fill: "#5b4636" }],
    ["path", { d: "M36 46h36v22H36z", fill: "#fbf3e3" }],
    ["circle", { cx: 54, cy: 57, r: 6, fill: "#b5533c" }],
  ],
  cup: [
    ["path", { d: "M30 42h42v26a14 14 0 0 1-14 14H44a14 14 0 0 1-14-14z", fill: "#5b3a2b" }],
    ["path", { d: "M72 48h6a8 8 0 0 1 0 16h-6", stroke: "#5b3a2b", "stroke-width": 5, fill: "none" }],
    ["path", { d: "M42 34c-4-6 4-8 0-14m14 14c-4-6 4-8 0-14", stroke: "#b59a86", "stroke-width": 4, "stroke-linecap": "round", fill: "none" }],
  ],
  glass: [
    ["path", { d: "M34 24h40l-5 56a5 5 0 0 1-5 4H44a5 5 0 0 1-5-4z", fill: "#fdfcf8", stroke: "#c5bfae" }],
    ["path", { d: "M36 44h36l-3 36a5 5 0 0 1-5 4H44a5 5 0 0 1-5-4z", fill: "#e9973e" }],
    ["path", { d: "m60 44 10-28", stroke: "#4e86b5", "stroke-width": 4, "stroke-linecap": "round" }],
  ],
  flake: [
    ["path", { d: "M28 24h52a4 4 0 0 1 4 4v52a4 4 0 0 1-4 4H28a4 4 0 0 1-4-4V28a4 4 0 0 1 4-4z", fill: "#7fa9c9" }],
    ["path", { d: "M54 34v40M37 44l34 20M71 44 37 64", stroke: "#fdfcf8", "stroke-width": 5, "stroke-linecap": "round" }],
  ],
  steak: [
    ["path", { d: "M26 56c0-18 14-30 32-30 16 0 26 9 26 20 0 9-7 12-13 16-8 5-10 18-24 18-13 0-21-10-21-24z", fill: "#c2584f" }],
    ["path", { d: "M40 56c0-10 8-17 18-17 8 0 14 4 14 9 0 6-8 6-13 11-4 4-5 9-10 9-6 0-9-5-9-12z", fill: "#e9b3a6" }],
    ["circle", { cx: 54, cy: 52, r: 5, fill: "#fdf5ee" }],
  ],
  fish: [
    ["path", { d: "M22 54c10-18 38-22 54-4l12-10v28L76 58c-16 18-44 14-54-4z", fill: "#6f98ac" }],
    ["circle", { cx: 38, cy: 51, r: 3, fill: "#22313a" }],
    ["path", { d: "M50 44c4 6 4 14 0 20m10-20c4 6 4 14 0 20", stroke: "#d6e4ea", "stroke-width": 3, "stroke-linecap": "round", fill: "none" }],
  ],
  bottle: [
    ["path", { d: "M46 14h16v10l8 12v44a5 5 0 0 1-5 5H43a5 5 0 0 1-5-5V36l8-12z", fill: "#7c6aa8" }],
    ["path", { d: "M38 48h32v20H38z", fill: "#f6f2fb" }],
    ["path", { d: "M46 14h16v7H46z", fill: "#4d3f73" }],
  ],
  bowl: [
    ["path", { d: "M22 50h64c0 20-14 32-32 32S22 70 22 50z", fill: "#4e7c6b" }],
    ["path", { d: "M28 50c2-10 10-12 14-8 3-8 14-8 17 0 5-4 16-2 21 8z", fill: "#e6b655" }],
    ["circle", { cx: 46, cy: 46, r: 3, fill: "#c8503f" }],
    ["circle", { cx: 62, cy: 46, r: 3, fill: "#c8503f" }],
  ],
  house: [
    ["path", { d: "M32 40h34v42a4 4 0 0 1-4 4H36a4 4 0 0 1-4-4z", fill: "#5f9aa8" }],
    ["path", { d: "M40 40V26h18v14zM58 26h14l4 10", fill: "#dfe9ea", stroke: "#5f7f87", "stroke-width": 3 }],
    ["path", { d: "M32 52h34v16H32z", fill: "#fbfaf6" }],
  ],
  bag: [
    ["path", { d: "M30 38h48l4 44a4 4 0 0 1-4 4H30a4 4 0 0 1-4-4z", fill: "#d9b27c" }],
    ["path", { d: "M42 44V32a12 12 0 0 1 24 0v12", stroke: "#8a6a3c", "stroke-width": 4, "stroke-linecap": "round", fill: "none" }],
    ["path", { d: "M40 62h28", stroke: "#8a6a3c", "stroke-width": 4, "stroke-linecap": "round" }],
  ],
  flower: [
    ["path", { d: "M54 54v32", stroke: "#5f8a4b", "stroke-width": 4, "stroke-linecap": "round" }],
    ["path", { d: "M54 74c8-8 16-8 20-6-4 8-12 10-20 6z", fill: "#6f9a4b" }],
    ["path", { d: "M54 40m-8-14a9 9 0 1 1 16 0 9 9 0 1 1 12 12 9 9 0 1 1-12 12 9 9 0 1 1-16 0 9 9 0 1 1-12-12 9 9 0 1 1 12-12z", fill: "#c97ba8" }],
    ["circle", { cx: 54, cy: 38, r: 7, fill: "#f0c75e" }],
  ],
};

/** An aisle's drawing and tile, by a word of its name; the shopping bag for all others. @type {[RegExp, string, string][]} */
const AISLES = [
  [/dairy|egg|milk|baby/i, "carton", "sky"],
  [/bak|bread/i, "loaf", "sage"],
  [/fruit|vegetable|veg\b/i, "apple", "lilac"],
  [/coffee|tea/i, "cup", "clay"],
  [/drink|juice|water/i, "glass", "sky"],
  [/frozen|ice/i, "flake", "sky"],
  [/fish|sea/i, "fish", "sky"],
  [/meat/i, "steak", "clay"],
  [/breakfast|cereal|deli|ready|snack|sweet/i, "bowl", "butter"],
  [/pantry/i, "jar", "butter"],
  [/beauty|care|medicine|health/i, "bottle", "lilac"],
  [/household|home|kitchen|clean/i, "house", "sage"],
  [/flower|garden/i, "flower", "sage"],
];

/** @param {string} category the aisle @returns {HTMLElement} a tile with its drawing */
export function makePicture(category) {
  const [, drawing, tile] = AISLES.find(([word]) => word.test(category ?? "")) ?? [null, "bag", "clay"];
  const shapes = DRAWINGS[drawing].map(([tag, traits]) => draw(tag, traits));
  return make(`span.tile.${tile}`, { "aria-hidden": "true" }, draw("svg", { viewBox: "14 8 80 84", focusable: "false" }, ...shapes));
}
