/** Saving what is one's own: fetched with the token in a header, handed to the browser as a file. */

import { ApiError } from "./client.js";
import { make } from "./dom.js";

/** @param {string} base @param {string | null} token @param {string} lang @param {string} format json, csv or import */
export async function saveCopy(base, token, lang, format) {
  await saveFile(base, `/api/me/export?format=${format}`, token, lang, `my-data.${format === "json" ? "json" : "zip"}`);
}

/** Whatever a path holds, handed to the browser as a file. @param {string} base @param {string} path @param {string | null} token @param {string} lang @param {string} otherwise its name if the answer has none */
export async function saveFile(base, path, token, lang, otherwise) {
  const answer = await fetch(new URL(path, base), { headers: { Authorization: `Bearer ${token}`, "Accept-Language": lang } });
  if (!answer.ok) {
    const { error } = await answer.json().catch(() => ({ error: null }));
    throw new ApiError(answer.status, error?.code ?? "http_error", error?.message ?? String(answer.status));
  }
  const href = URL.createObjectURL(await answer.blob());
  const name = answer.headers.get("Content-Disposition")?.match(/filename="([^"]+)"/)?.[1] ?? otherwise;
  make("a", { href, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(href), 60_000);
}
