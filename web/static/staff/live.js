/** The queue as it happens: a socket, or asking every few seconds where none gets through. */

const ASK_EVERY_MS = 4000;
const AGAIN_MS = 3000;
const GONE = 1008;
const ANSWER_WITHIN_MS = 3000;

/**
 * @param {(path: string) => Promise<any>} api
 * @param {{queue: (handoffs: any[]) => void, message: (conversationId: string, message: any) => void, marks: (conversationId: string, marks: any) => void, open: () => void, bot: (isUp: boolean) => void, online: (isOnline: boolean) => void, ended: () => void}} tell
 */
export function watchQueue(api, tell) {
  const ending = new AbortController();
  /** @type {WebSocket | null} */ let socket = null;
  let isLive = false;
  /** @type {Map<string, (answer: any) => void>} messages under way, by their client_id */ const awaited = new Map();

  function connect() {
    if (ending.signal.aborted) return;
    const line = (socket = new WebSocket(new URL("/staff/api/live", location.origin.replace(/^http/, "ws"))));
    line.onopen = () => tell.open();
    line.onmessage = ({ data }) => {
      const frame = JSON.parse(data);
      if (frame.client_id && (frame.type === "ack" || frame.type === "error")) awaited.get(frame.client_id)?.(frame);
      if (frame.type === "message") tell.message(frame.conversation_id, frame.message);
      if (frame.type === "marks") tell.marks(frame.conversation_id, frame);
      if (frame.type !== "queue") return;
      isLive = true;
      tell.online(true);
      tell.queue(frame.handoffs);
      tell.bot(frame.bot === "ok");
    };
    line.onclose = ({ code }) => {
      isLive = false;
      awaited.forEach((answer) => answer(null));
      if (ending.signal.aborted) return;
      if (code === GONE) tell.ended();
      else setTimeout(connect, AGAIN_MS);
    };
  }

  const asking = setInterval(async () => {
    if (isLive) return;
    try {
      tell.queue((await api("/handoffs")).handoffs);
      tell.online(true);
    } catch {
      tell.online(false); // asked for again by itself
    }
  }, ASK_EVERY_MS);

  connect();
  return {
    /** @param {object} what */
    say: (what) => { if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(what)); },
    /** Sends a message; its `ack` or `error`, or null when no answer came: then send it otherwise, under the same client_id. @param {{client_id: string} & Record<string, unknown>} message @returns {Promise<any>} */
    send: (message) => new Promise((tell) => {
      if (socket?.readyState !== WebSocket.OPEN) { tell(null); return; }
      const answer = (/** @type {any} */ frame) => { clearTimeout(timer); awaited.delete(message.client_id); tell(frame); };
      const timer = setTimeout(() => answer(null), ANSWER_WITHIN_MS);
      awaited.set(message.client_id, answer);
      socket.send(JSON.stringify({ type: "message", ...message }));
    }),
    stop: () => { ending.abort(); clearInterval(asking); socket?.close(); },
  };
}
