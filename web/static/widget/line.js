/**
 * The line to the gateway: a WebSocket, or asking again and again where none gets through. It mends itself.
 *
 * A socket that closes before it spoke may mean that sockets do not pass here (a proxy, a policy): then it asks by long poll and
 * tries a socket again later. An acknowledgement that does not come within some seconds means a dead line.
 */

import { ApiError } from "../common/client.js";

/** @typedef {import("./conversation.js").Conversation} Conversation */

const PAUSES_MS = [300, 1000, 2000, 4000, 8000, 15000];
const OPEN_WITHIN_MS = 8000;
const ACK_WITHIN_MS = 6000;
const SOCKET_AGAIN_MS = 20_000;
const POLL_S = 20;

/** @param {Conversation} conversation */
export function keepLine(conversation) {
  const ending = new AbortController();
  let failures = 0;
  let pollUntil = 0;
  /** @type {WebSocket | null} */ let socket = null;
  let isLive = false;
  /** @type {(() => void) | null} */ let wake = null;
  /** @type {AbortController | null} */ let asking = null;
  let seen = 0;
  let saidSeen = 0;
  /** @type {Map<string, number>} when a message was last handed to the socket */ const handed = new Map();

  const hurry = () => {
    failures = 0;
    wake?.();
  };
  addEventListener("online", hurry, { signal: ending.signal });
  addEventListener("offline", () => { conversation.takeLine(false); socket?.close(); asking?.abort(); }, { signal: ending.signal });

  async function run() {
    while (!ending.signal.aborted) {
      if (Date.now() < pollUntil) await poll();
      else await talk();
      if (ending.signal.aborted) return;
      if (failures > 0) {
        if (failures > 1 || !navigator.onLine) conversation.takeLine(false);
        await pause(PAUSES_MS[Math.min(failures, PAUSES_MS.length) - 1] * (0.8 + 0.4 * Math.random()));
      }
    }
  }

  /** @param {number} ms */
  function pause(ms) {
    return new Promise((/** @type {(value?: unknown) => void} */ done) => {
      const timer = setTimeout(done, ms);
      wake = () => { clearTimeout(timer); done(); };
    }).finally(() => { wake = null; });
  }

  /** One socket, from opening to closing. */
  function talk() {
    return new Promise((/** @type {(value?: unknown) => void} */ done) => {
      const address = new URL(`/api/conversations/${conversation.id}/live`, conversation.base.replace(/^http/, "ws"));
      let hasSpoken = false;
      const line = (socket = new WebSocket(address));
      const opening = setTimeout(() => line.close(), OPEN_WITHIN_MS);
      const watching = setInterval(() => {
        const oldest = Math.min(...conversation.outbox.map((item) => handed.get(item.client_id) ?? Infinity));
        if (oldest < Date.now() - ACK_WITHIN_MS) line.close();
      }, 1000);
      line.onopen = () => line.send(JSON.stringify({ type: "auth", token: conversation.token, after: conversation.lastSeq }));
      line.onmessage = ({ data }) => {
        const frame = JSON.parse(data);
        if (frame.type === "error" && frame.error?.code === "not_known") { conversation.takeGone(); return; }
        if (!hasSpoken) {
          hasSpoken = isLive = true;
          failures = 0;
          clearTimeout(opening);
          conversation.takeLine(true);
          handed.clear();
          flush();
          tellSeen();
        }
        hear(frame, line);
      };
      line.onclose = () => {
        clearTimeout(opening);
        clearInterval(watching);
        isLive = false;
        socket = null;
        if (hasSpoken) failures = 1;
        else pollUntil = Date.now() + SOCKET_AGAIN_MS;
        done();
      };
    });
  }

  /** @param {any} frame @param {WebSocket} line */
  function hear(frame, line) {
    if (frame.type === "message" && !conversation.take([frame.message])) line.close(); // a gap: ask again from the last one
    else if (frame.type === "state") conversation.takeState(frame);
    else if (frame.type === "typing") conversation.takeTyping(frame.author);
    else if (frame.type === "ack") handed.set(frame.client_id, Infinity);
    else if (frame.type === "error") conversation.takeRefusal(frame.client_id, frame.error?.message ?? "");
  }

  /** Ask until the socket is to be tried again, or it fails. */
  async function poll() {
    asking = new AbortController();
    try {
      await flushByPost();
      const page = await conversation.call(`/messages?after=${conversation.lastSeq}&wait=${POLL_S}`, { signal: asking.signal });
      failures = 0;
      conversation.takeLine(true);
      conversation.take(page.messages);
      if (page.state !== conversation.state.state || page.state === "waiting") conversation.takeState(await conversation.call());
    } catch (failure) {
      if (asking.signal.aborted && navigator.onLine) return;
      if (failure instanceof ApiError && failure.status === 401) conversation.takeGone();
      else failures += 1;
    } finally {
      asking = null;
    }
  }

  async function flushByPost() {
    for (const { client_id, text, payload } of [...conversation.outbox]) {
      try {
        await conversation.call("/messages", { method: "POST", body: payload ? { client_id, payload } : { client_id, text } });
      } catch (failure) {
        if (!(failure instanceof ApiError) || failure.isPassing || failure.status === 401) throw failure;
        conversation.takeRefusal(client_id, failure.message);
      }
    }
  }

  function flush() {
    if (!isLive || socket?.readyState !== WebSocket.OPEN) {
      asking?.abort(); // a poll under way takes the new message with its next round
      if (failures > 0) hurry();
      return;
    }
    for (const { client_id, text, payload } of conversation.outbox) {
      if (handed.has(client_id)) continue;
      socket.send(JSON.stringify(payload ? { type: "message", client_id, payload } : { type: "message", client_id, text }));
      handed.set(client_id, Date.now());
    }
  }

  /** Told once, as soon as there is a socket; without one the staff are told nothing. */
  function tellSeen() {
    if (!isLive || socket?.readyState !== WebSocket.OPEN || seen <= saidSeen) return;
    socket.send(JSON.stringify({ type: "seen", seq: seen }));
    saidSeen = seen;
  }

  void run();
  return {
    flush,
    hurry,
    saySeen: (/** @type {number} */ seq) => { seen = Math.max(seen, seq); tellSeen(); },
    sayTyping: () => { if (isLive) socket?.send(JSON.stringify({ type: "typing" })); },
    stop: () => { ending.abort(); socket?.close(); asking?.abort(); wake?.(); },
  };
}
