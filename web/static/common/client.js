/** Calls to the gateway. Every failure becomes an `ApiError` with words that can be shown; tokens travel in a header only. */

export class ApiError extends Error {
  /** @param {number} status 0 when nothing answered @param {string} code @param {string} message @param {Record<string, any>} [details] */
  constructor(status, code, message, details = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.details = details;
  }

  /** Whether trying the same again may help. */
  get isPassing() {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

/**
 * @param {string} address
 * @param {{method?: string, body?: unknown, token?: string | null, signal?: AbortSignal, keepalive?: boolean, lang?: string}} [options]
 * @returns {Promise<any>}
 */
export async function call(address, { method = "GET", body, token, signal, keepalive, lang } = {}) {
  /** @type {Record<string, string>} */
  const headers = {};
  if (token) headers.Authorization = `Bearer ${token}`;
  if (lang) headers["Accept-Language"] = lang;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  let answer;
  try {
    answer = await fetch(address, { method, headers, body: body === undefined ? undefined : JSON.stringify(body), signal, keepalive });
  } catch (failure) {
    if (signal?.aborted) throw failure;
    throw new ApiError(0, "offline", "No answer from the shop.");
  }
  if (answer.status === 204) return null;
  const told = await answer.json().catch(() => null);
  if (answer.ok) return told;
  const error = told?.error ?? {};
  throw new ApiError(answer.status, error.code ?? "http_error", error.message ?? `The shop answered ${answer.status}.`, error.details);
}
