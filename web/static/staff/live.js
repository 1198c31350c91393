/** The queue as it happens: a socket, or asking every few seconds where none gets through. */

const ASK_EVERY_MS = 4000;
const AGAIN_MS = 3000;
const GONE = 1008;

/**
 * @param {(path: string) => Promise<any>} api
 * @param {{queue: (handoffs: any[]) => void, online: (isOnline: boolean) => void, ended: () => void}} tell
 */
export function watchQueue(api, tell) {
  const ending = new AbortController();
  /** @type {WebSocket | null} */ let socket = null;
  let isLive = false;

  function connect() {
    if (ending.signal.aborted) return;
    const line = (socket = new WebSocket(new URL("/staff/api/live", location.origin.replace(/^http/, "ws"))));
    line.onmessage = ({ data }) => {
      const frame = JSON.parse(data);
      if (frame.type !== "queue") return;
      isLive = true;
      tell.online(true);
      tell.queue(frame.handoffs);
    };
    line.onclose = ({ code }) => {
      isLive = false;
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
    say: (what) => { if (isLive) socket?.send(JSON.stringify(what)); },
    stop: () => { ending.abort(); clearInterval(asking); socket?.close(); },
  };
}
