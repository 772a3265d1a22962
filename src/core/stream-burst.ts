// Tells when many held streams open at once. A server then saves memory (`commands/start-memory`);
// another program that has the gateway as a library does nothing.

/** A burst has this many held streams in one window, or more. */
const BURST = 10;
const WINDOW_MS = 500;
/** Windows of the longest burst, and the pause after it: streams may open all the time. */
const LONGEST = 10;

let listener: ((inBurst: boolean) => void) | null = null;
/** Held streams that opened within this window. */
let opened = 0;
let window: NodeJS.Timeout | null = null;
/** Windows of this burst, or below 0: windows until there may be another one. */
let windows = 0;

/** One listener for a process. It gets true as a burst begins, and false as it ends. */
export function onStreamBurst(changed: (inBurst: boolean) => void): void {
  listener = changed;
}

function endWindow(): void {
  if (windows > 0 && (opened < BURST || windows === LONGEST)) {
    windows = windows === LONGEST ? -LONGEST : 0;
    listener?.(false);
  } else if (windows !== 0) windows++;
  if (opened === 0 && windows === 0 && window !== null) {
    clearInterval(window);
    window = null;
  }
  opened = 0;
}

/** Counts a held stream that opens. */
export function heldStreamOpened(): void {
  if (listener === null) return;
  opened++;
  if (opened === BURST && windows === 0) {
    windows = 1;
    listener(true);
  }
  window ??= setInterval(endWindow, WINDOW_MS).unref();
}
