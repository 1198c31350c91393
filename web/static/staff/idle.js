/** A console that nobody touches: the gateway ends its session after 15 minutes without a call, and this one calls by itself. So it counts touches. */

const IDLE_MS = 15 * 60 * 1000;
const LOOK_MS = 15_000;
const TELL_MS = 60_000;
const TOUCHES = ["pointerdown", "pointermove", "keydown", "wheel", "touchstart"];

/**
 * @param {{active: () => void, idle: () => void}} tell `active`: somebody is there, once a minute; `idle`: nobody was for 15 minutes
 * @returns {() => void} stops it
 */
export function watchTouches(tell) {
  const ending = new AbortController();
  let touched = Date.now();
  let told = Date.now();
  for (const kind of TOUCHES) document.addEventListener(kind, () => { touched = Date.now(); }, { signal: ending.signal, passive: true, capture: true });
  const looking = setInterval(() => {
    const now = Date.now();
    if (now - touched >= IDLE_MS) tell.idle();
    else if (touched > told && now - told >= TELL_MS) {
      told = now;
      tell.active();
    }
  }, LOOK_MS);
  return () => { ending.abort(); clearInterval(looking); };
}
